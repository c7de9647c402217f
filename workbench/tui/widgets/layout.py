"""Laying a context out in rows of a given width: pure, so that any size of context is quick to show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from workbench.bench.shown import inert
from workbench.context.messages import Context, Origin, Segment
from workbench.models.tokens import TokenCount

GUTTER = 4
"""Columns before the text, for the letters of the origins that meet on a row."""

TAB = 4
"""Columns a tab is shown as, wherever it stands."""


@dataclass(frozen=True)
class Row:
    """One row on screen.

    A heading has a role as ``text`` and its tokens; any other row has the letters of its origins and, for
    each stretch of its text, where it ends and its origin.
    """

    text: str
    heading: bool = False
    tokens: int | None = None
    letters: str = ""
    stretches: tuple[tuple[int, Origin], ...] = ()


def lay_out(context: Context, count: TokenCount | None, width: int) -> list[Row]:
    """Return the rows of a context, wrapped at ``width`` columns of which the gutter takes some."""
    rows: list[Row] = []
    for at, message in enumerate(context.messages):
        tokens = count.messages[at] if count and at < len(count.messages) else None
        rows.append(Row(message.role.upper(), heading=True, tokens=tokens))
        rows += _message_rows(message.content, context.segments[at], max(8, width - GUTTER))
    return rows


def _message_rows(content: str, segments: Sequence[Segment], width: int) -> Iterator[Row]:
    ends = [(segment.end, segment.origin) for segment in segments]
    position = at = 0
    for line in content.split("\n"):
        for text in wrapped(line, width):
            end = position + len(text)
            stretches = []
            while at < len(ends) - 1 and ends[at][0] <= position:
                at += 1
            reach = at
            while reach < len(ends):
                stretches.append((min(ends[reach][0], end) - position, ends[reach][1]))
                if ends[reach][0] >= end:
                    break
                reach += 1
            letters = "".join(dict.fromkeys(origin.letter for _, origin in stretches))
            yield Row(inert(text), letters=letters, stretches=tuple(stretches))
            position = end
        position += 1  # the newline


def wrapped(line: str, width: int) -> Iterator[str]:
    """Yield a line in pieces that fit the width, broken after spaces where there are any; nothing is lost."""
    shown = inert(line)  # character for character, for there is no newline in it
    narrow = shown.isascii() and "\t" not in shown
    start = 0
    while (end := start + width if narrow else _fitting(shown, start, width)) < len(line):
        space = max(line.rfind(" ", start, end), line.rfind("\t", start, end))
        end = space + 1 if space > start else end
        yield line[start:end]
        start = end
    yield line[start:]


def _fitting(line: str, start: int, width: int) -> int:
    """Return where to cut so that what stands after ``start`` fits the width: one character at least."""
    used = 0
    for index in range(start, len(line)):
        used += TAB if line[index] == "\t" else cell_len(line[index])
        if used > width:
            return max(start + 1, index)
    return len(line)
