"""How strong each of several contenders is, by Bradley and Terry's model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from operator import mul

from workbench.verdicts.intervals import EVEN, Interval, Z
from workbench.verdicts.votes import Tally

PRIOR = 0.5
"""Ties that every pair of contenders is given beforehand: half of one, a quarter of a win to each side."""

STEPS = 100
"""Newton's method takes about eight; this many would mean a fault, not a hard table."""

Matrix = list[list[float]]


@dataclass(frozen=True)
class Strengths:
    """The fitted strengths, in log-odds, and their covariance; only differences of them mean anything."""

    values: list[float]
    covariance: Matrix

    def chance(self, i: int, j: int) -> float:
        """Return the chance that i beats j."""
        return _logistic(self.values[i] - self.values[j])

    def variance(self, i: int, j: int) -> float:
        """Return the variance of the difference between two strengths, in squared log-odds."""
        return self.covariance[i][i] + self.covariance[j][j] - 2 * self.covariance[i][j]

    def difference(self, i: int, j: int) -> Interval:
        """Return the 95 % interval of how much stronger i is than j, in log-odds."""
        middle, margin = self.values[i] - self.values[j], Z * math.sqrt(self.variance(i, j))
        return Interval(middle - margin, middle + margin)

    def rating(self, i: int) -> tuple[float, Interval]:
        """Return the win rate to expect against each of the others equally often, and its interval.

        The rate is the mean of the chances against the others. Its variance follows by the delta method from
        the covariance of the strengths; the interval is symmetric in log-odds, which keeps it inside 0..1.
        """
        others = [j for j in range(len(self.values)) if j != i]
        wins = [self.chance(i, j) for j in others]
        losses = [self.chance(j, i) for j in others]
        slopes = [0.0] * len(self.values)
        for j, win, loss in zip(others, wins, losses, strict=True):
            slopes[j] = -win * loss / len(others)
        slopes[i] = -sum(slopes)
        variance = _dot(slopes, [_dot(row, slopes) for row in self.covariance])
        rate, rest = sum(wins) / len(others), sum(losses) / len(others)
        middle, margin = math.log(rate / rest), Z * math.sqrt(max(variance, 0.0)) / (rate * rest)
        return rate, Interval(_logistic(middle - margin), _logistic(middle + margin))


@dataclass(frozen=True, slots=True)
class _Meeting:
    """What two contenders scored against each other, the prior included: ``score`` of ``n`` to the first."""

    i: int
    j: int
    score: float
    n: float
    tally: Tally


def fit(
    size: int, tallies: Mapping[tuple[int, int], Tally], *, inflation: float = 1.0, quick: bool = False
) -> Strengths:
    """Return the strengths of ``size`` contenders that explain the tallies best, with their covariance.

    The chance that i beats j is 1 / (1 + exp(sⱼ - sᵢ)); a tie is half a win and half a loss. Every pair of
    contenders has half a tie of prior, so that sweeps, contenders without votes and comparisons that fall
    into separate groups still have finite strengths and honest, wide intervals. The maximum is found by
    Newton's method, the step halved where it overshoots; it is unique, since the log-likelihood is concave
    and the prior joins all contenders.

    The covariance is the mean of two: the inverse information, which holds if the model does but is too wide
    under ties, and Huber and White's sandwich, which is right under ties but too narrow on few votes.
    ``inflation`` multiplies it: the design effect of repeated cases. ``quick`` stops within a tenth of
    log-odds and leaves the sandwich out: good enough to choose a pair by, in a third of the time.

    Source: R. A. Bradley and M. E. Terry, Rank analysis of incomplete block designs, Biometrika 39 (1952); D.
    R. Hunter, MM algorithms for generalized Bradley-Terry models, Annals of Statistics 32 (2004), for
    existence and uniqueness; P. J. Huber, Proc. 5th Berkeley Symposium (1967), and H. White, Econometrica 50
    (1982).
    """
    none = Tally()
    meetings = [
        _Meeting(i, j, of.wins + of.ties / 2 + PRIOR / 2, of.votes + PRIOR, of)
        for i in range(size)
        for j in range(i + 1, size)
        for of in (tallies.get((i, j), none),)
    ]
    values, inverse = _maximum(size, meetings, 0.1 if quick else 1e-8)
    if quick:
        return Strengths(values, [[inflation * entry for entry in row] for row in inverse])
    weights = {(m.i, m.j): _spread(m, _logistic(values[m.i] - values[m.j])) for m in meetings}
    middle = _laplacian(size, weights)
    half = [[_dot(row, column) for column in middle] for row in inverse]
    covariance = [
        [inflation * (inverse[i][j] + _dot(half[i], inverse[j])) / 2 for j in range(size)]
        for i in range(size)
    ]
    return Strengths(values, covariance)


