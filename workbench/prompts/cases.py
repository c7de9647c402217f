"""Cases: named sets of inputs, from YAML, JSON Lines and CSV files beside a prompt."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from workbench.errors import CasesError, Place, PromptError, did_you_mean
from workbench.project.yaml import Fields, Value, read, read_json
from workbench.prompts.tree import MAX_BYTES, PROMPTS, Tree, decode

# By default a cell of more than 128 KB is an error. The limit is the whole process's, so it is set but once,
# as other threads may be reading, and never lowered, as the process may be somebody else's.
csv.field_size_limit(max(csv.field_size_limit(), MAX_BYTES))

SUFFIXES = (".cases.yml", ".cases.jsonl", ".cases.csv")
"""A prompt's cases files, joined in this order."""

_SPAN = re.compile(r"(?P<low>[0-9]{1,9})(?P<dash>-(?P<high>[0-9]{1,9})?)?")
"""A number of a case, or the first and the last of several."""

KEYS = ("name", "inputs", "expect", "tags", "note")

RESERVED_COLUMNS = ("name", "expect", "tags", "note")
"""Columns of a CSV file that are no inputs."""


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


def cases_paths(name: str) -> tuple[str, ...]:
    """Return the paths at which a prompt may have files of cases, in the order in which they are joined."""
    return tuple(f"{PROMPTS}/{name}{suffix}" for suffix in SUFFIXES)


def load_cases(tree: Tree, name: str) -> tuple[Case, ...]:
    """Return the cases of a prompt from all its cases files.

    Raises CasesError, with file and line, for a file that is not what it may be, and for two cases of one
    name.
    """
    cases: list[Case] = []
    for path in cases_paths(name):
        try:
            text = decode(tree.read(path), path)
        except FileNotFoundError:
            continue
        except PromptError as broken:
            raise CasesError(broken.message, place=broken.place, hint=broken.hint) from broken
        cases += cases_in(text, path, len(cases))
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


def cases_in(text: str, path: str, before: int = 0) -> list[Case]:
    """Return the cases of one file, whose suffix says how they are written.

    ``before`` is how many cases come before them, for the numbers of those without a name. Raises CasesError
    with file and line.
    """
    if path.endswith(".csv"):
        return list(_from_csv(text, path, before))
    read_all = _from_json_lines if path.endswith(".jsonl") else _from_yaml
    return [_case(fields, number) for number, fields in enumerate(read_all(text, path), start=before + 1)]


def records_in(text: str, path: str) -> list[dict[str, Value]]:
    """Return what each case of one file says, with those of the keys that it has; raises CasesError."""
    if path.endswith(".csv"):
        columns, rows = csv_rows(text, path)
        return [csv_record(columns, row) for row in rows]
    records = []
    for fields in _from_json_lines(text, path) if path.endswith(".jsonl") else _from_yaml(text, path):
        _case(fields, 1)
        records.append(fields.values)
    return records


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


def select(cases: Sequence[Case], patterns: Sequence[str], prompt: str = "") -> list[Case]:
    """Return the cases that fit any of the patterns, in their order, each once.

    A pattern is a name, a number counted from 1, a range ``3-7`` or ``3-``, a glob ``glow*``, or ``tag:hard``
    (where the tag may be a glob); several stand with commas between them. What is the name of a case means
    that case alone. Raises CasesError for a pattern that no case fits.
    """
    by_name = {case.name: number for number, case in enumerate(cases, start=1)}
    chosen: set[int] = set()
    for pattern in patterns:
        parts = [pattern] if pattern in by_name else [part.strip() for part in pattern.split(",")]
        for part in parts:
            fitting = {by_name[part]} if part in by_name else _fitting(cases, part)
            if not fitting:
                raise _nothing_fits(cases, part, prompt)
            chosen |= fitting
    return [case for number, case in enumerate(cases, start=1) if number in chosen]


