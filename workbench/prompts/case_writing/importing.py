"""Importing cases: rows of a CSV or JSON file of any shape, made into cases by a mapping of its columns.

A mapping says of each column what it is for: ``inputs.NAME``, ``name``, ``expect``, ``tags``, ``note``, or
nothing (the empty text).
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.errors import CasesError, Place, PromptError, did_you_mean
from workbench.project.yaml import Value, read_json
from workbench.prompts.cases import RESERVED_COLUMNS, Case
from workbench.prompts.format import Input, check_turns
from workbench.prompts.tree import decode

MAX_BYTES = 10_000_000
"""A larger file is not imported: its cases would be read whenever the prompt is."""

MAX_COLUMNS = 200

SAID_BY = {
    "name": ("name", "id", "title", "label", "key"),
    "expect": ("expect", "expected", "answer", "output", "target", "ideal", "completion"),
    "tags": ("tags", "labels", "categories"),
    "note": ("note", "notes", "comment", "comments", "remark"),
}
"""What columns are often called that are for one of these."""

_ALIKE = 0.75
"""How alike, of 1, two names must be for one to be taken for the other."""


@dataclass(frozen=True)
class Row:
    """One row: its number from 1, the line it begins on, and the values it has by column."""

    number: int
    line: int
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Problem:
    """Something about one row; ``skipped`` says that it gives no case."""

    row: int
    line: int
    message: str
    skipped: bool = True

    def __str__(self) -> str:
        return f"row {self.row}, line {self.line}: {self.message}"


@dataclass(frozen=True)
class Table:
    """A file's columns and rows, and the rows that could not be read."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Imported:
    """What comes of a table: new cases, how many are there already, and what is wrong with which row."""

    cases: tuple[Case, ...] = ()
    duplicates: int = 0
    problems: tuple[Problem, ...] = field(default=())


def read_table(raw: bytes, path: str) -> Table:
    """Return the rows of a CSV file (with commas, semicolons or tabs), of JSON Lines, or of a JSON list.

    Raises CasesError, with line or offset, for a file that is none of these or not UTF-8. A row that cannot
    be read is a problem of the table and no error.
    """
    try:
        text = decode(raw, path)
    except PromptError as broken:
        raise CasesError(broken.message, place=broken.place, hint=broken.hint) from broken
    begins = text.lstrip()[:1]
    if begins not in ("[", "{") or path.endswith((".csv", ".tsv")):
        return _of_csv(text, path)
    return _of_json_list(text, path) if begins == "[" else _of_json_lines(text, path)


def guess(columns: Sequence[str], declared: Mapping[str, Input]) -> dict[str, str]:
    """Return what each column seems to be for, by equal names and then by near ones; each thing once."""
    mapping = dict.fromkeys(columns, "")
    free = dict.fromkeys(columns)

    def give(column: str, target: str) -> None:
        mapping[column] = target
        del free[column]

    wanted = list(declared)
    for bare in (_bare, _last):
        for name in list(wanted):
            for column in free:
                if bare(column) == _bare(name):
                    give(column, f"inputs.{name}")
                    wanted.remove(name)
                    break
    for target, names in SAID_BY.items():
        for column in sorted(free, key=lambda column: _rank(_last(column), names)):
            if _last(column) in names:
                give(column, target)
            break
    for name in list(wanted):
        near = difflib.get_close_matches(_bare(name), [_bare(column) for column in free], 1, _ALIKE)
        if near:
            give(next(column for column in free if _bare(column) == near[0]), f"inputs.{name}")
            wanted.remove(name)
    needed = [name for name in wanted if declared[name].required]
    if len(needed) == 1 and len(free) == 1:
        give(next(iter(free)), f"inputs.{needed[0]}")
    return mapping


