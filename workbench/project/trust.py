"""Trust: a project from elsewhere may not send keys to addresses of its own until its reader says so."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from workbench.errors import Place, SettingsError
from workbench.project.settings import FILE_NAME


class Trust:
    """Remembers, per path of a project, the content of its settings that was trusted."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def trusted(self, root: Path) -> bool:
        """Return whether the settings of this project, as they are now, were trusted."""
        return self._remembered().get(str(root.resolve())) == _content_hash(root)

    def trust(self, root: Path) -> None:
        """Trust the settings of this project as they are now; a change of them asks again."""
        remembered = {**self._remembered(), str(root.resolve()): _content_hash(root)}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps(remembered, indent=1), encoding="utf-8")
        except OSError as broken:
            raise SettingsError(
                f"cannot be written: {broken.strerror}", place=Place(str(self._file))
            ) from broken

    def _remembered(self) -> dict[str, str]:
        try:
            remembered = dict(json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError) as broken:
            raise SettingsError(
                f"cannot be read: {broken}",
                place=Place(str(self._file)),
                hint="Delete it, and trust projects again.",
            ) from broken
        return remembered


def _content_hash(root: Path) -> str:
    return hashlib.sha256((root / FILE_NAME).read_bytes()).hexdigest()
