from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.project import yaml
from workbench.project.yaml import read, read_json

WORDS = st.text(st.characters(max_codepoint=0xD7FF, exclude_categories=["Cc"]), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | WORDS
VALUES = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


def value_of(text):
    return read(text, "f.yml", error=SettingsError).value


def refusal(text):
    with pytest.raises(SettingsError) as caught:
        value_of(text)
    return caught.value


@pytest.mark.parametrize(
    "word", ["no", "on", "yes", "off", "y", "2024-01-01", "12:30:00", ".nan", "0x1F", "1_000", "017"]
)
def test_words_that_yaml_1_1_would_turn_into_something_else_are_text(word):
    assert value_of(f"a: {word}") == {"a": word}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("null", None),
        ("~", None),
        ("", None),
        ("true", True),
        ("False", False),
        ("-3", -3),
        ("1.5e3", 1500.0),
        ("'1'", "1"),
    ],
)
def test_plain_scalars_have_the_types_of_yaml_1_2(written, meant):
    assert value_of(f"a: {written}") == {"a": meant}


def test_keys_are_text_whatever_they_look_like():
    assert value_of("1: a\nno: b\nnull: c\n") == {"1": "a", "no": "b", "null": "c"}


@given(VALUES)
def test_json_reads_the_same_as_yaml(value):
    text = json.dumps(value)
    assert read_json(text, "f", 1, error=SettingsError).value == value
    assert value_of(text) == value


def test_a_key_that_stands_twice_is_an_error_with_its_line():
    error = refusal("a: 1\nb:\n  c: 1\n  c: 2\n")
    assert str(error.place) == "f.yml:4"
    assert "“c” stands here twice" in error.message


def test_broken_yaml_names_its_line_and_a_remedy():
    error = refusal("a: 1\nb: [1\n")
    assert str(error.place) == "f.yml:3"
    assert error.hint


def test_a_thousand_million_laughs_are_refused_soon():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 10)
    )
    assert "expand to more than" in refusal(bomb).message


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: &a {<<: *a}", "a: &a {<<: [*a]}"])
def test_a_value_that_refers_to_itself_is_refused(text):
    assert "refers to itself" in refusal(text).message


@pytest.mark.parametrize(
    "text",
    [
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!!binary aGk=",
        "!!timestamp 2024-01-01",
        "!own x",
        "!own {a: b}",
        "!!python/name:os.system x",
    ],
)
def test_what_json_cannot_hold_is_refused(text):
    error = refusal(f"a: 1\nb: {text}")
    assert str(error.place) == "f.yml:2"


@pytest.mark.parametrize("text", ["a: 1e999", "a: !!float .inf", "a: !!float .nan", "a: !!int x"])
def test_numbers_that_are_none_are_refused(text):
    refusal(text)


def test_deep_nesting_is_refused_rather_than_followed():
    assert "100 deep" in refusal("[" * 500 + "]" * 500).message


@pytest.mark.parametrize("deep", ["[", "{a: ", "- ", "? ", "[\n"])
def test_nesting_so_deep_that_the_parser_would_crash_is_refused_with_its_line(deep):
    # In a process of its own, which a crash would end.
    program = (
        "import sys; from workbench.errors import SettingsError; from workbench.project.yaml import read\n"
        f"try: read({deep!r} * 200_000, 'f.yml', error=SettingsError, first_line=3)\n"
        "except SettingsError as refused: print(refused)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    line = 103 if deep == "[\n" else 3
    assert done.stdout == f"f.yml:{line}: this value is nested more than 100 deep\n"


def test_a_hundred_levels_are_not_too_deep():
    value = value_of("[" * 100 + "]" * 100)
    for _ in range(99):
        (value,) = value
    assert value == []


def test_more_values_than_fit_are_refused_before_they_are_made(monkeypatch):
    monkeypatch.setattr(yaml, "MAX_VALUES", 10)
    assert value_of("[" + "1," * 9 + "]") == [1] * 9
    assert "more than 10 values" in refusal("[" + "1," * 10 + "]").message


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": 1e999}', "too large"),
        ('{"a": "\\ud83d"}', "surrogate"),
        ('{"a": ', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_json_that_is_not_plain_data_is_refused_with_file_and_line(line, reason):
    with pytest.raises(SettingsError, match=reason) as caught:
        read_json(line, "f.jsonl", 7, error=SettingsError)
    assert str(caught.value.place) == "f.jsonl:7"


def test_a_surrogate_pair_written_as_two_escapes_is_one_character():
    assert read_json('"\\ud83d\\ude00"', "f", 1, error=SettingsError).value == "😀"
