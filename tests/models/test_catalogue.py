import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from workbench.errors import UnknownModelError
from workbench.models.catalogue import Catalogue
from workbench.models.price_map import PriceMap, prices_of
from workbench.models.pricing import input_cost, output_cost, priced
from workbench.project.settings import parse

SETTINGS = """
models:
  smol: local/smollm2-135m
  mini: openai/gpt-5.4-mini-2026-03-17
  haiku:
    model: anthropic/claude-haiku-4-5-20251001
    params: {temperature: 0, max_tokens: 500}
    concurrency: 4
  lab:
    model: openai/qwen3
    api_base: http://127.0.0.1:8080/v1
    api_key_env: LAB_KEY
    price: {input: 0.10, output: 0.40}
    context_window: 32768
  bare: {model: qwen3, api_base: "https://gateway.example/v1"}
  dear: {model: openai/gpt-4o, price: {input: 1, output: 2}}
"""


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue(parse(SETTINGS))


def test_the_configured_models_come_in_their_order(catalogue):
    assert [model.name for model in catalogue.configured()] == [
        "smol",
        "mini",
        "haiku",
        "lab",
        "bare",
        "dear",
    ]


def test_the_embedded_model_is_free_and_counts_itself(catalogue):
    smol = catalogue.resolve("smol")
    assert (smol.free, smol.prices, smol.encoding, smol.exact, smol.pinned) == (True, None, None, True, True)
    assert smol.window == 8192
    assert {"schema", "prefill", "system"} <= smol.supports
    assert (smol.door, priced(smol)) == ("embedded", "free")


def test_any_other_model_file_is_local_too(catalogue):
    model = catalogue.resolve("local/models/qwen.gguf")
    assert model.free
    assert model.string == "local/models/qwen.gguf"


def test_a_configured_name_brings_its_params_limits_and_the_map(catalogue):
    haiku = catalogue.resolve("haiku")
    assert haiku.params == {"temperature": 0, "max_tokens": 500}
    assert haiku.concurrency == 4
    assert (haiku.prices.input, haiku.prices.output, haiku.prices.cached_input) == (
        1_000_000,
        5_000_000,
        100_000,
    )
    assert haiku.prices.source == catalogue.map_version
    assert (haiku.window, haiku.max_output, haiku.known, haiku.pinned) == (200_000, 64_000, True, True)
    assert {"schema", "prefill", "system", "reasoning", "tools"} <= haiku.supports
    assert not haiku.exact


def test_a_price_in_the_settings_is_usd_a_million_tokens(catalogue):
    lab = catalogue.resolve("lab")
    assert (lab.prices.input, lab.prices.output) == (100_000, 400_000)
    assert lab.prices.source == ".workbench.yml"
    assert (lab.window, lab.known, lab.exact, lab.api_key_env) == (32768, False, False, "LAB_KEY")
    assert catalogue.resolve("dear").prices.input == 1_000_000


def test_a_server_of_ones_own_without_a_price_is_unpriced_not_free(catalogue):
    bare = catalogue.resolve("bare")
    assert (bare.string, bare.prices, bare.free, priced(bare)) == ("openai/qwen3", None, False, "unpriced")


@pytest.mark.parametrize(
    ("written", "string"),
    [
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("openai/gpt-4o-mini", "openai/gpt-4o-mini"),
        ("claude-haiku-4-5", "anthropic/claude-haiku-4-5"),
        ("gemini-2.5-pro", "vertex_ai/gemini-2.5-pro"),
        ("gemini/gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("ft:gpt-4o-mini-2024-07-18:org::id", "openai/ft:gpt-4o-mini-2024-07-18:org::id"),
        ("hosted_vllm/anything", "hosted_vllm/anything"),
    ],
)
def test_any_litellm_model_string_will_do_and_one_model_is_one_string(catalogue, written, string):
    model = catalogue.resolve(written)
    assert (model.name, model.string) == (written, string)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("smoll", "“smol”"),
        ("gpt-4o-mni", "“gpt-4o-mini”"),
        ("opnai/gpt-4o", "“openai/gpt-4o”"),
        ("local/other", "local/smollm2-135m"),
        ("text-embedding-3-small", "chat model"),
        ("", "haiku"),
    ],
)
def test_an_unknown_model_is_refused_with_the_nearest_name(catalogue, wrong, hint):
    with pytest.raises(UnknownModelError) as refused:
        catalogue.resolve(wrong)
    assert hint in refused.value.hint


def test_a_configured_model_that_is_none_says_where_it_stands():
    with pytest.raises(UnknownModelError, match=r"“x” of \.workbench\.yml"):
        Catalogue(parse("models: {x: nowhere/at-all}")).configured()


