"""``workbench run``: ask, and keep every answer."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import click

from workbench.bench.bench import Bench
from workbench.bench.running import Prepared, Request
from workbench.bench.shown import money, one_line, seconds, usd
from workbench.cli.failing import Exit
from workbench.cli.options import input_option, json_option, model_option, read_inputs, read_params, with_bench
from workbench.cli.output import print_json, print_note, print_table
from workbench.errors import UsageError
from workbench.models.estimate import PlanEstimate
from workbench.project.yaml import Value
from workbench.runs.events import Ended, Finished, Planned, Retried
from workbench.store.records import Cell, Result

UNREACHED = ("authentication", "connection", "timeout", "unready", "server", "rate_limit", "engine")
"""Kinds of failure that mean a model could not be reached."""


@click.command("run")
@click.argument("prompts", nargs=-1, metavar="[PROMPT[@REVISION]]...")
@model_option
@click.option("--case", "cases", multiple=True, help="A case to run, by name or number; repeatable; all by default.")
@input_option
@click.option("--set", "params", multiple=True, metavar="PARAM=VALUE", help="A param; VALUE,VALUE sweeps; repeatable.")
@click.option("--samples", default=1, show_default=True, type=click.IntRange(min=1), help="Answers for each case.")
@click.option("--fresh", is_flag=True, help="Ask again what the cache could answer.")
@click.option("--max-cost", metavar="USD", help="Allow the run to cost so much.")
@click.option("--plan", "plan_only", is_flag=True, help="Show what would be asked and what it may cost; send nothing.")
@click.option("--resume", is_flag=False, flag_value="last", metavar="[RUN]", help="Do what is left of a run, the last by default.")
@json_option
def command(
    prompts: tuple[str, ...],
    models: tuple[str, ...],
    cases: tuple[str, ...],
    inputs: tuple[str, ...],
    params: tuple[str, ...],
    samples: int,
    fresh: bool,
    max_cost: str | None,
    plan_only: bool,
    resume: str | None,
    as_json: bool,
) -> int:
    """Run prompts on models and keep every result.

    PROMPT@REVISION runs a version from git (HEAD, a commit, a tag, a branch), PROMPT@v:HASH one from the store.
    """
    if bool(prompts) == (resume is not None):
        raise UsageError("name the prompts to run, or --resume a run", hint="“workbench run --help” shows how.")
    request = Request(
        targets=prompts,
        models=models,
        cases=cases,
        inputs=read_inputs(inputs),
        params=read_params(params),
        samples=samples,
        fresh=fresh,
        stream=False,
    )
    limit = _limit(max_cost)

    async def whole(bench: Bench) -> int:
        if resume is None:
            prepared = await bench.running.prepare(request)
        else:
            prepared = await asyncio.to_thread(bench.running.resume, _run_number(resume))
        if plan_only:
            _print_plan(prepared, as_json)
            return Exit.DONE
        bench.running.check_cost(prepared, limit)
        return await _follow(bench, prepared, limit, as_json)

    return with_bench(whole)


async def _follow(bench: Bench, prepared: Prepared, limit: Decimal | None, as_json: bool) -> int:
    progress = bench.running.start(prepared, limit)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, progress.stop)
    face = _Lines() if as_json else _Table()
    filled: dict[int, Cell] = {}
    by_key: dict[str, list[Cell]] = {}
    async for event in progress.events():
        match event:
            case Planned():
                face.planned(event)
                for cell in event.cells:
                    if cell.result is not None:
                        filled[cell.position] = cell
                        face.result(event.run, cell, cell.result, True)
                    else:
                        by_key.setdefault(cell.call_key, []).append(cell)
            case Retried():
                print_note(f"try {event.tries} failed: {event.reason}; again in {event.wait:.1f} s")
            case Finished():
                for cell in by_key.get(event.key, ()):
                    filled[cell.position] = cell
                    face.result(progress.run, cell, event.result, False)
            case Ended():
                face.ended(event)
                if event.status == "interrupted":
                    print_note(f"Interrupted. What ended is kept; go on with: workbench run --resume {event.run}")
                cells = await asyncio.to_thread(bench.store.runs.cells, event.run)
                return _exit_code(event, [cell.result for cell in cells if cell.result])
    raise AssertionError("a run always ends")


def _exit_code(ended: Ended, results: list[Result]) -> Exit:
    if ended.status == "interrupted":
        return Exit.INTERRUPTED
    if ended.status == "limit":
        return Exit.COST_LIMIT
    failed = [result for result in results if result.status == "error"]
    if results and all(result.status == "refused" or result.error_kind in UNREACHED for result in results):
        return Exit.UNREACHABLE
    return Exit.FAILED_IN_PART if failed else Exit.DONE


class _Lines:
    """The events as JSON Lines."""

    def planned(self, event: Planned) -> None:
        print_json(
            {
                "event": "planned",
                "run": event.run,
                "calls": event.calls,
                "cached": event.cached,
                "cost": _estimate(event.cost),
            }
        )

    def result(self, run: int, cell: Cell, result: Result, cached: bool) -> None:
        print_json({"event": "result", **result_value(run, cell, result, cached)})

    def ended(self, event: Ended) -> None:
        print_json(
            {
                "event": "ended",
                "run": event.run,
                "status": event.status,
                "counts": dict(event.counts),
                "cost": usd(event.cost),
            }
        )


class _Table:
    """Progress on standard error, and a table at the end."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, ...]] = []
        self._calls = 0
        self._done = 0

    def planned(self, event: Planned) -> None:
        self._calls = event.calls
        cost = event.cost
        high = money(cost.high) if cost.high is not None else "?"
        print_note(
            f"run {event.run}: {event.calls} calls, {event.cached} cached, "
            f"{money(cost.low)} – {money(cost.typical)} – {high}"
            + (f", and {cost.unpriced} calls unpriced" if cost.unpriced else "")
        )

    def result(self, run: int, cell: Cell, result: Result, cached: bool) -> None:
        if not cached:
            self._done += 1
            if sys.stderr.isatty():
                click.echo(f"\r{self._done} of {self._calls} ", err=True, nl=False)
        self._rows.append(result_row(cell, result, cached))

    def ended(self, event: Ended) -> None:
        if sys.stderr.isatty() and self._done:
            click.echo("", err=True)
        print_table(RESULT_HEADERS, self._rows, right=(5,))
        counts = ", ".join(f"{number} {status}" for status, number in event.counts.items())
        print_note(f"run {event.run} {event.status}: {counts}; {money(event.cost)}")


