"""Counting the tokens of texts piece by piece, so that a changed key costs no more than its own line.

A text is cut only where the pieces have the very tokens of the whole. The patterns by which tiktoken splits
a text into words show where that is (``tiktoken_ext/openai_public.py``):

- In o200k_base and cl100k_base the last newline of a stretch of space ends a word where no ``/`` follows: a
  word that reaches it is either space, which goes on to the last newline, or marks with newlines (and, in
  o200k_base, slashes) behind them.
- p50k_base keeps the last of several spaces for the word that follows, so that the newline must stand alone
  between two words.
- In all three, no word that has begun before it goes on into a space that follows something else.

The tests hold all of this against the encodings.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tiktoken import Encoding

_Made = TypeVar("_Made")

_AT_NEWLINES = re.compile(r"\n(?=[ \t]*[^\s/])")
_AT_LONE_NEWLINES = re.compile(r"\n(?<=\S\n)(?=[^\s/])")
_LONE_NEWLINES_ONLY = frozenset({"p50k_base"})

_LONG = 4096
_WORDS = re.compile(r".{1024,}?\S(?= )|.+", re.DOTALL)
"""What a piece longer than ``_LONG`` characters is cut into: a line may be a whole document."""

_STRETCH = 65_536
"""Characters from which what lies between two places is looked up as one piece, without its lines."""

_REMEMBERED = 12_000_000
_REMEMBERED_STARTS = 1_000_000
"""Characters whose tokens are remembered, twice: more than the 10 MB that a context may have, and more than
the lines in which segments meet."""


class Pieces:
    """The tokens of texts in one encoding, each piece encoded once while it is in use.

    Safe in several threads. A text of 100 KB of which one line is new costs 0.5 ms; one of 5 MB 30 ms, and
    2 ms where most of it is a document between two of the places that are asked for.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._newlines = _AT_LONE_NEWLINES if encoding.name in _LONE_NEWLINES_ONLY else _AT_NEWLINES
        self._lengths = _Lengths(encoding.decode_single_token_bytes)
        self._totals = _Recent(lambda piece: len(encoding.encode_ordinary(piece)), _REMEMBERED)
        self._stretches = _Recent(self.count, _REMEMBERED)
        self._starts = _Recent(self._starts_of, _REMEMBERED_STARTS)

    def count(self, text: str) -> int:
        """Return how many tokens a text has; control tokens in it are plain text."""
        return sum(map(self._totals.__getitem__, self.cut(text)))

    def before(self, text: str, places: Sequence[int]) -> list[int]:
        """Return for each place, a character of the text, how many tokens begin before it."""
        pieces = self._stretched(text, places)
        begins = list(accumulate(map(len, pieces), initial=0))
        totals = list(accumulate(self._counts(pieces), initial=0))
        found = []
        for place in places:
            at = bisect_right(begins, place) - 1
            inside = place - begins[at]
            found.append(totals[at] + (self._within(pieces[at], inside) if inside else 0))
        return found

    def cut(self, text: str) -> list[str]:
        """Return the pieces of a text, whose tokens one after the other are those of the text."""
        *lines, last = self._newlines.split(text)
        pieces = [line + "\n" for line in lines]
        pieces.append(last)
        if max(map(len, pieces)) > _LONG:
            cut = ([piece] if len(piece) <= _LONG else _WORDS.findall(piece) for piece in pieces)
            pieces = [part for parts in cut for part in parts]
        return pieces

    def _counts(self, pieces: Sequence[str]) -> Iterable[int]:
        if max(map(len, pieces)) < _STRETCH:
            return map(self._totals.__getitem__, pieces)
        return ((self._totals if len(each) < _STRETCH else self._stretches)[each] for each in pieces)

    def _stretched(self, text: str, places: Sequence[int]) -> list[str]:
        """Return the pieces of a text, but those of a long stretch between two places as one."""
        pieces: list[str] = []
        reached = 0
        for start, end in pairwise((0, *places)):
            if end - start < _STRETCH:
                continue
            first, last = self._first_cut(text, start), self._last_cut(text, end)
            if last - first >= _STRETCH:
                pieces += self.cut(text[reached:first])
                pieces.append(text[first:last])
                reached = last
        return pieces + self.cut(text[reached:])

    def _first_cut(self, text: str, start: int) -> int:
        found = self._newlines.search(text, start)
        return found.end() if found else len(text)

    def _last_cut(self, text: str, end: int) -> int:
        """Return the last cut before a place, or 0 where there is none near it."""
        newline, nearest = end, max(end - _STRETCH, 0)
        while (newline := text.rfind("\n", nearest, newline)) >= 0:
            if self._newlines.match(text, newline):
                return newline + 1
        return 0

    def _within(self, piece: str, place: int) -> int:
        ahead = place if piece.isascii() else len(piece[:place].encode("utf-8", "surrogatepass"))
        return bisect_left(self._starts[piece], ahead)

    def _starts_of(self, piece: str) -> list[int]:
        """Return the byte in a piece, as UTF-8, where each of its tokens begins."""
        tokens = self._encoding.encode_ordinary(piece)
        return list(accumulate(map(self._lengths.__getitem__, tokens), initial=0))[:-1]


class _Recent(dict[str, _Made]):
    """What was made for keys that were asked for lately; what was not is forgotten, half at a time.

    ``most`` is the characters of keys in a half. Threads may meet here: each step is one operation on a
    dictionary, and the worst that comes of it is that something is made twice.
    """

    def __init__(self, make: Callable[[str], _Made], most: int) -> None:
        super().__init__()
        self._make = make
        self._most = most
        self._taken = 0
        self._older: dict[str, _Made] = {}

    def __missing__(self, key: str) -> _Made:
        if self._taken > self._most:
            self._older, self._taken = self.copy(), 0
            self.clear()
        made = self._older.pop(key, None)
        made = self[key] = self._make(key) if made is None else made
        self._taken += len(key)
        return made


class _Lengths(dict[int, int]):
    """Bytes of each token, learnt as they are met: a table of all 200,000 would cost 130 ms."""

    def __init__(self, spell: Callable[[int], bytes]) -> None:
        super().__init__()
        self._spell = spell

    def __missing__(self, token: int) -> int:
        length = self[token] = len(self._spell(token))
        return length
