"""Contexts between two processes that both hold the documents: a document in a message is not sent along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from workbench.context.messages import Context, Message, Origin, Segment

SMALLEST = 10_000
"""Characters of a stretch from which on it is worth looking for in its document."""

Part: TypeAlias = str | tuple[str, int, int]
"""Text, or the name of a document and where in it the text begins and ends."""

Folded: TypeAlias = tuple[Context, list[list[Part]]]
"""A context whose messages hold no content, and the parts of each."""


def folded(context: Context, documents: Mapping[str, str], smallest: int = SMALLEST) -> Folded:
    """Return a context without what the documents hold, where it is a stretch of ``smallest`` or more."""
    bare = tuple(Message(message.role, "") for message in context.messages)
    parts = [
        list(_parts(message.content, segments, documents, smallest))
        for message, segments in zip(context.messages, context.segments, strict=True)
    ]
    return replace(context, messages=bare), parts


def unfolded(found: Folded, documents: Mapping[str, str]) -> Context:
    """Return the context that was folded with the same documents."""
    context, contents = found
    messages = tuple(
        Message(message.role, "".join(_text(part, documents) for part in parts))
        for message, parts in zip(context.messages, contents, strict=True)
    )
    return replace(context, messages=messages)


def _parts(
    content: str, segments: Sequence[Segment], documents: Mapping[str, str], smallest: int
) -> Iterator[Part]:
    reached = 0
    for segment in segments:
        if segment.origin is not Origin.DOCUMENT or segment.end - segment.start < smallest:
            continue
        text, document = content[segment.start : segment.end], documents.get(segment.name, "")
        at = document.find(text[:smallest])
        if at >= 0 and document.startswith(text, at):
            yield content[reached : segment.start]
            yield segment.name, at, at + len(text)
            reached = segment.end
    yield content[reached:]


def _text(part: Part, documents: Mapping[str, str]) -> str:
    if isinstance(part, str):
        return part
    name, start, end = part
    return documents[name][start:end]