RESULT_HEADERS = ("CASE", "VERSION", "MODEL", "STATUS", "", "TIME", "TEXT")


def result_row(cell: Cell, result: Result, cached: bool) -> tuple[str, ...]:
    """Return one result as a row of a table for people."""
    mark = {True: "✓", False: "✗", None: ""}[_expected(cell, result)]
    case = f"{cell.case or '–'}{f' #{cell.sample}' if cell.sample > 1 else ''}"
    version = f"v:{cell.contender.version[:6]}"
    status = f"{result.status}{' (cached)' if cached else ''}"
    text = result.text or result.error or result.refusal or ""
    return case, version, cell.contender.model, status, mark, seconds(result.total), one_line(text)


def result_value(run: int, cell: Cell, result: Result, cached: bool) -> dict[str, Value]:
    """Return one result in the shape of ``--json``."""
    usage = result.usage
    return {
        "run": run,
        "result": result.id,
        "prompt": cell.contender.prompt,
        "version": f"v:{cell.contender.version[:6]}",
        "revision": cell.revision,
        "dirty": cell.dirty,
        "contender": cell.contender.id or None,
        "model": result.string,
        "params": dict(cell.contender.params),
        "case": cell.case,
        "sample": cell.sample,
        "status": result.status,
        "text": result.text,
        "valid": result.valid,
        "expected": _expected(cell, result),
        "finish": result.finish,
        "error": result.error,
        "usage": {
            "input": usage.input,
            "output": usage.output,
            "cached": usage.cached,
            "reasoning": usage.reasoning,
        },
        "cost": "0" if cached else usd(result.cost),
        "ttft": result.ttft,
        "total": result.total,
        "cached": cached,
    }


def _expected(cell: Cell, result: Result) -> bool | None:
    from dataclasses import replace

    return replace(cell, result=result).expected


def _estimate(cost: PlanEstimate) -> Mapping[str, Value]:
    return {"low": usd(cost.low), "typical": usd(cost.typical), "high": usd(cost.high)}


def _print_plan(prepared: Prepared, as_json: bool) -> None:
    plan = prepared.plan
    if as_json:
        print_json(
            {
                "event": "planned",
                "run": prepared.run,
                "calls": len(plan.calls),
                "cached": plan.cached,
                "cost": _estimate(plan.estimate),
            }
        )
    else:
        _Table().planned(Planned(prepared.run or 0, plan.cells, len(plan.calls), plan.cached, plan.estimate))


def _limit(max_cost: str | None) -> Decimal | None:
    if max_cost is None:
        return None
    try:
        limit = Decimal(max_cost)
    except InvalidOperation:
        raise UsageError(f"“{max_cost}” is not an amount of USD", hint="For example: --max-cost 2.50") from None
    if not limit.is_finite() or limit < 0:
        raise UsageError(f"“{max_cost}” is not an amount of USD", hint="For example: --max-cost 2.50")
    return limit


def _run_number(text: str) -> int | None:
    if text == "last":
        return None
    if not text.isdigit():
        raise UsageError(f"“{text}” is not the number of a run", hint="“workbench runs” lists them.")
    return int(text)
