from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.records import NOW, PRICED, planned_of
from workbench.errors import CallError, ModelUnreadyError, StoreError
from workbench.models.calls import Answer, Delta, Retrying, Usage
from workbench.models.gateway import LONGEST_RETRY_AFTER
from workbench.models.model import Model
from workbench.runs.budget import Budget
from workbench.runs.events import Arrived, Finished, Retried, Started
from workbench.runs.pace import Paces
from workbench.runs.runner import Runner

LIMIT = 20.0
"""Seconds after which a run that should have ended is taken to hang."""


class Shelf:
    """Keeps results as a store does; ``fails`` is raised instead once so many are kept."""

    def __init__(self, fails=None, after=0):
        self.results = []
        self._fails = fails
        self._after = after

    def keep(self, results):
        if self._fails and len(self.results) + len(results) > self._after:
            raise self._fails
        numbered = [replace(result, id=len(self.results) + 1 + at) for at, result in enumerate(results)]
        self.results += numbered
        return numbered

    def statuses(self):
        return Counter(result.status for result in self.results)


def runner_of(ask, shelf, concurrency=8, limit=None, spent=0, patience=LONGEST_RETRY_AFTER):
    return Runner(ask, shelf.keep, lambda: NOW, concurrency, Budget(limit, spent), Paces(patience))


async def events_of(runner, calls):
    async with asyncio.timeout(LIMIT):
        return [event async for event in runner.run(calls)]


async def at_once(call):
    yield Answer(f"to {call.messages[0].content}", usage=Usage(1, 1))


def calls_of(count, model=PRICED, high=None, prefix=""):
    return [planned_of(f"{prefix}{number}", model, high) for number in range(count)]


async def test_every_call_is_asked_once_and_its_result_stored_before_it_is_told():
    shelf, told = Shelf(), []
    runner = runner_of(at_once, shelf)
    async for event in runner.run(calls_of(30)):
        if isinstance(event, Finished):
            assert event.result.id in {result.id for result in shelf.results}
            told.append(event.result.text)
    assert sorted(told) == sorted(f"to {number}" for number in range(30))
    assert (runner.stopped, runner.over_limit) == (False, False)


async def test_text_is_told_as_it_arrives_and_a_retry_makes_it_void():
    async def ask(call):
        yield Delta("wro")
        yield Retrying(1, "server error", 0.05, "server")
        yield Delta("ri")
        yield Delta("ght", "thought")
        yield Answer("right", tries=2)

    (planned,) = calls_of(1)
    events = await events_of(runner_of(ask, Shelf()), [planned])
    assert events[:-1] == [
        Started(planned.key),
        Arrived(planned.key, "wro"),
        Retried(planned.key, 1, "server error", 0.05),
        Arrived(planned.key, "ri"),
        Arrived(planned.key, "ght", "thought"),
    ]
    assert events[-1].result.text == "right"


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (CallError("overloaded", kind="server", retriable=True), "server"),
        (ModelUnreadyError("no key"), "unready"),
        (None, "protocol"),
    ],
)
async def test_a_call_that_fails_is_recorded_with_what_had_arrived_and_the_others_go_on(failure, kind):
    async def ask(call):
        if call.messages[0].content == "0":
            yield Delta("half")
            if failure:
                raise failure
            return
        yield Answer("fine")

    shelf = Shelf()
    await events_of(runner_of(ask, shelf), calls_of(5))
    assert shelf.statuses() == {"ok": 4, "error": 1}
    (broken,) = [result for result in shelf.results if result.status == "error"]
    assert (broken.error_kind, broken.text) == (kind, "half")


