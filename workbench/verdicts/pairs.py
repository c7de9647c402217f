"""Which two results to show next, so that each vote teaches the most."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from random import Random

from workbench.verdicts.intervals import EVEN
from workbench.verdicts.strengths import Strengths, fit
from workbench.verdicts.votes import IDENTICAL, Ballot, Outcome, Tally, tally


@dataclass(frozen=True, slots=True)
class Candidate:
    """A result that may be shown: ``case`` is the hash of its case's inputs, ``sample`` counts from 1."""

    result: int
    contender: str
    case: str
    text: str
    sample: int = 1


@dataclass(frozen=True, slots=True)
class Pair:
    """Two results of the same case from different contenders, on the sides they are to be shown.

    ``repeat`` says that this is a check: the judge has judged the two before, on swapped sides.
    """

    left: Candidate
    right: Candidate
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Checking:
    """How often a judge is shown a pair again, to see how steady they are: one pair in ``every``.

    It begins once the judge has judged ``after`` pairs.
    """

    judge: str
    every: int = 12
    after: int = 8


@dataclass(frozen=True, slots=True)
class NoPair:
    """There is no pair to show, and why: one line for a person."""

    why: str


class _Bar(Enum):
    """What keeps a pair from being shown, the strictest first; the next is tried where one lets none pass."""

    TEXTS = "these two texts of these contenders were seen before"
    RESULTS = "this pair of results was voted on or skipped"
    VOTES = "this pair of results was voted on"


# By contender, then case: the results to choose from. Dictionaries keep their order, so that a seed repeats.
_Shelf = dict[str, dict[str, list[Candidate]]]
# By first and second contender: the ballots given.
_Given = Mapping[tuple[str, str], list[Ballot]]

_APART = 5
"""How many pairs lie between a pair and its check, at least: by then the answer is not in mind any more."""


def next_pair(
    candidates: Iterable[Candidate],
    ballots: Sequence[Ballot],
    rng: Random,
    may_meet: Callable[[str, str], bool] = lambda first, second: True,
    checking: Checking | None = None,
) -> Pair | NoPair:
    """Return the pair whose vote teaches the most, or why there is none.

    First the two contenders: those for which the product of three is largest: the chance that their order is
    wrong, the share of their difference's variance that one vote removes, and the share of their pairs so far
    that were neither skipped nor both bad. So the least certain order comes first, then the least compared,
    and two equals do not take every vote. Then the case on which these two were compared least, then the one
    shown least. Then the results shown least there. What is still equal is left to ``rng``, and so are the
    sides.

    A pair of results is never shown again once it was voted on, and never when its texts are the same. Texts
    that were seen before, and after them pairs that were skipped, come back when nothing else is left.

    Only contenders that ``may_meet`` are shown together; all may, unless it says otherwise. Where there is
    ``checking``, some pairs are shown to its judge a second time, with sides swapped and marked as a repeat:
    never soon after the first time, and none a third time. ``ballots`` are given oldest first.
    """
    shelf = _shelf(candidates)
    if checking and rng.random() * checking.every < 1:
        again = _again(shelf, ballots, checking, rng, may_meet)
        if again:
            return again
    names = list(shelf)
    if len(names) < 2:
        found = "only one contender has answers" if names else "no contender has answers"
        return NoPair(f"nothing to compare: {found}; run a second version, model or param")
    asked = [ballot for ballot in ballots if ballot.judge != IDENTICAL]
    given: dict[tuple[str, str], list[Ballot]] = {}
    for ballot in asked:
        given.setdefault((ballot.first, ballot.second), []).append(ballot)
    shown = Counter(ballot.case for ballot in asked)
    order = _most_telling(names, tally(ballots, names, by_case=False), rng)
    order = [(first, second) for first, second in order if may_meet(first, second)]
    for bar in _Bar:
        for first, second in order:
            past = _by_case(given, first, second)
            for case in _least_compared(shelf[first], shelf[second], past, shown, rng):
                pair = _on_case(shelf[first][case], shelf[second][case], past.get(case, ()), bar, rng)
                if pair:
                    return Pair(*pair) if rng.random() < EVEN else Pair(pair[1], pair[0])
    return NoPair(_why_none(shelf, order))


def identical_pairs(candidates: Iterable[Candidate], ballots: Iterable[Ballot]) -> Iterator[Pair]:
    """Yield the pairs of equal texts not yet recorded, for the caller to keep as ties by `identical`.

    Each result is matched once with each other contender; otherwise twenty equal samples against twenty would
    be 400 ties and drown what people said. Left is the contender that comes first in ``candidates``.
    """
    shelf = _shelf(candidates)
    matched: set[tuple[str, int, str]] = set()
    for ballot in ballots:
        if ballot.results and ballot.judge == IDENTICAL:
            matched.add((ballot.first, ballot.results[0], ballot.second))
            matched.add((ballot.second, ballot.results[1], ballot.first))
    for first, second in combinations(shelf, 2):
        for case, lefts in shelf[first].items():
            waiting: dict[str, list[Candidate]] = {}
            for right in reversed(shelf[second].get(case, [])):
                if (second, right.result, first) not in matched:
                    waiting.setdefault(right.text, []).append(right)
            for left in lefts:
                if waiting.get(left.text) and (first, left.result, second) not in matched:
                    yield Pair(left, waiting[left.text].pop())


