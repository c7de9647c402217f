"""The figures of a context for one model, as both faces show them: how certain a count is, and prices."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.bench.previews import ModelPreview
from workbench.bench.shown import NOTHING, cost_range, exactness, money, percent, things
from workbench.models.estimate import CostEstimate
from workbench.models.model import Model
from workbench.models.tokens import TokenCount


def certainty(count: TokenCount) -> str:
    """Return ``=`` for an exact count, else ``≈`` with how far off it usually is, and by how many reports."""
    if count.exact:
        return exactness(exact=True)
    error = "" if count.error is None else f" ±{percent(count.error, 1)}"
    reports = f" of {count.observations}" if count.observations else ""
    return f"{exactness(exact=False)}{error}{reports}"


def correction(count: TokenCount | None) -> str:
    """Return how many reports of the provider are behind an estimate, and how far off it was on average."""
    if count is None or not count.observations:
        return ""
    off = "" if count.error is None else f", off by {percent(count.error, 1)}"
    return f"{things(count.observations, 'report')}{off}"


def price(model: Model, pico: int | None, unknown: str = NOTHING) -> str:
    """Return a price in pico-dollars for a person; where it is None, ``free``, ``unpriced`` or ``unknown``.

    It is unknown where the model has prices, and only the tokens are not known.
    """
    if pico is None and model.prices is not None and not model.free:
        return unknown
    return money(pico, free=model.free)


def output_price(cost: CostEstimate) -> str:
    """Return what the output may cost, from as little over as usual to as much as may come."""
    return cost_range(cost.output_low, cost.output_typical, cost.output_high)


def prices(found: ModelPreview) -> Iterator[str]:
    """Yield what one call will cost: ``free``, ``unpriced``, or its input and its output where known."""
    cost = found.cost
    if found.model.free or found.model.prices is None:
        yield price(found.model, None)
    elif cost is not None:
        cached = "" if cost.input_cached is None else f" ({money(cost.input_cached)} cached)"
        yield f"in {money(cost.input)}{cached}"
        yield f"out {output_price(cost)}"
