"""Exit codes, and errors turned into words: the one place for both."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import IntEnum
from io import TextIOWrapper
from typing import NoReturn

import click

from workbench.bench.inert import inert
from workbench.cli.output import ReaderGoneError
from workbench.errors import (
    CallError,
    CostLimitError,
    ModelUnreadyError,
    ProjectError,
    UsageError,
    WorkbenchError,
)


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    FAILED_IN_PART = 1
    USAGE = 2
    UNREACHABLE = 3
    COST_LIMIT = 4
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


def exit_code(error: WorkbenchError) -> Exit:
    """Return the exit code of an error."""
    match error:
        case CostLimitError():
            return Exit.COST_LIMIT
        case ModelUnreadyError() | CallError():
            return Exit.UNREACHABLE
        case _:
            return Exit.USAGE


def guarded(command: click.Command, open_screen: Callable[[str], None]) -> NoReturn:
    """Run a command and exit; errors are told on standard error in one place, without a traceback."""
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows “?”
    try:
        _check_arguments()
        code = command.main(prog_name="workbench", standalone_mode=False, obj=open_screen)
        sys.stdout.flush()
    except WorkbenchError as error:
        click.echo(f"workbench: {inert(told(error))}", err=True)
        code = exit_code(error)
    except click.ClickException as error:
        error.show()
        code = Exit.USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("workbench: interrupted", err=True)
        code = Exit.INTERRUPTED
    except (BrokenPipeError, ReaderGoneError) as gone:
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.INTERRUPTED if isinstance(gone, ReaderGoneError) and gone.interrupted else Exit.DONE
        if isinstance(gone, ReaderGoneError) and gone.why:
            click.echo(f"workbench: standard output cannot be written: {gone.why}", err=True)
            code = Exit.USAGE
    sys.exit(int(code or 0))


def _open_closed() -> None:
    """Give the streams that whoever started this has closed a place to go: nowhere."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))


def told(error: WorkbenchError) -> str:
    """Return an error in words: place, message and remedy; one about the project as a whole in one line."""
    if isinstance(error, ProjectError) and error.place is None and error.hint:
        return f"{error.message}; {error.hint}"
    return str(error)


def _check_arguments() -> None:
    """Refuse arguments that are not text: nothing in a project could be named so."""
    for argument in sys.argv[1:]:
        if any("\ud800" <= letter <= "\udfff" for letter in argument):
            raise UsageError(f"“{argument}” is not UTF-8", hint="Type it in a terminal set to UTF-8.")
