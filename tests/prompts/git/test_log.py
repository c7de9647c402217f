from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime

import pytest

from tests.support.projects import diverge
from workbench.prompts.history import History

LONG = "".join(f"This is line {number} of a prompt.\n" for number in range(20))


def subjects(commits):
    return [commit.subject for commit in commits]


def rename(project, git):
    """Commit a prompt as a.md and then its move to b.md; returns both hashes."""
    project.write("prompts/a.md", LONG)
    made = git.commit("made")
    git("mv", "prompts/a.md", "prompts/b.md")
    return made, git.commit("renamed")


def test_a_commit_tells_author_time_subject_and_where_the_file_lay(project, git, history):
    project.write("prompts/p.md", "x")
    hashed = git.commit("First line\n\nAnd more\nof it")
    [commit] = history.log("prompts/p.md")
    assert (commit.hash, commit.author, commit.subject, commit.path) == (
        hashed,
        "Ada",
        "First line",
        "prompts/p.md",
    )
    seconds = int(git("log", "-1", "--format=%at"))
    assert datetime.fromisoformat(commit.date) == datetime.fromtimestamp(seconds, UTC)
    assert commit.date.endswith("Z")


def test_only_the_commits_of_the_prompt_are_listed_newest_first(project, git, history):
    for number in range(4):
        project.write(f"prompts/{'even' if number % 2 == 0 else 'odd'}.md", f"{number}")
        git.commit(f"number {number}")
    assert subjects(history.log("prompts/even.md")) == ["number 2", "number 0"]
    assert subjects(history.log("prompts/even.md", limit=1)) == ["number 2"]
    assert history.log("prompts/none.md") == []


def test_a_commit_of_a_file_beside_the_prompt_is_among_its_commits_once(project, git, history):
    project.write("prompts/p.md", "x")
    git.commit("the prompt")
    project.write("prompts/_tone.md", "x")
    git.commit("the partial")
    project.write("docs/d.md", "x")
    project.write("prompts/p.md", "y")
    git.commit("both")
    project.write("prompts/other.md", "x")
    git.commit("another prompt")
    beside = ["prompts/_tone.md", "docs/d.md", "prompts/p.md"]
    assert subjects(history.log("prompts/p.md", beside)) == ["both", "the partial", "the prompt"]


def test_renames_are_followed_and_each_commit_tells_the_name_of_then(project, git, history):
    rename(project, git)
    project.write("prompts/_tone.md", "x")
    git.commit("the partial")
    (project.root / "prompts/support").mkdir()
    git("mv", "prompts/b.md", "prompts/support/c.md")
    project.write("prompts/support/c.md", LONG + "more\n")
    git.commit("moved and changed")
    project.write("prompts/support/c.md", "wholly new\n")
    git.commit("rewritten")
    found = history.log("prompts/support/c.md", ["prompts/_tone.md"])
    assert [(commit.subject, commit.path) for commit in found] == [
        ("rewritten", "prompts/support/c.md"),
        ("moved and changed", "prompts/support/c.md"),
        ("the partial", "prompts/b.md"),
        ("renamed", "prompts/b.md"),
        ("made", "prompts/a.md"),
    ]
    assert history.log("prompts/support/c.md", ["prompts/_tone.md"], 3) == found[:3]
    assert subjects(history.log("prompts/support/c.md")) == [
        "rewritten",
        "moved and changed",
        "renamed",
        "made",
    ]


def test_what_another_prompt_did_under_an_old_name_is_left_out(project, git, history):
    project.write("prompts/b.md", "an earlier prompt of the newer name, quite unlike the other\n")
    git.commit("other life before")
    git("rm", "--quiet", "prompts/b.md")
    git.commit("other life ends")
    rename(project, git)
    project.write("prompts/a.md", "someone else took the name\n")
    git.commit("other life after")
    project.write("prompts/a.md", "and changed it\n")
    git.commit("other change after")
    assert subjects(history.log("prompts/b.md")) == ["renamed", "made"]
    assert "made" not in subjects(history.log("prompts/a.md"))[:2]


