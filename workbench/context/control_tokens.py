"""Text that looks like a control token in what a template does not write itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from workbench.context.findings import Finding
from workbench.context.long_texts import Remembered, chunks
from workbench.context.messages import Context, Origin, Segment
from workbench.errors import Place
from workbench.prompts.version import Version

SPELLINGS = (
    r"<\|[\w.-]{1,40}\|>",  # <|im_end|>, <|endoftext|>, <|eot_id|>: OpenAI, Qwen, Llama 3, SmolLM, Phi
    r"<｜[^｜<>\s]{1,40}｜>",  # noqa: RUF001 — DeepSeek writes full-width bars
    r"\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS)\]|\[TOOL_CALLS\]",  # Llama 2, Mistral
    r"<</?SYS>>",  # Llama 2
    r"<(?:start|end)_of_turn>|<[be]os>",  # Gemma
    r"</?s>",  # Llama 2, Mistral
)
"""How the control tokens of well-known models are spelled, as regular expressions."""

_TOKEN = re.compile("|".join(SPELLINGS))
_BEGINNINGS = ("<|", "<｜", "[", "<<", "_of_turn>", "os>", "s>")  # noqa: RUF001
_STRUCK = re.compile(r"<s>[^<]*</s>")  # struck-through text of HTML


def control_tokens(version: Version, context: Context) -> Iterator[Finding]:
    """Yield a finding for each input, document and example in a context that holds a control token's text."""
    told = set()
    for message, segments in enumerate(context.segments):
        content = context.messages[message].content
        for segment in segments:
            if segment.origin not in (Origin.INPUT, Origin.DOCUMENT, Origin.EXAMPLE):
                continue
            found = _TOKENS(content[segment.start : segment.end])
            where = segment.origin, segment.name
            if found and where not in told:
                told.add(where)
                offset, token = found[0]
                yield Finding(
                    "control-tokens",
                    f"{_named(segment)} holds “{token}”{_more(len(found))}: it is sent as plain text; "
                    "take it out if it does not belong there",
                    _place(version, context, (message, segment), token),
                    (message, segment.start + offset),
                )


def _more(found: int) -> str:
    return f" and {found - 1} more control token{'s' if found > 2 else ''}" if found > 1 else ""


def _named(segment: Segment) -> str:
    if segment.origin is Origin.EXAMPLE:
        return segment.called if segment.name.isdecimal() else f"one of the {segment.called}"
    return f"the {segment.origin} “{segment.name}”"


def _place(version: Version, context: Context, at: tuple[int, Segment], token: str) -> Place | None:
    """Return where the token is written, or where what holds it is put in."""
    message, segment = at
    text = version.documents.get(segment.name, "") if segment.origin is Origin.DOCUMENT else ""
    offset = text.find(token)
    if segment.source is not None and offset >= 0:
        return replace(segment.source, line=text.count("\n", 0, offset) + 1)
    return segment.source or context.written_at(message, segment.start) or segment.place


def _tokens(text: str) -> tuple[tuple[int, str], ...]:
    """Return the control tokens in a text, each with its offset."""
    if not any(beginning in text for beginning in _BEGINNINGS):
        return ()
    found = [
        (match.start(), match[0])
        for begin, end in chunks(text)
        for match in _TOKEN.finditer(text, begin, end)
    ]
    if any(token == "<s>" for _, token in found) and _STRUCK.search(text):
        found = [(offset, token) for offset, token in found if token not in ("<s>", "</s>")]
    return tuple(found)


_TOKENS: Remembered[tuple[tuple[int, str], ...]] = Remembered(_tokens)
