"""``workbench doctor``: what works here, and what does not."""

from __future__ import annotations

import asyncio

import click

from workbench.bench.bench import Bench
from workbench.bench.checking import check
from workbench.cli.failing import Exit
from workbench.cli.options import json_option, with_bench
from workbench.cli.output import print_json, print_note, print_text


@click.command("doctor")
@click.option("--move-aside", is_flag=True, help="Rename a damaged database, so that a new one can begin.")
@json_option
def command(move_aside: bool, as_json: bool) -> int:
    """Check settings, prompts, cases, git, models and the database of this project."""
    return with_bench(lambda bench: _doctor(bench, move_aside, as_json))


async def _doctor(bench: Bench, move_aside: bool, as_json: bool) -> int:
    if move_aside:
        aside = await asyncio.to_thread(bench.move_damaged_aside)
        print_note(f"the database was renamed to {aside.name}" if aside else "the database is not damaged")
    findings = await check(bench)
    if as_json:
        print_json(
            [{"what": one.what, "ok": one.ok, "message": one.message, "hint": one.hint} for one in findings]
        )
    else:
        for one in findings:
            print_text(f"{'✓' if one.ok else '✗'} {one.what}: {one.message}")
            if one.hint:
                print_text(f"    {one.hint}")
    return Exit.DONE if all(one.ok or not one.needed for one in findings) else Exit.FAILED_IN_PART
