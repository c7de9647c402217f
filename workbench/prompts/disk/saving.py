"""Saving: a file replaced in one step, however many programs write it, and what it held kept as a backup.

The new text is written where the backup is to lie, and then the two change places: from that moment on, what
was replaced *is* the backup, and nothing has to be copied that another program could write meanwhile. If what
came out is not what was read, the two change back and the saving is refused. A program that had the old file
open and goes on writing into it writes into the backup.

Where files cannot be exchanged, the old one is linked (or copied) as the backup and then replaced. A file
that another program puts there by renaming, in the few microseconds between, is replaced without a backup.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.errors import Place, PromptError, SaveConflictError
from workbench.prompts.disk.backups import Backup, Backups
from workbench.prompts.disk.local import local_folder, one_at_a_time
from workbench.prompts.disk.renames import exchange, move_new

NEW_FILE_MODE = 0o644
"""The mode of a file that is made anew."""

ATTEMPTS = 10
"""How often to begin again where other programs remove and make the file while it is saved."""

_HINTS = {
    errno.ENOSPC: "Free some space on the disk. ",
    errno.EDQUOT: "Free some of your space on the disk. ",
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "Make the file and its folder writable. "),
}


class Saving:
    """Writes the files of one project. ``path`` is always from its root, and ``real`` where that leads."""

    def __init__(self, root: Path, now: Callable[[], str]) -> None:
        self._root = root
        self.backups = Backups(root, now)

    def replace(self, path: str, real: Path, raw: bytes, expected: bytes, *, over: bool) -> None:
        """Write these bytes, keeping mode, owner and attributes, and what was there as a backup.

        Raises SaveConflictError where the file does not hold the expected bytes, unless it is to be saved
        ``over`` whatever is there; PromptError where it cannot be written.
        """
        with self._alone(path):
            for _ in range(ATTEMPTS):
                on_disk = _content(real)
                if on_disk != expected and not over:
                    raise _conflict(path, "was deleted" if on_disk is None else "changed on disk")
                if on_disk == raw:
                    return
                try:
                    if on_disk is None:
                        _make_folder(real)
                        _create(real, raw, NEW_FILE_MODE)
                    else:
                        self._exchange(path, real, raw, None if over else on_disk)
                    return
                except (FileExistsError, FileNotFoundError):
                    continue  # made or removed since it was looked at
            raise PromptError(
                "other programs remove it and make it anew again and again",
                place=Place(path),
                hint="Try again.",
            )

    def create(self, path: str, real: Path, raw: bytes, mode: int = NEW_FILE_MODE) -> None:
        """Write a new file, and the folders above it; raises PromptError where one is there already."""
        with self._alone(path):
            _make_folder(real)
            with _unless_there(path):
                _create(real, raw, mode)

    def move(self, real: Path, new: str, new_real: Path) -> None:
        """Move a file, and make the folders above it; raises PromptError where one is there already."""
        with self._alone(new):
            _make_folder(new_real)
            with _unless_there(new):
                move_new(real, new_real)

    def make_folder(self, path: str, real: Path) -> None:
        """Make the folders above a file; raises PromptError where they cannot be made."""
        with self._alone(path):
            _make_folder(real)

    def remove(self, path: str, real: Path) -> Backup:
        """Take a file away, and keep it as the backup returned; raises PromptError where that fails."""
        with self._alone(path):
            slot = self.backups.reserve(path)
            try:
                _move(real, slot)
            except BaseException:
                slot.unlink()
                raise
            self.backups.prune(path, slot)
            return next(backup for backup in self.backups.of(path) if backup.file == slot)

    @contextmanager
    def _alone(self, path: str) -> Iterator[None]:
        try:
            with one_at_a_time(local_folder(self._root), "saving.lock"):
                yield
        except OSError as broken:
            raise PromptError(
                f"cannot be written: {broken.strerror}",
                place=Place(path),
                hint=_HINTS.get(broken.errno or 0, "") + "Nothing is lost: what was there still is.",
            ) from broken

    def _exchange(self, path: str, real: Path, raw: bytes, expected: bytes | None) -> None:
        """Put the bytes in the file's place; raises SaveConflictError unless the expected ones come out."""
        if not os.access(real, os.W_OK):
            raise PermissionError(errno.EACCES, "the file is read-only", str(real))
        slot = self.backups.reserve(path)
        try:
            _fill(slot, raw, real)
        except BaseException:
            slot.unlink()
            raise
        try:
            exchanged = exchange(slot, real)
            if not exchanged:
                _replace(slot, real, raw, expected, path)
        except (OSError, SaveConflictError):  # and no more than these: an interruption may come after the act
            slot.unlink(missing_ok=True)
            raise
        if exchanged and expected is not None and slot.read_bytes() != expected:
            exchange(slot, real)  # what comes out now stays as a backup: yet another program may have written
            raise _conflict(path, "changed on disk")
        self.backups.prune(path, slot)


def _conflict(path: str, what: str) -> SaveConflictError:
    return SaveConflictError(
        f"{what} since it was read",
        place=Place(path),
        hint="Reload it (your text is kept on screen until you do), or save over it.",
    )


@contextmanager
def _unless_there(path: str) -> Iterator[None]:
    try:
        yield
    except FileExistsError as there:
        raise PromptError("exists already", place=Place(path), hint="Choose another name.") from there


def _make_folder(real: Path) -> None:
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as there:
        raise NotADirectoryError(errno.ENOTDIR, "a file stands where its folder should be") from there


def _content(real: Path) -> bytes | None:
    try:
        return real.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _fill(file: Path, raw: bytes, like: Path) -> None:
    """Write bytes that survive a loss of power, with the mode, owner and attributes of another file."""
    with file.open("wb") as stream:
        stream.write(raw)
        stream.flush()
        os.fsync(stream.fileno())
    status = like.stat()
    with suppress(PermissionError, AttributeError):  # only root may give a file away; Windows has no owners
        os.chown(file, status.st_uid, status.st_gid)
    shutil.copystat(like, file)
    os.utime(file)


def _replace(slot: Path, real: Path, raw: bytes, expected: bytes | None, path: str) -> None:
    """Do without an exchange: link or copy the old file into the slot, then rename the new one over it."""
    with _beside(real) as temporary:
        _fill(temporary, raw, real)
        slot.unlink()
        try:
            os.link(real, slot)
        except OSError:  # another file system, or one without links
            shutil.copy2(real, slot)
        if expected is not None and slot.read_bytes() != expected:
            raise _conflict(path, "changed on disk")
        os.replace(temporary, real)


def _create(real: Path, raw: bytes, mode: int) -> None:
    """Make a whole file appear in one step, unless one is there: then FileExistsError is raised."""
    with _beside(real) as temporary:
        with temporary.open("wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        move_new(temporary, real)


@contextmanager
def _beside(real: Path) -> Iterator[Path]:
    """Give a new file in the same folder, hidden, and gone in the end unless it was renamed."""
    descriptor, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name[:50]}.")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _move(real: Path, slot: Path) -> None:
    try:
        os.replace(real, slot)
    except OSError as failed:
        if failed.errno != errno.EXDEV:
            raise
        shutil.copy2(real, slot)
        real.unlink()
