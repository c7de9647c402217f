"""What is asked of ``context``: its options as one thing, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.bench.copying import FORMATS
from workbench.errors import UsageError, did_you_mean
from workbench.project.switches import CODES
from workbench.runs.plan import split_target

ANY = "any"
"""Stands for every finding."""


@dataclass(frozen=True)
class Asked:
    """What was asked for: a prompt, what to render it with, and what to show of it.

    ``inputs`` are as they were typed, ``NAME=VALUE``.
    """

    prompt: str
    case: str | None
    models: Sequence[str]
    inputs: Sequence[str]
    form: str | None
    segments: bool
    sort: str | None
    by: str | None
    revision: str | None
    fail_on: Sequence[str]


def one_form(form: str | None, as_json: bool) -> str | None:
    """Return the form that --format and --json ask for together; raises UsageError for two of them."""
    if as_json and form not in (None, "json"):
        raise UsageError(f"--json and --format {form} are two forms", hint="Leave one of them out.")
    return "json" if as_json else form


def check(asked: Asked) -> None:
    """Raise UsageError for options that contradict each other, and for a finding that there is not."""
    if asked.segments and asked.revision is not None:
        raise UsageError("--segments and --diff are two views", hint="Ask for one at a time.")
    if asked.form is not None and asked.revision is not None:
        name = split_target(asked.prompt)[0]
        raise UsageError(
            f"--diff is for people and has no --format {asked.form}",
            hint=f"For programs: workbench diff {name}@{asked.revision} {asked.prompt} --rendered --json",
        )
    if asked.form is not None and asked.segments:
        hint = "JSON holds every segment: leave --segments out." if asked.form == "json" else None
        raise UsageError(
            f"--segments is for people and has no --format {asked.form}",
            hint=hint or "Leave one of them out.",
        )
    if (asked.sort or asked.by) and not asked.segments:
        raise UsageError("--sort and --by say how to show segments", hint="Add --segments.")
    if asked.inputs and asked.revision is not None:
        raise UsageError("--diff compares a case", hint="Name one with --case in place of -i.")
    if asked.form in FORMATS and len(set(asked.models)) > 1:
        raise UsageError(f"--format {asked.form} is for one model", hint="Give -m once.")
    for code in asked.fail_on:
        if code not in (ANY, *CODES):
            raise UsageError(f"there is no finding “{code}”", hint=did_you_mean(code, (ANY, *CODES)))
