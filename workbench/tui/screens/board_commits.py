"""How the win rate of a prompt moved along its commits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from workbench.bench.board_views import EVERY_VOTE, AtCommit
from workbench.bench.shown import NOTHING, age, one_line, win_rate
from workbench.errors import WorkbenchError
from workbench.project.clock import utc_now
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.screens.board_votes import Behind, VotesPage
from workbench.tui.widgets.board_words import named
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.plot import Span, WayPlot

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

KEYS = "↑↓ version   Enter the votes on it   Esc close"
SUBJECT = 60
"""Columns that a subject has at most."""

MOST = 300
"""Commits that are listed: the newest."""


class CommitsPage(TellsFailures, ModalScreen[None]):
    """Plots the win rate over the commits, and lists these below, the newest first."""

    BINDINGS = [Binding("escape,q,C", "dismiss(None)", "Close", show=False)]  # noqa: RUF012 - Textual's type

    def __init__(self, prompt: str) -> None:
        super().__init__()
        self._prompt = prompt
        self._listed: Sequence[AtCommit] = ()

    def compose(self) -> ComposeResult:
        """Compose the plot over the list."""
        with Vertical(classes="whole commits-page"):
            with Pane(id="way"):
                yield WayPlot()
            with Pane(id="commits"):
                yield DataTable(cursor_type="row")
            yield Static(KEYS, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Read the commits."""
        self.query_one("#way", Pane).entitle(f"{self._prompt} ─ win rate along its commits")
        self.query_one("#commits", Pane).entitle("Commits ─ reading")
        self.query_one(DataTable).focus()
        self._read()

    @in_background(exclusive=True, group="read")
    async def _read(self) -> None:
        boarding = cast("WorkbenchApp", self.app).bench.boarding
        try:
            found = await asyncio.to_thread(boarding.over_commits, self._prompt)
        except WorkbenchError as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            self.dismiss(None)
            return
        scored = [one for one in found if one.win_rate]
        self.query_one(WayPlot).show(
            Span(named(one.label), one.win_rate.rate, one.win_rate.low, one.win_rate.high)
            for one in scored
            if one.win_rate
        )
        said = f"{len(scored)} of {len(found)} with votes" if found else "none"
        self.query_one("#commits", Pane).entitle(f"Commits ─ {said}")
        table: DataTable[Text] = self.query_one(DataTable)
        table.add_columns("", "", "win rate", "votes", "subject")
        self._listed = found[-MOST:][::-1]
        table.add_rows(_rows(self._listed, utc_now()))

    @on(DataTable.RowSelected)
    def _open(self, event: DataTable.RowSelected) -> None:
        """Open the votes on the version, against others that were alike in all else."""
        one = self._listed[event.cursor_row]
        if one.version is not None and one.win_rate is not None:
            behind = Behind(self._prompt, "version", one.version, None, EVERY_VOTE)
            self.app.push_screen(VotesPage(named(one.label), behind))


def _rows(found: Sequence[AtCommit], now: str) -> Iterator[tuple[Text, ...]]:
    """Yield each commit as the cells of a row; ``now`` is what ages are counted from."""
    for one in found:
        yield (
            Text(named(one.label), style="bold"),
            Text(age(one.date, now) if one.date else "now", justify="right"),
            Text(win_rate(one.win_rate), justify="right"),
            Text(str(one.win_rate.votes) if one.win_rate else NOTHING, justify="right"),
            Text(one_line(one.subject or "", SUBJECT)),
        )
