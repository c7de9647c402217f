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
from workbench.context.sharing import Folded, unfolded
from workbench.errors import Place, PromptError, WorkbenchError
from workbench.project.yaml import Value
from workbench.prompts.version import Version

TIME_LIMIT = 5.0
"""Seconds that one rendering may take."""

PATIENCE = 0.5
"""Seconds that a rendering may take though a newer one is asked for: a new process would read all anew."""

START_LIMIT = 30.0
"""Seconds that the process may take to start, on a busy machine."""

_BETWEEN_LOOKS = 0.02  # seconds from one look whether a slow rendering is still wanted to the next

Job: TypeAlias = tuple[Mapping[str, Value], Place | None]
"""The inputs of a case, and where they are written."""


class RenderWorker:
    """Renders versions in a child process, which is started when first needed and replaced when it is killed.

    One rendering at a time; safe to call from several threads. The child ends with this process, however that
    ends, because its standard input closes.
    """

    def __init__(self, time_limit: float = TIME_LIMIT, patience: float = PATIENCE) -> None:
        self._time_limit = time_limit
        self._patience = patience
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._newest = 0
        self._sent: Mapping[str, str] = {}  # the documents that the child holds

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

        What waits does so at once, and what is being rendered after a while; whoever asked for it gets a
        PromptError. ``turn`` is one taken earlier, when this was asked for.
        """
        mine = self.turn() if turn is None else turn
        with self._lock:
            outcome = self._render_some(version, [(inputs, place)], wanted=lambda: mine == self._newest)[0]
        if isinstance(outcome, WorkbenchError):
            raise outcome if mine == self._newest else _given_way(version)
        return outcome

    def close(self) -> None:
        """End the child, whatever it is doing."""
        child = self._child
        if child is not None and self._lock.locked():
            child.kill()  # whoever waits for it waits no longer
        with self._lock:
            self._kill()

    def _render_some(
        self, version: Version, jobs: Sequence[Job], wanted: Callable[[], bool] = lambda: True
    ) -> list[Context | WorkbenchError]:
        """Render until all is done or the child is lost; the job that lost it gets an error.

        Where it was lost because it took too long, so do all jobs after it; one that is no longer ``wanted``
        gets less time.
        """
        outcomes: list[Context | WorkbenchError] = []
        try:
            child = self._running()
            assert child.stdin and child.stdout  # pipes, as it was started
            if not wanted():
                return [_given_way(version)]
            self._send(child.stdin, version, jobs)
            for _ in jobs:
                found = self._answer(child.stdout, wanted)
                outcomes.append(
                    found if isinstance(found, WorkbenchError) else unfolded(found, version.documents)
                )
        except TimeoutError:
            self._kill()
            if not wanted():
                return [_given_way(version)]
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

    def _send(self, pipe: IO[bytes], version: Version, jobs: Sequence[Job]) -> None:
        """Send a version without the documents that the child holds or the files, which restore it."""
        documents = {
            name: None if self._sent.get(name) == text else text for name, text in version.documents.items()
        }
        write_frame(pipe, (replace(version, files={}, documents={}), documents, list(jobs)))
        self._sent = version.documents

    def _answer(self, pipe: IO[bytes], wanted: Callable[[], bool]) -> Folded | WorkbenchError:
        """Return the child's next answer; raises TimeoutError where it takes too long."""
        began = time.monotonic()
        limit, look = began + self._time_limit, began + self._patience
        while not _is_ready(pipe.fileno(), min(look, limit)):
            if time.monotonic() >= limit or not wanted():
                raise TimeoutError
            look = time.monotonic() + _BETWEEN_LOOKS
        answer: Folded | WorkbenchError = read_frame(pipe, limit)
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._kill()  # one that has died still holds its pipes
            self._sent = {}
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


def _is_ready(descriptor: int, deadline: float) -> bool:
    with selectors.DefaultSelector() as selector:  # select() itself fails past the 1024th open file
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(max(0.0, deadline - time.monotonic())))


def _read_exactly(descriptor: int, length: int, deadline: float | None) -> bytes:
    parts: list[bytes] = []
    while length:
        if deadline is not None and not _is_ready(descriptor, deadline):
            raise TimeoutError
        part = os.read(descriptor, min(length, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
