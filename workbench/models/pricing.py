"""What tokens cost, in whole pico-dollars. Pure arithmetic over prices a token."""

from __future__ import annotations

from typing import Literal

from workbench.models.calls import Usage
from workbench.models.model import Model, Prices, Tier


def priced(model: Model) -> Literal["usd", "free", "unpriced"]:
    """Return how to speak of the model's price: in dollars, as free, or not at all."""
    if model.free:
        return "free"
    return "usd" if model.prices is not None else "unpriced"


def input_cost(prices: Prices, input_tokens: int, cached: int = 0) -> int:
    """Return what this much input costs, in pico-dollars; ``cached`` of its tokens were read from a cache.

    Cached tokens cost as much as others where the provider has no price of its own for them.
    """
    rates = rates_of(prices, input_tokens)
    cached = min(max(cached, 0), input_tokens)
    cached_rate = rates.input if rates.cached_input is None else rates.cached_input
    return (input_tokens - cached) * rates.input + cached * cached_rate


def cached_input_cost(prices: Prices, input_tokens: int) -> int | None:
    """Return what this much input costs where all of it is read from a cache, in pico-dollars.

    None where the provider has no price of its own for that.
    """
    rate = rates_of(prices, input_tokens).cached_input
    return None if rate is None else input_tokens * rate


def output_cost(prices: Prices, output_tokens: int, input_tokens: int) -> int:
    """Return what this output costs after so much input, in pico-dollars; reasoning tokens are output."""
    return output_tokens * rates_of(prices, input_tokens).output


def call_cost(prices: Prices, usage: Usage) -> int | None:
    """Return what a call did cost, in pico-dollars, or None where the provider did not say what it used."""
    if usage.input is None or usage.output is None:
        return None
    return input_cost(prices, usage.input, usage.cached or 0) + output_cost(prices, usage.output, usage.input)


def most_expensive(prices: Prices, input_tokens: int) -> Tier:
    """Return the highest rates that a call can have whose input is at most so many tokens."""
    rates: list[Prices | Tier] = [prices, *(tier for tier in prices.tiers if input_tokens > tier.above)]
    return Tier(input_tokens, max(rate.input for rate in rates), max(rate.output for rate in rates))


def rates_of(prices: Prices, input_tokens: int) -> Prices | Tier:
    """Return the rates of a whole call with so much input: those of the highest tier it is above."""
    reached = [tier for tier in prices.tiers if input_tokens > tier.above]
    return max(reached, key=lambda tier: tier.above) if reached else prices
