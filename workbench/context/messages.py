"""Contexts as plain data: messages, and the segments that say where each stretch of them comes from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

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


@dataclass(frozen=True)
class Message:
    """One message as it is sent."""

    role: str
    content: str


@dataclass(frozen=True)
class Segment:
    """A stretch of a message's content with one origin.

    ``start`` and ``end`` are character offsets in the content; ``name`` says which partial, input, example or
    document it is; ``place`` is where in the source it was written, where that is known.
    """

    origin: Origin
    name: str
    start: int
    end: int
    place: Place | None = None


@dataclass(frozen=True)
class Context:
    """What a model receives: messages, and for each the segments that cover it without gap or overlap."""

    messages: tuple[Message, ...]
    segments: tuple[tuple[Segment, ...], ...]

    @property
    def prefill(self) -> str | None:
        """The words put into the model's mouth: the text of a trailing assistant message, or None."""
        if self.messages and self.messages[-1].role == "assistant":
            return self.messages[-1].content
        return None


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