@pytest.mark.parametrize(("concurrency", "own", "most"), [(8, None, 8), (8, 3, 3), (2, 5, 2), (1, None, 1)])
async def test_no_more_calls_are_under_way_than_the_run_and_the_model_allow(concurrency, own, most):
    under_way, seen = 0, []

    async def ask(call):
        nonlocal under_way
        under_way += 1
        seen.append(under_way)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        under_way -= 1
        yield Answer("x")

    await events_of(runner_of(ask, Shelf(), concurrency), calls_of(20, replace(PRICED, concurrency=own)))
    assert max(seen) == most


async def test_a_model_that_hangs_holds_back_no_other():
    hanging, quick = Model("a", "openai/hangs"), Model("b", "openai/quick")

    async def ask(call):
        if call.model is hanging:
            await asyncio.Event().wait()
        yield Answer("x")

    shelf = Shelf()
    runner = runner_of(ask, shelf, concurrency=4)
    done = 0
    async with (
        asyncio.timeout(LIMIT),
        aclosing(runner.run(calls_of(20, hanging) + calls_of(20, quick))) as events,
    ):
        async for event in events:
            done += isinstance(event, Finished)
            if done == 20:
                break
    assert shelf.statuses()["ok"] == 20


async def settled(runner, calls, shelf, count):
    """Run until so many calls are answered and nothing else can be, then stop."""
    running = asyncio.create_task(events_of(runner, calls))
    async with asyncio.timeout(LIMIT):
        while shelf.statuses()["ok"] < count:
            await asyncio.sleep(0.001)
    for _ in range(20):
        await asyncio.sleep(0)
    runner.stop()
    await running


@pytest.mark.parametrize(
    ("own", "expected"), [((None, None), (4, 4)), ((1, None), (1, 7)), ((2, 3), (2, 3)), ((None, 6), (4, 4))]
)
async def test_models_share_the_places_evenly_and_what_one_cannot_use_goes_to_others(own, expected):
    asked = Counter()

    async def ask(call):
        asked[call.model.string] += 1
        await asyncio.Event().wait()
        yield

    models = [Model(name, name, concurrency=most) for name, most in zip("ab", own, strict=True)]
    runner = runner_of(ask, Shelf(), concurrency=8)
    calls = [call for model in models for call in calls_of(20, model)]
    await settled(runner, calls, Shelf(), 0)
    assert (asked["a"], asked["b"]) == expected


async def test_places_of_a_model_that_has_done_its_work_go_to_one_that_has_not():
    hanging, few = Model("a", "openai/hangs"), Model("b", "openai/few")
    asked = []

    async def ask(call):
        if call.model is hanging:
            asked.append(call)
            await asyncio.Event().wait()
        yield Answer("x")

    shelf = Shelf()
    await settled(runner_of(ask, shelf), calls_of(20, hanging) + calls_of(5, few), shelf, 5)
    assert len(asked) == 8


async def test_more_models_than_places_take_turns():
    order = []

    async def ask(call):
        order.append(call.model.string)
        await asyncio.sleep(0)
        yield Answer("x")

    calls = [call for name in "abc" for call in calls_of(3, Model(name, name))]
    await events_of(runner_of(ask, Shelf(), concurrency=1), calls)
    assert "".join(order) == "abcabcabc"


async def test_a_pause_that_a_server_asks_for_holds_all_calls_of_its_model_and_of_no_other():
    busy, free = Model("a", "openai/busy", concurrency=1), Model("b", "openai/free")
    asked = Counter()

    async def ask(call):
        asked[call.model.string] += 1
        if call.model.string == busy.string:
            yield Retrying(1, "too many requests", 3600.0, "rate_limit", retry_after=3600.0)
            raise AssertionError("the pause is not over")
        yield Answer("x")

    shelf = Shelf()
    await settled(runner_of(ask, shelf), calls_of(20, busy) + calls_of(20, free), shelf, 20)
    assert asked == {"openai/busy": 1, "openai/free": 20}