def test_the_life_of_a_copy_begins_where_it_was_made(project, git, history):
    project.write("prompts/a.md", LONG)
    git.commit("made")
    project.write("prompts/copy.md", LONG)
    git.commit("duplicated")
    assert subjects(history.log("prompts/copy.md")) == ["duplicated"]
    git("mv", "prompts/copy.md", "prompts/moved.md")
    git.commit("moved")
    assert subjects(history.log("prompts/moved.md")) == ["moved", "duplicated"]


def test_a_rename_that_is_only_staged_is_followed_too(project, git, history):
    project.write("prompts/a.md", LONG)
    first = git.commit("made")
    git("mv", "prompts/a.md", "prompts/b.md")
    project.write("docs/d.md", "x")
    git("add", "docs/d.md")
    assert [(commit.subject, commit.path) for commit in history.log("prompts/b.md")] == [
        ("made", "prompts/a.md")
    ]
    assert history.path_at("prompts/b.md", history.resolve(first)) == "prompts/a.md"
    assert history.staged_renames() == {"prompts/b.md": "prompts/a.md"}


def test_a_merge_is_listed_where_it_made_a_text_of_its_own(project, git, history):
    made, side, main = (LONG.replace("line 3 ", f"line {three} ") for three in ("3", "three", "trois"))
    diverge(project, git, "prompts/p.md", made, side, main)
    with pytest.raises(subprocess.CalledProcessError):
        git("merge", "--quiet", "side")
    project.write("prompts/p.md", LONG.replace("line 3 ", "line 3! "))
    git.commit("merged")
    git("mv", "prompts/p.md", "prompts/q.md")
    git.commit("renamed")
    listed = subjects(history.log("prompts/q.md"))
    assert listed[:2] == ["renamed", "merged"]
    assert sorted(listed[2:]) == ["made", "main", "side"]


def test_a_file_is_found_under_the_name_it_had_at_a_revision(project, git, history):
    first, second = rename(project, git)
    assert history.path_at("prompts/b.md", history.resolve(second)) == "prompts/b.md"
    assert history.path_at("prompts/b.md", history.resolve(first)) == "prompts/a.md"
    assert history.path_at("prompts/none.md", history.resolve(first)) is None


def test_the_names_of_a_project_in_a_folder_are_seen_from_there(project, git):
    project.write("elsewhere/a.md", LONG)
    first = git.commit("made outside")
    (project.root / "apps/bot/prompts").mkdir(parents=True)
    git("mv", "elsewhere/a.md", "apps/bot/prompts/b.md")
    git.commit("moved in")
    history = History(project.root / "apps/bot")
    found = history.log("prompts/b.md")
    assert [(commit.subject, commit.path) for commit in found] == [
        ("moved in", "prompts/b.md"),
        ("made outside", "../../elsewhere/a.md"),
    ]
    assert history.tree(history.resolve(first)).read(found[1].path) == LONG.encode()
    history.close()


def test_a_repository_without_commits_and_a_folder_without_git_have_no_commits(project, history):
    assert history.log("prompts/p.md", ["prompts/_x.md"]) == []
    subprocess.run(["git", "init", "--quiet", "."], cwd=project.root, check=True)
    fresh = History(project.root)
    assert fresh.log("prompts/p.md", ["prompts/_x.md"]) == []
    assert fresh.staged_renames() == {} == history.staged_renames()


def test_what_a_person_configures_changes_nothing_that_is_listed(project, git, history):
    project.write("prompts/ä “b”.md", LONG)
    git.commit("made ü")
    git("mv", "prompts/ä “b”.md", "prompts/ö.md")
    git.commit("renamed")
    plain = history.log("prompts/ö.md", ["prompts/_x.md"])
    for name, value in [
        ("color.ui", "always"),
        ("log.follow", "true"),
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
        ("log.date", "relative"),
        ("log.decorate", "full"),
        ("format.pretty", "fuller"),
        ("diff.renames", "false"),
        ("diff.renameLimit", "1"),
        ("diff.noprefix", "true"),
        ("diff.external", "false"),
        ("core.quotePath", "true"),
        ("i18n.logOutputEncoding", "latin1"),
        ("core.pager", "false"),
    ]:
        git("config", name, value)
    assert history.log("prompts/ö.md", ["prompts/_x.md"]) == plain
    assert [commit.path for commit in plain] == ["prompts/ö.md", "prompts/ä “b”.md"]


