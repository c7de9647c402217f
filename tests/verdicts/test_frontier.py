"""What quality costs."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workbench.verdicts.frontier import frontier
from workbench.verdicts.ratings import rate
from workbench.verdicts.votes import Ballot, Outcome

WIN, LOSS, TIE, BAD, SKIP = Outcome
PRICES = st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(0, 5))
BALLOTS = st.lists(
    st.builds(
        Ballot,
        first=st.sampled_from("abcd"),
        second=st.sampled_from("abcd"),
        case=st.integers(0, 30).map(str),
        outcome=st.sampled_from([WIN, LOSS, TIE, BAD]),
    ),
    max_size=60,
)


def ballots_of(first, second, outcomes):
    letters = {"w": WIN, "l": LOSS, "t": TIE}
    return [
        Ballot(first, second, f"{first}{second}{n}", letters[letter]) for n, letter in enumerate(outcomes)
    ]


def ladder(names, outcomes="w" * 40):
    """A board on which each contender surely beats all after it."""
    return rate(
        [
            b
            for i, one in enumerate(names)
            for other in names[i + 1 :]
            for b in ballots_of(one, other, outcomes)
        ],
        names,
    )


def test_only_those_that_nobody_beats_on_both_are_on_the_frontier():
    found = frontier(ladder("abcd"), {"a": 9, "b": 3, "c": 4, "d": 0})
    assert [(point.contender, point.price) for point in found.points] == [
        ("d", 0),
        ("b", 3),
        ("c", 4),
        ("a", 9),
    ]
    assert found.best == ("d", "b", "a")
    assert [point.beaten_by for point in found.points] == [None, None, "b", None]
    assert (found.leader, found.enough, found.shortfall) == ("a", "a", 0.0)


def test_the_cheapest_that_may_be_as_good_as_the_leader_is_enough():
    even = [
        *ballots_of("a", "b", "wl" * 20 + "w"),
        *ballots_of("a", "c", "w" * 40),
        *ballots_of("b", "c", "w" * 40),
    ]
    board = rate(even, ["a", "b", "c"])
    found = frontier(board, {"a": 9, "b": 3, "c": 1})
    assert (found.leader, found.enough) == ("a", "b")
    low = next(row.low for row in board.rows if row.contender == "b")
    assert found.shortfall == board.rows[0].rating - low > 0


def test_the_unpriced_and_the_unrated_are_apart_and_win_nothing():
    board = rate(ballots_of("a", "b", "w" * 20), ["a", "b", "c"])
    found = frontier(board, {"a": None, "b": 2.5, "c": 0.1})
    assert (found.unpriced, found.unrated) == (("a",), ("c",))
    assert found.best == ("b",)
    # The best has no price and the other is surely worse: nothing with a price is known to do.
    assert (found.leader, found.enough, found.shortfall) == ("a", None, None)


def test_who_was_never_compared_with_the_leader_does_not_do_its_job():
    board = rate([*ballots_of("a", "b", "w" * 20), *ballots_of("c", "d", "wl")], ["a", "b", "c", "d"])
    found = frontier(board, {"a": 9, "b": 3, "c": 1, "d": 1})
    assert not board.connected
    assert (found.leader, found.enough) == ("a", "a")


def test_equals_at_one_price_are_both_on_the_frontier():
    board = rate(
        [*ballots_of("a", "b", "wl" * 9), *ballots_of("a", "c", "w" * 9), *ballots_of("b", "c", "w" * 9)],
        "abc",
    )
    assert set(frontier(board, {"a": 2, "b": 2, "c": 2}).best) == {"a", "b"}
    assert frontier(board, {"a": 2, "b": 1, "c": 2}).best == ("b",)


def test_without_votes_there_is_nobody_to_choose():
    found = frontier(rate([], ["a", "b"]), {"a": 1, "b": 2})
    assert (found.points, found.leader, found.enough) == ((), None, None)
    assert found.unrated == ("a", "b")


@given(BALLOTS, PRICES)
def test_every_contender_is_placed_once_and_the_frontier_climbs(ballots, prices):
    board = rate(ballots, list("abcd"))
    found = frontier(board, prices)
    placed = [*(point.contender for point in found.points), *found.unpriced, *found.unrated]
    assert sorted(placed) == list("abcd")
    ratings = {point.contender: point for point in found.points}
    climb = [(ratings[name].price, round(ratings[name].rating, 9)) for name in found.best]
    for (price, rating), (dearer, better) in pairwise(climb):
        assert (price < dearer and rating < better) or (price, rating) == (dearer, better)
    for point in found.points:
        if point.beaten_by:
            # Whoever beats another is itself on the frontier, or as good as one that is.
            beater = ratings[point.beaten_by]
            assert beater.price <= point.price and round(beater.rating, 9) >= round(point.rating, 9)
    if found.points:
        assert found.best


@given(BALLOTS, PRICES)
def test_what_is_enough_is_never_dearer_than_the_leader(ballots, prices):
    found = frontier(rate(ballots, list("abcd")), prices)
    if found.leader and prices.get(found.leader) is not None:
        assert prices[found.enough] <= prices[found.leader]
        assert found.shortfall >= 0
