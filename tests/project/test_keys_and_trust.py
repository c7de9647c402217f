from __future__ import annotations

import hashlib
import json

import pytest

from workbench.errors import SettingsError
from workbench.project import settings
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


def hash_of(project):
    return settings.load(project.root).content_hash


def test_a_project_is_trusted_until_its_settings_change(project, tmp_path):
    trust = Trust(tmp_path / "personal" / "trust.json")
    assert not trust.trusted(project.root, hash_of(project))
    trust.trust(project.root, hash_of(project))
    assert Trust(tmp_path / "personal" / "trust.json").trusted(project.root, hash_of(project))
    project.write(".workbench.yml", "models: {evil: openai/x}\n")
    assert not trust.trusted(project.root, hash_of(project))


def test_what_is_trusted_is_what_was_read_and_not_what_the_file_says_by_now(project, tmp_path):
    trust = Trust(tmp_path / "trust.json")
    project.write(".workbench.yml", "models: {evil: openai/x}\n")
    read = hash_of(project)
    project.write(".workbench.yml", "models: {good: openai/x}\n")
    trust.trust(project.root, hash_of(project))
    assert not trust.trusted(project.root, read)
    trust.trust(project.root, read)
    assert not trust.trusted(project.root, hash_of(project))


def test_settings_that_were_no_file_are_never_trusted(project, tmp_path):
    trust = Trust(tmp_path / "trust.json")
    unread = settings.parse("models: {m: openai/x}\n")
    trust.trust(project.root, unread.content_hash)
    assert not trust.trusted(project.root, unread.content_hash)


def test_trust_in_one_project_says_nothing_about_a_copy_of_it(project, tmp_path):
    trust = Trust(tmp_path / "trust.json")
    content = hash_of(project)
    trust.trust(project.root, content)
    copy = tmp_path / "copy"
    copy.mkdir()
    assert not trust.trusted(copy, content)
    trust.trust(copy, content)
    assert trust.trusted(project.root, content)


@pytest.mark.parametrize("content", ["", "{", '"text"', "[1]", "3"])
def test_a_broken_file_of_trusted_projects_is_a_clear_error(project, tmp_path, content):
    file = tmp_path / "trust.json"
    file.write_text(content)
    with pytest.raises(SettingsError, match="cannot be read"):
        Trust(file).trusted(project.root, hash_of(project))


def test_only_a_hash_of_the_settings_is_remembered(project, tmp_path):
    trust = Trust(tmp_path / "trust.json")
    trust.trust(project.root, hash_of(project))
    remembered = json.loads((tmp_path / "trust.json").read_text())
    content = (project.root / ".workbench.yml").read_bytes()
    assert remembered == {str(project.root.resolve()): hashlib.sha256(content).hexdigest()}
