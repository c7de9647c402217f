"""Results in the shapes that ``--json`` and exports share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.bench.shown import short_version, usd
from workbench.context.messages import Message
from workbench.project.yaml import Value
from workbench.store.records import Cell, Remark, Result


def result_value(run: int, cell: Cell, result: Result) -> dict[str, Value]:
    """Return one result in the shape of ``--json``; ``error`` holds a refusal's words too."""
    usage = result.usage
    return {
        "run": run,
        "result": result.id,
        "prompt": cell.contender.prompt,
        "version": short_version(cell.contender.version),
        "revision": cell.revision,
        "dirty": cell.dirty,
        "contender": cell.contender.id,
        "model": result.string,
        "params": dict(cell.contender.params),
        "case": cell.case,
        "sample": cell.sample,
        "status": result.status,
        "text": result.text,
        "valid": result.valid,
        "expected": cell.expected,
        "finish": result.finish,
        "error": result.error or result.refusal,
        "usage": {
            "input": usage.input,
            "output": usage.output,
            "cached": usage.cached,
            "reasoning": usage.reasoning,
        },
        "cost": "0" if cell.cached else usd(result.cost),
        "ttft": result.ttft,
        "total": result.total,
        "cached": cell.cached,
    }


def whole_value(
    cell: Cell,
    result: Result,
    inputs: Mapping[str, Value],
    messages: Sequence[Message],
    remark: Remark,
) -> dict[str, Value]:
    """Return one result with all that led to it: that of ``result_value``, and what was sent and said of it.

    ``invalid`` says where the text does not fit the schema, ``answered_by`` which model the server named.
    """
    return {
        **result_value(cell.run, cell, result),
        "expect": cell.expect,
        "inputs": dict(inputs),
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "reasoning": result.reasoning,
        "tool_calls": [{"name": asked.name, "arguments": asked.arguments} for asked in result.tool_calls],
        "invalid": result.invalid,
        "answered_by": result.answered_by,
        "tries": result.tries,
        "started": result.started,
        "ended": result.ended,
        "label": remark.label,
        "note": remark.note,
    }
