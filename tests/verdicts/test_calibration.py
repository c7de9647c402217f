"""How often an interval holds the truth, on tournaments whose truth is known."""

import math
import random
from functools import cache
from itertools import combinations, product

import pytest

from workbench.verdicts.intervals import share, wilson
from workbench.verdicts.strengths import fit
from workbench.verdicts.votes import Outcome, Tally

WIN, LOSS, TIE, *_ = Outcome
TOURNAMENTS = 2000
# What a 95 % interval should reach. With 2,000 tournaments chance moves the share by ± 1 at most.
LOW, HIGH = 0.925, 0.992


def chance_of(ahead):
    return 1 / (1 + math.exp(-ahead))


def tally_of(wins, losses, ties):
    """Votes of which none is like another: it takes a second case to see that votes on one are alike."""
    return Tally({"": [wins, losses, ties, 0]}, wins, losses, ties)


@cache
def differences(tables):
    """The interval of every difference, from the wins, losses and ties of every pair."""
    pairs = list(combinations(range((1 + math.isqrt(1 + 8 * len(tables))) // 2), 2))
    strengths = fit(pairs[-1][1] + 1, {p: tally_of(*table) for p, table in zip(pairs, tables, strict=True)})
    return [strengths.difference(*pair) for pair in pairs]


def tournaments(size, votes, ties, deviation):
    """Yield true differences, and wins, losses and ties, of every pair of each tournament."""
    rng = random.Random(f"{size} {votes} {ties} {deviation}")
    for _ in range(TOURNAMENTS):
        strengths = [rng.gauss(0, deviation) for _ in range(size)]
        truth, tables = [], []
        for one, other in combinations(strengths, 2):
            chance = chance_of(one - other)
            # A tie takes as much from a win as from a loss, so that the score stays the chance.
            tied = min(ties, 2 * chance, 2 - 2 * chance)
            drawn = rng.choices("wtl", cum_weights=(chance - tied / 2, chance + tied / 2, 1.0), k=votes)
            truth.append(one - other)
            tables.append((drawn.count("w"), drawn.count("l"), drawn.count("t")))
        yield truth, tuple(tables)


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("votes", [10, 20, 50])
def test_the_interval_of_a_difference_holds_the_truth_as_often_as_it_says(size, votes):
    for ties, deviation in product((0, 0.3), (0.5, 1)):
        held = [
            interval.spans(ahead)
            for truth, tables in tournaments(size, votes, ties, deviation)
            for interval, ahead in zip(differences(tables), truth, strict=True)
        ]
        assert LOW <= sum(held) / len(held) <= HIGH, (ties, deviation)


@pytest.mark.parametrize("votes", [10, 20, 50])
def test_the_interval_of_a_win_rate_holds_the_truth_and_is_cautious_under_ties(votes):
    for ties, deviation in product((0, 0.3), (0.5, 1)):
        held = [
            wilson((won + tied / 2) / votes, votes).spans(chance_of(ahead))
            for (ahead,), ((won, _, tied),) in tournaments(2, votes, ties, deviation)
        ]
        assert LOW <= sum(held) / len(held) <= HIGH, (ties, deviation)


def clustered(size, cases, votes, spread, rng):
    """Yield tallies in which each case suits some contenders more, by normal deviates of this spread."""
    while True:
        strengths = [rng.gauss(0, 0.7) for _ in range(size)]
        suits = [[rng.gauss(0, spread) for _ in range(size)] for _ in range(cases)]
        tallies = {}
        for i, j in combinations(range(size), 2):
            tallies[i, j] = Tally()
            for case, suit in enumerate(suits):
                chance = chance_of(strengths[i] - strengths[j] + suit[i] - suit[j])
                for _ in range(votes):
                    tallies[i, j].add(str(case), WIN if rng.random() < chance else LOSS)
        yield strengths, tallies


def mean_chance(ahead, spread):
    """The chance to win on a case drawn at random, by summing over a fine grid of normal deviates."""
    grid = [n / 10 for n in range(-50, 51)]
    weights = [math.exp(-(x**2) / 2) for x in grid]
    total = sum(w * chance_of(ahead + math.sqrt(2) * spread * x) for w, x in zip(weights, grid, strict=True))
    return total / sum(weights)


@pytest.mark.parametrize(("cases", "votes"), [(3, 3), (3, 10), (5, 4), (10, 1), (10, 3), (30, 2)])
def test_votes_on_few_cases_claim_no_more_of_others_than_they_know(cases, votes):
    for spread in (0, 0.7, 1.5):
        rng = random.Random(f"{cases} {votes} {spread}")
        held = []
        for _, (strengths, tallies) in zip(
            range(1500), clustered(2, cases, votes, spread, rng), strict=False
        ):
            seen = share(tallies[0, 1])
            held.append(seen.low <= mean_chance(strengths[0] - strengths[1], spread) <= seen.high)
        assert sum(held) / len(held) >= LOW, spread


@pytest.mark.parametrize(("cases", "votes"), [(3, 3), (3, 10), (5, 4), (10, 1), (10, 3), (30, 1)])
def test_cases_that_several_contenders_share_are_not_counted_as_if_they_were_many(cases, votes):
    for spread in (0, 0.7, 1.5):
        rng = random.Random(f"{cases} {votes} {spread}")
        held = []
        for _, (strengths, tallies) in zip(range(300), clustered(4, cases, votes, spread, rng), strict=False):
            # What the model would say after votes without end: the fit of the chances themselves.
            many = {
                (i, j): tally_of(
                    chance := 1e6 * mean_chance(strengths[i] - strengths[j], spread), 1e6 - chance, 0
                )
                for i, j in tallies
            }
            limit, fitted = fit(4, many).values, fit(4, tallies)
            held += [fitted.difference(i, j).spans(limit[i] - limit[j]) for i, j in tallies]
        # Six differences of one tournament stray together: 300 of them are fewer than they look.
        assert sum(held) / len(held) >= 0.92, spread
