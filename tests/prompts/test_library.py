from __future__ import annotations

import os

import pytest

from workbench.errors import PromptError
from workbench.prompts.library import Library
from workbench.prompts.tree import MAX_BYTES

PATH = "prompts/p.md"


@pytest.fixture
def library(project):
    (project.root / "prompts").mkdir()
    return Library(project.root)


def test_prompts_are_listed_without_partials_and_cases(project, library):
    for path in ("b.md", "a/c.md", "_tone.md", "_shared/x.md", "a/_y.md", "b.cases.yml", "notes.txt"):
        project.write(f"prompts/{path}", "x")
    assert library.names() == ["a/c", "b"]


def test_partials_are_listed_as_an_include_names_them(project, library):
    for path in ("b.md", "_tone.md", "_shared/deep/x.txt", "a/_y.md", "b.cases.yml"):
        project.write(f"prompts/{path}", "x")
    assert library.partials() == ["_shared/deep/x.txt", "_tone.md", "a/_y.md"]


def test_a_file_whose_name_is_not_text_is_passed_over(project, library):
    (project.root / os.fsdecode(b"prompts/caf\xe9.md")).write_text("x")
    assert library.names() == []


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
