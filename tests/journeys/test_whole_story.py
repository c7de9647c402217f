"""The whole story in a real terminal, on the real embedded model."""

import os
import re
import signal
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import Git
from tests.support.terminal import Terminal
from workbench.project.scaffold import make_project

pytestmark = pytest.mark.engine

WORKBENCH = (sys.executable, "-P", "-m", "workbench")


@pytest.fixture
def project(tmp_path):
    """What `workbench init` writes, committed."""
    folder = tmp_path / "project"
    make_project(folder)
    git = Git(folder)
    git("init", "--quiet")
    git.commit("Two prompts")
    return folder


@pytest.fixture
def environ(tmp_path):
    """An environment of its own, with a mark by which every process of the journey can be found again."""
    home = tmp_path / "home"
    home.mkdir()
    root = str(Path(__file__).parents[2])
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {**keep, "HOME": str(home), "PYTHONPATH": root, "JOURNEY": uuid.uuid4().hex}


def marked(environ) -> list[int]:
    """Return the processes that carry this journey's mark."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if environ["JOURNEY"].encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except (OSError, PermissionError):
                continue  # it ended while we looked, or is not ours
    return found


def all_gone(environ, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while marked(environ):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def tokens(text: str) -> int | None:
    """Return the exact count of the context's title, or None while there is none."""
    found = re.search(r"Context ─ smol ─ ([\d,]+) =", text)
    return int(found[1].replace(",", "")) if found else None


def cursor(text: str) -> str | None:
    """Return line and column of the editor's cursor, as its pane shows them."""
    found = re.search(r"─ (\d+:\d+) ─", text)
    return found[1] if found else None


def pair_or_none(number: int) -> Callable[[str], bool]:
    """Return a condition: the pair for this vote is on screen, or it is said that none is left."""
    return lambda text: (
        f"vote {number} " in text
        and bool(re.search(r"case (garden|talk):", text) or "F6 shows the board" in text)
    )


def test_from_a_changed_word_to_a_verdict(project, environ):
    prompt = project / "prompts" / "notes" / "title.md"
    before = prompt.read_text()
    with Terminal(WORKBENCH, project, environ, (120, 32)) as terminal:
        first = terminal.until(
            lambda text: "notes/title" in text and "case 1/2 garden" in text and tokens(text)
        )
        was = tokens(first)

        at = cursor(first)
        while at != "9:1":  # the first line of the system message; long lines above it are wrapped
            terminal.press("down")
            at = cursor(terminal.until(lambda text, before=at: cursor(text) not in (before, None)))
        terminal.press("Be a poet. ")
        changed = terminal.until(
            lambda text: "T   Be a poet. You give" in text and tokens(text) not in (was, None)
        )
        assert "●" in changed
        assert tokens(changed) > was

        terminal.press("ctrl+s")
        terminal.until(lambda text: "Saved" in text and "●" not in text)
        assert prompt.read_text() == before.replace("You give", "Be a poet. You give")

        terminal.press("ctrl+r")
        terminal.until(lambda text: "Run notes/title" in text and "2 calls" in text)
        terminal.press("down", " ")
        terminal.until(lambda text: "2 contenders · 4 calls" in text)
        terminal.press("enter")
        run = terminal.until(lambda text: "4 of 4" in text and "done" in text, 120)
        titles = run.splitlines()[1]
        assert titles.count("· smol") == 2, "both contenders have a column"

        terminal.press("f4")
        given = 0
        while "F6 shows the board" not in terminal.until(pair_or_none(given + 1)):
            terminal.press("left")
            given += 1
        assert given, "the two versions answered every case alike"
        terminal.press("f6")
        board = terminal.until(lambda text: "95 % interval" in text and f"{given} vote" in text)
        rated = [line for line in board.splitlines() if "├" in line and "· smol" in line]
        assert len(rated) == 2, "both contenders are on the board"

        terminal.press("ctrl+q")
        assert terminal.until_it_ends() == 0
    assert all_gone(environ, 5), "a child process is left"

    with sqlite3.connect(project / ".workbench" / "runs.db") as database:
        statuses = [row[0] for row in database.execute("select status from results")]
        votes = database.execute("select count(*) from votes where judge != 'identical'").fetchone()[0]
    database.close()
    assert len(statuses) == 4 and set(statuses) <= {"ok", "cut"}
    assert votes == given


def test_a_workbench_that_is_killed_leaves_no_process(project, environ):
    with Terminal(WORKBENCH, project, environ) as terminal:
        terminal.until(tokens)
        assert len(marked(environ)) >= 3, "the workbench, its engine and its rendering process"
        os.kill(terminal.pid, signal.SIGKILL)
        assert terminal.until_it_ends() == -signal.SIGKILL
    assert all_gone(environ, 10)
