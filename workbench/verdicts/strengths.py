"""How strong each of several contenders is, by Bradley and Terry's model."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from workbench.verdicts.intervals import EVEN, Interval, Z, sampled, unsure
from workbench.verdicts.solving import Square, between, dot, factored, inverted, laplacian, solved
from workbench.verdicts.votes import Tally

PRIOR = 0.5
"""Ties that every pair of contenders is given beforehand: half of one, a quarter of a win to each side."""

STEPS = 100
"""Newton's method takes about eight; this many would mean a fault, not a hard table."""


@dataclass(frozen=True)
class Strengths:
    """The fitted strengths, in log-odds, and their covariance; only differences of them mean anything.

    ``effect`` is the design effect, which the covariance already contains.
    """

    values: list[float]
    covariance: Square
    effect: float = 1.0

    def chance(self, i: int, j: int) -> float:
        """Return the chance that i beats j."""
        return _logistic(self.values[i] - self.values[j])

    def variance(self, i: int, j: int) -> float:
        """Return the variance of the difference between two strengths, in squared log-odds."""
        return between(self.covariance, i, j)

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
        variance = dot(slopes, [dot(row, slopes) for row in self.covariance])
        rate, rest = sum(wins) / len(others), sum(losses) / len(others)
        middle, margin = math.log(rate / rest), Z * math.sqrt(max(variance, 0.0)) / (rate * rest)
        return rate, Interval(_logistic(middle - margin), _logistic(middle + margin))


class _Meeting(NamedTuple):
    """What two contenders scored against each other, ``score`` of ``n`` to the first.

    The prior is included, and so is what identical texts weigh.
    """

    i: int
    j: int
    score: float
    n: float
    tally: Tally


def fit(size: int, tallies: Mapping[tuple[int, int], Tally], *, quick: bool = False) -> Strengths:
    """Return the strengths of ``size`` contenders that explain the tallies best, with their covariance.

    The chance that i beats j is 1 / (1 + exp(sⱼ - sᵢ)); a tie is half a win and half a loss. Every pair of
    contenders has half a tie of prior, so that sweeps, contenders without votes and comparisons that fall
    into separate groups still have finite strengths and honest, wide intervals. The maximum is found by
    Newton's method, the step halved where it overshoots; it is unique, since the log-likelihood is concave
    and the prior joins all contenders.

    The covariance is the mean of two: the inverse information, which holds if the model does but is too wide
    under ties, and Huber and White's sandwich, which is right under ties but too narrow on few votes. Both
    know that identical texts are certain, and only the votes are a sample. Where cases repeat it is
    multiplied by their design effect. ``quick`` stops within a tenth of log-odds and leaves the sandwich and
    the design effect out: good enough to choose a pair by, in a third of the time.

    Source: R. A. Bradley and M. E. Terry, Rank analysis of incomplete block designs, Biometrika 39 (1952); D.
    R. Hunter, MM algorithms for generalized Bradley-Terry models, Annals of Statistics 32 (2004), for
    existence and uniqueness; P. J. Huber, Proc. 5th Berkeley Symposium (1967), and H. White, Econometrica 50
    (1982).
    """
    none = Tally()
    meetings = [
        _Meeting(i, j, of.score + (of.alike + PRIOR) / 2, of.weight + PRIOR, of)
        for i in range(size)
        for j in range(i + 1, size)
        for of in (tallies.get((i, j), none),)
    ]
    values, inverse = _maximum(size, meetings, 0.1 if quick else 1e-6)
    if quick:
        return Strengths(values, inverse)
    middle = laplacian(size, {(m.i, m.j): _noise(m, values[m.i] - values[m.j]) for m in meetings})
    half = [[dot(row, column) for column in middle] for row in inverse]
    effect = _effect(values, inverse, meetings)
    covariance = [[effect * dot(half[i], inverse[j]) for j in range(size)] for i in range(size)]
    return Strengths(values, covariance, effect)


