"""Two hundred votes by keys in a real terminal, on answers of the real embedded model, and a kill between."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.support.projects import Project
from tests.support.terminal import Terminal

pytestmark = pytest.mark.engine

WORKBENCH = (sys.executable, "-P", "-m", "workbench")

VOTES = 200
BEFORE = 97
"""Votes that were given and seen to be counted when the workbench is killed, with one more key on its way."""

KEYS = ("left", "right", "=", "right", "x", "left", "s")


@pytest.fixture
def environ(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    root = str(Path(__file__).parents[2])
    return {**keep, "HOME": str(home), "PYTHONPATH": root, "JOURNEY": uuid.uuid4().hex}


@pytest.fixture
def project(tmp_path, environ):
    """Three contenders that answered two cases six times each."""
    made = Project(tmp_path / "project")
    made.write(
        ".workbench.yml",
        "models: {smol: local/smollm2-135m}\ndefaults: {models: [smol], params: {max_tokens: 6}}\n",
    )
    made.write("prompts/ode.md", "---\ninputs: {thing: }\n---\nPraise the {{ thing }}.\n")
    made.write("prompts/ode.cases.yml", "- inputs: {thing: sea}\n- inputs: {thing: moon}\n")
    ran = subprocess.run(
        [*WORKBENCH, "run", "ode", "--samples", "6", "--set", "temperature=0.9,1.1,1.3"],
        cwd=made.root,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return made


def at_vote(text: str) -> int | None:
    """Return which vote is to be given next, None while no pair is on screen."""
    found = re.search(r"vote (\d+) +blind", text)
    return int(found[1]) if found else None


def stored(project) -> list[str]:
    database = sqlite3.connect(project.root / ".workbench/runs.db")
    rows = database.execute("SELECT choice FROM votes WHERE judge != 'identical' ORDER BY id").fetchall()
    database.close()
    return [choice for (choice,) in rows]


def vote_until(terminal: Terminal, last: int) -> None:
    """Give one vote after the other until so many were given."""
    number = at_vote(terminal.until(at_vote))
    while number <= last:
        terminal.press(KEYS[number % len(KEYS)])
        number = at_vote(terminal.until(lambda text, wanted=number + 1: at_vote(text) == wanted))


def test_two_hundred_votes_are_given_in_a_session_and_a_kill_loses_none_of_them(project, environ):
    with Terminal(WORKBENCH, project.root, environ, (80, 24)) as terminal:
        terminal.until(lambda text: "Context ─ smol" in text)
        terminal.press("f4")
        vote_until(terminal, BEFORE)
        terminal.press(KEYS[(BEFORE + 1) % len(KEYS)])
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.until_it_ends()
    given = len(stored(project))
    assert given in (BEFORE, BEFORE + 1)
    with Terminal(WORKBENCH, project.root, environ, (80, 24)) as terminal:
        terminal.until(lambda text: "Context ─ smol" in text)
        terminal.press("f4")
        assert at_vote(terminal.until(at_vote)) == given + 1
        vote_until(terminal, VOTES)
        terminal.press("ctrl+q")
        assert terminal.until_it_ends() == 0
    names = {"left": "left", "right": "right", "=": "tie", "x": "bad", "s": "skip"}
    assert stored(project) == [names[KEYS[number % len(KEYS)]] for number in range(1, VOTES + 1)]
