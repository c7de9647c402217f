"""What changed between two texts word by word, as one text that runs on: made for prose in narrow columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.context.diff import Kind
from workbench.context.matching import Budget, matching

STEPS = 200_000
"""Steps for finding equal words: about 0.1 s. Beyond, what is left counts as replaced."""

_WORD = re.compile(r"\w+|\n|[^\S\n]+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of words that are the same, removed or added."""

    kind: Kind
    text: str


def word_diff(before: str, after: str) -> list[Change]:
    """Return the stretches of two texts in order, what is removed ahead of what is added in its place.

    The same and the removed ones together are ``before``, the same and the added ones ``after``. White space
    alone does not hold two changes apart. Quick on any texts: what would take long is compared less finely.
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    changes: list[Change] = []
    removed = added = ""
    x = y = 0
    for start_x, start_y, size in [*matching(old, new, Budget(STEPS)), (len(old), len(new), 0)]:
        removed += "".join(old[x:start_x])
        added += "".join(new[y:start_y])
        x, y = start_x + size, start_y + size
        same = "".join(old[start_x:x])
        within = removed and added and x < len(old) and y < len(new)
        if within and not same.strip() and "\n" not in same:
            removed, added = removed + same, added + same
            continue
        changes += _stretches(removed, added, same)
        removed = added = ""
    return [*changes, *_stretches(removed, added, "")]


def changed_words(changes: Sequence[Change]) -> tuple[int, int]:
    """Return how many words were added, and how many removed."""
    added = sum(len(change.text.split()) for change in changes if change.kind is Kind.ADDED)
    removed = sum(len(change.text.split()) for change in changes if change.kind is Kind.REMOVED)
    return added, removed


def _stretches(removed: str, added: str, same: str) -> Iterator[Change]:
    for kind, text in ((Kind.REMOVED, removed), (Kind.ADDED, added), (Kind.SAME, same)):
        if text:
            yield Change(kind, text)
