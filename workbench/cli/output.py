"""Output: JSON for programs, tables and plain text for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click

from workbench.bench.shown import inert
from workbench.project.yaml import Value


def print_json(value: Value) -> None:
    """Print one value as JSON on one line; in JSON, control characters are escaped and so inert already."""
    click.echo(json.dumps(value, ensure_ascii=False))
    sys.stdout.flush()  # each line is there for a reader as soon as it is known


def print_text(text: str = "", *, bold: bool = False, dim: bool = False) -> None:
    """Print text with everything a terminal would obey made visible."""
    styled = click.style(inert(text), bold=bold or None, dim=dim or None) if bold or dim else inert(text)
    click.echo(styled, color=None if colour_wanted() else False)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows in columns; the columns whose index is in ``right`` are aligned right."""
    # Only for people's tables, which no --json start needs.
    from tabulate import tabulate

    alignment = ["right" if index in right else "left" for index in range(len(headers))]
    cells = [[inert(cell) for cell in row] for row in rows]
    table = tabulate(cells, headers, tablefmt="plain", colalign=alignment if rows else None, disable_numparse=True)
    head, _, rest = table.partition("\n")
    print_text(head.rstrip(), bold=True)
    for line in rest.split("\n") if rest else ():
        print_text(line.rstrip())


def print_note(text: str) -> None:
    """Print a line on standard error: progress, warnings, what to do next."""
    click.echo(inert(text), err=True)


def colour_wanted() -> bool:
    """Return whether standard output is a terminal that may be coloured."""
    import os

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
