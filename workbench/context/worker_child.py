"""The process that renders: reads a version and its jobs, writes a context or an error for each."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sys
from dataclasses import replace
from typing import IO

from workbench.context.render import Renderer
from workbench.context.sections import Sections
from workbench.context.sharing import Folded, folded
from workbench.context.worker import Job, read_frame, write_frame
from workbench.errors import Place, PromptError, WorkbenchError
from workbench.prompts.version import Version

MEMORY_LIMIT = 2 << 30
"""Bytes of address space: a rendering of 10 MB needs a fraction of it."""


def main() -> None:
    """Serve until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C in the terminal is the parent's to handle
    _limit_memory()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    write_frame(answers, "ready")
    nonce = str(secrets.randbits(128))
    sections = Sections()
    held: dict[str, str] = {}
    with contextlib.suppress(EOFError, BrokenPipeError):  # the parent is gone
        while True:
            version, documents, jobs = read_frame(sys.stdin.buffer)
            held = {name: held[name] if text is None else text for name, text in documents.items()}
            _serve(replace(version, documents=held), jobs, nonce, sections, answers)


def _serve(version: Version, jobs: list[Job], nonce: str, sections: Sections, answers: IO[bytes]) -> None:
    outcome: Folded | WorkbenchError
    try:
        renderer = Renderer(version, nonce, sections)
    except WorkbenchError as error:
        for _ in jobs:
            write_frame(answers, error)
        return
    for inputs, place in jobs:
        try:
            outcome = folded(renderer.render(inputs, place), version.documents)
        except WorkbenchError as error:
            outcome = error
        except MemoryError:
            outcome = PromptError("the rendering needs too much memory", place=Place(version.prompt.path))
        write_frame(answers, outcome)


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource  # not there on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


if __name__ == "__main__":
    main()
