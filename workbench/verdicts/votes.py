"""What a verdict needs of a vote, and the counts that all verdicts start from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import attrgetter

IDENTICAL = "identical"
"""The judge of ties that nobody was asked about, because both texts are the same."""


class Choice(StrEnum):
    """What a person says of two answers on screen."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BAD = "bad"
    SKIP = "skip"

    def outcome(self, *, first_on_left: bool = True) -> Outcome:
        """Return what this choice means for the first contender, which was shown on the left or not."""
        match self:
            case Choice.LEFT:
                return Outcome.WIN if first_on_left else Outcome.LOSS
            case Choice.RIGHT:
                return Outcome.LOSS if first_on_left else Outcome.WIN
            case _:
                return Outcome(self.value)


class Outcome(StrEnum):
    """A vote as its first contender sees it. ``bad`` (both are) and ``skip`` enter no rating."""

    WIN = "win"
    LOSS = "loss"
    TIE = "tie"
    BAD = "bad"
    SKIP = "skip"

    @property
    def mirrored(self) -> Outcome:
        """The same vote as the second contender sees it."""
        return _MIRRORED.get(self, self)


_MIRRORED = {Outcome.WIN: Outcome.LOSS, Outcome.LOSS: Outcome.WIN}


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote: two contenders on one case, the outcome seen from the first.

    ``case`` is the hash of the case's inputs. ``results`` are the ids of the two results, first contender's
    first; choosing the next pair, agreement and the effect of length need them, rating does not. ``repeat``
    says that this judge had judged the same two results before: it tells how steady the judge is, and enters
    nothing else.
    """

    first: str
    second: str
    case: str
    outcome: Outcome
    results: tuple[int, int] | None = None
    judge: str = ""
    blind: bool = True
    first_on_left: bool = True
    repeat: bool = False

    @property
    def asked(self) -> bool:
        """Whether somebody was asked; of identical texts nobody is."""
        return self.judge != IDENTICAL

    @property
    def counts(self) -> bool:
        """Whether this is somebody's first word on the two results and says which is better, or neither."""
        return self.asked and not self.repeat and self.outcome in _RATED


_RATED = frozenset((Outcome.WIN, Outcome.LOSS, Outcome.TIE))


@dataclass(slots=True)
class Tally:
    """The votes between two contenders, seen from the first.

    ``cases`` holds wins, losses, ties and both-bads for each case. ``identical`` is how many pairs of equal
    texts there were, apart from ``ties``, which somebody gave; ``alike`` is how many ties they weigh.
    """

    cases: dict[str, list[int]] = field(default_factory=dict)
    wins: int = 0
    losses: int = 0
    ties: int = 0
    bad: int = 0
    skipped: int = 0
    identical: int = 0
    alike: float = 0.0

    @property
    def votes(self) -> int:
        """How many votes somebody gave that enter the rating."""
        return self.wins + self.losses + self.ties

    @property
    def score(self) -> float:
        """Wins and half the ties that somebody gave."""
        return self.wins + self.ties / 2

    @property
    def weight(self) -> float:
        """What the rating is a share of: the votes, and what identical texts weigh beside them."""
        return self.votes + self.alike

    @property
    def rate(self) -> float:
        """Wins and half of all ties, as a share of the weight, which must not be 0."""
        return (self.score + self.alike / 2) / self.weight

    def add(self, case: str, outcome: Outcome, times: int = 1) -> None:
        """Count an outcome, seen from the first contender, so many times."""
        match outcome:
            case Outcome.SKIP:
                self.skipped += times
                return
            case Outcome.WIN:
                place, self.wins = 0, self.wins + times
            case Outcome.LOSS:
                place, self.losses = 1, self.losses + times
            case Outcome.TIE:
                place, self.ties = 2, self.ties + times
            case Outcome.BAD:
                place, self.bad = 3, self.bad + times
        self.cases.setdefault(case, [0, 0, 0, 0])[place] += times

    def join(self, other: Tally, *, turned: bool = False) -> None:
        """Count another tally in too; ``turned`` sees it from its second contender."""
        for case, (wins, losses, ties, bad) in other.cases.items():
            of = (losses, wins, ties, bad) if turned else (wins, losses, ties, bad)
            own = self.cases.setdefault(case, [0, 0, 0, 0])
            own[:] = [mine + more for mine, more in zip(own, of, strict=True)]
        self.wins += other.losses if turned else other.wins
        self.losses += other.wins if turned else other.losses
        self.ties += other.ties
        self.bad += other.bad
        self.skipped += other.skipped
        self.identical += other.identical
        self.alike += other.alike

    def of_bad(self) -> Tally:
        """Return the same judgements asked anew: a win where both were bad, a loss where not."""
        again = Tally(wins=self.bad, losses=self.votes)
        again.cases = {case: [of[3], sum(of[:3]), 0, 0] for case, of in self.cases.items()}
        return again


