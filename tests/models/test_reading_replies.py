"""How replies are read: events, chunks, tools, halves of characters and words about waiting, in odd forms."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.models.calls import ToolCall, Usage
from workbench.models.doors import failures
from workbench.models.doors.arriving import Arriving
from workbench.models.doors.chat_protocol import read_piece
from workbench.models.doors.halves import Halves
from workbench.models.doors.sse import EventStream


def tools_of(*said, part="delta"):
    """Return the tools of an answer that came in these deltas."""
    arriving = Arriving()
    for message in said:
        arriving.take(read_piece({"choices": [{"index": 0, part: message}]}, None))
    return arriving.answer().tool_calls


def asking(name=None, arguments=None, **more):
    """Return a delta that asks for a tool, or goes on with it."""
    function = {"name": name, "arguments": arguments}
    told = {key: value for key, value in function.items() if value is not None}
    return {"tool_calls": [more | {"function": told}]}


@pytest.mark.parametrize(
    "said",
    [
        [asking("look", "", index=0, id="a"), asking(None, '{"n"', index=0), asking(None, ": 1}", index=0)],
        [asking("look", '{"n"', id="a"), asking(None, ": 1}")],
        [asking("look", '{"n"', index=0, id="a"), asking("look", ": 1}", index=0, id="a")],
        [asking("look", {"n": 1}, index=0, id="a")],
        [{"function_call": {"name": "look", "arguments": '{"n"'}}, {"function_call": {"arguments": ": 1}"}}],
        [{"tool_calls": [{"id": "a", "type": "custom", "custom": {"name": "look", "input": '{"n": 1}'}}]}],
    ],
    ids=["as told", "no index", "all repeated", "an object", "the name of old", "custom"],
)
def test_a_tool_is_joined_from_its_parts(said):
    assert tools_of(*said) == (ToolCall("look", '{"n": 1}'),)


@pytest.mark.parametrize(
    "said",
    [
        [asking("a", "1", index=0, id="x"), asking("b", "2", index=1, id="y")],
        [asking("a", "1", index=0, id="x"), asking("b", "2", index=0, id="y")],
        [asking("a", "1"), asking("b", "2")],
        [{"tool_calls": asking("a", "1")["tool_calls"] + asking("b", "2")["tool_calls"]}],
        [
            asking("a", "", index=0, id="x"),
            asking("b", "", index=1, id="y"),
            asking(None, "1", index=0),
            asking(None, "2", index=1),
        ],
    ],
    ids=["as told", "one index for all", "no index", "in one chunk", "by turns"],
)
def test_tools_are_told_apart(said):
    assert tools_of(*said) == (ToolCall("a", "1"), ToolCall("b", "2"))


@pytest.mark.parametrize(
    "tools", [None, "look", [None], [{}], [{"function": "look"}], [{"function": {"name": 3}}], {"a": 1}]
)
def test_tools_that_are_none_are_passed_over(tools):
    assert tools_of({"content": "Hi", "tool_calls": tools}, part="message") == ()


def test_a_half_of_a_character_in_a_tool_s_arguments_is_replaced():
    assert tools_of(asking("look", '"\ud83d', index=0), asking(None, '\ude00 \ud83d"', index=0)) == (
        ToolCall("look", '"😀 \N{REPLACEMENT CHARACTER}"'),
    )


def test_an_answer_in_parts_is_told_apart():
    parts = [
        {
            "type": "thinking",
            "thinking": [{"type": "text", "text": "let me "}, {"type": "text", "text": "see"}],
        },
        {"type": "text", "text": "Yes"},
        {"type": "text", "text": "."},
        {"type": "refusal", "refusal": "no more"},
    ]
    piece = read_piece({"choices": [{"message": {"content": parts}}]}, None)
    assert (piece.text, piece.reasoning, piece.refusal) == ("Yes.", "let me see", "no more")


@pytest.mark.parametrize(
    ("said", "usage"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 4}, Usage(9, 2, 4, None)),
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 0}}, Usage(9, None, 0, None)),
        ({}, None),
        ({"prompt_tokens": "9"}, None),
        (None, None),
    ],
)
def test_tokens_are_read_by_the_words_of_several_servers(said, usage):
    assert read_piece({"choices": [], "usage": said}, None).usage == usage


@given(st.text(), st.data())
def test_a_text_cut_anywhere_in_utf_16_comes_out_whole(text, data):
    units = [
        chr(int.from_bytes(pair, "little"))
        for pair in zip(*[iter(text.encode("utf-16-le"))] * 2, strict=True)
    ]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(units)))))
    halves = Halves()
    pieces = ["".join(units[start:end]) for start, end in zip([0, *cuts], [*cuts, len(units)], strict=True)]
    assert "".join(halves.take(piece) for piece in pieces) + halves.rest() == text


@given(st.text(alphabet=st.characters(codec=None, categories=["L", "Cs"])))
def test_whatever_comes_can_be_written_to_a_file(text):
    halves = Halves()
    (halves.take(text) + halves.rest()).encode()


EVENTS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1), min_size=1)


@given(EVENTS, st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_events_are_the_same_wherever_the_stream_is_cut(texts, newline, data):
    """Comments, other fields and a byte order mark change nothing either."""
    said = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
    stream = "\ufeff" + "".join(
        f": keep-alive{newline}event: message{newline}data: {each}{newline}id: 1{newline}{newline}"
        for each in said
    )
    sent = stream.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=20)))
    events = EventStream()
    heard = [
        event
        for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)
        for event in events.feed(sent[start:end])
    ]
    assert heard + events.end() == said


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("Rate limit reached. Please try again in 20s.", 20.0),
        ("Please try again in 1m2.5s. Visit our page", 62.5),
        ("Please try again in 850ms.", 0.85),
        ("You exceeded your current rate. Please retry in 7.25s.", 7.25),
        ("Please retry after 30 seconds.", 30.0),
        ('{"@type": "RetryInfo", "retryDelay": "31s"}', 31.0),
        ("Please try again in a minute.", None),
        ("server busy, please try again", None),
    ],
)
def test_how_long_to_wait_is_read_from_a_message_too(said, seconds):
    assert failures.wait_in_words(said) == seconds
    assert failures.of_status(429, said, {}, None).retry_after == seconds
    assert failures.of_status(429, said, {"Retry-After": "3"}, None).retry_after == 3
    assert failures.of_status(400, said, {}, None).retry_after is None
