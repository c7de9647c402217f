"""``workbench history``: the versions of a prompt, with tokens and scores."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import click

from workbench.bench.bench import Bench
from workbench.bench.entries import Entry, Listing
from workbench.bench.shown import NOTHING, age, change, counted, short_version, win_rate
from workbench.cli.options import complete_prompts, json_option, number, with_bench
from workbench.cli.output import print_json, print_note, print_table, print_warning
from workbench.project.clock import utc_now
from workbench.project.yaml import Value


@click.command("history")
@click.argument("prompt", shell_complete=complete_prompts)
@click.option("--limit", default=50, show_default=True, type=number, help="How many versions.")
@json_option
def command(prompt: str, limit: int, as_json: bool) -> None:
    """List the versions of PROMPT, newest first, with their tokens and what they scored.

    The working tree comes first where it differs from HEAD. Versions that were run and never committed stand
    where their first run puts them. Tokens are those of the first case for the first model, and the change is
    the one from the version below.
    """
    with_bench(lambda bench: _history(bench, prompt, limit, as_json))


async def _history(bench: Bench, prompt: str, limit: int, as_json: bool) -> None:
    await asyncio.to_thread(bench.check_prompt, prompt)
    listing = await asyncio.to_thread(bench.reviewing.history, prompt)
    # One more than is shown, whose tokens the last delta needs.
    async for filled in bench.reviewing.fill(listing, limit=limit + 1):
        listing = filled
    listing = replace(listing, entries=listing.entries[:limit])
    _warn(listing)
    if as_json:
        print_json([as_value(entry) for entry in listing.entries])
        return
    now = utc_now()
    rows = [_row(entry, now) for entry in listing.entries]
    headers = (
        "VERSION",
        "HASH",
        "AGE",
        "AUTHOR",
        "SUBJECT",
        "TOKENS",
        "CHANGE",
        "WIN RATE",
        "VOTES",
        "RESULTS",
    )
    if rows:
        print_table(headers, rows, right=(2, 5, 6, 7, 8, 9))


def as_value(entry: Entry) -> Value:
    """Return an entry in the shape of ``--json``."""
    return {
        "commit": entry.commit,
        "author": entry.author,
        "date": entry.date,
        "subject": entry.subject,
        "dirty": entry.dirty,
        "version": short_version(entry.version) if entry.version else None,
        "tokens": entry.tokens,
        "delta": entry.delta,
        "votes": entry.votes,
        "win_rate": entry.win_rate.rate if entry.win_rate else None,
        "results": entry.results,
    }


def _warn(listing: Listing) -> None:
    if listing.empty:
        print_note(listing.empty)
    if listing.unscored:
        print_warning(f"no scores: {listing.unscored}")
    if listing.uncounted:
        print_warning(f"no tokens: {listing.uncounted}")
    for entry in listing.entries:
        if entry.trouble:
            print_warning(f"{entry.label}: {entry.trouble}")


def _row(entry: Entry, now: str) -> tuple[str, ...]:
    return (
        entry.label,
        short_version(entry.version) if entry.version else "broken",
        age(entry.date, now) if entry.date else "",
        entry.author or "",
        entry.subject or ("run, never committed" if entry.kept_only else ""),
        _count(entry),
        change(entry.delta),
        win_rate(entry.win_rate),
        NOTHING if entry.votes is None else str(entry.votes),
        NOTHING if entry.results is None else str(entry.results),
    )


def _count(entry: Entry) -> str:
    return counted(entry.tokens, exact=entry.exact)
