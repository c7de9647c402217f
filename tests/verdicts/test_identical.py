"""How identical answers weigh beside votes on those that differ."""

import random
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.verdicts.differing import differing
from workbench.verdicts.intervals import EVEN, share, wilson
from workbench.verdicts.matrix import head_to_head
from workbench.verdicts.pairs import Candidate
from workbench.verdicts.ratings import rate
from workbench.verdicts.strengths import fit
from workbench.verdicts.votes import IDENTICAL, Ballot, Outcome, Tally, tally
from workbench.verdicts.win_rates import win_rates

WIN, LOSS, TIE, BAD, SKIP = Outcome
unhurried = settings(deadline=None, max_examples=60)


def ballots_of(first, second, outcomes, **more):
    letters = {"w": WIN, "l": LOSS, "t": TIE, "b": BAD, "s": SKIP}
    return [
        Ballot(first, second, str(number), letters[letter], **more) for number, letter in enumerate(outcomes)
    ]


def same(first, second, times):
    return ballots_of(first, second, "t" * times, judge=IDENTICAL)


def both(first, second):
    return frozenset((first, second))


def by_name(board):
    return {row.contender: row for row in board.rows}


@st.composite
def tournaments(draw):
    names = "abcd"[: draw(st.integers(2, 4))]
    pairs = list(combinations(names, 2))
    vote = st.tuples(st.sampled_from(pairs), st.sampled_from("pqrstuvw"), st.sampled_from(list(Outcome)))
    ballots = [Ballot(*pair, case, outcome) for pair, case, outcome in draw(st.lists(vote, max_size=30))]
    shares = {}
    for pair in pairs:
        differ = draw(st.integers(0, 10))
        shares[frozenset(pair)] = differ / 10
        ballots += same(*pair, 10 - differ)
    return names, ballots, shares


def test_half_of_the_answers_alike_halve_the_lead_and_its_interval():
    ballots = [*ballots_of("a", "b", "wwwwwwwwll"), *same("a", "b", 40)]
    row = by_name(rate(ballots, "ab", {both("a", "b"): 0.5}))["a"]
    # Of the ten votes 80 % were won; of twenty answers, ten of them alike, that is 13 of 20.
    assert row.rating == row.win_rate == pytest.approx((8 + 10 / 2) / 20)
    expected = wilson(0.65, 20**2 / 10)
    assert (row.low, row.high) == pytest.approx((expected.low, expected.high))
    assert (row.votes, row.ties, row.identical) == (10, 0, 40)


def test_the_rating_does_not_depend_on_how_many_of_the_differing_answers_were_voted_on():
    few = [*ballots_of("a", "b", "wwwl"), *same("a", "b", 300)]
    many = [*ballots_of("a", "b", "wwwl" * 25), *same("a", "b", 300)]
    shares = {both("a", "b"): 0.25}
    ratings = [by_name(rate(ballots, "ab", shares))["a"].rating for ballots in (few, many)]
    assert ratings == pytest.approx([0.5625, 0.5625])


def test_while_nobody_voted_identical_answers_claim_nothing():
    board = rate(same("a", "b", 90), "ab", {both("a", "b"): 0.1})
    assert [(row.win_rate, row.low, row.high) for row in board.rows] == [(None, 0, 1)] * 2
    assert win_rates(same("a", "b", 90), {both("a", "b"): 0.1}) == {}


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_where_no_answers_differ_contenders_are_even_and_more_answers_make_it_surer(names):
    def margins(times):
        ballots = [b for pair in combinations(names, 2) for b in same(*pair, times)]
        board = rate(ballots, names, {frozenset(pair): 0.0 for pair in combinations(names, 2)})
        assert board.connected and all(row.rating == pytest.approx(EVEN) for row in board.rows)
        assert all(row.undecided and row.votes_needed is None for row in board.rows)
        return [row.high - row.low for row in board.rows]

    assert min(margins(3)) > 0.4
    assert 0.01 < max(margins(100)) < 0.1


def test_without_a_share_identical_answers_weigh_nothing():
    ballots = ballots_of("a", "b", "wwl")
    assert rate([*ballots, *same("a", "b", 50)], "ab").rows[0].rating == rate(ballots, "ab").rows[0].rating


