"""YAML read strictly: plain JSON-like values, each key with its line, no duplicates, no surprises.

Scalars follow YAML 1.2 as far as JSON can hold them, so ``no``, ``on``, ``2024-01-01`` and ``.nan`` are the
text that they look like. Anchors work, but a small file cannot expand into a huge value.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from workbench.errors import Place, UsageError, did_you_mean

MAX_VALUES = 1_000_000
"""A file that holds more values than this, or whose aliases would expand to more, is refused."""

MAX_DEPTH = 100
"""So are values nested deeper than this."""

Value: TypeAlias = Any
"""None, a bool, int, float, text, list or a dict with text keys: what JSON can hold."""

Keys: TypeAlias = tuple[str | int, ...]
"""The way to a value from the top of its file: keys of mappings and indices of lists."""


class _CoreLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader with the scalar rules of YAML 1.2's JSON schema, and its core spellings of them."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", list("-+0123456789.")),
    ("merge", r"<<", ["<"]),
):
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


@dataclass(frozen=True)
class Document:
    """A YAML file's value, and the line of each key and list item in it."""

    value: Value
    path: str
    lines: dict[Keys, int]

    def place(self, keys: Keys = ()) -> Place:
        """Return the place of what these keys lead to, or of the nearest thing around it."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return Place(self.path, self.lines.get(keys))


def read(text: str, path: str, *, error: type[UsageError], first_line: int = 1) -> Document:
    """Read one YAML document.

    ``first_line`` is the line of the file where ``text`` begins. Raises ``error`` with file and line for
    broken YAML, a duplicate key, a key that is not text, or a value that JSON could not hold.
    """
    loader = _CoreLoader(text)
    lines: dict[Keys, int] = {}
    try:
        _refuse_too_much(text, path, first_line, error)
        node = loader.get_single_node()
        if node is None:
            return Document(None, path, lines)
        walk = _Walk(path, lines, first_line, error)
        walk.visit(node, ())
        value = loader.construct_document(node)
        _refuse_infinite(value)
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        line = mark.line + first_line if mark else None
        what = " ".join(part for part in (broken.context, broken.problem) if part)
        raise error(
            f"this is not valid YAML: {what}",
            place=Place(path, line),
            hint="Quote values that hold “: ” or begin with a special character, and indent with spaces.",
        ) from broken
    except (yaml.YAMLError, ValueError) as broken:
        raise error(f"this is not valid YAML: {broken}", place=Place(path, first_line)) from broken
    finally:
        loader.dispose()
    return Document(value, path, lines)


def read_json(text: str, path: str, number: int, *, error: type[UsageError]) -> Document:
    """Read the JSON that stands on one line of a file; raises ``error`` with file and line."""

    def once(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
        value = dict(pairs)
        if len(value) < len(pairs):
            raise ValueError("a key stands in it twice")
        return value

    def refuse(constant: str) -> Value:
        raise ValueError(f"{constant} is not JSON")

    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=refuse)
        _refuse_infinite(value)
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair cannot be sent or stored
    except UnicodeEncodeError as broken:
        raise error(
            "this holds half of a surrogate pair, which is no character", place=Place(path, number)
        ) from broken
    except (ValueError, RecursionError) as broken:
        raise error(f"this is not valid JSON: {broken}", place=Place(path, number)) from broken
    return Document(value, path, {(): number})


def _refuse_too_much(text: str, path: str, first_line: int, error: type[UsageError]) -> None:
    """Raise ``error`` where values nest too deep or are too many, before anything is made of them.

    LibYAML composes by recursion in C, so deep nesting would end this process and not only the reading.
    """
    depth = count = 0
    for event in yaml.parse(text, Loader=_CoreLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.NodeEvent):
            count += 1
            depth += isinstance(event, yaml.CollectionStartEvent)
        place = Place(path, event.start_mark.line + first_line) if event.start_mark else Place(path)
        if depth > MAX_DEPTH:
            raise error(f"this value is nested more than {MAX_DEPTH} deep", place=place)
        if count > MAX_VALUES:
            raise error(f"this file holds more than {MAX_VALUES:,} values", place=place)


def _refuse_infinite(value: Value) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number in it is too large, or none")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_infinite(item)


_TAGS = {
    yaml.MappingNode: ("map",),
    yaml.SequenceNode: ("seq",),
    yaml.ScalarNode: ("null", "bool", "int", "float", "str"),
}
"""The tags of plain data."""


@dataclass
class _Walk:
    """Notes the line of every key and refuses what is not plain data."""

    path: str
    lines: dict[Keys, int]
    first_line: int
    error: type[UsageError]
    seen: int = 0

    def visit(self, node: yaml.Node, keys: Keys, depth: int = 0) -> None:
        line = node.start_mark.line + self.first_line
        self.lines.setdefault(keys, line)
        self.seen += 1
        if depth > MAX_DEPTH:
            raise self._error(f"this value refers to itself, or is nested more than {MAX_DEPTH} deep", line)
        if self.seen > MAX_VALUES:
            raise self._error(f"the aliases here expand to more than {MAX_VALUES:,} values", line)
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS[type(node)]:
            raise self._error(f"the tag {node.tag} is not plain data", line)
        if isinstance(node, yaml.MappingNode):
            self._visit_mapping(node, keys, depth)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.visit(item, (*keys, index), depth + 1)

    def _visit_mapping(self, node: yaml.MappingNode, keys: Keys, depth: int) -> None:
        names: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + self.first_line
            if key.tag == "tag:yaml.org,2002:merge":
                self.visit(value, keys, depth + 1)
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise self._error("a key must be a plain word", line)
            key.tag = "tag:yaml.org,2002:str"  # so that {1: …} and {no: …} have text keys, as in JSON
            if key.value in names:
                raise self._error(
                    f"the key “{key.value}” stands here twice", line, "Keep one; the other would be lost."
                )
            names.add(key.value)
            self.lines[(*keys, key.value)] = line
            self.visit(value, (*keys, key.value), depth + 1)

    def _error(self, message: str, line: int, hint: str | None = None) -> UsageError:
        return self.error(message, place=Place(self.path, line), hint=hint)


_KINDS: dict[type, str] = {str: "text", int: "a whole number", list: "a list"}


class Fields:
    """One mapping of a file while it is read: typed values, with errors that name file, line and key."""

    def __init__(self, document: Document, error: type[UsageError], keys: Keys = ()) -> None:
        self._document = document
        self._error_kind = error
        self._keys = keys
        value = document.value
        for key in keys:
            value = value[key]
        if value is None:
            value = {}
        if not isinstance(value, dict):
            name = f"“{keys[-1]}”" if keys and isinstance(keys[-1], str) else "this"
            raise error(
                f"{name} must be a mapping of keys to values, not {value!r:.60}", place=document.place(keys)
            )
        self.values: dict[str, Value] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def place(self, *keys: str | int) -> Place:
        """Return where a key of this mapping stands."""
        return self._document.place((*self._keys, *keys))

    def error(self, message: str, *keys: str | int, hint: str | None = None) -> UsageError:
        """Return an error about a key of this mapping, for the caller to raise."""
        return self._error_kind(message, place=self.place(*keys), hint=hint)

    def only(self, known: Collection[str], *, namespaced: bool = False) -> None:
        """Refuse keys outside ``known``; with ``namespaced``, keys with a dot in them are let by."""
        for key in self.values:
            if key not in known and not (namespaced and "." in key):
                raise self.error(f"the key “{key}” is not known here", key, hint=did_you_mean(key, known))

    def _typed(self, key: str, kind: type) -> Value:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(f"“{key}” must be {_KINDS[kind]}, not {value!r:.60}", key)
        return value

    def text(self, key: str) -> str | None:
        """Return the text at ``key``, or None where it is absent."""
        value: str | None = self._typed(key, str)
        return value

    def integer(self, key: str, *, least: int = 0) -> int | None:
        """Return the whole number at ``key``, at least ``least``, or None where it is absent."""
        value: int | None = self._typed(key, int)
        if value is not None and value < least:
            raise self.error(f"“{key}” must be at least {least}, not {value}", key)
        return value

    def number(self, key: str, *, positive: bool = False) -> float | None:
        """Return the number at ``key``, or None where it is absent; it must be 0 or more, or ``positive``."""
        value = self.values.get(key)
        if value is None:
            return None
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or value < 0 or (positive and value == 0):
            least = "greater than 0" if positive else "of at least 0"
            raise self.error(f"“{key}” must be a number {least}, not {value!r:.60}", key)
        return float(value)

    def mapping(self, key: str) -> Fields | None:
        """Return the mapping at ``key`` for reading, or None where it is absent."""
        if self.values.get(key) is None:
            return None
        return Fields(self._document, self._error_kind, (*self._keys, key))

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Return the list of texts at ``key``, or None where it is absent."""
        value = self._typed(key, list)
        if value is None:
            return None
        for index, item in enumerate(value):
            if not isinstance(item, str):
                raise self.error(f"“{key}” must be a list of texts, not {item!r}", key, index)
        return tuple(value)
