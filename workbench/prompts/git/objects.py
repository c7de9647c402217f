"""What git holds: the files of a project at a commit, read by one git process that is kept for it."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import weakref
from collections.abc import Iterable
from typing import IO

from workbench.errors import Place, PromptError
from workbench.prompts.git.repository import Repository, end, refusal
from workbench.prompts.tree import MAX_BYTES, check_allowed, check_size

MAX_FILES = 100_000
"""More files are not listed: a repository of a few kilobytes can be made to hold billions."""

_KEPT_TREES = 1000
_FOLDER, _PLAIN_FILES = b"40000", (b"100644", b"100755", b"100664")  # a link and a submodule are neither

_Entries = dict[bytes, tuple[bytes, str]]  # by name, the mode and the object's hash


class Objects:
    """The objects of a repository. Threads may share it: a lock guards the process that they share."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._trees: dict[str, _Entries] = {}
        self._closed = False

    def blob(self, name: str, path: str) -> bytes:
        """Return the bytes of a file; raises PromptError where they are too many to be read."""
        with self._lock:
            return self._content(name, path)

    def entries(self, name: str) -> _Entries:
        """Return what a folder holds; ``name`` is its hash, or ``COMMIT^{tree}``."""
        with self._lock:
            if name not in self._trees:
                if len(self._trees) >= _KEPT_TREES:
                    self._trees.clear()
                self._trees[name] = _entries(self._content(name, name), len(name.partition("^")[0]) // 2)
            return self._trees[name]

    def close(self) -> None:
        """End the process for good: what is asked later, by a thread that knows no better, is refused."""
        with self._lock:
            self._closed = True
            self._stop()

    def _stop(self) -> None:
        """End the process; the next question starts another."""
        if self._process is not None:
            self._ending()
            self._process = None

    def _content(self, name: str, path: str) -> bytes:
        """Return what an object holds; its size is told before its bytes, which are then read or not."""
        asked, answers = self._streams()
        try:
            asked.write(name.encode() + b"\n")
            asked.flush()
            head = answers.readline()
            if head.endswith(b" missing\n"):
                raise refusal(f"fatal: missing object {name}")
            size = int(head.rpartition(b" ")[2])
            if size > MAX_BYTES:
                self._stop()  # it would go on to say what nobody reads
            check_size(size, path)
            content = answers.read(size + 1)
            if len(content) != size + 1:
                raise EOFError
            return content[:-1]
        except (BrokenPipeError, EOFError, ValueError) as ended:
            self._stop()
            raise refusal(f"fatal: unable to read object {name}") from ended

    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._closed:
            raise refusal("fatal: it is not read any more")
        if self._process is None:
            self._process = self._repository.asking("cat-file", "--batch")
            self._ending = weakref.finalize(self, end, self._process)  # nobody need remember to close it
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        return asked, answers


class RevisionTree:
    """The files of a project at one commit."""

    def __init__(self, objects: Objects, commit: str, repository: Repository) -> None:
        self._objects = objects
        self._commit = commit
        self._repository = repository

    def read(self, path: str) -> bytes:
        """Return the bytes of a file at this commit.

        Raises FileNotFoundError where it held none, PromptError for one that is too large or may not be read.
        """
        check_allowed(path, Place(path))
        found = self._at(self._repository.place(path))
        if found is None or found[0] not in _PLAIN_FILES:
            raise FileNotFoundError(path)
        return self._objects.blob(found[1], path)

    def holds(self, path: str) -> bool:
        """Return whether there is a plain file at this path."""
        found = self._at(self._repository.place(path))
        return found is not None and found[0] in _PLAIN_FILES

    def paths(self, under: str) -> Iterable[str]:
        """Return the paths of all plain files below a folder at this commit, folder by folder.

        Raises PromptError where they are more than can be listed.
        """
        folder = self._at(self._repository.place(under))
        if folder is None or folder[0] != _FOLDER:
            return []
        found: list[str] = []
        waiting = [(under, folder[1])]
        seen = 0
        while waiting:
            above, tree = waiting.pop()
            entries = self._objects.entries(tree)
            seen += len(entries)
            if seen > MAX_FILES:
                raise PromptError(f"holds more than {MAX_FILES:,} files in git", place=Place(under))
            for name, (mode, hashed) in entries.items():
                path = f"{above}/{os.fsdecode(name)}"
                if mode == _FOLDER:
                    waiting.append((path, hashed))
                elif mode in _PLAIN_FILES:
                    found.append(path)
        return found

    def _at(self, place: str) -> tuple[bytes, str] | None:
        """Return mode and hash of what is at a path from the working tree's top."""
        at: tuple[bytes, str] | None = (_FOLDER, f"{self._commit}^{{tree}}")
        for part in place.split("/"):
            if at is None or at[0] != _FOLDER:
                return None
            at = self._objects.entries(at[1]).get(os.fsencode(part))
        return at


def _entries(raw: bytes, width: int) -> _Entries:
    found = re.findall(rb"([0-7]{5,6}) ([^\0]+)\0(.{%d})" % width, raw, re.DOTALL)
    return {name: (mode, hashed.hex()) for mode, name, hashed in found}
