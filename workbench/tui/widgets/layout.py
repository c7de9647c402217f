"""Laying a context out in rows of a given width: pure, and quick to do again after an edit of any context.

Only where rows begin is found for all of a context; what stands on a row is found when it is to be drawn.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from rich.cells import cell_len

from workbench.bench.shown import inert, one_line
from workbench.context.changes import NO_CHANGES, Changes, MessageChanges
from workbench.context.diff import Kind, sign
from workbench.context.diff import Row as DiffRow
from workbench.context.messages import Context, Message, Origin
from workbench.prompts.language.edits import smallest_edit

GUTTER = 5
"""Columns before the text: what changed, the letters of the origins that meet on a row, and the cursor."""

LETTERS = 3
"""Letters of origins for which the gutter has room."""

TAB = 4
"""Columns a tab is shown as, wherever it stands."""

LEAST = 8
"""Columns that text is wrapped at, however narrow the view is."""

QUOTED = 200
"""Characters of a removed passage that are shown."""

SETTLED = 3
"""Rows after which an edit of the same line changes nothing: where a row ends is known one row later."""

BLANK = "(blank)"
"""What is shown of a removed passage in which there is nothing to see."""

_NARROW = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u2010-\u2027]*")
"""Characters that take one column each."""

_SIGNS = {kind: sign(DiffRow(kind, None, None)) for kind in Kind}


@dataclass(frozen=True, slots=True)
class Row:
    """One row on screen.

    A heading has a role as ``text``, and a row of what was removed the beginning of that; any other has the
    letters of its origins and, for each stretch of its text, where it ends, its origin and the number of its
    segment. ``sign`` says what changed. ``start`` is where in its ``message`` it begins, in characters.
    """

    message: int
    start: int
    text: str
    heading: bool = False
    removed: bool = False
    sign: str = " "
    letters: str = ""
    stretches: tuple[tuple[int, Origin, int], ...] = ()


@dataclass(frozen=True)
class Wrapped:
    """A text cut into rows of a width; ``starts`` is where they begin, in characters."""

    text: str
    width: int
    starts: Sequence[int]

    def row(self, at: int) -> str:
        """Return what stands on a row."""
        start = self.starts[at]
        if at + 1 == len(self.starts):
            return self.text[start:]
        end = self.starts[at + 1]
        return self.text[start : end - 1 if self.text[end - 1] == "\n" else end]

    def at(self, offset: int) -> int:
        """Return the row that a character is on."""
        return max(0, bisect_right(self.starts, offset) - 1)


@dataclass(frozen=True)
class Layout:
    """A context in rows: each message its heading and its text, and what was removed where it stood."""

    context: Context
    width: int
    wrapped: tuple[Wrapped, ...]
    changes: Changes = NO_CHANGES

    @classmethod
    def of(
        cls, context: Context, width: int, changes: Changes = NO_CHANGES, before: Layout | None = None
    ) -> Layout:
        """Return the layout at a width, of which the gutter takes some; quick where little changed."""
        room = max(LEAST, width - GUTTER)
        known = before.wrapped if before is not None and before.width == width else ()
        shift = len(known) - len(context.messages)
        texts = []
        for at, message in enumerate(context.messages):
            near = [known[place] for place in (at, at + shift) if 0 <= place < len(known)]
            same = next((one for one in near if one.text == message.content), None)
            texts.append(same or wrap(message.content, room, near[0] if near else None))
        return cls(context, width, tuple(texts), changes)

    def __len__(self) -> int:
        return self._tops[-1] + len(self.changes.gone)

    def row(self, index: int) -> Row:
        """Return a row by its number."""
        if index >= self._tops[-1]:
            gone = self.changes.gone[index - self._tops[-1]]
            return _removed(len(self.wrapped) - 1, 0, _message_gone(gone))
        message = bisect_right(self._tops, index) - 1
        own = self._all_changes[message]
        below = index - self._tops[message] - len(own.gone)
        if below < 0:
            return _removed(message, 0, _message_gone(own.gone[below]))
        if below == 0:
            mark = _SIGNS[Kind.ADDED] if own.new else " "
            return Row(message, 0, self.context.messages[message].role.upper(), heading=True, sign=mark)
        gaps = self._gaps[message]
        passed = bisect_left(gaps, below - 1)
        if passed < len(gaps) and gaps[passed] == below - 1:
            change = own.removed[passed]
            return _removed(message, change.start, change.text)
        return self._text_row(message, below - 1 - passed)

    def row_at(self, message: int, offset: int) -> int:
        """Return the number of the row that holds a character of a message; -1 stands for its heading."""
        top = self._tops[message] + len(self._all_changes[message].gone)
        if offset < 0:
            return top
        at = self.wrapped[message].at(offset)
        gaps = self._gaps[message]
        passed = next((number for number, gap in enumerate(gaps) if gap - number > at), len(gaps))
        return top + 1 + at + passed

    def segment_at(self, message: int, offset: int) -> int:
        """Return the number of the segment that a character of a message belongs to."""
        ends = self._ends[message]
        return min(bisect_right(ends, offset), len(ends) - 1)

    def changed_rows(self) -> list[int]:
        """Return where passages that changed begin, as numbers of rows in their order."""
        rows = {self._tops[-1]} if self.changes.gone else set()
        for at, own in enumerate(self._all_changes):
            heading = self.row_at(at, -1)
            rows |= {self._tops[at]} if own.gone else set()
            rows |= {heading} if own.new else set()
            rows |= {heading + 1 + gap for gap in self._gaps[at]}
            rows |= {self.row_at(at, one.start) for one in own.changes if one.kind is not Kind.REMOVED}
        return sorted(rows)

    def carried(self, before: Layout, message: int, offset: int) -> tuple[int, int]:
        """Return where what stood at a place of an earlier layout is now; an offset of -1 is a heading."""
        old, new = before.context.messages, self.context.messages
        if not new or message >= len(old):
            return 0, -1
        moved = message + len(new) - len(old)
        there = [at for at in (message, moved) if 0 <= at < len(new)]
        same = next((at for at in there if new[at].content == old[message].content), None)
        if same is not None:
            return same, offset
        if not there or offset < 0:
            return there[0] if there else len(new) - 1, -1
        edit = smallest_edit(old[message].content, new[there[0]].content)
        if offset >= edit.end:
            offset += len(edit.text) + edit.start - edit.end
        return there[0], min(offset, edit.start) if edit.start < offset < edit.end else offset

    def _text_row(self, message: int, at: int) -> Row:
        wrapped = self.wrapped[message]
        text, start = wrapped.row(at), wrapped.starts[at]
        segments, end = self.context.segments[message], start + len(text)
        stretches: list[tuple[int, Origin, int]] = []
        if segments:
            for number in range(self.segment_at(message, start), len(segments)):
                segment = segments[number]
                stretches.append((min(segment.end, end) - start, segment.origin, number))
                if segment.end >= end:
                    break
        letters = "".join(dict.fromkeys(origin.letter for _, origin, _ in stretches))
        mark = _SIGNS[self._all_changes[message].kind_at(start)]
        return Row(message, start, inert(text), sign=mark, letters=letters, stretches=tuple(stretches))

    @cached_property
    def _all_changes(self) -> Sequence[MessageChanges]:
        known = self.changes.messages
        return known if len(known) == len(self.wrapped) else (MessageChanges(),) * len(self.wrapped)

    @cached_property
    def _gaps(self) -> list[list[int]]:
        """For each message, which rows below its heading are those of passages that were removed."""
        return [
            [bisect_left(text.starts, one.start) + passed for passed, one in enumerate(own.removed)]
            for text, own in zip(self.wrapped, self._all_changes, strict=True)
        ]

    @cached_property
    def _tops(self) -> list[int]:
        """The number of the first row of each message, and of the row after the last."""
        sizes = (
            len(own.gone) + 1 + len(text.starts) + len(gaps)
            for own, text, gaps in zip(self._all_changes, self.wrapped, self._gaps, strict=True)
        )
        return list(accumulate(sizes, initial=0))

    @cached_property
    def _ends(self) -> list[list[int]]:
        return [[segment.end for segment in segments] for segments in self.context.segments]


def _removed(message: int, start: int, text: str) -> Row:
    return Row(message, start, one_line(text, QUOTED) or BLANK, removed=True, sign=_SIGNS[Kind.REMOVED])


def _message_gone(message: Message) -> str:
    return f"{message.role.upper()} {message.content}"


def wrap(text: str, width: int, before: Wrapped | None = None) -> Wrapped:
    """Return a text cut into rows; of one that differs little from ``before`` only the edit is cut anew."""
    if before is None or before.width != width:
        return Wrapped(text, width, list(_starts(text, 0, width)))
    edit = smallest_edit(before.text, text)
    start = text.rfind("\n", 0, edit.start) + 1
    row = bisect_right(before.starts, edit.start) - 1 - SETTLED
    if row >= 0:  # a line may be as long as a book
        start = max(start, before.starts[row])
    end = text.find("\n", edit.start + len(edit.text))
    shift = len(text) - len(before.text)
    head = before.starts[: bisect_left(before.starts, start)]
    tail: Sequence[int] = ()
    if end >= 0:
        tail = before.starts[bisect_right(before.starts, end - shift) :]
        tail = [at + shift for at in tail] if shift else tail
    middle = text[start : len(text) if end < 0 else end]
    return Wrapped(text, width, [*head, *_starts(middle, start, width), *tail])


def _starts(text: str, at: int, width: int) -> Iterator[int]:
    """Yield where rows begin, counted from ``at``."""
    for line in text.split("\n"):
        if len(line) <= width and _NARROW.fullmatch(line):
            yield at
        else:
            start = at
            for row in wrapped(line, width):
                yield start
                start += len(row)
        at += len(line) + 1


def wrapped(line: str, width: int) -> Iterator[str]:
    """Yield a line in pieces that fit the width, broken after spaces where there are any; nothing is lost."""
    narrow = _NARROW.fullmatch(line) is not None
    shown = line if narrow else inert(line)  # character for character, for there is no newline in it
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
