"""Long texts looked at without keeping the typist waiting: in small pieces, and not twice."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Generic, TypeVar

Made = TypeVar("Made")

MOST = 12_000_000
"""Characters of text about which answers are kept; the one asked for last is kept however long it is."""

_CHUNK = 32_768
_SPACE = re.compile(r"\s|\Z")


def chunks(text: str) -> Iterator[tuple[int, int]]:
    """Yield where pieces of a text begin and end, each cut before a space.

    A call into C lets no other thread run, so no call should be given more than such a piece.
    """
    begin = 0
    while begin < len(text):
        space = _SPACE.search(text, begin + _CHUNK)
        end = space.start() if space else len(text)
        yield begin, end
        begin = end


class Remembered(Generic[Made]):
    """A pure function of texts that remembers its last answers.

    The texts themselves are not kept: they are known again by their hashes, of 64 bits each, and lengths. It
    may be asked from several threads.
    """

    def __init__(self, make: Callable[..., Made], most: int = MOST) -> None:
        self._make = make
        self._most = most
        self._kept: OrderedDict[tuple[tuple[int, int], ...], Made] = OrderedDict()
        self._length = 0
        self._lock = Lock()

    def __call__(self, *texts: str) -> Made:
        """Return what the function makes of these texts."""
        key = tuple((hash(text), len(text)) for text in texts)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = self._make(*texts)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._length += _length(key)
            while self._length > self._most and len(self._kept) > 1:
                oldest, _ = self._kept.popitem(last=False)
                self._length -= _length(oldest)
        return made


def _length(key: tuple[tuple[int, int], ...]) -> int:
    return sum(length + 100 for _, length in key)  # and something for the shortest
