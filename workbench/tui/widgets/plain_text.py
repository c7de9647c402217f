"""A text as it is, of any size: only what is in sight is drawn, and the first screen is there at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice

from rich.segment import Segment as Piece
from textual.binding import Binding
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.bench.shown import inert
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.layout import TAB, wrapped

AT_A_TIME = 1_000
"""Rows that are laid out before the screen has its turn again: some 10 ms."""


class PlainText(TellsFailures, ScrollView, can_focus=True):
    """Shows a text character for character, wrapped at the width; nothing in it acts on the terminal."""

    DEFAULT_CSS = "PlainText { background: transparent; overflow-x: hidden; scrollbar-gutter: stable; }"
    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("space", "page_down", show=False),
    ]

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._written = text
        self._rows: list[str] = []
        self._laid_out_at = 0

    def show(self, text: str) -> None:
        """Show another text, from its beginning."""
        self._written = text
        self.scroll_to(y=0, animate=False, force=True)
        self._lay_out()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew at the new width."""
        if self.scrollable_content_region.width != self._laid_out_at:
            self._lay_out()

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        at, width, base = y + self.scroll_offset.y, self.scrollable_content_region.width, self.rich_style
        if at >= len(self._rows):
            return Strip.blank(width, base)
        text = inert(self._rows[at]).replace("\t", " " * TAB)
        return Strip([Piece(text, base)]).adjust_cell_length(width, base)

    def _lay_out(self) -> None:
        width = self._laid_out_at = self.scrollable_content_region.width
        if not width:
            return
        rows = _rows(self._written, width)
        self._rows = list(islice(rows, AT_A_TIME))
        self._measure()
        self._lay_out_the_rest(rows)

    @in_background(exclusive=True, group="rows")
    async def _lay_out_the_rest(self, rows: Iterator[str]) -> None:
        while more := list(islice(rows, AT_A_TIME)):
            self._rows += more
            self._measure()
            await asyncio.sleep(0)

    def _measure(self) -> None:
        self.virtual_size = Size(self._laid_out_at, len(self._rows))
        self.refresh()


def _rows(text: str, width: int) -> Iterator[str]:
    for line in text.split("\n"):
        yield from wrapped(line, width)
