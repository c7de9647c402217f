"""What a project holds and how it stands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests.support.projects import Git, Project, diverge
from workbench.bench.shelving import (
    Shelving,
    State,
    is_partial,
    owner_of,
    prompts_first,
    states_of,
    urgent,
    with_broken,
)
from workbench.prompts.git.repository import finished
from workbench.prompts.history import History
from workbench.prompts.library import Library, WorkingTree


def shelving(project: Project) -> Shelving:
    return Shelving(Library(project.root), History(project.root))


ITEMS = ("prompts/a.md", "prompts/a.cases.md", "prompts/x/b.md", "prompts/_tone.md")


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("prompts/a.md", "prompts/a.md"),
        ("prompts/a.cases.yml", "prompts/a.md"),
        ("prompts/a.examples.yml", "prompts/a.md"),
        ("prompts/a.cases.cases.yml", "prompts/a.cases.md"),
        ("prompts/x/b.cases.csv", "prompts/x/b.md"),
        ("prompts/_tone.md", "prompts/_tone.md"),
        ("prompts/c.cases.yml", None),
        ("prompts/a.notes.txt", None),
        ("prompts/a.cases.d/x.yml", None),
        ("docs/a.md", None),
    ],
)
def test_a_file_is_of_the_prompt_whose_name_it_carries(path: str, owner: str | None):
    assert owner_of(path, ITEMS) == owner


@given(st.lists(st.sampled_from(State), min_size=1))
def test_the_most_urgent_state_is_the_first_that_is_there(states: list[State]):
    assert urgent(states) == next(state for state in State if state in states)


def test_a_prompt_stands_as_the_most_urgent_of_its_own_files():
    files = {
        "prompts/a.md": State.STAGED,
        "prompts/a.cases.yml": State.MODIFIED,
        "prompts/_tone.md": State.UNTRACKED,
        "docs/x.md": State.CONFLICTING,
        "prompts/gone.md": State.UNTRACKED,
    }
    assert with_broken(states_of(ITEMS, files), ["prompts/_tone.md"]) == {
        "prompts/a.md": State.MODIFIED,
        "prompts/_tone.md": State.BROKEN,
    }


def test_each_state_has_a_letter_of_its_own():
    assert len({state.letter for state in State}) == len(State)


def test_prompts_and_partials_are_items_and_their_cases_are_not(project: Project):
    for path in ("b.md", "b.cases.yml", "_tone.md", "_shared/x.txt", "f/a.md", "f/notes.txt", "f/_p/q.md"):
        project.write(f"prompts/{path}", "x")
    assert sorted(shelving(project).items()) == [
        "prompts/_shared/x.txt",
        "prompts/_tone.md",
        "prompts/b.md",
        "prompts/f/_p/q.md",
        "prompts/f/a.md",
    ]
    assert is_partial("prompts/f/_p/") and not is_partial("prompts/f_/a.md")


def test_git_says_how_prompts_stand(project: Project, git: Git):
    for name in ("same", "modified", "staged", "cases"):
        project.write(f"prompts/{name}.md", "hello\n")
    git.commit("first")
    project.write("prompts/modified.md", "changed\n")
    project.write("prompts/staged.md", "changed\n")
    git("add", "prompts/staged.md")
    project.write("prompts/cases.cases.yml", "- {inputs: {}}\n")
    project.write("prompts/new.md", "hello\n")
    shelf = shelving(project)
    assert with_broken(shelf.states(shelf.items()), ["prompts/same.md"]) == {
        "prompts/modified.md": State.MODIFIED,
        "prompts/staged.md": State.STAGED,
        "prompts/cases.md": State.UNTRACKED,
        "prompts/new.md": State.UNTRACKED,
        "prompts/same.md": State.BROKEN,
    }


def test_a_conflict_is_the_most_urgent(project: Project, git: Git):
    path = "prompts/a.md"
    diverge(project, git, path)
    with pytest.raises(Exception, match="merge"):
        git("merge", "side")
    assert with_broken(shelving(project).states([path]), [path]) == {path: State.CONFLICTING}


def test_what_was_deleted_is_told_and_a_staged_rename_is_none(project: Project, git: Git):
    for name in ("a", "gone", "_tone", "kept"):
        project.write(f"prompts/{name}.md", f"hello from {name}\n" * 9)
    project.write("prompts/gone.cases.yml", "- {inputs: {}}\n")
    git.commit("first")
    git("mv", "prompts/a.md", "prompts/b.md")
    for path in ("gone.md", "gone.cases.yml", "_tone.md"):
        (project.root / "prompts" / path).unlink()
    assert shelving(project).deleted() == ["prompts/_tone.md", "prompts/gone.md"]


def test_git_is_asked_equally_often_however_many_prompts_changed(project: Project, git: Git, monkeypatch):
    asked: list[tuple[str, ...]] = []

    def heard(folder: Path, *words: str, **more: Any) -> bytes:
        asked.append(words)
        return finished(folder, *words, **more)

    monkeypatch.setattr("workbench.prompts.git.repository.finished", heard)
    git.commit("first")
    counts = []
    for number in range(3):
        project.write(f"prompts/new{number}.md", "hello\n")
        assert shelving(project).deleted() == []
        counts.append(len(asked))
        asked.clear()
    assert counts[0] == counts[1] == counts[2] > 0


def test_without_git_only_what_is_broken_has_a_state(project: Project):
    project.write("prompts/a.md", "hello\n")
    assert shelving(project).states(["prompts/a.md"]) == {}
    assert with_broken({}, ["prompts/a.md"]) == {"prompts/a.md": State.BROKEN}


def test_what_does_not_load_says_why_until_any_file_that_it_reads_changes(project: Project):
    project.write("prompts/good.md", "hello\n")
    project.write("prompts/bad.md", '{% include "_missing.md" %}\n')
    project.write("prompts/cases.md", "hello\n")
    project.write("prompts/cases.cases.yml", "- nothing\n")
    shelf = shelving(project)
    found = dict(shelf.broken(["good", "bad", "cases"]))
    assert found["good"] is None
    assert "_missing.md" in str(found["bad"]) and "prompts/cases.cases.yml" in str(found["cases"])
    project.write("prompts/_missing.md", "there it is\n")
    project.write("prompts/cases.cases.yml", "- {inputs: {}}\n")
    assert list(shelf.broken(["bad", "cases"])) == [("bad", None), ("cases", None)]
    project.write("prompts/_missing.md", "{% if %}\n")
    assert "prompts/_missing.md:1" in str(shelf.error("bad"))


def test_what_did_not_change_is_not_read_again(project: Project):
    reads: list[str] = []

    class Heard(WorkingTree):
        def read(self, path: str) -> bytes:
            reads.append(path)
            return super().read(path)

    project.write("prompts/a.md", '{% include "_tone.md" %}\n')
    project.write("prompts/b.md", "hello\n")
    tone = project.write("prompts/_tone.md", "Be kind.\n")
    library = Library(project.root)
    library.tree = Heard(project.root)
    shelf = Shelving(library, History(project.root))
    assert list(shelf.broken("ab")) == [("a", None), ("b", None)]
    reads.clear()
    assert list(shelf.broken("ab")) == [("a", None), ("b", None)] and reads == []
    os.utime(tone, ns=(1, 1))
    assert list(shelf.broken("ab")) == [("a", None), ("b", None)]
    assert "prompts/a.md" in reads and "prompts/b.md" not in reads


def test_prompts_in_sight_are_looked_at_first():
    assert prompts_first(["prompts/x/b.md", "prompts/_tone.md"], ITEMS) == ["x/b", "a", "a.cases"]
