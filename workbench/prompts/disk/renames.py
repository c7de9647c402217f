"""Renames that no other program can come between: two files exchanged, or one moved where none is."""

from __future__ import annotations

import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes

_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV)
"""What the system answers where it, or this file system, cannot do it with these two."""

_FLAGS = {"linux": {"exchange": 2, "no replace": 1}, "darwin": {"exchange": 2, "no replace": 4}}
"""The flags of Linux' renameat2 and of macOS' renamex_np, as their manuals number them."""

_HERE = -100  # AT_FDCWD of Linux


def exchange(one: Path, other: Path) -> bool:
    """Let two files change places in one step.

    Returns False, having done nothing, where the system or the file system knows no such step. Raises OSError
    where one of them is not there or may not be moved.
    """
    return _rename(one, other, "exchange")


def move_new(old: Path, new: Path) -> None:
    """Move a file where none is; raises FileExistsError where one is, and OSError where it cannot be moved.

    A new name that differs only in case is the same file on some file systems, and is no obstacle.
    """
    try:
        if not _rename(old, new, "no replace"):
            _claim(old, new)
    except FileExistsError:
        if old.name.casefold() != new.name.casefold() or not os.path.samefile(old, new):
            raise
        os.rename(old, new)


def _claim(old: Path, new: Path) -> None:
    """Move a file where none is, by a link; without links, the new name is first taken by an empty file."""
    try:
        os.link(old, new)
    except FileExistsError:
        raise
    except OSError:
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.replace(old, new)
    else:
        os.unlink(old)


def _rename(old: Path, new: Path, how: str) -> bool:
    library = _library()
    if library is None:
        return False
    # Only then is it loaded.
    import ctypes

    flag, paths = _FLAGS[sys.platform][how], (os.fsencode(old), os.fsencode(new))
    if sys.platform == "linux":
        failed = library.renameat2(_HERE, paths[0], _HERE, paths[1], flag)
    else:
        failed = library.renamex_np(*paths, flag)
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(new))


@cache
def _library() -> ctypes.CDLL | None:
    """Return the system's library, or None where it has no such calls."""
    if sys.platform not in _FLAGS:
        return None
    # Only saving needs it.
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    return library if hasattr(library, "renameat2" if sys.platform == "linux" else "renamex_np") else None
