"""Our reading of LiteLLM's map against LiteLLM's own, in one child process: its import is slow and noisy."""

import json
import os
import subprocess
import sys

import pytest

from workbench.models.catalogue import Catalogue
from workbench.models.estimate import estimate
from workbench.models.price_map import PriceMap, prices_of
from workbench.models.pricing import input_cost, output_cost
from workbench.project.settings import Settings

CHILD = """
import json, sys
import litellm
from litellm.types.utils import PromptTokensDetailsWrapper, Usage

litellm.suppress_debug_info = True
answers = []
for string, provider, name, sizes in json.load(sys.stdin):
    costs = []
    for entered, cached, written in sizes:
        usage = Usage(prompt_tokens=entered, completion_tokens=written, total_tokens=entered + written,
                      prompt_tokens_details=PromptTokensDetailsWrapper(cached_tokens=cached))
        try:
            costs.append(litellm.cost_per_token(model=name, custom_llm_provider=provider, usage_object=usage))
        except litellm.exceptions.ModelNotMappedError:  # some of Vertex AI's it lists and cannot price
            break
    if len(costs) < len(sizes):
        answers.append(None)
        continue
    known = litellm.get_model_info(model=name, custom_llm_provider=provider)
    answers.append([costs, known["key"], known["max_input_tokens"], known["max_output_tokens"]])
json.dump([answers, [str(getattr(p, "value", p)) for p in litellm.provider_list]], sys.stdout)
"""


def _chosen(count=600):
    """Every tiered model first, then every n-th of the rest: the same ones each time."""
    tiered, flat = [], []
    for key, entry in sorted(PriceMap().answering()):
        # Off-peak prices hang on the hour; character and second prices are another unit than tokens.
        odd = any(word in name for name in entry for word in ("off_peak", "per_character", "per_second"))
        if odd or "/" not in key or entry["litellm_provider"] != key.split("/")[0] or entry["mode"] != "chat":
            key = entry["litellm_provider"] + "/" + key
            if odd or entry["litellm_provider"] not in ("openai", "anthropic") or entry["mode"] != "chat":
                continue
        prices = prices_of(entry, "")
        if prices is not None and not key.startswith("replicate/"):
            (tiered if prices.tiers else flat).append(key)
    tiered = tiered[:: max(1, len(tiered) // 150)][:150]
    return tiered + flat[:: len(flat) // (count - len(tiered))][: count - len(tiered)]


def _sizes(prices):
    sizes = [(1000, 0, 500), (1000, 400, 500), (1000, 1000, 1)]
    for tier in prices.tiers:
        sizes += [(tier.above, 0, 10), (tier.above, 5000, 10), (tier.above + 1, 0, 10)]
        sizes += [(tier.above + 1, 5000, 10), (tier.above + 1, tier.above + 1, 10)]
    return sizes


@pytest.fixture(scope="module")
def answers():
    catalogue = Catalogue(Settings())
    models = [catalogue.resolve(string) for string in _chosen()]
    questions = [
        (model.string, *model.string.split("/", 1), _sizes(model.prices)) for model in models if model.prices
    ]
    environment = os.environ | {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
        "LITELLM_LOCAL_BLOG_POSTS": "True",
    }
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr[-3000:]
    said, providers = json.loads(child.stdout)
    priced = [each for each in zip(models, questions, said, strict=True) if each[2] is not None]
    return priced, set(providers)


def test_hundreds_of_models_cost_what_litellm_says_they_cost(answers):
    compared = tiered = from_cache = 0
    for model, (_, _, _, sizes), (costs, *_) in answers[0]:
        compared, tiered = compared + 1, tiered + bool(model.prices.tiers)
        from_cache += model.prices.cached_input is not None
        for (entered, cached, written), (their_input, their_output) in zip(sizes, costs, strict=True):
            ours = (
                input_cost(model.prices, entered, cached) / 1e12,
                output_cost(model.prices, written, entered) / 1e12,
            )
            assert ours == pytest.approx((their_input, their_output), rel=1e-9), (
                model.string,
                entered,
                cached,
            )
    assert compared >= 550
    assert tiered >= 100
    assert from_cache >= 300


def test_a_context_that_is_all_in_the_cache_costs_what_litellm_says(answers):
    compared = 0
    for model, (_, _, _, sizes), (costs, *_) in answers[0]:
        for (entered, cached, _), (their_input, _) in zip(sizes, costs, strict=True):
            found = estimate(model, {}, entered)
            if cached == entered and found.input_cached is not None:
                compared += 1
                assert found.input_cached / 1e12 == pytest.approx(their_input, rel=1e-9), (
                    model.string,
                    entered,
                )
    assert compared >= 300


def test_windows_and_longest_answers_agree_with_litellm(answers):
    compared = 0
    for model, _, (_, _, window, longest) in answers[0]:
        assert model.max_output == longest, model.string
        if window is not None:
            compared += 1
            assert model.window == window, model.string
    assert compared >= 500


def test_a_model_string_leads_to_the_entry_that_litellm_finds(answers):
    price_map = PriceMap()
    for model, _, (_, key, *_) in answers[0]:
        assert price_map.find(model.string).key == key


def test_every_provider_of_litellm_is_known(answers):
    assert answers[1] - PriceMap().providers == set()
