"""Who won against whom."""

from hypothesis import given
from hypothesis import strategies as st

from workbench.verdicts.matrix import head_to_head
from workbench.verdicts.ratings import rate
from workbench.verdicts.votes import IDENTICAL, Ballot, Outcome

WIN, LOSS, TIE, BAD, SKIP = Outcome
BALLOTS = st.lists(
    st.builds(
        Ballot,
        first=st.sampled_from("abc"),
        second=st.sampled_from("abcx"),
        case=st.sampled_from("pqrs"),
        outcome=st.sampled_from(list(Outcome)),
        judge=st.sampled_from(["ann", "ann", IDENTICAL]),
    ),
    max_size=40,
)


def ballots_of(first, second, outcomes):
    letters = {"w": WIN, "l": LOSS, "t": TIE, "b": BAD, "s": SKIP}
    return [Ballot(first, second, str(number), letters[letter]) for number, letter in enumerate(outcomes)]


def test_a_meeting_is_what_a_board_of_the_two_would_say():
    ballots = [*ballots_of("a", "b", "wwwlltbs"), *ballots_of("b", "c", "w" * 20)]
    found = head_to_head(ballots, "abc").meetings["a", "b"]
    board = rate(ballots, ["a", "b"])
    row = board.rows[0]
    assert (found.wins, found.losses, found.ties, found.bad, found.skipped) == (3, 2, 1, 1, 1)
    assert (found.rate.rate, found.rate.low, found.rate.high) == (row.rating, row.low, row.high)
    assert (found.sign_test, found.undecided) == (board.sign_test, row.undecided)


def test_contenders_that_never_met_have_no_rate_and_none_meets_itself():
    found = head_to_head(ballots_of("a", "b", "w" * 9), ["a", "b", "c"])
    assert found.meetings["a", "c"].rate is None and found.meetings["a", "c"].undecided
    assert [meeting and meeting.second for meeting in found.row("b")] == ["a", None, "c"]
    assert not found.meetings["b", "a"].undecided
    assert head_to_head([], []).meetings == {}


def test_a_circle_is_seen_that_no_ranking_can_say():
    circle = [b for pair in ("ab", "bc", "ca") for b in ballots_of(*pair, "w" * 9)]
    assert head_to_head(circle, "abcd").circles == (("a", "b", "c"),)
    assert head_to_head(circle, "cba").circles == (("c", "a", "b"),)
    assert head_to_head([*circle, *ballots_of("c", "a", "l" * 9)], "abc").circles == ()
    ranked = [b for pair in ("ab", "bc", "ac") for b in ballots_of(*pair, "w" * 9)]
    assert head_to_head(ranked, "abc").circles == ()


@given(BALLOTS)
def test_both_ends_of_a_meeting_mirror_each_other(ballots):
    found = head_to_head(ballots, "abc")
    assert len(found.meetings) == 6
    for (first, second), meeting in found.meetings.items():
        other = found.meetings[second, first]
        assert (meeting.wins, meeting.losses, meeting.ties) == (other.losses, other.wins, other.ties)
        assert (meeting.bad, meeting.skipped, meeting.identical) == (
            other.bad,
            other.skipped,
            other.identical,
        )
        assert meeting.undecided == other.undecided and meeting.sign_test == other.sign_test
        assert (meeting.rate is None) == (other.rate is None)


@given(BALLOTS)
def test_rows_add_up_to_the_board(ballots):
    found, board = head_to_head(ballots, "abc"), rate(ballots, "abc")
    for row in board.rows:
        own = [meeting for meeting in found.row(row.contender) if meeting]
        assert (sum(m.wins for m in own), sum(m.losses for m in own), sum(m.ties for m in own)) == (
            row.wins,
            row.losses,
            row.ties,
        )
        assert (sum(m.bad for m in own), sum(m.identical for m in own)) == (row.bad, row.identical)
