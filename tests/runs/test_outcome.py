from __future__ import annotations

import asyncio
import json
import time

import pytest

from tests.support.records import NOW, PRICED, planned_of
from workbench.context.messages import Message
from workbench.errors import CallError
from workbench.models.calls import Answer, ToolCall, Usage
from workbench.models.model import Model, Prices, Tier
from workbench.runs.checking import checked
from workbench.runs.outcome import answered, cancelled, failed, validate

SCHEMA = {"type": "object", "properties": {"queue": {"enum": ["billing", "bug"]}}, "required": ["queue"]}


def status_of(answer):
    return answered(planned_of(), answer, NOW, NOW).status


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer("Hi", finish="stop"), "ok"),
        (Answer("Hi"), "ok"),
        (Answer("Hi", finish="length"), "cut"),
        (Answer(" \n", finish="stop"), "empty"),
        (Answer("", reasoning="thought on and on", finish="length"), "empty"),
        (Answer("", tool_calls=(ToolCall("look_up"),), finish="tool_calls"), "ok"),
        (Answer("", refusal="I cannot"), "refused"),
        (Answer("Hi", finish="content_filter"), "refused"),
    ],
)
def test_the_status_of_an_answer_follows_its_end(answer, status):
    assert status_of(answer) == status


def test_an_answer_is_recorded_with_all_that_is_known_of_it():
    answer = Answer("Hi", "thought", None, "stop", Usage(10, 5), 0.1, 0.5, "mini-2026", 2)
    result = answered(planned_of(), answer, NOW, NOW)
    assert (result.text, result.reasoning, result.finish, result.tries) == ("Hi", "thought", "stop", 2)
    assert (result.ttft, result.total, result.answered_by, result.estimated) == (0.1, 0.5, "mini-2026", 3)
    assert result.cost == 10 * 10 + 5 * 20
    assert json.loads(result.prices)["input_usd_per_million"] == "0.00001"


def test_the_tools_that_a_model_asks_for_are_part_of_its_result():
    asked = (ToolCall("look_up", '{"order": 7}'),)
    assert answered(planned_of(), Answer("", tool_calls=asked), NOW, NOW).tool_calls == asked


def test_the_prices_of_the_tier_that_was_reached_are_kept_with_the_result():
    prices = Prices(10, 20, 1, (Tier(100, 2_000_000, 4_000_000, 200_000),), "LiteLLM 1")
    model = Model("m", "openai/m", prices=prices)
    below, above = (
        answered(planned_of(model=model), Answer("Hi", usage=Usage(heard, 5)), NOW, NOW)
        for heard in (100, 101)
    )
    assert json.loads(below.prices)["cached_input_usd_per_million"] == "0.000001"
    assert json.loads(above.prices) == {
        "input_usd_per_million": "2",
        "output_usd_per_million": "4",
        "cached_input_usd_per_million": "0.2",
        "source": "LiteLLM 1",
    }
    assert above.cost == 101 * 2_000_000 + 5 * 4_000_000


def test_a_free_model_costs_nothing_and_an_unpriced_one_nobody_knows_what():
    free, unpriced = Model("smol", "local/smol", free=True), Model("lab", "openai/lab")
    assert answered(planned_of(model=free), Answer("Hi"), NOW, NOW).cost == 0
    assert answered(planned_of(model=unpriced), Answer("Hi"), NOW, NOW).cost is None


def test_a_failure_keeps_its_reason_and_what_had_arrived():
    error = CallError("overloaded", kind="server", retriable=True)
    error.tries = 3
    result = failed(planned_of(), error, "half an ans", NOW, NOW)
    assert (result.status, result.error_kind, result.error, result.tries) == (
        "error",
        "server",
        "overloaded",
        3,
    )
    assert (result.text, result.cost) == ("half an ans", None)


def test_what_was_stopped_keeps_what_had_arrived():
    result = cancelled(planned_of(), "half", "the run was stopped", NOW, NOW)
    assert (result.status, result.text, result.error) == ("cancelled", "half", "the run was stopped")


@pytest.mark.parametrize(
    ("text", "prefill", "valid", "where"),
    [
        ('{"queue": "bug"}', "", True, None),
        ('"bug"}', '{"queue": ', True, None),
        ('{"queue": "x"}', "", False, r"$.queue: 'x' is not one of"),
        ("{}", "", False, "$: 'queue' is a required property"),
        ("bug", "", False, "not JSON"),
        ("[" * 100_000, "", False, "not JSON"),
    ],
)
def test_an_answer_is_checked_against_the_schema_together_with_its_prefill(text, prefill, valid, where):
    found, why = validate(text, SCHEMA, prefill)
    assert found is valid
    assert where is None or where in why


