"""One line about the segment under the cursor: what it is, what it costs, and where it comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from textual.content import Content
from textual.widgets import Static

from workbench.bench.breakdown import Part, breakdown
from workbench.bench.figures import price
from workbench.bench.previews import ModelPreview
from workbench.bench.shown import inert, one_line, percent, things
from workbench.context.messages import Segment
from workbench.errors import Place
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.context_rows import Pointed

ONE_LINE = 64
"""Columns in which all fits on one line; else there are two, for every segment, so that nothing moves."""

AT_ONCE = 1_000
"""Segments whose figures are found at once, in some 3 ms; those of more are found in a thread."""

MOST_OF_A_NAME = 30
"""Characters of a segment's name that are shown."""

PADDING = 2
"""Columns beside the line."""


class SegmentLine(TellsFailures, Static):
    """Stands at the foot of the context while that has the focus."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._broken_down: tuple[ModelPreview, Part] | None = None
        self._breaking_down: ModelPreview | None = None
        self._tell_again: Callable[[], None] = lambda: None

    def tell(
        self,
        segment: Segment | None,
        at: Pointed | None,
        found: ModelPreview | None,
        written: Place | None,
        source: Place | None,
    ) -> None:
        """Tell of a segment, with what it costs a model, and where it was written and comes from."""
        self._tell_again = lambda: self.tell(segment, at, found, written, source)
        width = self.container_size.width - PADDING if self.container_size.width else ONE_LINE
        if segment is None or at is None:
            lines = ["nothing is here", ""]
        else:
            figures = _figures(self._part(found, at), found)
            lines = [_fitted(segment, figures, width), _where(written, source, width)]
        if width >= ONE_LINE:
            lines = ["  ".join((lines[0], _shortened(lines[1], width - len(lines[0]) - 2)))]
        self.update(Content("\n".join([lines[0], *(_shortened(line, width) for line in lines[1:])])))

    def _part(self, found: ModelPreview | None, at: Pointed) -> Part | None:
        if found is None:
            return None
        if self._broken_down is None or self._broken_down[0] is not found:
            if sum(map(len, found.context.segments)) > AT_ONCE:
                self._break_down_slowly(found)
                return None
            self._broken_down = found, breakdown(found)
        messages = self._broken_down[1].children
        own = messages[at.message].children if at.message < len(found.context.messages) else ()
        return own[at.segment] if at.segment < len(own) else None

    def _break_down_slowly(self, found: ModelPreview) -> None:
        if self._breaking_down is not found:
            self._breaking_down = found
            self._break_down(found)

    @in_background(group="breakdown")
    async def _break_down(self, found: ModelPreview) -> None:
        """Break down in a thread; there are no figures until then."""
        try:
            part = await asyncio.to_thread(breakdown, found)
        finally:
            if self._breaking_down is found:
                self._breaking_down = None
        self._broken_down = found, part
        self._tell_again()


def _fitted(segment: Segment, figures: Sequence[str], width: int) -> str:
    """Return what a segment is, with its figures; its name is cut where there is no room, but no figure."""
    letter, origin = segment.origin.letter, segment.origin.value
    name = one_line(segment.name, MOST_OF_A_NAME) if segment.name != origin else ""
    what = f"{letter} {origin} {name}".rstrip()
    short = f"{letter} {name or origin}"
    for said in ("  ".join((what, *figures)), " ".join((what, *figures)), " ".join((short, *figures))):
        if len(said) <= width:
            return said
    room = width - sum(len(figure) + 1 for figure in figures)
    return " ".join((one_line(short, max(1, room)), *figures))


def _figures(part: Part | None, found: ModelPreview | None) -> list[str]:
    """Return the tokens of a segment, its share of the whole, and its price as input."""
    if part is None or part.tokens is None or found is None:
        return []
    figures = [things(part.tokens, "token")]
    figures += [percent(part.share)] if part.share is not None else []
    return [*figures, price(found.model, part.cost)]


def _where(written: Place | None, source: Place | None, width: int) -> str:
    """Return where a segment was written, and where its value comes from if there is room for it."""
    said = _line(written)
    if source is not None and source != written:
        both = f"{said} ← {_line(source)}"
        said = both if len(both) <= width else said
    return said


def _line(place: Place | None) -> str:
    return inert(str(Place(place.path, place.line))) if place is not None else "not in any file"


def _shortened(text: str, room: int) -> str:
    """Return a text cut at its beginning: of a path the end says most."""
    return text if len(text) <= room else f"…{text[max(0, len(text) - room + 1) :]}"