async def test_a_server_that_takes_two_at_once_is_soon_asked_no_more_than_that():
    under_way, most, refused = 0, 2, 0

    async def ask(call):
        nonlocal under_way, refused
        for number in range(1, 9):
            under_way += 1
            try:
                await asyncio.sleep(0.001)
                if under_way <= most:
                    yield Answer("x", tries=number)
                    return
            finally:
                under_way -= 1
            refused += 1
            yield Retrying(number, "too many requests", 0.001 * number, "rate_limit")
        raise CallError("too many requests", kind="rate_limit", retriable=True)

    shelf = Shelf()
    await events_of(runner_of(ask, shelf, concurrency=32), calls_of(200))
    assert shelf.statuses() == {"ok": 200}
    assert refused < 200


async def test_a_quota_that_is_used_up_does_not_slow_the_run():
    together = asyncio.Barrier(8)

    async def ask(call):
        await together.wait()
        raise CallError("no credit is left", kind="rate_limit", retriable=False)
        yield

    shelf = Shelf()
    await events_of(runner_of(ask, shelf), calls_of(24))
    assert shelf.statuses() == {"error": 24}


async def test_a_last_refusal_holds_the_calls_that_follow_as_well():
    asked = []

    async def ask(call):
        asked.append(call)
        raise CallError("too many requests", kind="rate_limit", retriable=True, retry_after=100.0)
        yield

    shelf = Shelf()
    runner = runner_of(ask, shelf, concurrency=1)
    running = asyncio.create_task(events_of(runner, calls_of(5)))
    while not shelf.results:
        await asyncio.sleep(0.001)
    runner.stop()
    await running
    assert (len(asked), shelf.statuses()) == (1, {"error": 1})


async def test_a_pause_too_long_to_wait_for_holds_nothing():
    async def ask(call):
        raise CallError("come back tomorrow", kind="rate_limit", retriable=True, retry_after=86400.0)
        yield

    shelf = Shelf()
    await events_of(runner_of(ask, shelf), calls_of(20))
    assert shelf.statuses() == {"error": 20}


async def test_a_call_that_waits_to_be_tried_again_keeps_its_place_from_its_own_model_alone():
    failing, fine = Model("a", "openai/failing", concurrency=4), Model("b", "openai/fine")
    asked, at_once, most = 0, 0, 0

    async def ask(call):
        nonlocal asked, at_once, most
        if call.model.string == failing.string:
            asked += 1
            yield Retrying(1, "server error", 3600.0, "server")
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.001)
        at_once -= 1
        yield Answer("x")

    shelf = Shelf()
    await settled(runner_of(ask, shelf), calls_of(20, failing) + calls_of(40, fine), shelf, 40)
    assert (asked, most) == (4, 7)


@pytest.mark.parametrize("limit", [{"rpm": 3}, {"tpm": 3020}])
async def test_no_more_is_sent_in_a_minute_than_the_entry_allows_and_other_models_go_on(limit):
    slow, other = Model("a", "openai/slow", **limit), Model("b", "openai/other")
    asked = Counter()

    async def ask(call):
        asked[call.model.string] += 1
        await asyncio.sleep(0)
        yield Answer("x")

    shelf = Shelf()
    await settled(runner_of(ask, shelf), calls_of(10, slow) + calls_of(30, other), shelf, 33)
    assert asked == {"openai/slow": 3, "openai/other": 30}


async def test_tokens_that_a_provider_reports_count_in_place_of_those_that_were_estimated():
    asked = []

    async def ask(call):
        asked.append(call)
        await asyncio.sleep(0)
        yield Answer("x", usage=Usage(90, 10))

    shelf = Shelf()
    model = replace(PRICED, tpm=1500, concurrency=1)
    await settled(runner_of(ask, shelf), calls_of(20, model), shelf, 5)
    assert len(asked) == 5  # five times a hundred, and a sixth might take a thousand more


