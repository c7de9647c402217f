"""Output: JSON for programs, tables and plain text for people."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from workbench.bench.inert import inert, inert_json, one_line

if TYPE_CHECKING:  # at run time it would load PyYAML, even for --version
    from workbench.project.yaml import Value

WIDEST_CELL = 72
"""Characters that one cell of a table may take on a terminal."""


class ReaderGoneError(Exception):
    """Whoever read the output has enough and closed it, as ``head`` does; a run is interrupted by that.

    ``why`` says what else stopped the output, such as a full disk.
    """

    interrupted = False
    why = ""


def print_json(value: Value) -> None:
    """Print one value as JSON on one line, inert on a terminal, there for a reader as soon as it is known."""
    _write(inert_json(json.dumps(value, ensure_ascii=False)))


def print_text(text: str = "", *, bold: bool = False, colour: str | None = None) -> None:
    """Print text with everything a terminal would obey made visible; ``colour`` is one of the eight."""
    text = inert(text)
    styled = (bold or colour) and text and colour_wanted()
    _write(click.style(text, bold=bold or None, fg=colour) if styled else text)


def print_piece(text: str) -> None:
    """Print a piece of a text that is inert already, with no newline but its own."""
    _write(text, newline=False)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows in columns; the columns whose index is in ``right`` are aligned right.

    On a terminal long cells are cut; a program that reads them gets them whole.
    """
    # Only for people's tables, which no --json start needs.
    from tabulate import tabulate

    alignment = ["right" if index in right else "left" for index in range(len(headers))]
    cells = [list(headers), *([fitted(cell, WIDEST_CELL) for cell in row] for row in rows)]
    # The headers are a row like the others: tabulate would pad columns to them.
    table = tabulate(cells, tablefmt="plain", colalign=alignment, disable_numparse=True)
    head, *rest = table.split("\n")
    print_text(head.rstrip(), bold=True)
    for line in rest:
        print_text(line.rstrip())


def fitted(text: str, width: int) -> str:
    """Return the text on one line, inert; on a terminal it is cut at so many characters, in a pipe never."""
    return one_line(text, width if on_terminal() else len(text))


def print_note(text: str) -> None:
    """Print a line on standard error: progress, warnings, what to do next."""
    click.echo(inert(text), err=True)


def print_warning(text: str) -> None:
    """Print a warning on standard error."""
    print_note(f"workbench: warning: {text}")


def on_terminal() -> bool:
    """Return whether a person's terminal is the standard output, and no file or other program."""
    return sys.stdout.isatty()


def colour_wanted() -> bool:
    """Return whether standard output is a terminal that may be coloured."""
    return on_terminal() and not os.environ.get("NO_COLOR")


def _write(text: str, *, newline: bool = True) -> None:
    try:
        click.echo(text, nl=newline, color=True)  # already plain where no colour is wanted
    except BrokenPipeError as gone:
        raise ReaderGoneError from gone
    except OSError as broken:
        stopped = ReaderGoneError()
        stopped.why = broken.strerror or str(broken)
        raise stopped from broken
