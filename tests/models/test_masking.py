import json
from contextlib import aclosing
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import CallError
from workbench.models.calls import Answer, Delta, ToolCall
from workbench.models.doors import failures
from workbench.models.masking import without_key

KEY = "sk-planted-7f3a9c2e41d8"


async def masked(pieces, answer, key=KEY):
    async def events():
        for piece in pieces:
            yield Delta(text=piece)
        yield answer

    async with aclosing(without_key(events(), key)) as told:
        return [event async for event in told]


def shown(events):
    return "".join(event.text for event in events if isinstance(event, Delta))


@given(
    st.lists(st.integers(0, 60), max_size=8), st.text("sk-p [key]", max_size=20), st.text("sk-", max_size=5)
)
async def test_however_a_stream_is_cut_the_key_is_masked_and_nothing_else_changes(cuts, before, after):
    whole = f"{before}{KEY}{after}{KEY[:7]}"
    edges = sorted({min(cut, len(whole)) for cut in cuts} | {0, len(whole)})
    pieces = [whole[start:end] for start, end in pairwise(edges)]
    events = await masked(pieces, Answer(whole))
    assert shown(events) == whole.replace(KEY, "[key]")
    assert events[-1] == Answer(whole.replace(KEY, "[key]"))


async def test_every_part_of_an_answer_is_masked():
    told = Answer(
        f"a {KEY}",
        reasoning=f"b {KEY}",
        refusal=f"c {KEY}",
        finish=KEY,
        model=f"m-{KEY}",
        tool_calls=(ToolCall(KEY, f'{{"key": "{KEY}"}}'),),
    )
    (answer,) = await masked([], told)
    assert KEY not in repr(answer)
    assert (answer.text, answer.model) == ("a [key]", "m-[key]")


async def test_words_that_come_are_not_held_back_where_they_cannot_become_the_key():
    events = await masked(["ask ", "s", "k-pla", "in"], Answer("ask sk-plain"))
    assert [event.text for event in events[:-1]] == ["ask ", "", "", "sk-plain"]


@given(
    st.sampled_from([None, "", "lab", "ollama", "sk-7f3a", "sk-7f3a9", KEY]), st.text("sk-lab ", max_size=9)
)
async def test_an_answer_and_a_failure_are_masked_by_one_rule(key, around):
    text = f"{around}{key}{around} is not available"
    expected = text.replace(key, "[key]") if key in ("sk-7f3a9", KEY) else text
    assert shown(await masked([text], Answer(text), key)) == expected
    assert failures.protocol(text, key).message == failures.protocol(expected).message


def test_the_words_of_a_failure_are_masked_before_they_are_cut_short():
    for before in range(270, 310):
        assert KEY[:8] not in failures.protocol("x" * before + KEY, KEY).message


@pytest.mark.parametrize("key", [None, "ollama"])
async def test_a_word_in_place_of_a_key_is_no_secret(key):
    events = await masked(["I run on ollama"], Answer("I run on ollama"), key)
    assert shown(events) == "I run on ollama"


async def test_closing_closes_the_call():
    closed = []

    async def events():
        try:
            yield Delta("a")
            yield Delta("b")
        finally:
            closed.append(True)

    async with aclosing(without_key(events(), KEY)) as told:
        async for _ in told:
            break
    assert closed == [True]


async def test_the_words_of_a_failure_are_masked():
    async def events():
        yield Delta("a")
        raise CallError(f"the server said {KEY}", kind="protocol", retriable=True)

    with pytest.raises(CallError) as failure:
        async for _ in without_key(events(), KEY):
            pass
    assert (failure.value.message, failure.value.args) == (
        "the server said [key]",
        ("the server said [key]",),
    )


@pytest.mark.parametrize("written", [lambda text: text, lambda text: text.replace("/", "\\/")])
async def test_a_key_is_masked_in_the_arguments_of_a_tool_as_json_writes_it(written):
    key = 'abc"def\\ghi/jklmnopqr'
    told = Answer("", tool_calls=(ToolCall("tell", written(json.dumps({"key": key, "more": "a/b"}))),))
    (answer,) = await masked([], told, key)
    assert json.loads(answer.tool_calls[0].arguments) == {"key": "[key]", "more": "a/b"}
