"""``workbench runs``: what was run before."""

from __future__ import annotations

import asyncio

import click

from workbench.bench.bench import Bench
from workbench.bench.shown import age, money, usd
from workbench.cli.options import json_option, number, with_bench
from workbench.cli.output import print_json, print_note, print_table
from workbench.cli.results import RESULT_HEADERS, RIGHT, counted, result_row, result_value
from workbench.project.clock import utc_now
from workbench.project.yaml import Value
from workbench.store.records import Run


@click.group("runs", invoke_without_command=True)
@click.option("--limit", default=50, show_default=True, type=number, help="How many runs.")
@json_option
@click.pass_context
def command(context: click.Context, limit: int, as_json: bool) -> None:
    """List past runs, newest first."""
    if context.invoked_subcommand is None:
        with_bench(lambda bench: _list(bench, limit, as_json))


@command.command("show")
@click.argument("run", required=False, type=number)
@json_option
def show(run: int | None, as_json: bool) -> None:
    """Show the results of RUN, the last one by default."""
    with_bench(lambda bench: _show(bench, run, as_json))


async def _list(bench: Bench, limit: int, as_json: bool) -> None:
    runs = await asyncio.to_thread(bench.store.runs.newest, limit)
    if as_json:
        print_json([_value(run) for run in runs])
        return
    if not runs:
        print_note("No runs yet. Begin with: workbench run PROMPT")
        return
    now = utc_now()
    rows = [
        (
            *(str(run.id), age(run.started, now), run.prompt),
            *(str(run.contenders), str(run.cases), str(run.samples)),
            *(run.status, counted(run.counts), money(run.cost)),
        )
        for run in runs
    ]
    headers = ("RUN", "AGE", "PROMPT", "CONTENDERS", "CASES", "SAMPLES", "STATUS", "RESULTS", "COST")
    print_table(headers, rows, right=(0, 1, 3, 4, 5))


async def _show(bench: Bench, number: int | None, as_json: bool) -> None:
    run = await asyncio.to_thread(bench.store.runs.get, number)
    cells = await asyncio.to_thread(bench.store.runs.cells, run.id)
    answered = [(cell, cell.result) for cell in cells if cell.result is not None]
    if as_json:
        print_json([result_value(run.id, cell, result) for cell, result in answered])
        return
    print_table(RESULT_HEADERS, [result_row(cell, result) for cell, result in answered], right=RIGHT)
    print_note(f"run {run.id} {run.status}: {counted(run.counts)}; {money(run.cost)}")


def _value(run: Run) -> Value:
    return {
        "run": run.id,
        "started": run.started,
        "prompt": run.prompt,
        "contenders": run.contenders,
        "cases": run.cases,
        "samples": run.samples,
        "status": run.status,
        "counts": dict(run.counts),
        "cost": usd(run.cost),
    }
