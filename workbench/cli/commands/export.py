"""``workbench export``: results as JSON Lines, CSV or Markdown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Unpack

import click

from workbench.bench.bench import Bench
from workbench.bench.export_forms import FORMS
from workbench.bench.exporting import Chosen, form_of
from workbench.bench.shown import things
from workbench.cli.filters import Filters, read_filters, result_filters
from workbench.cli.options import run_number
from workbench.cli.output import print_note, print_piece
from workbench.errors import UsageError


@click.command("export")
@click.argument("runs", nargs=-1, type=run_number, metavar="[RUN]...")
@click.option("--all", "everything", is_flag=True, help="The results of all runs.")
@click.option("--search", metavar="WORDS", help="Those that “workbench runs search WORDS” finds.")
@result_filters
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to, if no pipe.")
@click.option(
    "--format", "form", type=click.Choice(list(FORMS)), help="By the name of FILE; jsonl where there is none."
)
def command(
    runs: tuple[int, ...],
    everything: bool,
    search: str | None,
    out: Path | None,
    form: str | None,
    **filters: Unpack[Filters],
) -> None:
    """Export the results of each RUN with their inputs and exact contexts; those of the last by default.

    Filters choose among the results of the runs that are named, or of all. JSON Lines hold every text as it
    is; CSV, in which nothing is a formula, and Markdown are for people. FILE appears, or is replaced, when
    all is written.
    """
    narrowed = search is not None or any(value is not None for value in filters.values())
    if everything and runs:
        raise UsageError("--all are the results of all runs", hint="Leave out the numbers of runs, or --all.")
    wanted = read_filters(search or "", filters)
    last = not (runs or narrowed or everything)
    if out is not None:
        form_of(out, form)

    # Not in another thread, as other commands work, but here, where Ctrl-C interrupts it at once.
    bench = Bench.here()
    try:
        chosen = Chosen((bench.store.runs.get().id,) if last else runs, wanted)
        if out is None:
            written = bench.exporting.send(chosen, print_piece, form or "jsonl")
        else:
            written = bench.exporting.write(chosen, out, form)
    finally:
        asyncio.run(bench.close())
    if out is not None:
        print_note(f"{things(written, 'result')} written to {out}")
    elif not written:
        print_note("There are no such results.")
