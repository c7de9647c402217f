"""A door without a network: it answers by script and notes what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from workbench.errors import CallError
from workbench.models.calls import Answer, Call, Delta

Step = Delta | Answer | CallError | float
"""What happens next in a try: an event, a failure, or so many seconds of silence."""

Script = Sequence[Sequence[Step]] | Callable[[Call, int], Sequence[Step]]


class FakeDoor:
    """Each try follows the next list of steps of the script, the last one again and again.

    ``script`` may also be a function of the call and the number of the try from 0. ``asked`` keeps calls and
    keys, ``closed_early`` how many answers were given up by whoever asked, ``closed`` whether the door was
    closed.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self.asked: list[tuple[Call, str | None]] = []
        self.closed_early = 0
        self.closed = False

    async def ask(self, call: Call, key: str | None) -> AsyncIterator[Delta | Answer]:
        number = len(self.asked)
        self.asked.append((call, key))
        if callable(self._script):
            steps = self._script(call, number)
        else:
            steps = self._script[min(number, len(self._script) - 1)]
        over = False
        try:
            for step in steps:
                if isinstance(step, CallError):
                    over = True
                    raise step
                if isinstance(step, float):
                    await asyncio.sleep(step)
                else:
                    over = isinstance(step, Answer)
                    yield step
            over = True
        finally:
            self.closed_early += not over

    async def close(self) -> None:
        self.closed = True