async def test_a_paused_run_tries_nothing_again_until_it_goes_on():
    tries = []

    async def ask(call):
        tries.append("first")
        runner.pause()
        yield Retrying(1, "server error", 0.0, "server")
        tries.append("second")
        yield Answer("x")

    runner = runner_of(ask, Shelf())
    running = asyncio.create_task(events_of(runner, calls_of(1)))
    await asyncio.sleep(0.02)
    assert tries == ["first"]
    runner.unpause()
    await running
    assert tries == ["first", "second"]


async def test_a_local_model_answers_one_call_at_a_time_unless_told_otherwise():
    under_way, most = 0, 0

    async def ask(call):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        yield Answer("x")

    await events_of(runner_of(ask, Shelf()), calls_of(6, Model("smol", "local/smol", free=True)))
    assert most == 1


async def test_a_paused_run_makes_no_new_call_until_it_goes_on():
    gate, asked = asyncio.Event(), []

    async def ask(call):
        asked.append(call)
        await gate.wait()
        yield Answer("x")

    shelf = Shelf()
    runner = runner_of(ask, shelf, concurrency=2)
    running = asyncio.create_task(events_of(runner, calls_of(6)))
    while len(asked) < 2:
        await asyncio.sleep(0)
    runner.pause()
    gate.set()
    while len(shelf.results) < 2:
        await asyncio.sleep(0.001)
    assert (runner.paused, len(asked)) == (True, 2)
    runner.unpause()
    await running
    assert (len(asked), shelf.statuses()) == (6, {"ok": 6})


async def test_a_paused_run_can_be_stopped():
    runner = runner_of(at_once, Shelf())
    runner.pause()
    running = asyncio.create_task(events_of(runner, calls_of(3)))
    await asyncio.sleep(0)
    runner.stop()
    assert await running == []


async def test_stopping_keeps_what_had_arrived_as_cancelled_and_sends_nothing_more():
    closed, asked = [], []

    async def ask(call):
        asked.append(call)
        try:
            yield Delta("half ")
            yield Delta("an answer")
            await asyncio.Event().wait()
        finally:
            closed.append(call)

    shelf = Shelf()
    runner = runner_of(ask, shelf, concurrency=2)
    arrived = 0
    async with asyncio.timeout(LIMIT):
        async for event in runner.run(calls_of(5)):
            arrived += isinstance(event, Arrived)
            if arrived == 4:
                runner.stop()
    assert [(result.status, result.text) for result in shelf.results] == [("cancelled", "half an answer")] * 2
    assert (len(asked), len(closed), runner.stopped) == (2, 2, True)


async def test_a_run_that_is_stopped_before_it_begins_sends_nothing():
    runner = runner_of(at_once, Shelf())
    runner.stop()
    assert await events_of(runner, calls_of(3)) == []


async def test_whoever_leaves_early_loses_nothing_that_had_ended():
    async def ask(call):
        if call.messages[0].content != "0":
            yield Delta("half")
            await asyncio.Event().wait()
        yield Answer("whole")

    shelf = Shelf()
    async with asyncio.timeout(LIMIT), aclosing(runner_of(ask, shelf).run(calls_of(4))) as events:
        async for event in events:
            if isinstance(event, Finished):
                break
    assert shelf.statuses() == {"ok": 1, "cancelled": 3}


async def test_a_consumer_that_is_cancelled_leaves_no_task_behind():
    async def ask(call):
        yield Delta("half")
        await asyncio.Event().wait()

    shelf = Shelf()
    before = asyncio.all_tasks()
    consumer = asyncio.create_task(events_of(runner_of(ask, shelf), calls_of(3)))
    await asyncio.sleep(0.01)
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert asyncio.all_tasks() == before
    assert shelf.statuses() == {"cancelled": 3}


