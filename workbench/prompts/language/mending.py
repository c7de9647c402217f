"""Reading a prompt although something is wrong with it: what is wrong is taken away, until the rest loads.

So every error is one that ``load_version`` would raise, in its own words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml
from jinja2 import TemplateSyntaxError

from workbench.errors import PromptError
from workbench.prompts.tree import PROMPTS, Tree, decode, prompt_name, prompt_path
from workbench.prompts.version import Version, load_version

MAX_ERRORS = 50
"""More are not looked for: nobody mends more at a time."""

_STAND_IN = "workbench stands in"
"""A prompt that does nothing but include the partial that is asked about."""


@dataclass
class _Patched:
    """A tree with other bytes for what was mended, that remembers which file could not be read last."""

    below: Tree
    files: dict[str, bytes] = field(default_factory=dict)
    refused: str | None = None

    def read(self, path: str) -> bytes:
        """Return the bytes of a file; raises what the tree below does, and PromptError for no text."""
        if path in self.files:
            return self.files[path]
        self.refused = path
        raw = self.below.read(path)
        decode(raw, path)
        self.refused = None
        return raw

    def paths(self, under: str) -> Iterable[str]:
        """Return the paths of all files below a folder."""
        return self.below.paths(under)


class Mending:
    """Loads the prompt or the partial at a path, whose text has these lines.

    ``front`` is how many of them are front matter, its lines of dashes included. ``errors`` are those that
    were met, ``whole`` says that the front matter could be read.
    """

    def __init__(self, tree: Tree, path: str, lines: list[str], front: int) -> None:
        self.errors: list[PromptError] = []
        self.whole = True
        self._path = path
        self._lines = list(lines)
        self._front = front
        self._tree = _Patched(tree)
        self._cut = False  # whether lines were taken away, so that an error of syntax may be our own

    def load(self) -> Version | None:
        """Return what remains when all that is wrong is taken away, or None where that is not to be had."""
        name = prompt_name(self._path)
        if name is None:
            name = _STAND_IN
            include = f'{{% include "{self._path.removeprefix(f"{PROMPTS}/")}" %}}'
            self._tree.files[prompt_path(name)] = include.encode()
        said: set[str] = set()
        while len(self.errors) < MAX_ERRORS:
            self._tree.files[self._path] = "\n".join(self._lines).encode("utf-8", "surrogatepass")
            try:
                return load_version(self._tree, name)
            except PromptError as error:
                if str(error) not in said and not (self._cut and self._is_syntax_here(error)):
                    self.errors.append(error)
                said.add(str(error))
                if not self._mend(error):
                    return None
        return None

    def _is_syntax_here(self, error: PromptError) -> bool:
        here = error.place is not None and error.place.path == self._path
        return here and isinstance(error.__cause__, TemplateSyntaxError | yaml.YAMLError | ValueError)

    def _mend(self, error: PromptError) -> bool:
        """Take away what an error is about; returns False where nothing can be."""
        at = error.place.path if error.place else None
        if self._tree.refused is not None:
            self._tree.files[self._tree.refused] = _empty(self._tree.refused)
            self._tree.refused = None
            return True
        if at is not None and at != self._path and at not in self._tree.files:
            self._tree.files[at] = _empty(at)
            return True
        if at != self._path or error.place is None or error.place.line is None:
            return False
        row, before = error.place.line - 1, list(self._lines)
        if self._is_syntax_here(error):
            in_front = row < self._front
            self.whole = self.whole and not in_front
            begin, end = (1, self._front - 1) if in_front else (self._front, len(before))
        else:
            self._cut = True
            begin, end = row, self._end_of_entry(row) if row < self._front else row + 1
        self._lines[begin:end] = [""] * (end - begin)
        return self._lines != before

    def _end_of_entry(self, row: int) -> int:
        """Return the row after the entry of front matter that begins on a row."""
        entry = self._lines[row]
        end = row + 1
        while end < self._front - 1:
            line = self._lines[end]
            deeper = _indent(line) > _indent(entry) or not line.strip()
            item = _indent(line) == _indent(entry) and _is_item(line) and not _is_item(entry)
            if not (deeper or item):
                break
            end += 1
        return end


def _empty(path: str) -> bytes:
    """Return what stands for a file that cannot be used: nothing, or a list of nothing where one is read."""
    return b"[]" if path.endswith((".yml", ".yaml", ".json")) else b""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_item(line: str) -> bool:
    return line.lstrip().startswith("-")
