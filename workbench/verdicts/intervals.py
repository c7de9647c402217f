"""How sure one may be of a share: Wilson's interval, the sign test, and what repeated cases cost."""

from __future__ import annotations

import math
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


@dataclass(frozen=True, slots=True)
class Share:
    """Wins and half the ties, with their 95 % interval from ``low`` to ``high``.

    ``votes`` is how many somebody gave; identical texts are in the rate by their weight, see `tally`.
    """

    votes: int
    rate: float
    low: float
    high: float

    @property
    def margin(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    @property
    def undecided(self) -> bool:
        """Whether it may still be even: the interval spans one half."""
        return self.low <= EVEN <= self.high


def share(of: Tally) -> Share | None:
    """Return the share of wins and half ties by Wilson's interval, n divided by the design effect.

    None where there are neither votes nor identical texts that weigh anything.
    """
    if not of.weight:
        return None
    interval = wilson(of.rate, worth(of) / design_effect(of))
    return Share(of.votes, of.rate, interval.low, interval.high)


def worth(of: Tally) -> float:
    """Return how many votes tell as much as these do together with the identical texts beside them.

    The identical ones are known: only what was `sampled` is uncertain, and it moves the rate by its share f
    alone, so that n votes make it as sure as n / f² would. The interval is that of the votes, drawn together
    towards even by f; whether it spans even is up to the votes alone.
    """
    return of.weight**2 / sampled(of) if of.weight else 0.0


def sampled(of: Tally) -> float:
    """Return how many votes the uncertainty is of: those that somebody gave.

    It is Z² at least, as far as the weight goes. So few votes decide nothing, whatever they say, and hardly
    tell how often the texts differ: three hundred identical ones are not certain to be all there ever are.
    """
    return max(of.votes, min(of.weight, Z * Z))


def wilson(share: float, n: float) -> Interval:
    """Return Wilson's score interval of a share seen in n votes; all of 0..1 where there are none.

    ``n`` may be fractional: an effective number of votes. A tie counts as half a win, which makes the
    interval a little too wide, never too narrow, since ties vary less than wins and losses do: with three
    ties in ten votes it holds the truth 98.4 to 98.9 % of the time.

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


def correlation(of: Tally) -> float:
    """Return how alike two votes on the same case are, from 0 to 1: the intraclass correlation.

    It is the analysis-of-variance estimator with win 1, tie ½, loss 0, kept within 0..1. Where it cannot be
    seen it is taken as 0: a single case, no case repeated, or votes that are all alike.

    Source: A. Donner and J. J. Koval, The estimation of intraclass correlation in the analysis of family
    data, Biometrics 36 (1980); for 0/1 data M. S. Ridout, C. G. B. Demétrio and D. Firth, Estimating
    intraclass correlation for binary data, Biometrics 55 (1999).
    """
    cases = _voted(of)
    if len(cases) in (0, 1, of.votes):
        return 0.0
    mean = of.score / of.votes
    within = between = squares = 0.0
    for wins, losses, ties in cases:
        size = wins + losses + ties
        here = (wins + ties / 2) / size
        squares += size * size
        between += size * (here - mean) ** 2
        within += wins * (1 - here) ** 2 + losses * here**2 + ties * (EVEN - here) ** 2
    usual_size = (of.votes - squares / of.votes) / (len(cases) - 1)
    mean_between, mean_within = between / (len(cases) - 1), within / (of.votes - len(cases))
    total = mean_between + (usual_size - 1) * mean_within
    return min(1.0, max(0.0, (mean_between - mean_within) / total)) if total > 0 else 0.0


def design_effect(of: Tally) -> float:
    """Return by how much repeated cases inflate the variance: 1 where no case repeats, never below 1.

    Votes on the same case are alike, so ten votes on one case say less than one vote on each of ten. Kish's
    design effect is 1 + (m - 1) rho, with m the mean number of votes on a vote's own case, Σ m² / n, and rho
    their `correlation`. Few cases show little of rho; `unsure` allows for that.

    Source: L. Kish, Survey Sampling (1965), section 8.2.
    """
    cases = _voted(of)
    if not cases:
        return 1.0
    most = sum(sum(case) ** 2 for case in cases) / of.votes
    return unsure(1 + (most - 1) * correlation(of), of.votes, len(cases), 1, most)


def unsure(effect: float, votes: int, cases: int, contrasts: int, most: float) -> float:
    """Return a design effect, raised because it was itself seen in few cases; never above ``most``.

    It is multiplied by (t(d) / t(n' - 1))², t the quantile of Student's distribution, d = (cases - 1) ×
    ``contrasts`` the degrees of freedom it was seen with, and n' = votes / effect the effective number of
    votes. Its bound is what it would be if all votes on a case were the same vote: so votes repeated word for
    word count once. Of one or two cases nothing can be said about others; there the effect stays as it is,
    and speaks of the cases there are.

    Source: E. L. Korn and B. I. Graubard, Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data, Survey Methodology 24 (1998), with n' - 1 in place of n - 1;
    N. Dean and M. Pagano, Evaluating confidence interval methods for binomial proportions in clustered
    surveys, Journal of Survey Statistics and Methodology 3 (2015), for its use with Wilson's interval.
    """
    seen, known = (cases - 1) * contrasts, votes / effect - 1
    if cases >= 3 and known > seen:
        effect *= (_student(seen) / _student(known)) ** 2
    return max(1.0, min(effect, most))


def _voted(of: Tally) -> list[list[int]]:
    """Return wins, losses and ties of each case that has any."""
    return [case[:3] for case in of.cases.values() if any(case[:3])]


def _student(freedom: float) -> float:
    """Return the quantile of Student's t that leaves 2.5 % above it; for two degrees of freedom or more.

    Source: M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions (1964), 26.7.5. It is 0.8 % too
    small at two degrees, 0.1 % at three, and closer from there.
    """
    terms = (
        Z,
        (Z**3 + Z) / 4,
        (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
        (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
        (79 * Z**9 + 776 * Z**7 + 1482 * Z**5 - 1920 * Z**3 - 945 * Z) / 92160,
    )
    return sum(term / freedom**power for power, term in enumerate(terms))
