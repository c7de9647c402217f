"""What a board says of votes."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.verdicts.intervals import Share, wilson
from workbench.verdicts.ratings import rate
from workbench.verdicts.strengths import PRIOR, fit
from workbench.verdicts.votes import IDENTICAL, Ballot, Choice, Outcome, tally

WIN, LOSS, TIE, BAD, SKIP = Outcome
MIRROR = {WIN: LOSS, LOSS: WIN}
# No deadline: a shared machine may be slow for reasons of its own.
unhurried = settings(deadline=None, max_examples=60)


def ballots_of(first, second, outcomes, **more):
    """Ballots of one pair, each on a case of its own."""
    letters = {"w": WIN, "l": LOSS, "t": TIE, "b": BAD, "s": SKIP}
    return [Ballot(first, second, f"case {n}", letters[letter], **more) for n, letter in enumerate(outcomes)]


def by_name(board):
    return {row.contender: row for row in board.rows}


@st.composite
def tournaments(draw, least=2):
    names = [f"c{n}" for n in range(draw(st.integers(least, 5)))]
    pair = st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda p: p[0] != p[1])
    vote = st.builds(
        lambda p, case, outcome: Ballot(p[0], p[1], case, outcome),
        pair,
        st.sampled_from([f"case {n}" for n in range(8)]),
        st.sampled_from(list(Outcome)),
    )
    return names, draw(st.lists(vote, max_size=40))


def test_a_choice_is_an_outcome_of_the_side_it_was_on():
    assert Choice.LEFT.outcome() is WIN
    assert Choice.LEFT.outcome(first_on_left=False) is LOSS
    assert Choice.RIGHT.outcome(first_on_left=False) is WIN
    assert [c.outcome() for c in (Choice.TIE, Choice.BAD, Choice.SKIP)] == [TIE, BAD, SKIP]


def test_twenty_votes_by_hand():
    board = rate(ballots_of("new", "old", "w" * 13 + "l" * 5 + "t" * 2 + "bbbs"), ["old", "new"])
    new, old = board.rows
    assert (new.contender, new.votes, new.wins, new.losses, new.ties, new.bad) == ("new", 20, 13, 5, 2, 3)
    assert new.win_rate == new.rating == 0.7
    z, n = 1.959964, 20
    centre, margin = 0.7 + z**2 / (2 * n), z * math.sqrt(0.7 * 0.3 / n + z**2 / (4 * n**2))
    assert new.low == pytest.approx((centre - margin) / (1 + z**2 / n), abs=1e-6)
    assert new.high == pytest.approx((centre + margin) / (1 + z**2 / n), abs=1e-6)
    assert (old.rating, old.low, old.high) == pytest.approx((1 - 0.7, 1 - new.high, 1 - new.low))
    assert board.sign_test == pytest.approx(2 * 12616 / 2**18)
    # Even is inside while n ≤ (z / 0.4)² = 24.01, so the 25th vote settles it.
    assert new.undecided and old.undecided
    assert new.votes_needed == old.votes_needed == 5
    assert (board.votes, board.bad, board.skipped, new.bad_share) == (20, 3, 1, 3 / 23)
    assert board.connected


def test_as_many_votes_as_were_said_to_be_needed_settle_it():
    once = "w" * 7 + "l" * 3
    needed = rate(ballots_of("a", "b", once), ["a", "b"]).rows[0].votes_needed
    assert needed == 15
    settled = rate(ballots_of("a", "b", "w" * 18 + "l" * 7), ["a", "b"]).rows[0]
    assert not settled.undecided and settled.votes_needed is None


def test_repeated_cases_widen_the_interval_as_if_they_were_voted_on_once():
    once = ballots_of("a", "b", "wwlwtwwlww")
    assert rate(once * 3, ["a", "b"]).design_effect == pytest.approx(3)
    assert by_name(rate(once * 3, ["a", "b"]))["a"].low == pytest.approx(
        by_name(rate(once, ["a", "b"]))["a"].low
    )
    names = ["a", "b", "c"]
    both = [*once, *ballots_of("b", "c", "wlwwltwwlt")]
    # The cases of one pair are not those of the other here, so that nothing is alike but the repeats.
    both = [*once, *[replace(ballot, case=f"other {ballot.case}") for ballot in both[10:]]]
    repeated = fit(3, tally(both * 3, names))
    assert rate(both * 3, names).design_effect == repeated.effect == pytest.approx(3)
    # Not quite the same: the prior weighs less against three times the votes.
    assert repeated.variance(0, 1) == pytest.approx(fit(3, tally(both, names)).variance(0, 1), rel=0.15)


def test_a_case_that_suits_one_contender_against_all_is_one_case():
    # No two contenders meet twice on a case, but a wins exactly on the even ones, whomever it meets.
    turns = "wl" * 10
    ballots = [*ballots_of("a", "b", turns), *ballots_of("a", "c", turns), *ballots_of("b", "c", "wlt" * 6)]
    board = rate(ballots, ["a", "b", "c"])
    apart = [replace(ballot, case=str(number)) for number, ballot in enumerate(ballots)]
    assert board.cases == 20 and board.design_effect > 1.2
    assert rate(apart, ["a", "b", "c"]).design_effect == 1.0
    assert by_name(board)["a"].high > by_name(rate(apart, ["a", "b", "c"]))["a"].high


def test_exactly_even_has_no_number_of_votes_that_settles_it():
    for row in rate(ballots_of("a", "b", "wlwltt"), ["a", "b"]).rows:
        assert (row.rating, row.undecided, row.votes_needed) == (0.5, True, None)


def test_a_lead_too_small_for_any_plan_asks_for_no_votes():
    board = rate(ballots_of("a", "b", "wl" * 150 + "t" * 300 + "w"), ["a", "b"])
    assert board.rows[0].undecided and board.rows[0].votes_needed is None


@pytest.mark.parametrize("outcomes", ["w" * 12, "l" * 12, "t" * 12, "w", "t"])
@pytest.mark.parametrize("names", [["a", "b"], ["a", "b", "c"]])
def test_sweeps_and_all_ties_stay_sensible(names, outcomes):
    ballots = [
        b
        for first in names
        for second in names
        if first < second
        for b in ballots_of(first, second, outcomes)
    ]
    for row in rate(ballots, names).rows:
        assert 0 <= row.low <= row.rating <= row.high <= 1
        assert row.high - row.low > 0.05
    ratings = [row.rating for row in rate(ballots, names).rows]
    assert (len(set(ratings)) == 1) == (outcomes[0] == "t")


def test_a_swept_board_of_three_is_decided():
    ballots = [b for pair in ("ab", "bc", "ac") for b in ballots_of(*pair, "w" * 15)]
    board = rate(ballots, list("cba"))
    assert [row.contender for row in board.rows] == ["a", "b", "c"]
    assert [row.undecided for row in board.rows] == [False, False, False]
    assert board.sign_test is None


def test_the_leader_is_undecided_as_long_as_a_rival_is():
    ballots = ballots_of("a", "b", "wwwll") + ballots_of("b", "c", "w" * 30) + ballots_of("a", "c", "w" * 30)
    rows = by_name(rate(ballots, ["a", "b", "c"]))
    assert [rows[name].undecided for name in "abc"] == [True, True, False]
    assert rows["a"].votes_needed == rows["b"].votes_needed
    assert rows["c"].votes_needed is None


def test_the_votes_needed_among_three_are_about_right():
    names, even, ahead = ["a", "b", "c"], "wl", "wwwll"

    def leader(rounds):
        played = ballots_of("a", "b", ahead * rounds) + ballots_of("a", "c", ahead * rounds)
        return rate(played + ballots_of("b", "c", even * 5), names).rows[0]

    needed = leader(2).votes_needed
    assert leader(2).contender == "a" and leader(2).undecided
    assert leader(2 + round(0.5 * needed / 10)).undecided
    assert not leader(2 + round(1.25 * needed / 10)).undecided


def test_contenders_without_votes_are_on_the_board_and_uncertain():
    rows = by_name(rate(ballots_of("a", "b", "w" * 20), ["a", "b", "c"]))
    assert (rows["c"].votes, rows["c"].win_rate, rows["c"].votes_needed) == (0, None, None)
    assert rows["c"].undecided and rows["c"].high - rows["c"].low > 0.6
    assert rows["a"].rating > rows["c"].rating > rows["b"].rating


@pytest.mark.parametrize("names", [[], ["a"], ["a", "b"], ["a", "b", "c"]])
def test_a_board_without_votes_claims_nothing(names):
    board = rate([], names)
    assert [row.contender for row in board.rows] == names
    assert all(row.rating == 0.5 and row.undecided and row.votes_needed is None for row in board.rows)
    assert board.connected == (len(names) < 2)


def test_a_disconnected_board_says_so_and_names_the_groups():
    ballots = ballots_of("a", "b", "wl") + ballots_of("d", "c", "w") + ballots_of("b", "c", "bs")
    board = rate(ballots, ["a", "b", "c", "d", "e"])
    assert not board.connected
    assert board.groups == (("a", "b"), ("c", "d"), ("e",))
    joined = rate(
        [*ballots, *ballots_of("b", "c", "t"), *ballots_of("a", "e", "l")], ["a", "b", "c", "d", "e"]
    )
    assert joined.connected


def test_votes_of_others_and_of_a_contender_with_itself_are_left_out():
    ballots = ballots_of("a", "b", "ww") + ballots_of("a", "a", "wt") + ballots_of("a", "x", "llll")
    assert rate(ballots, ["a", "b"]) == rate(ballots_of("a", "b", "ww"), ["a", "b"])


def test_ties_that_nobody_was_asked_about_are_told_apart():
    ballots = ballots_of("a", "b", "wt") + ballots_of("b", "a", "ttt", judge=IDENTICAL)
    board = rate(ballots, ["a", "b"])
    row = by_name(board)["a"]
    assert (row.ties, row.identical, row.votes, board.identical) == (1, 3, 2, 3)
    assert row.rating == 0.75


def test_where_all_answers_are_identical_nothing_is_claimed():
    ballots = [b for pair in ("ab", "bc", "ac") for b in ballots_of(*pair, "t" * 40, judge=IDENTICAL)]
    for names in (["a", "b"], ["a", "b", "c"]):
        board = rate(ballots, names)
        assert (board.votes, board.identical, board.connected) == (
            0,
            40 * len(names) - 40 * (len(names) == 2),
            False,
        )
        assert all(row.rating == 0.5 and row.undecided and row.votes_needed is None for row in board.rows)


def test_the_share_of_both_bad_has_an_interval_of_its_own():
    board = rate(ballots_of("a", "b", "wwwlbb"), ["a", "b", "c"])
    bads = by_name(board)["a"].bads
    expected = wilson(2 / 6, 6)
    assert bads == Share(6, 2 / 6, expected.low, expected.high)
    assert by_name(board)["c"].bads is None
    # Bad on one case again and again says less of others.
    again = by_name(rate(ballots_of("a", "b", "bww" * 4), ["a", "b"]))["a"].bads
    few = [replace(b, case=f"case {n % 3}") for n, b in enumerate(ballots_of("a", "b", "bww" * 4))]
    assert by_name(rate(few, ["a", "b"]))["a"].bads.margin > again.margin


@unhurried
@given(tournaments(), st.sampled_from([BAD, SKIP, "identical", "repeat"]), st.integers(1, 8))
def test_what_is_no_vote_moves_no_rating(tournament, kind, times):
    names, ballots = tournament
    more = Ballot(
        names[0], names[1], "case 0", TIE if isinstance(kind, str) and kind not in list(Outcome) else kind
    )
    if kind == "identical":
        more = replace(more, judge=IDENTICAL)
    elif kind == "repeat":
        more = replace(more, repeat=True, outcome=WIN)
    before, after = rate(ballots, names), rate([*ballots, *[more] * times], names)
    assert before.votes == after.votes
    for one, other in zip(before.rows, after.rows, strict=True):
        assert (one.contender, one.rating, one.low, one.high) == (
            other.contender,
            other.rating,
            other.low,
            other.high,
        )


@unhurried
@given(tournaments())
def test_intervals_hold_their_rating_and_are_never_a_point(tournament):
    names, ballots = tournament
    board = rate(ballots, names)
    assert sorted(row.contender for row in board.rows) == sorted(names)
    assert [row.rating for row in board.rows] == pytest.approx(
        sorted((r.rating for r in board.rows), reverse=True)
    )
    for row in board.rows:
        assert 0 <= row.low <= row.rating <= row.high <= 1
        assert row.high - row.low > 1e-3
        assert row.votes_needed is None or (row.undecided and row.votes_needed > 0)


@unhurried
@given(tournaments(), st.randoms(use_true_random=False))
def test_neither_the_order_of_votes_nor_who_is_named_first_matters(tournament, rng):
    names, ballots = tournament
    turned = [
        Ballot(b.second, b.first, b.case, MIRROR.get(b.outcome, b.outcome)) if rng.random() < 0.5 else b
        for b in rng.sample(ballots, len(ballots))
    ]
    before, after = by_name(rate(ballots, names)), by_name(rate(turned, rng.sample(names, len(names))))
    for name in names:
        one, other = before[name], after[name]
        assert (one.rating, one.low, one.high) == pytest.approx(
            (other.rating, other.low, other.high), abs=1e-9
        )
        assert (one.wins, one.losses, one.ties, one.bad) == (other.wins, other.losses, other.ties, other.bad)


@unhurried
@given(tournaments())
def test_swapping_two_names_swaps_their_ratings(tournament):
    names, ballots = tournament
    swap = {names[0]: names[1], names[1]: names[0]}
    renamed = [
        Ballot(swap.get(b.first, b.first), swap.get(b.second, b.second), b.case, b.outcome) for b in ballots
    ]
    before, after = by_name(rate(ballots, names)), by_name(rate(renamed, names))
    for name in names:
        assert before[name].rating == pytest.approx(after[swap.get(name, name)].rating, abs=1e-9)
        assert before[name].low == pytest.approx(after[swap.get(name, name)].low, abs=1e-9)


@unhurried
@given(tournaments(), st.sampled_from(["case 0", "new case"]))
def test_a_win_never_lowers_the_winner_nor_raises_the_loser(tournament, case):
    names, ballots = tournament
    before = by_name(rate(ballots, names))
    after = by_name(rate([*ballots, Ballot(names[0], names[1], case, WIN)], names))
    assert after[names[0]].rating >= before[names[0]].rating - 1e-9
    assert after[names[1]].rating <= before[names[1]].rating + 1e-9


@unhurried
@given(tournaments(), st.integers(1, 5))
def test_ties_between_equals_change_no_order(tournament, times):
    names, ballots = tournament
    board = rate(ballots, names)
    equal = [
        (a, b) for a, b in zip(board.rows, board.rows[1:], strict=False) if round(a.rating - b.rating, 9) == 0
    ]
    assume(equal)
    one, other = equal[0]
    tied = rate([*ballots, *[Ballot(one.contender, other.contender, "c", TIE)] * times], names)
    assert [row.contender for row in tied.rows] == [row.contender for row in board.rows]


@unhurried
@given(tournaments(least=3))
def test_the_strengths_agree_with_hunters_algorithm(tournament):
    names, ballots = tournament
    size = len(names)
    score = [[0.0 if i == j else PRIOR / 2 for j in range(size)] for i in range(size)]
    for ballot in ballots:
        i, j = names.index(ballot.first), names.index(ballot.second)
        for_first = {WIN: 1.0, LOSS: 0.0, TIE: 0.5}.get(ballot.outcome)
        if for_first is not None:
            score[i][j] += for_first
            score[j][i] += 1 - for_first
    # Hunter (2004), equation 3: each is its score over the sum of n / (own + other's), until nothing moves.
    worth = [1.0] * size
    for _ in range(20_000):
        new = [
            sum(score[i])
            / sum((score[i][j] + score[j][i]) / (worth[i] + worth[j]) for j in range(size) if j != i)
            for i in range(size)
        ]
        scale = math.exp(sum(map(math.log, new)) / size)
        new = [value / scale for value in new]
        moved = max(abs(a - b) for a, b in zip(new, worth, strict=True))
        worth = new
        if moved < 1e-13:
            break
    strengths = fit(size, tally(ballots, names))
    assert strengths.values == pytest.approx([math.log(value) for value in worth], abs=1e-6)
    rows = by_name(rate(ballots, names))
    for i, name in enumerate(names):
        expected = sum(worth[i] / (worth[i] + worth[j]) for j in range(size) if j != i) / (size - 1)
        assert rows[name].rating == pytest.approx(expected, abs=1e-6)


def test_the_variance_is_the_mean_of_the_two_worked_by_hand():
    # Of three equals, 8 votes a pair of which 2 ties: every p is ½ and every pair knows n / 4 with the prior.
    ballots = [b for pair in ("ab", "bc", "ac") for b in ballots_of(*pair, "wwwllltt")]
    ballots = [replace(ballot, case=str(number)) for number, ballot in enumerate(ballots)]
    strengths = fit(3, tally(ballots, list("abc")))
    known = (8 + PRIOR) / 4
    # One conductor of w beside two in a row: 1 / (w + w / 2).
    inverse = 1 / (1.5 * known)
    # The votes that are no ties miss by ½; the sandwich replaces n / 4 by 6 / 4.
    sandwich = inverse * (6 / 4) / known
    assert strengths.variance(0, 1) == pytest.approx((inverse + sandwich) / 2)
    margin = 1.959964 * math.sqrt(strengths.variance(0, 1))
    interval = strengths.difference(0, 1)
    assert (interval.low, interval.high) == pytest.approx((-margin, margin), abs=1e-5)


def test_extreme_tables_converge():
    ballots = [
        *ballots_of("a", "b", "w" * 5000),
        *ballots_of("b", "c", "w" * 5000),
        *ballots_of("a", "c", "l"),
    ]
    rows = by_name(rate(ballots, ["a", "b", "c", "d"]))
    assert rows["a"].rating > rows["b"].rating > rows["c"].rating
    assert all(0 <= row.low < row.high <= 1 for row in rows.values())
