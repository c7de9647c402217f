"""Keys: from the environment, or from a ``.env`` file that git does not track."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from dotenv import dotenv_values

from workbench.errors import Place, SettingsError


class Keys:
    """Looks key variables up; nothing else ever reads a ``.env``, so that it can supply nothing but keys.

    ``tracked`` tells whether git tracks the file at a path: a ``.env`` that it tracks is ignored.
    """

    def __init__(self, root: Path, environ: Mapping[str, str], tracked: Callable[[str], bool]) -> None:
        self._file = root / ".env"
        self._environ = environ
        self._tracked = tracked

    def get(self, variable: str) -> str | None:
        """Return the value of a key variable, or None where it is unset or empty.

        Raises SettingsError where the ``.env`` cannot be read.
        """
        return self._environ.get(variable) or self._dotenv.get(variable) or None

    @cached_property
    def warning(self) -> str | None:
        """Why the ``.env`` is ignored, or None."""
        if self._file.is_file() and self._tracked(".env"):
            return ".env is tracked by git and therefore ignored; remove it with: git rm --cached .env"
        return None

    @cached_property
    def _dotenv(self) -> Mapping[str, str | None]:
        if not self._file.is_file() or self.warning:
            return {}
        try:
            return dotenv_values(self._file, interpolate=False)
        except (OSError, UnicodeDecodeError) as broken:
            raise SettingsError(f"cannot be read: {broken}", place=Place(".env")) from broken