Differing = Mapping[frozenset[str], float]
"""By two contenders, the share of their pairs of results that differ; see `differing`."""


def tally(
    ballots: Iterable[Ballot],
    contenders: Iterable[str],
    differing: Differing | None = None,
    *,
    by_case: bool = True,
) -> dict[tuple[int, int], Tally]:
    """Count ballots by pair of contenders.

    Returns the tallies by the two positions in ``contenders``, the lower first, seen from the lower. Ballots
    about anyone else are left out, and so are a ballot between a contender and itself, which says nothing of
    either, and a repeat, which would count one opinion twice. Without ``by_case`` all votes count as on one
    case, which is quicker and serves a quick fit.

    Ties of identical texts are counted apart, as ``identical``, and weigh in proportion, as ``alike``. All
    there are are found at once, while people vote on a few of the pairs that differ: each counted as one vote
    would pull a rating to even by how little was voted so far. So the votes stand for the share f of pairs
    that differ, and n of them bring (1 - f) / f × n ties along: a rating then estimates the win rate over all
    answers there are, however few were voted on. While nobody voted they weigh nothing, and where no texts
    differ they weigh one each. Of contenders without a share in ``differing`` they weigh nothing.

    Source: W. G. Cochran, Sampling Techniques (1977), chapter 5, on stratified sampling: the identical pairs
    are the stratum that is known without asking.
    """
    shares = differing or {}
    names = list(contenders)
    places = {contender: place for place, contender in enumerate(names)}
    # Counting whole ballots first leaves the slow part to the few distinct ones.
    told = attrgetter("first", "second", "outcome", "judge", "repeat", *(["case"] if by_case else []))
    tallies: dict[tuple[int, int], Tally] = {}
    for (first, second, outcome, judge, repeat, *case), times in Counter(map(told, ballots)).items():
        i, j = places.get(first), places.get(second)
        if i is None or j is None or i == j or repeat:
            continue
        place = (i, j) if i < j else (j, i)
        pair = tallies.get(place)
        if pair is None:
            pair = tallies[place] = Tally()
        if judge == IDENTICAL:
            pair.identical += times
        else:
            pair.add(case[0] if case else "", outcome if i < j else outcome.mirrored, times)
    for (i, j), pair in tallies.items():
        if pair.identical:
            pair.alike = _weight(pair, shares.get(frozenset((names[i], names[j])), 1.0))
    return tallies


def _weight(of: Tally, differing: float) -> float:
    """Return how many ties the identical texts of two contenders weigh."""
    return of.votes * (1 - differing) / differing if differing > 0 else float(of.identical)


def mark_repeats(ballots: Iterable[Ballot]) -> Iterator[Ballot]:
    """Yield the ballots, given oldest first, with ``repeat`` set where the judge had judged the same results.

    A pair that was skipped was not judged. Ballots without results are yielded as they are.
    """
    judged: set[tuple[str, frozenset[int]]] = set()
    for ballot in ballots:
        if ballot.results is None or ballot.outcome is Outcome.SKIP:
            yield ballot
            continue
        seen = (ballot.judge, frozenset(ballot.results))
        repeat = seen in judged
        yield ballot if ballot.repeat is repeat else replace(ballot, repeat=repeat)
        judged.add(seen)
