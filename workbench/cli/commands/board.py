"""``workbench board``: which contender is ahead."""

from __future__ import annotations

import asyncio

import click

from workbench.bench.bench import Bench
from workbench.bench.dueling import GROUPINGS, BoardRow, BoardView
from workbench.bench.shown import money, percent, seconds, short_version, usd, verdict
from workbench.cli.options import complete_prompts, json_option, with_bench
from workbench.cli.output import print_json, print_note, print_table
from workbench.project.yaml import Value


@click.command("board")
@click.argument("prompt", shell_complete=complete_prompts)
@click.option(
    "--by", type=click.Choice(GROUPINGS), default="contender", show_default=True, help="What to rate."
)
@json_option
def command(prompt: str, by: str, as_json: bool) -> None:
    """Show the ratings of PROMPT's contenders, with 95 % intervals.

    A rating is the win rate to expect against an equal field of the others.
    """
    with_bench(lambda bench: _board(bench, prompt, by, as_json))


async def _board(bench: Bench, prompt: str, by: str, as_json: bool) -> None:
    await asyncio.to_thread(bench.check_prompt, prompt)
    view = await asyncio.to_thread(bench.dueling.board, prompt, by)
    if as_json:
        print_json(as_value(view))
        return
    if not view.rows:
        print_note(f"Nothing to rate: {prompt} has no results yet. Begin with: workbench run {prompt}")
        return
    rows = [
        (
            *(
                str(place),
                row.label,
                percent(row.standing.rating),
                f"{row.standing.low * 100:.0f} – {row.standing.high * 100:.0f}",
            ),
            *(
                str(row.standing.votes),
                str(row.standing.wins),
                str(row.standing.losses),
                str(row.standing.ties),
                str(row.standing.bad),
            ),
            *(verdict(row.standing), _cost(row), seconds(row.total)),
        )
        for place, row in enumerate(view.rows, start=1)
    ]
    headers = ("", by.upper(), "RATING", "95 %", "VOTES", "WON", "LOST", "TIED", "BAD", "", "COST", "TIME")
    print_table(headers, rows, right=(0, 2, 3, 4, 5, 6, 7, 8, 10, 11))
    print_note(f"{view.votes} votes ({view.blind} blind), {view.identical} identical answers counted as ties")
    if view.board.sign_test is not None:
        print_note(f"exact sign test without ties: p = {view.board.sign_test:.3f}")
    if not view.board.connected:
        print_note("The votes do not join all contenders: ratings of separate groups cannot be compared.")


def as_value(view: BoardView) -> Value:
    """Return the board in the shape of ``--json``."""
    return {
        "by": view.by,
        "contenders": [_row_value(row, view.by) for row in view.rows],
        "connected": view.board.connected,
    }


def _row_value(row: BoardRow, by: str) -> Value:
    contender = row.contender
    return {
        "label": row.label,
        "prompt": contender.prompt,
        "version": short_version(contender.version) if by != "model" else None,
        "model": contender.string if by != "version" else None,
        "params": dict(contender.params) if by == "contender" else None,
        "votes": row.standing.votes,
        "wins": row.standing.wins,
        "losses": row.standing.losses,
        "ties": row.standing.ties,
        "bad": row.standing.bad,
        "win_rate": row.standing.win_rate,
        "rating": row.standing.rating,
        "low": row.standing.low,
        "high": row.standing.high,
        "undecided": row.standing.undecided,
        "votes_needed": row.standing.votes_needed,
        "cost": usd(row.cost),
        "total": row.total,
    }


def _cost(row: BoardRow) -> str:
    return money(row.cost, free=row.contender.local)
