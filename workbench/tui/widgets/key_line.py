"""The line of keys: what can be done here, in the registry's order, as many as fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.content import Content
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static

from workbench.tui.commands import PANES, Command, action_of, commands_on
from workbench.tui.keys import key_name

_ALWAYS = ("help", "palette")
"""What stays at the right end however narrow the screen is."""


class KeyLine(Static):
    """The footer of a screen; a click on a key does what the key does.

    The keys of the pane that has the focus come first. ``applies`` says of a command, by its id, whether
    there is anything for it to do now; the others are not shown.
    """

    def __init__(
        self, screen: str, registry: Iterable[Command], applies: Callable[[str], bool] = lambda _: True
    ) -> None:
        super().__init__("", markup=False)
        self._applies = applies
        self._commands = [command for command in commands_on(screen, registry) if command.keys]
        footer = [command for command in self._commands if command.footer]
        self._keys = [command for command in footer if command.id not in _ALWAYS]
        self._end = Content("  ").join(_key(command) for command in footer if command.id in _ALWAYS)
        self._within = ""
        self._shown: list[str] = []

    def on_mount(self) -> None:
        """Follow the focus."""
        self.watch(self.screen, "focused", self._follow)

    def _follow(self, focused: Widget | None) -> None:
        if (within := pane_of(focused)) != self._within:
            self._within = within
            self._show()

    def follow_state(self) -> None:
        """Show the keys of the commands that apply now."""
        if [command.id for command in self._wanted()] != self._shown:
            self._show()

    def on_resize(self) -> None:
        """Show as many keys as fit."""
        self._show()

    def _show(self) -> None:
        width = self.size.width
        room = width - self._end.cell_length - 3
        line = Content(" ")
        wanted = self._wanted()
        self._shown = [command.id for command in wanted]
        for key in map(_key, wanted):
            if line.cell_length + key.cell_length > room:
                break
            line += key + "  "
        gap = " " * max(1, width - line.cell_length - self._end.cell_length - 1)
        self.update(Content.assemble(line, gap, self._end))

    def _wanted(self) -> list[Command]:
        here = [command for command in self._commands if self._within and command.within == self._within]
        return [command for command in (*here, *self._keys) if self._applies(command.id)]


def pane_of(widget: Widget | None) -> str:
    """Return the pane of the registry that a widget is in, empty where it is in none."""
    nodes = widget.ancestors_with_self if widget is not None else ()
    return next((within for node in nodes if (within := (node.id or "").removesuffix("-pane")) in PANES), "")


def _key(command: Command) -> Content:
    # By meta and not by markup, whose parser takes no negative arguments.
    key = Content.assemble((key_name(command.keys.partition(",")[0]), "bold $accent"), " ", command.title)
    return key.stylize(Style.from_meta({"@click": action_of(command)}))
