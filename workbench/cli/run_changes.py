"""What ``workbench runs`` does to past results: marks, notes, asking anew, and pruning."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from workbench.bench.bench import Bench
from workbench.bench.shown import things
from workbench.cli.following import face_for, follow
from workbench.cli.options import (
    LARGEST,
    complete_prompts,
    json_option,
    read_limit,
    result_number,
    with_bench,
)
from workbench.cli.output import print_json, print_note, print_text
from workbench.cli.stopping import interruptible
from workbench.errors import UsageError
from workbench.project.yaml import Value
from workbench.store.records import LABELS, UNANSWERED

if TYPE_CHECKING:
    from workbench.store.pruning import Prunable, Pruned


@click.command("mark")
@click.argument("result", type=result_number)
@click.argument("label", type=click.Choice([*LABELS, "none"]))
@json_option
def mark(result: int, label: str, as_json: bool) -> None:
    """Mark RESULT as good or bad, or take its mark away."""
    with_bench(lambda bench: _mark(bench, result, None if label == "none" else label, as_json))


@click.command("note", short_help="Write a note on RESULT, or remove it.")
@click.argument("result", type=result_number)
@click.argument("text")
@json_option
def note(result: int, text: str, as_json: bool) -> None:
    """Write a note on RESULT, in place of the one it has; an empty TEXT removes it."""
    with_bench(lambda bench: _note(bench, result, text, as_json))


@click.command("prune")
@click.option("--older-than", metavar="WHEN", help="Runs that began before: 30d, 2w, or a date.")
@click.option(
    "--keep", type=click.IntRange(min=0, max=LARGEST), metavar="N", help="All but so many of the newest runs."
)
@click.option("--prompt", shell_complete=complete_prompts, help="Runs of this prompt alone.")
@click.option("--failed", is_flag=True, help="Runs without a single answer.")
@click.option("--yes", is_flag=True, help="Remove them. Without it, what would go is told and nothing more.")
@json_option
def prune(
    older_than: str | None, keep: int | None, prompt: str | None, failed: bool, yes: bool, as_json: bool
) -> None:
    """Remove past runs with their results, whole, to make room.

    What is chosen by several options is what all of them choose. A run stays, and why is told, while it goes
    on, while others share its answers, and where a result of it was judged, marked or noted on.
    """
    if older_than is None and keep is None and prompt is None and not failed:
        raise UsageError(
            "say which runs may go: --older-than, --keep, --prompt or --failed",
            hint="For example: workbench runs prune --older-than 30d",
        )
    with_bench(lambda bench: _prune(bench, _prunable(older_than, keep, prompt, failed), yes, as_json))


@click.command("again", short_help="Ask RESULT anew, from the context that was sent.")
@click.argument("result", type=result_number)
@click.option("--max-cost", metavar="USD", help="Allow it to cost so much.")
@json_option
def again(result: int, max_cost: str | None, as_json: bool) -> int:
    """Ask RESULT anew, from the context that was sent, whatever has been edited since.

    It becomes a run of its own, and RESULT stays as it is.
    """
    limit = read_limit(max_cost)
    return with_bench(lambda bench: _again(bench, result, limit, as_json), keys=True)


COMMANDS = (mark, note, again, prune)


async def _mark(bench: Bench, result: int, label: str | None, as_json: bool) -> None:
    await asyncio.to_thread(bench.recalling.label, result, label)
    await _tell(bench, result, f"marked {label}" if label else "no longer marked", as_json)


async def _note(bench: Bench, result: int, text: str, as_json: bool) -> None:
    await asyncio.to_thread(bench.recalling.note, result, text)
    await _tell(bench, result, "noted" if text.strip() else "no longer noted on", as_json)


async def _tell(bench: Bench, result: int, what: str, as_json: bool) -> None:
    if not as_json:
        print_note(f"result {result}: {what}")
        return
    remark = (await asyncio.to_thread(bench.recalling.result, result)).remark
    print_json({"result": result, "label": remark.label, "note": remark.note})


async def _again(bench: Bench, result: int, limit: Decimal | None, as_json: bool) -> int:
    with interruptible():
        prepared = await asyncio.to_thread(bench.running.again, result, stream=False)
    bench.running.check_fit(prepared)
    bench.running.check_cost(prepared, limit)
    return await follow(bench.running.start(prepared, limit), face_for(as_json=as_json))


def _prunable(older_than: str | None, keep: int | None, prompt: str | None, failed: bool) -> Prunable:
    from workbench.bench.recalling import read_since
    from workbench.store.pruning import Prunable

    before = None if older_than is None else read_since(older_than)
    return Prunable(before, keep, prompt, (*UNANSWERED, "waiting") if failed else ())


async def _prune(bench: Bench, chosen: Prunable, yes: bool, as_json: bool) -> None:
    pruning = bench.store.pruning
    found = await asyncio.to_thread(pruning.prune if yes else pruning.preview, chosen)
    if as_json:
        print_json(_value(found, yes))
        return
    for run, why in found.kept:
        print_text(f"run {run} stays: {why}")
    if not found.runs:
        print_note("No run goes.")
        return
    print_text(
        f"{'removed' if yes else 'would remove'} {things(len(found.runs), 'run')} ({_ranges(found.runs)}): "
        f"{things(found.results, 'result')}, {things(found.contexts, 'context')}, "
        f"{found.bytes / 1_000_000:,.1f} MB"
    )
    if not yes:
        print_note("Nothing was removed; --yes removes them for good.")


def _value(found: Pruned, removed: bool) -> Value:
    return {
        "removed": removed,
        "runs": list(found.runs),
        "results": found.results,
        "contexts": found.contexts,
        "bytes": found.bytes,
        "kept": [{"run": run, "why": why} for run, why in found.kept],
    }


def _ranges(numbers: Sequence[int]) -> str:
    """Return numbers with neighbours drawn together: ``1-3, 7``."""
    spans: list[tuple[int, int]] = []
    for one in sorted(numbers):
        if spans and spans[-1][1] == one - 1:
            spans[-1] = (spans[-1][0], one)
        else:
            spans.append((one, one))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
