from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from tests.support.fake_door import FakeDoor
from workbench.context.messages import Message
from workbench.errors import CallError, ModelUnreadyError
from workbench.models.calls import Answer, Call, Delta, Retrying
from workbench.models.gateway import LONGEST_RETRY_AFTER, Gateway
from workbench.models.model import Model

MODEL = Model(name="lab", string="openai/lab", api_base="http://127.0.0.1:1/v1")
CALL = Call(MODEL, (Message("user", "Hi"),))


def failure(kind="server", *, retriable=True, retry_after=None):
    return CallError(f"a {kind} failure", kind=kind, retriable=retriable, retry_after=retry_after)


def gateway(door, *, retries=3, key="k", random=lambda: 1.0):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    asking = Gateway(
        {"direct": door}, lambda model: key, retries, sleep=sleep, random=random, clock=lambda: sum(waits)
    )
    return asking, waits


async def events_of(gateway, call=CALL):
    return [event async for event in gateway.ask(call)]


async def test_an_answer_comes_after_its_deltas_and_with_the_key_of_its_model():
    door = FakeDoor([[Delta("a"), Delta("b"), Answer("ab")]])
    asking, waits = gateway(door)
    assert await events_of(asking) == [Delta("a"), Delta("b"), Answer("ab", tries=1)]
    assert door.asked == [(CALL, "k")]
    assert waits == []


@pytest.mark.parametrize("kind", ["rate_limit", "server", "timeout", "connection", "protocol"])
async def test_a_failure_that_may_pass_is_tried_again_and_says_so(kind):
    door = FakeDoor([[Delta("half"), failure(kind)], [Answer("whole")]])
    asking, waits = gateway(door)
    events = await events_of(asking)
    assert events == [Delta("half"), Retrying(1, f"a {kind} failure", 0.5, kind), Answer("whole", tries=2)]
    assert waits == [0.5]


async def test_whoever_leaves_at_a_failed_try_prevents_the_next():
    door = FakeDoor([[failure()], [Answer("never")]])
    asking, waits = gateway(door)
    async with aclosing(asking.ask(CALL)) as events:
        assert isinstance(await anext(events), Retrying)
    assert (len(door.asked), waits) == (1, [])


async def test_waits_double_up_to_a_limit_and_are_scattered_over_their_whole_length():
    door = FakeDoor([[failure()]])
    asking, waits = gateway(door, retries=9)
    with pytest.raises(CallError):
        await events_of(asking)
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    asking, waits = gateway(FakeDoor([[failure()]]), random=lambda: 0.25)
    with pytest.raises(CallError):
        await events_of(asking)
    assert waits == [0.125, 0.25]


async def test_a_server_that_says_when_to_come_back_is_not_asked_before():
    door = FakeDoor([[failure("rate_limit", retry_after=7.0)], [Answer("yes")]])
    asking, waits = gateway(door, random=lambda: 0.0)
    events = await events_of(asking)
    assert waits == [7.0]
    assert events[0].retry_after == 7.0


async def test_a_server_that_says_to_come_back_much_later_is_not_waited_for():
    door = FakeDoor([[failure("rate_limit", retry_after=LONGEST_RETRY_AFTER + 1)], [Answer("yes")]])
    asking, waits = gateway(door)
    with pytest.raises(CallError):
        await events_of(asking)
    assert (len(door.asked), waits) == (1, [])


async def test_a_failure_that_will_not_change_is_raised_at_once():
    door = FakeDoor([[failure("authentication", retriable=False)], [Answer("never")]])
    asking, waits = gateway(door)
    with pytest.raises(CallError) as caught:
        await events_of(asking)
    assert (caught.value.kind, caught.value.tries, len(door.asked), waits) == ("authentication", 1, 1, [])


async def test_the_last_failure_says_how_often_it_was_tried():
    door = FakeDoor([[failure("server")], [failure("rate_limit")], [failure("connection")]])
    asking, _ = gateway(door, retries=3)
    with pytest.raises(CallError) as caught:
        await events_of(asking)
    assert (caught.value.kind, caught.value.tries, len(door.asked)) == ("connection", 3, 3)


async def test_one_try_means_one_try():
    door = FakeDoor([[failure()], [Answer("never")]])
    asking, _ = gateway(door, retries=1)
    with pytest.raises(CallError):
        await events_of(asking)
    assert len(door.asked) == 1


