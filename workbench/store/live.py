"""Which runs are going on now, in whatever process: a lock for each, which the kernel frees when one dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import Place, StoreError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class LiveRuns:
    """The runs of one project that are going on. ``folder`` is the one that the database is in.

    The status ``running`` cannot say it: it is also what a run that was killed leaves behind.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def held(self, run: int) -> bool:
        """Return whether this run is going on now, as far as the system can tell."""
        if fcntl is None:
            return False
        try:
            descriptor = os.open(self._folder / f"run-{run}.lock", os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            return False  # there is none, or none that anybody could hold
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False  # no locks on this file system
        finally:
            os.close(descriptor)
        return False

    def any_held(self) -> bool:
        """Return whether any run is going on now, as far as the system can tell."""
        locks = self._folder.glob("run-*.lock")
        numbers = (path.stem.removeprefix("run-") for path in locks)
        return any(self.held(int(number)) for number in numbers if number.isdecimal())

    @contextmanager
    def hold(self, run: int) -> Iterator[None]:
        """Keep everyone else from taking up this run; raises StoreError where somebody else holds it.

        Nothing is held where the system or the file system has no such locks.
        """
        if fcntl is None:
            yield
            return
        path = self._folder / f"run-{run}.lock"
        descriptor = _locked(path, run)
        try:
            yield
        finally:
            # Removed before it is freed, so that nobody's lock but our own is ever removed.
            path.unlink(missing_ok=True)
            os.close(descriptor)


def _locked(path: Path, run: int) -> int:
    """Return the descriptor of the file, made and locked."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as broken:
            raise StoreError(
                f"cannot be opened for writing: {broken.strerror}",
                place=Place(str(path)),
                hint="It marks a run that is going on; remove it if it is not a plain file.",
            ) from broken
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            os.close(descriptor)
            raise StoreError(
                f"run {run} still goes on in another workbench",
                place=Place(str(path)),
                hint="Wait until it has ended, or stop it there.",
            ) from held
        except OSError:
            return descriptor  # no locks on this file system: better unguarded than unable to run
        if _names(path, descriptor):
            return descriptor
        os.close(descriptor)  # the holder before us removed the file after we had opened it


def _names(path: Path, descriptor: int) -> bool:
    """Return whether the path still leads to the open file."""
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False
