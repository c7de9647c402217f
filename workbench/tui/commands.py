"""The registry of commands: one row each, from which bindings, footer, palette and help are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding, BindingType

from workbench.tui.keys import key_name

SCREENS = ("bench", "runs", "duel", "history", "board")
"""The screens, in the order of their function keys."""

PAGES = ("result", "past runs")
"""Pages that lie over the screens and have keys of their own, whatever those mean on the screens."""

ON_PAGES = ("help", "palette")
"""Of the commands that are everywhere, those that a page has as well."""

PANES = ("prompts", "inputs", "context")
"""The panes with keys of their own."""


@dataclass(frozen=True)
class Command:
    """Something a person can do.

    ``keys`` are Textual's names, comma-separated, the first one shown; empty where only the palette offers
    it. ``action`` is the screen's own, or the app's where it begins with ``app.``. ``screens`` is where it
    means something, screens or pages, empty for every screen; ``within`` is the pane whose focus its keys
    need, empty for none. ``title`` names it in few letters, for the line of keys where ``footer`` is set;
    ``help`` says what it is.
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
        """Return whether this command means something on a screen or a page."""
        everywhere = not self.screens and (screen not in PAGES or self.id in ON_PAGES)
        return everywhere or screen in self.screens


COMMANDS = (
    Command(
        "go-back",
        "back",
        "Go back to the run that goes on, or the result asked again",
        "escape",
        "go_back",
        ("runs",),
        footer=True,
    ),
    Command("pause", "pause", "Pause the run, or go on", "p", "pause", ("runs",), footer=True),
    Command("cancel", "cancel", "Cancel the run; asks once", "X", "cancel", ("runs",), footer=True),
    Command("resume", "resume", "Do what is left of this run", "e", "resume", ("runs",), footer=True),
    Command(
        "retry", "retry", "Ask again what failed, and nothing else", "R", "retry", ("runs",), footer=True
    ),
    Command(
        "next-failed",
        "failed",
        "Go to the next answer that failed",
        "exclamation_mark",
        "next_failed",
        ("runs",),
        footer=True,
    ),
    Command(
        "open-result",
        "open",
        "Open this result with its exact context",
        "enter",
        "open_result",
        ("runs",),
        footer=True,
    ),
    Command(
        "diff-answers",
        "diff",
        "Show which words of each answer differ from the first one",
        "d",
        "toggle_diff",
        ("runs",),
        footer=True,
    ),
    Command(
        "search-runs",
        "find",
        "Find a past run or result by its words, prompt, model or label",
        "slash",
        "past_run",
        ("runs",),
        footer=True,
    ),
    Command("next-case", "next", "Next case", "j,down", "move_case(1)", ("runs",), footer=True),
    Command("previous-case", "previous", "Previous case", "k,up", "move_case(-1)", ("runs",), footer=True),
    Command("next-sample", "sample", "Next sample", "right_square_bracket", "move_sample(1)", ("runs",)),
    Command(
        "previous-sample", "sample", "Previous sample", "left_square_bracket", "move_sample(-1)", ("runs",)
    ),
    Command("point-left", "left", "Point at the answer to the left", "left,h", "point(-1)", ("runs",)),
    Command("point-right", "right", "Point at the answer to the right", "right,l", "point(1)", ("runs",)),
    Command(
        "previous-columns",
        "columns",
        "Show the columns before these",
        "less_than_sign",
        "turn_page(-1)",
        ("runs",),
    ),
    Command(
        "next-columns",
        "columns",
        "Show the columns after these",
        "greater_than_sign",
        "turn_page(1)",
        ("runs",),
    ),
    Command(
        "scroll-down",
        "scroll",
        "Scroll all answers down together",
        "ctrl+d",
        "scroll_answers(1)",
        ("runs", "duel"),
    ),
    Command(
        "scroll-up",
        "scroll",
        "Scroll all answers up together",
        "ctrl+u",
        "scroll_answers(-1)",
        ("runs", "duel"),
    ),
    Command(
        "as-written",
        "Markdown",
        "Show answers as written, or as Markdown",
        "M",
        "toggle_plain",
        ("runs", "duel"),
    ),
    Command("past-run", "past runs", "Open a past run", "O", "past_run", ("runs",), footer=True),
    Command("copy-answer", "copy", "Copy this answer as it was written", "y", "copy_answer", ("runs",)),
    Command("keep-case", "keep", "Keep this input as a case", "K", "keep_case", ("runs",)),
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
    Command(
        "diff-sides",
        "diff",
        "Mark the words that only one of the two answers has",
        "d",
        "toggle_diff",
        ("duel",),
        footer=True,
    ),
    Command("inputs", "inputs", "Show the inputs of this case whole", "i", "inputs", ("duel",), footer=True),
    Command("note", "note", "Write a note on this vote", "n", "note", ("duel",), footer=True),
    Command(
        "reveal",
        "reveal",
        "Show who wrote which; the vote is then not blind",
        "N",
        "reveal",
        ("duel",),
        footer=True,
    ),
    Command("all-pairs", "back", "Offer pairs of all versions again", "escape", "all_pairs", ("duel",)),
    Command("next-version", "next", "Next version", "j,down", "move_version(1)", ("history",), footer=True),
    Command(
        "previous-version",
        "previous",
        "Previous version",
        "k,up",
        "move_version(-1)",
        ("history",),
        footer=True,
    ),
    Command(
        "mark",
        "mark",
        "Mark a version, two at most, to compare, run or judge",
        "space",
        "mark",
        ("history",),
        footer=True,
    ),
    Command(
        "diff-kind",
        "diff",
        "Show the difference as text, side by side, or rendered",
        "d",
        "cycle_diff",
        ("history",),
        footer=True,
    ),
    Command(
        "run-versions",
        "run these",
        "Run this version, or both marked ones, on all cases",
        "r",
        "run_versions",
        ("history",),
        footer=True,
    ),
    Command(
        "duel-versions",
        "duel",
        "Judge the two marked versions in pairs",
        "v",
        "duel_versions",
        ("history",),
        footer=True,
    ),
    Command(
        "restore-version",
        "restore",
        "Put this version back into the working tree",
        "o",
        "restore_version",
        ("history",),
        footer=True,
    ),
    Command("undo-restore", "undo", "Take back the last restoration", "u", "undo_restore", ("history",)),
    Command(
        "copy-version",
        "copy",
        "Copy what names this version: PROMPT@HASH",
        "y",
        "copy_version",
        ("history",),
    ),
    Command(
        "open-version",
        "open",
        "Read the whole context of this version",
        "enter",
        "open_version",
        ("history",),
        footer=True,
    ),
    Command(
        "refresh-history",
        "refresh",
        "Read everything again, as F5 does here",
        "",
        "refresh_history",
        ("history",),
    ),
    Command("group", "by", "Rate by contender, version or model", "b", "group", ("board",), footer=True),
    Command(
        "open-votes",
        "open",
        "Open the votes and answers behind this row",
        "enter",
        "open_votes",
        ("board",),
        footer=True,
    ),
    Command(
        "find-votes",
        "find",
        "Count only the votes of a case, a judge or a time, or the blind ones",
        "slash",
        "filter",
        ("board",),
        footer=True,
    ),
    Command(
        "plots",
        "plot",
        "Plot quality against cost and time, or the ratings",
        "P",
        "cycle_plots",
        ("board",),
        footer=True,
    ),
    Command(
        "head-to-head",
        "matrix",
        "See who won against whom",
        "H",
        "head_to_head",
        ("board",),
        footer=True,
    ),
    Command(
        "over-commits",
        "commits",
        "See how the win rate moved along the commits",
        "C",
        "over_commits",
        ("board",),
        footer=True,
    ),
    Command(
        "judges",
        "judges",
        "See how far the judges agree, and what may sway them",
        "J",
        "judges",
        ("board",),
        footer=True,
    ),
    Command("refresh", "refresh", "Read everything again", "", "refresh_board", ("board",)),
    Command(
        "open-here", "open", "Open the prompt or partial", "enter", "open_here", ("bench",), within="prompts"
    ),
    Command(
        "new-prompt", "new", "Make a new prompt or partial", "a", "new_prompt", ("bench",), within="prompts"
    ),
    Command("duplicate", "copy", "Copy it with its cases", "c", "duplicate", ("bench",), within="prompts"),
    Command("rename", "move", "Rename it with its cases", "m", "rename", ("bench",), within="prompts"),
    Command("delete", "delete", "Delete it", "delete,D", "delete", ("bench",), within="prompts"),
    Command(
        "undo-arranging",
        "undo",
        "Take back the last copy, move or delete",
        "u",
        "undo_arranging",
        ("bench",),
        within="prompts",
    ),
    Command("edit-outside", "editor", "Edit it in $EDITOR", "E", "edit_here", ("bench",), within="prompts"),
    Command(
        "find",
        "find",
        "Find a prompt by name, description or text",
        "slash",
        "find",
        ("bench",),
        within="prompts",
    ),
    Command(
        "commit-deleted",
        "commit deleted",
        "Commit that a prompt was deleted",
        "",
        "commit_deleted",
        ("bench",),
    ),
    Command("commit-here", "commit", "Commit it", "g", "commit_here", ("bench",), within="prompts"),
    Command("result-view", "view", "Next view", "tab", "turn(1)", ("result",), footer=True),
    Command(
        "result-good", "good", "Mark it good, or no longer", "g", "mark('good')", ("result",), footer=True
    ),
    Command("result-bad", "bad", "Mark it bad, or no longer", "b", "mark('bad')", ("result",), footer=True),
    Command("result-note", "note", "Write a note on it", "n", "note", ("result",), footer=True),
    Command(
        "result-again",
        "again",
        "Ask the same again; a price is told first",
        "r",
        "again",
        ("result",),
        footer=True,
    ),
    Command("close-result", "close", "Close the page", "escape,q", "close", ("result",), footer=True),
    Command("next-result", "next", "Next result", "right", "other(1)", ("result",), footer=True),
    Command(
        "copy-result",
        "copy",
        "Copy the answer, or what was asked in several forms",
        "y",
        "copy",
        ("result",),
        footer=True,
    ),
    Command("keep-input", "keep", "Keep its input as a case", "K", "keep", ("result",), footer=True),
    Command("result-answer", "answer", "The answer", "a", "view('answer')", ("result",), footer=True),
    Command(
        "result-context",
        "context",
        "The exact context; again, and back to the answer",
        "c",
        "view('context')",
        ("result",),
        footer=True,
    ),
    Command(
        "result-facts",
        "facts",
        "All that is known; again, and back to the answer",
        "f",
        "view('facts')",
        ("result",),
        footer=True,
    ),
    Command(
        "whole-view",
        "whole",
        "Give the view the whole screen, or take it back",
        "plus,f11",
        "whole",
        ("result",),
        footer=True,
    ),
    Command("previous-result", "previous", "Previous result", "left", "other(-1)", ("result",)),
    Command("previous-view", "view", "Previous view", "shift+tab", "turn(-1)", ("result",)),
    Command(
        "list-results",
        "results",
        "List results in place of runs, or runs again",
        "tab",
        "other",
        ("past runs",),
        priority=True,
    ),
    Command("next-found", "next", "Next in the list", "down", "move(1)", ("past runs",), priority=True),
    Command(
        "previous-found", "previous", "Previous in the list", "up", "move(-1)", ("past runs",), priority=True
    ),
    Command(
        "ten-down", "down", "Ten down in the list", "pagedown", "move(10)", ("past runs",), priority=True
    ),
    Command("ten-up", "up", "Ten up in the list", "pageup", "move(-10)", ("past runs",), priority=True),
    Command("close-past-runs", "close", "Close the page", "escape", "dismiss(None)", ("past runs",)),
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
    Command(
        "open",
        "open",
        "Open a prompt or partial by name, description or text",
        "ctrl+o",
        "app.open_prompt",
        footer=True,
        priority=True,
    ),
    Command("commit", "commit", "Commit this prompt", "ctrl+g", "commit", ("bench",), footer=True),
    Command("try-inputs", "inputs", "Try other inputs", "f7", "toggle_inputs", ("bench",), priority=True),
    Command("find-text", "find text", "Find and replace in the text", "ctrl+f", "find_text", ("bench",)),
    Command(
        "complete", "complete", "Offer what fits where the cursor is (^Space)", "", "complete", ("bench",)
    ),
    Command(
        "next-problem", "problem", "Go to the next thing that is wrong", "f8", "next_problem", ("bench",)
    ),
    Command(
        "follow",
        "follow",
        "Open the partial, document or examples that the cursor is on",
        "ctrl+right_square_bracket",
        "follow",
        ("bench",),
    ),
    Command("back", "back", "Go back to where that was", "alt+left,ctrl+underscore", "back", ("bench",)),
    Command("outside", "editor", "Edit the file on screen in $EDITOR", "f10", "edit_outside", ("bench",)),
    Command(
        "save-as-case",
        "new case",
        "Save the inputs as a new case",
        "ctrl+n",
        "save_as_case",
        ("bench",),
        within="inputs",
    ),
    Command(
        "reset-inputs",
        "reset",
        "The case's own inputs again",
        "alt+r",
        "reset_inputs",
        ("bench",),
        priority=True,  # a field takes a letter with Alt for the letter, unless this comes first
        within="inputs",
    ),
    Command(
        "open-written",
        "open",
        "Open the file where the segment was written",
        "enter",
        "open_written",
        ("bench",),
        within="context",
    ),
    Command(
        "segments",
        "tree",
        "See what each segment costs, as a tree",
        "t",
        "segments",
        ("bench",),
        within="context",
    ),
    Command(
        "findings",
        "findings",
        "List what was found in the context",
        "f",
        "findings",
        ("bench",),
        within="context",
    ),
    Command(
        "copy-as",
        "copy",
        "Copy the context as text, JSON messages, curl or Python",
        "y",
        "copy_as",
        ("bench",),
        within="context",
    ),
    Command(
        "open-source",
        "from",
        "Open where its value comes from: the case, document or example",
        "w",
        "open_source",
        ("bench",),
        within="context",
    ),
    Command(
        "next-change",
        "change",
        "Go to the next passage that changed",
        "right_curly_bracket",
        "next_change(1)",
        ("bench",),
        within="context",
    ),
    Command(
        "previous-change",
        "change",
        "Go to the previous passage that changed",
        "left_curly_bracket",
        "next_change(-1)",
        ("bench",),
        within="context",
    ),
    Command(
        "choose-base",
        "since",
        "Mark what changed since HEAD, the last save or any revision",
        "S",
        "choose_base",
        ("bench",),
        within="context",
    ),
    Command("restore", "restore", "Restore what a save replaced", "", "restore_backup", ("bench",)),
    Command("import", "import", "Import cases from CSV or JSON", "", "import_cases", ("bench",)),
    Command("undo-case", "undo", "Take back the last case that was saved", "", "undo_case", ("bench",)),
    Command(
        "case",
        "case",
        "Choose the case to render",
        "ctrl+t",
        "choose_case",
        ("bench", "history"),
        footer=True,
    ),
    Command(
        "models",
        "models",
        "See the context for each model side by side, and choose",
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
        "history",
        "history",
        "History: the versions of a prompt, their scores and differences",
        "f5",
        "app.switch('history')",
        footer=True,
        priority=True,
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
    Command(
        "review",
        "review",
        "Review single answers, one after another: good or bad",
        "L",
        "app.review",
    ),
    Command("help", "help", "What the keys do here", "f1,question_mark", "app.help", footer=True),
    Command(
        "palette", "palette", "Find any command by its name", "ctrl+p", "app.command_palette", footer=True
    ),
    Command("quit", "quit", "Leave the workbench", "ctrl+q", "app.leave", priority=True),
)


def commands_on(screen: str, commands: Iterable[Command] = COMMANDS) -> tuple[Command, ...]:
    """Return the commands that mean something on a screen."""
    return tuple(command for command in commands if command.on(screen))


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
