"""Facts, one under the other: names on the left, and what they are wrapped beside them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from workbench.bench.shown import inert
from workbench.tui.widgets.layout import wrapped

LEAST = 10
"""Columns that what is said of a name has at least."""


MOST = 600
"""Characters of what is said of a name that are shown: a schema's complaint may repeat the whole answer."""


class FactList(VerticalScroll, can_focus=True):
    """Shows named facts at any width, and scrolls through them."""

    DEFAULT_CSS = "FactList { scrollbar-gutter: stable; } FactList Static { height: auto; }"
    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(Static("", markup=False), id=id)
        self._facts: tuple[tuple[str, str], ...] = ()

    def show(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show other facts."""
        self._facts = tuple(facts)
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew at the new width."""
        self._draw()

    def _draw(self) -> None:
        indent = max((len(name) for name, _ in self._facts), default=0) + 2
        width = max(LEAST, self.scrollable_content_region.width - indent)
        lines: list[Content] = []
        for name, value in self._facts:
            shown = value if len(value) <= MOST else f"{value[:MOST]}…"
            rows = [row for line in inert(shown).split("\n") for row in wrapped(line, width)]
            for number, row in enumerate(rows):
                lines.append(
                    Content.assemble(("" if number else name).ljust(indent), row).stylize(
                        "$text-muted", 0, indent
                    )
                )
        self.query_one(Static).update(Content("\n").join(lines))
