"""``workbench run``: ask, and keep every answer."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Protocol

import click

from workbench.bench.bench import Bench
from workbench.bench.running import Request, RunInProgress
from workbench.bench.shown import cost_range, money, usd
from workbench.cli.failing import Exit
from workbench.cli.options import (
    LARGEST,
    complete_prompts,
    input_option,
    json_option,
    model_option,
    read_inputs,
    read_params,
    with_bench,
)
from workbench.cli.output import ReaderGoneError, print_json, print_note, print_table, print_warning
from workbench.cli.results import RESULT_HEADERS, RIGHT, cost_value, counted, result_row, result_value
from workbench.errors import UsageError
from workbench.models.estimate import PlanEstimate
from workbench.runs.events import Ended, Finished, Planned, Retried
from workbench.store.records import Cell, Result

UNREACHED = ("authentication", "connection", "timeout", "unready", "server", "rate_limit", "engine")
"""Kinds of failure that mean a model could not be reached."""


@click.command("run")
@click.argument("prompts", nargs=-1, metavar="[PROMPT[@REVISION]]...", shell_complete=complete_prompts)
@model_option
@click.option("--case", "cases", multiple=True, help="A case, by name or number; repeatable; all by default.")
@input_option
@click.option("--set", "params", multiple=True, metavar="PARAM=VALUE", help="A param; VALUE,VALUE sweeps.")
@click.option("--samples", default=1, show_default=True, type=click.IntRange(min=1), help="Answers a case.")
@click.option("--fresh", is_flag=True, help="Ask again what the cache could answer.")
@click.option("--max-cost", metavar="USD", help="Allow the run to cost so much.")
@click.option("--plan", "plan_only", is_flag=True, help="Show calls and cost; send nothing.")
@click.option(
    "--resume",
    is_flag=False,
    flag_value="last",
    metavar="[RUN]",
    help="Do what is left of a run, the last by default.",
)
@json_option
def command(  # noqa: PLR0913 - click gives each option as an argument
    *,
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

    PROMPT@REVISION runs a version from git (HEAD, a commit, a tag, a branch), PROMPT@v:HASH one from the
    store. What the cache can answer is not asked again. Ctrl-C stops a run; what ended is kept.
    """
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
    _check(request, resume)
    limit = _limit(max_cost)

    async def whole(bench: Bench) -> int:
        if resume is None:
            prepared = await bench.running.prepare(request)
        else:
            prepared = await asyncio.to_thread(bench.running.resume, _run_number(resume), stream=False)
        for warning in prepared.warnings:
            print_warning(warning)
        face = _Lines() if as_json else _Table()
        if plan_only:
            face.planned(prepared.run, len(prepared.plan.calls), prepared.plan.cached, prepared.plan.estimate)
            return Exit.DONE
        bench.running.check_cost(prepared, limit)
        try:
            return await _follow(bench.running.start(prepared, limit), face)
        except ReaderGoneError as gone:
            gone.interrupted = True
            raise

    return with_bench(whole, keys=True)


class _Face(Protocol):
    """What becomes of a run's events."""

    def planned(self, run: int | None, calls: int, cached: int, cost: PlanEstimate) -> None: ...

    def result(self, run: int, cell: Cell, result: Result) -> None: ...

    def ended(self, event: Ended) -> None: ...


async def _follow(progress: RunInProgress, face: _Face) -> Exit:
    """Show what happens until the run has ended; returns the exit code that says how."""
    _stop_on_interrupt(progress)
    waiting: dict[str, list[Cell]] = {}
    results: list[Result] = []

    def show(cell: Cell, result: Result) -> None:
        results.append(result)
        face.result(progress.run, replace(cell, result=result), result)

    async with aclosing(progress.events()) as events:
        async for event in events:
            match event:
                case Planned():
                    face.planned(event.run, event.calls, event.cached, event.cost)
                    for cell in event.cells:
                        if cell.result is not None:
                            show(cell, cell.result)
                        else:
                            waiting.setdefault(cell.call_key, []).append(cell)
                case Retried():
                    print_note(f"try {event.tries} failed: {event.reason}; again in {event.wait:.1f} s")
                case Finished():
                    for cell in waiting.get(event.key, ()):
                        show(cell, event.result)
                case Ended():
                    face.ended(event)
                    return _exit_code(event, results)
    raise AssertionError("a run always ends")