def test_a_schema_never_reaches_for_the_network_or_for_ever():
    assert validate("1", {"$ref": "http://127.0.0.1:9/schema.json"})[0] is False
    assert validate("1", {"$ref": "#"})[0] is False
    assert validate("1", {"$defs": {"n": {"type": "integer"}}, "$ref": "#/$defs/n"}) == (True, None)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "[-Infinity]"])
def test_what_is_no_number_in_json_is_not_json(text):
    valid, why = validate(text, {})
    assert not valid
    assert why.startswith("not JSON: ")


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("9" * 400, {"multipleOf": 0.01}),
        ("1e400", {"multipleOf": 0.01}),
        ("3", {"multipleOf": 0}),
        ('"x"', {"pattern": "("}),
        ("3", {"minimum": "2"}),
        ("3", {"type": "no such type"}),
    ],
)
def test_what_cannot_be_checked_is_invalid_with_the_reason(text, schema):
    valid, why = validate(text, schema)
    assert not valid
    assert why.startswith("the schema cannot be checked: ")


async def checked_answer(planned, answer):
    return await checked(planned, answered(planned, answer, NOW, NOW))


async def test_only_answers_are_checked_against_the_schema():
    planned = planned_of(schema=SCHEMA)
    assert (await checked_answer(planned, Answer("bug"))).valid is False
    assert (await checked_answer(planned, Answer('{"queue": "bug"}', finish="length"))).valid is True
    assert (await checked_answer(planned, Answer(""))).valid is None
    assert (await checked_answer(planned_of(), Answer("bug"))).valid is None


@pytest.mark.parametrize(("text", "valid", "why"), [('"aa"', True, None), ('"ab"', False, "does not match")])
async def test_a_schema_with_a_regular_expression_is_checked_as_well(text, valid, why):
    result = await checked_answer(planned_of(schema={"anyOf": [{"pattern": "^a+$"}]}), Answer(text))
    assert result.valid is valid
    assert why is None or why in result.invalid


async def test_a_regular_expression_that_takes_for_ever_stops_nothing_and_loses_no_answer(monkeypatch):
    monkeypatch.setattr("workbench.runs.checking.CHECK_SECONDS", 0.3)
    text = json.dumps("a" * 60 + "b")
    planned = planned_of(schema={"properties": {"p": {}}, "pattern": "^(a+)+$"})
    checking = asyncio.create_task(checked_answer(planned, Answer(text)))
    loop, longest = asyncio.get_running_loop(), 0.0
    async with asyncio.timeout(30):
        while not checking.done():
            before = loop.time()
            await asyncio.sleep(0.01)
            longest = max(longest, loop.time() - before)
    result = await checking
    assert (result.text, result.valid) == (text, False)
    assert result.invalid == "the schema took too long to check"
    assert longest < 1


async def test_any_schema_that_takes_too_long_to_check_is_given_up(monkeypatch):
    monkeypatch.setattr("workbench.runs.checking.CHECK_SECONDS", 0.05)
    monkeypatch.setattr("workbench.runs.checking.validate", lambda *_: time.sleep(0.5))
    result = await checked_answer(planned_of(schema=SCHEMA), Answer("{}"))
    assert (result.text, result.invalid) == ("{}", "the schema took too long to check")


async def test_the_prefill_of_a_call_counts_for_its_schema():
    planned = planned_of(schema=SCHEMA)
    call = planned.call
    prefilled = type(call)(PRICED, (*call.messages, Message("assistant", '{"queue":')), schema=SCHEMA)
    planned = type(planned)(planned.key, prefilled, planned.context, (0,), 3, None)
    assert (await checked_answer(planned, Answer('"bug"}'))).valid is True


async def test_an_answer_outlives_the_process_that_should_check_it(monkeypatch):
    monkeypatch.setattr("workbench.runs.checking._CHILD", "workbench.no_such_module")
    result = await checked_answer(planned_of(schema={"pattern": "a"}), Answer('"a"'))
    assert (result.text, result.valid) == ('"a"', False)
    assert result.invalid == "the schema cannot be checked: the process that does it ended"
