"""A finding is switched off in the front matter, and nothing else of the file changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import PromptError
from workbench.project.yaml import read
from workbench.prompts.format import split
from workbench.prompts.language.switching import switched

BODY = "system:\nHello {{ name }}.\n"


def off(text: str, code: str = "repeat") -> str:
    return switched(text, "prompts/p.md", code)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("description: One", "description: One\nfindings: {repeat: false}"),
        ("", "findings: {repeat: false}"),
        ("# nothing yet", "# nothing yet\nfindings: {repeat: false}"),
        (
            "inputs:\n  name: {default: Ada}  # who",
            "inputs:\n  name: {default: Ada}  # who\nfindings: {repeat: false}",
        ),
        ("{description: One}", "{description: One, findings: {repeat: false}}"),
        ("findings: {}", "findings: {repeat: false}"),
        ("findings:", "findings: {repeat: false}"),
        ("findings:  # none\nmodels: [a]", "findings: {repeat: false}  # none\nmodels: [a]"),
        ("findings: {unused-input: false}", "findings: {unused-input: false, repeat: false}"),
        ("findings: {repeat: true, few-examples: true}", "findings: {repeat: false, few-examples: true}"),
        ("findings: {repeat: false}", "findings: {repeat: false}"),
        (
            "findings:\n  few-examples: true  # five at least\nmodels: [a]",
            "findings:\n  few-examples: true  # five at least\n  repeat: false\nmodels: [a]",
        ),
        ("findings:\n  repeat: true\nmodels: [a]", "findings:\n  repeat: false\nmodels: [a]"),
    ],
)
def test_a_finding_is_switched_off_in_the_style_of_what_is_there(before: str, after: str):
    middle = f"{before}\n" if before else ""
    assert off(f"---\n{middle}---\n{BODY}") == f"---\n{after}\n---\n{BODY}"


def test_a_prompt_without_front_matter_gets_one():
    assert off(BODY) == f"---\nfindings: {{repeat: false}}\n---\n{BODY}"


def test_a_finding_is_switched_on_again():
    assert (
        switched(off(BODY), "prompts/p.md", "repeat", on=True)
        == f"---\nfindings: {{repeat: true}}\n---\n{BODY}"
    )


@pytest.mark.parametrize("front", ["findings: 3", "a: &x {repeat: true}\nfindings: *x", "findings: [repeat]"])
def test_what_cannot_be_changed_alone_is_refused_with_its_place_and_what_to_write(front: str):
    with pytest.raises(PromptError) as refused:
        off(f"---\n{front}\n---\n{BODY}")
    assert refused.value.place is not None and refused.value.place.line == front.count("\n") + 2
    assert "findings: {repeat: false}" in (refused.value.hint or "")


def test_broken_front_matter_is_told_as_such():
    with pytest.raises(PromptError, match="not valid YAML"):
        off(f"---\nfindings: {{\n---\n{BODY}")


@given(
    st.lists(
        st.sampled_from(
            [
                *("description: One", "models: [a, b]  # two", "params:\n  temperature: 0", "# a word", ""),
                *(
                    "output:\n  schema:\n    type: object",
                    "acme.note: |\n  one\n\n  two",
                    "acme.last: >-\n  a\n  b",
                ),
            ]
        ),
        unique=True,
    ),
    st.sampled_from(
        ["", "findings: {few-examples: true}", "findings:\n    repeat: true\n    # why\n", "findings: {}"]
    ),
)
def test_whatever_the_front_matter_is_only_the_switch_changes(lines: list[str], findings: str):
    front = "\n".join([*lines, findings])
    text = f"---\n{front}\n---\n{BODY}"
    after = off(text)
    new, template, _ = split(after, "p.md")
    assert new is not None and template == BODY
    before = read(front, "p.md", error=PromptError).value or {}
    said = read(new, "p.md", error=PromptError).value
    assert said == {**before, "findings": {**before.get("findings", {}), "repeat": False}}
    kept = [line for line in front.split("\n") if line.strip() and not line.startswith(("findings", "    "))]
    assert [line for line in kept if line not in new.split("\n")] == []