def test_names_and_subjects_that_are_not_utf_8_are_shown_as_well_as_can_be(project, git, history):
    project.write("prompts/p.md", "x")
    git("add", "--all")
    environment = {**os.environb, b"GIT_AUTHOR_NAME": b"J\xfcrgen", b"GIT_AUTHOR_EMAIL": b"j@example.org"}
    environment |= {b"GIT_COMMITTER_NAME": b"J\xfcrgen", b"GIT_COMMITTER_EMAIL": b"j@example.org"}
    words = ["git", "-c", "i18n.commitEncoding=latin1", "commit", "--quiet", "--file=-"]
    subprocess.run(words, cwd=project.root, env=environment, input=b"gr\xfc\xdfe", check=True)
    [declared] = history.log("prompts/p.md")
    assert (declared.author, declared.subject) == ("Jürgen", "grüße")
    project.write("prompts/p.md", "y")
    git("add", "--all")
    words = ["git", "commit", "--quiet", "--file=-"]
    subprocess.run(words, cwd=project.root, env=environment, input=b"\x1b[31mgr\xfcn", check=True, stderr=-3)
    undeclared = history.log("prompts/p.md")[0]
    assert undeclared.subject.startswith("\x1b[31mgr")
    assert undeclared.subject.endswith("n")


def test_a_time_that_no_calendar_holds_is_told_as_git_tells_it(project, git, history):
    project.write("prompts/p.md", "x")
    git("add", "--all")
    tree = git("write-tree")
    raw = f"tree {tree}\nauthor A <a@b> 99999999999999999 +0000\ncommitter A <a@b> 1 +0000\n\nodd\n"
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=project.root,
        input=raw.encode(),
        capture_output=True,
        check=True,
    )
    git("reset", "--quiet", "--soft", made.stdout.decode().strip())
    [commit] = history.log("prompts/p.md")
    assert (commit.subject, commit.date[:4]) == ("odd", "1970")


def test_a_change_beside_a_rename_that_a_merge_brought_in_is_listed(project, git, history):
    project.write("prompts/a.md", LONG)
    git.commit("made")
    git("checkout", "--quiet", "-b", "side")
    git("mv", "prompts/a.md", "prompts/b.md")
    git.commit("renamed")
    git("checkout", "--quiet", "main")
    project.write("prompts/a.md", LONG.replace("line 1 ", "row 1 "))
    git.commit("edited meanwhile")
    git("merge", "--quiet", "side", "--message", "merged")
    project.write("prompts/a.md", "Another prompt altogether.\n")
    git.commit("another prompt of the old name")
    found = {commit.subject: commit.path for commit in history.log("prompts/b.md")}
    assert found == {
        "merged": "prompts/b.md",
        "edited meanwhile": "prompts/a.md",
        "renamed": "prompts/b.md",
        "made": "prompts/a.md",
    }


def test_a_prompt_of_a_name_that_another_had_before_has_no_part_in_the_other_s_past(project, git, history):
    rename(project, git)
    project.write("prompts/a.md", "Another prompt altogether.\n")
    git.commit("another of the old name")
    assert subjects(history.log("prompts/a.md")) == ["another of the old name"]
    assert subjects(history.log("prompts/b.md")) == ["renamed", "made"]


def test_a_prompt_that_was_deleted_and_made_anew_has_one_past(project, git, history):
    for subject, content in (("made", LONG), ("deleted", None), ("made anew", "x")):
        if content is None:
            (project.root / "prompts/a.md").unlink()
        else:
            project.write("prompts/a.md", content)
        git.commit(subject)
    assert subjects(history.log("prompts/a.md")) == ["made anew", "deleted", "made"]
