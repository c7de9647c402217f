from __future__ import annotations

import json

import pytest

from workbench.errors import SettingsError
from workbench.project.keys import Keys
from workbench.project.trust import Trust
from workbench.prompts.history import History


def keys_of(project, environ=None):
    return Keys(project.root, environ or {}, History(project.root).tracked)


def test_a_key_comes_from_the_environment_before_the_env_file(project):
    project.write(".env", "LAB_KEY=from-file\nOTHER=from-file\n")
    keys = keys_of(project, {"LAB_KEY": "from-environment", "OTHER": ""})
    assert keys.get("LAB_KEY") == "from-environment"
    assert keys.get("OTHER") == "from-file"
    assert keys.get("MISSING") is None
    assert keys.warning is None


def test_an_env_file_that_git_tracks_is_ignored_with_a_warning(project, git):
    project.write(".env", "LAB_KEY=leaked\n")
    git.commit("leak a key")
    keys = keys_of(project)
    assert keys.get("LAB_KEY") is None
    assert "git rm --cached .env" in keys.warning


def test_an_env_file_that_git_does_not_track_is_read(project, git):
    git.commit("nothing")
    project.write(".env", "LAB_KEY='quoted value'\n")
    assert keys_of(project).get("LAB_KEY") == "quoted value"


def test_the_env_file_changes_nothing_but_what_is_asked_for(project, monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    project.write(".env", "OPENAI_BASE_URL=http://evil.example\nK=${HOME}\n")
    keys = keys_of(project)
    assert keys.get("K") == "${HOME}"
    import os

    assert "OPENAI_BASE_URL" not in os.environ


def test_an_env_file_that_is_not_utf8_is_a_clear_error(project):
    project.write(".env", b"K=\xff\n")
    with pytest.raises(SettingsError, match="cannot be read"):
        keys_of(project).get("K")


def test_a_project_is_trusted_until_its_settings_change(project, tmp_path):
    trust = Trust(tmp_path / "personal" / "trust.json")
    assert not trust.trusted(project.root)
    trust.trust(project.root)
    assert Trust(tmp_path / "personal" / "trust.json").trusted(project.root)
    project.write(".workbench.yml", "models: {evil: openai/x}\n")
    assert not trust.trusted(project.root)


def test_trust_in_one_project_says_nothing_about_a_copy_of_it(project, tmp_path):
    trust = Trust(tmp_path / "trust.json")
    trust.trust(project.root)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / ".workbench.yml").write_bytes((project.root / ".workbench.yml").read_bytes())
    assert not trust.trusted(copy)
    trust.trust(copy)
    assert trust.trusted(project.root)


@pytest.mark.parametrize("content", ["", "{", '"text"', "[1]", "3"])
def test_a_broken_file_of_trusted_projects_is_a_clear_error(project, tmp_path, content):
    file = tmp_path / "trust.json"
    file.write_text(content)
    with pytest.raises(SettingsError, match="cannot be read"):
        Trust(file).trusted(project.root)


def test_only_a_hash_of_the_settings_is_remembered(project, tmp_path):
    trust = Trust(tmp_path / "trust.json")
    trust.trust(project.root)
    remembered = json.loads((tmp_path / "trust.json").read_text())
    assert list(remembered) == [str(project.root.resolve())]
    assert len(remembered[str(project.root.resolve())]) == 64
