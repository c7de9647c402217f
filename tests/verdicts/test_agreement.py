"""How far judges agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.verdicts.agreement import agreement, consistency
from workbench.verdicts.intervals import wilson
from workbench.verdicts.votes import Ballot, Outcome

WIN, LOSS, TIE, BAD, SKIP = Outcome
LETTERS = {"w": WIN, "l": LOSS, "t": TIE, "b": BAD, "s": SKIP}


def ballots_of(judge, outcomes, **more):
    """Ballots on pair after pair, of results 1 and 2, 3 and 4, and so on."""
    return [
        Ballot("a", "b", f"case {n}", LETTERS[letter], (2 * n + 1, 2 * n + 2), judge, **more)
        for n, letter in enumerate(outcomes)
    ]


def turned(ballots):
    return [
        Ballot(b.second, b.first, b.case, b.outcome.mirrored, b.results[::-1], b.judge, repeat=b.repeat)
        for b in ballots
    ]


def test_kappa_is_cohens_worked_by_hand():
    # Ann says w 5, l 3, t 2; Bob w 6, l 3, b 1: (5·6 + 3·3) / 100 = 0.39 by chance. In fact 8 agree.
    found = agreement([*ballots_of("ann", "wwwwwllltt"), *ballots_of("bob", "wwwwwlllbw")], "ann", "bob")
    assert (found.pairs, found.same.rate) == (10, 0.8)
    assert found.kappa == pytest.approx(0.41 / 0.61)
    raw = wilson(0.8, 10)
    assert (found.interval.low, found.interval.high) == pytest.approx(
        ((raw.low - 0.39) / 0.61, (raw.high - 0.39) / 0.61)
    )


def test_the_results_decide_what_is_the_same_and_not_the_sides():
    ann, bob = ballots_of("ann", "wlwltb"), ballots_of("bob", "wlwltb")
    assert agreement([*ann, *turned(bob)], "ann", "bob").kappa == 1.0
    assert agreement([*ann, *ballots_of("bob", "lwlwtb")], "ann", "bob").same.rate == 2 / 6


def test_a_few_pairs_that_all_agree_are_not_certain():
    found = agreement([*ballots_of("ann", "wwl"), *ballots_of("bob", "wwl")], "ann", "bob")
    assert found.kappa == found.interval.high == 1.0
    assert found.interval.low < 0.2


def test_what_one_skipped_or_never_saw_is_left_out():
    found = agreement(
        [*ballots_of("ann", "wsl"), *ballots_of("bob", "wwst"), *ballots_of("eve", "lll")], "ann", "bob"
    )
    assert found.pairs == 1


def test_it_says_nothing_where_there_is_nothing_to_say():
    nothing = agreement(ballots_of("ann", "www"), "ann", "bob")
    assert (nothing.pairs, nothing.same, nothing.kappa, nothing.interval) == (0, None, None, None)
    always = agreement([*ballots_of("ann", "www"), *ballots_of("bob", "www")], "ann", "bob")
    assert (always.same.rate, always.kappa, always.interval) == (1.0, None, None)


def test_a_judge_is_measured_by_their_repeats():
    first, again = ballots_of("ann", "wwlltw"), turned(ballots_of("ann", "wwlwt", repeat=True))
    found = consistency([*first, *again, *ballots_of("bob", "llllll", repeat=True)], "ann")
    assert (found.pairs, found.same.rate) == (5, 0.8)
    assert consistency(first, "ann").pairs == 0


def test_between_two_judges_repeats_do_not_count_twice_nor_over_the_first_word():
    ann = [*ballots_of("ann", "wl"), *ballots_of("ann", "lw", repeat=True)]
    assert agreement([*ann, *ballots_of("bob", "wl")], "ann", "bob").same.rate == 1.0


@given(st.lists(st.tuples(st.sampled_from("wltbs"), st.sampled_from("wltbs")), max_size=25), st.randoms())
def test_agreement_is_mutual_bounded_and_blind_to_order(said, rng):
    ballots = [*ballots_of("ann", [a for a, _ in said]), *ballots_of("bob", [b for _, b in said])]
    found = agreement(ballots, "ann", "bob")
    # As if the other were asked first, or as if the votes had come in another order.
    assert (
        found
        == agreement(ballots, "bob", "ann")
        == agreement(rng.sample(ballots, len(ballots)), "ann", "bob")
    )
    if found.kappa is not None:
        assert found.interval.low <= found.kappa + 1e-9 and found.kappa <= found.interval.high + 1e-9
        assert found.interval.low < found.interval.high <= 1.0 + 1e-9
        assert -1.0 - 1e-9 <= found.kappa <= found.same.rate + 1e-9
