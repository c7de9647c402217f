"""What the votes say beside the ratings, in words: few of them on the board, sentences on its pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workbench.bench.board_views import EVERY_VOTE, BoardView
from workbench.bench.shown import inert, percent
from workbench.verdicts.agreement import Agreement
from workbench.verdicts.effects import Effect
from workbench.verdicts.frontier import Frontier
from workbench.verdicts.intervals import Share
from workbench.verdicts.matrix import Meeting

NO_RESULTS = "No results yet: ^r plans a run."
NO_VOTES = "No votes yet: F4 shows the first pair."
NO_SUCH_VOTES = "No votes are like that: / chooses others."


def named(label: str) -> str:
    """Return a label on one line, inert."""
    return " ".join(inert(label).split())


def span(share: Share) -> str:
    """Return a share with its interval: ``71 % (57-82)``."""
    return f"{percent(share.rate)} ({share.low * 100:.0f}–{share.high * 100:.0f})"


def board_notes(view: BoardView) -> Iterator[str]:
    """Yield what stands below the ratings, the most important first."""
    if not view.rows:
        yield NO_RESULTS
        return
    if not view.votes:
        yield NO_VOTES if view.filter == EVERY_VOTE else NO_SUCH_VOTES
    else:
        yield from _standing(view)
    if view.identical:
        yield f"{view.identical} identical answers counted as ties"
    yield from _doubts(view)


def _standing(view: BoardView) -> Iterator[str]:
    leader = view.rows[0].standing
    if leader.votes_needed:
        yield f"about {leader.votes_needed} more votes to settle it"
    if view.board.sign_test is not None and view.board.votes:
        yield f"exact sign test without ties: p = {view.board.sign_test:.3f}"
    if view.board.votes and not view.board.connected:
        yield "The votes do not join all contenders: separate groups cannot be compared."
    if view.matrix.circles:
        yield "! some beat each other in a circle, which no ranking can say: H"


def _doubts(view: BoardView) -> Iterator[str]:
    bad = view.board.bad
    if bad:
        yield f"both bad {percent(bad / (view.board.votes + bad))} of {view.board.votes + bad}"
    for effect, what in ((view.sides, "the left one"), (view.lengths, "the longer one")):
        if effect.shows and effect.share is not None:
            yield f"! {what} won {span(effect.share)}: J"
    for judge, own in view.consistency.items():
        if own.same is not None:
            yield f"{named(judge)} repeats {percent(own.same.rate)} of {own.pairs}"
    for one, other, both in view.agreements:
        if both.same is not None:
            yield f"{named(one)} and {named(other)} agree on {percent(both.same.rate)} of {both.pairs}"


def enough_words(view: BoardView, found: Frontier) -> str:
    """Return which contender does the job at the lowest price, and how much worse than the best it may be."""
    if found.leader is None:
        return "no votes"
    if found.enough is None:
        return "no price is known"
    name = named(view.row(found.enough).label)
    if found.enough == found.leader:
        return f"enough: {name}, the best"
    return f"enough: {name}, {(found.shortfall or 0) * 100:.0f} points below at most"


def effect_words(effect: Effect, what: str) -> str:
    """Return a sentence on what may sway a judge; ``what`` is the answer that it favours."""
    if effect.share is None:
        return "nothing can be said yet"
    surely = f"{what} wins more often than chance" if effect.share.low > 0.5 else f"{what} wins less often"
    found = surely if effect.shows else "no effect shows"
    ties = f", {effect.ties} ties" if effect.ties else ""
    even = f", {effect.even} apart" if effect.even else ""
    return (
        f"{what} won {effect.wins} of {effect.wins + effect.losses}: {span(effect.share)}, "
        f"p = {effect.p:.3f}{ties}{even}; {found}"
    )


def agreement_words(found: Agreement) -> str:
    """Return how often two judgements were the same, and how much that is beyond chance."""
    if found.same is None:
        return "no pair was judged twice"
    kappa = ""
    if found.kappa is not None and found.interval is not None:
        kappa = f", kappa {found.kappa:.2f} ({found.interval.low:.2f} to {found.interval.high:.2f})"
    pairs = f"{found.pairs} pair{'' if found.pairs == 1 else 's'}"
    return f"the same on {span(found.same)} of {pairs}{kappa}"


def meeting_words(meeting: Meeting, labels: Mapping[str, str]) -> str:
    """Return a sentence on what one did against another."""
    first, second = named(labels[meeting.first]), named(labels[meeting.second])
    parts = (
        f"{meeting.wins} won, {meeting.losses} lost, {meeting.ties} tied",
        f"{meeting.bad} both bad" if meeting.bad else "",
        f"{meeting.skipped} skipped" if meeting.skipped else "",
        f"{meeting.identical} identical" if meeting.identical else "",
        f"rate {span(meeting.rate)}, p = {meeting.sign_test:.3f}" if meeting.rate else "no votes",
    )
    return f"{first} against {second}: {', '.join(filter(None, parts))}"
