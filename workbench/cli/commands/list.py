"""``workbench list``: the prompts of this project."""

from __future__ import annotations

import asyncio

import click

from workbench.bench.bench import Bench
from workbench.bench.listing import Listed, listing
from workbench.bench.shown import NOTHING
from workbench.cli.options import json_option, with_bench
from workbench.cli.output import print_json, print_note, print_table, print_warning
from workbench.errors import RevisionError
from workbench.project.yaml import Value


@click.command("list")
@click.argument("words", nargs=-1)
@json_option
def command(words: tuple[str, ...], as_json: bool) -> None:
    """List the prompts, or those that hold all of WORDS in name, description or text."""
    with_bench(lambda bench: _list(bench, words, as_json))


async def _list(bench: Bench, words: tuple[str, ...], as_json: bool) -> None:
    try:
        states = await asyncio.to_thread(lambda: bench.shelving.states(bench.shelving.items()))
    except RevisionError as refused:
        print_warning(f"no state in git: {refused}")
        states = {}
    found = await asyncio.to_thread(lambda: list(listing(bench.library, states, words)))
    if as_json:
        print_json([_value(one, bench.settings.default_models) for one in found])
        return
    if not found:
        print_note(
            "No prompt holds these words." if words else "No prompts yet. Make one with: workbench new NAME"
        )
        return
    rows = [
        (
            *(one.name, "broken" if one.broken else one.state or ""),
            *(NOTHING if one.cases is None else str(one.cases), one.description or ""),
        )
        for one in found
    ]
    print_table(("PROMPT", "STATE", "CASES", "DESCRIPTION"), rows, right=(2,))
    for one in found:
        if one.broken:
            print_note(one.broken)


def _value(one: Listed, defaults: tuple[str, ...]) -> Value:
    models = None if one.inputs is None else list(defaults if one.models is None else one.models)
    return {
        "prompt": one.name,
        "path": one.path,
        "description": one.description,
        "inputs": None if one.inputs is None else list(one.inputs),
        "models": models,
        "cases": one.cases,
        "state": one.state,
        "broken": one.broken,
    }
