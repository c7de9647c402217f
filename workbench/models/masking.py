"""A key that a server sends back is kept out of everything that is shown, stored or exported.

Servers that echo a request's headers exist, and so do proxies that quote them in an answer. The words of
errors are masked where they are cut short, too (``doors.failures.short``).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from workbench.errors import CallError
from workbench.models.calls import Answer, Delta, ToolCall

MASK = "[key]"
"""What stands where the key was."""

SHORTEST = 16
"""Characters of a key that is a secret: what servers of one's own are given for one (``none``, ``ollama``)
is a word that an answer may hold."""


def without_key(
    events: AsyncGenerator[Delta | Answer, None], key: str | None
) -> AsyncGenerator[Delta | Answer, None]:
    """Return the events of a call with ``[key]`` wherever the key was, also where it came in pieces.

    So it is in a CallError that the call ends with.
    """
    return events if key is None or len(key) < SHORTEST else _masked(events, key)


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
            error.message = error.message.replace(key, MASK)
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
        text = (self._held + piece).replace(self._key, MASK)
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
        return text.replace(key, MASK)

    return replace(
        answer,
        text=masked(answer.text),
        reasoning=masked(answer.reasoning),
        refusal=None if answer.refusal is None else masked(answer.refusal),
        finish=None if answer.finish is None else masked(answer.finish),
        model=None if answer.model is None else masked(answer.model),
        tool_calls=tuple(
            ToolCall(masked(called.name), masked(called.arguments)) for called in answer.tool_calls
        ),
    )
