"""Rendering where it can be killed: a child process that a runaway template cannot take along.

A sort or a multiplication in C cannot be interrupted from within, so the workbench renders in a process of
its own, with a limit on time and memory. ``workbench.load`` renders in place.
"""

from __future__ import annotations

import itertools
import os
import pickle
import selectors
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, TypeAlias

from workbench.context.messages import Context
from workbench.errors import Place, PromptError, WorkbenchError
from workbench.project.yaml import Value
from workbench.prompts.version import Version

TIME_LIMIT = 5.0
"""Seconds that one rendering may take."""

START_LIMIT = 30.0
"""Seconds that the process may take to start, on a busy machine."""

Job: TypeAlias = tuple[Mapping[str, Value], Place | None]
"""The inputs of a case, and where they are written."""


class RenderWorker:
    """Renders versions in a child process, which is started when first needed and replaced when it is killed.

    One rendering at a time; safe to call from several threads. The child ends with this process, however that
    ends, because its standard input closes.
    """

    def __init__(self, time_limit: float = TIME_LIMIT) -> None:
        self._time_limit = time_limit
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._newest = 0
        self._interrupted: subprocess.Popen[bytes] | None = None

    def render(self, version: Version, inputs: Mapping[str, Value], place: Place | None = None) -> Context:
        """Return the context; raises PromptError or CasesError, also for a rendering that takes too long."""
        outcome = self.render_all(version, [(inputs, place)])[0]
        if isinstance(outcome, WorkbenchError):
            raise outcome
        return outcome

    def render_all(self, version: Version, jobs: Sequence[Job]) -> list[Context | WorkbenchError]:
        """Return, for each of the jobs, its context or the error that it raised.

        After a job that took too long the rest is not rendered: 500 of them would take 40 minutes.
        """
        version = replace(version, files={})  # they are only needed to restore it
        with self._lock:
            outcomes: list[Context | WorkbenchError] = []
            while len(outcomes) < len(jobs):
                outcomes += self._render_some(version, jobs[len(outcomes) :])
            return outcomes

    def turn(self) -> int:
        """Take the next turn in ``render_newest``: from now on all earlier ones give way."""
        self._newest = next(self._numbers)
        return self._newest

    def render_newest(
        self,
        version: Version,
        inputs: Mapping[str, Value],
        place: Place | None = None,
        turn: int | None = None,
    ) -> Context:
        """Return the context as ``render`` does, for somebody who types: what was asked before gives way.

        Whoever waits for that gets a PromptError. ``turn`` is one taken earlier, when this was asked for.
        """
        mine = self.turn() if turn is None else turn
        if mine == self._newest:
            self._interrupt()
        with self._lock:
            if self._child is self._interrupted:
                self._kill()  # it was killed, though perhaps just after it had finished
            outcome = self._render_some(
                replace(version, files={}), [(inputs, place)], wanted=lambda: mine == self._newest
            )[0]
        if isinstance(outcome, WorkbenchError):
            raise outcome if mine == self._newest else _given_way(version)
        return outcome

    def close(self) -> None:
        """End the child, whatever it is doing."""
        self._interrupt()
        with self._lock:
            self._kill()

    def _interrupt(self) -> None:
        """Kill the child where it is at work, so that whoever waits for it waits no longer."""
        child = self._child
        if child is not None and self._lock.locked():
            self._interrupted = child
            child.kill()

    def _render_some(
        self, version: Version, jobs: Sequence[Job], wanted: Callable[[], bool] = lambda: True
    ) -> list[Context | WorkbenchError]:
        """Render until all is done or the child is lost; the job that lost it gets an error.

        Where it was lost because it took too long, so do all jobs after it. ``wanted`` is asked once there is
        a child that an interruption could kill.
        """
        outcomes: list[Context | WorkbenchError] = []
        try:
            child = self._running()
            assert child.stdin and child.stdout  # pipes, as it was started
            if not wanted():
                return [_given_way(version)]
            write_frame(child.stdin, (version, list(jobs)))
            for _ in jobs:
                outcomes.append(read_frame(child.stdout, time.monotonic() + self._time_limit))
        except TimeoutError:
            self._kill()
            error = PromptError(
                f"the rendering took longer than {self._time_limit:g} seconds and was stopped",
                place=Place(version.prompt.path),
                hint="Look for loops inside loops, or for an input that is far too long.",
            )
            outcomes += [error] * (len(jobs) - len(outcomes))
        except (EOFError, BrokenPipeError) as lost:
            self._kill()
            error = PromptError("the rendering process ended unexpectedly", place=Place(version.prompt.path))
            error.__cause__ = lost
            outcomes.append(error)
        return outcomes

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                # -P: the folder one works in is not trusted to supply Python modules.
                [sys.executable, "-P", "-m", "workbench.context.worker_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a crash must not write across the screen
                cwd=Path(__file__).parent,
                env=_environment(),
            )
            assert self._child.stdout  # a pipe
            read_frame(self._child.stdout, time.monotonic() + START_LIMIT)
        return self._child

    def _kill(self) -> None:
        if self._child is None:
            return
        child, self._child = self._child, None
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # what had not been sent is not wanted any more


def _given_way(version: Version) -> PromptError:
    return PromptError("a newer text is rendered instead", place=Place(version.prompt.path))


def _environment() -> dict[str, str]:
    """Return this process's environment with the folder of this package on Python's path."""
    root = str(Path(__file__).parents[2])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def write_frame(pipe: IO[bytes], value: object) -> None:
    """Write one pickled value with its length before it."""
    payload = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(struct.pack("!Q", len(payload)) + payload)
    pipe.flush()


def read_frame(pipe: IO[bytes], deadline: float | None = None) -> Any:  # noqa: ANN401 - what was written
    """Return the next value; raises EOFError at the end, TimeoutError past the deadline."""
    (length,) = struct.unpack("!Q", _read_exactly(pipe.fileno(), 8, deadline))
    return pickle.loads(_read_exactly(pipe.fileno(), length, deadline))


def _wait(descriptor: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:  # select() itself fails past the 1024th open file
        selector.register(descriptor, selectors.EVENT_READ)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError


def _read_exactly(descriptor: int, length: int, deadline: float | None) -> bytes:
    parts: list[bytes] = []
    while length:
        if deadline is not None:
            _wait(descriptor, deadline)
        part = os.read(descriptor, min(length, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
