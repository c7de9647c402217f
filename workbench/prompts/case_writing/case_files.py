"""Files of cases, edited so that every byte that is not meant to change stays as it was.

Each edit takes a file's text and returns the new one, and neither reads nor writes a file. What comes out is
read again and compared with what was meant, so an edit either does exactly that or is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from workbench.errors import CasesError, Place, PromptError
from workbench.project.yaml import Value
from workbench.prompts.case_writing import case_csv, yaml_edits
from workbench.prompts.case_writing.yaml_edits import refusal, same
from workbench.prompts.cases import KEYS, Case, cases_in, records_in
from workbench.prompts.tree import decode

Record: TypeAlias = Mapping[str, Value]
"""What a file says of one case: ``inputs``, and those of the other keys that it has."""

NEW_FILE = "# Cases: named sets of inputs to render and run this prompt with.\n\n"
"""How a file of cases begins that is made anew."""


def record_of(case: Case) -> Record:
    """Return what a file says of a case; one whose name is empty is to have none."""
    record = {"name": case.name, "inputs": dict(case.inputs), "expect": case.expect}
    return _stripped({**record, "tags": list(case.tags), "note": case.note})


def with_added(text: str, path: str, records: Sequence[Record]) -> str:
    """Return the text of a file with cases added at its end.

    Raises CasesError, with file and line, where that cannot be done without touching anything else.
    """
    before = records_in(text, path)
    wanted = [_stripped(record) for record in records]
    if path.endswith(".csv"):
        new = case_csv.added(text, path, wanted)
    elif path.endswith(".jsonl"):
        new = _json_line_added(text, wanted)
    else:
        new = yaml_edits.added(text, path, wanted)
    _check(new, path, [*before, *wanted], len(before), text)
    return new


def with_changed(text: str, path: str, index: int, changes: Mapping[str, Value]) -> str:
    """Return the text of a file with some keys of the case at an index changed.

    What is empty or None is taken out. Raises CasesError as ``with_added``.
    """
    before = records_in(text, path)
    wanted = _stripped({**before[index], **changes}, keep=before[index])
    if same(before[index], wanted):
        return text
    if path.endswith(".csv"):
        new = case_csv.changed(text, path, index, before[index], wanted)
    elif path.endswith(".jsonl"):
        new = _json_line_changed(text, index, wanted)
    else:
        new = _yaml_changed(text, path, index, before[index], wanted)
    _check(new, path, [*before[:index], wanted, *before[index + 1 :]], index, text)
    return new


def without(text: str, path: str, index: int) -> str:
    """Return the text of a file without the case at an index. Raises CasesError as ``with_added``."""
    before = records_in(text, path)
    if path.endswith(".csv"):
        new = case_csv.removed(text, path, index)
    elif path.endswith(".jsonl"):
        number = _line_numbers(text)[index]
        lines = text.split("\n")
        new = "\n".join([*lines[:number], *lines[number + 1 :]])
    else:
        new = yaml_edits.removed(text, path, index)
    _check(new, path, [*before[:index], *before[index + 1 :]], index, text)
    return new


def _stripped(record: Record, keep: Record | None = None) -> Record:
    """Return a record without keys that say nothing, but for those in ``keep`` that say it already."""
    kept = keep or {}
    return {
        key: record[key]
        for key in (*record, *KEYS)
        if key in record
        and (
            key == "inputs"
            or record[key] not in (None, "", [])
            or (key == "expect" and record[key] == "")
            or (key in kept and same(kept[key], record[key]))
        )
    }


def _yaml_changed(text: str, path: str, index: int, old: Record, new: Record) -> str:
    """Change a case step by step: each takes out one key at most, so that no two cuts overlap."""
    while not same(old, new):
        stepped = yaml_edits.changed(text, path, index, old, new)
        now = _read_again(stepped, path, index, text)
        if len(now) <= index or same(now[index], old):
            break
        text, old = stepped, now[index]
    return text


def _json_line_changed(text: str, index: int, record: Record) -> str:
    lines = text.split("\n")
    number = _line_numbers(text)[index]
    lines[number] = _json_like(record, lines[number])
    return "\n".join(lines)


def _json_line_added(text: str, records: Sequence[Record]) -> str:
    lines = text.split("\n")
    numbers = _line_numbers(text)
    last = numbers[-1] if numbers else -1
    like = lines[last] if numbers else "{ : }"
    new = [_json_like(record, like) for record in records]
    if not numbers:
        return "\n".join([*new, *lines])
    return "\n".join([*lines[: last + 1], *new, *lines[last + 1 :]])


def _json_like(record: Record, line: str) -> str:
    """Return a record as JSON on one line, with blanks and escapes as another line has them."""
    spaced = '": ' in line or "{ : }" in line
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps(record, ensure_ascii=line.isascii() and "\\u" in line, separators=separators)


def _line_numbers(text: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n")) if line.strip()]


def _check(new: str, path: str, wanted: Sequence[Record], index: int, old: str) -> None:
    """Raise CasesError unless the new text says exactly what is wanted."""
    now = _read_again(new, path, index, old)
    if not same(now, list(wanted)):
        raise refusal("the file would no longer say what it is meant to", _place_of(old, path, index))


def _read_again(new: str, path: str, index: int, old: str) -> list[Record]:
    try:
        return list(records_in(decode(new.encode(), path), path))
    except UnicodeEncodeError as broken:
        raise refusal("half of a surrogate pair is no character", _place_of(old, path, index)) from broken
    except (CasesError, PromptError) as broken:
        why = f"it would no longer be readable ({broken.message})"
        raise refusal(why, _place_of(old, path, index)) from broken


def _place_of(text: str, path: str, index: int) -> Place:
    cases = cases_in(text, path)
    if index < len(cases) and cases[index].place:
        return cases[index].place or Place(path)
    return Place(path, text.count("\n") + 1)
