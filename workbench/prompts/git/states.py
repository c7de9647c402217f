"""What git says about the files of the working tree that differ from the last commit."""

from __future__ import annotations

import os
from enum import StrEnum

from workbench.prompts.git.repository import Repository


class FileState(StrEnum):
    """How a file stands; where several hold, the first of them is told."""

    CONFLICTING = "conflicting"
    MODIFIED = "modified"
    UNTRACKED = "untracked"
    STAGED = "staged"


def states(repository: Repository) -> dict[str, FileState]:
    """Return the state of every file of the project that differs, by its path from the project's root.

    A renamed file is told as staged under both its names. Ignored files and submodules are not told.
    """
    raw = repository.read(
        *("status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignored=no", "--no-renames"),
        *("--ignore-submodules=all", "--", repository.prefix or "."),
    )
    found: dict[str, FileState] = {}
    for line in raw.split(b"\0"):
        told = _told(line)
        if told is not None:
            found[repository.path(os.fsdecode(told[0]))] = told[1]
    return found


def _told(line: bytes) -> tuple[bytes, FileState] | None:
    """Return path and state of one entry: ``1 XY …``, ``u XY …`` or ``? PATH`` (git-status(1), v2)."""
    kind = line[:2]
    if kind == b"? ":
        path = line[2:]
        return None if path.endswith(b"/") else (path, FileState.UNTRACKED)  # a repository of its own
    if kind == b"u ":
        return line.split(b" ", 10)[10], FileState.CONFLICTING
    if kind == b"1 ":
        clean = line[3:4] == b"."  # what is on disk is what is staged
        return line.split(b" ", 8)[8], FileState.STAGED if clean else FileState.MODIFIED
    return None
