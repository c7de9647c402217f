"""Duel: two answers to one case, and which is better. Nothing tells who wrote them until one asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.bench.board_views import BoardView
from workbench.bench.dueling import Shown
from workbench.bench.shown import inert, one_line
from workbench.bench.sitting import Results, Sitting
from workbench.context.word_diff import Change, word_diff
from workbench.tui.background import in_background
from workbench.tui.commands import bindings_for
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.dialogs import Line, Page
from workbench.tui.widgets.case_line import CaseLine, inputs_text
from workbench.tui.widgets.duel_progress import consistency_lines, settled
from workbench.tui.widgets.sides import ONLY_HERE, Sides
from workbench.verdicts.pairs import NoPair

QUIET = 0.3
"""Seconds after a vote in which no other is given, when the board is read again."""


class DuelScreen(WorkbenchScreen):
    """Where answers are judged, blind."""

    NAME = "duel"
    AUTO_FOCUS = ""  # a side with the focus would look different from the other
    BINDINGS = [  # noqa: RUF012 - Textual's type
        *bindings_for(NAME),
        Binding("down,j", "scroll_rows(1)", show=False),
        Binding("up,k", "scroll_rows(-1)", show=False),
        Binding("pagedown,space", "scroll_pages(1)", show=False),
        Binding("pageup", "scroll_pages(-1)", show=False),
        Binding("home,g", "scroll_to_end(-1)", show=False),
        Binding("end,G", "scroll_to_end(1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._sitting: Sitting | None = None
        self._turn = asyncio.Lock()
        """Held while a vote is stored and the next pair put in its place."""
        self._seen_through: set[Results] = set()
        self._only: dict[str, str] = {}
        self._only_of: str | None = None
        self._note: str | None = None
        self._since = 0.0
        self._left_at: float | None = None
        self._plain = False
        self._diffing = False
        self._board: BoardView | None = None
        self._votes = 0

    def compose_body(self) -> ComposeResult:
        """Compose the two answers over the case they are about."""
        with Vertical(id="duel"):
            yield Sides()
            yield Static("", id="no-pair", markup=False)
            yield CaseLine()

    def on_mount(self) -> None:
        """Show neither a pair nor why there is none before that is known."""
        self.query_one("#no-pair").display = False

    # -- which pair -----------------------------------------------------------

    @property
    def shown(self) -> Shown | None:
        """The pair on screen."""
        return self._sitting.shown if self._sitting and isinstance(self._sitting.shown, Shown) else None

    def on_screen_resume(self) -> None:
        """Show a pair of the prompt on the bench; the pair on screen stays while it is about that prompt."""
        if self._left_at is not None:  # who was on another screen did not look at this pair
            self._since += time.monotonic() - self._left_at
            self._left_at = None
        if self._only_of != self.workbench.prompt:
            self._only = {}
        if self._sitting is None or self._sitting.prompt != self.workbench.prompt:
            self._sit_down()
        elif self.shown is None:
            self._begin()
        else:
            self.after_pause("board", QUIET, self._read_board)

    def on_screen_suspend(self) -> None:
        """Remember when another screen came in front; a page over this one is a part of judging."""
        if self.workbench.current_mode != self.NAME:
            self._left_at = time.monotonic()

    def only(self, prompt: str | None, versions: Mapping[str, str]) -> None:
        """Offer only pairs of these versions of a prompt, given as labels by hash, or of all."""
        if self._only == versions and self._only_of in (None, prompt):
            return
        self._only, self._only_of = dict(versions), prompt
        self._sitting = None  # what it shows may be of other versions
        if self.is_current:
            self._sit_down()

    def action_all_pairs(self) -> None:
        """Offer pairs of all versions again."""
        self.only(self.workbench.prompt, {})

    def _sit_down(self) -> None:
        prompt, dueling = self.workbench.prompt, self.workbench.bench.dueling
        self._sitting = Sitting(dueling, prompt, tuple(self._only), self._seen_through) if prompt else None
        self._begin()

    @in_background(exclusive=True, group="duel")
    async def _begin(self) -> None:
        async with self._turn:
            sitting = self._sitting
            if sitting is None or isinstance(sitting.shown, Shown):
                return
            if await self.reading(sitting.go_on) is not None and sitting is self._sitting:
                await self._read(sitting)
                await self._show_pair(sitting)

    async def _show_pair(self, sitting: Sitting) -> None:
        """Show what is on the table now; the next pair and the board are read while the person does."""
        shown = sitting.shown
        pair = shown if isinstance(shown, Shown) else None
        self._note, self._since = None, time.monotonic()
        self.query_one(Sides).display = pair is not None
        self.query_one("#no-pair").display = pair is None
        if pair is not None:
            await self._show_texts(pair, sitting)
            self.query_one(CaseLine).show(pair.case, pair.inputs)
            self._draw_ahead(sitting)
        elif isinstance(shown, NoPair):
            self.query_one(CaseLine).clear()
            await self._read(sitting)
            self._say_why_none(shown)
        self._show_progress()
        self.after_pause("board", QUIET, self._read_board)

    @in_background(group="ahead")
    async def _draw_ahead(self, sitting: Sitting) -> None:
        await self.reading(sitting.draw_ahead)

    def _say_why_none(self, none: NoPair) -> None:
        steady = consistency_lines(self._board) if self._board else []
        lines = [none.why, "F6 shows the board.", *([""] if steady else []), *steady]
        self.query_one("#no-pair", Static).update(Content(inert("\n".join(lines))))

    # -- what is shown of it --------------------------------------------------

    async def _show_texts(self, shown: Shown, sitting: Sitting) -> None:
        """Show both texts, or how they differ, which takes a moment and is found in a thread."""
        texts = shown.left, shown.right
        changes: list[Change] | None = None
        if self._diffing:
            changes = await asyncio.to_thread(word_diff, *texts)
            if self.shown is not shown:
                return
        self.query_one(Sides).show(texts, plain=self._plain, changes=changes)
        self._say_below(("", ""))
        if sitting.seen_through:
            await self._tell_authors(shown, sitting)

    def _say_below(self, authors: tuple[str, str]) -> None:
        marks = ONLY_HERE if self._diffing else ""
        left, right = (author or marks for author in authors)
        self.query_one(Sides).say_below((left, right))

    def action_toggle_plain(self) -> None:
        """Show answers as they were written, or as Markdown."""
        self._plain = not self._plain
        self._show_again()

    def action_toggle_diff(self) -> None:
        """Mark the words that only one of the two has, or show both as they are."""
        self._diffing = not self._diffing
        self._show_again()

    @in_background(exclusive=True, group="diff")
    async def _show_again(self) -> None:
        shown, sitting = self.shown, self._sitting
        if shown is not None and sitting is not None:
            await self._show_texts(shown, sitting)

    def action_scroll_rows(self, by: int) -> None:
        """Scroll both answers by rows."""
        self.query_one(Sides).scroll_rows(by)

    def action_scroll_pages(self, by: int) -> None:
        """Scroll both answers by as much as is in sight."""
        self.query_one(Sides).scroll_pages(by)

    def action_scroll_to_end(self, which: int) -> None:
        """Scroll both answers to the beginning or the end."""
        self.query_one(Sides).scroll_to_end(which)

    def action_scroll_answers(self, by: int) -> None:
        """Scroll both answers by half of what is in sight."""
        self.query_one(Sides).scroll_pages(by / 2)

    def action_inputs(self) -> None:
        """Show the inputs of the case whole."""
        if self.shown is not None:
            self.app.push_screen(Page(inputs_text(self.shown.inputs)))

    @in_background()
    async def action_reveal(self) -> None:
        """Show who wrote which; a vote after that is stored as not blind."""
        shown, sitting = self.shown, self._sitting
        if shown is None or sitting is None:
            return
        sitting.see_through()
        self._show_progress()
        await self._tell_authors(shown, sitting)

    async def _tell_authors(self, shown: Shown, sitting: Sitting) -> None:
        authors = await self.reading(lambda: sitting.authors(shown))
        # A vote may have been quicker, and these names say nothing about the pair now on screen.
        if authors is not None and self.shown is shown:
            self._say_below(authors)

    # -- judging --------------------------------------------------------------

    @in_background(group="vote")
    async def action_vote(self, choice: str) -> None:
        """Store a vote on the pair on screen, and show the next."""
        sitting = self._sitting
        # A key held down must not vote on a pair that is not on screen yet.
        if sitting is None or self.shown is None or self._turn.locked():
            return
        async with self._turn:
            note, blind = self._note, not sitting.seen_through
            seconds = round(time.monotonic() - self._since, 3)
            given = await self.reading(lambda: sitting.vote(choice, note=note, blind=blind, seconds=seconds))
            if given is None:
                return
            self._votes += 1
            if await self.reading(sitting.go_on) is not None and sitting is self._sitting:
                await self._show_pair(sitting)

    @in_background(group="vote")
    async def action_undo(self) -> None:
        """Take back the last vote, and show again what it was about."""
        async with self._turn:  # a vote that is being stored is the last one
            sitting = self._sitting
            if sitting is None:
                return
            before = sitting.shown
            undone = await self.reading(lambda: (sitting.undo(),))
            if undone is None:
                return
            (vote,) = undone
            self.notify(
                f"Taken back: {vote.choice}" if vote else "There is no vote to take back.", markup=False
            )
            if vote is None:
                return
            self._votes -= 1
            if sitting.shown is None:
                await self.reading(sitting.go_on)
            if sitting.shown is not before and sitting is self._sitting:
                await self._show_pair(sitting)
                self._note = vote.note if self.shown and self.shown.pair.id == vote.pair.id else None
            self._show_progress()

    @in_background()
    async def action_note(self) -> None:
        """Write a note on the vote that is about to be given."""
        shown = self.shown
        if shown is not None:
            note = await self.app.push_screen_wait(Line("A note on this vote", self._note or ""))
            if note is not None and self.shown is shown:
                self._note = note or None

    # -- how far one is -------------------------------------------------------

    @in_background(exclusive=True, group="board")
    async def _read_board(self) -> None:
        sitting = self._sitting
        if sitting is not None and await self._read(sitting):
            self._show_progress()

    async def _read(self, sitting: Sitting) -> bool:
        """Read what all votes say; returns False where another came while it was read."""
        votes, by = self._votes, "version" if self._only else "contender"
        board = await self.reading(lambda: self.workbench.bench.boarding.board(sitting.prompt, by))
        if board is None or sitting is not self._sitting or votes != self._votes:
            return False
        self._board, self._votes = board, board.votes
        return True

    def _show_progress(self) -> None:
        if self._sitting is None:
            return
        blind = "not blind" if self._sitting.seen_through else "blind"
        self.show_where(
            one_line(self._sitting.prompt, max(8, self.size.width // 4)),
            f"vote {self._votes + 1}",
            blind if self.shown else "",
            f"only {' and '.join(self._only.values())}, Esc for all" if self._only else "",
            right=settled(self._board, tuple(self._only)) if self._board else "",
        )
