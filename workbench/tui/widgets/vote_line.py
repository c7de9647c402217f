"""A line that says which votes count, above the board."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from workbench.bench.board_views import VoteFilter
from workbench.bench.shown import inert
from workbench.bench.vote_query import read_vote_query
from workbench.errors import UsageError

EXAMPLE = 'case:"the long one"  judge:  blind:yes  since:7d  until:2026-01-31'

PAUSE = 0.2
"""Seconds without a key before the votes are chosen anew."""


class VoteLine(Vertical):
    """Takes filters, and says at once which votes these take. Stays out of sight until it is asked for."""

    DEFAULT_CSS = """
    VoteLine { height: auto; display: none; }
    VoteLine Input { padding: 0 1; background: $surface; }
    VoteLine Static { height: auto; padding: 0 1; color: $text-warning; display: none; }
    """
    BINDINGS = [Binding("escape", "close", show=False)]  # noqa: RUF012 - Textual's type

    class Chosen(Message):
        """Other votes are to count; ``done`` says that whoever typed wants no others."""

        def __init__(self, wanted: VoteFilter, *, done: bool) -> None:
            super().__init__()
            self.wanted = wanted
            self.done = done

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pause: Timer | None = None
        self._before = ""

    def compose(self) -> ComposeResult:
        """Compose a field over what is wrong with what it says."""
        yield Input(placeholder=EXAMPLE, select_on_focus=False, compact=True)
        yield Static("", markup=False)

    def ask(self) -> None:
        """Let somebody type."""
        self._before = self.query_one(Input).value
        self.display = True
        self.query_one(Input).focus()

    def forget(self) -> None:
        """Take all votes again, and say nothing of it."""
        self._stop()
        with self.prevent(Input.Changed):
            self.query_one(Input).value = ""
        self.close()

    def close(self) -> None:
        """Go out of sight."""
        self.complain("")
        self.display = False

    @on(Input.Changed)
    def _typed(self) -> None:
        self._stop()
        self._pause = self.set_timer(PAUSE, self._choose)

    @on(Input.Submitted)
    def _taken(self) -> None:
        self._stop()
        self._choose(done=True)

    def action_close(self) -> None:
        """Go back to the votes that counted before."""
        self._stop()
        with self.prevent(Input.Changed):
            self.query_one(Input).value = self._before
        self._choose(done=True)

    def complain(self, words: str) -> None:
        """Say what is wrong with the filters, or with an empty text nothing."""
        problem = self.query_one(Static)
        problem.update(inert(words))
        problem.display = bool(words)

    def _choose(self, *, done: bool = False) -> None:
        """Choose the votes that the line asks for, or say why none can be meant."""
        try:
            wanted = read_vote_query(self.query_one(Input).value)
        except UsageError as refused:
            self.complain(str(refused))
        else:
            self.complain("")
            self.post_message(self.Chosen(wanted, done=done))

    def _stop(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
