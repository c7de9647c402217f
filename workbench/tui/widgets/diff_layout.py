"""Laying a diff out in rows of a given width: pure, so that any size of text is quick to show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice, zip_longest

from rich.cells import cell_len

from workbench.bench.shown import inert
from workbench.context.diff import Hunk, Kind, Line, Row, Stretch, diff, hunks, unified
from workbench.tui.widgets.layout import TAB, wrapped

SPLIT_WIDTH = 100
"""Columns from which two texts have room side by side."""

NO_NEWLINE = "\\ no newline at the end"

DIVIDER = " │ "

MOST_ROWS = 10_000
"""Rows that are laid out; nobody reads on that far, and more would hold up the keys."""


@dataclass(frozen=True)
class Compared:
    """Two texts and what to call them."""

    before: str
    after: str
    titles: tuple[str, str]

    def hunks(self) -> list[Hunk]:
        """Return the passages that changed."""
        return hunks(diff(self.before, self.after))


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a row in one style, inert; ``word`` says whether it is a word that changed."""

    text: str
    word: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One line's share of a row: the gutter with number and sign, and a text that begins at ``start``."""

    gutter: str
    kind: Kind
    text: str
    start: int = 0
    changed: tuple[Stretch, ...] = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The text as it is drawn; made when it is, which of most rows is never."""
        return tuple(_pieces(self.text, self.start, self.changed))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A row on screen: a heading, or one part, or two side by side; None is the side that has no line.

    ``lines`` is how many lines of the texts begin on it.
    """

    parts: tuple[Part | None, ...] = ()
    heading: str = ""
    strong: bool = False
    lines: int = 0


Found = Sequence[tuple[Compared, Sequence[Hunk]]]
"""Texts compared, and what was found."""


def lay_out_diff(found: Found, width: int, *, split: bool) -> list[Drawn]:
    """Return the rows of diffs, wrapped at ``width`` columns, in one column or side by side.

    After the first MOST_ROWS comes one that says how many lines are not shown.
    """
    rows = list(islice(_rows(found, width, split), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        rows.pop()
        left = _count(found) - sum(row.lines for row in rows)
        more = f"{left:,} more line{' is' if left == 1 else 's are'}" if left else "the rest of this line is"
        rows.append(Drawn(heading=f"… {more} not shown.", strong=True))
    return rows


def _rows(found: Found, width: int, split: bool) -> Iterator[Drawn]:
    for at, (compared, parts) in enumerate((compared, parts) for compared, parts in found if parts):
        if at > 0:
            yield Drawn()
        yield from _titles(compared, width, split)
        gutter = _gutter(parts)
        for hunk in parts:
            yield Drawn(heading=hunk.heading)
            yield from _split(hunk, width, gutter) if split else _unified(hunk, width, gutter)


def _count(found: Found) -> int:
    """Return how many lines there are to be shown."""
    rows = (row for _, parts in found for hunk in parts for row in hunk.rows)
    return sum(1 if row.kind is Kind.SAME else bool(row.left) + bool(row.right) for row in rows)


def half(width: int) -> int:
    """Return the columns of one side of two."""
    return max(8, (width - len(DIVIDER)) // 2)


def _titles(compared: Compared, width: int, split: bool) -> list[Drawn]:
    before, after = (inert(title).replace("\n", " ") for title in compared.titles)
    if not split:
        return [Drawn(heading=f"--- {before}", strong=True), Drawn(heading=f"+++ {after}", strong=True)]
    left = f"--- {before}"[: half(width)]
    gap = " " * (half(width) - cell_len(left))
    return [Drawn(heading=f"{left}{gap}{DIVIDER}+++ {after}", strong=True)]


def _gutter(parts: Sequence[Hunk]) -> int:
    """Return the digits of the largest number of a line."""
    rows = [row for hunk in parts for row in hunk.rows[-1:]]
    most = max((line.number for row in rows for line in (row.left, row.right) if line), default=1)
    return len(str(most))


def _unified(hunk: Hunk, width: int, digits: int) -> Iterator[Drawn]:
    for row in unified(hunk.rows):
        line = row.right or row.left
        assert line is not None
        begun = 1
        for part in _parts(line, row.kind, width, digits):
            yield Drawn((part,), lines=begun)
            begun = 0


def _split(hunk: Hunk, width: int, digits: int) -> Iterator[Drawn]:
    for same, left, right in _side_by_side(hunk.rows):
        kinds = (Kind.SAME, Kind.SAME) if same else (Kind.REMOVED, Kind.ADDED)
        sides = [
            _parts(line, kind, half(width), digits) if line else ()
            for line, kind in zip((left, right), kinds, strict=True)
        ]
        begun = 1 if same else bool(left) + bool(right)
        for parts in zip_longest(*sides):
            yield Drawn(parts, lines=begun)
            begun = 0


def _side_by_side(rows: Sequence[Row]) -> Iterator[tuple[bool, Line | None, Line | None]]:
    """Yield, for each row, whether its lines are the same, and the lines.

    What is removed stands beside what is added in its place.
    """
    for kind, group in groupby(rows, lambda row: row.kind if row.kind in (Kind.SAME, Kind.CHANGED) else None):
        some = list(group)
        if kind is not None:
            yield from ((kind is Kind.SAME, row.left, row.right) for row in some)
        else:
            lefts, rights = [row.left for row in some if row.left], [row.right for row in some if row.right]
            yield from ((False, left, right) for left, right in zip_longest(lefts, rights))


def _parts(line: Line, kind: Kind, width: int, digits: int) -> Iterator[Part]:
    """Yield the rows of one line; only the first has its number, each has its sign."""
    sign = {Kind.REMOVED: "-", Kind.ADDED: "+"}.get(kind, " ")
    number, start = f"{line.number:>{digits}}", 0
    for text in wrapped(line.text, max(4, width - digits - 3)):
        yield Part(f"{number} {sign} ", kind, text, start, line.changed)
        number, start = " " * digits, start + len(text)
    if not line.ended and kind is not Kind.SAME:
        yield Part(f"{' ' * digits}   ", kind, NO_NEWLINE)


def _pieces(text: str, start: int, changed: Sequence[Stretch]) -> Iterator[Piece]:
    """Yield the pieces of a part of a line that begins at ``start``, inert and with its tabs as spaces."""
    at = 0
    for low, high in changed:
        low, high = max(low - start, at), min(high - start, len(text))
        if low >= high:
            continue
        if low > at:
            yield Piece(_shown(text[at:low]))
        yield Piece(_shown(text[low:high]), word=True)
        at = high
    if at < len(text):
        yield Piece(_shown(text[at:]))


def _shown(text: str) -> str:
    return inert(text).replace("\t", " " * TAB)
