import pytest

from workbench.errors import ModelUnreadyError
from workbench.models.access import is_loopback, key_for, key_variable
from workbench.models.model import Model
from workbench.models.weights import BUNDLED


def never(_variable: str) -> str | None:
    return None


def untrusted() -> bool:
    return False


def trusted() -> bool:
    return True


@pytest.mark.parametrize(
    ("string", "variable"),
    [
        ("openai/gpt-4o-mini", "OPENAI_API_KEY"),
        ("anthropic/claude-haiku-4-5-20251001", "ANTHROPIC_API_KEY"),
        ("huggingface/some/model", "HF_TOKEN"),
        ("ollama/llama3", None),
        ("local/smollm2-135m", None),
    ],
)
def test_a_provider_has_its_key_variable(string, variable):
    assert key_variable(Model("m", string)) == variable


def test_the_variable_of_an_entry_goes_before_the_providers():
    model = Model("lab", "openai/qwen3", api_base="http://127.0.0.1:8080/v1", api_key_env="LAB_KEY")
    assert key_for(model, {"LAB_KEY": "secret"}.get, untrusted) == "secret"


def test_a_server_on_this_machine_gets_no_key_that_is_not_its_own():
    model = Model("lab", "openai/qwen3", api_base="http://localhost:8080/v1")
    assert key_for(model, {"OPENAI_API_KEY": "secret"}.get, untrusted) is None


def test_a_foreign_address_of_an_untrusted_project_gets_no_key_and_says_how_to_trust_it():
    model = Model("lab", "openai/qwen3", api_base="https://models.example/v1")
    with pytest.raises(ModelUnreadyError, match="needs trust") as caught:
        key_for(model, {"OPENAI_API_KEY": "secret"}.get, untrusted)
    assert "workbench trust" in (caught.value.hint or "")
    assert key_for(model, {"OPENAI_API_KEY": "secret"}.get, trusted) == "secret"


def test_an_address_hidden_in_the_model_string_needs_trust_too():
    with pytest.raises(ModelUnreadyError, match="needs trust"):
        key_for(Model("m", "huggingface/https://models.example/x"), {"HF_TOKEN": "secret"}.get, untrusted)


@pytest.mark.parametrize("string", ["local/models/evil.gguf", "local//tmp/evil.gguf", "local/smollm2-135m/"])
def test_a_model_file_of_an_untrusted_project_is_not_loaded(string):
    with pytest.raises(ModelUnreadyError, match="needs trust") as caught:
        key_for(Model("m", string), never, untrusted)
    assert "workbench trust" in (caught.value.hint or "")
    assert key_for(Model("m", string), never, trusted) is None


def test_the_bundled_model_needs_no_trust():
    assert key_for(Model("m", BUNDLED), never, untrusted) is None


def test_a_missing_key_is_named():
    with pytest.raises(ModelUnreadyError, match="OPENAI_API_KEY is not set"):
        key_for(Model("m", "openai/gpt-4o-mini"), never, trusted)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/v1", "http://127.9.8.7", "http://localhost", "http://[::1]:2/v1"]
)
def test_loopback_addresses_are_on_this_machine(address):
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost.example.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com/v1",
        "http://2130706433",
    ],
)
def test_what_only_looks_like_loopback_is_not(address):
    assert not is_loopback(address)
