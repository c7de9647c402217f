import os
import stat

import pytest

from workbench.bench.arranging import Arranging
from workbench.errors import PromptError, WorkbenchError
from workbench.prompts.disk.drafts import Drafts
from workbench.prompts.history import History
from workbench.prompts.library import Library
from workbench.prompts.tree import prompt_path
from workbench.prompts.version import load_version

TRIAGE = """\
---
description: Sort it.   # “quoted”, and a comment
documents:
  refunds: ../../docs/refunds.md
  own: 'notes: here.md'
examples: triage.examples.jsonl
---
user:
{{ documents.refunds }}
"""


@pytest.fixture
def arrange(project):
    drafts = Drafts(project.root)
    history = History(project.root)
    yield Arranging(Library(project.root), history, drafts)
    drafts.close()
    history.close()


@pytest.fixture
def triage(project):
    """A prompt with all that can go with it, in CR LF and with a BOM."""
    raw = b"\xef\xbb\xbf" + TRIAGE.replace("\n", "\r\n").encode()
    project.write("prompts/support/triage.md", raw).chmod(0o640)
    project.write("prompts/support/triage.cases.yml", "- {inputs: {}}\n")
    project.write("prompts/support/triage.cases.csv", "name\n")
    project.write("prompts/support/triage.examples.jsonl", '{"output": "x"}\n')
    project.write("prompts/support/notes: here.md", "note")
    project.write("docs/refunds.md", "refund")
    return raw


def everything(project):
    """Return path, bytes and mode of every file of the project but what is local."""
    return {
        path.relative_to(project.root).as_posix(): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in sorted(project.root.rglob("*"))
        if path.is_file() and path.relative_to(project.root).parts[0] not in (".workbench", ".git")
    }


def folders(project):
    return {path.name for path in (project.root / "prompts").rglob("*") if path.is_dir()}


def test_a_new_prompt_parses_and_says_where_it_lies_and_can_be_undone(project, arrange):
    before = everything(project)
    made = arrange.create("support/new")
    assert (made.what, made.name, made.path) == ("created", "support/new", "prompts/support/new.md")
    version = load_version(Library(project.root).tree, "support/new")
    assert list(version.prompt.inputs) == ["text"] and version.prompt.description
    assert arrange.undo().what == "created"
    assert everything(project) == before and folders(project) == set()
    assert arrange.undo() is None


def test_a_new_prompt_may_be_given_its_text_and_a_partial_be_made(project, arrange):
    arrange.create("p", "say\n")
    arrange.create("_tone")
    assert (project.root / "prompts/p.md").read_text() == "say\n"
    assert Library(project.root).partials() == ["_tone.md"]


def test_undoing_a_new_prompt_keeps_what_was_written_into_it(project, arrange):
    arrange.create("p")
    project.write("prompts/p.md", "hours of work")
    arrange.undo()
    assert not (project.root / "prompts/p.md").exists()
    assert Library(project.root).backups("prompts/p.md")[0].raw == b"hours of work"


def test_a_copy_has_the_same_files_and_reads_the_same_documents(project, arrange, triage):
    before = everything(project)
    tree = Library(project.root).tree
    hashed = load_version(tree, "support/triage").hash
    assert arrange.duplicate("support/triage", "copy").path == "prompts/copy.md"
    made = everything(project)
    assert {path: made[path] for path in before} == before
    assert set(made) - set(before) == {
        *("prompts/copy.md", "prompts/copy.cases.yml", "prompts/copy.cases.csv"),
        "prompts/copy.examples.jsonl",
    }
    assert load_version(tree, "copy").hash == hashed
    expected = triage.replace(b"../../docs", b"../docs").replace(b"notes:", b"support/notes:")
    assert made["prompts/copy.md"] == (expected.replace(b"triage.", b"copy."), 0o640)
    arrange.undo()
    assert everything(project) == before


def test_a_renamed_prompt_takes_everything_along_and_comes_back_exactly(project, arrange, triage):
    before = everything(project)
    tree = Library(project.root).tree
    hashed = load_version(tree, "support/triage").hash
    arrange.rename("support/triage", "a/b/sorted")
    assert load_version(tree, "a/b/sorted").hash == hashed
    assert "prompts/support/triage.md" not in everything(project)
    assert arrange.undo().path == "prompts/support/triage.md"
    assert everything(project) == before
    assert folders(project) == {"support"}


