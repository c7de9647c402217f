"""``workbench duel``: pairs to judge, votes on them, and votes as files."""

from __future__ import annotations

import asyncio

import click

from workbench.bench.bench import Bench
from workbench.bench.shown import NOTHING, one_line
from workbench.cli import vote_files
from workbench.cli.judges import as_option
from workbench.cli.options import complete_prompts, json_option, number, with_bench
from workbench.cli.output import print_json, print_note, print_text
from workbench.store.records import Vote
from workbench.verdicts.pairs import NoPair
from workbench.verdicts.votes import Choice


@click.group("duel")
def command() -> None:
    """Judge pairs of answers to the same case, blind: who wrote which is told on the board."""


@command.command("next")
@click.argument("prompt", shell_complete=complete_prompts)
@click.option("--check", is_flag=True, help="Now and then show a pair again, to see how steady you are.")
@as_option
@json_option
def show_next(prompt: str, check: bool, judge: str, as_json: bool) -> None:
    """Show the pair of PROMPT's results whose verdict would teach the most."""
    with_bench(lambda bench: _next(bench, prompt, check, as_json), judge=judge)


@command.command("vote")
@click.argument("pair", type=number)
@click.argument("choice", type=click.Choice([choice.value for choice in Choice]))
@click.option("--note", help="Why.")
@click.option("--not-blind", is_flag=True, help="You knew who wrote which.")
@as_option
@json_option
def vote(pair: int, choice: str, *, note: str | None, not_blind: bool, judge: str, as_json: bool) -> None:
    """Say which answer of PAIR is better: left, right, tie, bad (both are) or skip."""

    async def use(bench: Bench) -> None:
        given = await asyncio.to_thread(
            lambda: bench.dueling.vote(pair, choice, note=note, blind=not not_blind)
        )
        if as_json:
            print_json(_value(given))
        else:
            print_note(f"pair {pair}: {choice}. The next: workbench duel next {given.pair.prompt}")

    with_bench(use, judge=judge)


@command.command("undo")
@click.argument("prompt", required=False, shell_complete=complete_prompts)
@as_option
@json_option
def undo(prompt: str | None, judge: str, as_json: bool) -> None:
    """Take back the last vote that you gave, on PROMPT or on any."""
    with_bench(lambda bench: _undo(bench, prompt, as_json), judge=judge)


for _as_file in vote_files.COMMANDS:
    command.add_command(_as_file)


async def _next(bench: Bench, prompt: str, check: bool, as_json: bool) -> None:
    await asyncio.to_thread(bench.check_prompt, prompt)
    shown = await asyncio.to_thread(lambda: bench.dueling.next(prompt, checking=check))
    if isinstance(shown, NoPair):
        if as_json:
            print_json({"pair": None, "why": shown.why})
        else:
            print_note(shown.why)
        return
    if as_json:
        print_json(
            {
                "pair": shown.pair.id,
                "case": shown.case,
                "inputs": dict(shown.inputs),
                "left": {"text": shown.left},
                "right": {"text": shown.right},
            }
        )
        return
    print_text(f"pair {shown.pair.id}, case {shown.case or NOTHING}", bold=True)
    for name, value in shown.inputs.items():
        print_text(f"{name}: {one_line(str(value), 200)}")
    for side, text in (("LEFT", shown.left), ("RIGHT", shown.right)):
        print_text()
        print_text(side, bold=True)
        print_text(text)
    print_note(f"\nworkbench duel vote {shown.pair.id} left|right|tie|bad|skip")


async def _undo(bench: Bench, prompt: str | None, as_json: bool) -> None:
    undone = await asyncio.to_thread(bench.dueling.undo, prompt)
    if as_json:
        print_json(_value(undone) if undone else None)
    elif undone:
        print_note(f"taken back: {undone.choice} on pair {undone.pair.id}")
    else:
        print_note(f"there is no vote of {bench.judge()} to take back")


def _value(vote: Vote) -> dict[str, object]:
    return {
        "pair": vote.pair.id,
        "vote": vote.choice,
        "judge": vote.judge,
        "blind": vote.blind,
        "note": vote.note,
    }
