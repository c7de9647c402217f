from __future__ import annotations

import pytest

from workbench.errors import ProjectError
from workbench.project.scaffold import make_project
from workbench.project.settings import load
from workbench.prompts.cases import load_cases
from workbench.prompts.library import Library
from workbench.prompts.version import load_version


def test_a_new_project_works_at_once(tmp_path):
    written, kept = make_project(tmp_path / "new")
    assert kept == []
    assert {".workbench.yml", ".gitignore"} <= set(written)
    assert load(tmp_path / "new").default_models
    library = Library(tmp_path / "new")
    assert len(library.names()) == 2
    for name in library.names():
        assert load_version(library.tree, name).hash
        assert load_cases(library.tree, name)


def test_no_file_is_ever_replaced(tmp_path):
    make_project(tmp_path)
    for path in tmp_path.rglob("*.md"):
        path.write_text("mine")
    (tmp_path / ".workbench.yml").write_text("# mine\n")
    written, kept = make_project(tmp_path)
    assert written == []
    assert ".workbench.yml" in kept
    assert {path.read_text() for path in tmp_path.rglob("*.md")} == {"mine"}


def test_the_ignore_file_gets_only_the_entries_that_it_lacks(tmp_path):
    (tmp_path / ".gitignore").write_bytes(b"*.pyc\r\n.env")
    make_project(tmp_path)
    assert (tmp_path / ".gitignore").read_bytes() == b"*.pyc\r\n.env\n.workbench/\n"


def test_a_file_in_the_way_is_a_clear_error(tmp_path):
    (tmp_path / "prompts").write_text("not a folder")
    with pytest.raises(ProjectError, match="cannot be written"):
        make_project(tmp_path)