def _effect(values: list[float], inverse: Square, meetings: list[_Meeting]) -> float:
    """Return by how much repeated cases inflate the covariance, on average over all directions.

    Votes on one case are alike whoever meets on it: a case that suits one contender suits it against all. So
    the surprises of a case are summed over all pairs, and the effect is the trace of the sandwich with such
    sums in its middle over the trace with single votes there; K / (K - 1) makes up for K being few, and
    `unsure` for the rest.

    Source: J. N. K. Rao and A. J. Scott, The analysis of categorical data from complex sample surveys, JASA
    76 (1981), the mean generalised design effect; K.-Y. Liang and S. L. Zeger, Longitudinal data analysis
    using generalized linear models, Biometrika 73 (1986), for the sums.
    """
    slopes: dict[str, list[float]] = {}
    sizes: Counter[str] = Counter()
    single = 0.0
    for m in (meeting for meeting in meetings if meeting.tally.votes):
        i, j, chance = m.i, m.j, _voted_chance(m, values[m.i] - values[m.j])
        for case, (wins, losses, ties, _) in m.tally.cases.items():
            surprise = wins + ties / 2 - (wins + losses + ties) * chance
            slope = slopes.setdefault(case, [0.0] * len(values))
            slope[i] += surprise
            slope[j] -= surprise
            sizes[case] += wins + losses + ties
        single += (_spread(m, chance) - PRIOR * (EVEN - chance) ** 2) * between(inverse, i, j)
    votes, cases = sizes.total(), sum(map(bool, sizes.values()))
    # Where no vote surprises, as after nothing but ties, there is nothing to be alike.
    if cases in (0, 1, votes) or single < 1e-12:
        return 1.0
    clustered = sum(
        dot(slope, [dot(row, slope) for row in inverse]) for slope in slopes.values() if any(slope)
    )
    effect = max(1.0, cases / (cases - 1) * clustered / single)
    voted = {place for m in meetings if m.tally.votes for place in (m.i, m.j)}
    return unsure(effect, votes, cases, len(voted) - 1, sum(n * n for n in sizes.values()) / votes)


def _maximum(size: int, meetings: list[_Meeting], tolerance: float) -> tuple[list[float], Square]:
    """Return the most likely strengths, with mean zero, and the inverse of the information there."""
    values = [0.0] * size
    likelihood = _likelihood(values, meetings)
    for _ in range(STEPS):
        slope, information = _slope(values, meetings)
        factor = factored(information)
        step = solved(factor, slope)
        longest = max(map(abs, step), default=0.0)
        reach = 1.0
        while True:
            moved = [value + reach * by for value, by in zip(values, step, strict=True)]
            # A short step cannot overshoot, and there the likelihood is too flat to tell.
            if longest <= 0.1:
                break
            reached = _likelihood(moved, meetings)
            if reached >= likelihood:
                likelihood = reached
                break
            reach /= 2
        values = moved
        # Steps shrink by squares: after one below 1e-6 nothing is left that would show.
        if longest < tolerance:
            break
    return values, inverted(factor)


def _likelihood(values: list[float], meetings: list[_Meeting]) -> float:
    total = 0.0
    for i, j, score, n, _ in meetings:
        ahead = values[i] - values[j]
        # log p = -log(1 + e⁻ᵈ), written so that a large difference overflows nowhere.
        lost = math.log1p(math.exp(-abs(ahead)))
        total -= n * lost + (score if ahead < 0 else n - score) * abs(ahead)
    return total


def _slope(values: list[float], meetings: list[_Meeting]) -> tuple[list[float], Square]:
    """Return the slope of the log-likelihood, and the information.

    The information is made regular: it knows differences only, so the sum is given a weight.
    """
    size = len(values)
    slope, weights = [0.0] * size, {}
    for i, j, score, n, _ in meetings:
        ahead = values[i] - values[j]
        chance, rest = _logistic(ahead), _logistic(-ahead)
        slope[i] += score - n * chance
        slope[j] -= score - n * chance
        weights[i, j] = n * chance * rest
    return slope, [[entry + 1 / size for entry in row] for row in laplacian(size, weights)]


def _noise(meeting: _Meeting, ahead: float) -> float:
    """Return the variance of the score of one meeting: the mean of what the model and the votes say it is.

    With identical texts beside f n votes this mean is what it should be, n f (¼ - f d²), where d is how far
    from even the votes are: the model says ¼ - (f d)², the squares of the surprises ¼ - d² + ((1 - f) d)².
    """
    chance, rest = _logistic(ahead), _logistic(-ahead)
    return ((sampled(meeting.tally) + PRIOR) * chance * rest + _spread(meeting, chance)) / 2


def _voted_chance(meeting: _Meeting, ahead: float) -> float:
    """Return the chance to win where the texts differ: further from even than among all."""
    if not meeting.tally.alike:
        return _logistic(ahead)
    apart = (_logistic(ahead) - EVEN) * meeting.tally.weight / meeting.tally.votes
    return min(1.0, max(0.0, EVEN + apart))


def _spread(meeting: _Meeting, chance: float) -> float:
    """Return the sum of the squared surprises of the votes of one meeting."""
    of = meeting.tally
    return of.wins * (1 - chance) ** 2 + of.losses * chance**2 + (of.ties + PRIOR) * (EVEN - chance) ** 2


def _logistic(value: float) -> float:
    # Written in two halves so that neither end overflows or loses its last digits.
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))