def read_mapping(
    pairs: Iterable[str], columns: Sequence[str], declared: Mapping[str, Input], guessed: Mapping[str, str]
) -> dict[str, str]:
    """Return a guessed mapping with some columns said otherwise, as ``column=input``.

    ``column=`` means nothing. Raises CasesError for a column or an input that there is not.
    """
    mapping = dict(guessed)
    for pair in pairs:
        column, equals, said = pair.rpartition("=")
        if not equals:
            hint = "Write COLUMN=INPUT, or COLUMN= for nothing."
            raise CasesError(f"“{pair}” does not say what the column is for", hint=hint)
        if column not in columns:
            raise CasesError(f"there is no column “{column}”", hint=did_you_mean(column, columns))
        target = said if said in ("", *RESERVED_COLUMNS) or said.startswith("inputs.") else f"inputs.{said}"
        if said in declared:
            target = f"inputs.{said}"
        if target.startswith("inputs.") and target.removeprefix("inputs.") not in declared:
            known = [*declared, *RESERVED_COLUMNS]
            raise CasesError(f"the prompt declares no input “{said}”", hint=did_you_mean(said, known))
        for other in [other for other, there in mapping.items() if target and there == target]:
            mapping[other] = ""
        mapping[column] = target
    return mapping


def make_cases(
    table: Table, mapping: Mapping[str, str], declared: Mapping[str, Input], existing: Iterable[Case] = ()
) -> Imported:
    """Return the cases that a table's rows make.

    A row whose inputs are those of a case that exists, or of an earlier row, is counted and left out. A name
    that is taken gets a number behind it.
    """
    names, hashes = set(), set()
    for case in existing:
        names.add(case.name)
        hashes.add(case.hash)
    cases: list[Case] = []
    problems = list(table.problems)
    duplicates = 0
    for row in table.rows:
        try:
            case = _case_of(row, mapping, declared, table.path)
        except CasesError as wrong:
            problems.append(Problem(row.number, row.line, wrong.message))
            continue
        if case.hash in hashes:
            duplicates += 1
            continue
        unique = free_name(case.name, names) if case.name else ""
        if unique != case.name:
            told = f"the name “{case.name}” is taken; the case is named “{unique}”"
            problems.append(Problem(row.number, row.line, told, skipped=False))
        hashes.add(case.hash)
        names.add(unique)
        cases.append(Case(unique, case.inputs, case.expect, case.tags, case.note, case.place))
    return Imported(tuple(cases), duplicates, tuple(sorted(problems, key=lambda problem: problem.row)))


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, or the name with the first number from 2 that makes it one of its own."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _case_of(row: Row, mapping: Mapping[str, str], declared: Mapping[str, Input], path: str) -> Case:
    """Return the case of a row; raises CasesError for what it lacks. A null is a value that is absent."""
    said = {
        target: row.values[column]
        for column, target in mapping.items()
        if target and row.values.get(column) is not None
    }
    inputs = {key.removeprefix("inputs."): value for key, value in said.items() if key.startswith("inputs.")}
    place = Place(path, row.line)
    for name, declaration in declared.items():
        if declaration.required and name not in inputs:
            raise CasesError(f"the input “{name}” is missing", place=place)
        if declaration.kind == "turns" and name in inputs:
            check_turns(inputs[name], f"“{name}”", place, CasesError)
    expect = said.get("expect")
    return Case(
        _as_text(said.get("name", "")).strip(),
        inputs,
        None if expect is None else _as_text(expect),
        _as_tags(said.get("tags")),
        _as_text(said.get("note", "")),
        place,
    )


def _as_text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_tags(value: Value) -> tuple[str, ...]:
    if value is None:
        return ()
    parts = map(_as_text, value) if isinstance(value, list) else re.split("[;,]", _as_text(value))
    return tuple(part.strip() for part in parts if part.strip())


# Reading.


def _of_csv(text: str, path: str) -> Table:
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    problems: list[Problem] = []
    line, number = 1, 0
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 1
            if not any(cells):
                continue
            if not columns:
                columns = _named(cells, path)
                continue
            number += 1
            _take_cells(cells, columns, number, begins, path, rows, problems)
    except csv.Error as broken:
        raise CasesError(f"this is not valid CSV: {broken}", place=Place(path, line)) from broken
    return _table(path, columns, rows, problems)


