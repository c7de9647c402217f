"""A prompt as the embedded engine composed it: every token with its place, and what that counts up to."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from workbench.context.messages import Context, Message, Origin, Segment
from workbench.errors import Place
from workbench.models.tokens import TokenCount, between
from workbench.project.yaml import Value

_ROLE_LINE = re.compile(rb"\s*([a-z_]{1,20})[ \t]*(?:\n|$)")


@dataclass(frozen=True)
class Composed:
    """What the embedded model reads for a context.

    ``ids`` are its tokens, ``offsets`` the byte in ``prompt`` (as UTF-8) where each begins, ``control``
    whether it is a control token. ``contents`` are the byte ranges of the messages' contents in the prompt,
    in order.
    """

    ids: tuple[int, ...]
    offsets: tuple[int, ...]
    prompt: str
    contents: tuple[tuple[int, int], ...]
    control: tuple[bool, ...]


def count_composed(
    context: Context, composed: Composed, *, schema: Mapping[str, Value] | None = None
) -> tuple[Context, TokenCount]:
    """Return the context as the embedded model receives it, and its tokens.

    What the chat template inserts by itself becomes a message of origin *engine* at its place; control
    tokens, role names and the newlines around them are overhead. Exact, except with a schema.
    """
    prompt = composed.prompt.encode("utf-8", "surrogatepass")
    starts = [at for at, control in zip(composed.offsets, composed.control, strict=True) if not control]
    inserted = _inserted(prompt, composed)
    messages: list[Message] = []
    segments: list[tuple[Segment, ...]] = []
    written: list[tuple[tuple[int, Place], ...]] = []
    counts: list[tuple[int, ...]] = []
    wholes: list[int] = []

    def add(message: Message, own: tuple[Segment, ...], start: int, ends: list[int]) -> None:
        marks = [bisect_left(starts, at) for at in (start, *ends)]
        messages.append(message)
        segments.append(own)
        wholes.append(marks[-1] - marks[0])
        counts.append(between(marks[1:], marks[0]) if own else ())

    for at in range(len(context.messages) + 1):
        for role, start, end in inserted.get(at, ()):
            text = prompt[start:end].decode("utf-8", "replace")
            add(Message(role, text), (Segment(Origin.ENGINE, "chat template", 0, len(text)),), start, [end])
            written.append(())
        if at < len(context.messages):
            message, own, (start, end) = context.messages[at], context.segments[at], composed.contents[at]
            # Some templates trim a content: the offsets of its segments are then counted from what is left.
            trimmed = max(message.content.encode("utf-8", "surrogatepass").find(prompt[start:end]), 0)
            ends = [min(max(start + each - trimmed, start), end) for each in _byte_ends(message.content, own)]
            add(message, own, start, [*ends[:-1], end])
            written += context.written[at : at + 1]
    total = len(composed.ids)
    overhead = total - sum(wholes)
    count = TokenCount(total, tuple(wholes), tuple(counts), overhead, schema is None, 0, total)
    return Context(tuple(messages), tuple(segments), tuple(written) if context.written else ()), count


def _inserted(prompt: bytes, composed: Composed) -> dict[int, list[tuple[str, int, int]]]:
    """Return what the chat template wrote itself: role, start and end in bytes, by the message after it.

    It is what stands between control tokens, outside every content, and is more than a role's name: three
    words at least. Its role is the line before it that is one word, else that of the stretch before, else
    system.
    """
    found: dict[int, list[tuple[str, int, int]]] = {}
    role = "system"
    content_ends = [end for _, end in composed.contents]
    for start, end, opens in _outside_contents(len(prompt), composed):
        name = _ROLE_LINE.match(prompt, start, end) if opens else None
        if name:
            role = name[1].decode()
        text = prompt[name.end() if name else start : end]
        if len(text.split()) >= 3:
            first = end - len(text.lstrip())
            found.setdefault(bisect_right(content_ends, start), []).append(
                (role, first, first + len(text.strip()))
            )
    return found


def _outside_contents(length: int, composed: Composed) -> Iterator[tuple[int, int, bool]]:
    """Yield the byte ranges outside control tokens and contents, and whether each follows a control token."""
    offsets = (*composed.offsets, length)
    taken = [(offsets[at], offsets[at + 1], True) for at, control in enumerate(composed.control) if control]
    taken += [(start, end, False) for start, end in composed.contents]
    reached, opens = 0, True
    for start, end, control in sorted(taken):
        if start > reached:
            yield reached, start, opens
        reached, opens = max(reached, end), control
    if length > reached:
        yield reached, length, opens


def _byte_ends(content: str, segments: Sequence[Segment]) -> list[int]:
    """Return for each segment the byte offset in the content, as UTF-8, where it ends."""
    if content.isascii():
        return [segment.end for segment in segments]
    lengths = (len(content[each.start : each.end].encode("utf-8", "surrogatepass")) for each in segments)
    return list(accumulate(lengths))
