"""Where a long template can be cut, so that after a key only one part of it is read again.

Jinja2 takes 35 ms to parse 100 KB with many expressions and 200 to compile them. A cut stands between two
lines of plain text, in no block. Whitespace control reaches across no character of either, so that the parts,
where each parses by itself, are read as they would be together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

SIZE = 1_500
"""Characters of a part that is quickly read and compiled, but not one of hundreds."""

_CUT = re.compile(r"(?<=[^\s}])\n+(?=[^\s{])")
_BLOCKS = "if|for|set|with|filter|macro|call|block|autoescape|raw"
_CUT_OR_BLOCK = re.compile(
    rf"(?P<cut>{_CUT.pattern})|\{{%[-+]?\s*(?P<end>end)?(?P<block>{_BLOCKS})\b(?P<rest>.*?)%\}}", re.DOTALL
)


def cut(source: str, before: Sequence[str] = (), size: int = SIZE) -> list[str]:
    """Return the parts of a source, at least one; those that it shares with ``before`` at both ends stay.

    ``size`` is how many characters a part has at least, but for the last.
    A part that does not parse says nothing, for a comment may hold what looks like a block: then only the
    whole can be read.
    """
    head = start = 0
    while head < len(before) and source.startswith(before[head], start):
        start += len(before[head])
        head += 1
    if head and not _is_cut(source, start):
        head -= 1
        start -= len(before[head])
    tail, end = len(before), len(source)
    while tail > head and end - len(before[tail - 1]) >= start and source.endswith(before[tail - 1], 0, end):
        tail -= 1
        end -= len(before[tail])
    if tail < len(before) and not _is_cut(source, end):
        end += len(before[tail])
        tail += 1
    parts = [*before[:head], *_cut_anew(source[start:end], size), *before[tail:]]
    return [part for part in parts if part] or [source]


def _is_cut(source: str, at: int) -> bool:
    if at in (0, len(source)):
        return True
    newlines = at - len(source[:at].rstrip("\n"))
    found = _CUT.match(source, at - newlines)
    return found is not None and found.end() == at


def _cut_anew(source: str, size: int) -> Iterator[str]:
    start = depth = 0
    for found in _CUT_OR_BLOCK.finditer(source):
        if found["end"]:
            depth -= 1
        elif found["block"] and not (found["block"] == "set" and "=" in found["rest"]):
            depth += 1
        elif found["cut"] and depth == 0 and found.end() - start >= size:
            yield source[start : found.end()]
            start = found.end()
    if start < len(source):
        yield source[start:]
