"""The one way to models: picks the door, finds the key, keeps the time, tries again where that can help."""

from __future__ import annotations

import asyncio
import random as chance
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import cast

from workbench.errors import CallError, ModelUnreadyError
from workbench.models.calls import Answer, Call, CallEvent, Delta, Door, Retrying
from workbench.models.masking import without_key
from workbench.models.model import Model

FIRST_WAIT = 0.5
"""Seconds before the second try, at most; twice as many before each further one."""

LONGEST_BACKOFF = 30.0
"""Seconds between two tries at most, where the server does not say how long to wait."""

LONGEST_RETRY_AFTER = 120.0
"""Seconds; a server that wants a longer pause is taken at its word, and the call fails."""


class Gateway:
    """All calls go through here. ``retries`` is how often a call may be made in all, the first time included.

    ``key_for`` returns a model's key, or None where it needs none; its ModelUnreadyError passes through.
    """

    def __init__(
        self,
        doors: Mapping[str, Door],
        key_for: Callable[[Model], str | None],
        retries: int,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = chance.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doors = doors
        self._key_for = key_for
        self._retries = retries
        self._sleep = sleep
        self._random = random
        self._clock = clock

    async def ask(self, call: Call) -> AsyncIterator[CallEvent]:
        """Make a call; yields deltas, a Retrying before each further try, and last the Answer.

        Raises CallError with its ``tries`` where there is no answer, and ModelUnreadyError where the model
        cannot be called at all. Closing or cancelling this generator closes the connection at once.
        """
        door = self._doors.get(call.model.door)
        if door is None:
            raise ModelUnreadyError(f"there is no way to “{call.model.name}” here")
        key = self._key_for(call.model)
        tries = 0
        while True:
            tries += 1
            try:
                async with aclosing(_one_try(door, call, key)) as events:
                    async for event in events:
                        if isinstance(event, Answer):
                            yield event if event.tries == tries else replace(event, tries=tries)
                            return
                        yield event
                raise CallError("the call ended without an answer", kind="protocol", retriable=True)
            except CallError as error:
                error.tries = tries
                wait = self._wait(error, tries)
                if wait is None:
                    raise
                retrying = Retrying(tries, error.message, wait, error.kind, error.sent, error.retry_after)
            due = self._clock() + wait
            yield retrying
            left = due - self._clock()
            if left > 0:
                await self._sleep(left)

    async def close(self) -> None:
        """Close all doors."""
        for door in self._doors.values():
            await door.close()

    def _wait(self, error: CallError, tries: int) -> float | None:
        """Return the seconds until the next try, or None where there shall be none.

        Exponential backoff with full jitter (https://aws.amazon.com/builders-library/, “Timeouts, retries and
        backoff with jitter”); a pause that the server asks for is lengthened a little, so that not all come
        back at once.
        """
        # An engine that crashes twice over the same prompt will crash again.
        allowed = min(self._retries, 2) if error.kind == "engine" else self._retries
        if not error.retriable or tries >= allowed:
            return None
        if error.retry_after is not None:
            if error.retry_after > LONGEST_RETRY_AFTER:
                return None
            return error.retry_after + self._random() * FIRST_WAIT
        return self._random() * min(LONGEST_BACKOFF, FIRST_WAIT * 2.0 ** (tries - 1))


async def _one_try(door: Door, call: Call, key: str | None) -> AsyncGenerator[Delta | Answer, None]:
    # Every door is an asynchronous generator; the protocol says only what all need to know of it.
    answering = without_key(cast("AsyncGenerator[Delta | Answer, None]", door.ask(call, key)), key)
    begun = asyncio.get_running_loop().time()
    deadline = begun + call.timeout
    first = begun + call.first_token if call.stream and call.first_token is not None else deadline
    async with aclosing(answering) as events:
        while True:
            try:
                # Around each step and not the whole, for it must not strike whoever reads these events.
                async with asyncio.timeout_at(min(first, deadline)):
                    event = await anext(events)
            except StopAsyncIteration:
                return
            except TimeoutError as late:
                if first < deadline:
                    message = f"no first token within {call.first_token:g} seconds"
                else:
                    message = f"no whole answer within {call.timeout:g} seconds"
                raise CallError(message, kind="timeout", retriable=True) from late
            first = deadline
            yield event
