"""Under which name somebody judges; apart, for the start of the screen needs little else."""

from __future__ import annotations

import click

from workbench.bench.inert import inert

IDENTICAL = "identical"


def _read(context: click.Context, parameter: click.Parameter, name: str) -> str:
    """Return a name to judge under; refuses one that nobody could be told by."""
    told = name.strip()
    if (name and not told) or told != inert(told) or "\n" in told or "\t" in told:
        raise click.BadParameter("a name is letters on one line")
    if told == IDENTICAL:
        raise click.BadParameter("that is who ties identical texts")
    return told


as_option = click.option(
    "--as",
    "judge",
    metavar="NAME",
    default="",
    callback=_read,
    help="Judge under this name instead of the one that git commits with.",
)
