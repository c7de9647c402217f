"""The line of keys: what can be done here, in the registry's order, as many as fit."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.events import Resize
from textual.style import Style
from textual.widgets import Static

from workbench.tui.commands import Command, action_of, commands_on
from workbench.tui.keys import key_name

_ALWAYS = ("help", "palette")
"""What stays at the right end however narrow the screen is."""


class KeyLine(Static):
    """The footer of a screen; a click on a key does what the key does."""

    def __init__(self, screen: str, registry: Iterable[Command]) -> None:
        super().__init__("", markup=False)
        commands = [command for command in commands_on(screen, registry) if command.footer]
        self._keys = [_key(command) for command in commands if command.id not in _ALWAYS]
        self._end = Content("  ").join(_key(command) for command in commands if command.id in _ALWAYS)

    def on_resize(self, event: Resize) -> None:
        """Show as many keys as fit."""
        room = event.size.width - self._end.cell_length - 3
        line = Content(" ")
        for key in self._keys:
            if line.cell_length + key.cell_length > room:
                break
            line += key + "  "
        gap = " " * max(1, event.size.width - line.cell_length - self._end.cell_length - 1)
        self.update(Content.assemble(line, gap, self._end))


def _key(command: Command) -> Content:
    # By meta and not by markup, whose parser takes no negative arguments.
    key = Content.assemble((key_name(command.keys.partition(",")[0]), "bold $accent"), " ", command.title)
    return key.stylize(Style.from_meta({"@click": action_of(command)}))
