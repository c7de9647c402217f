"""What is local: the git-ignored folder of a project, what keeps within it, and who is using it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import Place, ProjectError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PATIENCE = 2.0
"""How many seconds to wait for a lock that another workbench holds for a moment."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def local_folder(root: Path) -> Path:
    """Return ``.workbench``, the git-ignored folder for everything local, made where it is missing.

    Raises ProjectError where it cannot be made, or a symbolic link leads out of the project.
    """
    folder = root / ".workbench"
    confine(folder, root, "the project")
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            confine(ignore, folder, folder.name)
            descriptor = os.open(ignore, os.O_WRONLY | os.O_CREAT | _NO_LINK, 0o666)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write("*\n")
    except OSError as broken:
        raise ProjectError(
            f"{folder.name} cannot be made in {root}: {broken.strerror}",
            hint="Workbench keeps its runs there; make the project's folder writable.",
        ) from broken
    return folder


def confine(path: Path, folder: Path, called: str) -> None:
    """Raise ProjectError where a symbolic link, as a cloned project may hold, leads out of the folder."""
    real = os.path.realpath(folder)
    inside = path.relative_to(folder)
    for part in (*reversed(inside.parents), inside):
        if not Path(os.path.realpath(folder / part)).is_relative_to(real):
            raise ProjectError(
                f"is a symbolic link that leaves {called}",
                place=Place(str(folder / part)),
                hint="Remove the link; Workbench makes what it needs there and writes nothing elsewhere.",
            )


def take_lock(descriptor: int) -> bool:
    """Lock an open file or folder for this workbench; returns False where another one holds it.

    The kernel frees it when the descriptor is closed, however this process ends. Where there are no locks, on
    this system or this file system, it counts as taken: better unguarded than unable to work.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def one_at_a_time(folder: Path, name: str) -> Iterator[None]:
    """Keep other workbenches out of what is done within; ``folder`` is the local one, ``name`` the lock's.

    Raises ProjectError where another one stays in it for longer than PATIENCE.
    """
    path = folder / name
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600)
    except OSError as broken:
        raise ProjectError(
            f"cannot be opened for writing: {broken.strerror}",
            place=Place(str(path)),
            hint="Workbenches take turns by it; make its folder writable, and it a plain file.",
        ) from broken
    try:
        until = time.monotonic() + PATIENCE
        while not take_lock(descriptor):
            if time.monotonic() > until:
                raise ProjectError(
                    "another workbench holds this lock and does not go on",
                    place=Place(str(path)),
                    hint="Try again; end the other workbench if it hangs.",
                )
            time.sleep(0.005)
        yield
    finally:
        os.close(descriptor)
