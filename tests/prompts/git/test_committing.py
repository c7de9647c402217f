from __future__ import annotations

import os
import subprocess
import threading
import time

import pytest

from tests.prompts.conftest import run_without_git
from tests.support.projects import diverge
from workbench.errors import CommitError
from workbench.prompts.git import committing
from workbench.prompts.history import FileState, History


def hook(project, name, script):
    project.write(f".git/hooks/{name}", f"#!/bin/sh\n{script}\n").chmod(0o755)


def test_exactly_the_named_files_are_committed_as_they_are_on_disk(project, somebody, history):
    for name in ("changed", "staged", "deleted", "other"):
        project.write(f"prompts/{name}.md", "before")
    first = somebody.commit("made")
    project.write("prompts/staged.md", "as staged")
    project.write("prompts/other.md", "as staged")
    somebody("add", "--all")
    project.write("prompts/staged.md", "as on disk")
    project.write("prompts/changed.md", "after")
    project.write("prompts/new.md", "new")
    project.write("prompts/not mine.md", "new")
    (project.root / "prompts/deleted.md").unlink()
    mine = [f"prompts/{name}.md" for name in ("changed", "staged", "deleted", "new")]
    done = history.commit(mine, "The subject\n\nThe body.")
    assert done.hash == somebody("rev-parse", "HEAD")
    assert somebody("rev-parse", "HEAD~1") == first
    assert somebody("log", "-1", "--format=%B").strip() == "The subject\n\nThe body."
    assert somebody("diff", "--name-only", "HEAD~1", "HEAD").split() == sorted(mine)
    assert history.at_head("prompts/staged.md") == b"as on disk"
    assert history.at_head("prompts/deleted.md") is None
    assert history.states() == {
        "prompts/other.md": FileState.STAGED,
        "prompts/not mine.md": FileState.UNTRACKED,
    }
    assert somebody("show", ":prompts/other.md") == "as staged"


@pytest.mark.parametrize("message", ["-m dash", "# a heading\n\n#1 done", "--amend", "ünï 😀 “x”", "a\r\nb"])
def test_a_message_is_kept_whatever_it_begins_with(project, somebody, history, message):
    somebody("config", "commit.cleanup", "strip")
    somebody("config", "i18n.commitEncoding", "latin1")
    somebody("config", "commit.verbose", "true")
    project.write("prompts/p.md", "x")
    history.commit(["prompts/p.md"], message)
    wanted = "\n".join(line.rstrip() for line in message.split("\n"))
    assert somebody("log", "-1", "--format=%B").strip() == wanted


def test_the_first_commit_of_a_repository_leaves_what_else_is_staged(project, somebody, history):
    project.write("prompts/p.md", "x")
    project.write("staged", "x")
    somebody("add", "staged")
    assert history.commit_problem(["prompts/p.md"]) is None
    done = history.commit(["prompts/p.md"], "first")
    assert somebody("ls-tree", "-r", "--name-only", done.hash) == "prompts/p.md"
    assert history.states()["staged"] is FileState.STAGED


def test_a_staged_rename_is_committed_by_its_two_names(project, somebody, history):
    project.write("prompts/a.md", "x")
    project.write("prompts/a.cases.yml", "[]")
    somebody.commit("made")
    history.move([("prompts/a.md", "prompts/sub/b.md"), ("prompts/a.cases.yml", "prompts/sub/b.cases.yml")])
    assert (project.root / "prompts/sub/b.md").read_text() == "x"
    history.commit(["prompts/a.md", "prompts/sub/b.md"], "renamed")
    renamed = somebody("show", "-M", "--name-status", "--format=", "HEAD")
    assert renamed == "R100\tprompts/a.md\tprompts/sub/b.md"
    assert set(history.states()) == {"prompts/a.cases.yml", "prompts/sub/b.cases.yml"}


def test_where_one_move_is_refused_none_is_made(project, somebody, history):
    project.write("prompts/a.md", "a")
    project.write("prompts/taken.md", "t")
    somebody.commit("made")
    project.write("prompts/a.md", "changed")
    project.write("other", "x")
    somebody("add", "other")
    project.write("prompts/untracked.md", "u")
    (project.root / "prompts/folder.md").mkdir()
    before = history.states()
    for refused, reason in [
        (("prompts/taken.md", "prompts/untracked.md"), "already a file"),
        (("prompts/taken.md", "prompts/folder.md"), "already a file"),
        (("prompts/untracked.md", "prompts/x.md"), "not under version control"),
        (("prompts/none.md", "prompts/y.md"), "bad source"),
    ]:
        with pytest.raises(CommitError, match=reason):
            history.move([("prompts/a.md", "prompts/b.md"), refused])
        assert history.states() == before
        assert (project.root / "prompts/a.md").read_text() == "changed"