def _fitting(cases: Sequence[Case], pattern: str) -> set[int]:
    """Return the numbers of the cases that fit a pattern that is no case's name."""
    if pattern.startswith("tag:"):
        tag = pattern.removeprefix("tag:")
        fits = (any(fnmatchcase(own, tag) for own in case.tags) for case in cases)
    elif span := _SPAN.fullmatch(pattern):
        low = int(span["low"])
        high = low if span["dash"] is None else int(span["high"] or len(cases))
        fits = (low <= number <= high for number in range(1, len(cases) + 1))
    else:
        fits = (fnmatchcase(case.name, pattern) for case in cases)
    return {number for number, fit in enumerate(fits, start=1) if fit}


def _nothing_fits(cases: Sequence[Case], pattern: str, prompt: str) -> CasesError:
    whose = f"of {prompt} " if prompt else ""
    if pattern.startswith("tag:"):
        tags = {tag for case in cases for tag in case.tags}
        hint = did_you_mean(pattern.removeprefix("tag:"), tags) if tags else "No case has a tag."
    elif _SPAN.fullmatch(pattern):
        hint = f"They are numbered from 1 to {len(cases)}." if cases else "There are none yet."
    else:
        hint = did_you_mean(pattern, [case.name for case in cases])
    return CasesError(f"no case {whose}fits “{pattern}”", hint=hint)


def _from_yaml(text: str, path: str) -> Iterator[Fields]:
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
        yield Fields(document, CasesError, (index,))


def _from_json_lines(text: str, path: str) -> Iterator[Fields]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield Fields(read_json(line, path, number, error=CasesError), CasesError)


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


@dataclass(frozen=True)
class CsvRow:
    """One record of a CSV file; it fills the lines from that of its place to ``end``, counted from 1."""

    cells: list[str]
    place: Place
    end: int


def csv_rows(text: str, path: str) -> tuple[list[str], list[CsvRow]]:
    """Return the columns of a CSV file and its records; empty lines are none.

    Raises CasesError with file and line for what is no CSV, and for columns that cannot be told apart.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[CsvRow] = []
    line = 1
    try:
        for cells in reader:
            place, line = Place(path, line), reader.line_num + 1
            if any(cells):
                rows.append(CsvRow(cells, place, reader.line_num))
    except csv.Error as broken:
        raise CasesError(f"this is not valid CSV: {broken}", place=Place(path, line)) from broken
    if not rows:
        return [], []
    return _checked_columns(rows[0].cells, rows[0].place), rows[1:]


def csv_record(columns: list[str], row: CsvRow) -> dict[str, Value]:
    """Return what one record says, with those of a case's keys that it has; raises CasesError."""
    if len(row.cells) > len(columns):
        raise CasesError(
            f"this row has {len(row.cells)} cells, more than the {len(columns)} columns of the header",
            place=row.place,
            hint="Put a cell that holds a comma in quotes.",
        )
    filled = {column: cell for column, cell in zip(columns, row.cells, strict=False) if cell}
    inputs: dict[str, Value] = {}
    for column, cell in filled.items():
        if column.endswith(":json"):
            value = read_json(cell, row.place.path, row.place.line or 1, error=CasesError).value
            inputs[column.removesuffix(":json")] = value
        elif column not in RESERVED_COLUMNS:
            inputs[column] = cell
    tags = [tag.strip() for tag in filled.pop("tags", "").split(";") if tag.strip()]
    record = {key: filled[key] for key in RESERVED_COLUMNS if key in filled}
    return {**record, "inputs": inputs, **({"tags": tags} if tags else {})}


def _from_csv(text: str, path: str, before: int) -> Iterator[Case]:
    columns, rows = csv_rows(text, path)
    for number, row in enumerate(rows, start=before + 1):
        record = csv_record(columns, row)
        tags = tuple(record.get("tags", ()))
        name, expect, note = record.get("name", str(number)), record.get("expect"), record.get("note", "")
        yield Case(name, record["inputs"], expect, tags, note, row.place)


def _checked_columns(header: list[str], place: Place) -> list[str]:
    columns = [column.strip() for column in header]
    names = [column.removesuffix(":json") for column in columns]
    for name in names:
        if not name:
            raise CasesError("a column of the header has no name", place=place)
        if names.count(name) > 1:
            raise CasesError(f"the column “{name}” stands twice in the header", place=place)
    return columns
