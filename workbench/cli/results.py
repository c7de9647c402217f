"""Results and plans as lines of a table and in the shape of ``--json``: shared by ``run`` and ``runs``."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.bench.result_values import result_value as result_value  # for whoever prints results
from workbench.bench.shown import NOTHING, one_line, seconds, short_version, tick, usd
from workbench.models.estimate import PlanEstimate
from workbench.project.yaml import Value
from workbench.store.records import Cell, Result

RESULT_HEADERS = ("CASE", "VERSION", "MODEL", "STATUS", "", "TIME", "TEXT")
RIGHT = (5,)
"""Columns of results that are aligned right."""


def result_row(cell: Cell, result: Result) -> tuple[str, ...]:
    """Return one result as a row of a table for people."""
    case = f"{cell.case or NOTHING}{f' #{cell.sample}' if cell.sample > 1 else ''}"
    status = f"{result.status}{' (cached)' if cell.cached else ''}"
    text = result.text or result.error or result.refusal or ""
    contender = cell.contender
    return (
        *(case, short_version(contender.version), contender.model, status, tick(cell.expected)),
        *(seconds(result.total), one_line(text)),
    )


def counted(counts: Mapping[str, int]) -> str:
    """Return how many results there are of each status: ``12 ok, 2 error``."""
    return ", ".join(f"{number} {status}" for status, number in counts.items())


def cost_value(cost: PlanEstimate) -> Mapping[str, Value]:
    """Return what a plan may cost; unknown, and so null, where one of its calls has no price."""
    if cost.unpriced:
        return {"low": None, "typical": None, "high": None}
    return {"low": usd(cost.low), "typical": usd(cost.typical), "high": usd(cost.high)}