def _shelf(candidates: Iterable[Candidate]) -> _Shelf:
    shelf: _Shelf = {}
    # An answer from the cache is the same result in several runs.
    for candidate in {(c.contender, c.result): c for c in candidates}.values():
        shelf.setdefault(candidate.contender, {}).setdefault(candidate.case, []).append(candidate)
    return shelf


def _again(
    shelf: _Shelf,
    ballots: Iterable[Ballot],
    checking: Checking,
    rng: Random,
    may_meet: Callable[[str, str], bool],
) -> Pair | None:
    """Return a pair that the judge judged once and not lately, on swapped sides; None where there is none."""
    own = [ballot for ballot in ballots if ballot.judge == checking.judge and ballot.results]
    if sum(ballot.outcome is not Outcome.SKIP for ballot in own) < checking.after:
        return None
    times = Counter(frozenset(ballot.results or ()) for ballot in own)
    for ballot in own[-_APART:]:
        times[frozenset(ballot.results or ())] += 1
    once = [b for b in own if b.outcome is not Outcome.SKIP and times[frozenset(b.results or ())] == 1]
    for ballot in rng.sample(once, len(once)):
        first, second = (
            next((c for c in shelf.get(name, {}).get(ballot.case, ()) if c.result == result), None)
            for name, result in zip((ballot.first, ballot.second), ballot.results or (), strict=True)
        )
        if first and second and may_meet(ballot.first, ballot.second):
            return Pair(*((second, first) if ballot.first_on_left else (first, second)), repeat=True)
    return None


def _by_case(given: _Given, first: str, second: str) -> dict[str, list[Ballot]]:
    """Return the ballots between two contenders, by case."""
    past: dict[str, list[Ballot]] = {}
    for ballot in (*given.get((first, second), ()), *given.get((second, first), ())):
        past.setdefault(ballot.case, []).append(ballot)
    return past


def _most_telling(
    names: list[str], tallies: Mapping[tuple[int, int], Tally], rng: Random
) -> list[tuple[str, str]]:
    """Return all pairs of contenders, the one whose next vote teaches the most first."""
    strengths = fit(len(names), tallies, quick=True)
    ranked = []
    for i, j in combinations(range(len(names)), 2):
        lesson = _lesson(strengths, i, j, tallies.get((i, j)) or Tally())
        # Rounded, so that equals are told apart by chance and not by a float's last bit.
        ranked.append((-round(lesson, 9), rng.random(), names[i], names[j]))
    return [(first, second) for _, _, first, second in sorted(ranked)]


def _lesson(strengths: Strengths, i: int, j: int, of: Tally) -> float:
    """Return how much the next vote between two contenders may be expected to teach.

    A vote adds p (1 - p) to the information on the difference, so it removes the share v p (1 - p) / (1 + v p
    (1 - p)) of its variance v.
    """
    variance = strengths.variance(i, j)
    ahead = abs(strengths.values[i] - strengths.values[j]) / math.sqrt(variance)
    wrong = math.erfc(ahead / math.sqrt(2)) / 2
    weight = strengths.chance(i, j) * strengths.chance(j, i) * variance
    telling = (of.votes + 1) / (of.votes + of.bad + of.skipped + 1)
    return wrong * weight / (1 + weight) * telling


def _least_compared(
    some: Iterable[str],
    others: Collection[str],
    past: Mapping[str, list[Ballot]],
    shown: Mapping[str, int],
    rng: Random,
) -> list[str]:
    """Return the cases that both contenders answered, the one they were compared on least first."""
    keyed = [(len(past.get(case, ())), shown[case], rng.random(), case) for case in some if case in others]
    return [case for *_, case in sorted(keyed)]


def _on_case(
    some: list[Candidate], others: list[Candidate], past: Iterable[Ballot], bar: _Bar, rng: Random
) -> tuple[Candidate, Candidate] | None:
    """Return two results that the bar lets pass, those shown least here first; None where there are none."""
    texts = {candidate.result: candidate.text for candidate in (*some, *others)}
    times: Counter[int] = Counter()
    barred: set[frozenset[int | str]] = set()
    for results, outcome in ((b.results, b.outcome) for b in past if b.results):
        times.update(results)
        if bar is not _Bar.VOTES or outcome is not Outcome.SKIP:
            barred.add(frozenset(results))
        if bar is _Bar.TEXTS:
            barred.add(frozenset(texts.get(result, "") for result in results))
    wordings = {other.text for other in others}
    least = sorted(others, key=lambda c: (times[c.result], rng.random()))
    for one in sorted(some, key=lambda c: (times[c.result], rng.random())):
        # Thousands of equal answers are passed over at once, not pair by pair.
        if wordings == {one.text}:
            continue
        for other in least:
            if one.text != other.text and not (
                frozenset((one.result, other.result)) in barred or frozenset((one.text, other.text)) in barred
            ):
                return one, other
    return None


def _why_none(shelf: _Shelf, order: Iterable[tuple[str, str]]) -> str:
    shared = differing = False
    for first, second in ((shelf[one], shelf[other]) for one, other in order):
        for case in first.keys() & second.keys():
            shared = True
            differing |= len({c.text for c in (*first[case], *second[case])}) > 1
    if not shared:
        return "nothing to compare: no case was answered by two contenders; run them on the same cases"
    if not differing:
        return (
            "nothing to compare: all answers to the same case are identical and count as ties; run more cases"
        )
    return "nothing to compare: every pair has been voted on; run more cases or samples"
