"""``workbench runs``: what was run before, searched, shown, and remarked upon."""

from __future__ import annotations

import asyncio
from typing import Unpack

import click

from workbench.bench.bench import Bench
from workbench.bench.copying import FORMATS
from workbench.bench.shown import age, spent, usd
from workbench.cli import past_results, run_changes
from workbench.cli.context_asked import one_form
from workbench.cli.filters import (
    Filters,
    model_filter,
    prompt_filter,
    read_filters,
    result_filters,
    since_filter,
)
from workbench.cli.groups import hand_on
from workbench.cli.options import json_option, number, result_number, run_number, with_bench
from workbench.cli.output import print_json, print_note, print_table
from workbench.cli.results import RESULT_HEADERS, RIGHT, counted, result_row, result_value
from workbench.project.clock import utc_now
from workbench.project.yaml import Value
from workbench.store.records import RUN_STATUSES, STATUSES, Run


@click.group("runs", invoke_without_command=True)
@click.option("--limit", default=50, show_default=True, type=number, metavar="N", help="How many.")
@prompt_filter
@model_filter
@click.option(
    "--status",
    type=click.Choice([*RUN_STATUSES, *STATUSES]),
    help="How the run stands, or what became of any of its calls.",
)
@since_filter
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    limit: int,
    prompt: str | None,
    model: str | None,
    status: str | None,
    since: str | None,
    as_json: bool,
) -> None:
    """List past runs, newest first, or do something with their results."""
    if context.invoked_subcommand is not None:
        hand_on(context, context.invoked_subcommand)
    else:
        filters: Filters = {"prompt": prompt, "model": model, "status": status, "since": since}
        with_bench(lambda bench: _list(bench, limit, filters, as_json))


@command.command("show")
@click.argument("run", required=False, type=run_number)
@json_option
def show(run: int | None, as_json: bool) -> None:
    """Show the results of RUN, the last one by default."""
    with_bench(lambda bench: _show(bench, run, as_json))


@command.command("search", short_help="Find results by words in the answer, the context or a note.")
@click.argument("words", nargs=-1)
@click.option("--run", type=run_number, metavar="RUN", help="Of this run alone.")
@result_filters
@click.option("--limit", default=50, show_default=True, type=number, metavar="N", help="How many.")
@json_option
def search(words: tuple[str, ...], limit: int, as_json: bool, **filters: Unpack[Filters]) -> None:
    """Find the results that hold all of WORDS in the answer, the context or a note, newest first.

    A word may end in *, and words in quotes stand side by side. Filters may stand among the words, such as
    status:error. Without words the newest results are found.
    """
    wanted = read_filters(" ".join(words), filters)
    with_bench(lambda bench: past_results.search(bench, wanted, limit, as_json))


@command.command("result", short_help="Show one result with the exact context that it answers.")
@click.argument("number", type=result_number)
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "answer", *FORMATS]),
    help="Print only this, to use elsewhere.",
)
@json_option
def result(number: int, form: str | None, as_json: bool) -> None:
    """Show the result of this NUMBER with the exact context that it answers."""
    form = one_form(form, as_json)
    with_bench(lambda bench: past_results.show(bench, number, form))


for _changing in run_changes.COMMANDS:
    command.add_command(_changing)


async def _list(bench: Bench, limit: int, filters: Filters, as_json: bool) -> None:
    runs = await asyncio.to_thread(_found, bench, limit, filters)
    if as_json:
        print_json([_value(run) for run in runs])
        return
    if not runs:
        print_note(
            "No such runs." if any(filters.values()) else "No runs yet. Begin with: workbench run PROMPT"
        )
        return
    now = utc_now()
    rows = [
        (
            *(str(run.id), age(run.started, now), run.prompt),
            *(str(run.contenders), str(run.cases), str(run.samples)),
            *(run.status, counted(run.counts), spent(run.spent, run.unpriced, free=run.local)),
        )
        for run in runs
    ]
    headers = ("RUN", "AGE", "PROMPT", "CONTENDERS", "CASES", "SAMPLES", "STATUS", "RESULTS", "COST")
    print_table(headers, rows, right=(0, 1, 3, 4, 5))


def _found(bench: Bench, limit: int, filters: Filters) -> list[Run]:
    if not any(filters.values()):
        return bench.store.runs.newest(limit)
    return bench.recalling.runs(read_filters("", filters), limit)


async def _show(bench: Bench, number: int | None, as_json: bool) -> None:
    run = await asyncio.to_thread(bench.store.runs.get, number)
    cells = await asyncio.to_thread(bench.store.runs.cells, run.id)
    answered = [(cell, cell.result) for cell in cells if cell.result is not None]
    if as_json:
        print_json([result_value(run.id, cell, result) for cell, result in answered])
        return
    print_table(RESULT_HEADERS, [result_row(cell, result) for cell, result in answered], right=RIGHT)
    cost = spent(run.spent, run.unpriced, free=run.local)
    print_note(f"run {run.id} {run.status}: {counted(run.counts)}; {cost}")


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