def test_a_rename_in_its_folder_changes_only_the_path_of_its_own_examples(project, arrange, triage):
    arrange.rename("support/triage", "support/sorted")
    said = (project.root / "prompts/support/sorted.md").read_bytes()
    assert said == triage.replace(b"triage.examples", b"sorted.examples")


def test_what_was_edited_since_a_rename_stays_when_it_is_undone(project, arrange, triage):
    arrange.rename("support/triage", "sorted")
    file = project.root / "prompts/sorted.md"
    file.write_bytes(file.read_bytes().replace(b"Sort it", b"Sort it well"))
    arrange.undo()
    said = (project.root / "prompts/support/triage.md").read_bytes()
    assert said == triage.replace(b"Sort it", b"Sort it well").replace(b"'notes", b"'notes")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            'documents: {d: ../docs/d.md, e: "../docs/d.md"}',
            'documents: {d: ../../docs/d.md, e: "../../docs/d.md"}',
        ),
        ("documents:\n  d: &a ../docs/d.md # why", "documents:\n  d: &a ../../docs/d.md # why"),
        ("documents:\n  d: &a ../docs/d.md\n  e: *a", "documents:\n  d: &a ../../docs/d.md\n  e: *a"),
        ("documents:\n  \"d\":   '../docs/d.md'", "documents:\n  \"d\":   '../../docs/d.md'"),
        (
            "# \U0001f600\nacme.x: é\u2028\ndocuments:\n  d: ../docs/d.md",
            "# \U0001f600\nacme.x: é\u2028\ndocuments:\n  d: ../../docs/d.md",
        ),
        ("examples: ../docs/./e.yml", "examples: ../../docs/e.yml"),
        ("documents: {d: ../../outside.md}", "documents: {d: ../../outside.md}"),
        ("description: documents ../docs/d.md", "description: documents ../docs/d.md"),
    ],
)
def test_only_the_paths_themselves_are_rewritten(project, arrange, written, expected):
    project.write("prompts/p.md", f"---\n{written}\n---\nuser: {{{{ x }}}} ../docs/d.md\n")
    arrange.rename("p", "deep/p")
    said = (project.root / "prompts/deep/p.md").read_text()
    assert said == f"---\n{expected}\n---\nuser: {{{{ x }}}} ../docs/d.md\n"


@pytest.mark.parametrize(
    "front",
    [
        "acme.all: &a {d: ../docs/d.md}\ndocuments: {<<: *a}",
        "documents: {d: [",
    ],
)
def test_a_prompt_whose_paths_cannot_follow_stays_where_it_is(project, arrange, front):
    project.write("prompts/p.md", f"---\n{front}\n---\nx\n")
    before = everything(project)
    with pytest.raises(PromptError):
        arrange.rename("p", "deep/p")
    assert everything(project) == before
    arrange.rename("p", "q")  # within its folder nothing has to follow


def test_a_prompt_without_front_matter_or_not_utf8_moves_as_it_is(project, arrange):
    project.write("prompts/p.md", "plain")
    project.write("prompts/bad.md", b"---\ndocuments: {d: ../caf\xe9.md}\n---\n")
    arrange.rename("p", "deep/p")
    arrange.rename("bad", "deep/bad")
    assert everything(project)["prompts/deep/p.md"][0] == b"plain"
    assert b"\xe9" in everything(project)["prompts/deep/bad.md"][0]


def test_a_deleted_prompt_is_brought_back_with_its_bytes_and_modes(project, arrange, triage):
    before = everything(project)
    arrange.delete("support/triage")
    assert set(everything(project)) == {".workbench.yml", "docs/refunds.md", "prompts/support/notes: here.md"}
    assert Library(project.root).backups("prompts/support/triage.md")[0].raw == triage
    assert arrange.undo().what == "deleted"
    assert everything(project) == before


def test_the_folder_that_a_deleted_prompt_leaves_empty_goes_and_comes_back(project, arrange):
    project.write("prompts/a/b/p.md", "x")
    arrange.delete("a/b/p")
    assert folders(project) == set() and (project.root / "prompts").is_dir()
    arrange.undo()
    assert folders(project) == {"a", "b"}