@pytest.mark.parametrize("after", [0, 3])
async def test_where_nothing_can_be_stored_the_run_ends_with_that_error_and_asks_no_more(after):
    asked, given_up = [], []

    async def ask(call):
        asked.append(call)
        try:
            if len(asked) > 5:
                await asyncio.Event().wait()
            yield Answer("x")
        finally:
            given_up.append(call)

    before = asyncio.all_tasks()
    runner = runner_of(ask, Shelf(StoreError("the disk is full"), after), concurrency=2)
    running = asyncio.create_task(events_of(runner, calls_of(100)))
    await asyncio.wait([running], timeout=LIMIT / 2)
    assert running.done(), "the run hangs on calls whose answers nobody can keep"
    with pytest.raises(StoreError, match="the disk is full"):
        await running
    assert len(asked) == len(given_up) < 100
    assert asyncio.all_tasks() == before


async def test_an_error_of_the_store_at_the_very_end_is_not_lost():
    runner = runner_of(at_once, Shelf(StoreError("the disk is full"), 0))
    with pytest.raises(StoreError):
        await events_of(runner, calls_of(1))


async def test_a_run_with_nothing_to_do_ends_at_once():
    assert await events_of(runner_of(at_once, Shelf()), []) == []


async def test_results_are_written_in_batches_and_not_one_by_one():
    batches = []

    class Counting(Shelf):
        def keep(self, results):
            batches.append(len(results))
            return super().keep(results)

    await events_of(runner_of(at_once, Counting(), 100), calls_of(200))
    assert sum(batches) == 200
    assert len(batches) < 50


COSTS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 100), st.sampled_from(["answer", "fail", "unpaid", "busy"])),
    max_size=14,
)


@settings(max_examples=60)
@given(
    costs=COSTS,
    limit=st.integers(0, 150),
    spent=st.integers(0, 40),
    concurrency=st.integers(1, 6),
    data=st.data(),
)
def test_a_run_never_costs_more_than_its_limit_in_whatever_order_calls_end(
    costs, limit, spent, concurrency, data
):
    charged = spent

    async def ask(call):
        nonlocal charged
        high, share, way = costs[int(call.messages[0].content)]
        charged += (cost := high * share // 100) if way != "unpaid" else 0
        assert charged <= max(limit, spent)
        for _ in range(data.draw(st.integers(0, 3))):
            await asyncio.sleep(0)
        if way == "fail":
            raise CallError("lost on the way", kind="timeout", retriable=True)
        if way == "unpaid":
            raise CallError("not taken", kind="rate_limit", retriable=True)
        if way == "busy":
            yield Retrying(1, "busy", 0, "rate_limit")
        yield Answer("x", usage=Usage(cost, 0))

    model = replace(PRICED, prices=replace(PRICED.prices, input=1, output=0))
    calls = [planned_of(str(number), model, high) for number, (high, _, _) in enumerate(costs)]
    shelf = Shelf()
    runner = runner_of(ask, shelf, concurrency, limit, spent, patience=0.0)
    asyncio.run(events_of(runner, calls))
    assert len(shelf.results) == len(costs)
    assert runner.over_limit == ("cancelled" in shelf.statuses())
    if sum(high for high, _, _ in costs) + spent <= limit:
        assert not runner.over_limit


TRIES = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.lists(st.sampled_from(["timeout", "server", "connection", "rate_limit", "refused"]), max_size=4),
        st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=100)
@given(tries=TRIES, limit=st.integers(0, 150), concurrency=st.integers(1, 4), data=st.data())
def test_however_often_calls_are_tried_again_no_more_is_sent_than_the_limit_pays_for(
    tries, limit, concurrency, data
):
    charged = 0

    def send(high, failure):
        nonlocal charged
        charged += high if failure not in ("rate_limit", "refused") else 0
        assert charged <= limit

    async def ask(call):
        high, failures, answers = tries[int(call.messages[0].content)]
        for number, failure in enumerate(failures, 1):
            send(high, failure)
            for _ in range(data.draw(st.integers(0, 2))):
                await asyncio.sleep(0)
            kind, sent = ("connection", False) if failure == "refused" else (failure, True)
            yield Retrying(number, failure, 0, kind, sent)
        send(high, "")
        if not answers:
            raise CallError("lost at last", kind="timeout", retriable=True)
        yield Answer("x", usage=Usage(high, 0))

    model = replace(PRICED, prices=replace(PRICED.prices, input=1, output=0))
    calls = [planned_of(str(number), model, high) for number, (high, _, _) in enumerate(tries)]
    shelf = Shelf()
    runner = runner_of(ask, shelf, concurrency, limit, patience=0.0)
    asyncio.run(events_of(runner, calls))
    assert len(shelf.results) == len(tries)
    assert runner.over_limit == ("cancelled" in shelf.statuses())
    if sum(high * (len(failures) + 1) for high, failures, _ in tries) <= limit:
        assert not runner.over_limit


