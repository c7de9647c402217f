"""What comes back through LiteLLM from servers that speak the protocols of Anthropic, Gemini and Ollama."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio

from tests.support.wire_formats import ANSWERING, CACHED, INPUT, OUTPUT, REASONING, Failing, Said, Wire
from workbench.context.messages import Message
from workbench.errors import CallError
from workbench.models.calls import Answer, Call, ToolCall, Usage
from workbench.models.doors.through_litellm import LiteLLMDoor
from workbench.models.model import Model

KEY = "sk-planted-0123456789abcdef"

STRINGS = {
    "anthropic": "anthropic/claude-haiku-4-5",
    "gemini": "gemini/gemini-2.5-flash",
    "ollama": "ollama/smol",
}

QUESTION = (Message("system", "Be brief."), Message("user", "Grüße 😀"))

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}

# One child serves the whole file: loading LiteLLM takes seconds. So all tests share one event loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(params=STRINGS)
def protocol(request):
    """Each protocol, but for a test that names those it is about."""
    return request.param


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def stream(request):
    """Both ways to ask, but for a test that names the one it is about."""
    return request.param


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door():
    door = LiteLLMDoor()
    yield door
    await door.close()


@pytest.fixture
def ask(door, protocol, stream):
    """Asks a server of the protocol that answers with this; returns the answer and the request."""

    async def asked(reply, *messages, string=None, **more):
        async with Wire(protocol, reply) as server, asyncio.timeout(30):
            model = Model("lab", string or STRINGS[protocol], api_base=server.api_base)
            call = Call(model, messages or QUESTION, stream=stream, **more)
            *deltas, answer = [event async for event in door.ask(call, KEY)]
            (request,) = server.requests
        assert isinstance(answer, Answer)
        assert "".join(delta.text for delta in deltas) == (answer.text if stream else "")
        return answer, request

    return asked


@pytest.fixture
def refusal_of(ask):
    async def refused(reply):
        with pytest.raises(CallError) as caught:
            await ask(reply)
        assert KEY not in str(caught.value)
        return caught.value

    return refused


async def test_text_reasoning_finish_tokens_and_the_model_that_answered_are_kept(ask, protocol, stream):
    answer, _ = await ask(Said("Hello 你 over there", reasoning="let me think"))
    assert (answer.text, answer.reasoning, answer.finish) == ("Hello 你 over there", "let me think", "stop")
    told = {
        "anthropic": Usage(INPUT, OUTPUT, CACHED, None),  # it counts reasoning as output, and says no more
        "gemini": Usage(INPUT, OUTPUT, CACHED, REASONING),
        "ollama": Usage(INPUT, OUTPUT, None, None),
    }
    assert answer.usage == told[protocol]
    assert (answer.ttft is None) is not stream
    # Of a whole answer from Ollama LiteLLM hands on no name.
    assert answer.model == (None if protocol == "ollama" and not stream else ANSWERING[protocol])


async def test_an_answer_may_hold_every_line_separator_there_is(ask):
    text = "a\u2028b\u2029c\x85d\x0be\x1cf\r\ng"
    answer, _ = await ask(Said(text))
    assert answer.text == text


async def test_messages_and_params_reach_the_provider(ask, protocol):
    turns = (*QUESTION, Message("assistant", "x"), Message("user", " y\n\n"))
    _, request = await ask(Said("ok"), *turns, params={"temperature": 0, "max_tokens": 7})
    body = request.body
    if protocol == "gemini":
        assert body["system_instruction"] == {"parts": [{"text": "Be brief."}]}
        said = [(turn["role"], turn["parts"][0]["text"]) for turn in body["contents"]]
        assert said == [("user", "Grüße 😀"), ("model", "x"), ("user", " y\n\n")]
        limits = body["generationConfig"]
        assert (limits["temperature"], limits["max_output_tokens"]) == (0, 7)
    elif protocol == "anthropic":
        assert body["system"] == [{"type": "text", "text": "Be brief."}]
        said = [(turn["role"], turn["content"][0]["text"]) for turn in body["messages"]]
        assert said == [("user", "Grüße 😀"), ("assistant", "x"), ("user", " y\n\n")]
        assert (body["temperature"], body["max_tokens"]) == (0, 7)
    else:
        said = [(turn["role"], turn["content"]) for turn in body["messages"]]
        assert said == [(turn.role, turn.content) for turn in turns]
        assert (body["options"]["temperature"], body["options"]["num_predict"]) == (0, 7)


async def test_the_key_goes_where_the_provider_looks_for_it(ask, protocol):
    _, request = await ask(Said("ok"))
    header = {"anthropic": "x-api-key", "gemini": "x-goog-api-key", "ollama": "Authorization"}[protocol]
    assert request.headers[header].removeprefix("Bearer ") == KEY
    assert KEY not in request.path + json.dumps(request.body)


async def test_a_prefill_is_sent_and_what_follows_it_comes_back(ask, protocol):
    prefill = Message("assistant", '{"a":')
    answer, request = await ask(Said("1}"), Message("user", "JSON?"), prefill)
    turns = request.body["contents" if protocol == "gemini" else "messages"]
    assert turns[-1]["role"] == ("model" if protocol == "gemini" else "assistant")
    assert prefill.content in (
        turns[-1]["content"]
        if protocol == "ollama"
        else [part["text"] for part in turns[-1]["parts" if protocol == "gemini" else "content"]]
    )
    assert answer.text == "1}"


async def test_an_answer_that_begins_like_the_prefill_keeps_its_words(ask):
    answer, _ = await ask(Said('["a"], ["b"]]'), Message("user", "Lists?"), Message("assistant", "["))
    assert answer.text == '["a"], ["b"]]'


async def test_a_schema_binds_the_answer(ask, protocol):
    answer, request = await ask(Said('{"a": 1}'), schema=SCHEMA)
    body = request.body
    sent = {
        "anthropic": lambda: body["output_format"]["schema"],
        "gemini": lambda: body["generationConfig"]["response_json_schema"],
        "ollama": lambda: body["format"],
    }
    assert sent[protocol]() == SCHEMA
    assert answer.text == '{"a": 1}'


@pytest.mark.parametrize("protocol", ["anthropic"])  # for its models that know no schemas
async def test_a_schema_that_goes_as_a_tool_comes_back_as_text(ask, protocol):
    said = Said(tools=[("json_tool_call", {"a": 1})])
    answer, request = await ask(said, string="anthropic/claude-3-haiku-20240307", schema=SCHEMA)
    assert request.body["tools"][0]["name"] == "json_tool_call"
    assert (json.loads(answer.text), answer.tool_calls) == ({"a": 1}, ())


async def test_tools_that_the_model_asks_for_are_kept(ask):
    said = Said("Let me look. ", tools=[("look_up", {"word": "é", "n": 2}), ("look_up", {}), ("stop", {})])
    answer, _ = await ask(said)
    assert answer.text == "Let me look. "
    assert [call.name for call in answer.tool_calls] == ["look_up", "look_up", "stop"]
    assert [json.loads(call.arguments) for call in answer.tool_calls] == [{"word": "é", "n": 2}, {}, {}]


async def test_an_answer_of_tools_alone_has_no_text(ask):
    answer, _ = await ask(Said(tools=[("look_up", {"n": 2})]))
    assert (answer.text, answer.tool_calls) == ("", (ToolCall("look_up", '{"n": 2}'),))


async def test_an_answer_cut_at_its_limit_says_so(ask):
    answer, _ = await ask(Said("and so on", stop="limit"))
    assert (answer.text, answer.finish) == ("and so on", "length")


@pytest.mark.parametrize("protocol", ["anthropic", "gemini"])  # Ollama's has no word for a refusal
async def test_a_refusal_is_told_from_an_answer(ask, protocol, stream):
    answer, _ = await ask(Said("I had better", stop="refused"))
    assert answer.finish == "content_filter"
    assert answer.usage.output == OUTPUT
    # LiteLLM takes the words away from a whole answer of Gemini's that was refused.
    assert answer.text == ("" if protocol == "gemini" and not stream else "I had better")


@pytest.mark.parametrize("protocol", ["gemini"])  # no other blocks a prompt without an error
async def test_a_prompt_that_is_blocked_is_refused_before_a_word(ask, protocol):
    answer, _ = await ask(Said(stop="blocked"))
    assert (answer.text, answer.finish, answer.usage.input) == ("", "content_filter", INPUT)


@pytest.mark.parametrize(
    ("why", "kind", "retriable"),
    [
        ("busy", "rate_limit", True),
        ("overloaded", "server", True),
        ("key", "authentication", False),
        ("long", "context_window", False),
        ("unknown", "request", False),
    ],
)
async def test_a_refusal_by_status_has_a_kind_and_says_whether_another_try_may_help(
    refusal_of, why, kind, retriable
):
    failure = await refusal_of(Failing(why))
    assert (failure.kind, failure.retriable) == (kind, retriable), failure.message
    assert "{" not in failure.message


async def test_a_server_says_how_long_to_wait(refusal_of, protocol):
    # Gemini says it in the body, as it does; the others in a header.
    headers = {} if protocol == "gemini" else {"Retry-After": "7"}
    failure = await refusal_of(Failing("busy", headers))
    assert failure.retry_after == 7


async def test_the_status_is_the_one_that_the_server_sent(refusal_of, protocol):
    failure = await refusal_of(Failing("overloaded"))
    assert failure.message.startswith("HTTP 529" if protocol == "anthropic" else "HTTP 503")


@pytest.mark.parametrize(
    ("breaking", "kind"), [("error", "server"), ("cut", "connection"), ("early", "connection")]
)
@pytest.mark.parametrize("stream", [True])  # a whole answer does not break off between its pieces
async def test_a_stream_that_breaks_off_is_a_failure_that_may_pass(refusal_of, stream, breaking, kind):
    failure = await refusal_of(Said("Hello over there", breaking=breaking))
    assert (failure.kind, failure.retriable) == (kind, True), failure.message
