"""Cases: named sets of inputs, from YAML, JSON Lines and CSV files beside a prompt."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from workbench.errors import CasesError, Place, PromptError, did_you_mean
from workbench.project.yaml import Fields, Value, read, read_json_line
from workbench.prompts.tree import PROMPTS, Tree, decode

SUFFIXES = (".cases.yml", ".cases.jsonl", ".cases.csv")
"""A prompt's cases files, joined in this order."""

KEYS = ("name", "inputs", "expect", "tags", "note")


@dataclass(frozen=True)
class Case:
    """A named set of inputs to render a prompt with; ``expect`` is the answer it should get, where one is known."""

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

    Raises CasesError, with file and line, for a file that is not what it may be, and for two cases of one name.
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
    """Return the case of this name, or of this number counted from 1; raises CasesError where there is none."""
    for case in cases:
        if case.name == name:
            return case
    if name.isdigit() and 1 <= int(name) <= len(cases):
        return cases[int(name) - 1]
    raise CasesError(f"{prompt} has no case “{name}”", hint=did_you_mean(name, [case.name for case in cases]))


def _from_yaml(text: str, path: str, before: int) -> Iterator[Case]:
    document = read(text, path, error=CasesError)
    if document.value is None:
        return
    if not isinstance(document.value, list):
        raise CasesError(
            "a file of cases must hold a list", place=document.place(), hint="Begin each case with “- name: …”."
        )
    for index in range(len(document.value)):
        yield _case(Fields(document, CasesError, (index,)), before + index + 1)


def _from_json_lines(text: str, path: str, before: int) -> Iterator[Case]:
    count = before
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        count += 1
        document = read_json_line(line, path, number, error=CasesError)
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
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [column.strip() for column in reader.fieldnames or ()]
        _check_columns(columns, path)
        reader.fieldnames = columns
        line = reader.line_num + 1
        for number, row in enumerate(reader, start=before + 1):
            yield _csv_case(row, number, Place(path, line))
            line = reader.line_num + 1
    except csv.Error as broken:
        raise CasesError(f"this is not valid CSV: {broken}", place=Place(path, reader.line_num)) from broken


def _check_columns(columns: list[str], path: str) -> None:
    for column in columns:
        if not column or columns.count(column) > 1:
            raise CasesError(
                f"the column “{column}” stands twice in the header" if column else "a column of the header has no name",
                place=Place(path, 1),
            )


def _csv_case(row: dict[str | None, str | list[str] | None], number: int, place: Place) -> Case:
    if None in row:
        raise CasesError("this row has more cells than the header has columns", place=place)
    cells = {str(column): str(cell) for column, cell in row.items() if cell}
    inputs: dict[str, Value] = {}
    for column, cell in cells.items():
        if column in ("name", "expect", "tags", "note"):
            continue
        name, _, kind = column.partition(":")
        if kind == "json":
            try:
                inputs[name] = json.loads(cell)
            except ValueError as broken:
                raise CasesError(f"the cell of “{column}” is not valid JSON: {broken}", place=place) from broken
        else:
            inputs[column] = cell
    tags = tuple(tag.strip() for tag in cells.get("tags", "").split(";") if tag.strip())
    return Case(cells.get("name", str(number)), inputs, cells.get("expect"), tags, cells.get("note", ""), place)
