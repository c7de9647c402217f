"""``workbench board``: which contender is ahead."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import click

from workbench.bench.bench import Bench
from workbench.bench.board_views import GROUPINGS, AtCommit, VoteFilter
from workbench.cli.board_plots import print_plots
from workbench.cli.board_tables import print_commits, print_doubts, print_heading, print_matrix, print_ratings
from workbench.cli.board_values import board_value
from workbench.cli.options import complete_prompts, json_option, with_bench
from workbench.cli.output import print_json, print_note
from workbench.project.clock import utc_now


@dataclass(frozen=True)
class _Wanted:
    """What to show: of which votes, and what beside the ratings."""

    by: str
    votes: VoteFilter
    plot: bool
    matrix: bool
    commits: bool


class _Filters(TypedDict):
    """What the options that choose among votes are given as."""

    cases: tuple[str, ...]
    judges: tuple[str, ...]
    blind: bool | None
    since: str | None
    until: str | None


@click.command("board")
@click.argument("prompt", shell_complete=complete_prompts)
@click.option(
    "--by", type=click.Choice(GROUPINGS), default="contender", show_default=True, help="What to rate."
)
@click.option("--case", "cases", multiple=True, metavar="CASE", help="Votes on this case alone; repeatable.")
@click.option("--judge", "judges", multiple=True, metavar="NAME", help="Votes by this person; repeatable.")
@click.option("--blind/--not-blind", default=None, help="Votes given blind, or those given after looking.")
@click.option("--since", metavar="WHEN", help="Votes since 7d, 24h or 2w ago, or a date: 2026-01-31.")
@click.option("--until", metavar="WHEN", help="Votes until then; a date counts to its end.")
@click.option("--plot", is_flag=True, help="Draw ratings, and quality against cost and time.")
@click.option("--matrix", is_flag=True, help="Show who won against whom.")
@click.option("--over-commits", is_flag=True, help="Show how the win rate moved along the prompt's commits.")
@json_option
def command(
    prompt: str,
    *,
    by: str,
    plot: bool,
    matrix: bool,
    over_commits: bool,
    as_json: bool,
    **filters: Unpack[_Filters],
) -> None:
    """Show the ratings of PROMPT's contenders, with 95 % intervals.

    A rating is the win rate to expect against an equal field of the others. What the votes allow to doubt is
    told on standard error.
    """
    wanted = _Wanted(by, _read(filters), plot, matrix, over_commits)
    with_bench(lambda bench: _board(bench, prompt, wanted, as_json))


def _read(filters: _Filters) -> VoteFilter:
    """Return the votes that count; raises UsageError for what is no time."""
    # Both bring code along that a plain start should not wait for.
    from workbench.bench.boarding import read_until
    from workbench.bench.recalling import read_since

    since, until = filters["since"], filters["until"]
    return VoteFilter(
        cases=filters["cases"],
        judges=filters["judges"],
        blind=filters["blind"],
        since=read_since(since) if since is not None else None,
        until=read_until(until) if until is not None else None,
    )


async def _board(bench: Bench, prompt: str, wanted: _Wanted, as_json: bool) -> None:
    await asyncio.to_thread(bench.check_prompt, prompt)
    view = await asyncio.to_thread(bench.boarding.board, prompt, wanted.by, wanted.votes)
    commits: Sequence[AtCommit] | None = None
    if wanted.commits:
        commits = await asyncio.to_thread(bench.boarding.over_commits, prompt)
    if as_json:
        print_json(board_value(view, commits))
        return
    if view.rows:
        print_ratings(view)
        if wanted.plot:
            print_plots(view)
        if wanted.matrix:
            print_heading("HEAD TO HEAD")
            print_matrix(view)
        print_doubts(view)
    else:
        print_note(f"Nothing to rate: {prompt} has no results yet. Begin with: workbench run {prompt}")
    if commits is not None:
        print_heading("ALONG ITS COMMITS")
        print_commits(commits, utc_now())