def test_what_cannot_be_undone_because_it_is_gone_is_a_clear_error(project, arrange):
    project.write("prompts/p.md", "x")
    arrange.rename("p", "q")
    (project.root / "prompts/q.md").unlink()
    with pytest.raises(PromptError, match="does not exist"):
        arrange.undo()


def test_a_path_too_long_for_the_system_is_a_clear_error(project, arrange):
    project.write("prompts/p.md", "x")
    project.write(f"prompts/p.examples.{'x' * 200}", "x")
    for name in ("/".join(["x" * 200] * 30), "y" * 200):
        with pytest.raises(PromptError, match="File name too long"):
            arrange.rename("p", name)
    assert sorted(os.listdir(project.root / "prompts"))[1] == "p.md"


def test_what_is_done_last_is_undone_first(project, arrange):
    before = everything(project)
    arrange.create("one")
    arrange.rename("one", "two")
    arrange.duplicate("two", "three")
    arrange.delete("two")
    assert [arrange.undo().what for _ in range(4)] == ["deleted", "duplicated", "renamed", "created"]
    assert everything(project) == before


def test_nothing_is_written_over_and_nothing_half_done(project, arrange, triage):
    project.write("prompts/taken.md", "taken")
    project.write("prompts/half.cases.csv", "taken")
    before = everything(project)
    for act in (
        lambda: arrange.create("taken"),
        lambda: arrange.duplicate("support/triage", "taken"),
        lambda: arrange.rename("support/triage", "taken"),
        lambda: arrange.duplicate("support/triage", "half"),
        lambda: arrange.rename("support/triage", "half"),
    ):
        with pytest.raises(PromptError, match="exists already"):
            act()
    assert everything(project) == before
    assert arrange.undo() is None


def test_a_file_that_appears_while_a_prompt_is_moved_stays_and_all_is_as_before(
    project, arrange, triage, monkeypatch
):
    before = everything(project)
    move = Library.move

    def and_another_program(library, path, new):
        if new == "prompts/new.cases.csv":
            project.write(new, "theirs")
        move(library, path, new)

    monkeypatch.setattr(Library, "move", and_another_program)
    with pytest.raises(PromptError, match="exists already"):
        arrange.rename("support/triage", "new")
    (project.root / "prompts/new.cases.csv").unlink()
    assert everything(project) == before


def test_undoing_stops_where_something_has_come_in_the_way_and_can_be_tried_again(project, arrange):
    project.write("prompts/p.md", "x")
    arrange.delete("p")
    project.write("prompts/p.md", "theirs")
    with pytest.raises(PromptError, match="exists already"):
        arrange.undo()
    (project.root / "prompts/p.md").unlink()
    assert arrange.undo().name == "p"
    assert (project.root / "prompts/p.md").read_text() == "x"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "/p",
        "../p",
        "a/../p",
        "a//p",
        "p/",
        ".",
        "a/.hidden",
        " p",
        "p ",
        "a /p",
        "p.",
        "p@v1",
        "p.md",
        "a\\b",
        "p\0",
        "p\n",
        "a\x1b[1m",
        "p?",
        "nul",
        "a/CON",
        "com1.x",
        "x" * 241,
        "é" * 121,
        "-rf",
        "caf\udce9",
    ],
)
def test_a_name_that_no_prompt_can_have_is_refused_with_its_reason(project, arrange, name):
    project.write("prompts/p.md", "x")
    before = everything(project)
    for act in (
        arrange.create,
        lambda name: arrange.rename("p", name),
        lambda name: arrange.duplicate("p", name),
    ):
        with pytest.raises(PromptError, match="cannot be the name of a prompt: ") as caught:
            act(name)
        assert caught.value.hint
    assert everything(project) == before


@pytest.mark.parametrize("name", ["a/b/c", "größer/日本", "with space", "v1.2", "it's", "x" * 240, "a.cases"])
def test_a_name_that_a_prompt_can_have_is_taken(project, arrange, name):
    arrange.create(name)
    assert Library(project.root).names() == [name]
    arrange.rename(name, "other")
    arrange.undo()
    assert Library(project.root).names() == [name]


