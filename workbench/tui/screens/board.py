"""Board: which contender is ahead, how sure that is, and what it costs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from workbench.bench.board_views import EVERY_VOTE, GROUPINGS, BoardView, VoteFilter
from workbench.bench.vote_query import vote_query_words
from workbench.errors import WorkbenchError
from workbench.tui.background import in_background
from workbench.tui.commands import bindings_for
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.board_judges import JudgesPage
from workbench.tui.screens.board_matrix import MatrixPage
from workbench.tui.screens.board_votes import Behind, VotesPage
from workbench.tui.widgets.board_words import board_notes, named
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.rating_table import WIDE, RatingTable
from workbench.tui.widgets.vote_line import VoteLine

if TYPE_CHECKING:
    from workbench.tui.widgets.board_plots import BoardPlots


class BoardScreen(WorkbenchScreen):
    """Where the votes add up."""

    NAME = "board"
    BINDINGS = bindings_for(NAME)

    def __init__(self) -> None:
        super().__init__()
        self._by = GROUPINGS[0]
        self._wanted = EVERY_VOTE
        self._prompt: str | None = None
        """The prompt that is shown; the one on the bench may be another by now."""
        self._view: BoardView | None = None

    def compose_body(self) -> ComposeResult:
        """Compose the table over a few lines about the votes, and the plots below."""
        # What plots takes some 15 ms to import, and the bench opens without it.
        from workbench.tui.widgets.board_plots import BoardPlots

        yield VoteLine()
        with Vertical(id="board"):
            with Pane(id="rating-pane"):
                yield RatingTable(id="ratings")
                yield Static("", id="votes", markup=False)
            yield BoardPlots(id="plots")

    def on_mount(self) -> None:
        """Name the pane."""
        self.query_one("#rating-pane", Pane).entitle("Rating")

    def on_screen_resume(self) -> None:
        """Read the votes anew."""
        self.query_one(RatingTable).focus()
        self.action_refresh_board()

    def on_resize(self) -> None:
        """Show as many columns as fit now."""
        super().on_resize()
        self._show()

    def action_group(self) -> None:
        """Rate by the next grouping."""
        self._by = GROUPINGS[(GROUPINGS.index(self._by) + 1) % len(GROUPINGS)]
        self.action_refresh_board()

    def action_refresh_board(self) -> None:
        """Read the votes on the prompt on the bench and show what they say."""
        if self._prompt != self.workbench.prompt:
            self._prompt, self._wanted, self._view = self.workbench.prompt, EVERY_VOTE, None
            self.query_one(VoteLine).forget()
        self._read(self._wanted)

    @in_background(exclusive=True, group="read")
    async def _read(self, wanted: VoteFilter, *, done: bool = False) -> None:
        """Show what other votes say; where there cannot be such, say so, and stay with those there are."""
        prompt, by, line = self._prompt, self._by, self.query_one(VoteLine)
        if prompt is None:
            return
        boarding = self.workbench.bench.boarding
        try:
            self._view = await asyncio.to_thread(boarding.board, prompt, by, wanted)
        except WorkbenchError as refused:
            if line.display:
                line.complain(str(refused))
            else:
                self.tell(refused)
            return
        self._wanted = wanted
        if done:
            line.close()
            self.query_one(RatingTable).focus()
        self._show()

    def _show(self) -> None:
        """Show the board that was read, with as much of it as there is room for."""
        view, prompt, wide = self._view, self._prompt, self.size.width >= WIDE
        if view is None or prompt is None:
            return
        self.query_one(RatingTable).show_ratings(view, self.size.width)
        self.query_one("#votes", Static).update("   ".join(board_notes(view)))
        self._plots.show(view, wide=wide)
        right = f"{view.votes} vote{'' if view.votes == 1 else 's'} ({view.blind} blind)"
        self.show_where(prompt, f"by {view.by}", *vote_query_words(view.filter), right=right)

    def action_filter(self) -> None:
        """Say which votes count."""
        self.query_one(VoteLine).ask()

    @on(VoteLine.Chosen)
    def _choose(self, event: VoteLine.Chosen) -> None:
        self._read(event.wanted, done=event.done)

    def action_cycle_plots(self) -> None:
        """Plot quality against cost and time, or the ratings, or nothing."""
        self._plots.turn()
        self._show()

    @on(DataTable.RowSelected)
    def action_open_votes(self) -> None:
        """Open the votes behind the row that is pointed at."""
        row, view, prompt = self.query_one(RatingTable).pointed, self._view, self._prompt
        if row is not None and view is not None and prompt is not None:
            behind = Behind(prompt, view.by, row.key, None, view.filter)
            self.app.push_screen(VotesPage(named(row.label), behind))

    def action_head_to_head(self) -> None:
        """Open who won against whom."""
        if self._prompt is not None and self._view is not None and self._view.rows:
            self.app.push_screen(MatrixPage(self._prompt, self._view))

    def action_over_commits(self) -> None:
        """Open how the win rate moved along the commits."""
        # As with the plots of the board.
        from workbench.tui.screens.board_commits import CommitsPage

        if self._prompt is not None:
            self.app.push_screen(CommitsPage(self._prompt))

    def action_judges(self) -> None:
        """Open how far the votes can be trusted."""
        if self._prompt is not None and self._view is not None:
            self.app.push_screen(JudgesPage(self._prompt, self._view))

    @property
    def _plots(self) -> BoardPlots:
        from workbench.tui.widgets.board_plots import BoardPlots

        return self.query_one(BoardPlots)
