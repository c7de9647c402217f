"""Findings that a version, a case and its context give at a glance: inputs, examples and the prefill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workbench.context.findings import Finding
from workbench.context.messages import Context
from workbench.context.sources import example_messages, reads, unread
from workbench.errors import Place
from workbench.project.yaml import Value
from workbench.prompts.cases import Case
from workbench.prompts.version import Example, Version

FEW = 5
"""Examples fewer than this are few."""


def unused_inputs(version: Version, case: Case | None) -> Iterator[Finding]:
    """Yield a finding for each input that is declared, or given by a case in a file, and never used."""
    prompt = version.prompt
    for name in prompt.inputs:
        if not reads(version, name):
            yield Finding(
                "unused-input",
                f"the input “{name}” is declared and never used: write {{{{ {name} }}}} or remove it",
                prompt.places.get(f"inputs.{name}", Place(prompt.path)),
            )
    if case is None or case.place is None:
        return  # what was typed is answered where it was typed
    for name in unread(version, case.inputs):
        yield Finding(
            "unused-input",
            f"the case “{case.name}” gives the input “{name}”, which {prompt.name} never uses: "
            "remove it or write its right name",
            case.place,
        )


def equal_examples(version: Version, case: Case | None, context: Context) -> Iterator[Finding]:
    """Yield a finding for each example that has the inputs of the case, and gives its answer away."""
    defaults = {name: declared.default for name, declared in version.prompt.inputs.items()}
    values = {**defaults, **(case.inputs if case else {})}
    pairs = example_messages(version, context)
    for number, example in enumerate(version.examples):
        if case is not None and _is_case(example, values):
            name = f" “{case.name}”" if case.name else ""
            yield Finding(
                "example-is-case",
                f"example {number + 1} is the case{name} itself, so that its answer is given away: "
                "take it out or choose another case",
                example.place,
                (pairs[2 * number], 0) if 2 * number < len(pairs) else None,
            )


def _is_case(example: Example, values: Mapping[str, Value]) -> bool:
    return bool(example.inputs) and all(
        name in values and _plain(value) == _plain(values[name]) for name, value in example.inputs.items()
    )


def _plain(value: Value) -> Value:
    """Return a value as it compares: spaces around a text come from how YAML is written."""
    return value.strip() if isinstance(value, str) else (type(value), value)


def prefill_spaces(context: Context) -> Iterator[Finding]:
    """Yield a finding where a prefill ends with spaces, which most models answer badly or refuse."""
    prefill = context.prefill
    if prefill is not None and prefill != prefill.rstrip():
        at = len(context.messages) - 1, len(prefill.rstrip())
        segments = context.segments[-1]
        yield Finding(
            "prefill-space",
            "the prefill ends with spaces, which models continue badly or refuse: take them away",
            context.written_at(*at) or (segments[-1].place if segments else None),
            at,
        )


def few_examples(version: Version) -> Iterator[Finding]:
    """Yield a finding where there are fewer than five examples."""
    count = len(version.examples)
    if count < FEW:
        examples = "is 1 example" if count == 1 else f"are {count or 'no'} examples"
        yield Finding(
            "few-examples",
            f"there {examples}: {FEW} or more show a model better what is wanted",
            version.prompt.places.get("examples", Place(version.prompt.path, 1)),
        )
