"""The forms that results are exported in: JSON Lines, CSV and Markdown.

JSON Lines hold every text exactly. The other two are for people and their programs: what a terminal would
obey is made visible in them, and what a spreadsheet would reckon is marked as text.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from workbench.bench.inert import inert, inert_json, one_line
from workbench.project.yaml import Value

Whole = Mapping[str, Value]
"""A result in the shape of ``result_values.whole_value``."""

COLUMNS = (
    *("run", "result", "prompt", "version", "revision", "dirty", "contender", "model", "params", "case"),
    *("sample", "inputs", "status", "text", "expect", "expected", "valid", "invalid", "finish", "error"),
    *("reasoning", "tool_calls", "label", "note", "usage.input", "usage.output", "usage.cached"),
    *("usage.reasoning", "cost", "ttft", "total", "cached", "tries", "answered_by", "started", "ended"),
    "messages",
)
"""The columns of CSV; a name with a dot is a key within a key."""

LONGEST_LINE = 200
"""Characters of a fact that stands on one line of Markdown."""

_RECKONED = re.compile(r"\s*[=+\-@\uff0b\uff0d\uff1d\uff20]")
"""How a text begins that a spreadsheet takes for a formula (OWASP, “CSV Injection”), wide signs included."""

_FACTS = {
    **{name: name for name in ("prompt", "version", "revision", "model", "answered_by", "params", "case")},
    **{name: name for name in ("sample", "status", "finish", "expected", "valid", "invalid")},
    "usage.input": "tokens in",
    "usage.output": "tokens out",
    "cost": "cost in USD",
    "total": "seconds",
    "cached": "cached",
    "label": "marked",
}
"""What Markdown tells of a result, and how it calls it."""


@dataclass(frozen=True)
class Form:
    """One form: its name, how its files end, how it begins, and how it says one result."""

    name: str
    suffixes: tuple[str, ...]
    head: str
    say: Callable[[Whole], str]


def as_json_line(whole: Whole) -> str:
    """Return a result as one line of JSON, of exactly the same value, in which nothing acts on a terminal."""
    return inert_json(json.dumps(whole, ensure_ascii=False)) + "\n"


def as_csv_row(whole: Whole) -> str:
    """Return a result as a row of CSV; what is unknown is empty, and what has parts is JSON."""
    return _csv([_csv_cell(_at(whole, column)) for column in COLUMNS])


def as_section(whole: Whole) -> str:
    """Return a result as a section of Markdown: what is known of it, what was sent, what came back."""
    parts = [f"## Result {whole['result']} of run {whole['run']}", _facts(whole)]
    messages = whole["messages"]
    assert isinstance(messages, list)
    parts += [_passage(f"Sent: {message['role']}", message["content"]) for message in messages]
    shown = (
        ("Reasoning", whole["reasoning"]),
        ("Answer", whole["text"]),
        ("Tool calls", json.dumps(whole["tool_calls"], ensure_ascii=False) if whole["tool_calls"] else ""),
        ("Error", whole["error"]),
        ("Expected", whole["expect"]),
        ("Note", whole["note"]),
    )
    parts += [_passage(title, str(text)) for title, text in shown if text]
    return "\n\n".join(parts) + "\n\n"


def _at(whole: Whole, column: str) -> Value:
    outer, _, inner = column.partition(".")
    found = whole[outer]
    return found[inner] if inner and isinstance(found, Mapping) else found


def _csv(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _csv_cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        text = inert(value)
        return f"'{text}" if _RECKONED.match(text) else text
    return inert_json(json.dumps(value, ensure_ascii=False))


def _facts(whole: Whole) -> str:
    known = ((name, _at(whole, column)) for column, name in _FACTS.items())
    return "\n".join(
        f"- {name.replace('_', ' ')}: {_span(value)}" for name, value in known if value not in (None, "")
    )


def _span(value: Value) -> str:
    """Return a value as code within a line, which no backtick in it can end (CommonMark, “Code spans”)."""
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = one_line(said, LONGEST_LINE)
    ticks = "`" * (_longest_ticks(text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _passage(title: str, text: str) -> str:
    """Return a text under a heading, in a fence longer than any in it (CommonMark, “Fenced code blocks”)."""
    text = inert(text)
    fence = "`" * max(3, _longest_ticks(text) + 1)
    end = "" if text.endswith("\n") else "\n"
    return f"### {title}\n\n{fence}text\n{text}{end}{fence}"


def _longest_ticks(text: str) -> int:
    return max((len(ticks) for ticks in re.findall("`+", text)), default=0)


FORMS = {
    form.name: form
    for form in (
        Form("jsonl", (".jsonl", ".ndjson"), "", as_json_line),
        Form("csv", (".csv",), _csv(COLUMNS), as_csv_row),
        Form("md", (".md", ".markdown"), "# Results\n\n", as_section),
    )
}
"""Every form by its name."""
