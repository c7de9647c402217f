"""``workbench review``: single answers called good or bad, a random sample at a time."""

from __future__ import annotations

import asyncio
from random import Random

import click

from workbench.bench.bench import Bench
from workbench.bench.labelling import ToLabel
from workbench.bench.shown import NOTHING, one_line, percent
from workbench.cli.judges import as_option
from workbench.cli.options import complete_prompts, json_option, result_number, with_bench
from workbench.cli.output import print_json, print_note, print_text
from workbench.store.records import LABELS

NONE_LEFT = "no answer waits for a label; run more cases or samples"


@click.group("review")
def command() -> None:
    """Call single answers good or bad; the board tells the share of good ones of each contender."""


@command.command("next")
@click.argument("prompt", required=False, shell_complete=complete_prompts)
@as_option
@json_option
def show_next(prompt: str | None, judge: str, as_json: bool) -> None:
    """Show a random answer that has no label, of PROMPT or of any: of the contender with the fewest first."""
    with_bench(lambda bench: _next(bench, prompt, as_json), judge=judge)


@command.command("label")
@click.argument("result", type=result_number)
@click.argument("label", type=click.Choice([*LABELS, "none"]))
@as_option
@json_option
def label(result: int, label: str, judge: str, as_json: bool) -> None:
    """Call RESULT good or bad, or take its label away."""

    async def use(bench: Bench) -> None:
        said = None if label == "none" else label
        await asyncio.to_thread(bench.labelling.label, result, said)
        if as_json:
            print_json({"result": result, "label": said})
        else:
            print_note(f"result {result}: {label}")

    with_bench(use, judge=judge)


@command.command("undo")
@click.argument("prompt", required=False, shell_complete=complete_prompts)
@as_option
@json_option
def undo(prompt: str | None, judge: str, as_json: bool) -> None:
    """Take back the last label that you gave, on PROMPT or on any."""

    async def use(bench: Bench) -> None:
        undone = await asyncio.to_thread(bench.labelling.undo, prompt)
        if as_json:
            print_json({"result": undone[0], "label": undone[1]} if undone else None)
        elif undone:
            print_note(f"taken back: {undone[1]} on result {undone[0]}")
        else:
            print_note(f"there is no label of {bench.judge()} to take back")

    with_bench(use, judge=judge)


async def _next(bench: Bench, prompt: str | None, as_json: bool) -> None:
    if prompt is not None:
        await asyncio.to_thread(bench.check_prompt, prompt)
    shown = await asyncio.to_thread(bench.labelling.next, prompt, Random())
    if as_json:
        print_json(_value(shown))
        return
    progress = await asyncio.to_thread(bench.labelling.progress, prompt)
    if shown is None:
        print_note(NONE_LEFT)
        return
    print_text(f"result {shown.result}, {shown.prompt}, case {shown.case or NOTHING}", bold=True)
    for name, value in shown.inputs.items():
        print_text(f"{name}: {one_line(str(value), 200)}")
    print_text()
    print_text(shown.text)
    passed = await asyncio.to_thread(bench.labelling.passed, prompt)
    rate = f", {percent(passed.rate)} good so far" if passed and progress.today else ""
    print_note(f"\n{progress.today} labelled today, {progress.unlabelled} without a label{rate}")
    print_note(f"workbench review label {shown.result} good|bad")


def _value(shown: ToLabel | None) -> dict[str, object]:
    if shown is None:
        return {"result": None, "why": NONE_LEFT}
    return {
        "result": shown.result,
        "prompt": shown.prompt,
        "case": shown.case,
        "inputs": dict(shown.inputs),
        "text": shown.text,
    }
