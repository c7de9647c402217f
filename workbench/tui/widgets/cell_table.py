"""The table of all cells of a run: only what is in sight is drawn, so that it may have thousands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.bench.grid import Grid, Row
from workbench.bench.shown import inert
from workbench.tui.widgets.cell_words import COST, TIME, TOKENS, Brief, brief, fitted
from workbench.tui.widgets.column_heads import heads
from workbench.tui.widgets.pointed_list import ARROW

LEAST = 2 + TIME + 2
"""Columns that a cell takes at least: its sign and its time, with a space on either side."""

MOST = LEAST + 1 + TOKENS + 1 + COST
"""Columns after which a cell has room for all its figures; a head may take more."""

NOTE = 12
"""Columns more for what is said of answers that are to fit a schema."""

NAME_LEAST, NAME_MOST = 8, 28
"""Columns for the names of the cases."""


class CellTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a grid, with its heads always in sight, and points at one of its cells."""

    DEFAULT_CSS = """
    CellTable { height: 1fr; background: transparent; overflow-x: hidden; scrollbar-gutter: stable; }
    CellTable > .cells--head { color: $text-muted; text-style: bold; }
    CellTable > .cells--beside { color: $text-muted; }
    CellTable > .cells--row { background: $foreground 10%; }
    CellTable > .cells--quiet { color: $text-muted; }
    CellTable > .cells--error { color: $text-error; }
    CellTable > .cells--wrong { color: $text-warning; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "cells--head",
        "cells--beside",
        "cells--row",
        "cells--quiet",
        "cells--error",
        "cells--wrong",
    }
    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "end(-1)", show=False),
        Binding("end,G", "end(1)", show=False),
    ]

    class Pointed(Message):
        """Someone wants to point at another cell: its row and its column, from 0."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row = row
            self.column = column

    class Chosen(Message):
        """The cell that is pointed at was clicked twice."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._grid: Grid | None = None
        self._heads: Sequence[str] = ()
        self._cut: tuple[int, Sequence[str]] = (0, ())
        """The heads as they were last cut, and for how many columns."""
        self._names = NAME_LEAST
        self._most = self._widest = MOST
        self._first = 0
        self._passed = 0.0
        self._beside: Collection[int] = ()
        self.cursor_row = 0
        """The row that is pointed at, from 0."""
        self.cursor_column = 0
        """The column that is pointed at, from 0."""

    def show(self, grid: Grid, names: Mapping[int, str]) -> None:
        """Show another grid, from its beginning; ``names`` are those of the contenders."""
        self._grid = grid
        self._heads = [inert(names[contender]).replace("\n", " ") for contender in grid.contenders]
        self._cut = 0, ()
        self._names = min(max(map(cell_len, map(row_name, grid.rows)), default=0), NAME_MOST) + 1
        self._most = MOST + NOTE * any(cell.schema for cell in grid.cells.values())
        self._widest = max(self._most, 2 + max(map(cell_len, self._heads), default=0))
        self.cursor_row = self.cursor_column = self._first = 0
        self.virtual_size = Size(self.scrollable_content_region.width, len(grid.rows) + 1)
        self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self.refresh()

    def point_at(self, row: int, column: int, beside: Collection[int]) -> None:
        """Point at a cell and bring it into sight; ``beside`` are the columns that stand side by side."""
        before = self.cursor_row, self.cursor_column, self._beside, self._first
        self.cursor_row, self.cursor_column, self._beside = row, column, beside
        self._first = self._columns.start
        if before[1:] == (column, beside, self._first):
            self._refresh_rows((before[0], row))
        else:
            self.refresh()
        height = max(1, self.scrollable_content_region.height - 1)
        top = self.scroll_offset.y
        if not top <= row < top + height:
            top = row if row < top else row - height + 1
            self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def redraw(self, positions: Iterable[int], passed: float = 0.0) -> None:
        """Draw cells again that look different now, as far as they are in sight.

        ``passed`` is how long the run has gone on, in seconds.
        """
        self._passed = passed
        if self._grid is None:
            return
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        rows = {self._grid.row(position) for position in positions}
        self._refresh_rows(row for row in rows if top <= row < top + height)

    def on_resize(self, event: Resize) -> None:
        """Keep what is pointed at in sight."""
        if self._grid is not None:
            self.virtual_size = Size(self.scrollable_content_region.width, len(self._grid.rows) + 1)
            self.point_at(self.cursor_row, self.cursor_column, self._beside)
            self.refresh()

    def on_click(self, event: Click) -> None:
        """Point at the cell that is clicked; a second click chooses it."""
        offset = event.get_content_offset(self)
        if offset is None or self._grid is None or offset.y == 0:
            return
        row = offset.y - 1 + self.scroll_offset.y
        if row >= len(self._grid.rows):
            return
        column = self.cursor_column
        if offset.x > self._name_width:
            place = self._columns.start + (offset.x - self._name_width - 1) // self._cell_width
            column = min(place, len(self._heads) - 1)
        self.post_message(self.Pointed(row, column))
        if event.chain == 2:
            self.post_message(self.Chosen())

    def action_page(self, by: int) -> None:
        """Move by as many rows as are in sight."""
        self._ask_for(self.cursor_row + by * max(1, self.scrollable_content_region.height - 2))

    def action_end(self, which: int) -> None:
        """Move to the first row, or to the last."""
        self._ask_for(0 if which < 0 else len(self._grid.rows) if self._grid else 0)

    def _ask_for(self, row: int) -> None:
        if self._grid is not None:
            self.post_message(self.Pointed(min(max(row, 0), len(self._grid.rows) - 1), self.cursor_column))

    def _refresh_rows(self, rows: Iterable[int]) -> None:
        top, width = self.scroll_offset.y, self.size.width
        regions = [Region(0, row + 1 - top, width, 1) for row in rows if row >= top]
        if regions:
            self.refresh(*regions)

    # -- how it is drawn ------------------------------------------------------

    @property
    def _name_width(self) -> int:
        most = max(NAME_LEAST, self.scrollable_content_region.width // 4)
        return min(self._names, most)

    @property
    def _room(self) -> int:
        return max(LEAST, self.scrollable_content_region.width - self._name_width - 1)

    @property
    def _cell_width(self) -> int:
        return min(self._widest, max(LEAST, self._room // max(1, len(self._heads))))

    @property
    def _columns(self) -> range:
        """The columns in sight, among them the one that is pointed at."""
        fits = max(1, min(len(self._heads), self._room // self._cell_width))
        first = min(max(self._first, self.cursor_column - fits + 1), self.cursor_column)
        first = max(0, min(first, len(self._heads) - fits))
        return range(first, min(first + fits, len(self._heads)))

    def render_line(self, y: int) -> Strip:
        """Draw the heads, or one row."""
        width, base = self.scrollable_content_region.width, self.rich_style
        row = y - 1 + self.scroll_offset.y
        if self._grid is None or (y and row >= len(self._grid.rows)):
            return Strip.blank(width, base)
        if y == 0:
            return Strip(self._head(base)).adjust_cell_length(width, base)
        if row == self.cursor_row:
            base += Style(bgcolor=self._style("row").bgcolor)
        return Strip(self._row(self._grid, row, base)).adjust_cell_length(width, base)

    def _head(self, base: Style) -> list[Segment]:
        width, shown = self._cell_width, self._columns
        if self._cut[0] != width:
            self._cut = width, heads(self._heads, width - 2)
        names = self._cut[1]
        more = "<" if shown.start else " "
        pieces = [Segment(f" {'case':<{self._name_width - 1}}{more}", base + self._style("head"))]
        for column in shown:
            name = f" {fitted(names[column], width - 2)} "
            style = self._style("head") if column in self._beside else self._style("beside")
            pieces.append(Segment(name, base + style + Style(underline=self._is_pointed(column))))
        if shown.stop < len(self._heads):
            last = pieces.pop()
            pieces.append(Segment(f"{last.text[:-1]}>", last.style))
        return pieces

    def _row(self, grid: Grid, row: int, base: Style) -> list[Segment]:
        width, here = self._cell_width, row == self.cursor_row
        name = fitted(row_name(grid.rows[row]), self._name_width - 1)
        pieces = [Segment(f" {name} ", base + Style(bold=here))]
        for column in self._columns:
            cell = grid.at(row, grid.contenders[column])
            words = brief(cell, grid.arriving.get(cell.call_key) if cell else None, self._passed)
            pointed = here and self._is_pointed(column)
            # Figures stand together where a head has made the column wide; words may have all of it.
            said = fitted(words.at(width - 2 if words.instead else min(width, self._most) - 2), width - 2)
            pieces.append(Segment(ARROW if pointed else " ", base + Style(bold=True)))
            pieces.append(Segment(f"{said} ", base + self._look(words) + Style(bold=pointed)))
        return pieces

    def _is_pointed(self, column: int) -> bool:
        return column == self.cursor_column

    def _look(self, words: Brief) -> Style:
        # The colour alone: what lies behind it is the row's.
        return Style(color=self._style(words.kind).color) if words.kind else Style()

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"cells--{name}")


def row_name(row: Row) -> str:
    """Return what a row is called: its case, and which sample where it is not the first."""
    _, case, sample = row
    return f"{inert(case).replace(chr(10), ' ') if case else '–'}{f' #{sample}' if sample > 1 else ''}"
