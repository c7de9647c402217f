"""Contexts as plain data: messages, and the segments that say where each stretch of them comes from."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import attrgetter, itemgetter

from workbench.errors import Place


class Origin(StrEnum):
    """Where a stretch of a message comes from, from the most trusted to the least; engine stands apart."""

    TEMPLATE = "template"
    PARTIAL = "partial"
    EXAMPLE = "example"
    INPUT = "input"
    DOCUMENT = "document"
    ENGINE = "engine"

    @property
    def letter(self) -> str:
        """Its mark on screen, so that colour is never the only sign."""
        return "G" if self is Origin.ENGINE else self.value[0].upper()

    @property
    def is_own(self) -> bool:
        """Whether it is written in the template or a partial, and not put into it."""
        return self in (Origin.TEMPLATE, Origin.PARTIAL)


@dataclass(frozen=True)
class Message:
    """One message as it is sent."""

    role: str
    content: str


@dataclass(frozen=True)
class Segment:
    """A stretch of a message's content with one origin.

    ``start`` and ``end`` are character offsets in the content; ``name`` says which partial, input, example or
    document it is; ``place`` is where in a template it was written, where that is known, and ``source``
    where what it holds comes from: the case or the input's default, the file of the document, the example,
    the partial. It is None for the template's own text and for an input that was typed.
    """

    origin: Origin
    name: str
    start: int
    end: int
    place: Place | None = None
    source: Place | None = None

    @property
    def called(self) -> str:
        """What it is called among its like: its name, ``example 3``, or its origin where it has no name."""
        if self.origin is Origin.EXAMPLE:  # it is named by its number, where it is of one
            return f"example {self.name}" if self.name.isdecimal() else "examples"
        return self.name or self.origin.value


@dataclass(frozen=True)
class Context:
    """What a model receives: messages, and for each the segments that cover it without gap or overlap.

    ``written`` says for each message, in order of their offsets in characters, where in the source what
    begins there was written: finer than segments, which join what has one origin. Of a template's own text
    over several lines it names the first; ``written_at`` counts on from there.
    """

    messages: tuple[Message, ...]
    segments: tuple[tuple[Segment, ...], ...]
    written: tuple[tuple[tuple[int, Place], ...], ...] = ()

    def written_at(self, message: int, offset: int) -> Place | None:
        """Return where in the source the character at an offset of a message was written, exact to the line.

        All that an expression puts out was written where the expression is. None where nothing is known, as
        of what an engine inserts.
        """
        pieces = self.written[message] if 0 <= message < len(self.written) else ()
        at = bisect_right(pieces, offset, key=itemgetter(0)) - 1
        if at < 0:
            return None
        start, place = pieces[at]
        segments = self.segments[message]
        segment = segments[bisect_right(segments, start, key=attrgetter("start")) - 1]
        if place.line is None or not segment.origin.is_own:
            return place
        lines = self.messages[message].content.count("\n", start, offset)
        return replace(place, line=place.line + lines) if lines else place

    def inserted(self, message: int) -> bool:
        """Return whether a model's engine inserted a message, so that it is read and never sent."""
        return any(segment.origin is Origin.ENGINE for segment in self.segments[message])

    @property
    def prefill(self) -> str | None:
        """The words put into the model's mouth: the text of a trailing assistant message, or None."""
        if self.messages and self.messages[-1].role == "assistant":
            return self.messages[-1].content
        return None


def with_engine(context: Context, before: Context) -> Context:
    """Return a context with what the engine inserted into the one before it, where that stood.

    It will most likely insert the same: without it all would jump until the engine has been asked.
    """
    messages, segments, written = list(context.messages), list(context.segments), list(context.written)
    for at, own in enumerate(before.segments):
        if before.inserted(at) and at <= len(messages):
            messages.insert(at, before.messages[at])
            segments.insert(at, own)
            written.insert(at, ())
    return replace(context, messages=tuple(messages), segments=tuple(segments), written=tuple(written))


def wire_json(messages: tuple[Message, ...]) -> str:
    """Return the messages as canonical JSON: ``[{"role": …, "content": …}]`` without spaces."""
    return json.dumps(
        [{"role": message.role, "content": message.content} for message in messages],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def context_hash(messages: tuple[Message, ...]) -> str:
    """Return the SHA-256 of the messages, in hex: the name under which a context is stored once."""
    return hashlib.sha256(wire_json(messages).encode("utf-8", "surrogatepass")).hexdigest()
