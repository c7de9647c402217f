from __future__ import annotations

import os
import stat

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from workbench.errors import ProjectError, PromptError, SaveConflictError
from workbench.prompts.library import MAX_BYTES, Library, local_folder, restored_bytes

PATH = "prompts/p.md"
LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "b", "é", "user:", "\u2028", "\x0b"]), st.sampled_from(["\n", "\r\n", "\r"])
    ),
    max_size=8,
)
FILES = st.builds(
    lambda bom, lines, last: (
        (b"\xef\xbb\xbf" if bom else b"") + ("".join(map("".join, lines)) + last).encode()
    ),
    st.booleans(),
    LINES,
    st.sampled_from(["", "end", "\ufeff"]),
)


@pytest.fixture
def library(project):
    (project.root / "prompts").mkdir()
    return Library(project.root)


def test_prompts_are_listed_without_partials_and_cases(project, library):
    for path in ("b.md", "a/c.md", "_tone.md", "_shared/x.md", "a/_y.md", "b.cases.yml", "notes.txt"):
        project.write(f"prompts/{path}", "x")
    assert library.names() == ["a/c", "b"]


def test_a_file_whose_name_is_not_text_is_passed_over(project, library):
    (project.root / os.fsdecode(b"prompts/caf\xe9.md")).write_text("x")
    assert library.names() == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=FILES)
def test_saving_an_untouched_file_leaves_every_byte_as_it_was(project, raw):
    file = project.write(PATH, raw)
    library = Library(project.root)
    opened = library.open(PATH)
    assert "\r" not in opened.text
    assert library.save(opened, opened.text).raw == raw
    assert restored_bytes(raw, opened.text) == raw
    assert file.read_bytes() == raw


@example(raw=b"\ra\n", text="\n\n")
@given(raw=FILES, text=st.text(st.sampled_from("abé\n"), max_size=12))
def test_what_is_saved_reads_back_as_the_text_that_was_typed(raw, text):
    saved = restored_bytes(raw, text)
    assert saved.startswith(b"\xef\xbb\xbf") == raw.startswith(b"\xef\xbb\xbf")
    assert saved.removeprefix(b"\xef\xbb\xbf").decode().replace("\r\n", "\n").replace("\r", "\n") == text


def test_an_edited_line_takes_the_usual_ending_and_leaves_the_others_alone():
    before = b"one\r\ntwo\nthree\r\nfour\r\n"
    assert restored_bytes(before, "one\ntwo\nnew\nthree\nfour\n") == b"one\r\ntwo\nnew\r\nthree\r\nfour\r\n"


def test_a_large_file_of_mixed_endings_is_restored_within_a_keystroke(benchmark_seconds=0.5):
    import time

    before = b"\r\n" * 20_000 + b"\n" * 20_000
    text = "\n" * 20_000 + "x" + "\n" * 20_000
    began = time.perf_counter()
    saved = restored_bytes(before, text)
    assert time.perf_counter() - began < benchmark_seconds
    assert (saved.count(b"\r\n"), saved.count(b"\n")) == (20_000, 40_000)


def test_saving_keeps_mode_bom_endings_and_the_missing_newline_at_the_end(project, library):
    file = project.write(PATH, b"\xef\xbb\xbfone\r\ntwo")
    file.chmod(0o640)
    library.save(library.open(PATH), "one\nthree")
    assert file.read_bytes() == b"\xef\xbb\xbfone\r\nthree"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_what_saving_replaces_is_kept_as_a_backup_no_more_readable_than_it_was(project, library):
    file = project.write("prompts/a/p.md", "before")
    file.chmod(0o600)
    opened = library.save(library.open("prompts/a/p.md"), "after")
    backup = project.root / ".workbench/backups/prompts/a/p.md~"
    assert backup.read_text() == "before"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    library.save(opened, "later")
    assert backup.read_text() == "after"


def test_a_file_that_changed_on_disk_is_not_saved_over(project, library):
    file = project.write(PATH, "before")
    opened = library.open(PATH)
    file.write_text("someone else's")
    with pytest.raises(SaveConflictError, match="changed on disk"):
        library.save(opened, "mine")
    assert file.read_text() == "someone else's"
    file.unlink()
    with pytest.raises(SaveConflictError, match="was deleted"):
        library.save(opened, "mine")
    assert not file.exists()


def test_a_save_that_fails_leaves_the_file_and_no_litter(project, library, monkeypatch):
    file = project.write(PATH, "before")
    opened = library.open(PATH)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(PromptError, match="No space left"):
        library.save(opened, "after")
    assert file.read_text() == "before"
    assert [path.name for path in file.parent.iterdir()] == ["p.md"]


def test_the_file_is_whole_at_every_moment_of_saving(project, library, monkeypatch):
    file = project.write(PATH, "before")
    seen = []
    replace = os.replace

    def watch(source, target):
        seen.append(file.read_text())
        replace(source, target)

    monkeypatch.setattr(os, "replace", watch)
    library.save(library.open(PATH), "after" * 1000)
    assert set(seen) == {"before"}
    assert file.read_text() == "after" * 1000


