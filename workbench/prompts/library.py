"""Prompts on disk: finding, reading and saving them without harm."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbench.errors import Place, PromptError
from workbench.project.clock import utc_now
from workbench.prompts.disk.backups import Backup
from workbench.prompts.disk.endings import BOM
from workbench.prompts.disk.endings import restored_bytes as restored_bytes  # saving's other half, found here
from workbench.prompts.disk.saving import NEW_FILE_MODE, Saving
from workbench.prompts.tree import PROMPTS, check_allowed, check_size, decode, is_partial, prompt_name

_NO_TEXT = re.compile("[\ud800-\udfff]")  # stands for bytes in a file's name that are not UTF-8


@dataclass(frozen=True)
class WorkingTree:
    """The files of a project as they are on disk now, confined to the project."""

    root: Path

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises FileNotFoundError where there is none, PromptError where it lies outside the project, is not a
        plain file, is too large or may not be read.
        """
        try:
            real = self.locate(path)
            status = real.stat()
            if not stat.S_ISREG(status.st_mode):
                raise PromptError("is not a plain file", place=Place(path))
            check_size(status.st_size, path)
            return real.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(path) from None
        except OSError as broken:
            raise PromptError(f"cannot be read: {broken.strerror}", place=Place(path)) from broken

    def locate(self, path: str) -> Path:
        """Return the real path of a file; raises PromptError where a symbolic link leaves the project."""
        root = self.root.resolve()
        try:
            real = (root / path).resolve()
        except RuntimeError as broken:  # how Python before 3.13 reports a circle
            raise PromptError("is a symbolic link to itself", place=Place(path)) from broken
        if not real.is_relative_to(root):
            raise PromptError(
                "is a symbolic link that leaves the project",
                place=Place(path),
                hint="Copy the file into the project instead.",
            )
        check_allowed(real.relative_to(root).as_posix(), Place(path))
        return real

    def paths(self, under: str) -> Iterator[str]:
        """Yield the paths of all files below a folder, in order."""
        for folder, folders, files in os.walk(self.root / under):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            relative = Path(folder).relative_to(self.root).as_posix()
            # A name that is not UTF-8 could be neither shown nor typed.
            yield from (f"{relative}/{name}" for name in sorted(files) if not _NO_TEXT.search(name))


@dataclass(frozen=True)
class OpenFile:
    """A file as it was read: its text with LF line endings, and what is needed to save it unharmed.

    ``unreadable`` says why the text is only a likeness that must not be saved, or is None.
    """

    path: str
    text: str
    raw: bytes
    unreadable: PromptError | None = None


class Library:
    """The prompts of one project. ``now`` is the clock that says when a backup was made."""

    def __init__(self, root: Path, now: Callable[[], str] = utc_now) -> None:
        self.root = root
        self.tree = WorkingTree(root)
        self._saving = Saving(root, now)

    def names(self) -> list[str]:
        """Return the names of all prompts, in order."""
        return sorted(name for path in self.tree.paths(PROMPTS) if (name := prompt_name(path)))

    def partials(self) -> list[str]:
        """Return the paths below ``prompts/`` of all partials, as an include names them, in order."""
        return sorted(path[len(PROMPTS) + 1 :] for path in self.tree.paths(PROMPTS) if is_partial(path))

    def open(self, path: str) -> OpenFile:
        """Return a file for editing; one that is not UTF-8 comes with the reason why it is read-only."""
        try:
            raw = self.tree.read(path)
        except FileNotFoundError:
            raise PromptError("does not exist", place=Place(path)) from None
        return _opened(path, raw)

    def save(self, file: OpenFile, text: str, *, over: bool = False) -> OpenFile:
        """Write the text to disk and return the file as it now is.

        BOM, line endings and mode stay as they were; the write is atomic; what it replaces is kept as a
        backup. Raises SaveConflictError where the file is no longer what was read, unless it is to be saved
        ``over`` that; PromptError where it cannot be written or must not be.
        """
        if file.unreadable:
            raise PromptError(
                "is open read-only, because it " + file.unreadable.message, place=Place(file.path)
            )
        raw = restored_bytes(file.raw, text)
        self.put(file, raw, over=over)
        return OpenFile(file.path, text, raw)

    def put(self, file: OpenFile, raw: bytes, *, over: bool = False) -> OpenFile:
        """Write exactly these bytes, as those of a backup or of a revision; otherwise like ``save``."""
        self._saving.replace(file.path, self.tree.locate(file.path), raw, file.raw, over=over)
        return _opened(file.path, raw)

    def mode(self, path: str) -> int:
        """Return the permissions of a file; raises PromptError where it cannot be asked for them."""
        try:
            return stat.S_IMODE(self.tree.locate(path).stat().st_mode)
        except OSError as broken:
            raise PromptError(f"cannot be read: {broken.strerror}", place=Place(path)) from broken

    def create(self, path: str, raw: bytes, mode: int = NEW_FILE_MODE) -> None:
        """Write a file that is not there yet; raises PromptError where one is, or it cannot be written."""
        self._saving.create(path, self.tree.locate(path), raw, mode)

    def move(self, path: str, new: str) -> None:
        """Move a file where none is; raises PromptError where one is, or it cannot be moved."""
        self._saving.move(self._own(path), new, self.tree.locate(new))

    def remove(self, path: str) -> Backup:
        """Take a file away, and keep it as the backup returned; raises PromptError where that fails."""
        return self._saving.remove(path, self._own(path))

    def make_folder(self, path: str) -> None:
        """Make the folders above a file; raises PromptError where they cannot be made."""
        self._saving.make_folder(path, self.tree.locate(path))

    def sweep(self, path: str) -> None:
        """Remove the folders below ``prompts/`` that a file has left empty."""
        for folder in PurePosixPath(path).parents:
            if folder.is_relative_to(PROMPTS) and str(folder) != PROMPTS:
                with suppress(OSError):  # not empty, or gone
                    (self.root / folder).rmdir()

    def backups(self, path: str) -> list[Backup]:
        """Return what this file held before, the newest first, up to the last ten."""
        return self._saving.backups.of(path)

    def _own(self, path: str) -> Path:
        """Return where a file lies; raises PromptError where it is a link, so that there are two places."""
        if (self.root / path).is_symlink():
            hint = "Move or remove it in a shell, with mv, rm or git mv."
            raise PromptError("is a symbolic link", place=Place(path), hint=hint)
        return self.tree.locate(path)


def _opened(path: str, raw: bytes) -> OpenFile:
    try:
        return OpenFile(path, decode(raw, path), raw)
    except PromptError as unreadable:
        text = raw.removeprefix(BOM).decode("utf-8", errors="replace")
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
        return OpenFile(path, text, raw, unreadable)
