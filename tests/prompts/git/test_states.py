from __future__ import annotations

import subprocess
import time

import pytest

from tests.support.projects import diverge
from workbench.prompts.history import FileState, History


def test_each_file_that_differs_has_the_state_of_most_urgency(project, git, history):
    for name in ("same", "modified", "staged", "both", "deleted", "removed", "renamed"):
        project.write(f"prompts/{name}.md", f"text of {name}\n" * 5)
    project.write(".gitignore", "ignored.md\n")
    git.commit("all")
    for name in ("modified", "staged", "both", "new", "added"):
        project.write(f"prompts/{name}.md", "other")
    git("add", "prompts/staged.md", "prompts/both.md", "prompts/added.md")
    project.write("prompts/both.md", "and again")
    project.write("prompts/ignored.md", "x")
    (project.root / "prompts/deleted.md").unlink()
    git("rm", "--quiet", "prompts/removed.md")
    git("mv", "prompts/renamed.md", "prompts/named anew.md")
    assert history.states() == {
        "prompts/modified.md": FileState.MODIFIED,
        "prompts/deleted.md": FileState.MODIFIED,
        "prompts/staged.md": FileState.STAGED,
        "prompts/both.md": FileState.MODIFIED,
        "prompts/added.md": FileState.STAGED,
        "prompts/removed.md": FileState.STAGED,
        "prompts/renamed.md": FileState.STAGED,
        "prompts/named anew.md": FileState.STAGED,
        "prompts/new.md": FileState.UNTRACKED,
    }


def test_a_conflict_is_told(project, git, history):
    diverge(project, git, "prompts/p.md")
    with pytest.raises(subprocess.CalledProcessError):
        git("merge", "--quiet", "side")
    assert history.states() == {"prompts/p.md": FileState.CONFLICTING}


def test_only_the_files_of_the_project_are_told_by_their_path_in_it(project, git):
    project.write("apps/bot/prompts/p.md", "x")
    project.write("outside.md", "x")
    history = History(project.root / "apps/bot")
    assert history.states() == {"prompts/p.md": FileState.UNTRACKED}
    git.commit("all")
    assert history.states() == {}


def test_looking_writes_nothing_and_asks_nothing_of_what_is_configured(project, git, history):
    project.write("prompts/p.md", "x")
    git.commit("made")
    project.write("prompts/p.md", "x")  # the index now tells an older time of it
    hook = project.write(".git/hooks/post-index-change", f"#!/bin/sh\ntouch {project.root}/ran\n")
    hook.chmod(0o755)
    for name, value in [
        ("core.fsmonitor", f"touch {project.root}/ran; false"),
        ("status.showStash", "true"),
        ("status.branch", "true"),
        ("status.short", "true"),
        ("status.relativePaths", "true"),
        ("status.showUntrackedFiles", "no"),
        ("color.status", "always"),
    ]:
        git("config", name, value)
    index = (project.root / ".git/index").read_bytes()
    project.write("prompts/new.md", "x")
    assert history.states() == {"prompts/new.md": FileState.UNTRACKED}
    assert (project.root / ".git/index").read_bytes() == index
    assert not (project.root / "ran").exists()


def test_without_git_nothing_has_a_state(history):
    assert history.states() == {}
    assert history.git_folder is None


def test_the_folder_of_git_is_that_of_this_worktree(project, git, history, tmp_path):
    git.commit("made")
    assert history.git_folder == project.root / ".git"
    git("worktree", "add", "--quiet", str(tmp_path / "other"))
    assert History(tmp_path / "other").git_folder == project.root / ".git/worktrees/other"


def test_a_thousand_prompts_are_told_quickly(project, git, history):
    for number in range(1000):
        project.write(f"prompts/p{number}.md", f"{number}")
    git.commit("all")
    project.write("prompts/p7.md", "other")
    begun = time.perf_counter()
    assert history.states() == {"prompts/p7.md": FileState.MODIFIED}
    assert time.perf_counter() - begun < 1
