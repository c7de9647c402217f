"""Records as rows: how a result is written, and how cells, results and runs are read back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from workbench.errors import StoreError
from workbench.models.calls import ToolCall, Usage
from workbench.store.records import Cell, Contender, Result, Run

RESULT_COLUMNS = (
    "run, call_key, context, string, api_base, params, status, text, reasoning, refusal, finish, error_kind, "
    "error, tries, input_tokens, output_tokens, cached_tokens, reasoning_tokens, estimated, cost, prices, "
    "ttft, total, answered_by, valid, invalid, started, ended, "
    "tool_calls, unsure"
)

CELL_COLUMNS = (
    "run, position, contender, revision, dirty, case_name, case_hash, expect, sample, context, schema, "
    "call_key, estimated, high, shown, exact, messages, result, cached"
)

CELLS = """
SELECT cells.*, contenders.prompt, contenders.version, contenders.model, contenders.string AS sent,
       contenders.api_base AS base, contenders.params AS contender_params, results.id AS result_id, results.*
FROM cells JOIN contenders ON contenders.id = cells.contender LEFT JOIN results ON results.id = cells.result
"""
"""Cells with their contenders and results, as ``read_cell`` takes them."""

RUNS = """
SELECT runs.*, spent = 0 AND unpriced = 0 AND NOT EXISTS (
    SELECT 1 FROM cells JOIN contenders ON contenders.id = contender
    WHERE cells.run = runs.id AND string NOT LIKE 'local/%'
) AS local FROM runs
"""
"""Runs with whether all their models are on this machine, as ``read_run`` takes them."""


def canonical(params: Mapping[str, object]) -> str:
    """Return params as they are compared and kept."""
    return json.dumps(params, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def contender_key(contender: Contender) -> tuple[str, ...]:
    """Return what a contender is told from others by; the name of its entry is not part of it."""
    params = canonical(contender.params)
    return (contender.prompt, contender.version, contender.string, contender.api_base or "", params)


def result_row(run: int, result: Result) -> tuple[object, ...]:
    """Return the values of RESULT_COLUMNS."""
    usage = result.usage
    row = (
        *(run, result.call_key, result.context, result.string, result.api_base, canonical(result.params)),
        *(result.status, result.text, result.reasoning, result.refusal, result.finish),
        *(result.error_kind, result.error, result.tries),
        *(usage.input, usage.output, usage.cached, usage.reasoning, result.estimated),
        *(result.cost, result.prices, result.ttft, result.total, result.answered_by),
        *(None if result.valid is None else int(result.valid), result.invalid, result.started, result.ended),
        *(_tool_calls_json(result.tool_calls), result.unsure),
    )
    return tuple(storable(item) if isinstance(item, str) else item for item in row)


def cell_row(run: int, contender: int, cell: Cell) -> tuple[object, ...]:
    """Return the values of CELL_COLUMNS; ``contender`` is the number that its contender has."""
    return (
        *(run, cell.position, contender, cell.revision, int(cell.dirty), cell.case, cell.case_hash),
        *(cell.expect, cell.sample, cell.context, cell.schema, cell.call_key),
        *(cell.estimated, cell.high, cell.shown, int(cell.exact), cell.messages),
        *(cell.result.id if cell.result else None, int(cell.cached)),
    )


def storable(text: str) -> str:
    """Return the text with ``?`` for halves of surrogate pairs, which may arrive and which SQLite refuses."""
    return text.encode("utf-8", "replace").decode()


def _tool_calls_json(tool_calls: Sequence[ToolCall]) -> str | None:
    if not tool_calls:
        return None
    calls = [{"name": tool.name, "arguments": tool.arguments} for tool in tool_calls]
    return json.dumps(calls, ensure_ascii=False)


def read_result(row: sqlite3.Row) -> Result:
    """Return the result of a row of results; its number is ``result_id``."""
    return Result(
        id=row["result_id"],
        call_key=row["call_key"],
        context=row["context"],
        string=row["string"],
        api_base=row["api_base"],
        params=json.loads(row["params"] or "{}"),
        status=row["status"],
        text=row["text"],
        reasoning=row["reasoning"] or "",
        refusal=row["refusal"],
        finish=row["finish"],
        error_kind=row["error_kind"],
        error=row["error"],
        tries=row["tries"],
        usage=Usage(row["input_tokens"], row["output_tokens"], row["cached_tokens"], row["reasoning_tokens"]),
        estimated=row["estimated"],
        cost=row["cost"],
        prices=row["prices"],
        ttft=row["ttft"],
        total=row["total"],
        answered_by=row["answered_by"],
        valid=None if row["valid"] is None else bool(row["valid"]),
        invalid=row["invalid"],
        started=row["started"],
        ended=row["ended"],
        tool_calls=tuple(
            ToolCall(tool["name"], tool["arguments"]) for tool in json.loads(row["tool_calls"] or "[]")
        ),
        unsure=row["unsure"],
    )


def read_contender(row: sqlite3.Row, number: int, string: str, api_base: str, params: str) -> Contender:
    """Return the contender that a row names, with what the row may call by other names."""
    return Contender(
        prompt=row["prompt"],
        version=row["version"],
        model=row["model"],
        string=string,
        api_base=api_base or None,
        params=json.loads(params),
        id=number,
    )


def read_cell(row: sqlite3.Row) -> Cell:
    """Return the cell of a row of CELLS."""
    return Cell(
        run=row["run"],
        position=row["position"],
        contender=read_contender(row, row["contender"], row["sent"], row["base"], row["contender_params"]),
        case=row["case_name"],
        case_hash=row["case_hash"],
        sample=row["sample"],
        context=row["context"],
        call_key=row["call_key"],
        revision=row["revision"],
        dirty=bool(row["dirty"]),
        expect=row["expect"],
        estimated=row["estimated"],
        high=row["high"],
        schema=row["schema"],
        result=None if row["result"] is None else read_result(row),
        cached=bool(row["cached"]),
        shown=row["shown"],
        exact=bool(row["exact"]),
        messages=row["messages"],
    )


def read_run(row: sqlite3.Row) -> Run:
    """Return the run of a row of RUNS."""
    return Run(
        id=row["id"],
        started=row["started"],
        ended=row["ended"],
        status=row["status"],
        prompt=row["prompt"],
        contenders=row["contenders"],
        cases=row["cases"],
        samples=row["samples"],
        counts=json.loads(row["counts"]),
        cost=None if row["unpriced"] else row["spent"],
        spent=row["spent"],
        unpriced=row["unpriced"],
        local=bool(row["local"]),
    )


def no_result(number: int) -> StoreError:
    """Return what is raised where no row of results has this number, or none of cells holds it."""
    return StoreError(f"there is no result {number}", hint="“workbench runs show” lists those of a run.")


def replaced_by(connection: sqlite3.Connection, result: int) -> int | None:
    """Return which result has taken the place of one that was tried again, None where none has.

    Raises StoreError where there is no such result.
    """
    row = connection.execute(
        "SELECT cells.result FROM results JOIN cells ON cells.run = results.run "
        "AND cells.call_key = results.call_key WHERE results.id = ? ORDER BY position LIMIT 1",
        (result,),
    ).fetchone()
    if row is None:
        raise no_result(result)
    number: int = row["result"]
    return None if number == result else number