def test_a_near_copy_is_near_in_rank_though_it_loses_where_it_differs():
    # b is a but for one answer in twenty, in which it is worse; both beat c nine times in ten.
    ballots = [
        *ballots_of("a", "b", "w" * 20),
        *same("a", "b", 380),
        *[b for one in "ab" for b in ballots_of(one, "c", "wwwwwwwwwl" * 4)],
    ]
    rows = by_name(rate(ballots, "abc", {both("a", "b"): 0.05}))
    assert 0 < rows["a"].rating - rows["b"].rating < 0.05
    assert rows["b"].rating - rows["c"].rating > 0.4


@unhurried
@given(tournaments())
def test_of_two_the_votes_alone_decide_whether_they_are_even(tournament):
    names, ballots, shares = tournament
    people = [ballot for ballot in ballots if ballot.judge != IDENTICAL]
    found, alone = head_to_head(ballots, names, shares), head_to_head(people, names)
    for place, meeting in found.meetings.items():
        assert meeting.undecided == alone.meetings[place].undecided
        if meeting.rate:
            assert 0 <= meeting.rate.low <= meeting.rate.rate <= meeting.rate.high <= 1
            assert meeting.rate.margin > 0
        if meeting.rate and alone.meetings[place].rate and shares[frozenset(place)]:
            apart = alone.meetings[place].rate.rate - EVEN
            assert meeting.rate.rate - EVEN == pytest.approx(apart * shares[frozenset(place)])


@unhurried
@given(tournaments(), st.randoms(use_true_random=False))
def test_neither_order_nor_names_matter(tournament, rng):
    names, ballots, shares = tournament
    before = by_name(rate(ballots, names, shares))
    other = dict(zip(names, rng.sample("wxyz", len(names)), strict=True))
    turned = [
        Ballot(other[b.second], other[b.first], b.case, b.outcome.mirrored, judge=b.judge)
        if rng.random() < 0.5
        else replace(b, first=other[b.first], second=other[b.second])
        for b in rng.sample(ballots, len(ballots))
    ]
    renamed = {frozenset(other[name] for name in pair): share for pair, share in shares.items()}
    after = by_name(rate(turned, rng.sample(list(other.values()), len(names)), renamed))
    for name, row in before.items():
        found = after[other[name]]
        assert (row.rating, row.low, row.high) == pytest.approx(
            (found.rating, found.low, found.high), abs=1e-9
        )
        assert row.win_rate == pytest.approx(found.win_rate)
        assert (row.votes, row.identical, row.undecided) == (found.votes, found.identical, found.undecided)


@unhurried
@given(tournaments(), st.data())
def test_a_win_in_place_of_a_tie_or_a_loss_never_lowers_the_winner(tournament, data):
    names, ballots, shares = tournament
    places = [n for n, b in enumerate(ballots) if b.counts and b.outcome is not WIN]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    won = [*ballots]
    won[place] = replace(ballots[place], outcome=WIN)
    before, after = by_name(rate(ballots, names, shares)), by_name(rate(won, names, shares))
    assert after[won[place].first].rating >= before[won[place].first].rating - 1e-9
    assert after[won[place].second].rating <= before[won[place].second].rating + 1e-9


@unhurried
@given(tournaments())
def test_of_two_one_more_win_never_lowers_the_winner(tournament):
    _, ballots, shares = tournament
    before = rate(ballots, "ab", shares)
    after = by_name(rate([*ballots, Ballot("a", "b", "new", WIN)], "ab", shares))
    assert after["a"].rating >= by_name(before)["a"].rating - 1e-9


@unhurried
@given(tournaments())
def test_intervals_hold_their_rating_and_are_never_a_point(tournament):
    names, ballots, shares = tournament
    for row in rate(ballots, names, shares).rows:
        assert 0 <= row.low <= row.rating <= row.high <= 1
        assert row.high - row.low > 1e-3


@unhurried
@given(tournaments())
def test_win_rates_and_rows_of_the_matrix_are_those_of_the_board(tournament):
    names, ballots, shares = tournament
    found = win_rates(ballots, shares)
    for row in rate(ballots, names, shares).rows:
        won = found.get(row.contender)
        assert (won.votes if won else 0) == row.votes
        assert (won.rate if won else None) == row.win_rate
    if len(names) == 2:
        meeting = head_to_head(ballots, names, shares).meetings["a", "b"]
        assert meeting.rate == (None if found == {} else found["a"])


