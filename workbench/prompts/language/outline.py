"""Front matter as it stands while it is written: which key each value belongs to, however broken the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from workbench.prompts.language.stretches import START, Kind, Region, State, Stretch
from workbench.prompts.language.syntax import lex

Path: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys of mappings and numbers of list items."""


@dataclass(frozen=True)
class Word:
    """A key or a value of front matter: where it stands, and the way to it.

    ``key`` says that it is a key, whose path ends in its own name, or a word that stands where a key would,
    whose path is that of what it would be a key of. ``text`` is without its quotes.
    """

    path: Path
    row: int
    start: int
    end: int
    text: str
    key: bool


def words_of(lines: Sequence[str]) -> list[Word]:
    """Return the keys and values of the front matter that these lines begin with."""
    reader = _Reader()
    state = START
    for row, line in enumerate(lines):
        if row and state.region is not Region.FRONT:
            break
        found, after = lex(line, state)
        reader.read(row, line, found, state)
        state = after
    return reader.words


def word_at(lines: Sequence[str], row: int, column: int, state: State) -> Word | None:
    """Return the word that is being written at a place in front matter.

    ``state`` is the one that the row begins in. The text is empty where no word is begun. Returns None inside
    a comment or a block of text, and behind a closing quote.
    """
    if state.block >= 0 or state.quote:
        return None
    first = row  # what counts begins with the nearest key without indentation
    while first > 1 and (lines[first][:1].isspace() or lines[first][:1] in ("", "-", "]", "}", "#")):
        first -= 1
    reader, open_ = _Reader(), START._replace(region=Region.FRONT)
    for above in range(first, row):
        found, after = lex(lines[above], open_)
        reader.read(above, lines[above], found, open_)
        open_ = after
    line = lines[row][:column]
    found, _ = lex(line, open_)
    last = found[-1] if found else None
    if last is not None and last.kind is Kind.COMMENT:
        return None
    reader.read(row, line, found, open_)
    if last is not None and last.end == column and last.kind in _SCALARS:
        word = reader.words[-1]
        return word if line.endswith(word.text) else None  # behind its closing quote it is finished
    return reader.expected(row, column, line)


_SCALARS = (Kind.KEY, Kind.VALUE, Kind.STRING, Kind.NUMBER, Kind.KEYWORD)


@dataclass
class _Level:
    """A mapping or a list that is open: where its entries begin, and which of them is being read."""

    column: int  # -1 inside brackets, where columns mean nothing
    listing: bool
    entry: str | int | None = None


@dataclass
class _Reader:
    """Follows the keys of front matter through indentation and brackets."""

    words: list[Word] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)

    def read(self, row: int, line: str, found: Sequence[Stretch], state: State) -> None:
        if state.block >= 0 or state.quote:
            return
        for stretch in found:
            text = line[stretch.start : stretch.end]
            if stretch.kind is Kind.PUNCTUATION:
                self._punctuation(text)
            elif stretch.kind is Kind.LIST:
                self._item(stretch.start)
            elif stretch.kind is Kind.KEY:
                self._key(row, stretch, _unquoted(text))
            elif stretch.kind in _SCALARS:
                self._value(row, line, stretch)

    def expected(self, row: int, column: int, line: str) -> Word | None:
        """Return the empty word that would stand at a column where nothing is begun."""
        new_line = not line.strip()
        if new_line and not self._in_brackets:
            self._close(column)
        open_ = self.levels[-1] if self.levels else None
        key = new_line and not self._in_brackets
        if self._in_brackets and open_ is not None:
            key = not open_.listing and open_.entry is None
        elif not new_line and line.rstrip().endswith("-"):
            key = True
        return Word(self._path, row, column, column, "", key)

    @property
    def _in_brackets(self) -> bool:
        return bool(self.levels) and self.levels[-1].column < 0

    @property
    def _path(self) -> Path:
        return tuple(level.entry for level in self.levels if level.entry is not None)

    def _punctuation(self, sign: str) -> None:
        if sign in ("{", "["):
            self.levels.append(_Level(-1, sign == "[", 0 if sign == "[" else None))
        elif sign in ("}", "]"):
            if self._in_brackets:
                self.levels.pop()
        elif sign == "," and self._in_brackets:
            level = self.levels[-1]
            level.entry = level.entry + 1 if isinstance(level.entry, int) else None

    def _item(self, column: int) -> None:
        self._close(column + 1)
        if self.levels and self.levels[-1].listing and self.levels[-1].column == column:
            level = self.levels[-1]
            level.entry = level.entry + 1 if isinstance(level.entry, int) else 0
        else:
            self.levels.append(_Level(column, True, 0))

    def _key(self, row: int, stretch: Stretch, name: str) -> None:
        if not self._in_brackets:
            self._close(stretch.start)
            self.levels.append(_Level(stretch.start, False))
        if self.levels[-1].listing:
            self.levels.append(_Level(-1, False))
        self.levels[-1].entry = name
        self.words.append(Word(self._path, row, stretch.start, stretch.end, name, True))

    def _value(self, row: int, line: str, stretch: Stretch) -> None:
        text = line[stretch.start : stretch.end]
        before = line[: stretch.start].strip()
        if self._in_brackets:
            key = not self.levels[-1].listing and self.levels[-1].entry is None
        else:
            key = not before.strip("- ")
            if not before:
                self._close(stretch.start)
        quoted = text[:1] in ("'", '"')
        self.words.append(Word(self._path, row, stretch.start + quoted, stretch.end, _unquoted(text), key))

    def _close(self, column: int) -> None:
        """Leave what is indented as far as this column, or further."""
        while self.levels and not self._in_brackets and self.levels[-1].column >= column:
            self.levels.pop()


def _unquoted(text: str) -> str:
    if text[:1] not in ("'", '"'):
        return text
    return text[1:-1] if len(text) > 1 and text[-1] == text[0] else text[1:]


def named(words: Sequence[Word], section: str) -> Iterator[str]:
    """Yield the names of the entries of a section, such as ``inputs``."""
    for word in words:
        if word.key and len(word.path) == 2 and word.path[0] == section:
            yield str(word.path[1])
