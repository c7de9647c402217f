"""How far judges agree: two of them on the same pairs, or one with themself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.verdicts.intervals import Interval, Share, share
from workbench.verdicts.votes import Ballot, Outcome, Tally


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two judgements of the same two results were the same, among win, loss, tie and both bad.

    ``same`` is the share of equal ones, None without ``pairs``. ``kappa`` is Cohen's: how far they agree
    beyond what the same habits would by chance, 1 for always, 0 for no more than chance, below for less; with
    its 95 % interval. Both are None where it means nothing: without pairs, or where all judgements are one.
    """

    pairs: int
    same: Share | None
    kappa: float | None
    interval: Interval | None


def agreement(ballots: Iterable[Ballot], one: str, other: str) -> Agreement:
    """Return how far two judges agree on the pairs of results that both judged.

    Each judge's first word on a pair counts.
    """
    given = list(ballots)
    first = [ballot for ballot in given if not ballot.repeat]
    return _agreement(_said(first, one), _said(first, other))


def consistency(ballots: Iterable[Ballot], judge: str) -> Agreement:
    """Return how far a judge agrees with themself: first words against the repeats of the same pairs."""
    given = list(ballots)
    before = [ballot for ballot in given if not ballot.repeat]
    after = [ballot for ballot in given if ballot.repeat]
    return _agreement(_said(before, judge), _said(after, judge))


# By two results, the lower id first: what was said of them, seen from the lower, and their case.
_Said = dict[tuple[int, int], tuple[Outcome, str]]


def _said(ballots: Iterable[Ballot], judge: str) -> _Said:
    """Return the first that a judge said of each pair of results."""
    said: _Said = {}
    for ballot in ballots:
        if ballot.judge != judge or ballot.results is None or ballot.outcome is Outcome.SKIP:
            continue
        one, other = ballot.results
        if one < other:
            said.setdefault((one, other), (ballot.outcome, ballot.case))
        else:
            said.setdefault((other, one), (ballot.outcome.mirrored, ballot.case))
    return said


def _agreement(one: _Said, other: _Said) -> Agreement:
    """Return the agreement on the pairs that are in both.

    Kappa is (a - c) / (1 - c), with a the share that agree and c the share that would by chance: the product
    of how often each judge said a thing, summed over all things. Its interval takes c as known, as Cohen did,
    and a by Wilson's interval, so that a few pairs that all agree do not make it certain.

    Source: J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement
    20 (1960).
    """
    shared = [(*judgement, other[pair][0]) for pair, judgement in one.items() if pair in other]
    seen = Tally()
    for mine, case, theirs in shared:
        seen.add(case, Outcome.WIN if mine is theirs else Outcome.LOSS)
    same = share(seen)
    if same is None:
        return Agreement(0, None, None, None)
    n = len(shared)
    ours, others = Counter(mine for mine, _, _ in shared), Counter(theirs for _, _, theirs in shared)
    chance = sum(ours[said] * others[said] for said in Outcome) / n**2
    if chance == 1:
        return Agreement(n, same, None, None)
    low, rate, high = ((value - chance) / (1 - chance) for value in (same.low, same.rate, same.high))
    return Agreement(n, same, rate, Interval(low, high))