def test_a_hook_that_fails_is_told_and_leaves_the_index_as_it_was(project, somebody, history):
    project.write("prompts/p.md", "x")
    first = somebody.commit("made")
    hook(project, "pre-commit", "echo 'error: no tabs'; echo '\033[31mred' >&2; exit 1")
    project.write("prompts/p.md", "y")
    project.write("prompts/new.md", "new")
    project.write("staged", "x")
    somebody("add", "staged")
    before = somebody("ls-files", "--stage"), history.states()
    with pytest.raises(CommitError, match="a hook refused the commit") as caught:
        history.commit(["prompts/p.md", "prompts/new.md"], "subject")
    assert caught.value.output == "error: no tabs\n\033[31mred\n"
    assert (somebody("ls-files", "--stage"), history.states()) == before
    assert somebody("rev-parse", "HEAD") == first


def test_hooks_run_with_a_person_s_environment_and_no_terminal_and_their_words_come_back(
    project, somebody, history, monkeypatch
):
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    hook(
        project,
        "pre-commit",
        "cat; git diff --cached --name-only -- '*.md'; echo literal=$GIT_LITERAL_PATHSPECS lc=$LC_ALL; "
        "(: < /dev/tty) 2>/dev/null && echo has a terminal; exit 0",
    )
    hook(project, "commit-msg", 'echo "Signed-off-by: a hook" >> "$1"')
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    project.write("prompts/p.md", "x")
    done = history.commit(["prompts/p.md"], "subject")
    assert done.output.startswith("prompts/p.md\nliteral= lc=C.UTF-8\n[main (root-commit)")
    assert "Signed-off-by" in somebody("log", "-1", "--format=%B")


def cancelled_once_the_hook_runs(project, cancel):
    """Start a thread that ends once the hook, which writes to this pipe, and all it started have ended."""
    pipe = project.root / "pipe"
    os.mkfifo(pipe)

    def watch():
        with open(pipe) as heard:
            heard.readline()
            cancel.set()
            heard.read()

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    return watching, f"exec 3> {pipe}; echo started >&3; sleep 600 & wait"


def test_what_a_hook_formats_and_adds_again_is_committed_and_leaves_nothing_staged(
    project, somebody, history
):
    project.write("prompts/p.md", "one\n")
    project.write("other.md", "one\n")
    somebody.commit("made")
    project.write("prompts/p.md", "two\n")
    project.write("other.md", "two\n")
    somebody("add", "other.md")
    hook(project, "pre-commit", "echo more >> prompts/p.md; git add prompts/p.md")
    history.commit(["prompts/p.md"], "formatted")
    assert somebody("show", "HEAD:prompts/p.md") == "two\nmore"
    assert somebody("status", "--short") == "M  other.md"


@pytest.mark.parametrize("message", ["a\0b", "\ud800"])
def test_a_message_that_git_cannot_keep_is_refused(project, somebody, history, message):
    project.write("prompts/p.md", "one\n")
    somebody.commit("made")
    project.write("prompts/p.md", "two\n")
    with pytest.raises(CommitError, match="a character that git cannot keep"):
        history.commit(["prompts/p.md"], message)


def test_a_hook_that_hangs_is_ended_with_all_it_started(project, somebody, history):
    project.write("prompts/p.md", "x")
    cancel = threading.Event()
    watching, script = cancelled_once_the_hook_runs(project, cancel)
    hook(project, "pre-commit", script)
    with pytest.raises(CommitError, match="cancelled"):
        history.commit(["prompts/p.md"], "subject", cancel)
    watching.join(30)
    assert not watching.is_alive()
    assert history.head() is None
    assert history.states()["prompts/p.md"] is FileState.UNTRACKED
    assert history.commit_problem() is None


def test_a_hook_that_will_not_be_asked_to_end_is_made_to(project, somebody, history, monkeypatch):
    monkeypatch.setattr(committing, "GRACE", 0.2)
    project.write("prompts/p.md", "x")
    cancel = threading.Event()
    watching, script = cancelled_once_the_hook_runs(project, cancel)
    hook(project, "pre-commit", f"trap '' TERM; {script}")
    with pytest.raises(CommitError, match="cancelled"):
        history.commit(["prompts/p.md"], "subject", cancel)
    watching.join(30)
    assert not watching.is_alive()
    assert history.commit_problem() is None


