"""The person's own editor: which one, at which line, and what is said where it cannot be used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.app import App

from workbench.errors import EditorError
from workbench.tui.outside import Outside, command_for, in_terminal

FILE = Path("/project/prompts/-odd name.md")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("vi", ["vi", "+7", FILE]),
        ("/usr/bin/nvim -u NONE", ["/usr/bin/nvim", "-u", "NONE", "+7", FILE]),
        ("nano", ["nano", "+7", FILE]),
        ("emacs -nw", ["emacs", "-nw", "+7", FILE]),
        ("kak", ["kak", "+7", FILE]),
        ("hx", ["hx", f"{FILE}:7"]),
        ("code", ["code", "--wait", "--goto", f"{FILE}:7"]),
        ("code --wait", ["code", "--wait", "--goto", f"{FILE}:7"]),
        ("cursor -n", ["cursor", "-n", "--wait", "--goto", f"{FILE}:7"]),
        ("subl", ["subl", "--wait", f"{FILE}:7"]),
        ("zed", ["zed", "--wait", f"{FILE}:7"]),
        ("gvim", ["gvim", "-f", "+7", FILE]),
        ("notepad.exe", ["notepad.exe", FILE]),
        ("my-editor --quiet", ["my-editor", "--quiet", FILE]),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way_and_waits(words: str, command: list):
    assert command_for(words.split(), FILE, 7) == [str(word) for word in command]


class Launched:
    """Stands for the terminal: keeps what was to be run, and ends it with a code."""

    def __init__(self, code: int = 0) -> None:
        self.commands: list[list[str]] = []
        self._code = code

    async def __call__(self, app: App[None], command: Sequence[str]) -> int:
        self.commands.append(list(command))
        return self._code


def programs(folder: Path, *names: str) -> str:
    """Make programs that could be run; returns the folder as a search path."""
    for name in names:
        (folder / name).write_text("", encoding="utf-8")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("variables", "program"),
    [
        ({"VISUAL": "nano", "EDITOR": "hx"}, "nano"),
        ({"VISUAL": "  ", "EDITOR": "hx"}, "hx"),
        ({"EDITOR": "'my editor' -x"}, "my editor"),
        ({}, "notepad" if os.name == "nt" else "vi"),
    ],
)
async def test_visual_comes_before_editor_and_both_before_the_plain_one(
    tmp_path: Path, variables: dict, program: str
):
    search = programs(tmp_path, "nano", "hx", "my editor", "vi", "notepad")
    launched = Launched()
    await Outside({**variables, "PATH": search}, launched).edit(App(), FILE, 7)
    assert [command[0] for command in launched.commands] == [program]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no-such-editor", "“no-such-editor”, which EDITOR names, is not there"),
        ("{folder}/notes.txt", "notes.txt”, which EDITOR names, is not a program that can be run"),
        ("nano 'unclosed", "EDITOR cannot be read: No closing quotation"),
        ("no\x1b[31m", "no␛[31m"),
    ],
)
async def test_an_editor_that_cannot_be_run_is_told_and_nothing_is_launched(
    tmp_path: Path, value: str, says: str
):
    (tmp_path / "notes.txt").write_text("no program", encoding="utf-8")
    launched = Launched()
    environ = {"EDITOR": value.format(folder=tmp_path), "PATH": programs(tmp_path, "nano")}
    with pytest.raises(EditorError) as told:
        await Outside(environ, launched).edit(App(), FILE)
    assert says in str(told.value) and told.value.hint
    assert launched.commands == []


@pytest.mark.parametrize(
    ("code", "says"), [(3, "ended with exit code 3"), (-9, "was ended by SIGKILL"), (-99, "by signal 99")]
)
async def test_how_an_editor_ended_badly_is_told(tmp_path: Path, code: int, says: str):
    environ = {"EDITOR": "nano", "PATH": programs(tmp_path, "nano")}
    with pytest.raises(EditorError, match=says):
        await Outside(environ, Launched(code)).edit(App(), FILE)


async def test_where_there_is_no_terminal_to_hand_over_that_is_told():
    app: App[None] = App()
    async with app.run_test():
        with pytest.raises(EditorError, match="cannot be handed"):
            await in_terminal(app, ["true"])
