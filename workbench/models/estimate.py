"""What calls will cost before anything is sent: from nothing written to as much as may be written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.context.messages import Message
from workbench.models.model import Model
from workbench.models.pricing import cached_input_cost, input_cost, most_expensive, output_cost
from workbench.project.yaml import Value

TYPICAL_TOKENS = 1000
"""Tokens of output taken as typical of a prompt and model that have no results yet."""

MOST_AROUND_MESSAGE = 16
"""Tokens that a chat template puts around a message, at most."""

MOST_AROUND_SCHEMA = 512
"""Tokens that a provider adds to a schema, at most; Anthropic writes 346 for a tool to answer through."""


@dataclass(frozen=True)
class Typical:
    """What past results of this prompt and model wrote on average, in tokens, and how many there were."""

    output_tokens: int | None = None
    observations: int = 0

    @staticmethod
    def of(mean: float | None, observations: int) -> Typical:
        """Return what so many results teach that wrote ``mean`` tokens on average, None for not told."""
        return Typical(None if mean is None else round(mean), observations)


@dataclass(frozen=True)
class CostEstimate:
    """What one call will cost, in pico-dollars.

    ``output_high`` is None where nothing bounds what the model may write. ``input_cached`` is the input if
    the provider reads all of it from its cache, None where it has no price of its own for that.
    """

    input: int
    output_low: int
    output_typical: int
    output_high: int | None
    input_cached: int | None = None

    @property
    def low(self) -> int:
        """The whole call with no output."""
        return self.input + self.output_low

    @property
    def typical(self) -> int:
        """The whole call as such calls usually go."""
        return self.input + self.output_typical

    @property
    def high(self) -> int | None:
        """The whole call with as much output as may come, or None where nothing bounds it."""
        return None if self.output_high is None else self.input + self.output_high


@dataclass(frozen=True)
class PlanEstimate:
    """What the calls of a plan will cost, in pico-dollars; ``unpriced`` calls are in none of the sums.

    ``high`` is None where nothing bounds one of the calls.
    """

    low: int
    typical: int
    high: int | None
    unpriced: int = 0


def longest_output(model: Model, params: Mapping[str, Value], input_tokens: int) -> int | None:
    """Return the most tokens the model may write, or None where nothing says.

    That is ``max_tokens`` (or ``max_completion_tokens``), but not more than the model's own maximum, else
    what its window leaves beside the input.
    """
    asked = [params[name] for name in ("max_tokens", "max_completion_tokens") if _is_count(params.get(name))]
    own = model.max_output
    if own is None and model.window is not None:
        own = max(model.window - input_tokens, 0)
    bounds = [*asked, *([] if own is None else [own])]
    return min(bounds) if bounds else None


def estimate(
    model: Model, params: Mapping[str, Value], input_tokens: int, typical: Typical | None = None
) -> CostEstimate | None:
    """Return what one call with this much input will cost, or None where the model has no price.

    Typical is the mean of past results, else 1,000 tokens; never more than the maximum.
    """
    if model.free:
        return CostEstimate(0, 0, 0, 0)
    if model.prices is None:
        return None
    most = longest_output(model, params, input_tokens)
    past = typical.output_tokens if typical else None
    usual = TYPICAL_TOKENS if past is None else past
    if most is not None:
        usual = min(usual, most)
    return CostEstimate(
        input=input_cost(model.prices, input_tokens),
        output_low=0,
        output_typical=output_cost(model.prices, usual, input_tokens),
        output_high=None if most is None else output_cost(model.prices, most, input_tokens),
        input_cached=cached_input_cost(model.prices, input_tokens),
    )


def most_input(messages: Sequence[Message], schema: Mapping[str, Value] | None) -> int:
    """Return the most tokens that an input can come to, whoever counts it.

    The tokenizers of today begin from bytes, or fall back on them, and so make at most a token of each.
    """
    sent = sum(len(message.content.encode("utf-8", "replace")) + MOST_AROUND_MESSAGE for message in messages)
    return sent if schema is None else sent + len(json.dumps(schema)) + MOST_AROUND_SCHEMA


def most_cost(model: Model, params: Mapping[str, Value], input_tokens: int) -> int | None:
    """Return the most that a call can cost, in pico-dollars, whose input is at most so many tokens.

    None where nothing bounds its output.
    """
    if model.free or model.prices is None:
        return 0
    rates = most_expensive(model.prices, input_tokens)
    costs = []
    for read in (0, input_tokens):  # where a window bounds both, less input leaves more room to write
        written = longest_output(model, params, read)
        if written is None:
            return None
        costs.append(read * rates.input + written * rates.output)
    return max(costs)


def plan_estimate(calls: Iterable[CostEstimate | None]) -> PlanEstimate:
    """Return the sum over the calls of a plan that will be made; None stands for one of an unpriced model."""
    calls = list(calls)
    known = [call for call in calls if call is not None]
    highs = [call.high for call in known]
    bounded = [high for high in highs if high is not None]
    return PlanEstimate(
        low=sum(call.low for call in known),
        typical=sum(call.typical for call in known),
        high=sum(bounded) if len(bounded) == len(highs) else None,
        unpriced=len(calls) - len(known),
    )


def _is_count(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
