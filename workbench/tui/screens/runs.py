"""Runs: the answers of all contenders to one case, side by side, and what can be done with a run."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from time import monotonic

from textual import on

from workbench.bench.grid import Grid, Stopwatch
from workbench.bench.running import Prepared, RunInProgress
from workbench.errors import WorkbenchError
from workbench.runs.events import Ended, Planned, RunEvent, Started
from workbench.store.rows import storable
from workbench.tui.background import in_background
from workbench.tui.commands import bindings_for
from workbench.tui.keys import key_name
from workbench.tui.screens.dialogs import Ask
from workbench.tui.screens.keeping import keep_input
from workbench.tui.screens.past_runs import PastRuns
from workbench.tui.screens.result_page import ResultPage
from workbench.tui.screens.runs_places import RunsPlaces
from workbench.tui.screens.runs_view import FLUSH
from workbench.tui.widgets.cell_table import CellTable

FOLLOWED = 1.0
"""Seconds that a row stays on screen at least, where nobody has chosen one: less could not be read."""


GOES_ON = "A run goes on: cancel it first, or wait."
"""Said where another one cannot be begun."""

READING = ("open-result", "diff-answers", "next-case", "previous-case", "duel-these")
"""Commands that need a run."""


class RunsScreen(RunsPlaces):
    """Where answers are compared."""

    NAME = "runs"
    BINDINGS = bindings_for(NAME)

    def __init__(self) -> None:
        super().__init__()
        self._progress: RunInProgress | None = None
        self._followed_at = 0.0
        self._started_row = 0
        self._second = 0
        self.came_from: int | None = None
        """The result that was asked again in the run on screen, to go back to."""

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
        self._progress, self.live = progress, None
        self.came_from = None
        self.workers.cancel_group(self, "show")  # a past run that is being read must not cover this one
        self._follow(progress)

    @in_background(exclusive=True, group="run")
    async def _follow(self, progress: RunInProgress) -> None:
        try:
            async with aclosing(progress.events()) as events:
                async for event in events:
                    match event:
                        case Planned(run, cells):
                            self.live = await asyncio.to_thread(Grid.of, run, cells, "running")
                            await self._show_grid(self.live)
                            self.stopwatch = Stopwatch(monotonic())
                            self.stopwatch.set_paused(self.paused, monotonic())
                        case Ended():
                            self._end(event)
                        case _ if self.live is not None:
                            self._take(self.live, event)
        except WorkbenchError as error:
            self.tell(error)
        finally:
            self._progress = self.stopwatch = None
            if self.is_mounted:
                self.show_progress()

    def _take(self, live: Grid, event: RunEvent) -> None:
        passed = self.stopwatch.passed(monotonic()) if self.stopwatch else 0.0
        changed = live.take(event, passed)
        if isinstance(event, Started) and changed:
            self._started_row = live.row(changed[0])
        if live is self.grid:
            self.changed.update(changed)

    def _end(self, event: Ended) -> None:
        self.stopwatch = None
        live = self.live
        if live is None:
            return
        live.status = event.status
        if live is self.grid:
            self.changed.update(live.cells)
        counts = ", ".join(f"{number} {status}" for status, number in event.counts.items())
        self.say(f"Run {event.run} {event.status}: {counts}.{self._remedy(live)}")

    def draw_changes(self) -> None:
        """Draw what has changed; until somebody reads, a row is shown in which answers arrive."""
        live, now = self.live, monotonic()
        if live is not None and self.running:
            if live is self.grid and self.following and now - self._followed_at > FOLLOWED:
                self._follow_calls(live, now)
            if int(now) != self._second and self in self.app.screen_stack:
                self._second = int(now)
                if live is self.grid:
                    self.changed.update(live.waiting())
                self.show_progress()
        super().draw_changes()

    def _follow_calls(self, live: Grid, now: float) -> None:
        if self._started_row != self.at_row and not live.is_under_way(self.at_row):
            self._followed_at = now
            self.go_to(self._started_row, self.at_column)

    @in_background(exclusive=True, group="show")
    async def _show_stored(self, number: int | None = None) -> None:
        """Show a run that was stored, the last one by default; the one that goes on as it goes."""
        if self.live is not None and number == self.live.run:
            await self._show_grid(self.live)
            return
        store = self.workbench.bench.store.runs
        if number is None:
            newest = await self.reading(lambda: store.newest(1))
            if not newest:
                return
            number = newest[0].id
        run = await self.reading(lambda: store.get(number))
        cells = await self.reading(lambda: store.cells(number))
        if run is not None and cells:
            self.came_from = None
            if not self.running:
                self.live = None
            await self._show_grid(await asyncio.to_thread(Grid.of, number, cells, run.status))

    async def _show_grid(self, grid: Grid) -> None:
        contenders = {cell.contender.id: cell.contender for cell in grid.cells.values()}
        labels = await asyncio.to_thread(self.workbench.bench.dueling.labels, list(contenders.values()))
        again = self.grid is not None and self.grid.run == grid.run
        self._followed_at = 0.0
        # Whoever asks again what failed stays where that is.
        self.following = grid is self.live and self.running and not again
        self.show_grid(grid, labels)

    # -- what can be done -----------------------------------------------------

    def applies(self, command: str) -> bool:
        """Return whether there is anything for a command to do in the run on screen, or in that going on."""
        grid, rests = self.grid, not self.running
        failed = grid is not None and grid.failed > 0
        states = {
            "pause": self.running,
            "cancel": self.running,
            "go-back": self.elsewhere or self.came_from is not None,
            "resume": grid is not None and rests and grid.status != "done",
            "retry": failed and rests,
            "next-failed": failed,
        }
        return states.get(command, grid is not None or command not in READING)

    def _remedy(self, grid: Grid) -> str:
        """Return what can be done about what has no answer, as a sentence or two; empty where all have."""
        keys = {one.id: key_name(one.keys.partition(",")[0]) for one in self.workbench.commands if one.keys}
        left = len(grid.cells) - grid.answered - grid.failed
        retry = f" {keys.get('retry', 'Retry')} retries the {grid.failed} that failed." if grid.failed else ""
        resume = f" {keys.get('resume', 'Resume')} goes on with the {left} that are left." if left else ""
        return f"{retry}{resume}"

    def action_pause(self) -> None:
        """Pause the run, or go on."""
        if self._progress is None:
            self.say("No run goes on.")
        else:
            self._progress.set_paused(not self.paused)
            if self.stopwatch is not None:
                self.stopwatch.set_paused(self.paused, monotonic())
            self.show_progress()

    @in_background()
    async def action_cancel(self) -> None:
        """Cancel the run, after asking once."""
        if self._progress is None:
            self.say("No run goes on.")
            return
        which = f"run {self.live.run}" if self.elsewhere and self.live is not None else "this run"
        answers = (("on", "Let it go on"), ("cancel", "Cancel it"))
        answer = await self.app.push_screen_wait(Ask(f"Cancel {which}? What has ended is kept.", answers))
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
        grid = self.grid
        if grid is None:
            return
        if self.running:
            self.say(GOES_ON)
            return
        number, running = grid.run, self.workbench.bench.running
        prepared: Prepared | None = await self.reading(
            lambda: running.resume(number, failed_only=failed_only)
        )
        if prepared is not None and prepared.plan.calls:
            await self.workbench.start_run(prepared)
        elif prepared is not None:
            self.say(f"{nothing}{self._remedy(grid)}")

    @in_background()
    async def action_open_result(self) -> None:
        """Open the result that is pointed at, with its exact context."""
        cell = self.cell
        if cell is None:
            return
        self.stop_following()
        if cell.result is None or not cell.result.id:
            self.say("There is no result here yet.")
            return
        await self._open(cell.result.id)

    async def _open(self, result: int) -> None:
        """Open a result, and point at the one that was on its page last where it is in this run."""
        self.go_to_result(await self.app.push_screen_wait(ResultPage(result)))

    @on(CellTable.Chosen)
    def _cell_chosen(self) -> None:
        self.action_open_result()

    @in_background()
    async def action_go_back(self) -> None:
        """Leave zoom, or go back to the run that goes on, or to the result that was asked again."""
        if self.maximized is not None:
            self.minimize()
        elif self.elsewhere and self.live is not None:
            self._show_stored(self.live.run)
        elif self.came_from is not None:
            result, self.came_from = self.came_from, None
            await self._open(result)

    def action_copy_answer(self) -> None:
        """Copy the answer that is pointed at, as it was written."""
        cell = self.cell
        if cell is None or cell.result is None:
            return
        self.app.copy_to_clipboard(storable(cell.result.text))
        self.say("Copied the answer.")

    @in_background()
    async def action_keep_case(self) -> None:
        """Keep the input of the cell that is pointed at as a case of its prompt."""
        cell = self.cell
        if cell is not None:
            cases = self.workbench.bench.cases
            await keep_input(self.app, cases, cell.contender.prompt, cell.case_hash, cell.case)

    @in_background()
    async def action_past_run(self) -> None:
        """Find a past run or a result, and open it."""
        found = await self.app.push_screen_wait(PastRuns())
        if found is None:
            return
        kind, number = found
        if kind == "result":
            await self._open(number)
        else:
            self._show_stored(number)
