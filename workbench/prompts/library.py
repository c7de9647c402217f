"""Prompts on disk: finding, reading and saving them without harm."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import Place, ProjectError, PromptError, SaveConflictError
from workbench.prompts.tree import PROMPTS, decode, prompt_name

MAX_BYTES = 50_000_000
"""A larger file is not read into a prompt: no context window holds it."""

_BOM = b"\xef\xbb\xbf"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


@dataclass(frozen=True)
class WorkingTree:
    """The files of a project as they are on disk now, confined to the project."""

    root: Path

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises FileNotFoundError where there is none, PromptError where it lies outside the project, is not a plain
        file, is too large or may not be read.
        """
        try:
            real = self.locate(path)
            status = real.stat()
            if not stat.S_ISREG(status.st_mode):
                raise PromptError("is not a plain file", place=Place(path))
            if status.st_size > MAX_BYTES:
                raise PromptError(
                    f"is too large: {status.st_size:,} bytes of at most {MAX_BYTES:,}",
                    place=Place(path),
                    hint="No model's context window holds it; cut out what the prompt needs.",
                )
            return real.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(path) from None
        except OSError as broken:
            raise PromptError(f"cannot be read: {broken.strerror}", place=Place(path)) from broken

    def locate(self, path: str) -> Path:
        """Return the real path of a file; raises PromptError where a symbolic link leaves the project."""
        root = self.root.resolve()
        real = (root / path).resolve()
        if not real.is_relative_to(root):
            raise PromptError(
                "is a symbolic link that leaves the project",
                place=Place(path),
                hint="Copy the file into the project instead.",
            )
        return real

    def paths(self, under: str) -> Iterator[str]:
        """Yield the paths of all files below a folder, in order."""
        for folder, folders, files in os.walk(self.root / under):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            relative = Path(folder).relative_to(self.root).as_posix()
            yield from (f"{relative}/{name}" for name in sorted(files))


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
    """The prompts of one project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tree = WorkingTree(root)

    def names(self) -> list[str]:
        """Return the names of all prompts, in order."""
        return sorted(name for path in self.tree.paths(PROMPTS) if (name := prompt_name(path)))

    def open(self, path: str) -> OpenFile:
        """Return a file for editing; one that is not UTF-8 comes with the reason why it is read-only."""
        try:
            raw = self.tree.read(path)
        except FileNotFoundError:
            raise PromptError("does not exist", place=Place(path)) from None
        try:
            return OpenFile(path, decode(raw, path), raw)
        except PromptError as unreadable:
            text = raw.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
            return OpenFile(path, text.replace("\0", "\N{REPLACEMENT CHARACTER}"), raw, unreadable)

    def save(self, file: OpenFile, text: str) -> OpenFile:
        """Write the text to disk and return the file as it now is.

        BOM, line endings and mode stay as they were; the write is atomic; what it replaces is kept as a backup in
        ``.workbench/backups``. Raises SaveConflictError where the file is no longer what was read, PromptError where
        it cannot be written or must not be.
        """
        if file.unreadable:
            raise PromptError("is open read-only, because it " + file.unreadable.message, place=Place(file.path))
        raw = restored_bytes(file.raw, text)
        real = self.tree.locate(file.path)
        try:
            on_disk = real.read_bytes() if real.exists() else None
            if on_disk != file.raw:
                raise SaveConflictError(
                    "changed on disk since it was read" if on_disk is not None else "was deleted since it was read",
                    place=Place(file.path),
                    hint="Reload it (your text is kept on screen until you do), or save over it.",
                )
            if raw != file.raw:
                self._backup(file)
                _write_atomically(real, raw)
        except OSError as broken:
            raise PromptError(
                f"cannot be written: {broken.strerror}", place=Place(file.path), hint="The text is still on screen."
            ) from broken
        return OpenFile(file.path, text, raw)

    def _backup(self, file: OpenFile) -> None:
        folder = local_folder(self.root) / "backups" / Path(file.path).parent
        folder.mkdir(parents=True, exist_ok=True)
        _write_atomically(folder / f"{Path(file.path).name}~", file.raw)


def local_folder(root: Path) -> Path:
    """Return ``.workbench``, the git-ignored folder for everything local, made where it is missing."""
    folder = root / ".workbench"
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as broken:
        raise ProjectError(
            f"{folder.name} cannot be made in {root}: {broken.strerror}",
            hint="Workbench keeps its runs there; make the project's folder writable.",
        ) from broken
    return folder


def restored_bytes(before: bytes, text: str) -> bytes:
    """Return the text as bytes with the BOM and the line endings that the file had before.

    A line that was there before keeps its ending; a new one takes the ending of most lines.
    """
    old = _LINE.findall(before.removeprefix(_BOM).decode("utf-8"))
    endings = [line[len(line.rstrip("\r\n")) :] for line in old]
    usual = max(("\n", "\r\n", "\r"), key=endings.count)
    if set(endings) <= {"", usual}:
        restored = text.replace("\n", usual)
    else:
        restored = _with_mixed_endings(old, endings, text, usual)
    return (_BOM if before.startswith(_BOM) else b"") + restored.encode("utf-8")


def _with_mixed_endings(old: list[str], endings: list[str], text: str, usual: str) -> str:
    lines = text.split("\n")
    chosen = [usual] * (len(lines) - 1) + [""]
    bare = [line.rstrip("\r\n") for line in old]
    for block in difflib.SequenceMatcher(None, bare, lines, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            if block.b + offset < len(lines) - 1 and endings[block.a + offset]:
                chosen[block.b + offset] = endings[block.a + offset]
    return "".join(line + ending for line, ending in zip(lines, chosen, strict=True))


def _write_atomically(path: Path, raw: bytes) -> None:
    """Replace a file in one step, keeping its mode."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
