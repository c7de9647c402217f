from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.records import PRICED, call_of, cell_of, contender_of, result_of
from workbench.context.messages import Message
from workbench.errors import UsageError
from workbench.models.estimate import CostEstimate
from workbench.models.model import Prices
from workbench.runs.plan import (
    PlannedCall,
    Question,
    call_key,
    make_plan,
    merged,
    read_sweep,
    slowest,
    split_target,
    swept,
)

COST = CostEstimate(input=10, output_low=0, output_typical=20, output_high=40)


def question(position, text, contender=None, **more):
    return Question(cell_of(position, text, contender, **more), call_of(text), 3, COST)


def test_equal_calls_are_asked_once_and_fill_all_their_cells():
    plan = make_plan("p", 1, [question(0, "a"), question(1, "b"), question(2, "a", contender_of("bbbb"))], {})
    assert [call.positions for call in plan.calls] == [(0, 2), (1,)]
    assert [cell.position for cell in plan.cells] == [0, 1, 2]
    assert plan.cached == 0
    assert (plan.estimate.low, plan.estimate.typical, plan.estimate.high) == (20, 60, 100)


def test_calls_that_were_answered_are_not_asked_again():
    answer = result_of("a", id=7)
    plan = make_plan(
        "p", 1, [question(0, "a"), question(1, "b"), question(2, "a")], {answer.call_key: answer}
    )
    assert [call.positions for call in plan.calls] == [(1,)]
    assert [(cell.cached, cell.result and cell.result.id) for cell in plan.cells] == [
        (True, 7),
        (False, None),
        (True, 7),
    ]
    assert plan.cached == 2
    assert plan.estimate.typical == 30


def test_what_failed_before_is_asked_again_and_does_not_count_as_answered():
    plan = make_plan("p", 1, [question(0, "a", result=result_of("a", status="error"))], {})
    assert (len(plan.calls), plan.cached, plan.cells[0].result) == (1, 0, None)


def test_the_key_of_a_call_ignores_names_prices_and_how_it_is_asked():
    call = call_of(params={"a": 1, "b": 2})
    key = call_key(call, 1)
    renamed = replace(PRICED, name="other", prices=Prices(1, 1), window=5, concurrency=2, api_key_env="K")
    assert call_key(replace(call, model=renamed, timeout=1, stream=False), 1) == key
    assert call_key(replace(call, params={"b": 2, "a": 1}), 1) == key


@pytest.mark.parametrize(
    "change",
    [
        {"messages": (Message("user", "Ho"),)},
        {"messages": (Message("system", "Hi"),)},
        {"params": {"temperature": 0}},
        {"schema": {}},
        {"model": replace(PRICED, string="openai/other")},
        {"model": replace(PRICED, api_base="http://127.0.0.1/v1")},
    ],
)
def test_the_key_of_a_call_changes_with_whatever_shapes_the_answer(change):
    assert call_key(replace(call_of(), **change), 1) != call_key(call_of(), 1)


def test_each_sample_is_a_call_of_its_own():
    assert len({call_key(call_of(), sample) for sample in (1, 2, 3)}) == 3


def test_later_params_stand_over_earlier_ones_and_none_removes_one():
    assert merged({"a": 1, "b": 1}, {"b": 2, "c": 2}, {"c": None}, {"d": 0}) == {"a": 1, "b": 2, "d": 0}
    assert merged({"a": 1}, {"a": None}, {"a": 3}) == {"a": 3}
    assert merged() == {}


@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 9), unique=True, max_size=3)))
def test_a_sweep_takes_every_combination_once(params):
    combinations = swept(params)
    expected = 1
    for values in params.values():
        expected *= len(values)
    assert len(combinations) == expected == len({tuple(item.items()) for item in combinations})
    assert all(item[name] in values for item in combinations for name, values in params.items())


def test_no_sweep_is_one_combination_of_nothing():
    assert swept({}) == [{}]


@pytest.mark.parametrize(
    ("words", "params"),
    [
        (["temperature=0,0.7"], {"temperature": [0, 0.7]}),
        (["temperature = 1", "temperature=null"], {"temperature": [1, None]}),
        (["stop=[a, b]"], {"stop": [["a", "b"]]}),
        (['stop="a,b"'], {"stop": ["a,b"]}),
        (["thinking={type: enabled}", "seed=1"], {"thinking": [{"type": "enabled"}], "seed": [1]}),
        ([], {}),
    ],
)
def test_a_sweep_is_read_from_words(words, params):
    assert read_sweep(words) == params


@pytest.mark.parametrize("word", ["temperature", "temperature=", " = 1", "temperature=[", "a={b: c"])
def test_a_word_that_says_nothing_of_a_param_is_an_error(word):
    with pytest.raises(UsageError):
        read_sweep([word])


def calls_of(**numbers):
    """Return so many calls to each model of a name."""
    return [
        PlannedCall(f"{name}{number}", call_of(model=MODELS[name]), "c", (0,), None, None)
        for name, wanted in numbers.items()
        for number in range(wanted)
    ]


MODELS = {
    name: replace(PRICED, name=name, string=f"openai/{name}", **more)
    for name, more in {"quick": {}, "slow": {"concurrency": 2}, "held": {"rpm": 6}, "new": {}}.items()
}
SECONDS = {"quick": 1.0, "slow": 3.0, "held": 1.0}


def slowest_of(at_once=10, **numbers):
    return slowest(calls_of(**numbers), at_once, lambda model: SECONDS.get(model.name))


def test_the_slowest_model_is_the_one_whose_calls_take_longest_by_so_many_at_once():
    assert slowest_of(quick=20) == ("quick", 2.0)
    assert slowest_of(quick=20, slow=4) == ("slow", 6.0)


def test_a_call_takes_its_time_however_many_there_may_be_at_once():
    assert slowest_of(quick=2) == ("quick", 1.0)


def test_a_limit_a_minute_counts_too():
    assert slowest_of(held=7) == ("held", 60.0)


def test_models_that_share_a_run_take_at_least_as_long_as_all_their_calls():
    assert slowest_of(at_once=2, quick=10, slow=10) == ("slow", 20.0)


def test_a_model_without_a_past_is_left_out_and_no_past_tells_nothing():
    assert slowest_of(new=100, quick=10) == ("quick", 1.0)
    assert slowest_of(new=3) is None
    assert slowest_of() is None


def test_a_plan_knows_the_tokens_that_its_calls_send():
    answer = result_of("a", id=7)
    questions = [question(0, "a", shown=5), question(1, "b", shown=7), question(2, "b", shown=7)]
    assert make_plan("p", 1, questions, {}).tokens == 12
    assert make_plan("p", 1, questions, {answer.call_key: answer}).tokens == 7
    assert make_plan("p", 1, [question(0, "a", shown=None)], {}).tokens == 0


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("p", ("p", None)),
        ("a/p@HEAD", ("a/p", "HEAD")),
        ("p@main@{1}", ("p", "main@{1}")),
        ("p@v:1f3a9c", ("p", "v:1f3a9c")),
    ],
)
def test_a_target_is_split_at_the_first_at_sign(target, parts):
    assert split_target(target) == parts


@pytest.mark.parametrize("target", ["", "@HEAD", "p@"])
def test_a_target_that_names_no_prompt_or_no_revision_is_an_error(target):
    with pytest.raises(UsageError, match="does not name a prompt"):
        split_target(target)
