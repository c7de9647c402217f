"""The LiteLLM door: every provider that LiteLLM knows, from a child process.

Importing LiteLLM takes seconds and stalls an event loop even from a thread, so it never happens in this
process. The child (``litellm_child``) is started at the first call and answers many at once. Messages are
JSON lines:

- to the child: ``{"id", "ask": {…}}`` with the key in it, and ``{"id", "cancel": true}``
- from the child: ``{"ready": true}`` once; then ``{"id", "chunk": {…}}`` as in the OpenAI protocol, and last
  ``{"id", "end": true}`` or ``{"id", "error": {message, kind, retriable, retry_after, hint, sent}}``
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

from workbench.errors import CallError
from workbench.models.calls import Answer, Call, Delta
from workbench.models.doors import failures
from workbench.models.doors.arriving import Arriving, echoed, prefill_of
from workbench.models.doors.chat_protocol import read_piece, response_format, wire_messages
from workbench.models.doors.children import Child, Shared
from workbench.project.yaml import Value

CHILD = "workbench.models.doors.litellm_child"

_PREFIX_PROVIDERS = frozenset({"mistral", "codestral", "deepseek"})
"""Providers that continue a trailing assistant message only where it says ``prefix: true``."""

_Messages = asyncio.Queue[dict[str, Value]]


class LiteLLMDoor:
    """Calls through one child process, which belongs to the event loop of the first call until ``close``."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._calls: dict[int, _Messages] = {}
        self._pid: int | None = None
        self._reader: asyncio.Task[None] | None = None
        self._child: Shared[Child] = Shared(self._start, lambda child: child.alive)

    async def ask(self, call: Call, key: str | None) -> AsyncIterator[Delta | Answer]:
        """Make the call once; yields deltas where it streams, then the answer; raises CallError."""
        child = await self._child.get()
        number = next(self._ids)
        messages = self._calls[number] = _Messages()
        arriving = Arriving(echoed(call))
        over = False
        try:
            await _send(child, {"id": number, "ask": question(call, key)})
            while not over:
                message = await messages.get()
                over = "chunk" not in message
                if "error" in message:
                    raise _failure(message["error"])
                delta = arriving.rest() if over else arriving.take(read_piece(message["chunk"], key))
                if delta and call.stream:
                    yield delta
        finally:
            del self._calls[number]
            if not over:
                with contextlib.suppress(CallError):  # a child that has gone needs no telling
                    await _send(child, {"id": number, "cancel": True})
        if not arriving.begun:
            raise failures.protocol("the provider sent no choice", key)
        yield _as_reported(arriving.answer(streamed=call.stream))

    async def close(self) -> None:
        """End the child process."""
        child = await self._child.take()
        if child is not None:
            await child.end()
        if self._reader is not None:
            await self._reader

    @property
    def child_pid(self) -> int | None:
        """The process id of the child that was started last, or None before the first call."""
        return self._pid

    async def _start(self) -> Child:
        child = await Child.start(CHILD, extra={})
        ready = False
        try:
            ready = await child.receive() == {"ready": True}
        finally:
            if not ready:
                child.kill()
        if not ready:
            raise CallError(
                f"LiteLLM could not be loaded: {await child.died(within=2.0)}",
                kind="connection",
                retriable=True,
                hint="Try: python -c 'import litellm'",
            )
        self._pid = child.pid
        self._reader = asyncio.create_task(self._read(child))
        return child

    async def _read(self, child: Child) -> None:
        how: str | None
        try:
            while (message := await child.receive()) is not None:
                waiting = self._calls.get(message.pop("id"))
                if waiting is not None:
                    waiting.put_nowait(message)
            how = await child.died(within=2.0)
        except (ValueError, RecursionError):  # what follows such a message belongs to nothing
            how = "it sent what cannot be read"
        child.kill()  # one that lives on without its pipe is of no use
        for waiting in self._calls.values():
            lost = {
                "message": f"the process of LiteLLM ended: {how}",
                "kind": "connection",
                "retriable": True,
            }
            waiting.put_nowait({"error": lost})


async def _send(child: Child, message: dict[str, Value]) -> None:
    try:
        await child.send(message)
    except OSError as error:
        raise failures.connection("the process of LiteLLM has ended") from error


def question(call: Call, key: str | None) -> dict[str, Value]:
    """Return a call as the child process is asked it."""
    messages = wire_messages(call)
    if prefill_of(call.messages) and call.model.provider in _PREFIX_PROVIDERS:
        messages[-1]["prefix"] = True
    asked = {
        "model": _spoken(call.model.string),
        "messages": messages,
        "params": dict(call.params),
        "api_base": call.model.api_base,
        "key": key,
        "stream": call.stream,
        "timeout": call.timeout,
    }
    if call.schema is not None:
        asked["response_format"] = response_format(call.schema)
    return asked


def _as_reported(answer: Answer) -> Answer:
    """Return an answer without LiteLLM's 0 for tokens of reasoning that no provider counted."""
    if answer.reasoning and answer.usage.reasoning == 0:
        return replace(answer, usage=replace(answer.usage, reasoning=None))
    return answer


def _spoken(string: str) -> str:
    """Return the model string as LiteLLM is to take it.

    Its ``ollama/`` presses a chat into one prompt of its own making, with “### User:” for a role, and says
    “stop” of an answer that was cut; ``ollama_chat/`` sends the same model the messages as they are.
    """
    provider, slash, name = string.partition("/")
    return f"ollama_chat/{name}" if provider == "ollama" and slash else string


def _failure(error: dict[str, Value]) -> CallError:
    message, sent = error.pop("message"), error.pop("sent", True)
    failure = CallError(message, **error)
    failure.sent = sent
    return failure