async def test_a_call_is_not_tried_again_where_its_failed_try_has_used_up_the_limit():
    sent = 0

    async def ask(call):
        nonlocal sent
        for number in range(1, 4):
            sent += 1
            yield Delta("half")
            yield Retrying(number, "no whole answer", 0, "timeout")
        yield Answer("never")

    shelf = Shelf()
    runner = runner_of(ask, shelf, limit=25)
    await events_of(runner, calls_of(1, high=10))
    (result,) = shelf.results
    assert (sent, runner.over_limit, result.status, result.text) == (2, True, "cancelled", "")
    assert result.error.startswith("the cost limit left no room to try again")


async def test_a_try_that_waits_for_room_takes_what_another_call_leaves_and_holds_no_slot_so_long():
    order = []

    async def ask(call):
        text = call.messages[0].content
        order.append(text)
        await asyncio.sleep(0.01)  # by now the other has set its own most aside
        if text == "0":
            yield Retrying(1, "no whole answer", 0, "timeout")
            order.append("0 again")
        yield Answer("x", usage=Usage(0, 0))

    shelf = Shelf()
    runner = runner_of(ask, shelf, concurrency=1, limit=20)
    await events_of(runner, calls_of(1, high=10) + calls_of(1, replace(PRICED, string="b"), 10, "b"))
    assert order == ["0", "b0", "0 again"]
    assert (shelf.statuses(), runner.over_limit) == ({"ok": 2}, False)


async def test_stopping_while_a_try_waits_for_room_ends_the_run():
    waiting, other = asyncio.Event(), asyncio.Event()

    async def ask(call):
        if call.messages[0].content == "0":
            await other.wait()
            waiting.set()
            yield Retrying(1, "no whole answer", 0, "timeout")
            raise AssertionError("there is no room")
        other.set()
        await asyncio.Event().wait()
        yield

    shelf = Shelf()
    runner = runner_of(ask, shelf, limit=20)
    running = asyncio.create_task(events_of(runner, calls_of(2, high=10)))
    await waiting.wait()
    await asyncio.sleep(0.01)
    runner.stop()
    await running
    assert shelf.statuses() == {"cancelled": 2}


async def test_an_answer_whose_check_is_stopped_is_kept(monkeypatch):
    checking = asyncio.Event()

    async def never(planned, result):
        checking.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("workbench.runs.runner.checked", never)
    shelf = Shelf()
    runner = runner_of(at_once, shelf)
    running = asyncio.create_task(events_of(runner, [planned_of(schema={})]))
    await checking.wait()
    runner.stop()
    await running
    assert [(result.status, result.text, result.valid) for result in shelf.results] == [("ok", "to Hi", None)]


async def test_a_call_of_unbounded_cost_is_never_sent_under_a_limit():
    planned = planned_of("a", high=1)
    unbounded = replace(planned, estimate=replace(planned.estimate, output_high=None))
    shelf = Shelf()
    runner = runner_of(at_once, shelf, limit=10**12)
    await events_of(runner, [unbounded])
    assert runner.over_limit
    assert "max_tokens" in shelf.results[0].error
    free = Shelf()
    await events_of(runner_of(at_once, free), [unbounded])
    assert free.statuses() == {"ok": 1}


