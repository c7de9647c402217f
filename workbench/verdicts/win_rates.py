"""How often each contender won, and how sure that is: the votes alone, without a model of strengths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.verdicts.intervals import design_effect, wilson
from workbench.verdicts.votes import Ballot, Tally, tally


@dataclass(frozen=True, slots=True)
class WinRate:
    """Wins and half the ties among ``votes``, with its 95 % interval from ``low`` to ``high``."""

    votes: int
    rate: float
    low: float
    high: float

    @property
    def margin(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


def win_rates(ballots: Iterable[Ballot]) -> dict[str, WinRate]:
    """Return the win rate of every contender with a vote that counts.

    The interval is Wilson's, its n divided by the design effect where cases repeat, as on the board.
    """
    given = list(ballots)
    names = list(dict.fromkeys(name for ballot in given for name in (ballot.first, ballot.second)))
    tallies = tally(given, names)
    effect = design_effect(tallies.values())
    return {
        name: _rate(*_won(place, tallies), effect)
        for place, name in enumerate(names)
        if _won(place, tallies)[1]
    }


def _won(place: int, tallies: dict[tuple[int, int], Tally]) -> tuple[float, int]:
    """Return how much one contender won against everyone, a tie counting half, and of how many votes."""
    own = [
        (pair.wins if place == i else pair.losses, pair)
        for (i, j), pair in tallies.items()
        if place in (i, j)
    ]
    return sum(won + pair.ties / 2 for won, pair in own), sum(pair.votes for _, pair in own)


def _rate(won: float, votes: int, effect: float) -> WinRate:
    interval = wilson(won / votes, votes / effect)
    return WinRate(votes, won / votes, interval.low, interval.high)
