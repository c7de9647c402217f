from __future__ import annotations

from decimal import Decimal

import pytest

from workbench.errors import Place, ProjectError, SettingsError
from workbench.project.settings import Limits, ModelEntry, Price, find_root, load, parse

EVERYTHING = """\
models:
  smol: local/smollm2-135m
  lab:
    model: openai/qwen3
    params: {temperature: 0}
    api_base: http://127.0.0.1:8080/v1/
    api_key_env: LAB_KEY
    price: {input: 0.10, output: 0.40}
    context_window: 32768
    concurrency: 4
    rpm: 60
    tpm: 90000
defaults: {models: [smol], params: {max_tokens: 400}}
limits: {cost: 2.5, concurrency: 3, timeout: 1.5, retries: 1, first_token: 0.5}
findings: {repeat: off, few-examples: true}
"""


def refusal(text):
    with pytest.raises(SettingsError) as caught:
        parse(text)
    return caught.value


def test_every_key_of_the_settings_is_read():
    settings = parse(EVERYTHING)
    assert settings.models["smol"] == ModelEntry("smol", "local/smollm2-135m")
    assert settings.models["lab"] == ModelEntry(
        name="lab",
        model="openai/qwen3",
        params={"temperature": 0},
        api_base="http://127.0.0.1:8080/v1",
        api_key_env="LAB_KEY",
        price=Price(Decimal("0.1"), Decimal("0.4")),
        context_window=32768,
        concurrency=4,
        rpm=60,
        tpm=90000,
    )
    assert settings.default_models == ("smol",)
    assert settings.default_params == {"max_tokens": 400}
    assert settings.limits == Limits(Decimal("2.5"), 3, 1.5, 1, 0.5)
    assert settings.findings == {"repeat": False, "few-examples": True}


def test_models_know_where_they_are_written():
    places = parse(
        "models:\n  smol: local/smollm2-135m\ndefaults:\n  models:\n  - smol\n  - openai/a\n"
    ).places
    assert places == {"smol": Place(".workbench.yml", 2), "openai/a": Place(".workbench.yml", 6)}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "models:\n", "models: {}\nlimits:\ndefaults:\n"])
def test_what_is_left_out_has_its_default(text):
    settings = parse(text)
    assert (settings.models, settings.default_models, settings.limits) == ({}, (), Limits())


def test_a_cost_limit_is_no_more_than_the_store_can_hold():
    with pytest.raises(SettingsError, match="at most 9,223,372") as caught:
        parse("limits:\n  cost: 9223373")
    assert caught.value.place.line == 2
    assert parse("limits: {cost: 9223372}").limits.cost == 9223372


def test_a_cost_limit_of_zero_is_zero_and_not_the_default():
    assert parse("limits: {cost: 0}").limits.cost == 0


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("modles: {}", 1, "models"),
        ("models:\n  a:\n    model: x\n    temprature: 1", 4, None),
        ("limits:\n  cots: 1", 2, "cost"),
        ("defaults:\n  model: [a]", 2, "models"),
        ("models:\n  a:\n    model: x\n    price: {inptu: 1, output: 2}", 4, "input"),
    ],
)
def test_an_unknown_key_names_its_line_and_the_nearest_known_key(text, place, hint):
    error = refusal(text)
    assert (error.place.path, error.place.line) == (".workbench.yml", place)
    assert hint is None or f"“{hint}”" in error.hint


@pytest.mark.parametrize(
    "text",
    [
        "- a",
        "models: [a]",
        "models: {a: 3}",
        "models: {a: }",
        "models: {a: ''}",
        "models: {'': openai/x}",
        "models: {a: {}}",
        "models: {a/b: openai/x}",
        "models: {a@b: openai/x}",
        "models: {a: {model: x, concurrency: 0}}",
        "models: {a: {model: x, rpm: many}}",
        "models: {a: {model: x, price: 3}}",
        "models: {a: {model: x, price: {input: 1}}}",
        "models: {a: {model: x, price: {input: -1, output: 1}}}",
        "models: {a: {model: x, context_window: 1.5}}",
        "limits: {timeout: 0}",
        "limits: {first_token: 0}",
        "limits: {cost: -1}",
        "limits: {cost: true}",
        "limits: {retries: 0}",
        "defaults: {models: smol}",
        "defaults: {models: [1]}",
        "models: {a: x, a: y}",
    ],
)
def test_a_wrong_type_or_value_is_an_error_with_its_line(text):
    assert str(refusal(text).place) == ".workbench.yml:1"


@pytest.mark.parametrize("key", ["api_key", "key", "token"])
def test_a_key_itself_is_refused_and_its_place_explained(key):
    error = refusal(f"models:\n  lab:\n    model: openai/x\n    {key}: sk-planted\n")
    assert error.place.line == 4
    assert "api_key_env" in error.hint
    assert "sk-planted" not in str(error)


def test_a_key_in_place_of_a_variables_name_is_refused_without_being_repeated():
    error = refusal("models: {lab: {model: openai/x, api_key_env: sk-planted-key}}")
    assert "sk-planted" not in str(error)


@pytest.mark.parametrize(
    "address",
    [
        "localhost:8080",
        "ftp://a/b",
        "http://",
        "https:///v1",
        "http://[::1",
        "http://a b/",
        "file:///etc",
        "http://a:99999/",
    ],
)
def test_an_address_that_is_not_http_is_refused(address):
    assert (
        "“api_base” must be"
        in refusal(f"models: {{lab: {{model: openai/x, api_base: '{address}'}}}}").message
    )


def test_a_password_inside_an_address_is_refused_as_a_key_is():
    error = refusal("models: {lab: {model: openai/x, api_base: 'https://me:secret@lab.example/v1'}}")
    assert "must not hold" in error.message
    assert "secret" not in str(error)


def test_the_project_is_found_from_any_folder_below_it(project):
    deep = project.root / "a" / "b"
    deep.mkdir(parents=True)
    assert find_root(deep) == project.root.resolve()
    project.write("a/.workbench.yml", "")
    assert find_root(deep) == (project.root / "a").resolve()


def test_outside_a_project_one_line_says_so_and_names_init(tmp_path):
    with pytest.raises(ProjectError, match=r"no \.workbench\.yml") as caught:
        find_root(tmp_path)
    assert "workbench init" in caught.value.hint


def test_settings_that_are_not_utf8_name_the_offset(project):
    project.write(".workbench.yml", b"models: {}\n# caf\xe9\n")
    with pytest.raises(SettingsError, match="offset 16"):
        load(project.root)


def test_settings_with_a_bom_and_windows_line_endings_are_read(project):
    project.write(".workbench.yml", b"\xef\xbb\xbfmodels:\r\n  a: openai/x\r\n")
    assert load(project.root).models["a"].model == "openai/x"
