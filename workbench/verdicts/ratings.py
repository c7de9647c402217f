"""What the votes say: who is ahead, by how much, how surely, and what it would take to be sure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.verdicts.intervals import (
    EVEN,
    Interval,
    Share,
    Z,
    design_effect,
    share,
    sign_test,
    wilson,
    worth,
)
from workbench.verdicts.strengths import Strengths, fit
from workbench.verdicts.votes import Ballot, Differing, Tally, tally

MOST_VOTES = 9999
"""A need for more votes than this is no plan: the contenders are as good as even."""

Tallies = Mapping[tuple[int, int], Tally]


@dataclass(frozen=True, slots=True)
class Row:
    """One contender on the board.

    ``votes`` were given by somebody: wins, losses and ties. Apart from these are ``identical``, pairs of
    equal texts that nobody was asked about and that weigh in proportion (see `tally`), and ``bad``, pairs in
    which both were bad; ``bads`` is the share of these among all that were judged, with its 95 % interval,
    None where there are none. ``win_rate`` is wins and half of all ties by weight, None where nothing weighs.
    ``rating`` is the win rate to expect against an equal field of the others on the board, from 0 to 1, and
    ``low`` to ``high`` its 95 % interval.

    ``undecided`` says that this contender and the leader may still be even: the interval of the difference
    between them spans it. The leader is undecided while anyone else is. ``votes_needed`` is about how many
    more votes between the two would settle it if they went on as so far, for the leader the sum over its
    undecided rivals; it is None where it is settled and where no number makes sense: no votes yet, exactly
    even, or beyond 9,999.
    """

    contender: str
    votes: int
    wins: int
    losses: int
    ties: int
    bad: int
    identical: int
    win_rate: float | None
    rating: float
    low: float
    high: float
    undecided: bool
    votes_needed: int | None
    bads: Share | None

    @property
    def bad_share(self) -> float | None:
        """The share of this contender's judged pairs in which both were bad; None without any."""
        return self.bads.rate if self.bads else None


@dataclass(frozen=True)
class Board:
    """All contenders, best rating first; equal ones in the order they were given.

    ``groups`` are the contenders that votes join, directly or through others; ratings compare across groups
    only by the prior. ``connected`` says that there is one group. ``cases`` is how many were voted on: one or
    two say nothing about others. ``votes`` were given by somebody; ``bad``, ``skipped`` and ``identical``
    count pairs apart from these. ``design_effect`` is what repeated cases divide the number of votes by.
    ``sign_test`` is the exact two-sided p-value, for two contenders only.
    """

    rows: tuple[Row, ...]
    groups: tuple[tuple[str, ...], ...]
    votes: int
    cases: int
    bad: int
    skipped: int
    identical: int
    design_effect: float
    sign_test: float | None

    @property
    def connected(self) -> bool:
        """Whether votes join all contenders."""
        return len(self.groups) <= 1


@dataclass(frozen=True, slots=True)
class _Standing:
    rating: float
    interval: Interval
    undecided: bool
    votes_needed: int | None


def rate(ballots: Iterable[Ballot], contenders: Sequence[str], differing: Differing | None = None) -> Board:
    """Return the board of these contenders by these ballots.

    Two contenders are rated by win rate and Wilson's interval, more by Bradley and Terry's model; see
    `intervals` and `strengths` for the formulas. Both correct for cases that were voted on repeatedly.
    Ballots about contenders not given are left out, so that a filter of contenders needs no filter of votes.
    ``differing`` says by how much identical texts weigh, see `tally`.
    """
    names = list(dict.fromkeys(contenders))
    tallies = tally(ballots, names, differing)
    pair = tallies.get((0, 1), Tally()) if len(names) == 2 else None
    effect = 1.0
    if len(names) < 2:
        standings = [_Standing(EVEN, Interval(0.0, 1.0), True, None) for _ in names]
    elif pair is not None:
        effect = design_effect(pair)
        standings = _stand_of_two(pair, effect)
    else:
        strengths = fit(len(names), tallies)
        effect = strengths.effect
        standings = _stand_of_more(strengths, tallies)
    # Rounding keeps the last bit of a float from ordering contenders that are equal.
    order = sorted(range(len(names)), key=lambda i: -round(standings[i].rating, 9))
    own = _own(len(names), tallies)
    return Board(
        rows=tuple(_row(names[i], own[i], standings[i]) for i in order),
        groups=_groups(names, tallies),
        votes=sum(t.votes for t in tallies.values()),
        cases=len({case for t in tallies.values() for case, of in t.cases.items() if any(of[:3])}),
        bad=sum(t.bad for t in tallies.values()),
        skipped=sum(t.skipped for t in tallies.values()),
        identical=sum(t.identical for t in tallies.values()),
        design_effect=effect,
        sign_test=None if pair is None else sign_test(pair.wins, pair.losses),
    )


