"""Runs: the answers of all contenders to one case, side by side, and what can be done with a run."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from time import monotonic

from textual import on

from workbench.bench.grid import Grid, Stopwatch
from workbench.bench.running import Prepared, RunInProgress
from workbench.bench.shown import inert
from workbench.errors import WorkbenchError
from workbench.runs.events import Ended, Planned, Started
from workbench.store.records import Cell
from workbench.tui.background import in_background
from workbench.tui.commands import bindings_for
from workbench.tui.screens.dialogs import Ask, Line
from workbench.tui.screens.past_runs import PastRuns
from workbench.tui.screens.result_page import ResultPage
from workbench.tui.screens.runs_view import FLUSH, RunsView
from workbench.tui.widgets.cell_table import CellTable

FOLLOWED = 1.0
"""Seconds that a row stays on screen at least, where nobody has chosen one: less could not be read."""


class RunsScreen(RunsView):
    """Where answers are compared."""

    NAME = "runs"
    BINDINGS = bindings_for(NAME)

    def __init__(self) -> None:
        super().__init__()
        self._progress: RunInProgress | None = None
        self._following = True
        self._followed_at = 0.0
        self._started_row = 0

    def on_mount(self) -> None:
        """Show the last run."""
        super().on_mount()
        if self._progress is None:
            self._show_stored()

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        return self._progress is not None

    @property
    def paused(self) -> bool:
        """Whether the run makes no new calls for now."""
        return self._progress is not None and self._progress.paused

    async def may_leave(self) -> bool:
        """Return whether the workbench may end: no run goes on, or the person lets it be interrupted."""
        if self._progress is None:
            return True
        answers = (("stay", "Stay"), ("leave", "Interrupt it and leave"))
        question = "A run goes on. What has ended is kept, and it can be resumed."
        if await self.app.push_screen_wait(Ask(question, answers)) != "leave":
            return False
        if self._progress is not None:
            self._progress.stop()
        while self._progress is not None:  # what has ended is stored before the store is closed
            await asyncio.sleep(FLUSH)
        return True

    # -- a run as it goes -----------------------------------------------------

    def begin(self, progress: RunInProgress) -> None:
        """Show a run from its beginning, and make it go."""
        self._progress = progress
        self.workers.cancel_group(self, "show")  # a past run that is being read must not cover this one
        self._follow(progress)

    @in_background(exclusive=True, group="run")
    async def _follow(self, progress: RunInProgress) -> None:
        try:
            async with aclosing(progress.events()) as events:
                async for event in events:
                    match event:
                        case Planned(run, cells):
                            grid = await asyncio.to_thread(Grid.of, run, cells, "running")
                            await self._show_grid(grid)
                            self.stopwatch = Stopwatch(monotonic())
                        case Ended():
                            self._end(event)
                        case _ if self.grid is not None:
                            changed = self.grid.take(event)
                            self.changed.update(changed)
                            if isinstance(event, Started) and changed:
                                self._started_row = self.grid.row(changed[0])
        except WorkbenchError as error:
            self.tell(error)
        finally:
            self._progress = self.stopwatch = None

    def _end(self, event: Ended) -> None:
        self.stopwatch = None
        if self.grid is None:
            return
        self.grid.status = event.status
        self.changed.update(self.grid.cells)
        counts = ", ".join(f"{number} {status}" for status, number in event.counts.items())
        self.notify(f"Run {event.run} {event.status}: {counts}", markup=False)

    def draw_changes(self) -> None:
        """Draw what has changed; until a row is chosen, one is shown in which answers arrive."""
        grid, now = self.grid, monotonic()
        if grid is not None and self.running and self._following and now - self._followed_at > FOLLOWED:
            if self._started_row != self.at_row and not grid.is_under_way(self.at_row):
                self._followed_at = now
                self.go_to(self._started_row, self.at_column)
        super().draw_changes()

    @in_background(exclusive=True, group="show")
    async def _show_stored(self, number: int | None = None) -> None:
        """Show a run that was stored, the last one by default."""
        store = self.workbench.bench.store.runs
        if number is None:
            newest = await self.reading(lambda: store.newest(1))
            if not newest:
                return
            number = newest[0].id
        run = await self.reading(lambda: store.get(number))
        cells = await self.reading(lambda: store.cells(number))
        if run is not None and cells:
            await self._show_grid(await asyncio.to_thread(Grid.of, number, cells, run.status))

    async def _show_grid(self, grid: Grid) -> None:
        contenders = {cell.contender.id: cell.contender for cell in grid.cells.values()}
        labels = await asyncio.to_thread(self.workbench.bench.dueling.labels, list(contenders.values()))
        self._following, self._followed_at, self._started_row = True, 0.0, 0
        self.show_grid(grid, labels)

    # -- where one is ---------------------------------------------------------

    def _choose(self, row: int, column: int) -> None:
        self._following = False
        self.go_to(row, column)

    @on(CellTable.Pointed)
    def _cell_pointed_at(self, event: CellTable.Pointed) -> None:
        self._choose(event.row, event.column)

    @on(CellTable.Chosen)
    def _cell_chosen(self) -> None:
        self.action_open_result()

    def action_move_case(self, by: int) -> None:
        """Go to the next or the previous row."""
        if self.grid is not None:
            self._choose(min(max(self.at_row + by, 0), len(self.grid.rows) - 1), self.at_column)

    def action_move_sample(self, by: int) -> None:
        """Go to the next or the previous sample of the same case."""
        if self.grid is None:
            return
        rows = self.grid.rows
        target = min(max(self.at_row + by, 0), len(rows) - 1)
        if rows[target][0] == rows[self.at_row][0]:
            self._choose(target, self.at_column)

    def action_point(self, by: int) -> None:
        """Point at the answer to the left or to the right."""
        if self.grid is not None:
            column = min(max(self.at_column + by, 0), len(self.grid.contenders) - 1)
            self.go_to(self.at_row, column)

    def action_turn_page(self, by: int) -> None:
        """Show the columns after those on screen, or before them."""
        if self.grid is None:
            return
        page = self.page
        column = page.stop if by > 0 else page.start - self.fitting
        if 0 <= column < len(self.grid.contenders):
            self.go_to(self.at_row, column)

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
            self.notify("No answer in this run has failed.", markup=False)
            return
        here = self.at_row, self.at_column
        self._choose(*next((place for place in places if place > here), places[0]))

    @property
    def _cell(self) -> Cell | None:
        """The cell that is pointed at."""
        return self.grid.at(self.at_row, self.grid.contenders[self.at_column]) if self.grid else None

    # -- what can be done -----------------------------------------------------

    def action_pause(self) -> None:
        """Pause the run, or go on."""
        if self._progress is not None:
            self._progress.pause()
            if self.stopwatch is not None:
                self.stopwatch.pause(monotonic())
            self.show_progress()

    @in_background()
    async def action_cancel(self) -> None:
        """Cancel the run, after asking once."""
        if self._progress is None:
            return
        answers = (("on", "Let it go on"), ("cancel", "Cancel it"))
        answer = await self.app.push_screen_wait(Ask("Cancel this run? What has ended is kept.", answers))
        if answer == "cancel" and self._progress is not None:
            self._progress.stop()

    @in_background()
    async def action_resume(self) -> None:
        """Do what is left of the run on screen."""
        await self._take_up(failed_only=False, nothing="Nothing is left to do in this run.")

    @in_background()
    async def action_retry(self) -> None:
        """Ask again what failed in the run on screen, and nothing else."""
        await self._take_up(failed_only=True, nothing="Nothing has failed in this run.")

    async def _take_up(self, *, failed_only: bool, nothing: str) -> None:
        if self.grid is None or self._progress is not None:
            return
        number, running = self.grid.run, self.workbench.bench.running
        prepared: Prepared | None = await self.reading(
            lambda: running.resume(number, failed_only=failed_only)
        )
        if prepared is not None and prepared.plan.calls:
            await self.workbench.start_run(prepared)
        elif prepared is not None:
            self.notify(nothing, markup=False)

    @in_background()
    async def action_open_result(self) -> None:
        """Open the result that is pointed at, with its exact context."""
        cell = self._cell
        if cell is None:
            return
        if cell.result is None or not cell.result.id:
            self.notify("There is no result here yet.", markup=False)
            return
        await self.app.push_screen_wait(ResultPage(cell.result.id))

    def action_copy_answer(self) -> None:
        """Copy the answer that is pointed at, as it was written."""
        cell = self._cell
        if cell is None or cell.result is None:
            return
        self.app.copy_to_clipboard(cell.result.text.encode("utf-8", "replace").decode("utf-8"))
        self.notify("Copied the answer.", markup=False)

    @in_background()
    async def action_keep_case(self) -> None:
        """Keep the input of the row as a case of its prompt, under a name that is asked for."""
        if self.grid is None:
            return
        case_hash, case, _ = self.grid.rows[self.at_row]
        cells = self.grid.cells.values()
        prompt = next(cell.contender.prompt for cell in cells if cell.case_hash == case_hash)
        cases = self.workbench.bench.cases
        known = await self.reading(
            lambda: (cases.kept_already(prompt, case_hash), cases.free_name(prompt, case or "kept"))
        )
        if known is None:
            return
        there, name = known
        if there is not None:
            said = f"This input is the case “{there.name}” already, at {there.place}"
            self.notify(inert(said), markup=False)
            return
        typed = await self.app.push_screen_wait(Line("Keep this input as a case named", name))
        if typed and typed.strip():
            kept = await self.reading(lambda: cases.keep(prompt, case_hash, typed.strip()))
            if kept is not None:
                self.notify(inert(f"Kept as “{kept.case.name}” at {kept.case.place}"), markup=False)

    @in_background()
    async def action_past_run(self) -> None:
        """Find a past run or a result, and open it."""
        found = await self.app.push_screen_wait(PastRuns())
        if found is None:
            return
        kind, number = found
        if kind == "result":
            await self.app.push_screen_wait(ResultPage(number))
        elif self._progress is not None:
            self.notify("A run goes on: it stays on screen until it has ended.", markup=False)
        else:
            self._show_stored(number)
