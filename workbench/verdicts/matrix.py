"""Who won against whom: every two contenders by their own votes alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.verdicts.intervals import EVEN, Share, share, sign_test
from workbench.verdicts.votes import Ballot, Differing, Tally, tally


@dataclass(frozen=True, slots=True)
class Meeting:
    """What ``first`` did against ``second``.

    ``rate`` is wins and half the ties of these two, with Wilson's interval as on a board of two; None where
    nothing weighs. ``ties`` were given by somebody; ``identical`` ones weigh in proportion, see `tally`,
    while ``bad`` and ``skipped`` enter no rate. ``sign_test`` is the exact two-sided p-value of wins against
    losses.
    """

    first: str
    second: str
    wins: int
    losses: int
    ties: int
    bad: int
    skipped: int
    identical: int
    rate: Share | None
    sign_test: float

    @property
    def undecided(self) -> bool:
        """Whether the two may still be even."""
        return self.rate is None or self.rate.undecided


@dataclass(frozen=True)
class Matrix:
    """All meetings, by both names in both orders; a contender does not meet itself."""

    contenders: tuple[str, ...]
    meetings: dict[tuple[str, str], Meeting]

    def row(self, first: str) -> tuple[Meeting | None, ...]:
        """Return one contender's meetings in the order of ``contenders``, None in its own place."""
        return tuple(self.meetings.get((first, second)) for second in self.contenders)

    @property
    def circles(self) -> tuple[tuple[str, str, str], ...]:
        """Three contenders that beat each other in a circle, each surely: no ranking can say that.

        Bradley and Terry's model, and any other rating of one number a contender, smooths it over.
        """
        names = self.contenders
        return tuple(
            (a, b, c)
            for i, a in enumerate(names)
            for b in names[i + 1 :]
            if self._beats(a, b)
            for c in names[i + 1 :]
            if c != b and self._beats(b, c) and self._beats(c, a)
        )

    def _beats(self, first: str, second: str) -> bool:
        rate = self.meetings[first, second].rate
        return rate is not None and rate.low > EVEN


def head_to_head(
    ballots: Iterable[Ballot], contenders: Sequence[str], differing: Differing | None = None
) -> Matrix:
    """Return how each two of these contenders fared against each other; for ``differing`` see `tally`."""
    names = tuple(dict.fromkeys(contenders))
    meetings = {}
    tallies = tally(ballots, names, differing)
    for i, first in enumerate(names):
        for j, second in enumerate(names):
            if i == j:
                continue
            of = Tally()
            of.join(tallies.get((min(i, j), max(i, j)), of), turned=i > j)
            meetings[first, second] = _meeting(first, second, of)
    return Matrix(names, meetings)


def _meeting(first: str, second: str, of: Tally) -> Meeting:
    return Meeting(
        first=first,
        second=second,
        wins=of.wins,
        losses=of.losses,
        ties=of.ties,
        bad=of.bad,
        skipped=of.skipped,
        identical=of.identical,
        rate=share(of),
        sign_test=sign_test(of.wins, of.losses),
    )
