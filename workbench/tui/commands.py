"""The registry of commands: one row each, from which bindings, footer, palette and help are made."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

from workbench.tui.keys import key_name

SCREENS = ("bench", "runs", "duel", "board")
"""The screens, in the order of their function keys."""


@dataclass(frozen=True)
class Command:
    """Something a person can do.

    ``keys`` are Textual's names, comma-separated, the first one shown; empty where only the palette offers
    it. ``action`` is the screen's own, or the app's where it begins with ``app.``. ``screens`` is where it
    means something, empty for everywhere; ``within`` is the pane whose focus its keys need, empty for none.
    ``title`` names it in few letters, for the line of keys where ``footer`` is set; ``help`` says what it is.
    """

    id: str
    title: str
    help: str
    keys: str
    action: str
    screens: tuple[str, ...] = ()
    footer: bool = False
    priority: bool = False
    within: str = ""

    def on(self, screen: str) -> bool:
        """Return whether this command means something on a screen."""
        return not self.screens or screen in self.screens


COMMANDS = (
    Command("next-case", "next", "Next case", "j,down", "move_case(1)", ("runs",), footer=True),
    Command("previous-case", "previous", "Previous case", "k,up", "move_case(-1)", ("runs",), footer=True),
    Command("next-sample", "sample", "Next sample", "right_square_bracket", "move_sample(1)", ("runs",)),
    Command(
        "previous-sample", "sample", "Previous sample", "left_square_bracket", "move_sample(-1)", ("runs",)
    ),
    Command("pause", "pause", "Pause the run, or go on", "p", "pause", ("runs",), footer=True),
    Command("cancel", "cancel", "Cancel the run; asks once", "X", "cancel", ("runs",), footer=True),
    Command("resume", "resume", "Do what is left of this run", "e", "resume", ("runs",)),
    Command("past-run", "past runs", "Open a past run", "o", "past_run", ("runs",), footer=True),
    Command(
        "duel-these",
        "duel",
        "Judge these answers in pairs",
        "v",
        "app.switch('duel')",
        ("runs", "board"),
        footer=True,
    ),
    Command(
        "vote-left", "left", "The left answer is better", "left,h", "vote('left')", ("duel",), footer=True
    ),
    Command(
        "vote-right",
        "right",
        "The right answer is better",
        "right,l",
        "vote('right')",
        ("duel",),
        footer=True,
    ),
    Command("vote-tie", "tie", "Both are equally good", "equals_sign", "vote('tie')", ("duel",), footer=True),
    Command("vote-bad", "both bad", "Both are bad", "x", "vote('bad')", ("duel",), footer=True),
    Command("vote-skip", "skip", "Skip this pair", "s", "vote('skip')", ("duel",), footer=True),
    Command("undo", "undo", "Take back the last vote", "u", "undo", ("duel",), footer=True),
    Command("note", "note", "Write a note on this vote", "n", "note", ("duel",)),
    Command("inputs", "inputs", "Show the inputs of this case whole", "i", "inputs", ("duel",), footer=True),
    Command("reveal", "reveal", "Show who wrote which; the vote is then not blind", "N", "reveal", ("duel",)),
    Command("group", "by", "Rate by contender, version or model", "b", "group", ("board",), footer=True),
    Command("refresh", "refresh", "Read everything again", "", "refresh_board", ("board",)),
    Command(
        "run",
        "run",
        "Plan a run of this prompt and start it",
        "ctrl+r",
        "app.plan_run",
        footer=True,
        priority=True,
    ),
    Command("save", "save", "Save the prompt", "ctrl+s", "save", ("bench",), footer=True),
    Command("open", "open", "Open another prompt", "ctrl+o", "app.open_prompt", footer=True, priority=True),
    Command("case", "case", "Choose the case to render", "ctrl+t", "choose_case", ("bench",), footer=True),
    Command(
        "models",
        "models",
        "Choose the models to count for",
        "ctrl+l",
        "choose_models",
        ("bench",),
        footer=True,
    ),
    Command("reload", "reload", "Read the prompt from disk again", "", "reload", ("bench",)),
    Command(
        "sidebar", "sidebar", "Show or hide the list of prompts and cases", "f9", "toggle_sidebar", ("bench",)
    ),
    Command(
        "blank-page",
        "blank page",
        "Read the whole context as the model does",
        "ctrl+b,f12",
        "blank_page",
        ("bench",),
    ),
    Command("zoom", "zoom", "Give the focused pane the whole screen, or take it back", "f11,plus", "zoom"),
    Command(
        "bench", "bench", "The bench: prompts, editor, context", "f2", "app.switch('bench')", priority=True
    ),
    Command(
        "runs", "runs", "Runs: answers side by side", "f3", "app.switch('runs')", footer=True, priority=True
    ),
    Command(
        "duel", "duel", "Duel: judge pairs, blind", "f4", "app.switch('duel')", footer=True, priority=True
    ),
    Command(
        "board",
        "board",
        "Board: which contender is ahead",
        "f6",
        "app.switch('board')",
        footer=True,
        priority=True,
    ),
    Command("help", "help", "What the keys do here", "f1,question_mark", "app.help", footer=True),
    Command(
        "palette", "palette", "Find any command by its name", "ctrl+p", "app.command_palette", footer=True
    ),
    Command("quit", "quit", "Leave the workbench", "ctrl+q", "app.leave", priority=True),
)


def commands_on(screen: str) -> tuple[Command, ...]:
    """Return the commands that mean something on a screen."""
    return tuple(command for command in COMMANDS if command.on(screen))


def bindings_for(screen: str, within: str = "") -> list[BindingType]:
    """Return the key bindings of a screen, or of one of its panes, whose actions are the screen's as well."""
    return [
        Binding(
            command.keys,
            action_of(command) if within else command.action,
            command.title,
            show=command.footer,
            key_display=key_name(command.keys.partition(",")[0]),
            priority=command.priority,
            tooltip=command.help,
            id=command.id,
        )
        for command in commands_on(screen)
        if command.keys and command.within == within
    ]


def action_of(command: Command) -> str:
    """Return a command's action as a widget of the screen may name it."""
    return command.action if command.action.startswith("app.") else f"screen.{command.action}"
