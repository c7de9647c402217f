"""The file that a place in a prompt names: a partial, a document, or the examples."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.prompts.language.outline import words_of
from workbench.prompts.language.stretches import Region, State
from workbench.prompts.tree import PROMPTS, confined

_INCLUDE = re.compile(r"\{%[-+]?\s*(?:include|import|from|extends)\b.*?(?:%\}|\Z)", re.DOTALL)
_QUOTED = re.compile(r"([\"'])((?:(?!\1).)+)\1")
_DOCUMENT = re.compile(r"\bdocuments\s*(?:\.\s*(\w+)|\[\s*[\"']([^\"']+)[\"']\s*\])")


@dataclass(frozen=True)
class Include:
    """A tag that includes, imports or extends: its offsets, and the names in it, each with its own."""

    start: int
    end: int
    names: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Reference:
    """A file that a prompt names, as it is written there."""

    kind: Literal["partial", "document", "examples"]
    written: str

    def path_from(self, path: str) -> str | None:
        """Return the file's path from the project's root; ``path`` is that of the file that names it.

        Returns None where it leads out of the project, or out of the prompts for a partial.
        """
        if self.kind == "partial":
            return confined(PROMPTS, self.written, PROMPTS)
        return confined(posixpath.dirname(path), self.written, "")


def includes(text: str) -> Iterator[Include]:
    """Yield the tags of a template that name other files, also the last where it is not closed yet."""
    for tag in _INCLUDE.finditer(text):
        names = _QUOTED.finditer(text, tag.start(), tag.end())
        yield Include(tag.start(), tag.end(), tuple((name.start(2), name[2]) for name in names))


def reference_at(lines: Sequence[str], row: int, column: int, state: State) -> Reference | None:
    """Return what a place, row and column from 0, refers to, or None.

    ``state`` is the one that the row begins in.
    """
    if state.region is Region.FRONT:
        return next((found for at, found in _declared(lines) if at == row), None)
    line = lines[row]
    for include in includes(line):
        if include.start <= column <= include.end:
            # Of a list of names the one under the cursor, quotes included, else the first.
            under = [name for at, name in include.names if at - 1 <= column <= at + len(name) + 1]
            names = under or [name for _, name in include.names]
            return Reference("partial", names[0]) if names else None
    for document in _DOCUMENT.finditer(line):
        if document.start() <= column <= document.end():
            name = document[1] or document[2]
            return next((found for _, found in _declared(lines, name)), None)
    return None


def _declared(lines: Sequence[str], name: str | None = None) -> list[tuple[int, Reference]]:
    """Return row and file of each document, or of the one of this name, and of the examples."""
    found = []
    for word in words_of(lines):
        if word.key or not word.text:
            continue
        if len(word.path) == 2 and word.path[0] == "documents" and name in (None, word.path[1]):
            found.append((word.row, Reference("document", word.text)))
        elif word.path == ("examples",) and name is None:
            found.append((word.row, Reference("examples", word.text)))
    return found