def test_a_commit_that_was_made_before_its_last_hook_was_cancelled_is_told_as_made(
    project, somebody, history
):
    project.write("prompts/p.md", "x")
    cancel = threading.Event()
    watching, script = cancelled_once_the_hook_runs(project, cancel)
    hook(project, "post-commit", script)
    done = history.commit(["prompts/p.md"], "subject", cancel)
    watching.join(30)
    assert done.hash == somebody("rev-parse", "HEAD")


def test_what_a_hook_leaves_running_is_not_waited_for(project, somebody, history):
    project.write("prompts/p.md", "x")
    hook(project, "post-commit", "sleep 3 & echo kept")
    begun = time.perf_counter()
    assert "kept" in history.commit(["prompts/p.md"], "subject").output
    assert time.perf_counter() - begun < 2.5


def test_nothing_to_commit_is_told(project, somebody, history):
    project.write("prompts/p.md", "x")
    somebody.commit("made")
    for paths, message, reason in [
        (["prompts/p.md"], "subject", "as they were committed last"),
        ([], "subject", "nothing to commit"),
        (["prompts/p.md"], " \n", "needs a message"),
        (["prompts/none.md"], "subject", "did not match any file"),
    ]:
        with pytest.raises(CommitError, match=reason):
            history.commit(paths, message)


def test_a_folder_is_no_file(project, somebody, history):
    project.write("prompts/sub/p.md", "x")
    with pytest.raises(CommitError, match="is a folder") as caught:
        history.commit(["prompts/sub"], "subject")
    assert caught.value.place.path == "prompts/sub"
    assert somebody("ls-files") == ""


def test_an_index_that_git_cannot_read_is_told(project, somebody, history):
    project.write("prompts/p.md", "x")
    project.write(".git/index", "no index at all")
    assert "index file" in history.commit_problem(["prompts/p.md"]).message


def test_an_ignored_file_is_refused_with_the_reason(project, somebody, history):
    project.write(".gitignore", "secret.md\n")
    project.write("prompts/secret.md", "x")
    with pytest.raises(CommitError, match=r"ignored by \.gitignore"):
        history.commit(["prompts/secret.md"], "subject")
    assert somebody("ls-files") == ""


def test_without_an_identity_it_is_said_how_to_tell_git(project, git, history):
    git("config", "user.useConfigOnly", "true")
    project.write("prompts/p.md", "x")
    problem = history.commit_problem(["prompts/p.md"])
    assert problem.message == "git does not know who commits"
    assert "git config --global user.name" in problem.hint
    assert "git config --global user.email" in problem.hint
    with pytest.raises(CommitError, match="does not know who commits"):
        history.commit(["prompts/p.md"], "subject")
    assert git("ls-files") == ""


def begin_conflict(project, git):
    project.write("prompts/q.md", "one\n")
    diverge(project, git, "prompts/p.md")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("merge", "side"), "a merge"),
        (("rebase", "side"), "a rebase"),
        (("rebase", "--apply", "side"), "a rebase"),
        (("cherry-pick", "side"), "a cherry-pick"),
        (("revert", "--no-edit", "HEAD~1"), "a revert"),
    ],
)
def test_while_something_is_in_progress_a_commit_is_refused(project, somebody, history, words, what):
    begin_conflict(project, somebody)
    with pytest.raises(subprocess.CalledProcessError):
        somebody(*words)
    head = somebody("rev-parse", "HEAD")
    project.write("prompts/q.md", "other\n")
    problem = history.commit_problem(["prompts/q.md"])
    assert problem.message.startswith(f"{what} is in progress")
    assert "--abort" in problem.hint
    with pytest.raises(CommitError, match=f"{what} is in progress"):
        history.commit(["prompts/q.md"], "subject")
    assert somebody("rev-parse", "HEAD") == head


def test_a_file_in_conflict_is_refused_and_another_is_not(project, somebody, history):
    begin_conflict(project, somebody)
    project.write("prompts/p.md", "four\n")
    somebody("stash")
    somebody("checkout", "--quiet", "side")
    with pytest.raises(subprocess.CalledProcessError):
        somebody("stash", "pop")
    assert history.states() == {"prompts/p.md": FileState.CONFLICTING}
    assert "conflict" in history.commit_problem(["prompts/p.md"]).message
    assert history.commit_problem(["prompts/q.md"]) is None


