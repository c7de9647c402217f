"""What a plan comes to, in words: calls, tokens, cost and time, and what keeps it from being started."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.bench.running import Misfitting, Prepared
from workbench.bench.shown import cost_range, inert, lasting, things
from workbench.store.rows import contender_key

MOST_TOLD = 4
"""Contenders that cannot run, and warnings, that are told of; there may be one for each of thousands."""


def figures_of(prepared: Prepared, over: str = "") -> str:
    """Return what a plan comes to, in a line or two; ``over`` says by how much it is over the limit."""
    plan, cost = prepared.plan, prepared.plan.estimate
    contenders = len({contender_key(cell.contender) for cell in plan.cells})
    unpriced = f" and {cost.unpriced} unpriced" if cost.unpriced else ""
    lines = [
        f"{things(contenders, 'contender')} · {things(len(plan.calls), 'call')} · {plan.cached} cached"
        f" · {plan.tokens:,} tokens in",
        f"{cost_range(cost.low, cost.typical, cost.high)}{unpriced}{_slowest(prepared)}",
        *([f"! {over}: Enter asks first"] if over else []),
        *(f"! {warning}" for warning in prepared.warnings[:MOST_TOLD]),
    ]
    return inert("\n".join([*lines, *_misfits(prepared.misfits)]))


def _slowest(prepared: Prepared) -> str:
    if prepared.slowest is None:
        return ""
    model, seconds = prepared.slowest
    return f" · slowest: {model}, {lasting(seconds)}"


def _misfits(misfits: Sequence[Misfitting]) -> Iterator[str]:
    """Yield why a plan cannot be started, each reason once with those it is about."""
    reasons: dict[str, list[Misfitting]] = {}
    for misfit in misfits:
        reasons.setdefault(misfit.reason, []).append(misfit)
    for reason, about in list(reasons.items())[:MOST_TOLD]:
        whose = dict.fromkeys(misfit.contender for misfit in about)
        where = f"{about[0].place}: " if about[0].place else ""
        others = f" and {len(whose) - 1} more" if len(whose) > 1 else ""
        yield f"✗ {next(iter(whose))}{others}: {where}{reason}"
    if len(reasons) > MOST_TOLD:
        yield f"✗ and {len(reasons) - MOST_TOLD} more that will not work"
    if reasons:
        yield "Nothing was sent. Leave out what will not work, or mend it."
