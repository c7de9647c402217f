"""The person's own editor in a real terminal: whatever it does, the program draws and takes keys after it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.terminal import Terminal

BEGINNING = """\
#!{python}
import os, signal, sys, termios, time, tty
words, path = sys.argv[1:-1], sys.argv[-1]
with open("/dev/tty", "r+b", buffering=0) as screen:
    screen.write(b"\\x1b[2J\\x1b[HI am the editor")
def edit(text):
    with open(path, "a") as file:
        file.write(text)
def wait_for_key():
    with open("/dev/tty", "rb", buffering=0) as keys:
        while keys.read(1) != b"\\n":
            pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "file.md").write_text("first line\n", encoding="utf-8")
    return tmp_path


def editor(folder: Path, script: str, name: str = "ed-scripted") -> str:
    """Write an editor, which is a script that knows ``edit``, ``wait_for_key`` and its ``words``."""
    program = folder / name
    program.write_text(BEGINNING.format(python=sys.executable) + dedent(script), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def opened(folder: Path, command: str) -> Terminal:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "EDITOR": command,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "LANG": "C.UTF-8",
    }
    words = (sys.executable, "-P", "-m", "tests.support.outside_app", str(folder / "file.md"))
    return Terminal(words, folder, environ, (90, 24))


def goes_on(terminal: Terminal, edits: int = 1) -> str:
    """Assert that the program draws and takes keys; returns the screen."""
    keys = int(terminal.until(lambda text: f"edits {edits}" in text).split()[1])
    terminal.press("k")
    text = terminal.until(lambda text: f"keys {keys + 1}" in text)
    assert "I am the editor" not in text
    return text


def ends_well(terminal: Terminal) -> None:
    """Assert that the program ends when asked, and leaves the terminal as it found it."""
    terminal.press("q")
    assert terminal.until_it_ends() == 0
    assert terminal.settings == terminal.settings_at_start


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param("edit('more\\n')", "all well", id="edits"),
        pytest.param("edit('more\\n'); os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL", id="is killed"),
        pytest.param("edit('more\\n'); sys.exit(3)", "exit code 3", id="fails"),
        pytest.param(
            """
            os.kill(os.getpid(), signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGTSTP)
            edit('more\\n')
            """,
            "all well",
            id="stops itself",
        ),
        pytest.param(
            """
            edit('more\\n')
            tty.setraw(0)
            termios.tcflow(0, termios.TCOOFF)
            os.set_blocking(0, False)
            os.set_blocking(1, False)
            """,
            "all well",
            id="leaves the terminal raw, held and non-blocking",
        ),
        pytest.param(
            """
            edit('more\\n')
            tty.setraw(0)
            os.write(1, b"\\x1b[?1049h\\x1b[?1002h\\x1b[?1006h\\x1b[?2004h\\x1b[>15u")
            os.write(1, b"\\x1b[?1h\\x1b[5;9r\\x1b[?25l")
            os.kill(os.getpid(), signal.SIGKILL)
            """,
            "SIGKILL",
            id="is killed with mouse, paste marks, margins and other screen on",
        ),
        pytest.param(
            """
            edit('more\\n')
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(5)
            """,
            "all well",
            id="leaves a child behind",
        ),
    ],
)
def test_the_program_goes_on_whatever_the_editor_does(folder: Path, script: str, says: str):
    with opened(folder, editor(folder, script)) as terminal:
        terminal.until(lambda text: "first line" in text)
        for edits in (1, 2):
            terminal.press("e")
            text = goes_on(terminal, edits)
            assert text.count("more") == edits and says in text
            assert not {1, 1002} & terminal.modes, "keys and mouse are reported as the program wants them"
        ends_well(terminal)


def test_an_editor_that_is_missing_is_named_and_nothing_is_touched(folder: Path):
    with opened(folder, "no-such-editor --fast") as terminal:
        terminal.until(lambda text: "first line" in text)
        terminal.press("e")
        text = goes_on(terminal)
        assert "no-such-editor" in text and "is not there" in text and "export EDITOR" in text
        terminal.press("q")
        assert terminal.until_it_ends() == 0


def test_keys_go_to_the_editor_and_interrupting_and_stopping_it_spare_the_program(folder: Path):
    script = """
    signal.signal(signal.SIGINT, lambda *_: edit('interrupted\\n'))
    with open("/dev/tty", "r+b", buffering=0) as screen:
        screen.write(b"\\r\\nready")
    wait_for_key()
    edit('typed\\n')
    """
    with opened(folder, editor(folder, script)) as terminal:
        terminal.until(lambda text: "first line" in text)
        terminal.press("e")
        terminal.until(lambda text: "I am the editor" in text and "ready" in text)
        terminal.press("\x03", "\x1a", "k", "enter")
        text = goes_on(terminal)
        assert "keys 1" in text, "no key of the editor's reached the program"
        assert "interrupted" in text and "typed" in text and "all well" in text


def test_what_goes_on_behind_the_screen_goes_on_while_the_editor_is_open(folder: Path):
    script = """
    with open("/dev/tty", "r+b", buffering=0) as screen:
        screen.write(b"\\r\\nready")
    time.sleep(1)
    """
    with opened(folder, editor(folder, script)) as terminal:
        terminal.until(lambda text: "first line" in text)
        terminal.press("e")
        terminal.until(lambda text: "ready" in text)
        assert "ticked meanwhile: True" in goes_on(terminal)


def test_the_editor_gets_the_line_and_the_terminal_as_the_shell_had_it(folder: Path):
    script = """
    local = termios.tcgetattr(0)[3]
    cooked = bool(local & termios.ICANON and local & termios.ECHO and local & termios.ISIG)
    front = os.tcgetpgrp(0) == os.getpgrp()
    edit(f'{words} cooked {cooked} front {front}\\n')
    """
    with opened(folder, editor(folder, script, "nano")) as terminal:
        terminal.until(lambda text: "first line" in text)
        terminal.press("e")
        assert "['+3'] cooked True front True" in goes_on(terminal)


def test_a_real_vi_opens_at_the_line_and_saves(folder: Path):
    if not Path("/usr/bin/vi").exists():
        pytest.skip("there is no vi here")
    (folder / "file.md").write_text("one\ntwo\nthree\n", encoding="utf-8")
    with opened(folder, "/usr/bin/vi") as terminal:
        terminal.until(lambda text: "three" in text)
        terminal.press("e")
        terminal.until(lambda text: "keys 0" not in text and "three" in text)
        terminal.press("A here", "escape", ":wq\r")
        assert "three here" in goes_on(terminal)
