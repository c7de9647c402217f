from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.runs.lanes import shares


@given(total=st.integers(1, 40), demands=st.lists(st.integers(0, 50), max_size=12))
def test_places_are_shared_evenly_and_none_is_left_over_that_somebody_needs(total, demands):
    given_ = shares(total, demands)
    assert sum(given_) == min(total, sum(demands))
    for mine, wanted in zip(given_, demands, strict=True):
        assert 0 <= mine <= wanted
        if mine < wanted:
            assert max(given_) <= mine + 1


def test_what_cannot_be_divided_goes_to_the_first():
    assert shares(8, [9, 9, 9]) == [3, 3, 2]
    assert shares(1, [1, 9]) == [1, 0]
    assert shares(2, [0, 1, 9, 9]) == [0, 1, 1, 0]


def test_what_one_does_not_need_goes_to_the_others():
    assert shares(10, [1, 20, 20]) == [1, 5, 4]
    assert shares(10, [1, 2, 20]) == [1, 2, 7]
