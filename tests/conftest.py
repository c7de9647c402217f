"""What the tests of every room may use: a project, a repository, and how hypothesis searches."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

from tests.support.projects import Git, Project

hypothesis.settings.register_profile(
    "workbench", deadline=None, max_examples=100, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("workbench")


@pytest.fixture(autouse=True)
def nobodys_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's git configuration, and what git sets in its hooks, out of every test."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with nothing but its settings file."""
    made = Project(tmp_path / "project")
    made.write(".workbench.yml", "models: {}\n")
    return made


@pytest.fixture
def git(project: Project) -> Git:
    """An empty repository at the project's root."""
    made = Git(project.root)
    made("init", "--quiet", "--initial-branch", "main")
    return made
