"""Whether the left side or the longer answer wins."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.verdicts.effects import length_effect, side_effect
from workbench.verdicts.intervals import sign_test, wilson
from workbench.verdicts.votes import IDENTICAL, Ballot, Outcome

WIN, LOSS, TIE, BAD, SKIP = Outcome
BALLOTS = st.lists(
    st.builds(
        Ballot,
        first=st.just("a"),
        second=st.just("b"),
        case=st.sampled_from("xyz"),
        outcome=st.sampled_from(list(Outcome)),
        results=st.tuples(st.integers(1, 4), st.integers(5, 8)),
        judge=st.sampled_from(["ann", IDENTICAL]),
        first_on_left=st.booleans(),
        repeat=st.booleans(),
    ),
    max_size=30,
)
LENGTHS = {1: 10, 2: 20, 3: 30, 4: 40, 5: 10, 6: 25, 7: 35}


def ballots_of(outcomes, **more):
    letters = {"w": WIN, "l": LOSS, "t": TIE, "b": BAD, "s": SKIP}
    return [
        Ballot("a", "b", str(number), letters[letter], (1, 5), "ann", **more)
        for number, letter in enumerate(outcomes)
    ]


def test_a_win_on_the_left_is_a_loss_on_the_right():
    found = side_effect([*ballots_of("wwwltbs"), *ballots_of("llw", first_on_left=False)])
    assert (found.wins, found.losses, found.ties, found.even) == (5, 2, 1, 0)
    expected = wilson(5 / 7, 7)
    assert (found.share.rate, found.share.votes) == (5 / 7, 7)
    # Three cases are met by two votes each, which can only widen it.
    assert found.share.low <= expected.low and found.share.high >= expected.high
    assert found.p == sign_test(5, 2)
    assert not found.shows


def test_a_judge_who_always_takes_the_left_is_found_out():
    found = side_effect([*ballots_of("w" * 20), *ballots_of("l" * 20, first_on_left=False)])
    assert found.shows and found.share.low > 0.8 and found.p < 1e-9


def test_a_fair_judge_of_a_far_better_contender_shows_no_side():
    rng = random.Random(1)
    sides = [ballot for n in range(300) for ballot in ballots_of("w", first_on_left=rng.random() < 0.5)]
    sides = [
        Ballot(b.first, b.second, str(n), b.outcome, first_on_left=b.first_on_left)
        for n, b in enumerate(sides)
    ]
    assert not side_effect(sides).shows


def test_the_longer_answer_is_told_by_its_length_and_equal_or_unknown_ones_tell_nothing():
    longer = [
        Ballot("a", "b", "1", WIN, (2, 5)),
        Ballot("a", "b", "2", LOSS, (2, 6)),
        Ballot("a", "b", "3", TIE, (2, 7)),
        Ballot("a", "b", "4", LOSS, (3, 6)),
        Ballot("a", "b", "5", WIN, (1, 5)),
        Ballot("a", "b", "6", WIN, (1, 8)),
        Ballot("a", "b", "7", WIN),
    ]
    found = length_effect(longer, LENGTHS)
    assert (found.wins, found.losses, found.ties, found.even) == (2, 1, 1, 3)


def test_without_votes_nothing_shows():
    for found in (side_effect([]), length_effect(ballots_of("bs"), LENGTHS)):
        assert (found.share, found.p, found.shows) == (None, 1.0, False)


@given(BALLOTS)
def test_whoever_is_named_first_the_effects_are_the_same(ballots):
    turned = [
        Ballot(
            b.second,
            b.first,
            b.case,
            b.outcome.mirrored,
            b.results[::-1],
            b.judge,
            first_on_left=not b.first_on_left,
            repeat=b.repeat,
        )
        for b in ballots
    ]
    assert side_effect(ballots) == side_effect(turned)
    assert length_effect(ballots, LENGTHS) == length_effect(turned, LENGTHS)
    counted = sum(ballot.counts for ballot in ballots)
    for found in (side_effect(ballots), length_effect(ballots, LENGTHS)):
        assert found.wins + found.losses + found.ties + found.even == counted


@given(BALLOTS)
def test_swapping_all_sides_mirrors_the_effect(ballots):
    swapped = [
        Ballot(
            b.first, b.second, b.case, b.outcome, b.results, b.judge, b.blind, not b.first_on_left, b.repeat
        )
        for b in ballots
    ]
    one, other = side_effect(ballots), side_effect(swapped)
    assert (one.wins, one.losses, one.p) == (other.losses, other.wins, other.p)
    if one.share:
        assert one.share.low == pytest.approx(1 - other.share.high, abs=1e-9)