def test_a_prompt_becomes_no_partial_by_a_rename(project, arrange):
    project.write("prompts/p.md", "x")
    project.write("prompts/_tone.md", "x")
    for old, new in (("p", "_p"), ("p", "_a/p"), ("_tone", "tone")):
        with pytest.raises(PromptError, match="cannot become a partial"):
            arrange.rename(old, new)
    arrange.rename("_tone", "_voice")
    assert Library(project.root).partials() == ["_voice.md"]


@pytest.mark.parametrize("name", ["none", "support", "../../etc/passwd", "a\0b", ""])
def test_a_prompt_that_is_not_there_is_a_clear_error(project, arrange, triage, name):
    for act in (
        arrange.delete,
        lambda name: arrange.rename(name, "x"),
        lambda name: arrange.duplicate(name, "x"),
    ):
        with pytest.raises(PromptError):
            act(name)


def test_a_prompt_that_is_a_link_is_left_to_the_shell(project, arrange):
    project.write("docs/real.md", "x")
    project.write("prompts/other.md", "x")
    (project.root / "prompts/p.md").symlink_to("../docs/real.md")
    for act in (lambda: arrange.delete("p"), lambda: arrange.rename("p", "q")):
        with pytest.raises(PromptError, match="symbolic link"):
            act()
    assert (project.root / "prompts/p.md").is_symlink()
    arrange.duplicate("p", "q")
    assert not (project.root / "prompts/q.md").is_symlink()
    (project.root / "prompts/dangling.md").symlink_to("nowhere.md")
    with pytest.raises(PromptError, match="exists already"):
        arrange.rename("other", "dangling")


def test_unsaved_text_follows_a_rename_and_its_undoing(project, arrange):
    project.write("prompts/p.md", "x")
    drafts = arrange._drafts
    drafts.keep("prompts/p.md", "typed", b"x")
    arrange.rename("p", "deep/q")
    arrange.undo()
    arrange.rename("p", "q")
    drafts.close()
    assert [(draft.path, draft.text) for draft in Drafts(project.root).left()] == [("prompts/q.md", "typed")]


def test_git_follows_a_rename_of_what_it_tracks_and_the_rest_is_moved_too(project, git, arrange, triage):
    git("add", "--all")
    git("rm", "--cached", "--quiet", "prompts/support/triage.cases.csv")
    git("commit", "--quiet", "--message", "first")
    before, status = everything(project), git("status", "--porcelain")
    arrange.rename("support/triage", "sorted")
    tracked = git("ls-files", "prompts").splitlines()
    assert {path for path in tracked if "notes" not in path} == {
        *("prompts/sorted.md", "prompts/sorted.cases.yml", "prompts/sorted.examples.jsonl")
    }
    assert (project.root / "prompts/sorted.cases.csv").exists()
    assert not (project.root / "prompts/support/triage.cases.csv").exists()
    arrange.undo()
    assert everything(project) == before
    assert git("status", "--porcelain") == status


def test_what_git_refuses_leaves_everything_as_it_was(project, git, arrange, triage):
    project.write(".gitignore", "*.csv\n")
    git.commit("first")
    before = everything(project)
    (project.root / ".git/index.lock").touch()
    with pytest.raises(WorkbenchError):
        arrange.rename("support/triage", "new/sorted")
    (project.root / ".git/index.lock").unlink()
    assert everything(project) == before
    assert folders(project) == {"support"}
    assert git("status", "--porcelain") == ""


def test_deleting_leaves_the_index_alone(project, git, arrange, triage):
    git.commit("first")
    arrange.delete("support/triage")
    assert git("diff", "--cached", "--name-only") == ""
    arrange.undo()
    assert git("status", "--porcelain") == ""


def test_a_change_of_case_alone_is_a_rename(project, arrange):
    project.write("prompts/triage.md", "x")
    arrange.rename("triage", "Triage")
    assert os.listdir(project.root / "prompts") == ["Triage.md"]


def test_a_change_of_case_where_case_makes_no_difference_is_a_rename_too(project, arrange, monkeypatch):
    """Such a file system has both names for the one file; two links to it look alike."""
    file = project.write("prompts/triage.md", "x")
    os.link(file, project.root / "prompts/Triage.md")
    arrange.rename("triage", "Triage")
    assert (project.root / prompt_path("Triage")).read_text() == "x"
