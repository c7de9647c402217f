import pytest

from workbench.models.catalogue import Catalogue
from workbench.models.fit import problems
from workbench.models.tokens import TokenCount
from workbench.project.settings import parse

CATALOGUE = Catalogue(
    parse(
        "models: {smol: local/smollm2-135m, lab: {model: openai/qwen3, api_base: 'http://127.0.0.1:8080/v1'}}"
    )
)


def found(name, params=None, **more):
    return problems(CATALOGUE.resolve(name), params or {}, **more)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        (
            "smol",
            {"temperature": 0, "top_k": 5, "min_p": 0.1, "repeat_penalty": 1.1, "max_tokens": 20, "seed": 1},
        ),
        ("gpt-4o-mini", {"temperature": 0.7, "max_tokens": 10, "stop": ["\n"], "logprobs": True, "seed": -1}),
        ("openai/o3", {"max_tokens": 100, "reasoning_effort": "low", "temperature": 1}),
        ("openai/gpt-5.4-mini", {"temperature": 0}),
        ("openai/gpt-5.5", {"temperature": 0, "reasoning_effort": "none"}),
        ("claude-haiku-4-5", {"temperature": 0, "top_k": 3, "stop": "x", "thinking": {"type": "enabled"}}),
        ("gemini/gemini-2.5-pro", {"temperature": 1.5, "seed": 3, "top_k": 4}),
        ("lab", {"temperature": 0, "repetition_penalty": 1.2, "min_p": 0.05, "verbosity": "low"}),
        ("hosted_vllm/anything", {"temperature": 0, "max_tokens": 5}),
    ],
)
def test_what_a_model_takes_raises_nothing(name, params):
    assert found(name, params) == ()


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("smol", {"temprature": 0}, ["smol", "temprature", "“temperature”"]),
        ("smol", {"logprobs": True}, ["smol", "logprobs", "remove"]),
        ("gpt-4o-mini", {"top_k": 5}, ["gpt-4o-mini", "top_k"]),
        ("claude-haiku-4-5", {"seed": 5}, ["claude-haiku-4-5", "seed"]),
        ("claude-haiku-4-5", {"temperature": 1.5}, ["temperature", "from 0 to 1"]),
        ("anthropic/claude-opus-4-7", {"temperature": 0}, ["claude-opus-4-7", "temperature", "remove"]),
        ("openai/o3", {"temperature": 0}, ["openai/o3", "temperature", "remove"]),
        ("openai/o3", {"presence_penalty": 1}, ["reasoning model", "presence_penalty"]),
        ("openai/gpt-5", {"top_p": 0.5}, ["openai/gpt-5", "top_p"]),
        ("openai/gpt-5.5", {"temperature": 0}, ["reasoning_effort: none"]),
        ("openai/gpt-5.4-mini", {"temperature": 0, "reasoning_effort": "high"}, ["temperature"]),
        ("openai/o9-imagined", {"temperature": 0}, ["o9-imagined", "temperature"]),
        ("gpt-4o-mini", {"reasoning_effort": "low"}, ["does not reason"]),
        ("gpt-4o-mini", {"n": 3}, ["“n”", "use samples"]),
        ("gpt-4o-mini", {"response_format": {}}, ["output: {schema"]),
        ("lab", {"api_base": "https://evil.example"}, ["api_base", "may not be set"]),
        ("gpt-4o-mini", {"temperature": "hot"}, ["temperature", "a number from 0 to 2", "'hot'"]),
        ("gpt-4o-mini", {"temperature": True}, ["a number"]),
        ("gpt-4o-mini", {"max_tokens": 0}, ["max_tokens", "from 1"]),
        ("gpt-4o-mini", {"max_tokens": 1.5}, ["max_tokens", "whole number"]),
        ("gpt-4o-mini", {"max_tokens": 99_999}, ["99,999", "16,384", "lower it"]),
        ("gpt-4o-mini", {"stop": 3}, ["stop", "text"]),
        ("lab", {"best_of": 3}, ["lab", "best_of"]),
    ],
)
def test_a_param_that_will_not_do_is_told_with_its_model_and_remedy(name, params, words):
    (problem,) = found(name, params)
    assert "\n" not in problem
    for word in words:
        assert word in problem


def test_a_schema_or_prefill_that_a_known_model_does_not_take():
    assert "prefill" in found("gpt-4o-mini", prefill="{")[0]
    assert "schema" in found("openai/gpt-4", schema={"type": "object"})[0]
    assert found("smol", schema={}, prefill="{") == ()


def test_an_unknown_model_and_a_server_of_ones_own_are_taken_at_their_word():
    assert found("lab", schema={}, prefill="{") == ()
    assert found("hosted_vllm/anything", schema={}, prefill="{") == ()


def test_a_model_of_another_protocol_is_told_before_anything_is_sent():
    assert "Responses API" in found("openai/gpt-5-pro")[0]


def test_a_context_past_the_window():
    count = TokenCount(8193, (8000,), ((8000,),), 193, True, 0, 8193)
    (problem,) = found("smol", count=count)
    assert "8,193" in problem
    assert "8,192" in problem
    assert found("lab", count=count) == ()
