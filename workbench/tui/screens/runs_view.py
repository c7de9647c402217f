"""A run on screen: the answers to one case side by side, over the table of all cells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from workbench.bench.grid import Grid, Stopwatch, seconds_left
from workbench.bench.shown import bar, inert, one_line, spent
from workbench.context.word_diff import Change, word_diff
from workbench.store.records import ANSWERED, Cell, Result
from workbench.tui.background import in_background
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.widgets.answer_view import AnswerView
from workbench.tui.widgets.cell_table import CellTable
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.result_column import ResultColumn, Shown

FLUSH = 0.1
"""Seconds between two drawings of text that arrives; oftener is not read, and costs the event loop."""

MAX_COLUMNS = 8
"""Columns on screen at once."""

LEAST_WIDTH = 24
"""Columns of the terminal that an answer takes at least."""

TOLD = 4
"""Seconds that what is told stays on screen, where it covers cells."""

BAR_FROM = 100
"""Columns from which the line on top has room for a bar."""


class RunsView(WorkbenchScreen):
    """Shows a grid, and where in it one is: a row, and a column that is pointed at."""

    AUTO_FOCUS = "#cells"

    def __init__(self) -> None:
        super().__init__()
        self.grid: Grid | None = None
        """The run on screen."""
        self.live: Grid | None = None
        """The run that goes on, on screen or not; it stays after its end until another run is opened."""
        self.stopwatch: Stopwatch | None = None
        """Measures the run while it goes."""
        self.following = False
        """Whether the row is shown in which answers arrive, as long as nobody reads anywhere."""
        self.changed: set[int] = set()
        """Positions of the cells that look different from what is drawn."""
        self.at_row = 0
        self.at_column = 0
        self._labels: dict[int, str] = {}
        self._diffing = False
        self._plain = False
        self._differences: dict[tuple[int, int], tuple[Change, ...]] = {}
        self._comparing: set[tuple[int, int]] = set()

    def compose_body(self) -> ComposeResult:
        """Compose the columns over the table of cells."""
        with Vertical(id="runs"):
            with Horizontal(id="columns"):
                for _ in range(MAX_COLUMNS):
                    yield ResultColumn()
            yield Static("No runs yet: press ^r to plan one.", id="no-run", markup=False)
            with Pane(id="cells-pane"):
                yield CellTable(id="cells")

    def on_mount(self) -> None:
        """Draw what arrives ten times a second."""
        self.query_one(Pane).entitle("Cells")
        self.query_one("#columns").display = False
        self.set_interval(FLUSH, self.draw_changes)

    def on_resize(self) -> None:
        """Show as many columns as there is room for now."""
        super().on_resize()
        self._draw_all()

    def show_grid(self, grid: Grid, labels: dict[int, str]) -> None:
        """Show a run; one that is on screen already stays where one is in it."""
        same = self.grid is not None and self.grid.run == grid.run
        row, column = (self.at_row, self.at_column) if same else (0, 0)
        self.grid, self._labels = grid, labels
        self.changed = set()
        self._differences.clear()
        self.query_one("#no-run").display = False
        self.query_one("#columns").display = True
        self._table.show(grid, labels)
        self.go_to(min(row, len(grid.rows) - 1), min(column, len(grid.contenders) - 1))

    def go_to(self, row: int, column: int) -> None:
        """Show a row, and point at one of its cells."""
        self.at_row, self.at_column = row, column
        self._draw_all()

    def stop_following(self) -> None:
        """Stay where one is: somebody reads here."""
        if self.following:
            self.following = False
            self.show_progress()

    def say(self, text: str) -> None:
        """Tell something in few words, in place of what was told before: there are cells behind it."""
        self.app.clear_notifications()
        self.notify(inert(text), markup=False, timeout=TOLD)

    def draw_changes(self) -> None:
        """Draw what has changed since the last time."""
        if self.grid is None or self not in self.app.screen_stack:
            return
        if self.changed:
            changed, self.changed = self.changed, set()
            self._table.redraw(changed, self.passed)
            self._draw_columns()
            self.show_progress()

    def on_screen_resume(self) -> None:
        """Draw what changed while another screen was in front."""
        self._table.refresh()
        self._draw_all()

    def _draw_all(self) -> None:
        if self.grid is None or not self.is_mounted:
            return
        self._table.point_at(self.at_row, self.at_column, self.page)
        self._draw_columns()
        self.show_progress()

    # -- columns --------------------------------------------------------------

    @property
    def _table(self) -> CellTable:
        return self.query_one(CellTable)

    @property
    def fitting(self) -> int:
        """How many columns there is room for."""
        return min(MAX_COLUMNS, max(1, self.size.width // LEAST_WIDTH))

    @property
    def page(self) -> range:
        """The columns that stand side by side, among them the one that is pointed at."""
        contenders = len(self.grid.contenders) if self.grid else 0
        first = self.at_column - self.at_column % self.fitting
        return range(first, min(first + self.fitting, contenders))

    def _draw_columns(self) -> None:
        grid = self.grid
        if grid is None:
            return
        page, wanted = self.page, []
        first = grid.at(self.at_row, grid.contenders[0])
        columns = list(self.query(ResultColumn))
        numbers = [*page, *[None] * (len(columns) - len(page))]
        for column, place in zip(columns, numbers, strict=True):
            # One that has the whole screen shows what is pointed at, on whatever page that is.
            number = self.at_column if column is self.maximized else place
            column.display = number is not None
            if number is None:
                continue
            cell = grid.at(self.at_row, grid.contenders[number])
            arriving = grid.arriving.get(cell.call_key) if cell else None
            changes = self._changes(first, cell) if self._diffing and number else None
            if self._diffing and number and changes is None:
                wanted.append(cell)
            title = self._labels[grid.contenders[number]]
            column.show(
                Shown.of(
                    title,
                    cell,
                    arriving,
                    passed=self.passed,
                    plain=self._plain or self._diffing,
                    pointed=number == self.at_column and len(grid.contenders) > 1,
                    changes=None if arriving else changes,
                )
            )
        self._say_what_is_shown(page)
        pairs = [pair for cell in wanted if (pair := _pair(first, cell))]
        if pairs := [(one, other) for one, other in pairs if (one.id, other.id) not in self._comparing]:
            self._compare(pairs)

    def _changes(self, first: Cell | None, cell: Cell | None) -> tuple[Change, ...] | None:
        pair = _pair(first, cell)
        return self._differences.get((pair[0].id, pair[1].id)) if pair else None

    @in_background(group="diff")
    async def _compare(self, pairs: Sequence[tuple[Result, Result]]) -> None:
        """Find what differs, in a thread; the answers themselves are shown until then."""
        keys = {(first.id, other.id) for first, other in pairs}
        self._comparing |= keys
        try:
            for first, other in pairs:
                found = await asyncio.to_thread(word_diff, first.text, other.text)
                self._differences[first.id, other.id] = tuple(found)
        finally:
            self._comparing -= keys
        self._draw_columns()

    def _say_what_is_shown(self, page: range) -> None:
        grid, pane = self.grid, self.query_one(Pane)
        assert grid is not None
        failed = f"   {grid.failed} failed" if grid.failed else ""
        pane.entitle(f"Cells {len(grid.rows):,} × {len(grid.contenders)}{failed}")
        said = []
        if len(page) < len(grid.contenders):
            said.append(f"< columns {page.start + 1}–{page.stop} of {len(grid.contenders)} >")
        if self._diffing:
            said.append(f"words against {one_line(self._labels[grid.contenders[0]], 30)}")
        elif self._plain:
            said.append("as written")
        pane.subtitle("   ".join(said))

    @on(AnswerView.Scrolled)
    def _scroll_together(self, event: AnswerView.Scrolled) -> None:
        self.stop_following()
        for column in self.query(ResultColumn):
            if column.display and column.answer is not event.view:
                column.answer.follow(event.top)

    @on(AnswerView.Focused)
    def _point_at_focused(self, event: AnswerView.Focused) -> None:
        self.stop_following()
        answers = [column.answer for column in self.query(ResultColumn)]
        column = self.page.start + answers.index(event.view)
        here = self.maximized is None and column in self.page
        if self.grid is not None and column != self.at_column and here:
            self.go_to(self.at_row, column)

    def action_zoom(self) -> None:
        """Give the focused pane the whole screen, or take it back; an answer is then that pointed at."""
        super().action_zoom()
        self._draw_all()

    def action_toggle_diff(self) -> None:
        """Show each answer as it differs from the first one, or as it is."""
        self.stop_following()
        self._diffing = not self._diffing
        self._draw_columns()

    def action_toggle_plain(self) -> None:
        """Show answers as they were written, or as Markdown."""
        self.stop_following()
        self._plain = not self._plain
        self._draw_columns()

    def action_scroll_answers(self, by: int) -> None:
        """Scroll all answers by half of what is in sight."""
        self.stop_following()
        shown = [column.answer for column in self.query(ResultColumn) if column.display]
        if shown:
            longest = max(shown, key=lambda answer: answer.max_scroll_y)
            longest.action_scroll_rows(by * max(1, longest.size.height // 2))

    # -- the line on top ------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        return False

    @property
    def paused(self) -> bool:
        """Whether the run that goes on makes no new calls for now."""
        return False

    @property
    def elsewhere(self) -> bool:
        """Whether the run that goes on is not the one on screen."""
        return self.live is not None and self.grid is not self.live

    @property
    def passed(self) -> float:
        """How many seconds the run on screen has gone on."""
        return 0.0 if self.stopwatch is None or self.elsewhere else self.stopwatch.passed(monotonic())

    def show_progress(self) -> None:
        """Say where one is, how far the run is, and which keys that leaves something to do for."""
        grid = self.grid
        if grid is None:
            return
        self.show_keys()
        first = next(iter(grid.cells.values()))
        _, case, sample = grid.rows[self.at_row]
        room = max(8, self.size.width // 6)
        self.show_where(
            one_line(first.contender.prompt, room),
            f"run {grid.run} {grid.status}{' paused' if self.paused and not self.elsewhere else ''}",
            f"{'following' if self.following and self.running else 'case'} "
            f"{self.at_row + 1}/{len(grid.rows)} {one_line(case or '', room)}"
            f"{f' sample {sample}' if sample > 1 else ''}",
            right=self._how_far(grid),
        )

    def _how_far(self, grid: Grid) -> str:
        """Return how far the run that goes on is, else what became of the one on screen."""
        if self.elsewhere and self.live is not None:
            live = self.live
            goes_on = f"{'paused' if self.paused else 'goes on'}" if self.running else live.status
            return f"run {live.run} {goes_on}, {answered(live)}"
        drawn = bar(grid.answered / len(grid.cells), 8) if self.size.width >= BAR_FROM else ""
        cost = spent(grid.cost, grid.unpriced, free=grid.free) if grid.done else ""
        return " ".join(filter(None, (answered(grid), drawn, self._time_left(grid), cost)))

    def _time_left(self, grid: Grid) -> str:
        if self.stopwatch is None:
            return ""
        left = seconds_left(grid.left, grid.answered_now, grid.answered_at, self.passed)
        return "" if left is None else f"{clock(left)} left"


def answered(grid: Grid) -> str:
    """Return how many of the cells have an answer; once the run has ended, that this is meant."""
    ended_without = grid.status != "running" and grid.answered < len(grid.cells)
    return f"{grid.answered} of {len(grid.cells)}{' answered' if ended_without else ''}"


def clock(seconds: float) -> str:
    """Return a duration as a clock shows it: ``0:41``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _pair(first: Cell | None, cell: Cell | None) -> tuple[Result, Result] | None:
    """Return the results of two cells where both are answers."""
    if first is None or cell is None or first.result is None or cell.result is None:
        return None
    if first.result.status not in ANSWERED or cell.result.status not in ANSWERED:
        return None
    return first.result, cell.result
