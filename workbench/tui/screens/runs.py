"""Runs: the answers of all contenders to one case, side by side, and the grid of all cells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalScroll, Vertical
from textual.widgets import DataTable, Static

from workbench.bench.running import Prepared, RunInProgress
from workbench.bench.shown import age, bar, inert, money, seconds
from workbench.errors import WorkbenchError
from workbench.project.clock import utc_now
from workbench.runs.events import Arrived, Ended, Finished, Planned, Retried, RunEvent, Started
from workbench.store.records import Cell
from workbench.tui.background import in_background
from workbench.tui.commands import bindings_for
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.dialogs import Ask, Line, Picker
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.result_column import ResultColumn, mark

FLUSH = 0.1
"""Seconds between two drawings of text that arrives; oftener is not read, and costs the event loop."""

MAX_COLUMNS = 8
"""Columns on screen at once."""


Row = tuple[str, str | None, int]
"""What a row of the grid is about: the hash and the name of a case, and the number of a sample."""


@dataclass
class Grid:
    """A run on screen: its cells by contender, case and sample, and what has arrived for calls under way.

    ``contenders`` and ``rows`` are in the order of the plan.
    """

    run: int
    status: str
    cells: dict[int, Cell]
    contenders: list[int]
    rows: list[Row]
    places: dict[tuple[Row, int], int]
    by_key: dict[str, list[int]]
    arriving: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, run: int, cells: Sequence[Cell], status: str) -> Grid:
        """Return the grid of a run's cells."""
        by_key: dict[str, list[int]] = {}
        for cell in cells:
            by_key.setdefault(cell.call_key, []).append(cell.position)
        return cls(
            run,
            status,
            {cell.position: cell for cell in cells},
            list(dict.fromkeys(cell.contender.id for cell in cells)),
            list(dict.fromkeys(row_of(cell) for cell in cells)),
            {(row_of(cell), cell.contender.id): cell.position for cell in cells},
            by_key,
        )

    @property
    def done(self) -> int:
        """How many cells have a result."""
        return sum(cell.result is not None for cell in self.cells.values())

    def at(self, row: Row, contender: int) -> Cell | None:
        """Return the cell of a row and a contender."""
        position = self.places.get((row, contender))
        return None if position is None else self.cells[position]

    def take(self, event: RunEvent) -> set[int]:
        """Note what happened; returns the positions of the cells that look different now."""
        match event:
            case Started(key):
                self.arriving[key] = []
            case Arrived(key, text):
                self.arriving.setdefault(key, []).append(text)
            case Retried(key):
                self.arriving[key] = []
            case Finished(key, result):
                self.arriving.pop(key, None)
                for position in self.by_key.get(key, ()):
                    self.cells[position] = replace(self.cells[position], result=result)
            case _:
                return set()
        return set(self.by_key.get(event.key, ()))