def _take_cells(
    cells: list[str],
    columns: tuple[str, ...],
    number: int,
    line: int,
    path: str,
    rows: list[Row],
    problems: list[Problem],
) -> None:
    if len(cells) != len(columns):
        told = f"it has {len(cells)} cells where the header has {len(columns)}"
        problems.append(Problem(number, line, told))
        return
    values: dict[str, Value] = {}
    try:
        for column, cell in zip(columns, cells, strict=True):
            if cell:
                as_json = column.endswith(":json")
                values[column] = read_json(cell, path, line, error=CasesError).value if as_json else cell
    except CasesError as wrong:
        problems.append(Problem(number, line, wrong.message))
        return
    rows.append(Row(number, line, values))


def _delimiter(text: str) -> str:
    """Return which of comma, semicolon and tab stands most often in the header, outside quotes."""
    header = re.sub(r'"(?:[^"]|"")*"', "", text.lstrip("\n")[:100_000]).partition("\n")[0]
    return max(",;\t", key=header.count)


def _named(header: Sequence[str], path: str) -> tuple[str, ...]:
    """Return a name of its own for each column."""
    if len(header) > MAX_COLUMNS:
        raise CasesError(f"has {len(header)} columns, more than {MAX_COLUMNS}", place=Place(path, 1))
    columns: dict[str, None] = {}
    for at, column in enumerate(header, start=1):
        columns[free_name(column.strip() or f"column {at}", columns)] = None
    return tuple(columns)


def _of_json_lines(text: str, path: str) -> Table:
    rows: list[Row] = []
    problems: list[Problem] = []
    number = 0
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        number += 1
        try:
            _take_value(read_json(content, path, line, error=CasesError).value, number, line, rows, problems)
        except CasesError as wrong:
            problems.append(Problem(number, line, wrong.message))
    return _table(path, (), rows, problems)


def _of_json_list(text: str, path: str) -> Table:
    values = read_json(text, path, 1, error=CasesError).value
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, value in enumerate(values, start=1):
        _take_value(value, number, 1, rows, problems)
    return _table(path, (), rows, problems)


def _take_value(value: Value, number: int, line: int, rows: list[Row], problems: list[Problem]) -> None:
    if isinstance(value, dict):
        rows.append(Row(number, line, value))
    else:
        problems.append(Problem(number, line, f"this is no object with keys but {value!r:.40}"))


def _table(path: str, columns: Sequence[str], rows: Sequence[Row], problems: Sequence[Problem]) -> Table:
    """Return a table whose columns are those of all rows; what holds objects alone has theirs as well."""
    known = dict.fromkeys([*columns, *(key for row in rows for key in row.values)])
    nested = {
        key
        for key in known
        if all(isinstance(row.values[key], dict) for row in rows if row.values.get(key) is not None)
        and any(row.values.get(key) for row in rows)
    }
    if nested:
        rows = [Row(row.number, row.line, _spread(row.values, nested)) for row in rows]
        spread = dict.fromkeys(key for row in rows for key in row.values)
        known = dict.fromkeys([*known, *spread])
    if len(known) > MAX_COLUMNS:
        raise CasesError(f"has {len(known)} columns, more than {MAX_COLUMNS}", place=Place(path))
    if not rows and not problems:
        raise CasesError("holds no rows", place=Place(path))
    return Table(path, tuple(known), tuple(rows), tuple(problems))


def _spread(values: Mapping[str, Value], nested: set[str]) -> dict[str, Value]:
    inner = {
        f"{key}.{name}": value
        for key in nested
        if isinstance(values.get(key), dict)
        for name, value in values[key].items()
    }
    return {**values, **inner}


def _bare(name: str) -> str:
    """Return a name without case, signs and the mark of JSON."""
    return re.sub(r"[\W_]+", "", name.removesuffix(":json").casefold())


def _last(column: str) -> str:
    return _bare(column.removesuffix(":json").rpartition(".")[2])


def _rank(name: str, names: Sequence[str]) -> int:
    return names.index(name) if name in names else len(names)
