"""From what came back to what is kept: the result of a call, or the record of why there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from workbench.errors import CallError
from workbench.models.calls import Answer
from workbench.models.model import PICO, Prices
from workbench.models.pricing import call_cost, rates_of
from workbench.project.yaml import Value
from workbench.runs.plan import PlannedCall
from workbench.store.records import Result

_UNCHECKABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, re.error)
"""What jsonschema lets out over numbers past a float's range, and over schemas that are none."""


def answered(planned: PlannedCall, answer: Answer, started: str, ended: str) -> Result:
    """Return the result of a call that gave an answer, not yet checked against its schema."""
    return Result(
        **_common(planned, answer.usage.input),
        status=_status(answer),
        text=answer.text,
        reasoning=answer.reasoning,
        refusal=answer.refusal,
        finish=answer.finish,
        tries=answer.tries,
        usage=answer.usage,
        cost=_cost(planned, answer),
        ttft=answer.ttft,
        total=answer.total,
        answered_by=answer.model,
        tool_calls=answer.tool_calls,
        started=started,
        ended=ended,
    )


def failed(planned: PlannedCall, error: CallError, text: str, started: str, ended: str) -> Result:
    """Return the record of a call that gave none, with whatever text had arrived."""
    return Result(
        **_common(planned),
        status="error",
        text=text,
        error_kind=error.kind,
        error=error.message,
        tries=error.tries,
        started=started,
        ended=ended,
    )


def cancelled(planned: PlannedCall, text: str, why: str, started: str, ended: str) -> Result:
    """Return the record of a call that was stopped, or never sent."""
    return Result(**_common(planned), status="cancelled", text=text, error=why, started=started, ended=ended)


def validate(text: str, schema: Mapping[str, Value], prefill: str = "") -> tuple[bool, str | None]:
    """Return whether prefill and text together are JSON that fits the schema, and if not, where not.

    It may take as long as a regular expression of the schema likes: see ``checking``.
    """
    # 60 ms to import, and only prompts with a schema need them.
    import jsonschema
    import referencing
    import referencing.exceptions

    try:
        value = json.loads(prefill + text, parse_constant=_no_number)
    except (ValueError, RecursionError) as broken:
        return False, f"not JSON: {broken}"
    # With a registry of its own it fetches no “$ref” over the network.
    validator = jsonschema.validators.validator_for(schema)(schema, registry=referencing.Registry())
    try:
        first = jsonschema.exceptions.best_match(validator.iter_errors(value))
    except referencing.exceptions.Unresolvable as broken:
        return False, f"the schema refers to {broken.ref}, which is not in it"
    except RecursionError:
        return False, "the schema refers to itself without end"
    except (*_UNCHECKABLE, jsonschema.exceptions.UnknownType) as broken:
        return False, f"the schema cannot be checked: {broken}"
    if first is None:
        return True, None
    return False, f"{first.json_path}: {first.message}"


def _no_number(word: str) -> Value:
    raise ValueError(f"{word} is no number in JSON")


def price_note(prices: Prices | None, input_tokens: int) -> str | None:
    """Return the prices of a call with so much input, kept beside its result so that its cost can be checked.

    Those of its tier; of cached input None where it costs as much as other input.
    """
    if prices is None:
        return None
    rates = rates_of(prices, input_tokens)
    return json.dumps(
        {
            "input_usd_per_million": _per_million(rates.input),
            "output_usd_per_million": _per_million(rates.output),
            "cached_input_usd_per_million": (
                None if rates.cached_input is None else _per_million(rates.cached_input)
            ),
            "source": prices.source,
        }
    )


def _per_million(rate: int) -> str:
    return f"{Decimal(rate) * 10**6 / PICO:f}"


def _common(planned: PlannedCall, reported: int | None = None) -> dict[str, Value]:
    """Return what a result has of its call; ``reported`` is the provider's count of its input."""
    model = planned.call.model
    return {
        "call_key": planned.key,
        "context": planned.context,
        "string": model.string,
        "api_base": model.api_base,
        "params": planned.call.params,
        "estimated": planned.estimated,
        "prices": price_note(model.prices, reported or planned.estimated or 0),
    }


def _status(answer: Answer) -> str:
    if answer.refusal is not None or answer.finish == "content_filter":
        return "refused"
    if not answer.text.strip() and not answer.tool_calls:
        return "empty"
    return "cut" if answer.finish == "length" else "ok"


def _cost(planned: PlannedCall, answer: Answer) -> int | None:
    model = planned.call.model
    if model.free:
        return 0
    return call_cost(model.prices, answer.usage) if model.prices else None
