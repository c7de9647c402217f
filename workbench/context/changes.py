"""What changed in a context since another one: passages of its messages, and what was taken away."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.context.diff import Kind, diff
from workbench.context.matching import Budget, matching
from workbench.context.messages import Context, Message
from workbench.prompts.language.edits import smallest_edit

STEPS = 100_000
"""Steps for finding which message became which: beyond, they are paired in order."""


@dataclass(frozen=True, slots=True)
class Change:
    """A passage of whole lines that changed, in characters of its message; each line counts its newline.

    ``kind`` is never SAME. What was removed stood before ``start``, has no length, and is kept as ``text``.
    """

    kind: Kind
    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class MessageChanges:
    """What changed in a message: all of it where it is ``new``; ``gone`` are messages that were before it."""

    changes: tuple[Change, ...] = ()
    new: bool = False
    gone: tuple[Message, ...] = ()

    def kind_at(self, offset: int) -> Kind:
        """Return what became of the line that holds a character."""
        if self.new:
            return Kind.ADDED
        at = bisect_right(self.changes, offset, key=lambda change: change.start)
        # What was removed before a line begins where that line does, and comes first.
        change = self.changes[at - 1] if at else None
        return change.kind if change is not None and offset < change.end else Kind.SAME

    @property
    def removed(self) -> tuple[Change, ...]:
        """The passages that were taken away."""
        return tuple(change for change in self.changes if change.kind is Kind.REMOVED)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed, message by message; ``gone`` are messages that stood after all others."""

    messages: tuple[MessageChanges, ...]
    gone: tuple[Message, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gone) or any(each.new or each.gone or each.changes for each in self.messages)


NO_CHANGES = Changes(())
"""Nothing changed, or nothing is known of it."""


def find_changes(before: Context, after: Context) -> Changes:
    """Return what changed from one context to another.

    Messages that stayed are found first; between them, one became the next of the same role. Quick on any
    texts: what would take long is compared less finely.
    """
    found: list[MessageChanges] = []
    gone: list[Message] = []
    for old, new in _paired(before.messages, after.messages):
        if new is None:
            gone += [] if old is None else [old]
            continue
        changes = _within(old.content, new.content) if old is not None else ()
        found.append(MessageChanges(changes, new=old is None, gone=tuple(gone)))
        gone = []
    return Changes(tuple(found), tuple(gone))


def _paired(
    before: Sequence[Message], after: Sequence[Message]
) -> Iterator[tuple[Message | None, Message | None]]:
    """Yield which message became which, in order on both sides; None stands for none."""
    x = y = 0
    for start_x, start_y, size in [*matching(before, after, Budget(STEPS)), (len(before), len(after), 0)]:
        yield from _by_role(before[x:start_x], after[y:start_y])
        x, y = start_x + size, start_y + size
        yield from zip(before[start_x:x], after[start_y:y], strict=True)


def _by_role(
    before: Sequence[Message], after: Sequence[Message]
) -> Iterator[tuple[Message | None, Message | None]]:
    x = y = 0
    roles = [each.role for each in before], [each.role for each in after]
    for start_x, start_y, size in [*matching(*roles, Budget(STEPS)), (len(before), len(after), 0)]:
        yield from ((old, None) for old in before[x:start_x])
        yield from ((None, new) for new in after[y:start_y])
        x, y = start_x + size, start_y + size
        yield from zip(before[start_x:x], after[start_y:y], strict=True)


def _within(before: str, after: str) -> tuple[Change, ...]:
    """Return the lines that differ; only those from the first to the last of them are compared at all."""
    if before == after:
        return ()
    edit = smallest_edit(before, after)
    start = after.rfind("\n", 0, edit.start) + 1
    end = after.find("\n", edit.start + len(edit.text))
    end = len(after) if end < 0 else end
    end_before = end - edit.start - len(edit.text) + edit.end  # what follows is the same on both sides
    return tuple(_joined(_lines(before[start:end_before], after[start:end], start)))


def _lines(before: str, after: str, at: int) -> Iterator[Change]:
    """Yield a change for each line that differs; what was removed comes before what replaced it."""
    # Both end with a newline here: the last line is to be compared by its text alone.
    for row in diff(f"{before}\n", f"{after}\n"):
        end = at + len(row.right.text) + 1 if row.right else at
        if row.kind is Kind.REMOVED and row.left:
            yield Change(Kind.REMOVED, at, at, row.left.text)
        elif row.kind is not Kind.SAME:
            yield Change(row.kind, at, end)
        at = end


def _joined(changes: Iterator[Change]) -> Iterator[Change]:
    """Join changes of one kind that follow each other."""
    current: Change | None = None
    for change in changes:
        if current is not None and (current.kind, current.end) == (change.kind, change.start):
            text = f"{current.text}\n{change.text}" if change.kind is Kind.REMOVED else ""
            current = Change(change.kind, current.start, change.end, text)
            continue
        if current is not None:
            yield current
        current = change
    if current is not None:
        yield current
