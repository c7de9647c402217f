from __future__ import annotations

import pytest

from workbench.errors import PromptError
from workbench.prompts.format import Input, parse

EVERYTHING = """\
---
description: Sort a ticket.
models: [smol, mini]
params: {max_tokens: 20}
inputs:
  ticket: {description: The message.}
  tone: {default: friendly}
  count: 3
  nothing: {default: null}
  bare:
  talk: {kind: turns}
examples:
  - {ticket: Card declined, output: billing}
documents:
  refunds: ../docs/refunds.md
output: {schema: {type: object}}
findings: {repeat: on, prefill-space: false}
acme.owner: team-a
---
user:
{{ ticket }}
"""


def prompt_of(text):
    return parse(text, "p", "prompts/p.md")


def refusal(front):
    with pytest.raises(PromptError) as caught:
        prompt_of(f"---\n{front}\n---\nHi\n")
    return caught.value


def test_every_key_of_the_front_matter_is_read():
    prompt = prompt_of(EVERYTHING)
    assert prompt.description == "Sort a ticket."
    assert prompt.models == ("smol", "mini")
    assert prompt.params == {"max_tokens": 20}
    assert prompt.findings == {"repeat": True, "prefill-space": False}
    assert prompt.inputs["ticket"] == Input("ticket", "The message.")
    assert prompt.inputs["tone"] == Input("tone", required=False, default="friendly")
    assert prompt.inputs["count"] == Input("count", required=False, default=3)
    assert prompt.inputs["nothing"] == Input("nothing", required=False)
    assert prompt.inputs["bare"] == Input("bare")
    assert prompt.inputs["talk"].kind == "turns"
    assert prompt.examples == ({"ticket": "Card declined", "output": "billing"},)
    assert prompt.documents == {"refunds": "../docs/refunds.md"}
    assert prompt.schema == {"type": "object"}
    assert (prompt.template, prompt.template_line) == ("user:\n{{ ticket }}\n", 20)


def test_a_file_without_front_matter_is_all_template():
    prompt = prompt_of("Hi\n---\nno: front matter\n---\n")
    assert prompt.template == "Hi\n---\nno: front matter\n---\n"
    assert prompt.template_line == 1


def test_empty_front_matter_says_nothing():
    assert prompt_of("---\n---\nHi").template == "Hi"


@pytest.mark.parametrize(
    ("front", "line", "words"),
    [
        ("a: [1", 3, "not valid YAML"),
        ("descripton: x", 2, "“descripton” is not known"),
        ("models: [a]\nmodels: [b]", 3, "stands here twice"),
        ("description: 3", 2, "“description” must be text"),
        ("models: smol", 2, "“models” must be a list"),
        ("models:\n  - a\n  - 3", 4, "list of texts"),
        ("params: [1]", 2, "“params” must be a mapping"),
        ("inputs: [ticket]", 2, "“inputs” must be a mapping"),
        ("inputs:\n  a b:", 3, "cannot be the name of an input"),
        ("inputs:\n  documents: x", 3, "cannot be the name of an input"),
        ("inputs:\n  not: x", 3, "cannot be the name of an input"),
        ("inputs:\n  a: {defualt: x}", 3, "“defualt” is not known"),
        ("inputs:\n  a:\n    kind: list", 4, "“kind” must be"),
        ("inputs:\n  a: {kind: turns, default: hi}", 3, "must be a conversation"),
        (
            "inputs:\n  a:\n    kind: turns\n    default: [{role: system, content: x}]",
            5,
            "must be a conversation",
        ),
        ("examples: 3", 2, "“examples” must be a list"),
        ("examples:\n  - {ticket: x, output: y}\n  - {ticket: x}", 4, "with an “output”"),
        ("examples:\n  - just text", 3, "with an “output”"),
        ("documents:\n  a: [x]", 3, "“a” must be text"),
        ("documents:\n  a-b: x.md", 3, "plain name"),
        ("documents:\n  a:", 3, "plain name and a path"),
        ("output: json", 2, "“output” must be a mapping"),
        ("output: {scheme: {}}", 2, "“scheme” is not known"),
        ("output:\n  schema: {type: 5}", 3, "not a JSON schema"),
        ("just text", 2, "must be a mapping"),
    ],
)
def test_front_matter_that_is_wrong_names_file_line_and_key(front, line, words):
    error = refusal(front)
    assert words in error.message
    assert (error.place.path, error.place.line) == ("prompts/p.md", line)


@pytest.mark.parametrize(
    ("front", "hint"),
    [
        ("descripton: x", "“description”"),
        ("example: []", "“examples”"),
        ("inputs:\n  a: {defualt: x}", "“default”"),
        ("owner: me", "Known: "),
    ],
)
def test_an_unknown_key_suggests_the_nearest_known_one(front, hint):
    assert hint in refusal(front).hint


def test_front_matter_that_is_never_closed_says_how_to_close_it():
    with pytest.raises(PromptError, match="never closed") as caught:
        prompt_of("---\ndescription: x\nuser:\nHi\n")
    assert str(caught.value.place) == "prompts/p.md:1"
    assert "---" in caught.value.hint


def test_defaults_that_yaml_1_1_would_change_stay_as_written():
    prompt = prompt_of("---\ninputs: {answer: no, day: 2024-01-01, size: 1e3}\n---\n")
    assert [declared.default for declared in prompt.inputs.values()] == ["no", "2024-01-01", 1000.0]
