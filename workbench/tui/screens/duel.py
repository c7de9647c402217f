"""Duel: two answers to one case, and which is better. Nothing tells who wrote them until one asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from workbench.bench.dueling import BoardView, Shown
from workbench.bench.shown import inert, one_line
from workbench.tui.background import in_background
from workbench.tui.commands import bindings_for
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.dialogs import Line, Page
from workbench.verdicts.pairs import NoPair


class DuelScreen(WorkbenchScreen):
    """Where answers are judged, blind."""

    NAME = "duel"
    BINDINGS = bindings_for(NAME)

    def __init__(self) -> None:
        super().__init__()
        self._prompt: str | None = None
        self._shown: Shown | None = None
        self._since = 0.0
        self._note: str | None = None
        self._revealed = False
        self._seen_through: set[frozenset[int]] = set()
        self._board: BoardView | None = None
        self._busy = False
        self._only: dict[str, str] = {}
        self._only_of: str | None = None

    def compose_body(self) -> ComposeResult:
        """Compose the two answers over the case they are about."""
        with Vertical(id="duel"):
            with Horizontal(id="sides"):
                for side in ("left", "right"):
                    with VerticalScroll(id=side, classes="pane side"):
                        yield Static("", markup=False)
            yield Static("", id="about", markup=False)

    def on_mount(self) -> None:
        """Name the sides."""
        self.query_one("#left").border_title = "left"
        self.query_one("#right").border_title = "right"

    def on_screen_resume(self) -> None:
        """Show a pair of the prompt on the bench; the pair on screen stays while it is about that prompt."""
        if self._only_of != self.workbench.prompt:
            self._only = {}
        if self._prompt != self.workbench.prompt or self._shown is None:
            self._prompt = self.workbench.prompt
            self._next()

    def only(self, prompt: str | None, versions: Mapping[str, str]) -> None:
        """Offer only pairs of these versions of a prompt, given as labels by hash, or of all."""
        if self._only == versions and self._only_of in (None, prompt):
            return
        self._only, self._only_of = dict(versions), prompt
        self._shown = None  # it may be of other versions
        if self.is_current:
            self._next()

    def action_all_pairs(self) -> None:
        """Offer pairs of all versions again."""
        self.only(self._prompt, {})

    @in_background(exclusive=True, group="duel")
    async def _next(self) -> None:
        await self._show_next()

    async def _show_next(self) -> None:
        prompt, versions = self._prompt, tuple(self._only)
        if prompt is None:
            return
        dueling = self.workbench.bench.dueling
        drawn = await self.reading(lambda: (dueling.next(prompt, versions), dueling.board(prompt)))
        if drawn is None:
            return
        shown, self._board = drawn
        # A pair may come again, after undo or a skip: who has looked once is not blind to it any more.
        looked = not isinstance(shown, NoPair) and _results(shown) in self._seen_through
        self._note, self._revealed, self._since = None, looked, time.monotonic()
        if isinstance(shown, NoPair):
            self._shown = None
            self._show_texts(
                Content.styled(inert(shown.why), "$text-muted"),
                Content.styled("F6 shows the board.", "$text-muted"),
                Content(""),
            )
        else:
            self._shown = shown
            inputs = " · ".join(one_line(str(value), 300) for value in shown.inputs.values())
            self._show_texts(
                Content(inert(shown.left)),
                Content(inert(shown.right)),
                Content.assemble((f"case {inert(shown.case or '–')}: ", "bold"), one_line(inputs, 400)),
            )
        self._show_progress()

    def _show_texts(self, left: Content, right: Content, about: Content) -> None:
        for side, text in (("left", left), ("right", right)):
            pane = self.query_one(f"#{side}", VerticalScroll)
            pane.query_one(Static).update(text)
            pane.border_subtitle = ""
            pane.scroll_home(animate=False)
        self.query_one("#about", Static).update(about)

    @in_background(group="vote")
    async def action_vote(self, choice: str) -> None:
        """Store a vote on the pair on screen, and show the next."""
        if self._shown is None or self._busy:
            return
        pair, note, blind = self._shown.pair.id, self._note, not self._revealed
        seconds = round(time.monotonic() - self._since, 3)
        dueling = self.workbench.bench.dueling
        self._busy = True  # a key held down must not vote on a pair that is not on screen yet
        try:
            given = await self.reading(
                lambda: dueling.vote(pair, choice, note=note, blind=blind, seconds=seconds)
            )
            if given is not None:
                await self._show_next()
        finally:
            self._busy = False

    @in_background(group="vote")
    async def action_undo(self) -> None:
        """Take back the last vote."""
        if self._busy:
            return  # the vote that is being stored would be passed over
        self._busy = True
        try:
            prompt, dueling = self._prompt, self.workbench.bench.dueling
            undone = await self.reading(lambda: dueling.undo(prompt))
            said = f"Taken back: {undone.choice}" if undone else "There is no vote to take back."
            self.notify(said, markup=False)
            await self._show_next()
        finally:
            self._busy = False

    @in_background()
    async def action_note(self) -> None:
        """Write a note on the vote that is about to be given."""
        if self._shown is not None:
            note = await self.app.push_screen_wait(Line("A note on this vote", self._note or ""))
            self._note = self._note if note is None else note or None

    def action_inputs(self) -> None:
        """Show the inputs of the case whole."""
        if self._shown is not None:
            whole = "\n\n".join(f"{name}\n{value}" for name, value in self._shown.inputs.items())
            self.app.push_screen(Page(whole))

    @in_background()
    async def action_reveal(self) -> None:
        """Show who wrote which; a vote after that is stored as not blind."""
        shown = self._shown
        if shown is None:
            return
        self._revealed = True
        self._seen_through.add(_results(shown))
        self._show_progress()
        dueling = self.workbench.bench.dueling
        contenders = await asyncio.to_thread(dueling.contenders, shown.pair)
        labels = await asyncio.to_thread(dueling.labels, list(contenders))
        if self._shown is not shown:
            return  # a vote was quicker, and these names say nothing about the pair now on screen
        for side, contender in zip(("left", "right"), contenders, strict=True):
            self.query_one(f"#{side}").border_subtitle = Content(inert(labels[contender.id])).markup

    def _show_progress(self) -> None:
        if self._board is None:
            return
        rows = self._board.rows
        decided = sum(not row.standing.undecided for row in rows)
        needed = rows[0].standing.votes_needed if rows else None
        progress = f"{decided} of {len(rows)} decided" if len(rows) > 1 else ""
        more = f"about {needed} more to settle it" if needed else ""
        self.show_where(
            self._prompt or "",
            f"vote {self._board.votes + 1}",
            "not blind" if self._revealed else "blind",
            f"only {' and '.join(self._only.values())}, Esc for all" if self._only else "",
            right="   ".join(filter(None, (progress, more))),
        )


def _results(shown: Shown) -> frozenset[int]:
    """Return what a pair is about, whichever side each result is on."""
    return frozenset((shown.pair.left_result, shown.pair.right_result))
