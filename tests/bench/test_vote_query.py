"""Which votes count: a line of filters read, and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.bench.board_views import EVERY_VOTE, VoteFilter
from workbench.bench.vote_query import read_vote_query, vote_query_words
from workbench.errors import UsageError

NOW = "2026-02-05T12:00:00.000Z"


def test_filters_come_in_any_order_and_several_cases_and_judges_add_up():
    query = 'judge:Ada case:card blind:no case:"the long one" judge:"Ben B" since:7d until:2026-02-01'
    assert read_vote_query(query, NOW) == VoteFilter(
        cases=("card", "the long one"),
        judges=("Ada", "Ben B"),
        blind=False,
        since="2026-01-29T12:00:00.000Z",
        until="2026-02-02T00:00:00.000Z",
    )


@pytest.mark.parametrize("query", ["", "   ", "case:", 'judge:""', "blind: since:"])
def test_a_line_that_says_nothing_yet_asks_for_all_votes(query: str):
    assert read_vote_query(query) == EVERY_VOTE


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("Ada", "“Ada” is no filter"),
        ("judg:Ada", "Did you mean “judge”"),
        ("blind:maybe", "blind: is yes or no"),
        ("since:lately", "“lately” is no time"),
        ("until:never", "“never” is no time"),
    ],
)
def test_what_no_filter_can_mean_is_refused_with_what_can(query: str, said: str):
    with pytest.raises(UsageError) as refused:
        read_vote_query(query, NOW)
    assert said in str(refused.value)


NAMES = st.text(
    st.characters(exclude_characters='"', exclude_categories=("Cs", "Cc", "Zl", "Zp")),
    min_size=1,
    max_size=12,
)
TIMES = st.sampled_from([None, "2026-01-29T12:00:00.000Z", "2026-02-02T00:00:00.000Z"])


@given(
    st.builds(
        VoteFilter,
        cases=st.lists(NAMES, max_size=2).map(tuple),
        judges=st.lists(NAMES, max_size=2).map(tuple),
        blind=st.sampled_from([None, True, False]),
        since=TIMES,
        until=TIMES,
    )
)
def test_what_is_written_of_a_filter_is_read_as_the_same(wanted: VoteFilter):
    assert read_vote_query(" ".join(vote_query_words(wanted))) == wanted