@pytest.mark.parametrize(("kind", "sent"), [("timeout", 1), ("server", 1), ("rate_limit", 3), ("request", 3)])
async def test_an_answer_lost_on_its_way_counts_as_paid_for_and_one_never_begun_does_not(kind, sent):
    asked = []

    async def ask(call):
        asked.append(call)
        raise CallError("lost", kind=kind, retriable=True)
        yield

    runner = runner_of(ask, Shelf(), limit=10, patience=0.0)
    await events_of(runner, calls_of(3, high=10))
    assert len(asked) == sent


DEAR = replace(PRICED, prices=replace(PRICED.prices, input=1, output=0))
"""A model of which each token of input costs one pico-dollar."""


async def test_a_run_ends_where_the_limit_refuses_the_rest_once_a_minute_is_over(monkeypatch):
    monkeypatch.setattr("workbench.runs.pace.MINUTE", 0.05)

    async def ask(call):
        yield Answer("x", usage=Usage(60, 0))

    shelf = Shelf()
    runner = runner_of(ask, shelf, limit=100)
    await events_of(runner, calls_of(3, replace(DEAR, rpm=1), high=60))
    assert (shelf.statuses(), runner.over_limit) == ({"ok": 1, "cancelled": 2}, True)


async def test_a_run_ends_where_the_limit_refuses_the_rest_after_a_pause():
    gate, asked = asyncio.Event(), asyncio.Event()

    async def ask(call):
        asked.set()
        await gate.wait()
        yield Answer("x", usage=Usage(60, 0))

    shelf = Shelf()
    runner = runner_of(ask, shelf, concurrency=1, limit=100)
    running = asyncio.create_task(events_of(runner, calls_of(3, DEAR, high=60)))
    await asked.wait()
    runner.pause()
    gate.set()
    while not shelf.results:
        await asyncio.sleep(0.001)
    runner.unpause()
    await running
    assert (shelf.statuses(), runner.over_limit) == ({"ok": 1, "cancelled": 2}, True)


LOST = CallError("lost", kind="timeout", retriable=True)
AGAIN = Retrying(1, "lost", 0, "timeout")


@pytest.mark.parametrize(
    ("events", "cost", "unsure"),
    [
        ([LOST], None, 60),
        ([AGAIN, LOST], None, 120),
        ([AGAIN, Answer("x", usage=Usage(7, 0))], 7, 60),
        ([Answer("x", usage=Usage(7, 0))], 7, 0),
        ([Answer("x")], None, 60),
        ([CallError("not taken", kind="rate_limit", retriable=True)], None, 0),
        ([Retrying(1, "refused", 0, "connection", sent=False), LOST], None, 60),
        ([AGAIN] * 4, None, 180),
        (["stop"], None, 60),
    ],
    ids=["lost", "twice", "answered", "at once", "unsaid", "unpaid", "unsent", "no room", "stopped"],
)
async def test_a_result_says_what_its_call_may_have_cost_beyond_what_is_known(events, cost, unsure):
    async def ask(call):
        for event in events:
            match event:
                case CallError():
                    raise event
                case "stop":
                    runner.stop()
                    await asyncio.Event().wait()
                case _:
                    yield event

    shelf = Shelf()
    runner = runner_of(ask, shelf, limit=200)
    await events_of(runner, calls_of(1, DEAR, high=60))
    (result,) = shelf.results
    assert (result.cost, result.unsure) == (cost, unsure)


async def test_room_that_cheap_answers_leave_is_used():
    async def ask(call):
        yield Answer("x", usage=Usage(0, 0))

    shelf = Shelf()
    runner = runner_of(ask, shelf, limit=10)
    await events_of(runner, calls_of(20, high=10))
    assert (shelf.statuses(), runner.over_limit) == ({"ok": 20}, False)
