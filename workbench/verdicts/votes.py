"""What a verdict needs of a vote, and the counts that all verdicts start from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote: two contenders on one case, the outcome seen from the first.

    ``case`` is the hash of the case's inputs. ``results`` are the ids of the two results, first contender's
    first; choosing the next pair needs them, rating does not.
    """

    first: str
    second: str
    case: str
    outcome: Outcome
    results: tuple[int, int] | None = None
    judge: str = ""
    blind: bool = True


@dataclass(slots=True)
class Tally:
    """The votes between two contenders, seen from the first.

    ``cases`` holds wins, losses and ties for each case; ``identical`` is how many of the ties nobody was
    asked about.
    """

    cases: dict[str, list[int]] = field(default_factory=dict)
    wins: int = 0
    losses: int = 0
    ties: int = 0
    bad: int = 0
    skipped: int = 0
    identical: int = 0

    @property
    def votes(self) -> int:
        """How many votes enter the rating."""
        return self.wins + self.losses + self.ties

    def add(self, case: str, outcome: Outcome, times: int) -> None:
        """Count an outcome, seen from the first contender, so many times."""
        match outcome:
            case Outcome.BAD:
                self.bad += times
                return
            case Outcome.SKIP:
                self.skipped += times
                return
            case Outcome.WIN:
                place, self.wins = 0, self.wins + times
            case Outcome.LOSS:
                place, self.losses = 1, self.losses + times
            case Outcome.TIE:
                place, self.ties = 2, self.ties + times
        self.cases.setdefault(case, [0, 0, 0])[place] += times


_MIRRORED = {Outcome.WIN: Outcome.LOSS, Outcome.LOSS: Outcome.WIN}


def tally(
    ballots: Iterable[Ballot], contenders: Iterable[str], *, by_case: bool = True
) -> dict[tuple[int, int], Tally]:
    """Count ballots by pair of contenders.

    Returns the tallies by the two positions in ``contenders``, the lower first, seen from the lower. Ballots
    about anyone else are left out, and so is a ballot between a contender and itself, which says nothing of
    either. Without ``by_case`` all votes count as on one case, which is quicker and serves a quick fit.
    """
    places = {contender: place for place, contender in enumerate(contenders)}
    # Counting whole ballots first leaves the slow part to the few distinct ones.
    counted = Counter(
        (b.first, b.second, b.case if by_case else "", b.outcome, b.judge == IDENTICAL) for b in ballots
    )
    tallies: dict[tuple[int, int], Tally] = {}
    for (first, second, case, outcome, identical), times in counted.items():
        i, j = places.get(first), places.get(second)
        if i is None or j is None or i == j:
            continue
        pair = tallies.setdefault((i, j) if i < j else (j, i), Tally())
        pair.add(case, outcome if i < j else _MIRRORED.get(outcome, outcome), times)
        pair.identical += times if identical and outcome is Outcome.TIE else 0
    return tallies
