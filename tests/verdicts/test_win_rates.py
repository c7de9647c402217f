"""Win rates straight from the votes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.verdicts.ratings import rate
from workbench.verdicts.votes import Ballot, Outcome
from workbench.verdicts.win_rates import win_rates

NAMES = ("a", "b", "c")
BALLOTS = st.lists(
    st.builds(
        Ballot,
        first=st.sampled_from(NAMES),
        second=st.sampled_from(NAMES),
        case=st.sampled_from(("x", "y")),
        outcome=st.sampled_from(list(Outcome)),
    ),
    max_size=30,
)


@given(BALLOTS)
def test_votes_and_win_rates_are_those_of_the_board(ballots: list[Ballot]):
    found = win_rates(ballots)
    for row in rate(ballots, NAMES).rows:
        won = found.get(row.contender)
        assert (won.votes if won else 0) == row.votes
        assert (won.rate if won else None) == row.win_rate


@given(BALLOTS)
def test_the_rate_lies_in_its_interval_which_is_never_empty(ballots: list[Ballot]):
    for won in win_rates(ballots).values():
        assert 0 <= won.low <= won.rate <= won.high <= 1 and won.margin > 0


def test_more_votes_make_the_interval_narrower_and_repeats_of_a_case_less_so():
    def margin(votes: int, cases: int) -> float:
        outcomes = (Outcome.WIN, Outcome.WIN, Outcome.LOSS)
        ballots = [
            Ballot("a", "b", str(number % cases), outcomes[number % cases % 3]) for number in range(votes)
        ]
        return win_rates(ballots)["a"].margin

    assert margin(60, 60) < margin(12, 12)
    assert margin(60, 60) < margin(60, 6)
