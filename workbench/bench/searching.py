"""Searching: prompts and partials by name, description, cases and text, the best first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from heapq import nsmallest
from itertools import pairwise

from workbench.errors import PromptError
from workbench.project.yaml import read
from workbench.prompts.cases import cases_paths
from workbench.prompts.disk.stamps import Stamp, stamp
from workbench.prompts.format import split
from workbench.prompts.library import Library
from workbench.prompts.tree import called, is_partial, prompt_name

_DESCRIPTION = re.compile(r"^description:[ \t]*(.*)$", re.MULTILINE)
_SIMPLE = re.compile(r"[^\s\"'>|&*!{\[#%@`].*")  # a plain value, which ends with its line
_CASE = re.compile(
    r"""^(?:-\s+\{?\s*|\{\s*)["']?name["']?\s*:\s*("[^"\n]*"|'[^'\n]*'|[^,}\n]+)""", re.MULTILINE
)


class Where(IntEnum):
    """Where the words that are looked for were found, the best first."""

    NAME = 0
    DESCRIPTION = 1
    CASE = 2
    TEXT = 3


LOOSE = len(Where)
"""The place among these of letters that lie far apart in a name: the last."""


@dataclass(frozen=True)
class Entry:
    """What is known of a prompt or a partial to find it by; ``path`` is from the project's root."""

    path: str
    name: str
    text: str = ""
    description: str = ""
    cases: tuple[str, ...] = ()
    lowered: tuple[str, str, str, str] = field(init=False, repr=False, compare=False)
    """Name, description, cases and text without capitals, in the order of ``Where``."""

    def __post_init__(self) -> None:
        parts = (self.name, self.description, "\n".join(self.cases), self.text)
        object.__setattr__(self, "lowered", tuple(part.lower() for part in parts))


@dataclass(frozen=True)
class Found:
    """An entry that matches: ``at`` are the letters of its name that do, ``line`` counts from 1.

    ``excerpt`` is what else to show of it: its description, the case or the line that matches.
    """

    entry: Entry
    where: Where
    at: tuple[int, ...]
    line: int
    excerpt: str


def find(query: str, entries: Iterable[Entry], limit: int) -> list[Found]:
    """Return the entries in which every word of a query is found, the best first, at most so many.

    Words are found in names as letters in their order, elsewhere as they are; capitals do not count. Names
    come first, then descriptions, cases and text.
    """
    words = query.lower().split()
    if not words:
        return [_found(entry, Where.NAME, (), []) for entry in nsmallest(limit, entries, key=_by_name)]
    hits = (hit for entry in entries if (hit := _hit(words, entry)) is not None)
    best = nsmallest(limit, hits, key=lambda hit: hit.rank)
    return [_found(hit.entry, hit.where, hit.at, hit.elsewhere) for hit in best]


def _by_name(entry: Entry) -> tuple[bool, str]:
    """Order what is listed with nothing typed: prompts before partials, as the tree has them."""
    return is_partial(entry.path), entry.name


@dataclass(frozen=True)
class _Hit:
    entry: Entry
    where: Where
    at: tuple[int, ...]
    elsewhere: list[str]
    rank: tuple[int, int, int, str]


def _hit(words: Sequence[str], entry: Entry) -> _Hit | None:
    """Return how an entry matches: by its worst word, and how far the letters in its name lie apart."""
    worst, tier, apart, at = Where.NAME, 0, 0, set[int]()
    elsewhere: list[str] = []
    for word in words:
        letters = _in_name(word, entry.lowered[Where.NAME])
        gaps = _gaps(letters) if letters is not None else 0
        where = Where.NAME
        if letters is None or gaps > len(word) // 2:  # loose letters count for less than the word itself
            where = next((where for where in Where if where and word in entry.lowered[where]), Where.NAME)
        if where is not Where.NAME:
            elsewhere.append(word)
        elif letters is None:
            return None
        else:
            at.update(letters)
            apart += _looseness(letters, gaps, entry.name)
            tier = LOOSE if gaps > len(word) // 2 else tier
        worst = max(worst, where)
    rank = (max(tier, worst), apart, len(entry.name), entry.name)
    return _Hit(entry, worst, tuple(sorted(at)), elsewhere, rank)


def _in_name(word: str, name: str) -> Sequence[int] | None:
    """Return where the letters of a word stand in a name: together, else in their order; None where not."""
    start = name.rfind("/") + 1
    together = name.find(word, start)
    together = name.find(word) if together < 0 else together
    if together >= 0:
        return range(together, together + len(word))
    at, letters = -1, []
    for letter in reversed(word):  # from the end, where the prompt's own name stands
        at = name.rfind(letter, 0, at if at >= 0 else len(name))
        if at < 0:
            return None
        letters.append(at)
    return letters[::-1]


def _gaps(letters: Sequence[int]) -> int:
    """Return between how many neighbouring letters of a match there are others."""
    return sum(right - left > 1 for left, right in pairwise(letters))


def _looseness(letters: Sequence[int], gaps: int, name: str) -> int:
    """Return how bad a match is: none where a part of the name begins so, more for each gap and its width."""
    inside = 0 < letters[0] <= len(name) and name[letters[0] - 1].isalnum()
    return 4 * gaps + letters[-1] - letters[0] + 1 - len(letters) + inside


def _found(entry: Entry, where: Where, at: tuple[int, ...], elsewhere: list[str]) -> Found:
    if where is Where.CASE:
        named = next((case for case in entry.cases if any(word in case.lower() for word in elsewhere)), "")
        return Found(entry, where, at, 1, named)
    if where is Where.TEXT:
        number, line = _best_line(entry, elsewhere)
        return Found(entry, where, at, number, line)
    return Found(entry, where, at, 1, entry.description)


def _best_line(entry: Entry, words: list[str]) -> tuple[int, str]:
    """Return number and text of the first line with the most of these words."""
    text = entry.lowered[Where.TEXT]
    places = {text.count("\n", 0, place) for word in words if (place := text.find(word)) >= 0}
    lines, lowered = entry.text.split("\n"), text.split("\n")
    if len(words) > 1:
        together = (at for at, line in enumerate(lowered) if all(word in line for word in words))
        places = {next(together, min(places))}
    at = min(places)
    return at + 1, lines[at].strip() if at < len(lines) else ""


class Searching:
    """Reads what prompts and partials are found by; what did not change is not read again."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[str, tuple[tuple[Stamp, ...], Entry]] = {}

    def entries(self, paths: Iterable[str]) -> Iterator[Entry]:
        """Yield an entry for each path, one after the other as they are read; call it in a thread.

        A file that cannot be read is found by its name alone.
        """
        for path in paths:
            beside = cases_paths(name) if (name := prompt_name(path)) is not None else ()
            stamps = tuple(stamp(self._library.tree, one) for one in (path, *beside))
            known = self._known.get(path)
            if known is None or known[0] != stamps:
                there = [one for one, when in zip(beside, stamps[1:], strict=True) if when is not None]
                self._known[path] = known = stamps, self._read(path, there)
            yield known[1]

    def _read(self, path: str, cases: Iterable[str]) -> Entry:
        text = self._text(path)
        named = [name for one in cases for name in case_names(self._text(one))]
        return Entry(path, called(path), text, described(text), tuple(named))

    def _text(self, path: str) -> str:
        try:
            return self._library.open(path).text
        except PromptError:
            return ""  # it is found by its name, and says what is wrong when it is opened


def described(text: str) -> str:
    """Return the description in a prompt's front matter, empty where there is none or it cannot be read."""
    try:
        front, _, _ = split(text, "")
        line = _DESCRIPTION.search(front) if front is not None else None
        if front is None or line is None:
            return ""
        if _ends_with_its_line(line, front):
            return line[1].strip()
        said = read(front, "", error=PromptError).value  # a hundred times slower, so only where it must be
    except PromptError:
        return ""
    description = said.get("description") if isinstance(said, dict) else ""
    return description if isinstance(description, str) else ""


def _ends_with_its_line(line: re.Match[str], front: str) -> bool:
    value = line[1].strip()
    plain = _SIMPLE.fullmatch(value) and ": " not in value and " #" not in value
    return bool(plain) and not front[line.end() :].startswith(("\n ", "\n\t", "\n\n"))


def case_names(text: str) -> list[str]:
    """Return the names of cases in YAML or JSON Lines, read at a glance: those that an item begins with."""
    return [match[1].strip().strip("\"'") for match in _CASE.finditer(text)]
