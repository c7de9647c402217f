"""What earlier runs teach about an estimate: the line from what was estimated to what was reported.

A provider that counts otherwise than the base encoding does so in three ways: its tokenizer makes more or
fewer tokens of a text, each message has another wrapping, and so has the whole. Hence

    reported ≈ factor · estimated + per_message · messages + offset

fitted by least squares on *relative* errors (every row is divided by what was reported), since a person
reads an error as a share of the count. Of the three lines with one, two and three of these terms that the
observations can carry, the one that predicts best is taken; each observation is predicted from all the
others, which for least squares needs no fitting anew: the error left out is e / (1 - h), with the residual e
and the leverage h (Allen's PRESS, https://en.wikipedia.org/wiki/PRESS_statistic). Where no line predicts
better than the estimate does as it is, the estimate stays.

One report that is no count of its context, such as 1, would pull any such line to itself. So reports far from
the median of all, as shares of what was estimated, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean, median
from typing import NamedTuple

_SPREAD = 2
"""How many times the smallest estimate the largest must be for a line to hold beyond them."""

_FAR = 3
"""How many times the median of what was reported for a token estimated, either way, is not believed."""

_FAR_ALONE = 4
"""How many times the estimate, either way, is not believed where there are too few for a median."""

_ALONE = 1e-3
"""How much of a term must be its own, and not follow from the others, for it to be told apart."""


class Observation(NamedTuple):
    """One context: its raw estimate and its number of messages, and what was reported, in tokens."""

    estimated: int
    messages: int
    reported: int


@dataclass(frozen=True)
class Correction:
    """How to make of a raw estimate what the provider will report.

    ``error`` is the mean relative error of predicting each observation from the others, None with fewer
    than two; ``observations`` is the number of different contexts whose reports were believed.
    """

    factor: float
    per_message: float = 0.0
    offset: float = 0.0
    error: float | None = None
    observations: int = 0

    def total(self, estimated: int, messages: int) -> int:
        """Return the tokens to expect in all for a raw estimate."""
        return max(round(self.factor * estimated + self.per_message * messages + self.offset), 0)


def fitted(observations: Iterable[Observation]) -> Correction | None:
    """Return the correction that these observations teach, or None where there are none to be believed.

    A ratio where they are few or alike, else the line that predicts best; a factor of 1 where none predicts
    better than that.
    """
    seen = _believed([each for each in observations if min(each) > 0])
    if not seen:
        return None
    weights: list[float] = []
    least = inf
    for terms in range(1, _terms(seen) + 1):
        rows = [_row(each, terms) for each in seen]
        inverse = _inverse(_squares(rows))
        if inverse is None:
            continue
        found = [sum(column) for column in zip(*(_times(inverse, row) for row in rows), strict=True)]
        error = _left_out(rows, inverse, found)
        if found[0] > 0 and (error < least or not weights):
            weights, least = found, error
    as_it_is = fmean(abs(each.estimated / each.reported - 1) for each in seen)
    if as_it_is <= least < inf:
        return Correction(1.0, error=as_it_is, observations=len(seen))
    factor, offset, per_message = (*weights, 0.0, 0.0)[:3]
    return Correction(factor, per_message, offset, None if least == inf else least, len(seen))


def _believed(seen: Sequence[Observation]) -> Sequence[Observation]:
    """Return the observations whose reports may be counts of what was estimated."""
    if len(seen) >= 3:
        middle = median(each.reported / each.estimated for each in seen)
        seen = [each for each in seen if _near(each.reported / each.estimated / middle, _FAR)]
    if len(seen) >= 3:
        return seen
    return [each for each in seen if _near(each.reported / each.estimated, _FAR_ALONE)]


def _near(ratio: float, times: float) -> bool:
    return 1 / times <= ratio <= times


def _terms(seen: Sequence[Observation]) -> int:
    """Return how many terms of the line the observations can carry: with each, one more must be spare."""
    sizes = [each.estimated for each in seen]
    if len(seen) < 4 or max(sizes) < _SPREAD * min(sizes):
        return 1
    return 2 if len(seen) < 6 or len({each.messages for each in seen}) == 1 else 3


def _row(seen: Observation, terms: int) -> list[float]:
    """Return the terms of one observation, divided so that what they should add up to is 1."""
    return [each / seen.reported for each in (seen.estimated, 1, seen.messages)[:terms]]


def _squares(rows: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return XᵀX of the rows X."""
    columns = list(zip(*rows, strict=True))
    return [[sum(a * b for a, b in zip(one, other, strict=True)) for other in columns] for one in columns]


def _inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Return the inverse of a XᵀX, by Gauss and Jordan, or None where one term follows from the others.

    What is left of a diagonal element, as a share of it, is what of its term the terms before leave open.
    """
    size = len(matrix)
    rows = [[*row, *(float(at == other) for other in range(size))] for at, row in enumerate(matrix)]
    for at in range(size):
        pivot = rows[at][at]
        if pivot <= _ALONE * matrix[at][at]:
            return None
        rows[at] = [each / pivot for each in rows[at]]
        for other in range(size):
            if other != at:
                share = rows[other][at]
                rows[other] = [a - share * b for a, b in zip(rows[other], rows[at], strict=True)]
    return [row[size:] for row in rows]


def _times(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _left_out(
    rows: Sequence[Sequence[float]], inverse: Sequence[Sequence[float]], weights: Sequence[float]
) -> float:
    """Return the mean relative error of each observation when it is left out; infinite where it cannot be."""
    total = 0.0
    for row in rows:
        leverage = sum(a * b for a, b in zip(row, _times(inverse, row), strict=True))
        if leverage > 1 - 1e-9:
            return inf
        residual = 1 - sum(a * b for a, b in zip(row, weights, strict=True))
        total += abs(residual) / (1 - leverage)
    return total / len(rows)
