"""A cloned project is not trusted, and what git holds may be damaged: clear errors, and no harm."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import zlib

import pytest

from workbench.errors import CommitError, PromptError, RevisionError
from workbench.prompts.history import FileState, History
from workbench.prompts.version import load_version

NAMES = [
    "prompts/a \"quoted\" 'name'.md",
    "prompts/two\nlines.md",
    "prompts/-rf.md",
    "prompts/--output=x.md",
    "prompts/:(top)magic.md",
    "prompts/[ab]*?.md",
    "prompts/tab\there\\n.md",
    "prompts/\x01R100.md",
    "prompts/ä 😀.md",
    "-dash/prompt.md",
    ":!x/prompt.md",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name_is_told_committed_listed_moved_and_read(project, somebody, history, name):
    project.write("prompts/ab.md", "a name that a pattern would match")
    first = somebody.commit("made")
    project.write("prompts/ab.md", "changed")
    project.write(name, "content")
    assert history.states() == {"prompts/ab.md": FileState.MODIFIED, name: FileState.UNTRACKED}
    done = history.commit([name], "added")
    assert somebody("diff-tree", "-z", "-r", "--name-only", first, done.hash) == f"{name}\0"
    assert history.tracked(name)
    assert [commit.path for commit in history.log(name, ["prompts/ab.md"])] == [name, name]
    tree = history.tree(history.resolve("HEAD"))
    assert tree.read(name) == b"content"
    assert name in tree.paths(name.split("/")[0])
    history.move([(name, f"{name}.moved")])
    assert history.staged_renames() == {f"{name}.moved": name}
    history.commit([name, f"{name}.moved"], "moved")
    assert [commit.path for commit in history.log(f"{name}.moved")] == [f"{name}.moved", name]
    assert history.states() == {"prompts/ab.md": FileState.MODIFIED}


def test_a_link_out_of_the_project_is_followed_neither_at_a_revision_nor_by_a_commit(
    project, somebody, history, tmp_path
):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("secret")
    project.write("prompts/p.md", "x")
    (project.root / "prompts/link.md").symlink_to(outside / "secret.md")
    (project.root / "prompts/folder").symlink_to(outside)
    somebody.commit("all")
    tree = history.tree(history.resolve("HEAD"))
    for path in ("prompts/link.md", "prompts/folder/secret.md", "prompts/../../outside/secret.md"):
        with pytest.raises(FileNotFoundError):
            tree.read(path)
    assert list(tree.paths("prompts")) == ["prompts/p.md"]
    (outside / "secret.md").write_text("changed")
    with pytest.raises(CommitError, match="beyond a symbolic link"):
        history.commit(["prompts/folder/secret.md"], "subject")
    assert history.states() == {}


def test_keys_and_what_is_local_are_no_part_of_a_version(project, git, history):
    project.write("prompts/p.md", "---\ndocuments: {keys: ../.env}\n---\nx")
    project.write(".env", "KEY=planted")
    git.commit("all")
    with pytest.raises(PromptError, match="keys and what is local"):
        load_version(history.tree(history.resolve("HEAD")), "p")


def store_loose(project, kind, content_chunks, size):
    """Write an object of any size without holding it; returns its hash."""
    digest, packed = hashlib.sha1(usedforsecurity=False), zlib.compressobj(1)
    written = []
    for chunk in (f"{kind} {size}\0".encode(), *content_chunks):
        digest.update(chunk)
        written.append(packed.compress(chunk))
    written.append(packed.flush())
    name = digest.hexdigest()
    project.write(f".git/objects/{name[:2]}/{name[2:]}", b"".join(written))
    return name


def test_a_file_of_200_megabytes_is_refused_unread(project, git, history):
    million = b"\0" * 1_000_000
    huge = store_loose(project, "blob", (million for _ in range(200)), 200_000_000)
    project.write("prompts/p.md", "x")
    git("add", "--all")
    git("update-index", "--add", "--cacheinfo", f"100644,{huge},prompts/huge.md")
    git("commit", "--quiet", "--message", "huge")
    tree = history.tree(history.resolve("HEAD"))
    before = peak_kilobytes()
    with pytest.raises(PromptError, match="is too large: 200,000,000 bytes") as caught:
        tree.read("prompts/huge.md")
    assert caught.value.place.path == "prompts/huge.md"
    assert peak_kilobytes() - before < 50_000
    assert tree.read("prompts/p.md") == b"x"
    assert len(history.log("prompts/huge.md")) == 1


def peak_kilobytes():
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_a_tree_that_holds_billions_of_files_in_a_few_objects_is_refused(project, git, history):
    project.write("0", "x")
    git("add", "0")
    inner = git("write-tree")
    for _ in range(12):
        lines = "".join(f"040000 tree {inner}\t{number}\n" for number in range(10))
        made = subprocess.run(
            ["git", "mktree"], cwd=project.root, input=lines, capture_output=True, text=True, check=True
        )
        inner = made.stdout.strip()
    outer = subprocess.run(
        ["git", "mktree"],
        cwd=project.root,
        input=f"040000 tree {inner}\tprompts\n",
        capture_output=True,
        text=True,
        check=True,
    )
    commit = git("commit-tree", outer.stdout.strip(), "-m", "bomb")
    tree = history.tree(history.resolve(commit))
    with pytest.raises(PromptError, match="more than 100,000 files"):
        tree.paths("prompts")
    with pytest.raises(PromptError, match="more than 100,000 files"):
        load_version(tree, "p")


def test_a_filter_that_a_clone_names_and_nobody_configured_does_nothing(project, somebody, history):
    project.write(".gitattributes", "*.md filter=evil diff=evil\n")
    project.write("prompts/p.md", "x")
    somebody.commit("made")
    project.write("prompts/p.md", "y")
    assert history.states() == {"prompts/p.md": FileState.MODIFIED}
    history.commit(["prompts/p.md"], "subject")
    assert history.at_head("prompts/p.md") == b"y"


def test_a_filter_that_fails_is_told_and_nothing_is_committed(project, somebody, history):
    project.write(".gitattributes", "*.md filter=broken\n")
    project.write("prompts/p.md", "x")
    first = somebody.commit("made")
    somebody("config", "filter.broken.clean", "echo no; exit 3")
    somebody("config", "filter.broken.required", "true")
    project.write("prompts/p.md", "y")
    project.write("prompts/new.md", "y")
    with pytest.raises(CommitError, match="clean filter 'broken' failed"):
        history.commit(["prompts/p.md", "prompts/new.md"], "subject")
    assert somebody("rev-parse", "HEAD") == first
    assert "prompts/new.md" not in somebody("ls-files")
    assert history.at_head("prompts/p.md") == b"x"


def test_merely_reading_runs_nothing_that_a_repository_configures(project, git, history):
    ran = project.root.parent / "ran"
    touch = f"touch {ran}; cat"
    project.write(".gitattributes", "*.md diff=evil\n")
    project.write("prompts/a.md", "a text of its own\n" * 9)
    git.commit("made")
    git("mv", "prompts/a.md", "prompts/p.md")
    git.commit("renamed")
    for name in ("core.fsmonitor", "diff.external", "diff.evil.command", "diff.evil.textconv"):
        git("config", name, touch)
    for name in ("core.pager", "pager.log", "gpg.program", "core.sshCommand", "core.editor", "pager.status"):
        git("config", name, touch)
    git("config", "log.showSignature", "true")
    project.write(".git/hooks/post-index-change", f"#!/bin/sh\n{touch}\n").chmod(0o755)
    project.write("prompts/p.md", "changed")
    assert history.states() == {"prompts/p.md": FileState.MODIFIED}
    assert len(history.log("prompts/p.md", ["docs/d.md"])) == 2
    assert history.path_at("prompts/p.md", history.resolve("HEAD~1")) == "prompts/a.md"
    assert history.at_head("prompts/p.md")
    assert history.branch() == "main"
    assert not ran.exists()


def test_a_bare_repository_inside_a_clone_is_not_believed(project, git):
    ran = project.root.parent / "ran"
    git("init", "--quiet", "--bare", "prompts-of/evil")
    evil = project.root / "prompts-of/evil"
    for name, value in (("core.fsmonitor", f"touch {ran}"), ("core.bare", "false"), ("core.worktree", "..")):
        subprocess.run(["git", "config", "--file", str(evil / "config"), name, value], check=True)
    project.write("prompts-of/evil/.workbench.yml", "")
    project.write("prompts-of/evil/prompts/p.md", "x")
    history = History(evil)
    assert history.unavailable is not None
    assert history.states() == {}
    assert not ran.exists()


def test_git_is_asked_about_this_repository_whatever_the_environment_says(
    project, git, history, monkeypatch, tmp_path
):
    project.write("prompts/p.md", "x")
    hashed = git.commit("made")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_ICASE_PATHSPECS", "1")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("GIT_TRACE", "1")
    assert history.resolve("HEAD").commit == hashed
    assert history.at_head("prompts/p.md") == b"x"
    assert history.states() == {}
    assert [commit.hash for commit in history.log("prompts/p.md", ["x"])] == [hashed]


def test_a_repository_of_another_account_is_refused_with_the_remedy(project, git, history, monkeypatch):
    project.write(".env", "KEY=x")
    git.commit("made")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert history.unavailable == "git refuses this repository, because its folder belongs to another account"
    with pytest.raises(RevisionError, match="belongs to another account") as caught:
        history.resolve("HEAD")
    remedy = f"git config --global --add safe.directory {project.root}"
    assert remedy in caught.value.hint
    assert remedy in history.commit_problem().hint
    assert history.tracked(".env")
    assert history.states() == {}


def test_missing_objects_are_told_with_the_remedy(project, git, history):
    project.write("prompts/p.md", "x")
    first = git.commit("made")
    project.write("prompts/p.md", "y")
    git.commit("changed")
    blob = git("rev-parse", f"{first}:prompts/p.md")
    tree = git("rev-parse", f"{first}^{{tree}}")
    for name in (blob, tree):
        (project.root / f".git/objects/{name[:2]}/{name[2:]}").unlink()
    with pytest.raises(RevisionError, match="git cannot read all of this repository") as caught:
        history.tree(history.resolve(first)).read("prompts/p.md")
    assert "git fsck" in caught.value.hint
    with pytest.raises(RevisionError, match="git cannot read all of this repository"):
        history.log("prompts/p.md")
    assert history.at_head("prompts/p.md") == b"y"


def test_a_missing_commit_is_told_with_the_remedy(project, git, history):
    project.write("prompts/p.md", "x")
    first = git.commit("made")
    project.write("prompts/p.md", "y")
    git.commit("changed")
    (project.root / f".git/objects/{first[:2]}/{first[2:]}").unlink()
    with pytest.raises(RevisionError, match="git cannot read all of this repository") as caught:
        history.log("prompts/p.md")
    assert "git fsck" in caught.value.hint


def test_a_damaged_object_is_told_and_others_are_still_read(project, git, history):
    project.write("prompts/p.md", "x" * 100)
    project.write("prompts/q.md", "y")
    git.commit("made")
    blob = git("rev-parse", "HEAD:prompts/p.md")
    damaged = project.root / f".git/objects/{blob[:2]}/{blob[2:]}"
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:15])
    for _ in range(2):
        with pytest.raises(RevisionError, match="cannot read all of this repository"):
            history.at_head("prompts/p.md")
        assert history.at_head("prompts/q.md") == b"y"


def test_a_shallow_clone_lists_and_reads_what_it_has(project, git, tmp_path):
    for number in range(3):
        project.write("prompts/p.md", f"{number}")
        git.commit(f"number {number}")
    clone = tmp_path / "clone"
    git("clone", "--quiet", "--depth", "2", f"file://{project.root}", str(clone))
    history = History(clone)
    assert [commit.subject for commit in history.log("prompts/p.md", ["x"])] == ["number 2", "number 1"]
    with pytest.raises(RevisionError, match="git knows no revision"):
        history.resolve("HEAD~2")


def test_a_partial_clone_fetches_nothing_unasked(project, git, tmp_path):
    for number in range(2):
        project.write("prompts/p.md", f"{number}")
        git.commit(f"number {number}")
    git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git("clone", "--quiet", "--filter=blob:none", f"file://{project.root}", str(clone))
    history = History(clone)
    with pytest.raises(RevisionError, match="cannot read all of this repository") as caught:
        history.tree(history.resolve("HEAD~1")).read("prompts/p.md")
    assert "git fetch --refetch" in caught.value.hint
    assert history.at_head("prompts/p.md") == b"1"
    assert len(history.log("prompts/p.md", ["x"])) == 2


def test_a_replaced_history_is_listed_as_git_lists_it(project, git, history):
    for number in range(3):
        project.write("prompts/p.md", f"{number}")
        git.commit(f"number {number}")
    git("replace", "--graft", "HEAD", "HEAD~2")
    assert [commit.subject for commit in history.log("prompts/p.md")] == ["number 2", "number 0"]


def test_a_repository_of_longer_hashes_is_read_and_committed_to(project, history):
    subprocess.run(["git", "init", "--quiet", "--object-format=sha256", "."], cwd=project.root, check=True)
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.org")):
        subprocess.run(["git", "config", name, value], cwd=project.root, check=True)
    project.write("prompts/a/p.md", "x")
    done = history.commit(["prompts/a/p.md"], "made")
    assert len(done.hash) == 64
    assert history.at_head("prompts/a/p.md") == b"x"
    assert [commit.hash for commit in history.log("prompts/a/p.md")] == [done.hash]
    assert list(history.tree(history.resolve("HEAD")).paths("prompts")) == ["prompts/a/p.md"]


def test_a_submodule_is_neither_entered_nor_committed(project, somebody, history, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(project.root, other)
    (other / "shared.md").write_text("x")
    inner = {"cwd": other, "check": True}
    subprocess.run(["git", "add", "--all"], **inner)
    subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x"], **inner)
    project.write("prompts/p.md", "x")
    somebody("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "prompts/shared")
    somebody.commit("made")
    tree = history.tree(history.resolve("HEAD"))
    assert list(tree.paths("prompts")) == ["prompts/p.md"]
    with pytest.raises(FileNotFoundError):
        tree.read("prompts/shared/shared.md")
    project.write("prompts/shared/shared.md", "changed")
    assert history.states() == {}
    with pytest.raises(CommitError, match="submodule"):
        history.commit(["prompts/shared/shared.md"], "subject")
    inside = History(project.root / "prompts/shared")
    assert inside.git_folder == project.root / ".git/modules/prompts/shared"
    assert inside.states() == {"shared.md": FileState.MODIFIED}
    subprocess.run(["git", "config", "user.name", "Ada"], cwd=project.root / "prompts/shared", check=True)
    subprocess.run(["git", "config", "user.email", "a@b"], cwd=project.root / "prompts/shared", check=True)
    inside.commit(["shared.md"], "in the submodule")
    assert inside.at_head("shared.md") == b"changed"


def test_a_project_in_a_folder_whose_name_is_odd_works(tmp_path, project, git):
    git("config", "user.name", "Ada")
    git("config", "user.email", "a@b")
    project.write("-odd\nfolder/*/prompts/p.md", "x")
    history = History(project.root / "-odd\nfolder/*")
    assert history.states() == {"prompts/p.md": FileState.UNTRACKED}
    history.commit(["prompts/p.md"], "made")
    assert history.at_head("prompts/p.md") == b"x"
    assert len(history.log("prompts/p.md")) == 1


def test_names_that_are_not_utf_8_are_carried_through(project, somebody, history):
    somebody.commit("made")
    (project.root / "prompts").mkdir()
    name = os.fsdecode(b"prompts/\xff.md")
    (project.root / name).write_text("x")
    assert history.states() == {name: FileState.UNTRACKED}
    history.commit([name], "made")
    assert history.at_head(name) == b"x"
    assert [commit.path for commit in history.log(name)] == [name]


def test_many_threads_may_ask_at_once(project, git, history):
    project.write("prompts/p.md", "x")
    git.commit("made")
    failed = []

    def ask():
        try:
            for _ in range(5):
                assert history.at_head("prompts/p.md") == b"x"
                assert history.states() == {}
                assert len(history.log("prompts/p.md")) == 1
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_thread_that_asks_a_closed_history_is_refused_and_starts_no_process(project, git, history):
    project.write("prompts/p.md", "x")
    git.commit("made")
    assert history.at_head("prompts/p.md") == b"x"
    history.close()
    with pytest.raises(RevisionError, match="not read any more"):
        history.at_head("prompts/p.md")


def test_a_history_nobody_closes_leaves_no_process(project, git):
    project.write("prompts/p.md", "x")
    git.commit("made")
    program = (
        "import sys, warnings; warnings.simplefilter('error'); from pathlib import Path\n"
        "from workbench.prompts.history import History\n"
        "history = History(Path(sys.argv[1])); print(history.at_head('prompts/p.md'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program, str(project.root)], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("b'x'\n", "")
