"""Keys as a person likes them: the registry with the keys of ``config.yml`` in place of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from workbench.errors import SettingsError, did_you_mean
from workbench.project.taste import Taste
from workbench.tui.commands import COMMANDS, PAGES, SCREENS, Command
from workbench.tui.keys import key_from, key_names


def rebound(taste: Taste, commands: Iterable[Command] = COMMANDS) -> tuple[Command, ...]:
    """Return the commands with the keys that a person chose.

    Raises SettingsError, with file and line, for a command there is not, and for a key that two commands of
    a screen would share.
    """
    known = {command.id: command for command in commands}
    for name in taste.keys:
        if name not in known:
            raise SettingsError(
                f"there is no command “{name}”",
                place=taste.places.get(f"keys.{name}"),
                hint=did_you_mean(name, known) or "docs/keys.md lists them.",
            )
    chosen = {
        name: replace(command, keys=",".join(map(key_from, taste.keys[name])))
        if name in taste.keys
        else command
        for name, command in known.items()
    }
    for name in taste.keys:
        _check(chosen[name], chosen.values(), taste)
    return tuple(chosen.values())


def _check(command: Command, commands: Iterable[Command], taste: Taste) -> None:
    """Raise SettingsError where another command that can be meant at the same time has one of these keys."""
    own = set(command.keys.split(","))
    for other in commands:
        shared = own & set(other.keys.split(","))
        together = any(command.on(screen) and other.on(screen) for screen in (*SCREENS, *PAGES))
        if other.id != command.id and shared and together and command.within == other.within:
            raise SettingsError(
                f"{key_names(shared.pop())} is the key of “{other.id}” already",
                place=taste.places.get(f"keys.{command.id}"),
                hint=f"Choose another one, or give “{other.id}” another one too.",
            )
