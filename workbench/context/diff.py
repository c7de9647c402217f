"""What changed between two texts: line by line, and word by word inside a line that changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from workbench.context.matching import Budget, matching

LINE_STEPS = 400_000
"""Steps for finding equal lines: about 0.2 s. Beyond, what is left counts as replaced."""

WORD_STEPS = 1_000_000
"""Steps for finding equal words: about 0.5 s. Beyond, changed lines are marked as a whole."""

CONTEXT = 3
"""Lines that stay the same, shown around each change."""

LIKE = 0.4
"""The share of words that two lines must have in common to be one line that changed."""

MOST_PAIRS = 400
"""Pairs of lines, in one replaced passage, that are compared to find which became which."""

NO_NEWLINE = "\\ No newline at end of file"

_WORD = re.compile(r"\w+|\s+|[^\w\s]")

Stretch = tuple[int, int]
"""Where a stretch of a line begins and ends, in characters."""


class Kind(StrEnum):
    """What became of a line."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one of the texts: its number from 1, its text, and the stretches of it that changed.

    ``ended`` says whether a newline follows; only the last line may lack it.
    """

    number: int
    text: str
    changed: tuple[Stretch, ...] = ()
    ended: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a diff: a line on the left, on the right, or one on each side."""

    kind: Kind
    left: Line | None
    right: Line | None


@dataclass(frozen=True, slots=True)
class Hunk:
    """Rows that lie together; ``heading`` says where, as git does: ``@@ -3,7 +3,8 @@``."""

    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a line, and how often each occurs."""

    words: tuple[str, ...]
    counts: Counter[str]

    @classmethod
    def of(cls, text: str) -> _Words:
        words = tuple(_WORD.findall(text))
        return cls(words, Counter(word for word in words if not word.isspace()))

    def likeness(self, other: _Words) -> float:
        """Return the share of words in common, from 0 to 1, in whatever order."""
        total = self.counts.total() + other.counts.total()
        return 2 * (self.counts & other.counts).total() / total if total else 0.0


def diff(before: str, after: str) -> list[Row]:
    """Return every line of two texts as rows for side by side, the same ones included.

    A line that changed stands beside what it became, with the stretches that differ; others are removed or
    added. Quick on any texts: what would take long is compared less finely.
    """
    left, right = _lines(before), _lines(after)
    words = Budget(WORD_STEPS)
    rows: list[Row] = []
    x = y = 0
    blocks = matching([_key(line) for line in left], [_key(line) for line in right], Budget(LINE_STEPS))
    for start_x, start_y, size in [*blocks, (len(left), len(right), 0)]:
        rows += _replaced(left[x:start_x], right[y:start_y], words)
        x, y = start_x + size, start_y + size
        rows += map(_same, left[start_x:x], right[start_y:y])
    return rows


def unified(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows for one column: of each passage that changed, what is removed and then what is added."""
    removed: list[Row] = []
    added: list[Row] = []
    for row in rows:
        if row.kind is Kind.SAME:
            yield from (*removed, *added, row)
            removed, added = [], []
            continue
        if row.left:
            removed.append(Row(Kind.REMOVED, row.left, None))
        if row.right:
            added.append(Row(Kind.ADDED, None, row.right))
    yield from (*removed, *added)


def hunks(rows: Sequence[Row], context: int = CONTEXT) -> list[Hunk]:
    """Return the passages that changed, each with some lines around it; none where nothing changed."""
    changed = [at for at, row in enumerate(rows) if row.kind is not Kind.SAME]
    parts: list[list[int]] = []
    for at in changed:
        low, high = max(0, at - context), min(len(rows), at + context + 1)
        if parts and low <= parts[-1][1]:
            parts[-1][1] = high
        else:
            parts.append([low, high])
    return [_hunk(rows, low, high) for low, high in parts]


def unified_text(before: str, after: str, names: tuple[str, str], context: int = CONTEXT) -> str:
    """Return the difference as git writes it, with ``names`` in its heading; empty where there is none."""
    found = hunks(diff(before, after), context)
    if not found:
        return ""
    lines = [f"--- {names[0]}", f"+++ {names[1]}"]
    for hunk in found:
        lines.append(hunk.heading)
        for row in unified(hunk.rows):
            line = row.left or row.right
            assert line is not None
            lines.append(f"{sign(row)}{line.text}")
            if not line.ended:
                lines.append(NO_NEWLINE)
    return "\n".join(lines) + "\n"


def sign(row: Row) -> str:
    """Return the mark of a row in one column: ``-``, ``+`` or a space; ``~`` for one that changed."""
    return {Kind.SAME: " ", Kind.REMOVED: "-", Kind.ADDED: "+", Kind.CHANGED: "~"}[row.kind]


