"""``workbench run``: plan, ask, store, show."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import click

from workbench.bench.bench import Bench
from workbench.bench.running import Prepared, Request
from workbench.cli.failing import Exit
from workbench.cli.following import Face, face_for, follow, tell_misfits
from workbench.cli.options import (
    LARGEST,
    complete_prompts,
    input_option,
    json_option,
    model_option,
    read_inputs,
    read_limit,
    with_bench,
)
from workbench.cli.output import print_note, print_warning
from workbench.cli.stopping import interruptible
from workbench.errors import UsageError
from workbench.runs.plan import read_sweep

_HINT = "“workbench run --help” shows how."


@click.command("run")
@click.argument("prompts", nargs=-1, metavar="[PROMPT[@REVISION]]...", shell_complete=complete_prompts)
@model_option
@click.option("--case", "cases", multiple=True, help="A case, by name or number; repeatable; all by default.")
@click.option(
    "--cases",
    "selection",
    multiple=True,
    metavar="PATTERN",
    help="Cases by name, number, 3-7, glow* or tag:hard; repeatable, or with commas.",
)
@click.option("--examples", is_flag=True, help="Each few-shot example as a case, with that example left out.")
@input_option
@click.option("--set", "params", multiple=True, metavar="PARAM=VALUE", help="A param; VALUE,VALUE sweeps.")
@click.option("--samples", default=1, show_default=True, type=click.IntRange(min=1), help="Answers a case.")
@click.option("--fresh", is_flag=True, help="Ask again what the cache could answer.")
@click.option("--max-cost", metavar="USD", help="Allow the run to cost so much.")
@click.option(
    "--plan", "plan_only", is_flag=True, help="Show calls, cost and what will not work; send nothing."
)
@click.option(
    "--resume",
    is_flag=False,
    flag_value="last",
    metavar="[RUN]",
    help="Do what is left of a run, the last by default.",
)
@click.option(
    "--retry-failed",
    "retry",
    is_flag=False,
    flag_value="last",
    metavar="[RUN]",
    help="Do only what failed in a run, the last by default.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the results to FILE when the run has ended: .jsonl, .csv or .md.",
)
@json_option
def command(  # noqa: PLR0913 - click gives each option as an argument
    *,
    prompts: tuple[str, ...],
    models: tuple[str, ...],
    cases: tuple[str, ...],
    selection: tuple[str, ...],
    examples: bool,
    inputs: tuple[str, ...],
    params: tuple[str, ...],
    samples: int,
    fresh: bool,
    max_cost: str | None,
    plan_only: bool,
    resume: str | None,
    retry: str | None,
    out: Path | None,
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
        params=read_sweep(params),
        samples=samples,
        fresh=fresh,
        stream=False,
        selection=selection,
        examples=examples,
    )
    _check(request, resume, retry)
    if plan_only and out is not None:
        raise UsageError(
            "--plan sends nothing, so that there is nothing to write: leave out --out", hint=_HINT
        )
    limit = read_limit(max_cost)
    idle = (
        "Nothing has failed" if retry is not None else "Nothing is left to do" if resume is not None else ""
    )
    face = face_for(as_json=as_json, idle=idle)

    async def whole(bench: Bench) -> int:
        if out is not None:
            bench.exporting.check(out)
        with interruptible():
            prepared = await _prepared(bench, request, resume, retry)
        for warning in prepared.warnings:
            print_warning(warning)
        if plan_only:
            face.plan(prepared)
            tell_misfits(prepared.misfits)
            return Exit.USAGE if prepared.misfits else Exit.DONE
        return await _run(bench, prepared, limit, face, out)

    return with_bench(whole, keys=True)


async def _prepared(bench: Bench, request: Request, resume: str | None, retry: str | None) -> Prepared:
    again = resume or retry
    if again is None:
        return await bench.running.prepare(request)
    return await asyncio.to_thread(
        bench.running.resume, _run_number(again), stream=False, failed_only=retry is not None
    )


async def _run(bench: Bench, prepared: Prepared, limit: Decimal | None, face: Face, out: Path | None) -> Exit:
    bench.running.check_fit(prepared)
    bench.running.check_cost(prepared, limit)
    progress = bench.running.start(prepared, limit)
    code = await follow(progress, face)
    if out is not None:
        from workbench.bench.exporting import Chosen

        number = await asyncio.to_thread(bench.exporting.write, Chosen(runs=(progress.run,)), out)
        print_note(f"{number} results in {out}")
    return code


def _check(request: Request, resume: str | None, retry: str | None) -> None:
    """Refuse a request that names no prompt, and one that would change what a run resumes."""
    again = resume or retry
    if again is None and not request.targets:
        raise UsageError("name the prompts to run, or --resume a run", hint=_HINT)
    if resume is not None and retry is not None:
        raise UsageError("--resume does what failed too: leave out --retry-failed", hint=_HINT)
    if again is not None and request != Request(targets=(), stream=False):
        option = "--resume" if resume is not None else "--retry-failed"
        raise UsageError(
            f"a resumed run is done as it was planned: {option} goes with no other choice", hint=_HINT
        )


def _run_number(text: str) -> int | None:
    if text == "last":
        return None
    if not text.isdecimal() or int(text) > LARGEST:
        raise UsageError(f"“{text}” is not the number of a run", hint="“workbench runs” lists them.")
    return int(text)
