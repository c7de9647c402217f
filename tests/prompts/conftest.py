"""A repository as the git room sees it, and a person who may commit to it."""

from __future__ import annotations

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
