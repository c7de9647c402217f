"""The command palette: every command of the screen one is on, from the registry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from workbench.tui.commands import Command, commands_on
from workbench.tui.keys import key_names

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp


class WorkbenchCommands(Provider):
    """Offers the commands of the registry, with their keys."""

    async def discover(self) -> Hits:
        """Offer everything, before anything is typed."""
        for command in self._commands():
            yield DiscoveryHit(_title(command), partial(self._run, command))

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        matcher = self.matcher(query)
        for command in self._commands():
            title = _title(command)
            if (score := matcher.match(f"{title} {command.title}")) > 0:
                yield Hit(score, matcher.highlight(title), partial(self._run, command))

    def _commands(self) -> tuple[Command, ...]:
        app = cast("WorkbenchApp", self.app)
        return commands_on(app.place_of(self.screen), app.commands)

    async def _run(self, command: Command) -> None:
        await self.screen.run_action(command.action)


def _title(command: Command) -> str:
    return f"{command.help}  ({key_names(command.keys)})" if command.keys else command.help
