"""Backups: what saving, renaming and deleting replaced or took away, kept to be restored."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import Place, PromptError
from workbench.prompts.disk.local import confine, local_folder

KEPT = 10
"""How many replaced contents of each file are kept."""

_NAME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d(?:\.\d+)?)Z~(\d+)")
"""A backup is named by its time; file names on Windows hold no colon."""


@dataclass(frozen=True)
class Backup:
    """What a file held until it was replaced: ``path`` is the file's, ``when`` that time as UTC ISO 8601."""

    path: str
    when: str
    file: Path

    @property
    def raw(self) -> bytes:
        """The bytes, read when asked for; raises PromptError where they are gone or cannot be read."""
        try:
            return self.file.read_bytes()
        except OSError as broken:
            raise PromptError(
                f"the backup of {self.when} cannot be read: {broken.strerror}", place=Place(self.path)
            ) from broken


class Backups:
    """The backups of one project, in ``.workbench/backups``: a folder for each file, named as the file is."""

    def __init__(self, root: Path, now: Callable[[], str]) -> None:
        self._root = root
        self._now = now

    def of(self, path: str) -> list[Backup]:
        """Return the backups of a file, newest first; raises PromptError where they cannot be listed."""
        try:
            names = os.listdir(self._root / ".workbench" / "backups" / path)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as broken:
            raise PromptError(f"its backups cannot be read: {broken.strerror}", place=Place(path)) from broken
        found = sorted(filter(None, map(_NAME.fullmatch, names)), key=_age, reverse=True)
        folder = self._root / ".workbench" / "backups" / path
        return [Backup(path, f"{m[1]}T{m[2]}:{m[3]}:{m[4]}Z", folder / m[0]) for m in found]

    def reserve(self, path: str) -> Path:
        """Return a new empty file that only its owner may read, to become the newest backup of a file.

        Raises ProjectError where a symbolic link leads out of the local folder, OSError where it is full.
        """
        local = local_folder(self._root)
        folder = local / "backups" / path
        confine(folder, local, local.name)
        folder.mkdir(parents=True, exist_ok=True)
        stamp = self._now().replace(":", "-")
        same = [
            found
            for found in map(_NAME.fullmatch, os.listdir(folder))
            if found and found[0].startswith(stamp)
        ]
        number = max((int(found[5]) for found in same), default=-1) + 1
        while True:
            file = folder / f"{stamp}~{number}"
            try:
                os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
                return file
            except FileExistsError:
                number += 1

    def prune(self, path: str, newest: Path) -> None:
        """Remove all but the last ones; the newest stays even where the clock was set back."""
        for old in [backup for backup in self.of(path) if backup.file != newest][KEPT - 1 :]:
            with suppress(OSError):  # one too many does no harm, and what was asked for is done
                old.file.unlink()


def _age(name: re.Match[str]) -> tuple[str, int]:
    return name[0].rpartition("~")[0], int(name[5])
