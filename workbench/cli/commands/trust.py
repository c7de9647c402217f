"""``workbench trust``: let a project use addresses and model files of its own."""

from __future__ import annotations

import click

from workbench.bench.bench import Bench
from workbench.cli.options import with_bench
from workbench.cli.output import print_note, print_text
from workbench.models.access import foreign


@click.command("trust")
def command() -> None:
    """Let this project send keys to the addresses, and load the model files, that its settings name.

    Remembered for this folder and for the present content of .workbench.yml: a change of it asks again.
    """
    with_bench(_trust)


async def _trust(bench: Bench) -> None:
    for entry in bench.settings.models.values():
        named = entry.api_base or foreign(entry.model)
        if named:
            print_text(f"{entry.name}  {named}")
    bench.trust.trust(bench.root, bench.settings.content_hash)
    print_note(f"{bench.root} is trusted, as its settings are now.")
