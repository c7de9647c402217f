"""A person's own taste: what ``config.yml`` may say, and what it may not."""

import pytest

from workbench.errors import SettingsError
from workbench.project.taste import Taste, load, parse


def test_without_a_file_everything_is_as_usual(tmp_path):
    assert load(tmp_path) == Taste()


def test_theme_keys_and_editor_are_read_with_their_places(tmp_path):
    (tmp_path / "config.yml").write_text(
        "theme: light\neditor: nvim -n\nkeys:\n  save: F9\n  run: [^r, f5]\n"
    )
    taste = load(tmp_path)
    assert (taste.theme, taste.editor) == ("light", "nvim -n")
    assert taste.keys == {"save": ("F9",), "run": ("^r", "f5")}
    assert str(taste.places["keys.run"]).endswith("config.yml:5")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("them: light\n", r"config\.yml:1: the key “them” is not known here.*theme"),
        ("theme: 3\n", r"config\.yml:1: “theme” must be text"),
        ("keys:\n  save: 3\n", r"config\.yml:2: .*save"),
        ("keys:\n  save: ''\n", r"config\.yml:2: “save” needs a key"),
        ("theme: light\ntheme: dark\n", r"config\.yml:2: .*theme"),
        ("- a\n", r"config\.yml:1: this must be a mapping"),
    ],
)
def test_anything_else_is_an_error_with_its_line(text, said):
    with pytest.raises(SettingsError, match=f"(?s){said}"):
        parse(text, "config.yml")


def test_a_file_that_is_not_utf8_says_so(tmp_path):
    (tmp_path / "config.yml").write_bytes(b"theme: caf\xe9\n")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        load(tmp_path)