def drawn(strength, differ, answers, votes, ties, rng):
    """The tally of two contenders of which the first wins so often where they differ."""
    differing = sum(rng.random() < differ for _ in range(answers))
    names, ballots = "ab", []
    tied = min(ties, 2 * strength, 2 - 2 * strength)
    weights = (strength - tied / 2, tied, 1 - strength - tied / 2)
    for number in range(min(votes, differing)):
        ballots.append(Ballot("a", "b", str(number), rng.choices((WIN, TIE, LOSS), weights)[0]))
    ballots += same("a", "b", answers - differing)
    return tally(ballots, names, {both("a", "b"): differing / answers}).get((0, 1), Tally())


@pytest.mark.parametrize(("answers", "votes"), [(30, 30), (100, 20), (1000, 50)])
@pytest.mark.parametrize("differ", [0.05, 0.3, 0.8])
def test_the_interval_holds_the_win_rate_over_all_answers(answers, votes, differ):
    rng = random.Random(f"{answers} {votes} {differ}")
    held = 0
    for _ in range(1000):
        strength = min(0.98, max(0.02, rng.gauss(0.5, 0.25)))
        found = share(drawn(strength, differ, answers, votes, 0, rng))
        truth = EVEN + differ * (strength - EVEN)
        held += found is None or found.low <= truth <= found.high
    assert held >= 925


@pytest.mark.parametrize(("answers", "votes"), [(30, 30), (200, 40)])
@pytest.mark.parametrize("ties", [0, 0.3])
def test_so_do_the_intervals_of_differences_among_four(answers, votes, ties):
    rng = random.Random(f"{answers} {votes} {ties}")
    held = []
    for differ in (0.1, 0.3, 0.7):
        for _ in range(60):
            worth = [rng.gauss(0, 1) for _ in range(4)]
            tallies, many = {}, {}
            for i, j in combinations(range(4), 2):
                chance = 1 / (1 + 2.718281828 ** (worth[j] - worth[i]))
                tallies[i, j] = drawn(chance, differ, answers, votes, ties, rng)
                # What the model would say after votes on answers without end.
                wins = 1e6 * (EVEN + differ * (chance - EVEN))
                many[i, j] = Tally({"": [wins, 1e6 - wins, 0, 0]}, wins, 1e6 - wins, 0)
            limit, fitted = fit(4, many).values, fit(4, tallies)
            held += [fitted.difference(i, j).spans(limit[i] - limit[j]) for i, j in tallies]
    assert sum(held) / len(held) >= 0.925


def candidates(*texts):
    """Results of contenders a, b, …: for each, by case, the texts of its samples."""
    number = iter(range(1000))
    return [
        Candidate(next(number), name, case, text)
        for name, cases in zip("abc", texts, strict=False)
        for case, samples in cases.items()
        for text in samples
    ]


def test_the_share_that_differs_is_of_all_pairs_of_results_and_cases_count_alike():
    found = differing(candidates({"x": "pq", "y": "p"}, {"x": "pppq", "y": "q"}))
    # On x three of four say p: pairs alike are 1·3 + 1·1 of 8. On y none is.
    assert found == {both("a", "b"): pytest.approx((0.5 + 1) / 2)}


def test_a_result_met_twice_counts_once_and_contenders_without_a_shared_case_have_no_share():
    some = candidates({"x": "p"}, {"x": "p", "y": "q"}, {"y": "r"})
    assert differing([*some, *some]) == {both("a", "b"): 0.0, both("b", "c"): 1.0}


def test_shares_are_of_groups_where_these_are_rated():
    some = candidates({"x": "p"}, {"x": "p"}, {"x": "q"})
    group = {"a": "new", "b": "old", "c": "old"}
    assert differing(some, group.__getitem__) == {both("new", "old"): 0.5}
    apart = differing(some, group.__getitem__, lambda first, second: {first, second} != {"a", "c"})
    assert apart == {both("new", "old"): 0.0}
