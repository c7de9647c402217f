"""``config.yml``: a person's own taste, kept in the platform's user-config folder and in no project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import Place, SettingsError
from workbench.project.yaml import Fields, read

FILE_NAME = "config.yml"


@dataclass(frozen=True)
class Taste:
    """What a person likes: a theme's name, keys by the id of a command, and a command that edits a file.

    ``places`` says where each key of the file stands, such as ``theme`` or ``keys.save``.
    """

    theme: str | None = None
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    editor: str | None = None
    places: Mapping[str, Place] = field(default_factory=dict)


def load(folder: Path) -> Taste:
    """Read the taste kept in a folder; what it leaves out, or all of it without a file, is as usual.

    Raises SettingsError with file, line and key.
    """
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Taste()
    except OSError as broken:
        raise SettingsError(f"cannot be read: {broken.strerror}", place=Place(str(path))) from broken
    except UnicodeDecodeError as broken:
        raise SettingsError(
            f"is not UTF-8: the first bad byte is at offset {broken.start}",
            place=Place(str(path)),
            hint="Save the file as UTF-8.",
        ) from broken
    return parse(text, str(path))


def parse(text: str, path: str) -> Taste:
    """Return the taste that this text of the file at ``path`` says."""
    fields = Fields(read(text, path, error=SettingsError), SettingsError)
    fields.only(("theme", "keys", "editor"))
    keys = fields.mapping("keys")
    places = {key: fields.place(key) for key in fields}
    places |= {f"keys.{command}": keys.place(command) for command in keys or ()} if keys else {}
    return Taste(
        theme=fields.text("theme"),
        keys={command: _keys(keys, command) for command in keys} if keys else {},
        editor=fields.text("editor"),
        places=places,
    )


def _keys(fields: Fields, command: str) -> tuple[str, ...]:
    keys = (fields.text(command),) if isinstance(fields.values[command], str) else fields.texts(command)
    if not keys or not all(keys):
        raise fields.error(
            f"“{command}” needs a key, or a list of keys", command, hint="For example save: ctrl+s"
        )
    return tuple(key for key in keys if key)