class RunsScreen(WorkbenchScreen):
    """Where answers are compared."""

    NAME = "runs"
    BINDINGS = bindings_for(NAME)

    def __init__(self) -> None:
        super().__init__()
        self._grid: Grid | None = None
        self._progress: RunInProgress | None = None
        self._labels: dict[int, str] = {}
        self._row = 0
        self._following = True
        self._changed: set[int] = set()

    def compose_body(self) -> ComposeResult:
        """Compose the columns over the grid of cells."""
        with Vertical(id="runs"):
            yield HorizontalScroll(id="columns")
            yield Static("No runs yet: press ^r to plan one.", id="no-run", markup=False)
            with Pane(id="cells-pane"):
                yield DataTable(id="cells", cursor_type="row", zebra_stripes=False)

    def on_mount(self) -> None:
        """Show the last run, and draw what arrives ten times a second."""
        self.query_one("#cells-pane").border_title = "Cells"
        self.set_interval(FLUSH, self._draw_changes)
        if self._progress is None:
            self._show_stored()

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        return self._progress is not None

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
                            await self._show_grid(Grid.of(run, cells, "running"))
                        case Ended():
                            self._end(event)
                        case _ if self._grid is not None:
                            self._changed |= self._grid.take(event)
                            if isinstance(event, Started) and self._following:
                                self._follow_row(event.key)
        except WorkbenchError as error:
            self.tell(error)
        finally:
            self._progress = None

    def _end(self, event: Ended) -> None:
        if self._grid is None:
            return
        self._grid.status = event.status
        self._changed |= set(self._grid.cells)
        counts = ", ".join(f"{number} {status}" for status, number in event.counts.items())
        self.notify(f"Run {event.run} {event.status}: {counts}", markup=False)

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
            await self._show_grid(Grid.of(number, cells, run.status))

    async def _show_grid(self, grid: Grid) -> None:
        contenders = {cell.contender.id: cell.contender for cell in grid.cells.values()}
        labels = await asyncio.to_thread(self.workbench.bench.dueling.labels, list(contenders.values()))
        columns = self.query_one("#columns")
        await columns.remove_children()
        shown = grid.contenders[:MAX_COLUMNS]
        await columns.mount_all(ResultColumn(classes="pane") for _ in shown)
        # Only now, and all at once: keys and the clock draw what is here at any time in between.
        self._grid, self._labels, self._changed = grid, labels, set()
        self._row, self._following = 0, True
        self.query_one("#no-run").display = False
        self._fill_table()
        self._draw_columns()
        self._show_progress()

    def _fill_table(self) -> None:
        assert self._grid is not None
        table = self.query_one("#cells", DataTable)
        table.clear(columns=True)
        table.add_column("case", key="case")
        for contender in self._grid.contenders:
            table.add_column(Text(inert(self._labels[contender])), key=str(contender), width=22)
        for index, row in enumerate(self._grid.rows):
            _, case, sample = row
            name = f"{case or '–'}{f' #{sample}' if sample > 1 else ''}"
            cells = [Text(_brief(self._grid.at(row, contender))) for contender in self._grid.contenders]
            table.add_row(Text(inert(name)), *cells, key=str(index))

    def _draw_changes(self) -> None:
        """Draw what has changed since the last time."""
        if self._grid is None or not self._changed:
            return
        changed, self._changed = self._changed, set()
        indices = {row: index for index, row in enumerate(self._grid.rows)}
        table = self.query_one("#cells", DataTable)
        for position in changed:
            cell = self._grid.cells[position]
            index = indices[row_of(cell)]
            under_way = cell.call_key in self._grid.arriving
            text = "…" if cell.result is None and under_way else _brief(cell)
            table.update_cell(str(index), str(cell.contender.id), Text(text))
        self._draw_columns()
        self._show_progress()

    def _draw_columns(self) -> None:
        if self._grid is None or not self._grid.rows:
            return
        row = self._grid.rows[self._row]
        for column, contender in zip(self.query(ResultColumn), self._grid.contenders, strict=False):
            cell = self._grid.at(row, contender)
            arriving = self._grid.arriving.get(cell.call_key) if cell else None
            column.show(self._labels[contender], cell, None if arriving is None else "".join(arriving))

    def _show_progress(self) -> None:
        grid = self._grid
        if grid is None:
            return
        first = next(iter(grid.cells.values()))
        _, case, sample = grid.rows[self._row]
        total = len(grid.cells)
        cost = sum(cell.result.cost or 0 for cell in grid.cells.values() if cell.result and not cell.cached)
        paused = " paused" if self._progress and self._progress.paused else ""
        self.show_where(
            first.contender.prompt,
            f"run {grid.run} {grid.status}{paused}",
            f"case {self._row + 1}/{len(grid.rows)} {case or ''}{f' sample {sample}' if sample > 1 else ''}",
            right=f"{grid.done} of {total} {bar(grid.done / total, 8)} {money(cost)}",
        )

    def _follow_row(self, key: str) -> None:
        assert self._grid is not None
        cell = self._grid.cells[self._grid.by_key[key][0]]
        self._go_to(self._grid.rows.index(row_of(cell)))

    def _go_to(self, row: int) -> None:
        assert self._grid is not None
        self._row = row
        self.query_one("#cells", DataTable).move_cursor(row=row)
        self._draw_columns()
        self._show_progress()

    @on(DataTable.RowHighlighted, "#cells")
    def _row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        # One that was overtaken by a later move says nothing any more.
        current = event.cursor_row == event.data_table.cursor_row
        if self._grid is not None and current and event.cursor_row != self._row:
            self._following = False
            self._go_to(event.cursor_row)

    def action_move_case(self, by: int) -> None:
        """Go to the next or the previous row."""
        if self._grid is not None:
            self._following = False
            self._go_to(min(max(self._row + by, 0), len(self._grid.rows) - 1))

    def action_move_sample(self, by: int) -> None:
        """Go to the next or the previous sample of the same case."""
        if self._grid is None:
            return
        rows = self._grid.rows
        target = min(max(self._row + by, 0), len(rows) - 1)
        if rows[target][0] == rows[self._row][0]:
            self._following = False
            self._go_to(target)

    def action_pause(self) -> None:
        """Pause the run, or go on."""
        if self._progress is not None:
            self._progress.pause()
            self._show_progress()

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
        if self._grid is None or self._progress is not None:
            return
        number = self._grid.run
        prepared: Prepared | None = await self.reading(lambda: self.workbench.bench.running.resume(number))
        if prepared is not None and prepared.plan.calls:
            await self.workbench.start_run(prepared)
        elif prepared is not None:
            self.notify("Nothing is left to do in this run.", markup=False)

    @in_background()
    async def action_keep_case(self) -> None:
        """Keep the input of the row as a case of its prompt, under a name that is asked for."""
        if self._grid is None:
            return
        case_hash, case, _ = self._grid.rows[self._row]
        prompt = next(
            cell.contender.prompt for cell in self._grid.cells.values() if cell.case_hash == case_hash
        )
        cases = self.workbench.bench.cases
        known = await self.reading(
            lambda: (cases.kept_already(prompt, case_hash), cases.free_name(prompt, case or "kept"))
        )
        if known is None:
            return
        there, name = known
        if there is not None:
            self.notify(
                inert(f"This input is the case “{there.name}” already, at {there.place}"), markup=False
            )
            return
        typed = await self.app.push_screen_wait(Line("Keep this input as a case named", name))
        if typed and typed.strip():
            kept = await self.reading(lambda: cases.keep(prompt, case_hash, typed.strip()))
            if kept is not None:
                self.notify(inert(f"Kept as “{kept.case.name}” at {kept.case.place}"), markup=False)

    @in_background()
    async def action_past_run(self) -> None:
        """Open a past run."""
        runs = await self.reading(lambda: self.workbench.bench.store.runs.newest(200)) or []
        now = utc_now()
        choices = [
            (
                str(run.id),
                f"{run.id}  {run.prompt}",
                f"{age(run.started, now)} · {run.contenders} contenders · {run.cases} cases · "
                f"{run.status} · {money(run.cost)}",
            )
            for run in runs
        ]
        number = await self.app.push_screen_wait(Picker("Open a past run", choices))
        if number and self._progress is None:
            self._show_stored(int(number))


def row_of(cell: Cell) -> Row:
    """Return the row a cell stands in."""
    return cell.case_hash, cell.case, cell.sample


def _brief(cell: Cell | None) -> str:
    """Return a cell in a few letters: its sign, its time or what went wrong."""
    if cell is None or cell.result is None:
        return ""
    result = cell.result
    if result.status == "error":
        return f"! {result.error_kind} ×{result.tries}"
    detail = "cached" if cell.cached else seconds(result.total)
    status = f" {result.status}" if result.status != "ok" else ""
    return f"{mark(cell)} {detail}{status}"