def _maximum(size: int, meetings: list[_Meeting], tolerance: float) -> tuple[list[float], Matrix]:
    """Return the most likely strengths, with mean zero, and the inverse of the information there."""
    values = [0.0] * size
    for _ in range(STEPS):
        slope, inverse = [0.0] * size, _inverse(_information(values, meetings))
        for m in meetings:
            surprise = m.score - m.n * _logistic(values[m.i] - values[m.j])
            slope[m.i] += surprise
            slope[m.j] -= surprise
        step = [_dot(row, slope) for row in inverse]
        longest = max(map(abs, step), default=0.0)
        # A short step cannot overshoot, and there the likelihood is too flat to tell.
        floor = _likelihood(values, meetings) if longest > 0.1 else -math.inf
        reach = 1.0
        while True:
            moved = [value + reach * by for value, by in zip(values, step, strict=True)]
            if floor == -math.inf or _likelihood(moved, meetings) >= floor:
                break
            reach /= 2
        values = moved
        # Steps shrink by squares: after one below 1e-8 nothing is left that a float could hold.
        if longest < tolerance:
            break
    return values, inverse


def _likelihood(values: list[float], meetings: list[_Meeting]) -> float:
    total = 0.0
    for m in meetings:
        ahead = values[m.i] - values[m.j]
        # log p = -log(1 + e⁻ᵈ), written so that a large difference overflows nowhere.
        lost = math.log1p(math.exp(-abs(ahead)))
        total -= m.n * lost + (m.score if ahead < 0 else m.n - m.score) * abs(ahead)
    return total


def _information(values: list[float], meetings: list[_Meeting]) -> Matrix:
    """Return the information, made regular: it knows differences only, so the sum is given a weight."""
    size = len(values)
    weights = {}
    for m in meetings:
        ahead = values[m.i] - values[m.j]
        weights[m.i, m.j] = m.n * _logistic(ahead) * _logistic(-ahead)
    return [[entry + 1 / size for entry in row] for row in _laplacian(size, weights)]


def _spread(meeting: _Meeting, chance: float) -> float:
    """Return the sum of the squared surprises of the votes of one meeting."""
    of = meeting.tally
    return of.wins * (1 - chance) ** 2 + of.losses * chance**2 + (of.ties + PRIOR) * (EVEN - chance) ** 2


def _laplacian(size: int, weights: Mapping[tuple[int, int], float]) -> Matrix:
    matrix = [[0.0] * size for _ in range(size)]
    for (i, j), weight in weights.items():
        matrix[i][i] += weight
        matrix[j][j] += weight
        matrix[i][j] -= weight
        matrix[j][i] -= weight
    return matrix


def _inverse(matrix: Matrix) -> Matrix:
    """Return the inverse of a symmetric positive definite matrix, by Cholesky's factor L and its inverse."""
    size = len(matrix)
    factor: Matrix = []
    columns: Matrix = []
    for i, row in enumerate(matrix):
        entries: list[float] = []
        for j in range(i):
            entries.append((row[j] - _dot(entries, factor[j])) / factor[j][j])
        entries.append(math.sqrt(row[i] - _dot(entries, entries)))
        factor.append(entries)
    for j in range(size):
        # Column j of L⁻¹ from its diagonal down.
        column = [1 / factor[j][j]]
        for i in range(j + 1, size):
            column.append(-_dot(factor[i][j:i], column) / factor[i][i])
        columns.append(column)
    result = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            result[i][j] = result[j][i] = _dot(columns[i], columns[j][i - j :])
    return result


def _dot(left: list[float], right: list[float]) -> float:
    """Return the sum of products as far as the shorter reaches."""
    total: float = sum(map(mul, left, right))
    return total


def _logistic(value: float) -> float:
    # Written in two halves so that neither end overflows or loses its last digits.
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))
