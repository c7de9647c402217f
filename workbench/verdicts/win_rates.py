"""How often each contender won, and how sure that is: the votes alone, without a model of strengths."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.verdicts.intervals import Share, share
from workbench.verdicts.votes import Ballot, Differing, Tally, tally

WinRate = Share
"""Wins and half the ties of one contender against everyone it met."""


def win_rates(ballots: Iterable[Ballot], differing: Differing | None = None) -> dict[str, WinRate]:
    """Return the win rate of every contender with a vote or identical texts that weigh; see `tally`.

    The interval is Wilson's, its n divided by the design effect where cases repeat, against whomever.
    """
    given = list(ballots)
    names = list(dict.fromkeys(name for ballot in given for name in (ballot.first, ballot.second)))
    own = [Tally() for _ in names]
    for (i, j), pair in tally(given, names, differing).items():
        own[i].join(pair)
        own[j].join(pair, turned=True)
    rates = {name: share(of) for name, of in zip(names, own, strict=True)}
    return {name: rate for name, rate in rates.items() if rate}
