"""``workbench trust``: let a project send keys to addresses of its own."""

from __future__ import annotations

import click

from workbench.bench.bench import Bench
from workbench.cli.options import with_bench
from workbench.cli.output import print_note, print_text


@click.command("trust")
def command() -> None:
    """Let this project send keys to the addresses that its settings name.

    Remembered for this folder and for the present content of .workbench.yml: a change of it asks again.
    """
    with_bench(_trust)


async def _trust(bench: Bench) -> None:
    for entry in bench.settings.models.values():
        if entry.api_base:
            print_text(f"{entry.name}  {entry.api_base}")
    bench.trust.trust(bench.root)
    print_note(f"{bench.root} is trusted, as its settings are now.")
