"""Writing in a real terminal: what is typed survives a crash, other writers, and the person's own editor."""

import os
import signal
import sys
import uuid
from pathlib import Path

import pytest

from tests.support.projects import Git, Project
from tests.support.terminal import Terminal

WORKBENCH = (sys.executable, "-P", "-m", "workbench")

EDITOR = """\
#!{python}
import os, signal, sys, termios, tty
path = sys.argv[-1]
text = open(path).read()
open(path, "w").write(text.replace("You sort", "You file"))
tty.setraw(0)
sys.stdout.write("\\x1b[?1049h\\x1b[?1000h\\x1b[?25l")
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def project(tmp_path):
    """A prompt that is committed, and a model that is never asked."""
    made = Project(tmp_path / "project")
    made.write(
        ".workbench.yml",
        "models: {lab: {model: openai/x, api_base: http://127.0.0.1:9/v1}}\ndefaults: {models: [lab]}\n",
    )
    made.write("prompts/triage.md", "system:\nYou sort tickets.\n\nuser:\nThe app crashes.\n")
    git = Git(made.root)
    git("init", "--quiet")
    git.commit("A prompt")
    return made


@pytest.fixture
def environ(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **keep,
        "HOME": str(home),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "JOURNEY": uuid.uuid4().hex,
    }


def drafts(project) -> list[Path]:
    return list((project.root / ".workbench/drafts").rglob("*.json"))


def test_what_was_typed_survives_a_kill_and_is_offered_at_the_next_start(project, environ):
    with Terminal(WORKBENCH, project.root, environ) as terminal:
        terminal.until(lambda text: "Context ─ lab" in text)
        terminal.press("K", "i", "n", "d", " ")
        terminal.until(lambda text: "Kind system:" in text and drafts(project))
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.until_it_ends()
    assert (project.root / "prompts/triage.md").read_text().startswith("system:")
    with Terminal(WORKBENCH, project.root, environ) as terminal:
        terminal.until(
            lambda text: "was not saved when the workbench ended" in text and "Kind system:" in text
        )
        terminal.press("\r")
        terminal.until(lambda text: "prompts/triage.md ●" in text)
        terminal.press("\x13")
        terminal.until(lambda text: "Saved prompts/triage.md" in text)
        terminal.press("\x11")
        assert terminal.until_it_ends() == 0
    assert (project.root / "prompts/triage.md").read_text().startswith("Kind system:")
    assert not drafts(project)


def test_a_living_workbench_keeps_its_unsaved_text_to_itself(project, environ):
    with Terminal(WORKBENCH, project.root, environ) as first:
        first.until(lambda text: "Context ─ lab" in text)
        first.press("K")
        first.until(lambda _: drafts(project))
        with Terminal(WORKBENCH, project.root, environ) as second:
            second.until(lambda text: "Context ─ lab" in text)
            second.press("Z", "\x13")
            second.until(lambda text: "Saved prompts/triage.md" in text)
            assert "was not saved" not in second.text
            second.press("\x11")
            second.until_it_ends()
        first.until(lambda text: "changed on disk, and has unsaved edits" in text and "Zsystem:" in text)
        os.kill(first.pid, signal.SIGKILL)
        first.until_it_ends()


def test_an_editor_that_is_killed_and_leaves_the_terminal_in_a_mess_changes_nothing_but_the_file(
    project, environ, tmp_path
):
    editor = tmp_path / "editor"
    editor.write_text(EDITOR.format(python=sys.executable))
    editor.chmod(0o755)
    with Terminal(WORKBENCH, project.root, {**environ, "EDITOR": str(editor)}) as terminal:
        terminal.until(lambda text: "Context ─ lab" in text)
        terminal.press("\x1b[21~")  # F10
        terminal.until(lambda text: "SIGKILL" in text)
        terminal.until(lambda text: "You file tickets." in text)
        terminal.press("a")
        terminal.until(lambda text: "asystem:" in text)
        terminal.press("\x1a")  # undo
        terminal.until(lambda text: "asystem:" not in text)
        terminal.press("\x11")
        assert terminal.until_it_ends() == 0
        assert terminal.settings == terminal.settings_at_start
