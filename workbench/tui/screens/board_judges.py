"""The judges: how steady each is, how far they agree, and what may sway them beside the answers."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.bench.board_views import BoardView
from workbench.bench.shown import percent
from workbench.tui.widgets.board_words import agreement_words, effect_words, named, span
from workbench.tui.widgets.fact_list import FactList

KEYS = "↑↓ scroll   Esc close"


class JudgesPage(ModalScreen[None]):
    """Says how far the votes of a board can be trusted."""

    BINDINGS = [Binding("escape,q,J", "dismiss(None)", "Close", show=False)]  # noqa: RUF012 - Textual's type

    def __init__(self, prompt: str, view: BoardView) -> None:
        super().__init__()
        self._prompt = prompt
        self._view = view

    def compose(self) -> ComposeResult:
        """Compose the facts."""
        with Vertical(classes="whole judges-page"):
            about = f"{named(self._prompt)}   judges   {self._view.votes} votes"
            yield Static(Content.styled(about, "bold"), classes="title", markup=False)
            yield FactList()
            yield Static(KEYS, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Show the facts."""
        facts = self.query_one(FactList)
        facts.show(list(judge_facts(self._view)))
        facts.focus()


def judge_facts(view: BoardView) -> Iterator[tuple[str, str]]:
    """Yield what is to be said of those who voted: a name, and a sentence."""
    yield "votes", f"{view.votes}, {view.blind} of them blind, on {view.board.cases} cases"
    yield "the left one", effect_words(view.sides, "the left one")
    yield "the longer one", effect_words(view.lengths, "the longer one")
    bad, judged = view.board.bad, view.board.votes + view.board.bad
    if bad:
        yield "both bad", f"{bad} of {judged} judged pairs: {percent(bad / judged)}"
    for row in view.rows:
        if row.bads is not None and row.standing.bad:
            yield "", f"of the pairs with {named(row.label)} {span(row.bads)}"
    if view.board.skipped:
        yield "skipped", str(view.board.skipped)
    for judge, own in view.consistency.items():
        yield named(judge), f"asked again, {agreement_words(own)}"
    for one, other, both in view.agreements:
        yield f"{named(one)}, {named(other)}", agreement_words(both)
    if len(view.judges) > 1 and not view.agreements:
        yield "agreement", "no two judges voted on the same pair"
