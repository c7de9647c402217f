"""Trust: a project from elsewhere may not send keys to addresses of its own until its reader says so."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.errors import Place, SettingsError


class Trust:
    """Remembers, per path of a project, the content of its settings that was trusted.

    ``content_hash`` is that of the settings as they were parsed (``Settings.content_hash``), not of the file
    as it is now: what is trusted is what is used.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def trusted(self, root: Path, content_hash: str) -> bool:
        """Return whether these settings of this project were trusted."""
        return bool(content_hash) and self._remembered().get(str(root.resolve())) == content_hash

    def trust(self, root: Path, content_hash: str) -> None:
        """Trust these settings of this project; a change of them asks again."""
        remembered = {**self._remembered(), str(root.resolve()): content_hash}
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