def test_a_link_within_the_project_stays_a_link(project, library):
    target = project.write("docs/real.md", "before")
    link = project.root / PATH
    link.symlink_to("../docs/real.md")
    library.save(library.open(PATH), "after")
    assert link.is_symlink()
    assert target.read_text() == "after"


def test_a_file_that_is_not_utf8_opens_read_only_with_the_offset_of_the_first_bad_byte(project, library):
    project.write(PATH, b"\xef\xbb\xbfHi\r\ncaf\xe9\n")
    opened = library.open(PATH)
    assert opened.text == "Hi\ncaf\N{REPLACEMENT CHARACTER}\n"
    assert "0xe9, is at offset 10" in opened.unreadable.message
    assert str(opened.unreadable.place) == f"{PATH}:2"
    with pytest.raises(PromptError, match="read-only"):
        library.save(opened, opened.text)
    assert (project.root / PATH).read_bytes() == b"\xef\xbb\xbfHi\r\ncaf\xe9\n"


def test_a_binary_file_opens_read_only(project, library):
    project.write(PATH, b"a\0b")
    assert "NUL byte at offset 1" in library.open(PATH).unreadable.message


def test_a_link_that_leaves_the_project_is_refused(project, library, tmp_path):
    (tmp_path / "secret").write_text("s")
    (project.root / PATH).symlink_to(tmp_path / "secret")
    with pytest.raises(PromptError, match="leaves the project"):
        library.open(PATH)


def test_a_link_to_itself_is_refused(project, library):
    (project.root / PATH).symlink_to("p.md")
    with pytest.raises(PromptError):
        library.open(PATH)


def test_a_pipe_is_refused_without_waiting_for_a_writer(project, library):
    os.mkfifo(project.root / PATH)
    with pytest.raises(PromptError, match="not a plain file"):
        library.open(PATH)


def test_a_folder_is_refused(project, library):
    (project.root / PATH).mkdir()
    with pytest.raises(PromptError, match="not a plain file"):
        library.open(PATH)


def test_a_file_too_large_for_any_model_is_refused_unread(project, library):
    with (project.root / PATH).open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(PromptError, match="too large"):
        library.open(PATH)


@pytest.mark.parametrize("path", [".env", "sub/.env", ".git/config", ".workbench/runs.db"])
def test_keys_and_what_is_local_may_not_be_read_into_a_prompt(project, library, path):
    project.write(path, "LAB_KEY=planted")
    (project.root / PATH).symlink_to(project.root / path)
    for way in (path, PATH):
        with pytest.raises(PromptError, match="may not be put into a prompt"):
            library.open(way)


def test_the_local_folder_ignores_itself(project):
    folder = local_folder(project.root)
    assert (folder / ".gitignore").read_text() == "*\n"
    (folder / ".gitignore").write_text("mine")
    assert (local_folder(project.root) / ".gitignore").read_text() == "mine"


def test_a_local_folder_that_is_a_link_out_of_the_project_is_refused(project, tmp_path):
    (project.root / ".workbench").symlink_to(tmp_path)
    with pytest.raises(ProjectError, match="leaves the project"):
        local_folder(project.root)
    assert not (tmp_path / ".gitignore").exists()


def test_a_file_in_place_of_the_local_folder_is_a_clear_error(project):
    project.write(".workbench", "x")
    with pytest.raises(ProjectError, match="cannot be made"):
        local_folder(project.root)


@pytest.mark.parametrize("link", ["backups", "backups/prompts", "backups/prompts/a"])
def test_a_backup_never_leaves_the_project_through_a_link(project, library, tmp_path, link):
    file = project.write("prompts/a/p.md", "before")
    outside = tmp_path / "outside"
    outside.mkdir()
    where = project.root / ".workbench" / link
    where.parent.mkdir(parents=True)
    where.symlink_to(outside)
    with pytest.raises(ProjectError, match=r"leaves \.workbench") as caught:
        library.save(library.open("prompts/a/p.md"), "after")
    assert (caught.value.place.path, bool(caught.value.hint)) == (str(where), True)
    assert file.read_text() == "before"
    assert list(outside.iterdir()) == []


def test_backups_linked_into_another_folder_of_the_project_are_refused(project, library):
    file = project.write(PATH, "before")
    (local_folder(project.root) / "backups").symlink_to("..")
    with pytest.raises(ProjectError, match="symbolic link"):
        library.save(library.open(PATH), "after")
    assert [path.name for path in file.parent.iterdir()] == ["p.md"]


def test_the_ignore_file_is_never_written_through_a_link(project, tmp_path):
    (project.root / ".workbench").mkdir()
    ignore = project.root / ".workbench/.gitignore"
    ignore.symlink_to(tmp_path / "outside")
    with pytest.raises(ProjectError, match="symbolic link") as caught:
        local_folder(project.root)
    assert caught.value.place.path == str(ignore)
    ignore.unlink()
    ignore.symlink_to("inside")
    with pytest.raises(ProjectError, match="cannot be made"):
        local_folder(project.root)
    assert not (tmp_path / "outside").exists() and not ignore.exists()


def test_a_local_folder_that_is_a_link_to_itself_is_a_clear_error(project):
    (project.root / ".workbench").symlink_to(".workbench")
    with pytest.raises(ProjectError, match="cannot be made"):
        local_folder(project.root)
