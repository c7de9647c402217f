"""A matrix of meetings: only what is in sight is drawn, so that it may have thousands of cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from textual.binding import Binding
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.tui.widgets.pointed_list import ARROW

CELL = 14
"""Columns of a cell."""


class MatrixTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a cell for every two names, and points at one of them. Columns are headed by their number."""

    DEFAULT_CSS = """
    MatrixTable { height: 1fr; background: transparent; overflow-x: hidden; scrollbar-gutter: stable; }
    MatrixTable > .matrix--head { color: $text-muted; text-style: bold; }
    MatrixTable > .matrix--row { background: $foreground 10%; }
    MatrixTable > .matrix--cursor { text-style: reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"matrix--head", "matrix--row", "matrix--cursor"}
    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("j,down", "point(1, 0)", show=False),
        Binding("k,up", "point(-1, 0)", show=False),
        Binding("h,left", "point(0, -1)", show=False),
        Binding("l,right", "point(0, 1)", show=False),
        Binding("pagedown", "point(10, 0)", show=False),
        Binding("pageup", "point(-10, 0)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Pointed(Message):
        """Another cell is pointed at."""

    class Chosen(Message):
        """The cell that is pointed at is to be opened."""

    def __init__(self, names: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
        """``cells`` are the rows of the matrix, one for each name, of inert text."""
        super().__init__()
        self._names = [f"{place} {name}" for place, name in enumerate(names, start=1)]
        self._cells = cells
        self._beside = max(map(len, self._names), default=0) + 2
        self._first = 0
        self.cursor_row = 0
        """The row that is pointed at, from 0."""
        self.cursor_column = min(1, len(names) - 1)
        """The column that is pointed at, from 0."""

    def on_mount(self) -> None:
        """Say how much there is to scroll through."""
        self.virtual_size = Size(1, len(self._names) + 1)

    def on_resize(self) -> None:
        """Keep in sight what is pointed at."""
        self.action_point(0, 0)

    def render_line(self, y: int) -> Strip:
        """Draw the heads, or one row below them."""
        width, base = self.scrollable_content_region.width, self.rich_style
        columns = range(self._first, min(len(self._names), self._first + self._fit))
        if y == 0:
            heads = "".join(f"{column + 1:^{CELL}}" for column in columns)
            style = self.get_component_rich_style("matrix--head")
            return Strip([Segment(" " * (self._beside + 1) + heads, style)]).adjust_cell_length(width, base)
        row = y - 1 + self.scroll_offset.y
        if row >= len(self._names):
            return Strip.blank(width, base)
        here = row == self.cursor_row
        style = self.get_component_rich_style("matrix--row") if here else base
        cursor = self.get_component_rich_style("matrix--cursor")
        pieces = [Segment((ARROW if here else " ") + set_cell_size(self._names[row], self._beside), style)]
        for column in columns:
            pointed = here and column == self.cursor_column
            text = set_cell_size(self._cells[row][column], CELL)
            pieces.append(Segment(text, style + cursor if pointed else style))
        return Strip(pieces).adjust_cell_length(width, style)

    def action_point(self, down: int, right: int) -> None:
        """Point at a cell below or beside this one."""
        last = len(self._names) - 1
        self.cursor_row = min(max(self.cursor_row + down, 0), max(last, 0))
        self.cursor_column = min(max(self.cursor_column + right, 0), max(last, 0))
        self._first = min(max(self._first, self.cursor_column - self._fit + 1), self.cursor_column)
        height, top = max(1, self.scrollable_content_region.height - 1), self.scroll_offset.y
        if not top <= self.cursor_row < top + height:
            top = self.cursor_row if self.cursor_row < top else self.cursor_row - height + 1
            self.scroll_to(y=top, animate=False, force=True, immediate=True)
        self.refresh()
        self.post_message(self.Pointed())

    def action_choose(self) -> None:
        """Open what is pointed at."""
        self.post_message(self.Chosen())

    def on_click(self, event: Click) -> None:
        """Point at the cell that was clicked, and open it where it was pointed at before."""
        row, along = event.y - 1 + self.scroll_offset.y, event.x - self._beside - 1
        column = self._first + along // CELL
        if not (event.y and along >= 0 and row < len(self._names) and column < len(self._names)):
            return
        if (row, column) == (self.cursor_row, self.cursor_column):
            self.post_message(self.Chosen())
        self.action_point(row - self.cursor_row, column - self.cursor_column)

    @property
    def _fit(self) -> int:
        """How many columns there is room for, at least one."""
        return max(1, (self.scrollable_content_region.width - self._beside - 1) // CELL)
