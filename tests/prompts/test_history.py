from __future__ import annotations

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from tests.prompts.conftest import run_without_git
from workbench.errors import CommitError, RevisionError
from workbench.prompts.history import History, Revision
from workbench.prompts.version import load_version


def test_a_prompt_is_read_as_it_was_at_any_revision(project, git, history):
    project.write("prompts/p.md", "first\r\n")
    first = git.commit("first")
    git("tag", "v1")
    project.write("prompts/p.md", "second")
    second = git.commit("second")
    git("branch", "side")
    project.write("prompts/p.md", "not committed")
    for revision, commit, text in [
        ("HEAD", second, "second"),
        ("HEAD~1", first, "first\n"),
        ("v1", first, "first\n"),
        ("side", second, "second"),
        (first[:8], first, "first\n"),
        ("HEAD@{0}", second, "second"),
    ]:
        found = history.resolve(revision)
        assert (found.typed, found.commit) == (revision, commit)
        assert load_version(history.tree(found), "p").prompt.template == text
    assert history.tree(history.resolve("v1")).read("prompts/p.md") == b"first\r\n"


def test_a_project_in_a_folder_of_the_repository_sees_its_own_files(project, git):
    project.write("prompts/p.md", "of the root")
    project.write("apps/bot/.workbench.yml", "")
    project.write("apps/bot/prompts/p.md", "---\ndocuments: {d: ../docs/d.md}\n---\nof the folder")
    project.write("apps/bot/docs/d.md", "grounding")
    git.commit("all")
    history = History(project.root / "apps/bot")
    tree = history.tree(history.resolve("HEAD"))
    assert load_version(tree, "p").documents == {"d": "grounding"}
    assert list(tree.paths("prompts")) == ["prompts/p.md"]
    history.close()


@pytest.mark.parametrize(
    "revision", ["nowhere", "HEAD~9", "a..b", "--help", "-h", "HEAD:prompts", "\n", "x y", "ffffffff"]
)
def test_an_unknown_revision_is_an_error_that_says_what_to_name(project, git, history, revision):
    git.commit("first")
    with pytest.raises(RevisionError, match="git knows no revision") as caught:
        history.resolve(revision)
    assert "HEAD" in caught.value.hint


def test_a_repository_without_commits_has_no_head(git, history):
    assert history.unavailable is None
    assert history.head() is None
    assert history.branch() == "main"
    with pytest.raises(RevisionError, match="git knows no revision"):
        history.resolve("HEAD")


def test_without_a_repository_everything_says_why(project, history):
    assert history.unavailable == "this project is not a git repository"
    assert (history.head(), history.branch(), history.author()) == (None, None, None)
    assert not history.tracked(".env")
    with pytest.raises(RevisionError, match="“@HEAD” needs git, and this project is not a git repository"):
        history.resolve("HEAD")


def test_without_git_itself_the_reason_is_clear(project):
    program = (
        "import sys; from pathlib import Path; from workbench.errors import RevisionError\n"
        "from workbench.prompts.history import History\n"
        "history = History(Path(sys.argv[1]))\n"
        "print(history.unavailable, history.head())\n"
        "try: history.resolve('HEAD')\n"
        "except RevisionError as error: print(error)\n"
    )
    done = run_without_git(program, project)
    assert done.stderr == ""
    assert done.stdout.startswith("git cannot be used: ")
    assert "needs git" in done.stdout


def test_where_git_refuses_its_reason_is_given_and_nothing_counts_as_untracked(project, git, history):
    (project.root / ".git/config").write_text("[core\nnonsense")
    with pytest.raises(RevisionError, match="git refuses: bad config"):
        history.resolve("HEAD")
    assert history.head() is None
    assert history.tracked(".env")


def test_a_missing_file_a_folder_and_a_link_are_not_files_of_a_revision(project, git, history):
    project.write("prompts/p.md", "x")
    (project.root / "prompts/link.md").symlink_to("/etc/passwd")
    git.commit("all")
    tree = history.tree(history.resolve("HEAD"))
    for path in ("prompts/none.md", "prompts", "prompts/link.md", "prompts/p.md/x"):
        with pytest.raises(FileNotFoundError):
            tree.read(path)
    assert list(tree.paths("nowhere")) == []


def test_many_threads_may_read_one_history(project, git, history):
    texts = {f"prompts/p{number}.md": f"{number}" * 5000 for number in range(20)}
    for path, text in texts.items():
        project.write(path, text)
    git.commit("all")
    head = history.resolve("HEAD")

    def read(path):
        return path, history.tree(head).read(path).decode()

    with ThreadPoolExecutor(8) as threads:
        assert dict(threads.map(read, [*texts] * 5)) == texts


class _Overtaken:
    """A lock; whenever it is let go, another thread does something before its holder goes on."""

    def __init__(self):
        self._lock = threading.RLock()
        self.meanwhile = None

    def __enter__(self):
        self._lock.acquire()

    def __exit__(self, *raised):
        self._lock.release()
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            with ThreadPoolExecutor(1) as other:
                other.submit(meanwhile).result()


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda history: history.tree(Revision("HEAD", "0" * 40)), RevisionError),
        (lambda history: history.move([("a", "b")]), CommitError),
        (lambda history: history.tracked(".env"), False),
        (lambda history: history.remedy, "Run “git init” and commit."),
    ],
)
def test_a_repository_may_be_made_while_another_thread_is_told_that_there_is_none(
    project, monkeypatch, ask, answer
):
    lock = _Overtaken()
    monkeypatch.setattr("workbench.prompts.history.threading", SimpleNamespace(RLock=lambda: lock))
    history = History(project.root)
    assert history.unavailable == "this project is not a git repository"

    def make_one():
        subprocess.run(["git", "init", "--quiet", "."], cwd=project.root, check=True)
        assert history.unavailable is None

    lock.meanwhile = make_one
    if isinstance(answer, type):
        with pytest.raises(answer, match="this project is not a git repository"):
            ask(history)
    else:
        assert ask(history) == answer
    assert history.unavailable is None
    history.close()


def test_tracked_tells_what_git_tracks_whatever_its_name(project, git, history):
    for path in ("a[b]/x", "*", "kept"):
        project.write(path, "x")
    git.commit("all")
    project.write("new", "x")
    assert [history.tracked(path) for path in ("a[b]/x", "*", "kept", "new", "none")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_branch_and_author_are_those_of_the_repository(project, git, history):
    commit = git.commit("first")
    git("config", "user.name", "Grace")
    assert (history.branch(), history.author()) == ("main", "Grace")
    git("checkout", "--quiet", "--detach")
    assert history.branch() == commit[:7]
