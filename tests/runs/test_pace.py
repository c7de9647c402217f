from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.records import PRICED, planned_of
from workbench.models.gateway import LONGEST_RETRY_AFTER
from workbench.runs.pace import MINUTE, Pace, Paces


def pace_of(**limits):
    return Pace(replace(PRICED, **limits))


def refusals(pace, sent, now, retry_after=None):
    for number, one in enumerate(sent):
        pace.refused(one, len(sent) - number, retry_after, now)


def test_a_model_without_limits_never_waits():
    pace = pace_of()
    for _ in range(1000):
        assert pace.wait(10**6, 0.0) == 0.0
        pace.send(10**6, 0.0)
    assert pace.window is None


@given(
    rpm=st.integers(1, 5),
    tpm=st.integers(50, 300),
    tries=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120), st.floats(0, 30)), max_size=25),
)
def test_no_minute_holds_more_calls_or_tokens_than_the_entry_allows(rpm, tpm, tries):
    pace, now, sent = pace_of(rpm=rpm, tpm=tpm), 0.0, []
    for tokens, used, idle in tries:
        now += idle
        while (wait := pace.wait(tokens, now)) > 0:
            now += wait
        one = pace.send(tokens, now)
        sent.append((now, min(used, tokens)))
        pace.settle(one, min(used, tokens), now)
        minute = [at for at in sent if at[0] + MINUTE > now]
        assert len(minute) <= rpm
        assert sum(tokens for _, tokens in minute) <= tpm or len(minute) == 1


def test_what_a_call_did_not_use_is_there_for_the_next_and_what_it_used_beyond_is_not():
    pace = pace_of(tpm=100)
    first = pace.send(90, 0.0)
    assert pace.wait(50, 10.0) == 50.0
    pace.settle(first, 40, 10.0)
    assert pace.wait(50, 10.0) == 0.0
    pace.settle(first, 99, 10.0)
    assert pace.wait(2, 10.0) == 50.0


def test_a_call_that_is_settled_after_its_minute_counts_no_more():
    pace = pace_of(tpm=100)
    first = pace.send(90, 0.0)
    pace.settle(first, 500, 61.0)
    assert pace.wait(100, 61.0) == 0.0


def test_a_call_larger_than_the_limit_goes_alone_and_not_never():
    pace = pace_of(tpm=100)
    assert pace.wait(500, 0.0) == 0.0
    pace.send(500, 0.0)
    assert pace.wait(1, 0.0) == MINUTE
    assert pace.wait(500, MINUTE) == 0.0


def test_a_burst_of_refusals_halves_the_window_once_and_the_next_burst_again():
    pace = pace_of()
    refusals(pace, [pace.send(0, 0.0) for _ in range(8)], 1.0)
    assert pace.window == 4
    refusals(pace, [pace.send(0, 2.0) for _ in range(4)], 3.0)
    assert pace.window == 2
    for now in (4.0, 6.0, 8.0):
        refusals(pace, [pace.send(0, now)], now + 1)
    assert pace.window == 1


def test_a_server_that_refuses_even_one_call_at_a_time_is_left_alone_ever_longer_until_it_answers():
    pace, now, pauses = pace_of(), 0.0, []
    for _ in range(11):
        pace.refused(pace.send(0, now), 1, None, now + 1)
        pauses.append(pace.wait(0, now + 1))
        now += 100
    assert pauses == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 28.5, 0.0]
    assert sum(pauses) == LONGEST_RETRY_AFTER
    pace.refused(pace.send(0, now), 1, None, now)
    pace.answered(8)
    now += 100
    for _ in range(2):
        pace.refused(pace.send(0, now), 1, None, now + 1)
        now += 2
    assert pace.wait(0, now - 1) == 0.5


def test_answers_widen_the_window_one_by_one_until_there_is_none():
    pace = pace_of()
    refusals(pace, [pace.send(0, 0.0) for _ in range(8)], 1.0)
    widths = []
    while pace.window is not None:
        widths.append(pace.window)
        pace.answered(8)
    assert widths == sorted(widths)
    assert set(widths) == {4, 5, 6, 7}
    assert widths.count(4) >= 4


def test_the_longest_pause_that_a_server_asks_for_holds_every_call():
    pace = pace_of()
    first, second = pace.send(0, 0.0), pace.send(0, 0.0)
    pace.refused(first, 2, 7.0, 0.0)
    pace.refused(second, 1, 3.0, 0.0)
    assert (pace.wait(0, 0.0), pace.wait(0, 6.0), pace.wait(0, 7.0)) == (7.0, 1.0, 0.0)


def test_one_pace_serves_all_runs_of_a_model_with_the_limits_its_entry_has_now():
    paces = Paces()
    first = paces.of(replace(PRICED, rpm=1))
    first.send(1, 0.0)
    assert first.wait(1, 0.0) == MINUTE
    assert paces.of(replace(PRICED, name="another", rpm=2)) is first
    assert first.wait(1, 0.0) == 0.0
    assert paces.of(replace(PRICED, api_base="http://127.0.0.1:1/v1")) is not first


@pytest.mark.parametrize(
    ("params", "tokens"), [({}, 1003), ({"max_tokens": 20}, 23), ({"max_tokens": 9000}, 1003)]
)
def test_a_try_sets_aside_its_input_and_what_a_call_typically_writes(params, tokens):
    assert pace_of(tpm=10_000).tokens_of(planned_of(params=params)) == tokens
    assert pace_of().tokens_of(planned_of(params=params)) == 0
