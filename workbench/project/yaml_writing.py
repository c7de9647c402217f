"""Values written as YAML that reads back as exactly them, in the style of what stands around them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from workbench.errors import UsageError
from workbench.project.yaml import Value, read

NARROW = 100
"""Characters that a list or a mapping may take to be written on one line."""

_ESCAPED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff]"
)
"""What YAML forbids or takes for the end of a line, and what an editor would not show."""

_ELSEWHERE = frozenset("y n yes no on off true false null".split())
"""Words that this reader or another one takes for something else than text."""


def quoted(text: str) -> str:
    """Return a text in double quotes, which can hold every character."""
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def plain(text: str, *, flow: bool) -> bool:
    """Return whether a text can do without quotes, here and for every reader of YAML."""
    return (
        text.isprintable()
        and text == text.strip()
        and text[:1].isalnum()
        and not text.endswith(":")
        and ": " not in text
        and " #" not in text
        and text.casefold() not in _ELSEWHERE
        and not (text[0].isdigit() and (" " not in text or not any(map(str.isalpha, text))))
        and not (flow and any(sign in text for sign in ",[]{}:"))
    )


def inline(value: Value, *, style: str = "") -> str:
    """Return a value on one line, as it may stand inside brackets; ``style`` is the quotes of a text."""
    return _one_line(value, flow=True, style=style)


def as_document(value: Value) -> str:
    """Return a value as a YAML document of its own, without a newline at its end."""
    if isinstance(value, dict) and value:
        return entries(value, 0)
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "\n".join(f"-{listed(item, 0)}" for item in value)
    return inline(value)


def after_colon(value: Value, column: int, *, style: str = "", indent: int = 0, width: int = 0) -> str:
    """Return a value as it stands behind “key:” or “-”, beginning with a space or a new line.

    ``column`` is where the key or the dash stands. ``style``, ``indent`` and ``width`` are those of the text
    that was there before: its quotes or its sign of a block, the column of its lines, and their length.
    """
    if isinstance(value, str):
        return f" {_text(value, column, style, indent or column + 2, width)}"
    short = f" {inline(value)}"
    if not isinstance(value, dict | list) or not value:
        return short
    if (
        isinstance(value, list)
        and len(short) <= NARROW
        and not any(isinstance(v, dict | list) for v in value)
    ):
        return short
    inner = column + 2
    if isinstance(value, dict):
        return "".join(f"\n{' ' * inner}{entry(key, item, inner)}" for key, item in value.items())
    return "".join(f"\n{' ' * inner}-{listed(item, inner)}" for item in value)


def entry(key: str, value: Value, column: int) -> str:
    """Return “key: value” of a mapping whose keys stand at a column; later lines are indented."""
    return f"{_key(key)}:{after_colon(value, column)}"


def listed(item: Value, column: int) -> str:
    """Return what stands behind the dash of a list whose dashes stand at a column."""
    if not isinstance(item, dict) or not item:
        return f" {inline(item)}" if isinstance(item, list) else after_colon(item, column)
    return " " + entries(item, column + 2)


def entries(mapping: Mapping[str, Value], column: int) -> str:
    """Return a mapping with one key a line, all at one column; the first line is not indented."""
    return f"\n{' ' * column}".join(entry(key, value, column) for key, value in mapping.items())


def pair(key: str, value: Value) -> str:
    """Return “key: value” as it may stand inside braces."""
    return f"{_key(key)}: {inline(value)}"


def _text(text: str, column: int, style: str, indent: int, width: int) -> str:
    block = None
    if style == ">":
        block = _folded(text, indent, max(width, 40))
    if block is None and (style == "|" or "\n" in text):
        block = _literal(text, column, indent)
    if block is not None and _reads_back(block, column, text):
        return block
    return _one_line(text, flow=False, style=style)


def _folded(text: str, indent: int, width: int) -> str | None:
    """Return a text as a folded block (``>``) whose lines end before a column, or None."""
    body, chomp = _chomped(text)
    lines = body.split("\n")
    if chomp is None or _ESCAPED.search(text) or any(line[:1] in ("", " ", "\t") for line in lines):
        return None
    wrapped = ["\n".join(_wrapped(line, width - indent)) for line in lines]
    return f">{chomp}\n" + _indented("\n\n".join(wrapped), indent)


def _literal(text: str, column: int, indent: int) -> str | None:
    """Return a text as a literal block (``|``), or None where none can hold it."""
    body, chomp = _chomped(text)
    if not body.strip("\n") or chomp is None or _ESCAPED.search(text):
        return None
    told = str(indent - column) if body[0] in " \t\n" else ""
    return f"|{told}{chomp}\n" + _indented(body, indent)


def _reads_back(block: str, column: int, text: str) -> bool:
    try:
        return bool(read(f"{' ' * column}k: {block}\n", "", error=UsageError).value == {"k": text})
    except UsageError:
        return False


def _one_line(value: Value, *, flow: bool, style: str = "") -> str:
    if isinstance(value, str):
        if style == "'" and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        return value if style != '"' and plain(value, flow=flow) else quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(pair(key, item) for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return json.dumps(value, allow_nan=False)


def _key(key: str) -> str:
    return key if plain(key, flow=True) else quoted(key)


def _chomped(text: str) -> tuple[str, str | None]:
    """Return a text without its last newline, and the sign that says so; None where there are several."""
    if not text.endswith("\n"):
        return text, "-"
    return text[:-1], None if text.endswith("\n\n") or text == "\n" else ""


def _indented(text: str, indent: int) -> str:
    return "\n".join(" " * indent + line if line else "" for line in text.split("\n"))


def _wrapped(line: str, width: int) -> list[str]:
    """Return a line broken at single spaces between words."""
    lines, at = [], 0
    for gap in re.finditer(r"(?<=[^ \t]) (?=[^ \t])", line):
        upcoming = re.compile(r"(?<=[^ \t]) (?=[^ \t])|$").search(line, gap.end())
        if upcoming and upcoming.start() - at > width:
            lines.append(line[at : gap.start()])
            at = gap.end()
    return [*lines, line[at:]]
