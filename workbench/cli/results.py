"""Results and plans as lines of a table and in the shape of ``--json``: shared by ``run`` and ``runs``."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.bench.shown import NOTHING, one_line, seconds, short_version, usd
from workbench.models.estimate import PlanEstimate
from workbench.project.yaml import Value
from workbench.store.records import Cell, Result

RESULT_HEADERS = ("CASE", "VERSION", "MODEL", "STATUS", "", "TIME", "TEXT")
RIGHT = (5,)
"""Columns of results that are aligned right."""


def result_row(cell: Cell, result: Result) -> tuple[str, ...]:
    """Return one result as a row of a table for people."""
    mark = {True: "✓", False: "✗", None: ""}[cell.expected]
    case = f"{cell.case or NOTHING}{f' #{cell.sample}' if cell.sample > 1 else ''}"
    status = f"{result.status}{' (cached)' if cell.cached else ''}"
    text = result.text or result.error or result.refusal or ""
    contender = cell.contender
    return (
        *(case, short_version(contender.version), contender.model, status, mark),
        *(seconds(result.total), one_line(text)),
    )


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


def counted(counts: Mapping[str, int]) -> str:
    """Return how many results there are of each status: ``12 ok, 2 error``."""
    return ", ".join(f"{number} {status}" for status, number in counts.items())


def cost_value(cost: PlanEstimate) -> Mapping[str, Value]:
    """Return what a plan may cost; unknown, and so null, where one of its calls has no price."""
    if cost.unpriced:
        return {"low": None, "typical": None, "high": None}
    return {"low": usd(cost.low), "typical": usd(cost.typical), "high": usd(cost.high)}
