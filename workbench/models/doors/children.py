"""Child processes of the workbench that speak JSON lines, started when they are first needed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import sysconfig
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from workbench.project.yaml import Value

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of one message from a child: a whole answer may be one line."""

_HOME = Path(__file__).resolve().parents[2]
"""The package's folder: a neutral place, unlike the working folder, a project that nobody vouches for."""


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child that can import this very package."""
    variables = {**os.environ, **extra}
    above = str(_HOME.parent)
    if above not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        # Run from a source tree, which the child, being elsewhere, would not find by itself.
        known = [
            str(Path(part).resolve()) for part in variables.get("PYTHONPATH", "").split(os.pathsep) if part
        ]
        variables["PYTHONPATH"] = os.pathsep.join([above, *known])
    return variables


class Child:
    """One running child process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, module: str, *arguments: str, extra: Mapping[str, str]) -> Child:
        """Start ``python -P -m module``; ``extra`` are environment variables for it. Raises OSError."""
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the working folder must not be importable
                "-m",
                module,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=_HOME,
                env=environment(extra),
                limit=LONGEST_LINE,
                # Ctrl-C in the terminal is for the workbench, which ends its children when it has finished.
                start_new_session=True,
            )
        )

    @property
    def alive(self) -> bool:
        """Whether it still runs, as far as is known."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def send(self, message: Mapping[str, Value]) -> None:
        """Send one message; raises OSError where the child has gone."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        await self._process.stdin.drain()

    async def receive(self) -> dict[str, Value] | None:
        """Return the next message, or None when the child has ended."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            return None
        message = json.loads(line)
        assert isinstance(message, dict)
        return message

    async def died(self, within: float) -> str | None:
        """Return how it died, in words, or None where it still lives after ``within`` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                code = await self._process.wait()
                return f"signal {-code}" if code < 0 else f"exit code {code}"
        return None

    async def end(self) -> None:
        """End it: by closing its standard input, and by force where that is not enough within two seconds."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        if await self.died(within=2.0) is None:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End it by force."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


T = TypeVar("T")


class Shared(Generic[T]):
    """Something that is started once for all who ask for it, and anew after it has died.

    A caller that is cancelled while it waits does not stop the start, for others may be waiting too.
    """

    def __init__(self, start: Callable[[], Awaitable[T]], alive: Callable[[T], bool]) -> None:
        self._start = start
        self._alive = alive
        self._task: asyncio.Future[T] | None = None

    async def get(self) -> T:
        """Return the running thing, starting it where there is none; raises what the start raises."""
        task = self._task
        if task is None or (task.done() and not self._usable(task)):
            task = self._task = asyncio.ensure_future(self._start())
            # A start whose callers have all been cancelled may fail with nobody there to see it.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    def _usable(self, task: asyncio.Future[T]) -> bool:
        return not task.cancelled() and task.exception() is None and self._alive(task.result())

    async def take(self) -> T | None:
        """Return the running thing and forget it, or None; a start under way is stopped."""
        task, self._task = self._task, None
        if task is None:
            return None
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        return None if task.cancelled() or task.exception() is not None else task.result()
