"""The votes behind a rating, newest first, each with both answers that it judged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import DataTable, Static

from workbench.bench.board_views import VoteFilter, VoteSeen
from workbench.bench.result_facts import answer_text
from workbench.bench.shown import NOTHING, age, lasting, one_line
from workbench.errors import WorkbenchError
from workbench.project.clock import utc_now
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.screens.result_page import ResultPage
from workbench.tui.widgets.board_words import named
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.plain_text import PlainText
from workbench.verdicts.votes import IDENTICAL

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

MOST = 300
"""Votes that are listed: the newest."""

SETTLE = 0.05
"""Seconds without a key before the answers are read: a key held down does not ask for each."""

VERDICTS = {
    "left": "beat",
    "right": "lost to",
    "tie": "tied with",
    "bad": "both bad",
    "skip": "skipped",
}
"""What became of the left answer, to be read between the two names."""

COLUMNS = ("", "judge", "case", "left", "", "right", "blind", "took", "note")
KEYS = "↑↓ vote   Enter the answers with their contexts   Tab answers   Esc close"

NAME, NOTE = 28, 60
"""Columns that names and notes have at most."""


@dataclass(frozen=True)
class Behind:
    """What votes are asked for: those behind a row of a board, or behind its meeting with an ``other``."""

    prompt: str
    by: str
    row: str
    other: str | None
    wanted: VoteFilter


class VotesPage(TellsFailures, ModalScreen[None]):
    """Lists votes over the two answers of the one that is pointed at."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape,q", "dismiss(None)", "Close", show=False),
        Binding("j", "point(1)", show=False),
        Binding("k", "point(-1)", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's type

    def __init__(self, title: str, behind: Behind) -> None:
        """``title`` says whose votes these are."""
        super().__init__()
        self._about = title
        self._behind = behind
        self._votes: list[VoteSeen] = []
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Compose the list over the answers."""
        with Vertical(classes="whole votes-page"):
            with Pane(id="votes-list"):
                yield DataTable(cursor_type="row")
            with Horizontal():
                with Pane(id="left-answer"):
                    yield PlainText()
                with Pane(id="right-answer"):
                    yield PlainText()
            yield Static(KEYS, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Read the votes."""
        self.query_one("#votes-list", Pane).entitle(self._about)
        self.query_one(DataTable).focus()
        self._read()

    @in_background(exclusive=True, group="read")
    async def _read(self) -> None:
        asked, boarding = self._behind, self._workbench.bench.boarding
        try:
            votes = await asyncio.to_thread(
                boarding.votes, asked.prompt, asked.by, asked.row, asked.other, asked.wanted
            )
        except WorkbenchError as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            self.dismiss(None)
            return
        self._votes = votes[:MOST]
        count = f"{len(votes):,} vote{'' if len(votes) == 1 else 's'}"
        newest = f"the newest {MOST} of {count}" if len(votes) > MOST else count
        self.query_one("#votes-list", Pane).entitle(f"{self._about} ─ {newest}")
        table: DataTable[Text] = self.query_one(DataTable)
        table.clear(columns=True)
        table.add_columns(*COLUMNS)
        table.add_rows(_rows(self._votes, utc_now()))
        self._show_answers()

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(SETTLE, self._show_answers)

    @in_background(exclusive=True, group="show")
    async def _show_answers(self) -> None:
        """Show both answers of the vote that is pointed at."""
        seen = self._pointed()
        if seen is None:
            return
        recalling, pair = self._workbench.bench.recalling, seen.vote.pair
        for side, number, label in (
            ("left", pair.left_result, seen.left),
            ("right", pair.right_result, seen.right),
        ):
            pane = self.query_one(f"#{side}-answer", Pane)
            won = " ─ better" if seen.vote.choice == side else ""
            pane.entitle(f"{named(label)}{won}")
            pane.subtitle(f"result {number}")
            try:
                found = await asyncio.to_thread(recalling.result, number)
            except WorkbenchError as gone:
                pane.query_one(PlainText).show(str(gone))
                continue
            pane.query_one(PlainText).show(answer_text(found.result))

    @on(DataTable.RowSelected)
    def _open(self) -> None:
        """Open the results of the vote, one key apart."""
        seen = self._pointed()
        if seen is not None:
            pair = seen.vote.pair
            first = pair.right_result if seen.vote.choice == "right" else pair.left_result
            self.app.push_screen(ResultPage(first, (pair.left_result, pair.right_result)))

    def action_point(self, by: int) -> None:
        """Point at the next or the previous vote."""
        table = self.query_one(DataTable)
        table.move_cursor(row=table.cursor_row + by)

    def _pointed(self) -> VoteSeen | None:
        at = self.query_one(DataTable).cursor_row
        return self._votes[at] if at < len(self._votes) else None

    @property
    def _workbench(self) -> WorkbenchApp:
        return cast("WorkbenchApp", self.app)


def _rows(votes: list[VoteSeen], now: str) -> Iterator[tuple[Text, ...]]:
    """Yield each vote as the cells of a row; ``now`` is what ages are counted from."""
    for seen in votes:
        vote = seen.vote
        asked = vote.judge != IDENTICAL
        verdict = VERDICTS[vote.choice] if asked else "is"
        cells = (
            f"{age(vote.created, now):>6}",
            one_line(vote.judge, NAME) if asked else "(nobody: the same text)",
            one_line(seen.case or vote.pair.case_hash[:6], NAME),
            one_line(seen.left, NAME),
            f"{verdict} (again)" if seen.repeat else verdict,
            one_line(seen.right, NAME),
            ("blind" if vote.blind else "seen") if asked else "",
            NOTHING if vote.seconds is None else lasting(vote.seconds),
            one_line(vote.note or "", NOTE),
        )
        yield tuple(Text(cell) for cell in cells)
