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

NEW_FILE_MODE = 0o644
"""The mode of a file that is made anew because it was deleted while it was edited."""

_BOM = b"\xef\xbb\xbf"
_NO_TEXT = re.compile("[\ud800-\udfff]")  # stands for bytes in a file's name that are not UTF-8
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


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
        parts = [part.lower() for part in real.relative_to(root).parts]
        if parts[-1:] == [".env"] or parts[:1] in ([".git"], [".workbench"]):
            raise PromptError(
                "may not be put into a prompt: keys and what is local stay on this machine", place=Place(path)
            )
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
            text = (
                raw.removeprefix(_BOM)
                .decode("utf-8", errors="replace")
                .replace("\r\n", "\n")
                .replace("\r", "\n")
            )
            return OpenFile(path, text.replace("\0", "\N{REPLACEMENT CHARACTER}"), raw, unreadable)

    def save(self, file: OpenFile, text: str, *, over: bool = False) -> OpenFile:
        """Write the text to disk and return the file as it now is.

        BOM, line endings and mode stay as they were; the write is atomic; what it replaces is kept as a
        backup in ``.workbench/backups``. Raises SaveConflictError where the file is no longer what was read,
        unless it is to be saved ``over`` that; PromptError where it cannot be written or must not be.
        """
        if file.unreadable:
            raise PromptError(
                "is open read-only, because it " + file.unreadable.message, place=Place(file.path)
            )
        raw = restored_bytes(file.raw, text)
        real = self.tree.locate(file.path)
        try:
            on_disk = real.read_bytes() if real.exists() else None
            if on_disk != file.raw and not over:
                raise SaveConflictError(
                    "changed on disk since it was read"
                    if on_disk is not None
                    else "was deleted since it was read",
                    place=Place(file.path),
                    hint="Reload it (your text is kept on screen until you do), or save over it.",
                )
            if on_disk is None:
                real.parent.mkdir(parents=True, exist_ok=True)
                _write_atomically(real, raw, NEW_FILE_MODE)
            elif raw != on_disk:
                mode = stat.S_IMODE(real.stat().st_mode)
                self._backup(file.path, on_disk, mode)
                _write_atomically(real, raw, mode)
        except OSError as broken:
            raise PromptError(
                f"cannot be written: {broken.strerror}",
                place=Place(file.path),
                hint="The text is still on screen.",
            ) from broken
        return OpenFile(file.path, text, raw)

    def _backup(self, path: str, raw: bytes, mode: int) -> None:
        local = local_folder(self.root)
        folder = local / "backups" / Path(path).parent
        _confine(folder, local, local.name)
        folder.mkdir(parents=True, exist_ok=True)
        _write_atomically(folder / f"{Path(path).name}~", raw, mode)


def local_folder(root: Path) -> Path:
    """Return ``.workbench``, the git-ignored folder for everything local, made where it is missing.

    Raises ProjectError where it cannot be made, or a symbolic link leads out of the project.
    """
    folder = root / ".workbench"
    _confine(folder, root, "the project")
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            _confine(ignore, folder, folder.name)
            descriptor = os.open(ignore, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write("*\n")
    except OSError as broken:
        raise ProjectError(
            f"{folder.name} cannot be made in {root}: {broken.strerror}",
            hint="Workbench keeps its runs there; make the project's folder writable.",
        ) from broken
    return folder


def _confine(path: Path, folder: Path, called: str) -> None:
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
    for start, new_start, size in _unchanged(bare, lines):
        for offset in range(size):
            if new_start + offset < len(lines) - 1 and endings[start + offset]:
                chosen[new_start + offset] = endings[start + offset]
    for at, (line, ending) in enumerate(zip(lines[1:], chosen[1:], strict=True)):
        if chosen[at] == "\r" and not line and ending == "\n":
            chosen[at] = "\n"  # else the two would read back as one CR LF
    return "".join(line + ending for line, ending in zip(lines, chosen, strict=True))


def _unchanged(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int]]:
    """Yield where runs of equal lines begin in each, and how long they are.

    What is equal at both ends is found first: this runs at every key, and finding it costs next to nothing.
    """
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    tail = next((at for at in range(most - head) if old[-1 - at] != new[-1 - at]), most - head)
    yield 0, 0, head
    middle = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    for block in middle.get_matching_blocks():
        yield head + block.a, head + block.b, block.size
    yield len(old) - tail, len(new) - tail, tail


def _write_atomically(path: Path, raw: bytes, mode: int) -> None:
    """Replace a file in one step, giving it this mode."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
