"""Calls, results and cells that a test makes for itself."""

from __future__ import annotations

from dataclasses import replace

from workbench.context.messages import Message, context_hash
from workbench.models.calls import Call, Usage
from workbench.models.estimate import CostEstimate
from workbench.models.model import Model, Prices
from workbench.runs.plan import PlannedCall, call_key
from workbench.store.records import Cell, Contender, Result

NOW = "2026-01-31T12:00:00.000Z"
PRICED = Model("mini", "openai/mini", prices=Prices(10, 20))


def call_of(text: str = "Hi", model: Model = PRICED, **more: object) -> Call:
    """Return a call that asks one thing."""
    return Call(model, (Message("user", text),), **more)  # type: ignore[arg-type]


def planned_of(
    text: str = "Hi", model: Model = PRICED, high: int | None = None, **more: object
) -> PlannedCall:
    """Return a planned call, which may cost ``high``."""
    call = call_of(text, model, **more)
    estimate = (
        None if high is None else CostEstimate(input=0, output_low=0, output_typical=0, output_high=high)
    )
    return PlannedCall(call_key(call, 1), call, context_hash(call.messages), (0,), 3, estimate)


def contender_of(version: str = "aaaa", prompt: str = "p", **more: object) -> Contender:
    """Return a contender of a prompt."""
    return replace(Contender(prompt, version, "mini", "openai/mini"), **more)  # type: ignore[arg-type]


def cell_of(position: int = 0, text: str = "Hi", contender: Contender | None = None, **more: object) -> Cell:
    """Return a cell that asks one thing."""
    call = call_of(text)
    key = call_key(call, 1)
    cell = Cell(
        position,
        contender or contender_of(),
        f"case {text}",
        f"case-{text}",
        1,
        context_hash(call.messages),
        key,
    )
    return replace(cell, **more)  # type: ignore[arg-type]


def result_of(text: str = "Hi", answer: str = "Hello", **more: object) -> Result:
    """Return an answer to the call of the same text."""
    call = call_of(text)
    result = Result(
        call_key=call_key(call, 1),
        context=context_hash(call.messages),
        string="openai/mini",
        api_base=None,
        params={},
        status="ok",
        text=answer,
        usage=Usage(3, 1, None, None),
        cost=50,
        started=NOW,
        ended=NOW,
    )
    return replace(result, **more)  # type: ignore[arg-type]
