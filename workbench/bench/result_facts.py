"""What was kept of one result, in words: what came back, how it was asked, what it took and cost."""

from __future__ import annotations

import json
from collections.abc import Iterator

from workbench.bench.recalling import Recalled
from workbench.bench.shown import NOTHING, age, counted, money, percent, seconds, short_version, tick
from workbench.models.calls import ToolCall
from workbench.store.records import ANSWERED, Cell, Result

Fact = tuple[str, str]
"""The name of something that is known, and what it is."""


def answer_text(result: Result) -> str:
    """Return what came back: the text alone where there is nothing else, else each part under a heading."""
    parts = [
        ("answer", result.text),
        ("refusal", result.refusal or ""),
        ("tools asked for", "\n".join(_asked_for(call) for call in result.tool_calls)),
        ("error", result.error or ""),
        ("reasoning", result.reasoning),
    ]
    there = [(name, text) for name, text in parts if text]
    if [name for name, _ in there] == ["answer"]:
        return result.text
    return "\n\n".join(f"── {name} ──\n{text}" for name, text in there)


def facts(recalled: Recalled, now: str) -> Iterator[Fact]:
    """Yield all that is known of a result, by interest; ``now`` is what ages are counted from."""
    cell, result = recalled.cell, recalled.result
    yield "mark", recalled.remark.label or NOTHING
    yield "note", recalled.remark.note or NOTHING
    yield "status", _status(result)
    if recalled.replaced_by is not None:
        yield "replaced by", f"result {recalled.replaced_by}"
    if cell.expect is not None:
        yield "expected", _expected(cell)
    if result.valid is not None:
        yield "schema", validity(result, why=True)
    yield from _asked(cell, result)
    yield from _taken(cell, result)
    yield "ended", f"{result.ended}, {_ago(result.ended, now)}"


def validity(result: Result, *, why: bool = False) -> str:
    """Return whether an answer fits its schema: ``valid``, ``invalid`` with the path, or ``not JSON``.

    With ``why`` also the reason; empty where nothing was checked.
    """
    if result.valid is None:
        return ""
    if result.valid:
        return "valid"
    said = result.invalid or ""
    kind, _, reason = said.partition(": ")
    if kind == "not JSON":
        return said if why else kind
    if not kind.startswith("$"):
        return f"invalid: {said}" if why else "invalid"
    return f"invalid {kind}: {reason}" if why else f"invalid {kind}"


def cost_of(cell: Cell) -> str:
    """Return what the result of a cell cost: ``free`` or ``unpriced`` where it has no price.

    Empty where there is none, or no answer that would have one.
    """
    result = cell.result
    if result is None or (result.cost is None and result.status not in ANSWERED):
        return ""
    return money(result.cost, free=cell.contender.local)


def params_of(result: Result) -> str:
    """Return the params that were sent: ``temperature=0, max_tokens=20``; empty where there were none."""
    return ", ".join(f"{name}={_plain(value)}" for name, value in result.params.items())


def _asked(cell: Cell, result: Result) -> Iterator[Fact]:
    contender = cell.contender
    yield "prompt", contender.prompt
    revision = "" if cell.revision is None else f" at {cell.revision[:7]}{', changed' if cell.dirty else ''}"
    yield "version", f"{short_version(contender.version)}{revision}"
    sample = f", sample {cell.sample}" if cell.sample > 1 else ""
    yield "case", f"{cell.case or NOTHING}{sample}"
    yield "model", contender.model
    at = f" at {result.api_base}" if result.api_base else ""
    yield "sent to", f"{result.string}{at}"
    yield "answered by", result.answered_by or NOTHING
    yield "params", params_of(result) or NOTHING


def _taken(cell: Cell, result: Result) -> Iterator[Fact]:
    usage = result.usage
    cached = f", {usage.cached:,} of them cached" if usage.cached else ""
    thought = f", {usage.reasoning:,} of them reasoning" if usage.reasoning else ""
    yield "tokens in", f"{_number(usage.input)}{cached}"
    if cell.shown is not None:
        off = "" if not cell.off else f", {percent(cell.off, 1, signed=True)}"
        yield "counted", f"{counted(cell.shown, exact=cell.exact)}{off}"
    yield "tokens out", f"{_number(usage.output)}{thought}"
    yield "cost", cost_of(cell) or NOTHING
    if result.prices is not None:
        yield "prices", _prices(result.prices)
    first = "" if result.ttft is None else f", first token after {seconds(result.ttft)}"
    yield "time", f"{seconds(result.total)}{first}"
    if result.tries > 1:
        yield "tries", str(result.tries)
    if result.finish is not None:
        yield "finish", result.finish


def _status(result: Result) -> str:
    return f"{result.status}: {result.error_kind}" if result.error_kind else result.status


def _expected(cell: Cell) -> str:
    return f"{tick(cell.expected)} “{cell.expect}”".lstrip()


def _prices(note: str) -> str:
    """Return the prices that were kept with a result, in USD a million tokens."""
    kept = json.loads(note)
    cached = kept.get("cached_input_usd_per_million")
    return (
        f"${kept['input_usd_per_million']} in, ${kept['output_usd_per_million']} out"
        f"{'' if cached is None else f', ${cached} cached'} a million tokens ({kept['source']})"
    )


def _asked_for(call: ToolCall) -> str:
    return f"{call.name} {call.arguments}".strip()


def _ago(then: str, now: str) -> str:
    passed = age(then, now)
    return "just now" if passed == "now" else f"{passed} ago"


def _number(tokens: int | None) -> str:
    return NOTHING if tokens is None else f"{tokens:,}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
