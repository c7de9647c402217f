"""The help: what the keys do on a screen, and in each of its panes."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Grid, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from workbench.bench.shelving import LEGEND
from workbench.tui.commands import Command, commands_on
from workbench.tui.keys import key_names

Row = tuple[str, str]

EVERYWHERE = (
    ("Tab", "Next pane; Shift-Tab is the one before"),
    ("Escape", "Close a dialog, leave zoom, or go back to the text"),
)

ON_PAGE = {
    "result": (("j k ↑ ↓", "Scroll; PgUp and PgDn by as much as is in sight"),),
    "past runs": (("Enter", "Open what is pointed at"),),
}
"""What keys do on a page, beside its commands."""

BY_PANE: dict[str, dict[str, tuple[Row, ...]]] = {
    "bench": {
        "text": (
            ("^Space", "Offer what fits; ↑ ↓ choose, Tab or Enter takes, Escape closes"),
            ("^z ^y", "Undo, and do again"),
            ("^Home ^End", "The top, and the bottom"),
        ),
        "prompts": (
            ("← →", "Fold and unfold a folder"),
            ("letters", f"{LEGEND}   ● unsaved"),
        ),
        "inputs": (
            ("^s", "Save the inputs to the case"),
            ("Tab", "Next input"),
        ),
        "context": (
            ("j k ↑ ↓", "Next and previous row; g and G are the first and the last"),
            ("h l ← →", "Previous and next segment"),
            ("letters", "T template   P partial   I input   E example   D document   G engine"),
            ("+ ~ -", "Added, changed, and removed since HEAD, or since what was chosen"),
            ("copying", "Through the terminal (OSC 52), which may refuse; tmux: set -s set-clipboard on"),
        ),
        "find": (
            ("Enter ↑ ↓", "Next and previous match; Enter beside “with” replaces one"),
            ("Alt-c Alt-w", "Heed case, and find whole words"),
            ("Alt-r", "Find by regular expression; $1 is a group of it"),
            ("Alt-a", "Replace all, in one step of undo"),
        ),
    }
}
"""What panes themselves do with keys, by screen and pane."""


class Help(ModalScreen[None]):
    """What the keys do on one screen, from the registry; ``within`` is the pane that is told of first."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape,q,f1,question_mark,enter", "dismiss(None)", "Close", show=False),
        Binding("j", "scroll_by(1)", show=False),
        Binding("k", "scroll_by(-1)", show=False),
    ]

    def __init__(self, screen: str, commands: Iterable[Command], within: str = "") -> None:
        super().__init__()
        self._screen_name = screen
        self._within = within
        self._commands = [command for command in commands_on(screen, commands) if command.keys]

    def compose(self) -> ComposeResult:
        """Compose a section for the screen and each pane, and in it a row a command."""
        sections = {"": [*self._keys_within(""), *ON_PAGE.get(self._screen_name, EVERYWHERE)]}
        for pane, rows in BY_PANE.get(self._screen_name, {}).items():
            sections[pane] = [*self._keys_within(pane), *rows]
        width = max(len(keys) for rows in sections.values() for keys, _ in rows)
        with VerticalScroll(classes="dialog help"):
            for pane in sorted(sections, key=lambda pane: pane != self._within):
                title = f"In the {pane}" if pane else f"Keys on {self._screen_name}"
                yield Label(title, classes="dialog-title", markup=False)
                with Grid(classes="keys"):
                    for keys, what in sections[pane]:
                        yield Static(keys.rjust(width), classes="key", markup=False)
                        yield Static(what, markup=False)

    def _keys_within(self, pane: str) -> list[Row]:
        return [
            (key_names(command.keys), command.help) for command in self._commands if command.within == pane
        ]

    def action_scroll_by(self, lines: int) -> None:
        """Scroll as in a pager."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
