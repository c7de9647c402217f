"""A key that a server sends back is kept out of everything that is shown, stored or exported.

Servers that echo a request's headers exist, and so do proxies that quote them in an answer. The words of
errors are masked before they are cut short, too (``doors.failures.short``): half a key is not found again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from workbench.errors import CallError
from workbench.models.calls import Answer, Delta, ToolCall

MASK = "[key]"
"""What stands where the key was."""

SHORTEST = 8
"""Characters of a key that is a secret worth damaging a text for. What servers of one's own are given in
place of one (``none``, ``ollama``) is shorter, and a word that an answer may hold; no provider's key is."""


def mask(text: str, key: str | None) -> str:
    """Return the text with ``[key]`` wherever the key is that was given to the server, if it is a secret."""
    return text.replace(key, MASK) if key is not None and is_secret(key) else text


def is_secret(key: str) -> bool:
    """Return whether a key is long enough to be one."""
    return len(key) >= SHORTEST


def without_key(
    events: AsyncGenerator[Delta | Answer, None], key: str | None
) -> AsyncGenerator[Delta | Answer, None]:
    """Return the events of a call with ``[key]`` wherever the key was, also where it came in pieces.

    So it is in a CallError that the call ends with.
    """
    return _masked(events, key) if key is not None and is_secret(key) else events


async def _masked(
    events: AsyncGenerator[Delta | Answer, None], key: str
) -> AsyncGenerator[Delta | Answer, None]:
    text, reasoning = _Stream(key), _Stream(key)
    async with aclosing(events):
        try:
            async for event in events:
                if isinstance(event, Delta):
                    yield Delta(text.take(event.text), reasoning.take(event.reasoning))
                    continue
                rest = Delta(text.rest(), reasoning.rest())
                if rest.text or rest.reasoning:
                    yield rest
                yield _whole(event, key)
        except CallError as error:
            error.message = mask(error.message, key)
            error.args = (error.message,)
            raise


class _Stream:
    """A text as it arrives, of which an end that might become the key is held back."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._held = ""

    def take(self, piece: str) -> str:
        """Return what may be shown now."""
        if not piece:
            return ""
        text = mask(self._held + piece, self._key)
        cut = len(text) - self._begun(text)
        self._held = text[cut:]
        return text[:cut]

    def rest(self) -> str:
        """Return what was held back, now that nothing follows."""
        held, self._held = self._held, ""
        return held

    def _begun(self, text: str) -> int:
        """Return how many of the last characters are the beginning of the key."""
        at = text.find(self._key[0], max(0, len(text) - len(self._key) + 1))
        while at >= 0 and not self._key.startswith(text[at:]):
            at = text.find(self._key[0], at + 1)
        return len(text) - at if at >= 0 else 0


def _whole(answer: Answer, key: str) -> Answer:
    def masked(text: str) -> str:
        return mask(text, key)

    # The arguments of a tool are JSON, which writes some characters in another way, and a slash in two.
    escaped = json.dumps(key)[1:-1]

    def masked_json(text: str) -> str:
        return masked(mask(mask(text, escaped.replace("/", "\\/")), escaped))

    return replace(
        answer,
        text=masked(answer.text),
        reasoning=masked(answer.reasoning),
        refusal=None if answer.refusal is None else masked(answer.refusal),
        finish=None if answer.finish is None else masked(answer.finish),
        model=None if answer.model is None else masked(answer.model),
        tool_calls=tuple(
            ToolCall(masked(called.name), masked_json(called.arguments)) for called in answer.tool_calls
        ),
    )
