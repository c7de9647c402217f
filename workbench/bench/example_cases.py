"""A prompt's few-shot examples as cases: does it understand its own examples?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from workbench.project.yaml import Value
from workbench.prompts.cases import Case
from workbench.prompts.version import Version


def example_cases(version: Version, inputs: Mapping[str, Value]) -> Iterator[tuple[Version, Case]]:
    """Yield each few-shot example as a case, with the version as it renders without that example.

    What the example answers is what is expected. ``inputs`` are for what an example leaves unsaid.
    """
    for number, example in enumerate(version.examples, start=1):
        others = (*version.examples[: number - 1], *version.examples[number:])
        case = Case(
            f"example {number}", {**inputs, **example.inputs}, expect=example.output, place=example.place
        )
        yield replace(version, examples=others), case
