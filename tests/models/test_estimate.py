from dataclasses import replace

from workbench.context.messages import Message
from workbench.models.calls import Usage
from workbench.models.estimate import (
    CostEstimate,
    Typical,
    estimate,
    longest_output,
    most_cost,
    most_input,
    plan_estimate,
)
from workbench.models.model import Model, Prices, Tier
from workbench.models.pricing import call_cost, input_cost, priced

PRICES = Prices(input=10, output=100, cached_input=1, tiers=(Tier(1000, 20, 200, 2), Tier(5000, 30, 300)))
MODEL = Model("m", "openai/m", prices=PRICES, window=8000, max_output=4000)


def test_output_is_estimated_from_nothing_to_the_longest_answer():
    assert estimate(MODEL, {}, 100) == CostEstimate(1000, 0, 100_000, 400_000, 100)
    assert estimate(MODEL, {"max_tokens": 50}, 100) == CostEstimate(1000, 0, 5000, 5000, 100)
    assert estimate(MODEL, {"max_completion_tokens": 50}, 100) == CostEstimate(1000, 0, 5000, 5000, 100)


def test_the_longest_answer_is_never_more_than_the_models_own():
    assert longest_output(MODEL, {"max_tokens": 9999}, 100) == 4000
    assert longest_output(replace(MODEL, max_output=None), {}, 7500) == 500
    assert longest_output(replace(MODEL, max_output=None), {}, 9000) == 0


def test_past_answers_say_what_is_typical():
    assert estimate(MODEL, {}, 100, Typical(30, 12)).output_typical == 3000
    assert estimate(MODEL, {"max_tokens": 20}, 100, Typical(30, 12)).output_typical == 2000
    assert estimate(MODEL, {}, 100, Typical()).output_typical == 100_000
    assert estimate(MODEL, {}, 100, Typical.of(29.6, 3)).output_typical == 3000
    assert estimate(MODEL, {}, 100, Typical.of(None, 0)).output_typical == 100_000


def test_a_large_input_moves_the_whole_call_to_a_higher_tier():
    assert estimate(MODEL, {"max_tokens": 1}, 1000) == CostEstimate(10_000, 0, 100, 100, 1000)
    assert estimate(MODEL, {"max_tokens": 1}, 1001) == CostEstimate(20_020, 0, 200, 200, 2002)


def test_input_from_a_cache_has_a_price_of_its_own_or_none():
    assert estimate(MODEL, {}, 5000).input_cached == 10_000
    assert estimate(MODEL, {}, 5001).input_cached is None
    assert estimate(replace(MODEL, prices=Prices(10, 100)), {}, 5).input_cached is None
    assert estimate(replace(MODEL, prices=Prices(10, 100, 0)), {}, 5).input_cached == 0


def test_free_is_nothing_and_unpriced_is_none():
    assert estimate(replace(MODEL, prices=None, free=True), {}, 100) == CostEstimate(0, 0, 0, 0)
    assert estimate(replace(MODEL, prices=None), {}, 100) is None
    assert priced(replace(MODEL, prices=None)) == "unpriced"
    assert priced(MODEL) == "usd"


def test_what_nothing_bounds_has_no_highest_cost():
    boundless = replace(MODEL, max_output=None, window=None)
    found = estimate(boundless, {}, 100)
    assert (found.output_typical, found.output_high, found.high) == (100_000, None, None)
    assert plan_estimate([found, estimate(MODEL, {}, 100)]).high is None


def test_a_plan_is_the_sum_of_its_calls_and_tells_what_is_unpriced():
    total = plan_estimate([CostEstimate(1, 0, 10, 100), CostEstimate(2, 0, 20, 200), None])
    assert (total.low, total.typical, total.high, total.unpriced) == (3, 33, 303, 1)
    assert plan_estimate([]).high == 0


def test_a_call_costs_what_was_reported_with_cached_input_at_its_own_price():
    assert call_cost(PRICES, Usage(input=100, output=5, cached=40, reasoning=3)) == 60 * 10 + 40 * 1 + 500
    assert call_cost(PRICES, Usage(input=6000, output=1, cached=1000)) == 6000 * 30 + 300
    assert call_cost(PRICES, Usage(input=10)) is None


def test_more_cached_than_input_is_all_cached():
    assert input_cost(PRICES, 10, 20) == 10


def test_an_input_is_never_more_tokens_than_bytes_and_what_stands_around_them():
    messages = (Message("system", "é😀"), Message("user", "abc"))
    assert most_input(messages, None) == 6 + 16 + 3 + 16
    schema = {"type": "object"}
    assert most_input(messages, schema) == 41 + len('{"type": "object"}') + 512


def test_the_most_a_call_can_cost_is_at_the_highest_tier_that_its_input_may_reach():
    assert most_cost(MODEL, {"max_tokens": 1}, 1000) == 10_000 + 100
    assert most_cost(MODEL, {"max_tokens": 1}, 1001) == 20_020 + 200
    assert most_cost(replace(MODEL, prices=None, free=True), {}, 1000) == 0
    assert most_cost(replace(MODEL, window=None, max_output=None), {}, 10) is None


def test_less_input_than_was_thought_leaves_more_of_the_window_to_write():
    windowed = replace(MODEL, max_output=None)
    assert most_cost(windowed, {}, 1000) == max(8000 * 100, 1000 * 10 + 7000 * 100)
