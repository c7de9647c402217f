"""A CSV file of cases, edited in place: only the cells that change are written anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from workbench.errors import CasesError, Place
from workbench.project.yaml import Value
from workbench.prompts.cases import RESERVED_COLUMNS, csv_rows

_BARE = re.compile(r'[^",\n\r]*')


def changed(text: str, path: str, index: int, old: Mapping[str, Value], new: Mapping[str, Value]) -> str:
    """Return the text with one record changed from what it says to something else.

    Raises CasesError, with file and line, for what no column of the file can hold.
    """
    columns, rows = csv_rows(text, path)
    row = rows[index]
    before, after = _cells_of(old, columns, row.place), _cells_of(new, columns, row.place)
    lines = text.split("\n")
    first = (row.place.line or 1) - 1
    raw = _raw_cells("\n".join(lines[first : row.end]))
    raw += [""] * (len(columns) - len(raw)) if len(raw) < _needed(after) else []
    for at, (was, cell) in enumerate(zip(before, after, strict=True)):
        if was != cell:
            raw[at] = _written(cell, always=raw[at].startswith('"'))
    return "\n".join([*lines[:first], ",".join(raw), *lines[row.end :]])


def added(text: str, path: str, records: Sequence[Mapping[str, Value]]) -> str:
    """Return the text with records below its last one."""
    columns, rows = csv_rows(text, path)
    if not columns:
        raise CasesError("has no header row, so no case can be added to it", place=Place(path))
    lines = text.split("\n")
    last = rows[-1].end if rows else _header_end(text, path)
    place = Place(path, last + 1)
    above = _raw_cells("\n".join(lines[(rows[-1].place.line or 1) - 1 : last])) if rows else []
    always = bool(above) and all(cell.startswith('"') for cell in above)
    new = [
        ",".join(_written(cell, always=always) for cell in _cells_of(record, columns, place))
        for record in records
    ]
    return "\n".join([*lines[:last], *new, *lines[last:]])


def removed(text: str, path: str, index: int) -> str:
    """Return the text without one of its records."""
    row = csv_rows(text, path)[1][index]
    lines = text.split("\n")
    return "\n".join([*lines[: (row.place.line or 1) - 1], *lines[row.end :]])


def _header_end(text: str, path: str) -> int:
    """Return the last line of the header of a file that holds nothing else."""
    return len(text.rstrip("\n").split("\n"))


def _needed(cells: Sequence[str]) -> int:
    return max((at + 1 for at, cell in enumerate(cells) if cell), default=0)


def _cells_of(record: Mapping[str, Value], columns: Sequence[str], place: Place) -> list[str]:
    """Return the cell of each column for what a record says."""
    cells = dict.fromkeys(columns, "")
    for key in RESERVED_COLUMNS:
        value = record.get(key)
        if value:
            _check_column(key, columns, place)
            cells[key] = ";".join(value) if key == "tags" else value
    for name, value in record["inputs"].items():
        if f"{name}:json" in columns:
            cells[f"{name}:json"] = json.dumps(value, ensure_ascii=False)
            continue
        _check_column(name, columns, place)
        if not isinstance(value, str) or not value or name in RESERVED_COLUMNS:
            raise CasesError(
                f"a cell cannot hold this value of “{name}”: {value!r:.60}",
                place=place,
                hint=f"Name the column “{name}:json” and write its cells as JSON.",
            )
        cells[name] = value
    return list(cells.values())


def _check_column(name: str, columns: Sequence[str], place: Place) -> None:
    if name not in columns:
        raise CasesError(
            f"there is no column for “{name}”",
            place=place,
            hint="Add the column to the header, or keep the case in a .cases.yml file.",
        )


def _written(cell: str, *, always: bool) -> str:
    odd = always or not _BARE.fullmatch(cell) or cell != cell.strip()
    return '"' + cell.replace('"', '""') + '"' if odd else cell


def _raw_cells(record: str) -> list[str]:
    """Return the cells of a valid record as they are written, quotes and all."""
    cell = re.compile(r'"(?:[^"]|"")*"|[^,]*')
    cells, at = [], 0
    while True:
        found = cell.match(record, at)
        assert found is not None
        cells.append(found[0])
        at = found.end() + 1
        if at > len(record):
            return cells