def tally(rows: Iterable[Row]) -> tuple[int, int]:
    """Return how many lines were added, and how many removed; one that changed is both."""
    changed = [row for row in rows if row.kind is not Kind.SAME]
    return sum(row.right is not None for row in changed), sum(row.left is not None for row in changed)


def _lines(text: str) -> list[Line]:
    texts = text.split("\n")
    last = texts.pop()
    lines = [Line(number, line) for number, line in enumerate(texts, start=1)]
    return [*lines, Line(len(lines) + 1, last, ended=False)] if last else lines


def _key(line: Line) -> tuple[str, bool]:
    return line.text, line.ended


def _same(left: Line, right: Line) -> Row:
    return Row(Kind.SAME, left, right)


def _hunk(rows: Sequence[Row], low: int, high: int) -> Hunk:
    shown = tuple(rows[low:high])
    lefts = [row.left for row in shown if row.left]
    rights = [row.right for row in shown if row.right]
    before_left = max((row.left.number for row in rows[:low] if row.left), default=0) if not lefts else 0
    before_right = max((row.right.number for row in rows[:low] if row.right), default=0) if not rights else 0
    left, right = _span(lefts, before_left), _span(rights, before_right)
    return Hunk(f"@@ -{left} +{right} @@", shown)


def _span(lines: Sequence[Line], before: int) -> str:
    """Return start and length of a side of a hunk; one without lines begins at the line before it."""
    start = lines[0].number if lines else before
    return str(start) if len(lines) == 1 else f"{start},{len(lines)}"


def _replaced(left: Sequence[Line], right: Sequence[Line], budget: Budget) -> Iterator[Row]:
    """Yield the rows of a passage that was replaced: lines that changed, with removed and added between."""
    x = y = 0
    for start_x, start_y, old, new in [*_became(left, right, budget), (len(left), len(right), None, None)]:
        yield from (Row(Kind.REMOVED, line, None) for line in left[x:start_x])
        yield from (Row(Kind.ADDED, None, line) for line in right[y:start_y])
        x, y = start_x + 1, start_y + 1
        if old is not None and new is not None:
            before, after = _changed_words(old, new, budget)
            yield Row(
                Kind.CHANGED,
                replace(left[start_x], changed=before),
                replace(right[start_y], changed=after),
            )


_Became = tuple[int, int, _Words | None, _Words | None]


def _became(left: Sequence[Line], right: Sequence[Line], budget: Budget) -> list[_Became]:
    """Return which line became which, in order on both sides, as far as they are alike."""
    if not left or not right or not budget.spend(sum(len(line.text) for line in (*left, *right)) // 8 + 1):
        return []
    old, new = ([_Words.of(line.text) for line in side] for side in (left, right))
    if len(old) * len(new) > MOST_PAIRS:
        pairs = [(at, at) for at in range(min(len(old), len(new)))]
        pairs = [(x, y) for x, y in pairs if old[x].likeness(new[y]) >= LIKE]
    else:
        pairs = _likest(old, new)
    return [(x, y, old[x], new[y]) for x, y in pairs]


def _likest(old: Sequence[_Words], new: Sequence[_Words]) -> list[tuple[int, int]]:
    """Return the pairs, in order on both sides, whose likenesses add up to the most."""
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    like = [[one.likeness(other) for other in new] for one in old]
    for x in range(len(old) - 1, -1, -1):
        for y in range(len(new) - 1, -1, -1):
            together = like[x][y] + best[x + 1][y + 1] if like[x][y] >= LIKE else 0.0
            best[x][y] = max(together, best[x + 1][y], best[x][y + 1])
    pairs: list[tuple[int, int]] = []
    x = y = 0
    while x < len(old) and y < len(new):
        if like[x][y] >= LIKE and best[x][y] == like[x][y] + best[x + 1][y + 1]:
            pairs.append((x, y))
            x, y = x + 1, y + 1
        elif best[x][y] == best[x + 1][y]:
            x += 1
        else:
            y += 1
    return pairs


def _changed_words(
    old: _Words, new: _Words, budget: Budget
) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Return the stretches of two lines that differ; where only their ends do, there are none."""
    blocks = matching(old.words, new.words, budget)
    return (
        _gaps(old.words, [(x, size) for x, _, size in blocks]),
        _gaps(new.words, [(y, size) for _, y, size in blocks]),
    )


def _gaps(words: Sequence[str], blocks: Sequence[tuple[int, int]]) -> tuple[Stretch, ...]:
    """Return the stretches, in characters, between runs of words that stayed; over a lone space they join."""
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    found: list[list[int]] = []
    at = 0
    for start, size in [*blocks, (len(words), 0)]:
        if start > at:
            low, high = ends[at], ends[start]
            if found and at > 0 and found[-1][1] == ends[at - 1] and words[at - 1].isspace():
                found[-1][1] = high
            else:
                found.append([low, high])
        at = start + size
    return tuple((low, high) for low, high in found)
