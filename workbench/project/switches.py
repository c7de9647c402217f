"""Which findings are looked for: their codes, and the switches that turn them on and off.

They are read here because both ``.workbench.yml`` and the front matter of a prompt have them.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.errors import did_you_mean
from workbench.project.yaml import Fields

CODES: Mapping[str, str] = {
    "repeat": "a passage of 12 words or more stands twice in the context",
    "unused-input": "an input is declared or given, and never used",
    "unclosed-tag": "an XML tag is opened in the template and never closed",
    "near-window": "the context fills more than 80 % of a model's window",
    "example-is-case": "an example is equal to the case under test",
    "control-tokens": "an input, document or example holds text that looks like a control token",
    "unpinned-model": "a model's name is not pinned to a dated version",
    "model-changed": "another model than in earlier runs answers under a model's name",
    "retiring-model": "a model is retired within 90 days, or is already",
    "unsupported": "a model does not support the schema, the prefill or a param",
    "prefill-space": "the prefill ends with spaces",
    "few-examples": "there are fewer than 5 examples",
    "long-template": "template and partials are over 2,000 tokens",
}
"""Every finding by its code, and what it means in a line; in the order in which they are told."""

OFF_UNLESS_ASKED_FOR = frozenset({"few-examples", "long-template"})
"""The findings that are looked for only where a switch says so."""

_SETTINGS = {True: True, False: False, "on": True, "off": False}  # in YAML 1.2 “on” and “off” are text


def read_switches(fields: Fields | None) -> dict[str, bool]:
    """Return the switches of a mapping ``findings: {repeat: off, few-examples: on}``, by code.

    Raises the error of ``fields``, with file and line, for a code that does not exist and for a value that is
    neither on nor off.
    """
    if fields is None:
        return {}
    for code, value in fields.values.items():
        if code not in CODES:
            raise fields.error(f"there is no finding “{code}”", code, hint=did_you_mean(code, CODES))
        if not isinstance(value, bool | str) or value not in _SETTINGS:
            raise fields.error(f"“{code}” must be on or off, not {value!r:.60}", code, hint=f"{code}: off")
    return {code: _SETTINGS[value] for code, value in fields.values.items()}


def looked_for(code: str, *switches: Mapping[str, bool]) -> bool:
    """Return whether a finding is looked for; of several switches the later ones win."""
    on = code not in OFF_UNLESS_ASKED_FOR
    for one in switches:
        on = one.get(code, on)
    return on
