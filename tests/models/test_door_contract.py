"""What holds for both doors to models over the network: the same questions, answers and failures."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import ssl
import subprocess
import sys
import textwrap
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
import trustme

from tests.support import loopback
from tests.support.loopback import Loopback, Reply
from tests.support.processes import wait_until_gone
from workbench.context.messages import Message
from workbench.errors import CallError
from workbench.models.calls import Answer, Call, Delta, ToolCall, Usage
from workbench.models.doors.arriving import echoed
from workbench.models.doors.children import environment
from workbench.models.doors.direct import DirectDoor
from workbench.models.doors.through_litellm import LiteLLMDoor
from workbench.models.gateway import Gateway
from workbench.models.model import Model

KEY = "sk-planted-0123456789abcdef"

STRINGS = {"direct": "openai/whatever", "litellm": "hosted_vllm/whatever"}

# One child serves the whole file: loading LiteLLM takes seconds. So all tests share one event loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["direct", "litellm"])
async def door(request):
    door = DirectDoor() if request.param == "direct" else LiteLLMDoor()
    door.name = request.param
    yield door
    await door.close()


@dataclass(frozen=True)
class Authority:
    """What nobody trusts but a test: an authority, as the file of its certificate, and a server of its."""

    path: str
    tls: ssl.SSLContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made, path = trustme.CA(), tmp_path_factory.mktemp("authority") / "authority.pem"
    made.cert_pem.write_to_path(str(path))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.issue_cert("127.0.0.1", "models.invalid").configure_cert(tls)
    return Authority(str(path), tls)


def call_of(door, server, *messages, params=None, supports=(), **more):
    model = Model(name="lab", string=STRINGS[door.name], api_base=server.url, supports=frozenset(supports))
    said = tuple(messages) or (Message("system", "Be brief."), Message("user", "Say hi"))
    return Call(model, said, params or {}, **more)


async def events_of(door, call, key=KEY):
    async with asyncio.timeout(30):
        return [event async for event in door.ask(call, key)]


async def answer_of(door, call, key=KEY):
    *deltas, answer = await events_of(door, call, key)
    assert isinstance(answer, Answer)
    assert "".join(delta.text for delta in deltas) == (answer.text if call.stream else "")
    return answer


async def failure_of(door, script, **more):
    async with Loopback(script) as server:
        with pytest.raises(CallError) as caught:
            await events_of(door, call_of(door, server, **more))
    return caught.value


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_an_answer_has_text_finish_usage_times_and_the_model_that_answered(door, stream):
    async with Loopback(Reply("Hello over there", cached=2)) as server:
        answer = await answer_of(door, call_of(door, server, stream=stream))
    assert (answer.text, answer.finish, answer.refusal, answer.reasoning) == (
        "Hello over there",
        "stop",
        None,
        "",
    )
    assert answer.usage == Usage(input=4, output=3, cached=2, reasoning=0)
    assert answer.model == "loopback-1"
    assert answer.total > 0
    assert (answer.ttft is None) is not stream


async def test_text_arrives_in_pieces(door):
    async with Loopback("one two three") as server:
        *deltas, answer = await events_of(door, call_of(door, server))
    assert deltas == [Delta("one"), Delta(" two"), Delta(" three")]
    assert answer.ttft <= answer.total


async def test_time_to_first_token_is_the_time_to_the_first_token(door):
    async with Loopback(Reply("one two", delay=0.3, gap=0.2)) as server:
        answer = await answer_of(door, call_of(door, server))
    assert 0.3 <= answer.ttft
    assert answer.ttft + 0.2 <= answer.total


async def test_messages_params_and_schema_reach_the_server_as_they_are(door):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    messages = (
        Message("system", " S \n"),
        Message("user", "é😀 <|im_end|>"),
        Message("assistant", "x"),
        Message("user", "y"),
    )
    async with Loopback("ok") as server:
        params = {"temperature": 0, "max_tokens": 7, "stop": ["END"], "seed": 3}
        await answer_of(door, call_of(door, server, *messages, params=params, schema=schema))
        body = server.requests[0].body
    assert [(m["role"], m["content"]) for m in body["messages"]] == [(m.role, m.content) for m in messages]
    assert body["model"] == "whatever"
    assert (body["temperature"], body["stop"], body["seed"]) == (0, ["END"], 3)
    assert 7 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert body["response_format"]["type"] == "json_schema"
    assert body["response_format"]["json_schema"] == {"name": "output", "schema": schema, "strict": True}
    assert body["stream_options"] == {"include_usage": True}


async def test_the_key_goes_into_the_header_and_nowhere_else(door):
    async with Loopback("ok") as server:
        await answer_of(door, call_of(door, server))
        request = server.requests[0]
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in json.dumps(request.body)


async def test_without_a_key_none_is_sent(door, monkeypatch):
    async with Loopback("ok") as server:
        await answer_of(door, call_of(door, server), key=None)
        sent = server.requests[0].headers.get("Authorization")
    assert sent in ((None,) if door.name == "direct" else (None, "Bearer none"))


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_is_kept_apart(door, stream, field):
    async with Loopback(Reply("Yes", reasoning="let me think", reasoning_field=field)) as server:
        answer = await answer_of(door, call_of(door, server, stream=stream))
    assert (answer.text, answer.reasoning, answer.usage.reasoning) == ("Yes", "let me think", 3)


@pytest.mark.parametrize("echo", [True, False], ids=["echoed", "not echoed"])
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("text", ['"a": 1}', ""])
async def test_an_answer_leaves_out_the_prefill_whether_or_not_the_server_repeats_it(
    door, stream, echo, text
):
    messages = (Message("user", "Answer in JSON"), Message("assistant", '{"so": "long", '))
    async with Loopback(Reply(text, echo_prefill=echo)) as server:
        answer = await answer_of(door, call_of(door, server, *messages, stream=stream))
    assert answer.text == text


async def test_an_answer_that_only_begins_like_the_prefill_is_whole(door):
    messages = (Message("user", "Which?"), Message("assistant", "The answer"))
    async with Loopback(["The", "The ant"]) as server:
        assert (await answer_of(door, call_of(door, server, *messages))).text == "The"
        assert (await answer_of(door, call_of(door, server, *messages))).text == "The ant"


@pytest.mark.parametrize(
    ("string", "repeats"),
    [
        ("openai/x", True),
        ("hosted_vllm/x", True),
        ("mistral/mistral-large-latest", True),
        ("anthropic/claude-haiku-4-5", False),
        ("gemini/x", False),
        ("deepseek/deepseek-chat", False),
    ],
)
async def test_the_prefill_is_looked_for_only_where_the_provider_may_repeat_it(string, repeats):
    call = Call(Model("m", string), (Message("user", "Which?"), Message("assistant", "[")))
    assert echoed(call) == ("[" if repeats else "")


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_words_like_the_prefill_that_json_needs_are_the_model_s_own(door, stream):
    messages = (Message("user", "Which?"), Message("assistant", "["))
    async with Loopback(['["a"], ["b"]]', Reply('"a", "b"]', echo_prefill=True), '["a", "b"']) as server:
        call = call_of(door, server, *messages, stream=stream)
        answers = [(await events_of(door, call))[-1].text for _ in range(3)]
    assert answers == ['["a"], ["b"]]', '"a", "b"]', '"a", "b"']


async def test_odd_but_legal_streams_are_read(door):
    async with Loopback(Reply("Grüße 😀 an 你好 alle", odd=True)) as server:
        answer = await answer_of(door, call_of(door, server))
    assert (answer.text, answer.finish, answer.usage.output) == ("Grüße 😀 an 你好 alle", "stop", 5)


async def test_an_event_may_have_several_lines(door):
    async with Loopback(Reply("Grüße 😀", odd=True, lines=2)) as server:
        assert (await answer_of(door, call_of(door, server))).text == "Grüße 😀"


async def test_an_answer_may_hold_every_line_separator_there_is(door):
    text = "a\u2028b\u2029c\x85d\x0be\x1cf\r\ng"
    async with Loopback(Reply(text, pieces=list(text))) as server:
        assert (await answer_of(door, call_of(door, server))).text == text


async def test_a_chunk_that_cannot_be_read_leaves_no_hole_in_an_answer(door):
    chunk = b'data: {"choices": [{"index": 0, "delta": {"content": "one"}, "finish_reason": %s}]}\n\n'
    said = (chunk % b"null") + b'data: {"choices": [{"delta"\n\n' + (chunk % b'"stop"') + b"data: [DONE]\n\n"
    failure = await failure_of(door, Reply(raw=said, content_type="text/event-stream"))
    assert (failure.kind, failure.retriable) == ("protocol", True)


async def test_a_character_that_was_cut_in_two_between_chunks_is_whole(door):
    async with Loopback(Reply("a😀b", pieces=["a\ud83d", "\ude00b"], ascii=True)) as server:
        *deltas, answer = await events_of(door, call_of(door, server))
    assert (deltas, answer.text) == ([Delta("a"), Delta("😀b")], "a😀b")


async def test_a_stream_may_end_without_its_last_word(door):
    async with Loopback(Reply("all there", ending="silent")) as server:
        answer = await answer_of(door, call_of(door, server))
    assert (answer.text, answer.finish) == ("all there", "stop")


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_tokens_that_the_server_did_not_report_are_unknown(door, stream):
    async with Loopback(Reply("some words", usage=False)) as server:
        answer = await answer_of(door, call_of(door, server, stream=stream))
    assert (answer.text, answer.usage) == ("some words", Usage())


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("heard", [-5, 10**9 + 1, 2**63])
async def test_a_number_of_tokens_that_cannot_be_is_unknown(door, stream, heard):
    async with Loopback(Reply("some words", heard=heard)) as server:
        answer = await answer_of(door, call_of(door, server, stream=stream))
    assert (answer.text, answer.usage.input) == ("some words", None)


async def test_an_empty_answer_is_an_answer(door):
    async with Loopback(Reply("")) as server:
        answer = await answer_of(door, call_of(door, server))
    assert (answer.text, answer.finish) == ("", "stop")


async def test_an_answer_cut_at_its_limit_says_so(door):
    async with Loopback(Reply("and so on", finish="length")) as server:
        assert (await answer_of(door, call_of(door, server))).finish == "length"


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_a_refusal_is_kept(door, stream):
    async with Loopback(Reply(refusal="I cannot help with that.")) as server:
        answer = await answer_of(door, call_of(door, server, stream=stream))
    assert (answer.text, answer.refusal) == ("", "I cannot help with that.")
    assert (answer.ttft is None) is not stream


TOOLS = (("look_up", '{"word": "é 😀", "n": [1, 2]}'), ("look_up", "{}"), ("stop", ""))


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("text", ["", "Let me look."])
async def test_tools_that_the_model_asks_for_are_kept(door, stream, text):
    async with Loopback(Reply(text, tools=TOOLS, finish="tool_calls")) as server:
        answer = await answer_of(door, call_of(door, server, stream=stream))
    assert (answer.text, answer.finish) == (text, "tool_calls")
    assert answer.tool_calls == tuple(ToolCall(*tool) for tool in TOOLS)


@pytest.mark.parametrize(
    "reply", [Reply(tools=TOOLS, finish="tool_calls"), Reply(refusal="No, never.")], ids=["tools", "refusal"]
)
async def test_a_first_token_that_is_no_text_is_told_when_it_comes(door, reply):
    async with Loopback(replace(reply, gap=0.05)) as server:
        first, *_, answer = await events_of(door, call_of(door, server))
    assert first == Delta()
    assert answer.ttft + 0.05 <= answer.total


async def test_an_answer_may_say_the_same_many_times(door):
    row = "|----|----|\n"
    async with Loopback(Reply(row * 150, pieces=[row] * 150)) as server:
        assert (await answer_of(door, call_of(door, server))).text == row * 150


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(
    ("reply", "kind", "retriable"),
    [
        (loopback.rate_limited(), "rate_limit", True),
        (loopback.out_of_quota(), "rate_limit", False),
        (loopback.failing(500), "server", True),
        (loopback.failing(503), "server", True),
        (loopback.failing(400, "Unknown parameter: 'bogus'"), "request", False),
        (loopback.failing(404, "The model does not exist"), "request", False),
        (loopback.unauthorized(), "authentication", False),
        (loopback.failing(403, "Not for you"), "authentication", False),
        (loopback.too_long(), "context_window", False),
    ],
    ids=lambda value: value.text[:20] if isinstance(value, Reply) else None,
)
async def test_a_refusal_by_status_has_a_kind_and_says_whether_another_try_may_help(
    door, stream, reply, kind, retriable
):
    failure = await failure_of(door, reply, stream=stream)
    assert (failure.kind, failure.retriable) == (kind, retriable)
    assert reply.text.split(":")[0] in failure.message
    assert len(failure.message) < 400
    assert failure.retry_after is None


async def test_a_server_says_how_long_to_wait(door):
    assert (await failure_of(door, loopback.rate_limited(retry_after=7))).retry_after == 7
    assert (await failure_of(door, loopback.rate_limited("Thu, 01 Jan 2015 00:00:00 GMT"))).retry_after == 0


async def test_a_key_that_the_server_repeats_is_not_repeated(door):
    failure = await failure_of(door, loopback.unauthorized())
    assert "Incorrect API key provided: [key]" in failure.message
    assert KEY not in str(failure)


@pytest.mark.parametrize(
    ("reply", "kinds"),
    [
        (loopback.malformed(), {"protocol"}),
        # LiteLLM passes over what it cannot read, so that all that shows is an answer which never came.
        (loopback.wrong_type(), {"protocol", "connection"}),
        (loopback.error_object(), {"server"}),
        (Reply("one two three four", ending="cut"), {"connection"}),
        (Reply("one two three four", ending="early"), {"connection"}),
        (Reply("one two three four", ending="error"), {"server"}),
    ],
    ids=[
        "malformed",
        "wrong type",
        "error object",
        "cut",
        "early end",
        "error in stream",
    ],
)
async def test_a_broken_answer_is_a_failure_that_may_pass(door, reply, kinds):
    failure = await failure_of(door, reply)
    assert failure.kind in kinds, failure.message
    assert failure.retriable


async def test_a_broken_whole_answer_is_a_failure_that_may_pass(door):
    for body in (b'{"choices": [', b"[]", b'{"choices": []}'):
        failure = await failure_of(door, Reply(raw=body), stream=False)
        assert (failure.kind, failure.retriable) == ("protocol", True), body


NESTED = b"[" * 100_000


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("said", [NESTED, b'{"choices": ' + NESTED], ids=["bare", "in choices"])
async def test_an_answer_that_is_nested_too_deep_is_a_failure_of_its_call(door, stream, said):
    whole = Reply(raw=said, content_type="application/json")
    streamed = Reply(raw=b"data: " + said + b"\n\n", content_type="text/event-stream")
    failure = await failure_of(door, streamed if stream else whole, stream=stream)
    assert failure.kind == "protocol", failure.message


async def test_an_error_that_is_nested_too_deep_is_told_by_its_status(door):
    async def nested(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: {len(NESTED)}\r\n\r\n".encode() + NESTED)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(nested, "127.0.0.1", 0) as server:
        model = Model("lab", STRINGS[door.name], api_base=f"http://127.0.0.1:{_port(server)}/v1")
        with pytest.raises(CallError) as caught:
            await events_of(door, Call(model, (Message("user", "Hi"),), stream=False))
    assert caught.value.kind == "request", caught.value.message


def _port(server):
    return server.sockets[0].getsockname()[1]


def _words_of(size):
    """Return the chunks of a stream that brings so many characters, and says nowhere that it has ended."""
    words = "y" * 500_000
    chunk = json.dumps({"choices": [{"index": 0, "delta": {"content": words}, "finish_reason": None}]})
    return f"data: {chunk}\n\n".encode() * (size // len(words))


LONG = 22_000_000

ENDLESS = {
    "words": (_words_of(LONG), "text/event-stream", {}),
    "one line": (b"x" * LONG, "text/event-stream", {}),
    "one event": ((b"data: " + b"x" * 1_000_000 + b"\n") * 22, "text/event-stream", {}),
    "a body": (b'{"x": "' + b"x" * LONG, "application/json", {}),
    "a packed body": (gzip.compress(b" " * LONG, 1), "application/json", {"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_an_answer_without_an_end_is_given_up_and_not_tried_again(door, what):
    body, kind, headers = ENDLESS[what]
    reply = Reply(raw=body, content_type=kind, headers=headers)
    failure = await failure_of(door, reply, stream=kind == "text/event-stream")
    assert (failure.kind, failure.retriable) == ("protocol", False), failure.message
    assert "longer than 20 MB" in failure.message


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_an_answer_that_ends_in_an_error_is_none(door, stream):
    failure = await failure_of(door, Reply("one two three four", finish="error"), stream=stream)
    assert (failure.kind, failure.retriable) == ("server", True)


async def test_an_error_in_place_of_a_whole_answer_is_the_server_s(door):
    failure = await failure_of(door, loopback.error_object(), stream=False)
    assert (failure.kind, failure.retriable) == ("server", True), failure.message
    assert "overloaded" in failure.message


async def test_a_page_in_place_of_a_whole_answer_is_a_failure_that_may_pass(door):
    failure = await failure_of(door, loopback.wrong_type(), stream=False)
    assert (failure.kind in ("protocol", "connection"), failure.retriable) == (True, True), failure.message


async def test_a_server_that_is_not_there_is_a_lost_connection(door):
    async with Loopback() as server:
        gone = call_of(door, server)
    with pytest.raises(CallError) as caught:
        await events_of(door, gone)
    assert (caught.value.kind, caught.value.retriable) == ("connection", True)
    assert caught.value.sent is False  # so that nothing can have been charged


async def test_a_server_that_broke_off_was_sent_something(door):
    assert (await failure_of(door, Reply("one two three four", ending="cut"))).sent is True


async def test_cancelling_closes_the_connection_at_once(door):
    async with Loopback(Reply("one two three four", ending="stall")) as server:
        seen = asyncio.Event()

        async def read():
            async for _ in door.ask(call_of(door, server), KEY):
                seen.set()

        reading = asyncio.create_task(read())
        async with asyncio.timeout(30):
            await seen.wait()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await server.requests[0].dropped.wait()


async def test_giving_up_closes_the_connection_at_once(door):
    async with Loopback(Reply("one two three four", ending="stall")) as server:
        async with asyncio.timeout(30):
            async with aclosing(door.ask(call_of(door, server), KEY)) as events:
                await anext(events)
            await server.requests[0].dropped.wait()


async def test_a_server_that_hangs_is_left_after_the_timeout(door):
    async with Loopback([Reply("one two three", ending="stall"), "whole"]) as server:
        call = call_of(door, server, timeout=1.0)
        gateway = Gateway({"direct": door, "litellm": door}, lambda model: KEY, 2, random=lambda: 0.0)
        answer = [event async for event in gateway.ask(call)][-1]
        await asyncio.wait_for(server.requests[0].dropped.wait(), 30)
    assert (answer.text, answer.tries) == ("whole", 2)


async def test_many_calls_at_once_keep_their_answers_apart(door):
    async with Loopback(lambda body, number: Reply(body["messages"][-1]["content"], delay=0.2)) as server:
        calls = [call_of(door, server, Message("user", f"word {number} é")) for number in range(20)]
        answers = await asyncio.gather(*(answer_of(door, call) for call in calls))
        assert server.most_at_once == 20
    assert [answer.text for answer in answers] == [f"word {number} é" for number in range(20)]


async def test_a_long_answer_passes(door):
    text = "word " * 60_000
    async with Loopback(Reply(text)) as server:
        assert (await answer_of(door, call_of(door, server, stream=False))).text == text


async def test_no_proxy_stands_between_the_workbench_and_this_machine(door, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    fresh = type(door)()
    fresh.name = door.name
    try:
        async with Loopback("ok") as server:
            assert (await answer_of(fresh, call_of(fresh, server))).text == "ok"
    finally:
        await fresh.close()


async def _pour(reader, writer):
    while some := await reader.read(65536):
        writer.write(some)
    writer.close()


class TestDirect:
    async def test_a_reasoning_model_gets_its_limit_under_its_own_name(self, direct):
        async with Loopback("ok") as server:
            await answer_of(direct, call_of(direct, server, params={"max_tokens": 9}, supports=["reasoning"]))
            await answer_of(direct, call_of(direct, server, params={"max_tokens": 9}))
            first, second = (request.body for request in server.requests)
        assert ("max_tokens" in first, first["max_completion_tokens"]) == (False, 9)
        assert (second["max_tokens"], "max_completion_tokens" in second) == (9, False)

    async def test_params_cannot_replace_what_the_call_says(self, direct):
        async with Loopback("ok") as server:
            await answer_of(
                direct, call_of(direct, server, params={"model": "dear", "messages": [], "top_k": 4})
            )
            body = server.requests[0].body
        assert (body["model"], len(body["messages"]), body["top_k"]) == ("whatever", 2, 4)

    async def test_a_server_that_cannot_stream_is_heard(self, direct):
        whole = {"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}
        async with Loopback(Reply(raw=json.dumps(whole).encode())) as server:
            assert (await answer_of(direct, call_of(direct, server))).text == "whole"

    async def test_a_server_that_streams_unasked_is_heard(self, direct):
        chunk = {"choices": [{"delta": {"content": "unasked"}, "finish_reason": "stop"}]}
        said = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
        async with Loopback(Reply(raw=said, content_type="text/event-stream")) as server:
            assert (await answer_of(direct, call_of(direct, server, stream=False))).text == "unasked"

    async def test_redirects_are_not_followed(self, direct):
        async with Loopback("never") as elsewhere:
            reply = Reply(status=400, text="x")
            assert (await failure_of(direct, reply)).kind == "request"
            moved = Reply(raw=b"", content_type="text/plain", headers={"Location": elsewhere.url})
            assert (await failure_of(direct, moved)).kind == "protocol"
            assert elsewhere.requests == []

    async def test_a_proxy_of_the_environment_is_used_for_other_machines(self, direct, monkeypatch):
        async with Loopback("through the proxy") as proxy:
            for name in ("http_proxy", "HTTP_PROXY"):
                monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
            monkeypatch.delenv("NO_PROXY", raising=False)
            monkeypatch.delenv("no_proxy", raising=False)
            model = Model(name="far", string="openai/far", api_base="http://models.invalid/v1")
            answer = await answer_of(direct, Call(model, (Message("user", "Hi"),)))
            assert answer.text == "through the proxy"
            assert proxy.requests[0].headers["Host"] == "models.invalid"

    async def test_a_proxy_is_asked_for_a_tunnel_to_a_secure_address(self, monkeypatch, authority):
        asked = []

        async def tunnel(reader, writer):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            there = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pour(reader, there[1]), _pour(there[0], writer))

        async with Loopback("through the tunnel", tls=authority.tls) as server:
            async with await asyncio.start_server(tunnel, "127.0.0.1", 0) as proxy:
                port = proxy.sockets[0].getsockname()[1]
                for name in ("https_proxy", "HTTPS_PROXY"):
                    monkeypatch.setenv(name, f"http://ada:secret@127.0.0.1:{port}")
                monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.path)
                model = Model(name="far", string="openai/far", api_base="https://models.invalid/v1")
                door = DirectDoor()
                answer = await answer_of(door, Call(model, (Message("user", "Hi"),)))
                await door.close()
            assert answer.text == "through the tunnel"
            assert "Proxy-Authorization" not in server.requests[0].headers
        assert asked[0].startswith(b"CONNECT models.invalid:443 ")
        assert b"Proxy-Authorization: Basic " in asked[0]

    async def test_a_server_that_no_authority_vouches_for_is_not_told_the_key(self, direct, authority):
        async with Loopback("never", tls=authority.tls) as server:
            with pytest.raises(CallError, match="SSL_CERT_FILE") as caught:
                await events_of(direct, call_of(direct, server))
            assert server.requests == []
        assert (caught.value.kind, caught.value.retriable) == ("connection", False)
        assert caught.value.sent is False

    @pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
    async def test_an_authority_of_one_s_own_is_trusted(self, variable, authority):
        code = textwrap.dedent("""
            import asyncio, sys
            from workbench.context.messages import Message
            from workbench.models.calls import Call
            from workbench.models.doors.direct import DirectDoor
            from workbench.models.model import Model
            async def main():
                door = DirectDoor()
                call = Call(Model("m", "openai/m", api_base=sys.argv[1]), (Message("user", "Hi"),))
                async for event in door.ask(call, None):
                    print(event.text)
                await door.close()
            asyncio.run(main())
        """)
        async with Loopback("trusted", tls=authority.tls) as server:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-c", code, server.url),
                stdout=asyncio.subprocess.PIPE,
                env=environment({variable: authority.path}),
            )
            said, _ = await process.communicate()
        assert said.decode().split() == ["trusted", "trusted"]

    async def test_certificates_that_cannot_be_read_are_named(self, monkeypatch, tmp_path):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
        door = DirectDoor()
        door.name = "direct"
        async with Loopback("never") as server:
            with pytest.raises(CallError, match="REQUESTS_CA_BUNDLE") as caught:
                await events_of(door, call_of(door, server))
        assert (caught.value.kind, caught.value.retriable) == ("connection", False)

    async def test_a_key_that_no_header_can_carry_is_named_and_not_shown(self, direct):
        async with Loopback("ok") as server:
            with pytest.raises(CallError) as caught:
                await events_of(direct, call_of(direct, server), key="sk-1\nX-Evil: 1")
        assert caught.value.kind == "authentication"
        assert "sk-1" not in str(caught.value)

    async def test_a_connection_that_the_server_had_dropped_is_not_a_failure(self, direct):
        body = json.dumps({"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        connections = []

        async def answer_once(reader, writer):
            connections.append(writer)
            length = int(
                (await reader.readuntil(b"\r\n\r\n")).lower().split(b"content-length: ")[1].split()[0]
            )
            await reader.readexactly(length)
            writer.write(head + body)
            await reader.readuntil(b"\r\n\r\n")  # the second request finds a closed door
            writer.close()

        async with await asyncio.start_server(answer_once, "127.0.0.1", 0) as server:
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
            model = Model(name="lab", string="openai/lab", api_base=address)
            for _ in range(2):
                answer = await answer_of(direct, Call(model, (Message("user", "Hi"),), stream=False))
                assert answer.text == "ok"
            assert len(connections) == 2
            await direct.close()

    @pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-"])
    async def test_a_request_that_the_server_has_read_is_not_sent_again(self, direct, said):
        asked = []

        async def read_and_close(reader, writer):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            asked.append(await reader.readexactly(int(head.split(b"content-length: ")[1].split()[0])))
            writer.write(said)
            writer.close()

        async with await asyncio.start_server(read_and_close, "127.0.0.1", 0) as server:
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
            call = Call(Model("lab", "openai/lab", api_base=address), (Message("user", "Hi"),))
            gateway = Gateway({"direct": direct}, lambda model: KEY, 1)
            with pytest.raises(CallError) as caught:
                async for _ in gateway.ask(call):
                    pass
            assert (caught.value.kind, caught.value.sent, len(asked)) == ("connection", True, 1)

    async def test_part_of_a_response_on_a_used_connection_is_not_asked_for_again(self, direct):
        body = json.dumps({"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        asked = []

        async def answer_one_and_a_half(reader, writer):
            for said in (head + body, head[:30]):
                length = (
                    (await reader.readuntil(b"\r\n\r\n")).lower().split(b"content-length: ")[1].split()[0]
                )
                asked.append(await reader.readexactly(int(length)))
                writer.write(said)
            writer.close()

        async with await asyncio.start_server(answer_one_and_a_half, "127.0.0.1", 0) as server:
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
            call = Call(Model("lab", "openai/lab", api_base=address), (Message("user", "Hi"),), stream=False)
            assert (await answer_of(direct, call)).text == "ok"
            with pytest.raises(CallError):
                await events_of(direct, call)
            assert len(asked) == 2

    async def test_connections_are_used_again(self, direct):
        peers = set()

        def script(body, number):
            return "ok"

        async with Loopback(script) as server:
            for _ in range(3):
                await answer_of(direct, call_of(direct, server))
            peers = {request.peer for request in server.requests}
        assert len(peers) == 1

    @pytest_asyncio.fixture(loop_scope="module", scope="class")
    async def direct(self):
        door = DirectDoor()
        door.name = "direct"
        yield door
        await door.close()


class TestLiteLLM:
    @pytest_asyncio.fixture(loop_scope="module", scope="class")
    async def litellm(self):
        door = LiteLLMDoor()
        door.name = "litellm"
        yield door
        await door.close()

    # The servers behind the other door may all repeat it.
    async def test_a_provider_that_repeats_no_prefill_may_begin_with_the_same_words(self, litellm):
        text = '["a"], ["b"]]'
        async with Loopback(text) as server:
            said = Message("user", "Which?"), Message("assistant", "[")
            model = Model("m", "deepseek/deepseek-chat", api_base=server.url)
            answer = await answer_of(litellm, Call(model, said))
        assert answer.text == text

    async def test_a_crashed_child_fails_its_calls_and_a_new_one_takes_the_next(self, litellm):
        async with Loopback([Reply("one two three", ending="stall"), "again"]) as server:
            with pytest.raises(CallError) as caught:
                async for _ in litellm.ask(call_of(litellm, server), KEY):
                    os.kill(litellm.child_pid, signal.SIGKILL)
            assert (caught.value.kind, caught.value.retriable) == ("connection", True)
            assert (await answer_of(litellm, call_of(litellm, server))).text == "again"

    async def test_the_child_never_outlives_a_killed_workbench(self):
        code = textwrap.dedent("""
            import asyncio
            from workbench.models.doors.children import Child
            from workbench.models.doors.through_litellm import CHILD
            async def main():
                child = await Child.start(CHILD, extra={})
                print(child.pid, flush=True)
                await asyncio.sleep(60)
            asyncio.run(main())
        """)
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, env=environment({})
        )
        child = int(await parent.stdout.readline())
        parent.kill()
        await parent.wait()
        await asyncio.to_thread(wait_until_gone, child)

    @pytest.mark.parametrize("param", ["api_base", "base_url", "api_key", "extra_headers", "mock_response"])
    async def test_params_that_could_send_a_key_elsewhere_are_refused(self, litellm, param):
        async with Loopback("elsewhere") as server:
            with pytest.raises(CallError, match=param) as caught:
                await events_of(litellm, call_of(litellm, server, params={param: server.url}))
            assert server.requests == []
        assert (caught.value.kind, caught.value.retriable) == ("request", False)

    async def test_a_key_of_the_environment_is_not_shown_to_an_address_of_the_project(self, monkeypatch):
        monkeypatch.setenv("HOSTED_VLLM_API_KEY", "sk-from-the-environment")
        door = LiteLLMDoor()
        door.name = "litellm"
        try:
            async with Loopback("ok") as server:
                await answer_of(door, call_of(door, server), key=None)
                assert "sk-from" not in str(server.requests[0].headers)
        finally:
            await door.close()

    async def test_the_key_is_in_no_argument_and_no_environment_of_the_child(self, litellm):
        async with Loopback("ok") as server:
            await answer_of(litellm, call_of(litellm, server))
        for name in ("cmdline", "environ"):
            assert KEY.encode() not in Path(f"/proc/{litellm.child_pid}/{name}").read_bytes()

    async def test_the_workbench_itself_never_imports_litellm(self, tmp_path):
        code = textwrap.dedent("""
            import asyncio, sys
            from workbench.context.messages import Message
            from workbench.errors import CallError
            from workbench.models.calls import Call
            from workbench.models.doors.through_litellm import LiteLLMDoor
            from workbench.models.model import Model
            async def main():
                door = LiteLLMDoor()
                model = Model("m", "hosted_vllm/m", api_base="http://127.0.0.1:9/v1")
                try:
                    async for _ in door.ask(Call(model, (Message("user", "Hi"),)), None): pass
                except CallError as error:
                    print(error.kind)
                await door.close()
            asyncio.run(main())
            print("litellm" in sys.modules, "aiohttp" in sys.modules)
        """)
        # The working folder is a project that nobody vouches for: nothing in it may be run or read.
        (tmp_path / "litellm.py").write_text("raise SystemExit('the project was imported')")
        (tmp_path / "workbench.py").write_text("raise SystemExit('the project was imported')")
        (tmp_path / ".env").write_text("HOSTED_VLLM_API_BASE=http://203.0.113.1\n")
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            cwd=tmp_path,
            env=environment({}),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stdout.split() == ["connection", "False", "False"], done.stderr
