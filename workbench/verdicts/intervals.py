"""How sure one may be of a share: Wilson's interval, the sign test, and what repeated cases cost."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.verdicts.votes import Tally

Z = 1.959963984540054
"""The normal quantile that leaves 2.5 % above it: every interval here is a 95 % one."""

EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval, ends included."""

    low: float
    high: float

    def spans(self, value: float) -> bool:
        """Return whether the value lies inside or on an end."""
        return self.low <= value <= self.high


def wilson(share: float, n: float) -> Interval:
    """Return Wilson's score interval of a share seen in n votes; all of 0..1 where there are none.

    ``n`` may be fractional: an effective number of votes. A tie counts as half a win, which makes the
    interval a little too wide, never too narrow, since ties vary less than wins and losses do.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22
    (1927).
    """
    if n <= 0:
        return Interval(0.0, 1.0)
    spread = Z * Z / n
    centre = (share + spread / 2) / (1 + spread)
    margin = Z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    # The share is inside by algebra; rounding can push an end past it by one bit after a sweep.
    return Interval(max(0.0, min(centre - margin, share)), min(1.0, max(centre + margin, share)))


def sign_test(wins: int, losses: int) -> float:
    """Return the exact two-sided p-value of wins against losses being a fair coin; ties are left out.

    It is twice the smaller tail, at most 1; 1 without any votes. It takes votes as independent.

    Source: W. J. Dixon and A. M. Mood, The statistical sign test, JASA 41 (1946).
    """
    n = wins + losses
    ways = tail = 1
    for k in range(min(wins, losses)):
        ways = ways * (n - k) // (k + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << n))


def design_effect(tallies: Iterable[Tally]) -> float:
    """Return by how much repeated cases inflate the variance: 1 where no case repeats, never below 1.

    Votes on the same case are alike, so ten votes on one case say less than one vote on each of ten. Kish's
    design effect is 1 + (m - 1) rho, with m the mean number of votes on a vote's own case, Σ m² / n, and rho
    the correlation of two votes on the same case. rho is the analysis-of-variance estimator with win 1, tie
    ½, loss 0, taken within each pair of contenders and pooled, kept within 0..1. Where it cannot be seen (a
    single case, or votes that are all alike) it is taken as 0: such a board speaks of the cases it has.

    Source: L. Kish, Survey Sampling (1965), section 8.2; A. Donner and J. J. Koval, The estimation of
    intraclass correlation in the analysis of family data, Biometrics 36 (1980); for 0/1 data M. S. Ridout, C.
    G. B. Demétrio and D. Firth, Estimating intraclass correlation for binary data, Biometrics 55 (1999).
    """
    votes = cases = pairs = 0
    squares = clustered = within = between = 0.0
    for pair in tallies:
        if not pair.votes:
            continue
        mean = (pair.wins + pair.ties / 2) / pair.votes
        own_squares = 0
        for wins, losses, ties in pair.cases.values():
            size = wins + losses + ties
            here = (wins + ties / 2) / size
            own_squares += size * size
            between += size * (here - mean) ** 2
            within += wins * (1 - here) ** 2 + losses * here**2 + ties * (EVEN - here) ** 2
        votes += pair.votes
        cases += len(pair.cases)
        pairs += 1
        squares += own_squares
        clustered += pair.votes - own_squares / pair.votes
    if cases in (votes, pairs):
        return 1.0
    mean_between = between / (cases - pairs)
    mean_within = within / (votes - cases)
    usual_size = clustered / (cases - pairs)
    total = mean_between + (usual_size - 1) * mean_within
    correlation = (mean_between - mean_within) / total if total > 0 else 0.0
    return 1 + (squares / votes - 1) * min(1.0, max(0.0, correlation))
