"""The smallest edit that makes one text of another, and where its lines then are."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

MAX_COMPARED = 1_000_000
"""Pairs of lines; where more would have to be compared, a row is followed only roughly."""


class Edit(NamedTuple):
    """The characters from ``start`` up to ``end`` are to become ``text``."""

    start: int
    end: int
    text: str


def smallest_edit(old: str, new: str) -> Edit:
    """Return the edit that makes ``new`` of ``old`` and leaves alone what begins and ends them alike."""
    start = _alike(old, new, min(len(old), len(new)), from_end=False)
    same = _alike(old, new, min(len(old), len(new)) - start, from_end=True)
    return Edit(start, len(old) - same, new[start : len(new) - same])


def _alike(one: str, other: str, most: int, *, from_end: bool) -> int:
    """Return how many characters, at most ``most``, are the same at the beginnings or at the ends."""
    known = 0  # by halves, because comparing slices is a thousand times faster than comparing letters
    while known < most:
        tried = (known + most + 1) // 2
        begin, end = (-tried, -known or None) if from_end else (known, tried)
        if one[begin:end] == other[begin:end]:
            known = tried
        else:
            most = tried - 1
    return known


def row_after(old: Sequence[str], new: Sequence[str], row: int) -> int:
    """Return the row, from 0, on which what stood on a row of the old lines stands in the new ones."""
    shorter = min(len(old), len(new))
    top = next((number for number in range(shorter) if old[number] != new[number]), shorter)
    same = next(
        (number for number in range(shorter - top) if old[-1 - number] != new[-1 - number]), shorter - top
    )
    if row < top:
        return row
    if row >= len(old) - same:
        return row + len(new) - len(old)
    changed, by = old[top : len(old) - same], new[top : len(new) - same]
    begin, begin_new, end_new = 0, 0, len(by)
    if len(changed) * len(by) <= MAX_COMPARED:
        codes = SequenceMatcher(None, changed, by, autojunk=False).get_opcodes()
        _, begin, _, begin_new, end_new = next(code for code in codes if code[1] <= row - top < code[2])
    after = top + min(begin_new + row - top - begin, max(begin_new, end_new - 1))
    return max(0, min(after, len(new) - 1))
