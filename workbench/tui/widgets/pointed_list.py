"""A list that points at what is chosen, so that it can be told without colours."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import OptionList

ARROW = "\u203a"
"""Points at what is chosen, in every list and tree."""


class PointedList(OptionList):
    """A list of options with an arrow before the one that Enter takes."""

    DEFAULT_CSS = """
    PointedList {
        scrollbar-gutter: stable;
        & > .option-list--option { padding: 0 1; }
        &.-textual-compact > .option-list--option { padding: 0 1; }
    }
    """

    @property
    def text_width(self) -> int:
        """The columns that an option has for its text, 0 before there is room for any."""
        padding = self.get_component_styles("option-list--option").padding
        return max(0, self.scrollable_content_region.width - padding.width)

    def render_line(self, y: int) -> Strip:
        """Draw a line, with the arrow where the highlighted option begins, or where it is cut off above."""
        strip = super().render_line(y)
        if self.highlighted is None or _option_of(strip) != self.highlighted:
            return strip
        if y and _option_of(super().render_line(y - 1)) == self.highlighted:
            return strip
        first = next(iter(strip))
        return Strip.join([Strip([Segment(ARROW, first.style)]), strip.crop(1)])


def _option_of(strip: Strip) -> int | None:
    """Return which option a line belongs to, None for an empty line."""
    first = next(iter(strip), None)
    at = first.style.meta.get("option") if first is not None and first.style is not None else None
    return at if isinstance(at, int) else None