async def test_a_crashed_engine_is_given_one_more_chance_only():
    door = FakeDoor([[failure("engine")]])
    asking, _ = gateway(door, retries=5)
    with pytest.raises(CallError) as caught:
        await events_of(asking)
    assert (caught.value.tries, len(door.asked)) == (2, 2)


async def test_a_call_that_takes_too_long_is_given_up_and_tried_again():
    door = FakeDoor([[Delta("half"), 3600.0], [Answer("whole")]])
    asking, _ = gateway(door)
    events = await events_of(asking, Call(MODEL, CALL.messages, timeout=0.02))
    assert [type(event) for event in events] == [Delta, Retrying, Answer]
    assert "0.02 seconds" in events[1].reason
    assert door.closed_early == 1


async def test_a_stream_that_does_not_begin_in_time_is_given_up_and_tried_again():
    door = FakeDoor([[3600.0, Answer("late")], [Delta("wh"), 0.05, Delta("ole"), Answer("whole")]])
    asking, _ = gateway(door)
    events = await events_of(asking, Call(MODEL, CALL.messages, first_token=0.02))
    assert [type(event) for event in events] == [Retrying, Delta, Delta, Answer]
    assert (events[0].reason, events[0].kind) == ("no first token within 0.02 seconds", "timeout")


async def test_an_answer_that_is_not_streamed_has_no_first_token_to_wait_for():
    asking, _ = gateway(FakeDoor([[0.05, Answer("whole")]]))
    assert await events_of(asking, Call(MODEL, CALL.messages, stream=False, first_token=0.02)) == [
        Answer("whole", tries=1)
    ]


async def test_the_limit_to_the_whole_answer_holds_for_its_first_token_too():
    asking, _ = gateway(FakeDoor([[3600.0]]), retries=1)
    with pytest.raises(CallError, match="no whole answer"):
        await events_of(asking, Call(MODEL, CALL.messages, timeout=0.02, first_token=5.0))


async def test_time_that_whoever_asks_lets_pass_at_a_failed_try_counts_as_waited():
    door = FakeDoor([[failure()], [failure()], [Answer("yes")]])
    passed, waits = iter([0.0, 0.3, 1.0, 9.0]), []

    async def sleep(seconds):
        waits.append(round(seconds, 6))

    asking = Gateway(
        {"direct": door}, lambda model: "k", 3, sleep=sleep, random=lambda: 1.0, clock=lambda: next(passed)
    )
    await events_of(asking)
    assert waits == [0.2]


async def test_time_that_the_reader_takes_never_strikes_the_reader():
    door = FakeDoor([[Delta("a"), Answer("a")]])
    asking, _ = gateway(door)
    seen = []
    async for event in asking.ask(Call(MODEL, CALL.messages, timeout=0.02)):
        await asyncio.sleep(0.05)
        seen.append(event)
    assert seen == [Delta("a"), Answer("a")]


async def test_a_door_that_ends_without_an_answer_has_failed():
    asking, _ = gateway(FakeDoor([[Delta("a")]]), retries=1)
    with pytest.raises(CallError) as caught:
        await events_of(asking)
    assert caught.value.kind == "protocol"


async def test_cancelling_closes_the_door_at_once():
    door = FakeDoor([[Delta("a"), 3600.0]])
    asking, _ = gateway(door)
    task = asyncio.create_task(events_of(asking))
    while not door.asked:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert door.closed_early == 1


async def test_giving_up_after_a_delta_closes_the_door_at_once():
    door = FakeDoor([[Delta("a"), Delta("b"), Answer("ab")]])
    asking, _ = gateway(door)
    async with aclosing(asking.ask(CALL)) as events:
        assert await anext(events) == Delta("a")
    assert door.closed_early == 1


async def test_a_model_that_is_not_ready_is_never_asked():
    door = FakeDoor([[Answer("never")]])

    def no_key(model):
        raise ModelUnreadyError("LAB_KEY is not set")

    with pytest.raises(ModelUnreadyError, match="LAB_KEY"):
        await events_of(Gateway({"direct": door}, no_key, 3))
    with pytest.raises(ModelUnreadyError):
        await events_of(Gateway({}, lambda model: None, 3))
    assert door.asked == []


async def test_closing_closes_every_door():
    doors = {"direct": FakeDoor([]), "litellm": FakeDoor([])}
    await Gateway(doors, lambda model: None, 1).close()
    assert all(door.closed for door in doors.values())