@pytest.mark.parametrize(
    ("string", "pinned"),
    [
        ("openai/gpt-5.4-mini-2026-03-17", True),
        ("openai/gpt-5.4-mini", False),
        ("openai/gpt-3.5-turbo-0125", True),
        ("anthropic/claude-haiku-4-5-20251001", True),
        ("vertex_ai/claude-sonnet-4@20250514", True),
        ("vertex_ai/mistral-large@latest", False),
        ("mistral/mistral-large-2411", True),
        ("groq/llama3-8b-8192", False),
        ("gemini/gemini-2.0-flash-001", True),
        ("deepinfra/meta-llama/Llama-3.3-70B-Instruct", False),
    ],
)
def test_a_name_is_pinned_when_it_holds_a_dated_version(catalogue, string, pinned):
    assert catalogue.resolve(string).pinned is pinned


@pytest.mark.parametrize(
    ("string", "encoding", "exact"),
    [
        ("openai/gpt-4o", "o200k_base", True),
        ("openai/gpt-4", "cl100k_base", True),
        ("openai/o3-mini", "o200k_base", True),
        ("openai/gpt-9-imagined", "o200k_base", False),
        ("azure/gpt-4", "cl100k_base", False),
        ("anthropic/claude-haiku-4-5", "o200k_base", False),
    ],
)
def test_counts_are_exact_only_for_openais_own_chat_models(catalogue, string, encoding, exact):
    model = catalogue.resolve(string)
    assert (model.encoding, model.exact) == (encoding, exact)


def test_a_known_name_on_another_server_is_not_exact():
    entry = "{{model: openai/gpt-4o, api_base: '{}'}}"
    addresses = "https://proxy.example/v1", "https://api.openai.com/v1"
    settings = "models: {{a: {}, b: {}}}".format(*map(entry.format, addresses))
    proxy, own = Catalogue(parse(settings)).configured()
    assert (proxy.exact, own.exact) == (False, True)


def test_retirement_dates_are_dates(catalogue):
    assert isinstance(catalogue.resolve("gemini-2.5-pro").retires, date)


def test_a_model_that_reasons_takes_temperature_only_where_the_map_says_so(catalogue):
    assert "sampling" in catalogue.resolve("mini").supports
    assert "sampling" not in catalogue.resolve("o3").supports
    assert "sampling" not in catalogue.resolve("anthropic/claude-opus-4-7").supports
    assert "chat" not in catalogue.resolve("openai/gpt-5-pro").supports


def test_prices_are_the_very_digits_of_the_map():
    prices = prices_of(
        {"input_cost_per_token": Decimal("1.1e-07"), "output_cost_per_token": Decimal("3e-07")}, "m"
    )
    assert (prices.input, prices.output, prices.cached_input, prices.source) == (110_000, 300_000, None, "m")


def test_a_price_of_nothing_is_no_price():
    assert prices_of({"input_cost_per_token": 0, "output_cost_per_token": 0}, "") is None
    assert prices_of({"input_cost_per_second": 1}, "") is None


def test_every_tier_of_the_map_is_found_and_inherits_what_it_leaves_out():
    prices = prices_of(
        {
            "input_cost_per_token": Decimal("1e-06"),
            "output_cost_per_token": Decimal("2e-06"),
            "cache_read_input_token_cost": Decimal("1e-07"),
            "input_cost_per_token_above_128k_tokens": Decimal("3e-06"),
            "output_cost_per_token_above_300000_tokens": Decimal("9e-06"),
            "input_cost_per_token_above_200k_tokens_priority": Decimal("1"),
        },
        "",
    )
    assert [(tier.above, tier.input, tier.output, tier.cached_input) for tier in prices.tiers] == [
        (128_000, 3_000_000, 2_000_000, 100_000),
        (300_000, 3_000_000, 9_000_000, 100_000),
    ]
    assert input_cost(prices, 128_000) == 128_000 * 1_000_000
    assert input_cost(prices, 128_001, cached=1) == 128_000 * 3_000_000 + 100_000
    assert output_cost(prices, 10, 300_001) == 90_000_000


def test_the_whole_map_can_be_read():
    price_map = PriceMap()
    priced_models = sum(prices_of(entry, "") is not None for _, entry in price_map.answering())
    assert priced_models > 2000
    assert price_map.version.startswith("LiteLLM 1.")


def test_importing_and_resolving_import_neither_litellm_nor_aiohttp():
    program = """
import sys
import workbench.models.catalogue, workbench.models.tokens, workbench.models.fit, workbench.models.estimate
assert not {"litellm", "tiktoken", "aiohttp"} & set(sys.modules), "on import"
from workbench.project.settings import Settings
workbench.models.catalogue.Catalogue(Settings()).resolve("gpt-4o-mini")
assert not {"litellm", "aiohttp", "requests"} & set(sys.modules), "on resolving"
"""
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
