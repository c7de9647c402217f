"""What quality costs: which contenders no other beats on both, and the cheapest that does the job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.verdicts.ratings import Board, Row


@dataclass(frozen=True, slots=True)
class Point:
    """One contender's rating and price, a cost or a latency. ``beaten_by`` is the best that beats it on both.

    None is one that nobody beats: it is on the frontier.
    """

    contender: str
    rating: float
    price: float
    beaten_by: str | None


@dataclass(frozen=True)
class Frontier:
    """Quality against price: ``points`` from the lowest price up, and apart those that cannot be placed.

    ``unpriced`` have no known price, ``unrated`` no votes. ``leader`` has the best rating of those with
    votes, priced or not. ``enough`` is the cheapest of which the votes do not say that it is worse than the
    leader: the smallest model that does the job, as far as is known; ``shortfall`` is how much worse it may
    be all the same, the leader's rating less the low end of its own, 0 where it is the leader itself. Both
    are None where nobody has votes, or none who has them a price.
    """

    points: tuple[Point, ...]
    unpriced: tuple[str, ...]
    unrated: tuple[str, ...]
    leader: str | None
    enough: str | None
    shortfall: float | None

    @property
    def best(self) -> tuple[str, ...]:
        """The contenders on the frontier, from the lowest price up: each beats all that cost less."""
        return tuple(point.contender for point in self.points if point.beaten_by is None)


def frontier(board: Board, prices: Mapping[str, float | None]) -> Frontier:
    """Return the frontier of a board's ratings against prices, in any one unit; 0 is free, None unknown.

    One contender beats another where it is at least as good and costs at most as much, and not both are
    equal. Ratings count as they stand, without their intervals; ``enough`` is what minds these: it is chosen
    among the leader and those whose difference to it is undecided. Few votes leave much undecided, which is
    why the shortfall belongs beside it. Only contenders in the leader's group of votes are compared with it.
    """
    rated = [row for row in board.rows if row.votes]
    priced = [(row, price) for row in rated if (price := prices.get(row.contender)) is not None]
    # The board has its best first, and sorting keeps that order among those that cost the same.
    priced.sort(key=lambda of: of[1])
    leader = rated[0] if rated else None
    enough = next((row for row, _ in priced if leader and _reaches(board, row, leader)), None)
    return Frontier(
        points=tuple(
            Point(row.contender, row.rating, price, _beaten(row, price, priced)) for row, price in priced
        ),
        unpriced=tuple(row.contender for row in rated if prices.get(row.contender) is None),
        unrated=tuple(row.contender for row in board.rows if not row.votes),
        leader=leader.contender if leader else None,
        enough=enough.contender if enough else None,
        shortfall=_shortfall(enough, leader) if enough and leader else None,
    )


def _reaches(board: Board, row: Row, leader: Row) -> bool:
    """Return whether the votes leave open that a contender is as good as the leader."""
    group = next(group for group in board.groups if leader.contender in group)
    return row is leader or (row.undecided and row.contender in group)


def _shortfall(enough: Row, leader: Row) -> float:
    return 0.0 if enough is leader else leader.rating - enough.low


def _beaten(row: Row, price: float, others: list[tuple[Row, float]]) -> str | None:
    """Return the best contender that is at least as good for at most the price, and not equal in both."""
    own = round(row.rating, 9)
    beating = [
        other
        for other, at in others
        if round(other.rating, 9) >= own and at <= price and (round(other.rating, 9), at) != (own, price)
    ]
    return max(beating, key=lambda other: round(other.rating, 9)).contender if beating else None
