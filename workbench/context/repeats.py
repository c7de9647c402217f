"""Passages that stand twice: found in linear time, by blocks of six words.

Wherever twelve words in a row stand, a whole block of six that begins at a multiple of six stands among them.
So it is enough to look every six words of one text up among such blocks of the other, and to extend what is
found to both sides.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from operator import itemgetter

from workbench.context.long_texts import Remembered, chunks

LEAST = 12
"""Words that a passage has at least."""

LONG = 20_000
"""Characters from which a text that is ``alone`` is remembered, with what it has in common with others."""

MOST = 20
"""Passages that are told: the longest of all."""

MOST_WORDS = 6_000_000
"""Characters of long texts whose words are kept, which take some ten times the room of the text."""

_BLOCK = LEAST // 2
_TRIED = 8  # places of one block that are tried: of “0 0 0 …” there are so many that work would have no bound

_HAN = r"\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_KANA = r"\u3041-\u309f", r"\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_THAI, _LAO, _KHMER = r"\u0e01-\u0e3a\u0e40-\u0e4e", r"\u0e81-\u0ecf\u0edc-\u0edf", r"\u1780-\u17d3"
_UNSPACED = (_HAN, *_KANA, _THAI, _LAO, _KHMER)
"""Letters of scripts that write no spaces between words, of which each begins words of its own."""

_WORD = re.compile(r"\w[\w'\u2019-]*")
_SPACED = rf"[^\W{''.join(_UNSPACED)}]"
_ANY_WORD = re.compile(
    rf"{_SPACED}+(?:['\u2019-]+{_SPACED}*)*|" + "|".join(f"[{script}]{{1,2}}" for script in _UNSPACED)
)
"""Finds the same in a text with spaces, but in more time."""


@dataclass(frozen=True)
class Stretch:
    """A text that stands in a context.

    ``written`` says where it was written: what two stretches written at the same place have in common is no
    repeat. ``alone`` says that what the text has in common with itself is none either.
    """

    text: str
    written: Hashable
    alone: bool = False


@dataclass(frozen=True)
class Repeat:
    """A passage of so many words that stands twice.

    ``first`` and ``second`` say where: the number of a stretch, and an offset there in characters.
    """

    words: int
    first: tuple[int, int]
    second: tuple[int, int]


def words_of(text: str) -> list[str]:
    """Return the words of a text; of a script without spaces between them, each two letters are one."""
    return _word(text).findall(text)


def beginning(text: str, most: int) -> str:
    """Return so many words that a text begins with, as they are written but on one line."""
    found = list(islice(_word(text).finditer(text), most))
    return " ".join(text[: found[-1].end()].split()) if found else ""


def repeats(groups: Sequence[Sequence[Stretch]]) -> tuple[Repeat, ...]:
    """Return the passages that stand twice in these texts, each as long as it can be, by their second place.

    A passage may go on from one stretch of a group into the next, but not into another group. Stretches are
    numbered through all groups. One that stands three times is told twice, with its second and third place.
    """
    short = _Words()
    long: list[tuple[int, Stretch]] = []
    stretches: list[Stretch] = []
    for group in groups:
        for stretch in group:
            if stretch.alone and len(stretch.text) >= LONG:
                long.append((len(stretches), stretch))
                short.end()
            else:
                short.add(len(stretches), stretch.text)
            stretches.append(stretch)
        short.end()

    def apart(one: int, other: int) -> bool:
        if one == other:
            return not stretches[one].alone
        return stretches[one].written != stretches[other].written

    found = [_Found(short, short, *match) for match in _matches(short, short, apart, same=True)]
    for number, stretch in long:
        of_it = _WORDS(stretch.text)
        against = _apart_from(number, apart)
        found += [_Found(short, of_it, *match, right=number) for match in _matches(short, of_it, against)]
    for at, (number, stretch) in enumerate(long):
        for other, another in long[at + 1 :]:
            if apart(number, other):
                both = _WORDS(stretch.text), _WORDS(another.text)
                common = _COMMON(stretch.text, another.text)
                found += [_Found(*both, *match, left=number, right=other) for match in common]
    longest = sorted(found, key=lambda one: -one.words)[:MOST]
    told = (one.repeat(stretches) for one in longest)
    return tuple(sorted(told, key=lambda repeat: (repeat.second, repeat.first)))


@dataclass
class _Words:
    """The words of some stretches, and of which stretch each is.

    ``marks`` say for some words, in order, their stretch and from which offset there they are counted.
    """

    words: list[str] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    marks: list[tuple[int, int, int]] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=dict)

    def add(self, number: int, text: str) -> None:
        """Take the words of a stretch."""
        word = _word(text)
        for begin, end in chunks(text):
            found = word.findall(text, begin, end)
            self.marks.append((len(self.words), number, begin))
            self.words += map(self._known.setdefault, found, found)  # equal words are one object
            self.owners += [number] * len(found)

    def end(self) -> None:
        """Let no passage go on from here."""
        self.words.append(f" {len(self.words)}")  # no word, and no other
        self.owners.append(-1)

    def place(self, word: int, stretches: Sequence[Stretch], number: int | None) -> tuple[int, int]:
        """Return the number of the stretch that a word is of, ``number`` if given, and its offset there."""
        first, owner, offset = self.marks[bisect_right(self.marks, word, key=itemgetter(0)) - 1]
        number = owner if number is None else number
        text = stretches[number].text
        return number, next(islice(_word(text).finditer(text, offset), word - first, None)).start()

    @cached_property
    def blocks(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        """Where the blocks that begin at a multiple of six are."""
        blocks: dict[tuple[str, ...], tuple[int, ...]] = {}
        starts = (self.words[start::_BLOCK] for start in range(_BLOCK))
        for at, block in enumerate(zip(*starts, strict=False)):
            places = blocks.get(block, ())
            if len(places) < _TRIED:
                blocks[block] = (*places, at * _BLOCK)
        return blocks


@dataclass(frozen=True)
class _Found:
    """Words from ``i`` of one text that stand from ``j`` in another; the numbers of long stretches apart."""

    one: _Words
    other: _Words
    i: int
    j: int
    words: int
    left: int | None = None
    right: int | None = None

    def repeat(self, stretches: Sequence[Stretch]) -> Repeat:
        """Return it in terms of stretches."""
        places = self.one.place(self.i, stretches, self.left), self.other.place(self.j, stretches, self.right)
        return Repeat(self.words, min(places), max(places))


def _matches(
    one: _Words, other: _Words, apart: Callable[[int, int], bool], *, same: bool = False
) -> Iterator[tuple[int, int, int]]:
    """Yield where passages begin in one text and in another, or before in the same, and how many words.

    They come in the order of the one, where each is longest, and do not overlap there.
    """
    covered = 0
    blocks = other.blocks
    windows = zip(*(islice(one.words, start, None) for start in range(_BLOCK)), strict=False)
    for at, places in enumerate(map(blocks.get, windows)):
        if places is None or at + _BLOCK <= covered:
            continue
        best = (0, 0, 0)
        for place in places:
            if same and place >= at:
                break
            # A passage does not overlap itself.
            most = at - place if same else min(len(one.words), len(other.words))
            back, length = _extended(one, other, (at, place, most), apart)
            if length > best[2]:
                best = at - back, place - back, length
        if best[2] >= LEAST:
            covered = best[0] + best[2]
            yield best


def _extended(
    one: _Words, other: _Words, at: tuple[int, int, int], apart: Callable[[int, int], bool]
) -> tuple[int, int]:
    """Return how many words before two places are the same, up to a block, and how many there are in all.

    ``at`` are the places, and how many words there may be.
    """
    i, j, most = at
    back, reach = 0, min(i, j, _BLOCK)
    while back < reach and _same(one, other, i - back - 1, j - back - 1, apart):
        back += 1
    length, most = 0, min(len(one.words) - i, len(other.words) - j, most - back)
    while length < most and _same(one, other, i + length, j + length, apart):
        length += 1
    return back, back + length


def _same(one: _Words, other: _Words, i: int, j: int, apart: Callable[[int, int], bool]) -> bool:
    return one.words[i] == other.words[j] and apart(one.owners[i], other.owners[j])


def _word(text: str) -> re.Pattern[str]:
    return _WORD if text.isascii() else _ANY_WORD


def _apart_from(number: int, apart: Callable[[int, int], bool]) -> Callable[[int, int], bool]:
    return lambda one, _: apart(one, number)


def _alone(text: str) -> _Words:
    words = _Words()
    words.add(0, text)
    return words


def _common(text: str, another: str) -> tuple[tuple[int, int, int], ...]:
    return tuple(_matches(_WORDS(text), _WORDS(another), lambda one, other: True))


_WORDS = Remembered(_alone, MOST_WORDS)
_COMMON = Remembered(_common)