def test_a_bisect_and_a_detached_head_are_warned_of_and_allowed(project, somebody, history):
    project.write("prompts/p.md", "x")
    somebody.commit("made")
    assert history.commit_warnings() == []
    somebody("checkout", "--quiet", "--detach")
    somebody("bisect", "start")
    warned = history.commit_warnings()
    assert ["bisect" in warned[0], "no branch" in warned[1]] == [True, True]
    project.write("prompts/p.md", "y")
    assert history.commit_problem(["prompts/p.md"]) is None
    done = history.commit(["prompts/p.md"], "on no branch")
    assert somebody("rev-parse", "HEAD") == done.hash


def test_a_lock_left_behind_is_named_with_the_remedy(project, somebody, history):
    project.write("prompts/p.md", "x")
    somebody.commit("made")
    lock = project.write(".git/index.lock", "")
    problem = history.commit_problem(["prompts/p.md"])
    assert problem.place.path == str(lock)
    assert "delete this file" in problem.hint
    with pytest.raises(CommitError, match="another git process"):
        history.commit(["prompts/p.md"], "subject")
    with pytest.raises(CommitError, match="another git process"):
        history.move([("prompts/p.md", "prompts/q.md")])


def test_a_repository_that_cannot_be_written_is_told(project, somebody, history):
    project.write("prompts/p.md", "x")
    somebody.commit("made")
    project.write("prompts/p.md", "y")
    (project.root / ".git").chmod(0o555)
    if os.access(project.root / ".git", os.W_OK):
        pytest.skip("nothing is read-only to this account")
    try:
        with pytest.raises(CommitError) as caught:
            history.commit(["prompts/p.md"], "subject")
    finally:
        (project.root / ".git").chmod(0o755)
    assert "writable" in caught.value.hint


def test_a_signature_that_cannot_be_made_is_told(project, somebody, history):
    project.write("prompts/p.md", "x")
    somebody("config", "commit.gpgSign", "true")
    somebody("config", "gpg.program", "false")
    with pytest.raises(CommitError, match="could not be signed"):
        history.commit(["prompts/p.md"], "subject")
    assert history.states()["prompts/p.md"] is FileState.UNTRACKED


def test_a_signature_is_made_where_one_is_asked_for(project, somebody, history):
    signing = project.root / "signing"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(signing)], check=True)
    for name, value in [
        ("commit.gpgSign", "true"),
        ("gpg.format", "ssh"),
        ("user.signingKey", str(signing)),
    ]:
        somebody("config", name, value)
    project.write("prompts/p.md", "x")
    history.commit(["prompts/p.md"], "subject")
    assert "BEGIN SSH SIGNATURE" in somebody("cat-file", "commit", "HEAD")


def test_a_worktree_commits_to_its_own_branch(project, somebody, tmp_path):
    project.write("prompts/p.md", "x")
    first = somebody.commit("made")
    somebody("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "other"))
    (tmp_path / "other/prompts/p.md").write_text("y")
    history = History(tmp_path / "other")
    done = history.commit(["prompts/p.md"], "in the worktree")
    assert (somebody("rev-parse", "side"), somebody("rev-parse", "main")) == (done.hash, first)
    assert history.branch() == "side"


def test_a_project_in_a_folder_of_the_repository_commits_its_own_files(project, somebody):
    project.write("apps/bot/prompts/p.md", "x")
    project.write("prompts/p.md", "x")
    history = History(project.root / "apps/bot")
    done = history.commit(["prompts/p.md"], "subject")
    assert somebody("ls-tree", "-r", "--name-only", done.hash) == "apps/bot/prompts/p.md"
    assert history.at_head("prompts/p.md") == b"x"


def test_without_git_nothing_can_be_committed_and_it_is_said_why(project, history):
    assert "not a git repository" in history.commit_problem().message
    assert history.commit_warnings() == []
    for act in (lambda: history.commit(["x"], "s"), lambda: history.move([("a", "b")])):
        with pytest.raises(CommitError, match="not a git repository"):
            act()
    assert history.at_head("x") is None


def test_a_bare_repository_holds_no_project(project, history):
    subprocess.run(["git", "init", "--quiet", "--bare", "."], cwd=project.root, check=True)
    assert history.unavailable == "this git repository has no working tree"
    assert "no working tree" in history.commit_problem().message


def test_git_missing_is_said_before_anything_is_typed(project):
    program = (
        "import sys; from pathlib import Path; from workbench.prompts.history import History\n"
        "history = History(Path(sys.argv[1]))\n"
        "print(history.commit_problem(['x']).message, history.states(), history.log('x'), history.branch())\n"
    )
    done = run_without_git(program, project)
    assert (done.stderr, done.stdout) == (
        "",
        "this needs git, and git cannot be used: it is not found {} [] None\n",
    )