def _stop_on_interrupt(progress: RunInProgress) -> None:
    """Let the first Ctrl-C stop the run, so that what ended is kept, and a second one stop everything."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        print_note("Stopping …")
        progress.stop()

    loop.add_signal_handler(signal.SIGINT, stop)


def _exit_code(ended: Ended, results: list[Result]) -> Exit:
    if ended.status == "interrupted":
        return Exit.INTERRUPTED
    if ended.status == "limit":
        return Exit.COST_LIMIT
    if results and all(result.status == "refused" or result.error_kind in UNREACHED for result in results):
        return Exit.UNREACHABLE
    return (
        Exit.FAILED_IN_PART if any(result.status in ("error", "refused") for result in results) else Exit.DONE
    )


class _Lines:
    """The events as JSON Lines."""

    def planned(self, run: int | None, calls: int, cached: int, cost: PlanEstimate) -> None:
        print_json(
            {"event": "planned", "run": run, "calls": calls, "cached": cached, "cost": cost_value(cost)}
        )

    def result(self, run: int, cell: Cell, result: Result) -> None:
        print_json({"event": "result", **result_value(run, cell, result)})

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
        _tell_how_to_resume(event)


class _Table:
    """Progress on standard error, and a table at the end."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, ...]] = []
        self._calls = 0
        self._done = 0

    def planned(self, run: int | None, calls: int, cached: int, cost: PlanEstimate) -> None:
        self._calls = calls
        name = "plan" if run is None else f"run {run}"
        unpriced = f", and {cost.unpriced} calls unpriced" if cost.unpriced else ""
        price = cost_range(cost.low, cost.typical, cost.high)
        print_note(f"{name}: {calls} calls, {cached} cached, {price}{unpriced}")

    def result(self, run: int, cell: Cell, result: Result) -> None:
        self._done += not cell.cached
        if sys.stderr.isatty():
            click.echo(f"\r{self._done} of {self._calls} ", err=True, nl=False)
        self._rows.append(result_row(cell, result))

    def ended(self, event: Ended) -> None:
        if sys.stderr.isatty():
            click.echo("\r", err=True, nl=False)
        print_table(RESULT_HEADERS, self._rows, right=RIGHT)
        print_note(f"run {event.run} {event.status}: {counted(event.counts)}; {money(event.cost)}")
        _tell_how_to_resume(event)


def _tell_how_to_resume(ended: Ended) -> None:
    if ended.status == "interrupted":
        print_note(f"Interrupted. What ended is kept; go on with: workbench run --resume {ended.run}")


def _check(request: Request, resume: str | None) -> None:
    """Refuse a request that names no prompt, and one that would change what a run resumes."""
    hint = "“workbench run --help” shows how."
    if resume is None and not request.targets:
        raise UsageError("name the prompts to run, or --resume a run", hint=hint)
    if resume is not None and request != Request(targets=(), stream=False):
        raise UsageError(
            "a resumed run is done as it was planned: --resume goes with no other choice", hint=hint
        )


def _limit(max_cost: str | None) -> Decimal | None:
    if max_cost is None:
        return None
    try:
        limit = Decimal(max_cost)
    except InvalidOperation:
        limit = Decimal("NaN")
    if not limit.is_finite() or limit < 0:
        raise UsageError(f"“{max_cost}” is not an amount of USD", hint="For example: --max-cost 2.50")
    return limit


def _run_number(text: str) -> int | None:
    if text == "last":
        return None
    if not text.isdecimal() or int(text) > LARGEST:
        raise UsageError(f"“{text}” is not the number of a run", hint="“workbench runs” lists them.")
    return int(text)
