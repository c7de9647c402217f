"""Drafts: text that was typed and not saved, kept so that no crash can take it.

Every workbench keeps its drafts in a folder of its own below ``.workbench/drafts``, and holds a lock on that
folder while it lives. What a workbench that no longer lives left behind is offered to the next one.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import Place, PromptError
from workbench.prompts.disk.local import confine, local_folder, take_lock
from workbench.prompts.library import WorkingTree
from workbench.prompts.tree import MAX_BYTES, confined, decode


@dataclass(frozen=True)
class Draft:
    """Unsaved text of a file, with LF line endings.

    ``base_hash`` is the SHA-256, in hex, of the file's bytes that the typing began from; ``kept`` is when the
    draft was last written, as UTC ISO 8601; ``file`` is where it lies.
    """

    path: str
    text: str
    base_hash: str
    kept: str
    file: Path

    def fits(self, raw: bytes) -> bool:
        """Return whether the file still holds what the typing began from."""
        return self.base_hash == _hash(raw)


class Drafts:
    """The drafts of one project: those of this workbench, and those that others left."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tree = WorkingTree(root)
        self._own: Path | None = None
        self._lock: int | None = None
        self._turns = threading.RLock()  # typing is kept by a thread, and saving drops what it kept

    def keep(self, path: str, text: str, base: bytes) -> None:
        """Keep the text of a file that was ``base`` when the typing began; the draft before it goes.

        It outlives this process, but may not outlive a loss of power. Raises PromptError where it cannot be
        written.
        """
        with self._turns, _told(path):
            self._write(path, text, _hash(base))

    def drop(self, path: str) -> None:
        """Forget the draft of a file, because it was saved or given up; that there is none is fine."""
        with self._turns, _told(path):
            if self._own is not None:
                (self._own / _file_name(path)).unlink(missing_ok=True)

    def follow(self, path: str, new: str) -> None:
        """Let this workbench's draft of a file be the draft of the name that the file has now."""
        with self._turns, _told(new):
            if self._own is None:
                return
            try:
                draft = self._read(self._own / _file_name(path))
            except FileNotFoundError:
                return
            self._write(new, draft.text, draft.base_hash)
            draft.file.unlink()

    def left(self) -> list[Draft]:
        """Return what workbenches that no longer live left, the newest first.

        A draft that says what the file says is dropped on the way, as it holds nothing that could be lost.
        """
        drafts = [draft for draft in self._found() if isinstance(draft, Draft)]
        waiting = []
        for draft in sorted(drafts, key=lambda draft: draft.kept, reverse=True):
            if self._on_disk(draft.path) == draft.text:
                self.discard(draft)
            else:
                waiting.append(draft)
        return waiting

    def damaged(self) -> list[PromptError]:
        """Return what is wrong with each draft that was left and cannot be read; none of them is removed."""
        return [found for found in self._found() if isinstance(found, PromptError)]

    def adopt(self, draft: Draft) -> bool:
        """Make a draft that was left one of this workbench's own.

        Returns False where another workbench was faster, or the draft is gone. Raises PromptError where it
        cannot be moved.
        """
        with self._turns, _told(draft.path):
            folder = self._folder()
            try:
                os.rename(draft.file, folder / _file_name(draft.path))
            except FileNotFoundError:
                return False
            self._sweep(draft.file.parent)
            return True

    def discard(self, draft: Draft) -> None:
        """Remove a draft that was left and is not wanted."""
        with _told(draft.path):
            draft.file.unlink(missing_ok=True)
            self._sweep(draft.file.parent)

    def close(self) -> None:
        """Let the next workbench have whatever this one still keeps."""
        with self._turns:
            if self._own is not None:
                with suppress(OSError):  # not empty
                    self._own.rmdir()
            if self._lock is not None:
                os.close(self._lock)
            self._own = self._lock = None

    def _write(self, path: str, text: str, base_hash: str) -> None:
        folder = self._folder()
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".")  # for its owner alone
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(json.dumps({"path": path, "base": base_hash, "text": text}))
            os.replace(temporary, folder / _file_name(path))
        except BaseException:
            os.unlink(temporary)
            raise

    def _folder(self) -> Path:
        """Return this workbench's own folder, made and locked when it is first needed."""
        while self._own is None:
            folder = self._all() / f"{os.getpid()}-{secrets.token_hex(4)}"
            folder.mkdir(mode=0o700, parents=True)
            # Another workbench that is starting may take the new folder for one left behind, and remove it.
            with suppress(FileNotFoundError):
                self._lock = os.open(folder, os.O_RDONLY) if os.name == "posix" else None
                if self._lock is None or (take_lock(self._lock) and folder.exists()):
                    self._own = folder
                else:
                    os.close(self._lock)
        return self._own

    def _all(self) -> Path:
        local = local_folder(self._root)
        confine(local / "drafts", local, local.name)
        return local / "drafts"

    def _found(self) -> Iterator[Draft | PromptError]:
        """Yield the drafts of all workbenches that no longer live, and what is wrong with those damaged."""
        everyones = self._all()
        try:
            folders = sorted(everyones.iterdir())
        except FileNotFoundError:
            return
        except OSError as broken:
            place = Place(everyones.relative_to(self._root).as_posix())
            yield PromptError(f"cannot be read: {broken.strerror}", place=place)
            return
        for folder in folders:
            if folder == self._own or folder.is_symlink() or not folder.is_dir() or _alive(folder):
                continue
            for file in sorted(folder.glob("*.json")):
                try:
                    yield self._read(file)
                except FileNotFoundError:
                    continue  # adopted by another workbench just now
                except PromptError as damaged:
                    yield damaged
            self._sweep(folder)

    def _read(self, file: Path) -> Draft:
        """Return a draft; raises PromptError where it is none, FileNotFoundError where it is gone."""
        place = Place(file.relative_to(self._root).as_posix())
        hint = "Look whether there is text in it that you miss, and remove it."
        try:
            descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(descriptor, "rb") as stream:
                status, raw = os.fstat(descriptor), stream.read(MAX_BYTES)
            fields = json.loads(raw)
            path, text, base = fields["path"], fields["text"], fields["base"]
        except FileNotFoundError:
            raise
        except OSError as broken:
            raise PromptError(f"cannot be read: {broken.strerror}", place=place, hint=hint) from broken
        except (ValueError, KeyError, TypeError, RecursionError) as broken:
            raise PromptError("is a damaged draft of unsaved text", place=place, hint=hint) from broken
        texts = all(isinstance(value, str) for value in (path, text, base))
        if not texts or confined("", path, "") != path:
            raise PromptError("is a damaged draft of unsaved text", place=place, hint=hint)
        kept = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="milliseconds")
        return Draft(path, text, base, kept.replace("+00:00", "Z"), file)

    def _on_disk(self, path: str) -> str | None:
        try:
            return decode(self._tree.read(path), path)
        except (FileNotFoundError, PromptError):
            return None  # gone or unreadable: the draft may then be all there is

    def _sweep(self, folder: Path) -> None:
        """Remove the folder of a workbench that no longer lives, once it is empty."""
        if folder != self._own and not _alive(folder):
            with suppress(OSError):  # not empty
                folder.rmdir()


def _alive(folder: Path) -> bool:
    """Return whether the workbench of this folder still lives."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not take_lock(descriptor)
    finally:
        os.close(descriptor)


def _file_name(path: str) -> str:
    return f"{hashlib.sha256(path.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.json"


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as broken:
        raise PromptError(
            f"its unsaved text cannot be kept safe from a crash: {broken.strerror}",
            place=Place(path),
            hint="Save it soon, and make room in .workbench/drafts.",
        ) from broken
