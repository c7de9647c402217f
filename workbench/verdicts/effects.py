"""What may sway a judge beside the answer: the side it is on, and its length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workbench.verdicts.intervals import Share, share, sign_test
from workbench.verdicts.votes import Ballot, Outcome, Tally


@dataclass(frozen=True, slots=True)
class Effect:
    """How often the favoured answer won: the one on the left, or the longer one.

    ``share`` is its wins among wins and losses, with a 95 % interval; None without any. ``ties`` are apart,
    and so are ``even``: votes in which neither was favoured, or that tell nothing of it. ``p`` is the exact
    two-sided p-value of the sign test: how likely so uneven a count is by chance alone; it takes votes as
    independent, while the interval makes allowance for repeated cases.
    """

    wins: int
    losses: int
    ties: int
    even: int
    share: Share | None
    p: float

    @property
    def shows(self) -> bool:
        """Whether there is an effect: the interval leaves even out."""
        return self.share is not None and not self.share.undecided


def side_effect(ballots: Iterable[Ballot]) -> Effect:
    """Return how often the answer on the left won.

    Sides are drawn at random, so that this should be even whoever is better; where it is not, the judge leans
    to a side, which by the same chance harms no contender.
    """
    return _effect((ballot, ballot.first_on_left) for ballot in ballots)


def length_effect(ballots: Iterable[Ballot], lengths: Mapping[int, int]) -> Effect:
    """Return how often the longer answer won; ``lengths`` are by result, in characters or tokens.

    Lengths are not drawn at random: a contender that is better may be longer too. So an effect is a reason to
    look whether length was rewarded, and no proof that it was.
    """

    def longer_first(ballot: Ballot) -> bool | None:
        first, second = (lengths.get(result) for result in ballot.results or (-1, -1))
        return None if first is None or second is None or first == second else first > second

    return _effect((ballot, longer_first(ballot)) for ballot in ballots)


def _effect(favours: Iterable[tuple[Ballot, bool | None]]) -> Effect:
    """Return the effect by whether each ballot's first answer was favoured, None where neither was."""
    decided = Tally()
    ties = even = 0
    for ballot, first in favours:
        if not ballot.counts:
            continue
        if first is None:
            even += 1
        elif ballot.outcome is Outcome.TIE:
            ties += 1
        else:
            decided.add(ballot.case, ballot.outcome if first else ballot.outcome.mirrored)
    wins, losses = decided.wins, decided.losses
    return Effect(wins, losses, ties, even, share(decided), sign_test(wins, losses))
