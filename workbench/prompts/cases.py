"""Cases: named sets of inputs, from YAML, JSON Lines and CSV files beside a prompt."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from workbench.errors import CasesError, Place, PromptError, did_you_mean
from workbench.project.yaml import Fields, Value, read, read_json
from workbench.prompts.library import MAX_BYTES
from workbench.prompts.tree import PROMPTS, Tree, decode

# By default a cell of more than 128 KB is an error. The limit is the whole process's, so it is set but once,
# as other threads may be reading, and never lowered, as the process may be somebody else's.
csv.field_size_limit(max(csv.field_size_limit(), MAX_BYTES))

SUFFIXES = (".cases.yml", ".cases.jsonl", ".cases.csv")
"""A prompt's cases files, joined in this order."""

KEYS = ("name", "inputs", "expect", "tags", "note")


@dataclass(frozen=True)
class Case:
    """A named set of inputs to render a prompt with; ``expect`` is the answer it should get, if known."""

    name: str
    inputs: Mapping[str, Value] = field(default_factory=dict)
    expect: str | None = None
    tags: tuple[str, ...] = ()
    note: str = ""
    place: Place | None = None

    @property
    def hash(self) -> str:
        """The SHA-256 of the inputs, in hex: two cases are the same when it is."""
        return hash_inputs(self.inputs)


def hash_inputs(inputs: Mapping[str, Value]) -> str:
    """Return the SHA-256 of the inputs as canonical JSON, in hex."""
    canonical = json.dumps(inputs, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def load_cases(tree: Tree, name: str) -> tuple[Case, ...]:
    """Return the cases of a prompt from all its cases files.

    Raises CasesError, with file and line, for a file that is not what it may be, and for two cases of one
    name.
    """
    cases: list[Case] = []
    for suffix, parse in zip(SUFFIXES, (_from_yaml, _from_json_lines, _from_csv), strict=True):
        path = f"{PROMPTS}/{name}{suffix}"
        try:
            text = decode(tree.read(path), path)
        except FileNotFoundError:
            continue
        except PromptError as broken:
            raise CasesError(broken.message, place=broken.place, hint=broken.hint) from broken
        cases += parse(text, path, len(cases))
    first: dict[str, Case] = {}
    for case in cases:
        if case.name in first:
            raise CasesError(
                f"two cases are named “{case.name}”; the other is at {first[case.name].place}",
                place=case.place,
                hint="Give one of them another name.",
            )
        first[case.name] = case
    return tuple(cases)


def choose(cases: tuple[Case, ...], name: str, prompt: str) -> Case:
    """Return the case of this name, or of this number counted from 1.

    Raises CasesError where there is none.
    """
    for case in cases:
        if case.name == name:
            return case
    numbers = {str(number): case for number, case in enumerate(cases, start=1)}
    if name in numbers:
        return numbers[name]
    raise CasesError(f"{prompt} has no case “{name}”", hint=did_you_mean(name, [case.name for case in cases]))


def _from_yaml(text: str, path: str, before: int) -> Iterator[Case]:
    document = read(text, path, error=CasesError)
    if document.value is None:
        return
    if not isinstance(document.value, list):
        raise CasesError(
            "a file of cases must hold a list",
            place=document.place(),
            hint="Begin each case with “- name: …”.",
        )
    for index in range(len(document.value)):
        yield _case(Fields(document, CasesError, (index,)), before + index + 1)


def _from_json_lines(text: str, path: str, before: int) -> Iterator[Case]:
    count = before
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        count += 1
        document = read_json(line, path, number, error=CasesError)
        yield _case(Fields(document, CasesError), count)


def _case(fields: Fields, number: int) -> Case:
    fields.only(KEYS)
    inputs = fields.mapping("inputs")
    if inputs is None:
        raise fields.error("a case needs “inputs”", hint="inputs: {ticket: Card declined twice}")
    name = fields.values.get("name")
    expect = fields.values.get("expect")
    return Case(
        name=_plain("name", name, fields) if name is not None else str(number),
        inputs=inputs.values,
        expect=None if expect is None else _plain("expect", expect, fields),
        tags=fields.texts("tags") or (),
        note=fields.text("note") or "",
        place=fields.place(),
    )


def _plain(key: str, value: Value, fields: Fields) -> str:
    """Return the text of a scalar, or the JSON of anything else."""
    if isinstance(value, str):
        return value
    if key == "name" and not isinstance(value, int | float):
        raise fields.error("the name of a case must be plain text", key)
    return json.dumps(value, ensure_ascii=False)


def _from_csv(text: str, path: str, before: int) -> Iterator[Case]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] | None = None
    line, number = 1, before
    try:
        for cells in rows:
            place, line = Place(path, line), rows.line_num + 1
            if not any(cells):
                continue
            if columns is None:
                columns = _checked_columns(cells, place)
                continue
            number += 1
            yield _csv_case(columns, cells, number, place)
    except csv.Error as broken:
        raise CasesError(f"this is not valid CSV: {broken}", place=Place(path, line)) from broken


def _checked_columns(header: list[str], place: Place) -> list[str]:
    columns = [column.strip() for column in header]
    names = [column.removesuffix(":json") for column in columns]
    for name in names:
        if not name:
            raise CasesError("a column of the header has no name", place=place)
        if names.count(name) > 1:
            raise CasesError(f"the column “{name}” stands twice in the header", place=place)
    return columns


def _csv_case(columns: list[str], cells: list[str], number: int, place: Place) -> Case:
    if len(cells) > len(columns):
        raise CasesError(
            f"this row has {len(cells)} cells, more than the {len(columns)} columns of the header",
            place=place,
            hint="Put a cell that holds a comma in quotes.",
        )
    filled = {column: cell for column, cell in zip(columns, cells, strict=False) if cell}
    inputs: dict[str, Value] = {}
    for column, cell in filled.items():
        if column.endswith(":json"):
            value = read_json(cell, place.path, place.line or 1, error=CasesError).value
            inputs[column.removesuffix(":json")] = value
        elif column not in ("name", "expect", "tags", "note"):
            inputs[column] = cell
    tags = tuple(tag.strip() for tag in filled.get("tags", "").split(";") if tag.strip())
    return Case(
        filled.get("name", str(number)), inputs, filled.get("expect"), tags, filled.get("note", ""), place
    )
