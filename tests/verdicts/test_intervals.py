"""A share and how sure one may be of it."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.verdicts.intervals import (
    Interval,
    correlation,
    design_effect,
    share,
    sign_test,
    unsure,
    wilson,
)
from workbench.verdicts.votes import Outcome, Tally

WIN, LOSS, TIE = Outcome.WIN, Outcome.LOSS, Outcome.TIE
# No deadline: a shared machine may be slow for reasons of its own.
unhurried = settings(deadline=None)


def tally_of(*cases):
    """One tally from what each case got, written as a word: `wwl` is two wins and a loss."""
    tally = Tally()
    for number, letters in enumerate(cases):
        for letter in letters:
            tally.add(f"case {number}", {"w": WIN, "l": LOSS, "t": TIE}[letter], 1)
    return tally


def test_wilson_is_the_formula_worked_by_hand():
    z, p, n = 1.959964, 0.7, 20
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    margin = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    interval = wilson(0.7, 20)
    assert interval.low == pytest.approx(centre - margin, abs=1e-6)
    assert interval.high == pytest.approx(centre + margin, abs=1e-6)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.4810, 0.8545)


def test_a_sweep_is_not_certain():
    # After n wins of n Wilson's lower end is n / (n + z²).
    assert wilson(1.0, 10) == Interval(pytest.approx(10 / (10 + 1.959964**2), abs=1e-6), 1.0)


def test_without_votes_anything_is_possible():
    assert wilson(0.5, 0) == Interval(0.0, 1.0)


@unhurried
@given(st.integers(0, 400), st.integers(0, 400), st.floats(1, 30))
def test_wilson_holds_its_share_stays_inside_and_is_never_a_point(won, lost, effect):
    n = won + lost
    share = won / n if n else 0.5
    interval = wilson(share, n / effect)
    assert 0 <= interval.low <= share <= interval.high <= 1
    assert interval.high - interval.low > 0


@unhurried
@given(st.integers(0, 200), st.integers(0, 200))
def test_wilson_mirrors(won, lost):
    n = max(1, won + lost)
    one, other = wilson(won / n, n), wilson(1 - won / n, n)
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (5, 0, 2 / 32),
        (1, 7, 2 * (1 + 8) / 256),
        # 13 of 18: 2 (1 + 18 + 153 + 816 + 3060 + 8568) / 2¹⁸.
        (13, 5, 2 * 12616 / 262144),
    ],
)
def test_the_sign_test_is_exact(wins, losses, p):
    assert sign_test(wins, losses) == sign_test(losses, wins) == pytest.approx(p, rel=1e-12)


def test_the_sign_test_bears_many_votes():
    assert sign_test(10_000, 10_000) == 1.0
    assert 0 <= sign_test(20_000, 0) < 1e-300


def test_no_repeated_case_costs_nothing():
    assert design_effect(tally_of("w", "l", "w", "t")) == 1.0
    assert design_effect(Tally()) == 1.0


def test_votes_repeated_word_for_word_add_nothing():
    assert design_effect(tally_of("ww", "ll", "ww", "tt")) == pytest.approx(2.0)


def test_unequal_cases_weigh_by_their_own_size():
    # All alike within cases, so the correlation is 1 and the effect is Kish's Σ m² / n = (9 + 1 + 4) / 6.
    assert design_effect(tally_of("www", "l", "ll")) == pytest.approx(14 / 6)


def test_the_estimator_is_the_analysis_of_variance():
    # Cases 3/4, 1/4, 3/4, 4/4 of 16 votes, mean 11/16.
    between = 4 * ((3 / 4 - 11 / 16) ** 2 * 2 + (1 / 4 - 11 / 16) ** 2 + (1 - 11 / 16) ** 2) / 3
    within = (3 / 4 + 3 / 4 + 3 / 4 + 0) / 12
    rho = (between - within) / (between + 3 * within)
    seen = tally_of("wwwl", "wlll", "wwwl", "wwww")
    assert correlation(seen) == pytest.approx(rho)
    assert design_effect(seen) == pytest.approx(unsure(1 + 3 * rho, 16, 4, 1, 4.0))


def test_an_effect_seen_in_few_cases_is_raised_by_students_quantiles():
    # Five cases: 4 degrees of freedom, t 2.7764; 40 votes at an effect of 2 are as 20: 19 degrees, t 2.0930.
    assert unsure(2.0, 40, 5, 1, 8.0) == pytest.approx(2 * (2.7764 / 2.0930) ** 2, rel=1e-3)
    # Three cases and three contenders: 4 degrees again. Where the votes are as 5, there is nothing to raise.
    assert unsure(2.0, 40, 3, 2, 14.0) == pytest.approx(2 * (2.7764 / 2.0930) ** 2, rel=1e-3)
    assert unsure(2.0, 10, 3, 2, 14.0) == 2.0
    # Two degrees: t 4.3027; never above the bound.
    assert unsure(1.0, 30, 3, 1, 10.0) == pytest.approx((4.3027 / 2.0452) ** 2, rel=0.02)
    assert unsure(1.0, 30, 3, 1, 3.0) == 3.0


def test_cases_that_differ_inside_more_than_between_never_gain_votes():
    assert correlation(tally_of("wl", "wl", "lw")) == 0.0
    assert design_effect(tally_of("wl", "wl", "lw")) >= 1.0


def test_where_nothing_shows_how_alike_votes_are_they_count_in_full():
    assert design_effect(tally_of("wwlwwlwt")) == 1.0
    assert design_effect(tally_of("www", "www")) == 1.0


def test_more_cases_make_the_same_votes_surer():
    shapes = [["wwwwllll"] * 3, ["wwwlll"] * 4, ["wwll"] * 6, ["wl"] * 12, [*"wl"] * 12]
    margins = [share(tally_of(*cases)).margin for cases in shapes]
    assert margins == sorted(margins, reverse=True)
    assert margins[0] > 1.5 * margins[-1]


@unhurried
@given(st.lists(st.text("wlt", min_size=1, max_size=6), min_size=1, max_size=12))
def test_the_effect_lies_between_one_and_the_largest_case(cases):
    assert 1 <= design_effect(tally_of(*cases)) <= max(map(len, cases)) + 1e-9


@unhurried
@given(st.lists(st.text("wlt", min_size=1, max_size=6), max_size=12))
def test_a_share_mirrors_and_holds_its_rate(cases):
    one = share(tally_of(*cases))
    other = share(tally_of(*[case.translate(str.maketrans("wl", "lw")) for case in cases]))
    assert (one is None) == (other is None) == (not cases)
    if one and other:
        assert 0 <= one.low <= one.rate <= one.high <= 1 and one.margin > 0
        assert (one.rate, one.low) == pytest.approx((1 - other.rate, 1 - other.high), abs=1e-9)
