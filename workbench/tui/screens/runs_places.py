"""Where one is in a run: the row, the column, and how one gets to another."""

from __future__ import annotations

from textual import on

from workbench.store.records import Cell
from workbench.tui.screens.runs_view import RunsView
from workbench.tui.widgets.cell_table import CellTable


class RunsPlaces(RunsView):
    """A run in which one can go about."""

    @property
    def cell(self) -> Cell | None:
        """The cell that is pointed at, None where there is none."""
        return self.grid.at(self.at_row, self.grid.contenders[self.at_column]) if self.grid else None

    @property
    def prompt(self) -> str | None:
        """The prompt of the answer that is pointed at; without a run that on the bench."""
        if self.grid is None:
            return self.workbench.prompt
        return (self.cell or next(iter(self.grid.cells.values()))).contender.prompt

    def choose(self, row: int, column: int) -> None:
        """Go to a cell because somebody wants to read there."""
        self.stop_following()
        self.go_to(row, column)

    @on(CellTable.Pointed)
    def _cell_pointed_at(self, event: CellTable.Pointed) -> None:
        self.choose(event.row, event.column)

    def action_move_case(self, by: int) -> None:
        """Go to the next or the previous row."""
        if self.grid is not None:
            self.choose(min(max(self.at_row + by, 0), len(self.grid.rows) - 1), self.at_column)

    def action_move_sample(self, by: int) -> None:
        """Go to the next or the previous sample of the same case."""
        if self.grid is None:
            return
        rows = self.grid.rows
        target = min(max(self.at_row + by, 0), len(rows) - 1)
        if rows[target][0] == rows[self.at_row][0]:
            self.choose(target, self.at_column)

    def action_point(self, by: int) -> None:
        """Point at the answer to the left or to the right."""
        if self.grid is not None:
            self.choose(self.at_row, min(max(self.at_column + by, 0), len(self.grid.contenders) - 1))

    def action_turn_page(self, by: int) -> None:
        """Show the columns after those on screen, or before them."""
        if self.grid is None:
            return
        page = self.page
        column = page.stop if by > 0 else page.start - self.fitting
        stays = not 0 <= column < len(self.grid.contenders)
        self.choose(self.at_row, self.at_column if stays else column)

    def action_next_failed(self) -> None:
        """Go to the next cell whose result is an error; after the last comes the first."""
        if self.grid is None:
            return
        columns = {contender: at for at, contender in enumerate(self.grid.contenders)}
        places = sorted(
            (self.grid.row(position), columns[self.grid.cells[position].contender.id])
            for position in self.grid.failures()
        )
        if not places:
            self.say("No answer in this run has failed.")
            return
        here = self.at_row, self.at_column
        self.choose(*next((place for place in places if place > here), places[0]))

    def go_to_result(self, result: int | None) -> None:
        """Point at a result, where it is in this run."""
        grid = self.grid
        if grid is None or result is None:
            return
        for cell in grid.cells.values():
            if cell.result is not None and cell.result.id == result and cell != self.cell:
                self.choose(grid.row(cell.position), grid.contenders.index(cell.contender.id))
                return
