"""A repository as the git room sees it, and a person who may commit to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.projects import Git, Project
from workbench.prompts.history import History


@pytest.fixture
def history(project: Project) -> Iterator[History]:
    """The history of the project; it leaves no git process behind."""
    made = History(project.root)
    yield made
    made.close()


@pytest.fixture
def somebody(git: Git) -> Git:
    """The repository, with a person who may commit."""
    git("config", "user.name", "Ada")
    git("config", "user.email", "ada@example.org")
    return git


def run_without_git(program: str, project: Project) -> subprocess.CompletedProcess[str]:
    """Run a program of Python, which is given the project's folder, where no git is found."""
    return subprocess.run(
        [sys.executable, "-c", program, str(project.root)],
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