def _stand_of_two(pair: Tally, effect: float) -> list[_Standing]:
    rate = pair.rate if pair.weight else EVEN
    interval = wilson(rate, worth(pair) / effect)
    undecided = interval.spans(EVEN)
    needed = None
    if undecided and pair.votes and (ahead := pair.score / pair.votes - EVEN):
        # Wilson's interval ends at even where |rate - ½| = Z √(¼ / n), with identical texts or without.
        needed = _counted(effect * (Z / (2 * ahead)) ** 2 - pair.votes)
    mirrored = Interval(1 - interval.high, 1 - interval.low)
    return [
        _Standing(rate, interval, undecided, needed),
        _Standing(1 - rate, mirrored, undecided, needed),
    ]


def _stand_of_more(strengths: Strengths, tallies: Tallies) -> list[_Standing]:
    rated = [strengths.rating(i) for i in range(len(strengths.values))]
    leader = max(range(len(rated)), key=lambda i: (round(rated[i][0], 9), -i))
    voted = {place for pair, of in tallies.items() if of.votes for place in pair}
    standings = []
    for i, (rate, interval) in enumerate(rated):
        undecided = i != leader and strengths.difference(leader, i).spans(0.0)
        of = tallies.get((min(leader, i), max(leader, i)), Tally())
        needed = _needed(strengths, leader, i, of) if undecided and {leader, i} <= voted else None
        standings.append(_Standing(rate, interval, undecided, needed))
    rivals = [standing for standing in standings if standing.undecided]
    needs = [rival.votes_needed for rival in rivals if rival.votes_needed is not None]
    total = sum(needs) if len(needs) == len(rivals) else MOST_VOTES + 1
    needed = total if 0 < total <= MOST_VOTES else None
    standings[leader] = _Standing(*rated[leader], bool(rivals), needed)
    return standings


def _needed(strengths: Strengths, leader: int, rival: int, of: Tally) -> int | None:
    """Return about how many votes between two would part them, None where they are even.

    A vote between the two adds p (1 - p) to the information on their difference, divided by the design effect
    and by the square of the share of their texts that differ; what is known through all other contenders
    stays, as conductors in parallel add up. They part where the difference is Z standard errors.
    """
    ahead = strengths.values[leader] - strengths.values[rival]
    if abs(ahead) < 1e-9:
        return None
    missing = (Z / ahead) ** 2 - 1 / strengths.variance(leader, rival)
    known = strengths.chance(leader, rival) * strengths.chance(rival, leader) / strengths.effect
    differing = of.votes / of.weight if of.votes else 1.0
    return _counted(missing / known * differing**2)


def _counted(more: float) -> int | None:
    """Return a whole number of votes, at least one more than nothing, None beyond any plan."""
    return max(1, math.floor(more) + 1) if more < MOST_VOTES else None


def _own(size: int, tallies: Tallies) -> list[Tally]:
    """Return each contender's votes against everyone."""
    own = [Tally() for _ in range(size)]
    for (i, j), of in tallies.items():
        own[i].join(of)
        own[j].join(of, turned=True)
    return own


def _row(contender: str, own: Tally, standing: _Standing) -> Row:
    return Row(
        contender=contender,
        votes=own.votes,
        wins=own.wins,
        losses=own.losses,
        ties=own.ties,
        bad=own.bad,
        identical=own.identical,
        win_rate=own.rate if own.weight else None,
        rating=standing.rating,
        low=standing.interval.low,
        high=standing.interval.high,
        undecided=standing.undecided,
        votes_needed=standing.votes_needed,
        bads=share(own.of_bad()),
    )


def _groups(names: list[str], tallies: Tallies) -> tuple[tuple[str, ...], ...]:
    """Return the contenders joined by what enters the rating, each group in the board's given order."""
    group = list(range(len(names)))
    for (i, j), of in tallies.items():
        if of.weight and group[i] != group[j]:
            old, new = max(group[i], group[j]), min(group[i], group[j])
            group = [new if g == old else g for g in group]
    return tuple(tuple(names[i] for i, g in enumerate(group) if g == head) for head in sorted(set(group)))
