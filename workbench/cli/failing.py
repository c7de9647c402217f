"""Exit codes, and errors turned into words: the one place for both."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn

import click

from workbench.bench.shown import inert
from workbench.errors import CallError, CostLimitError, ModelUnreadyError, WorkbenchError


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    FAILED_IN_PART = 1
    USAGE = 2
    UNREACHABLE = 3
    COST_LIMIT = 4
    INTERRUPTED = 130


def exit_code(error: WorkbenchError) -> Exit:
    """Return the exit code of an error."""
    match error:
        case CostLimitError():
            return Exit.COST_LIMIT
        case ModelUnreadyError() | CallError():
            return Exit.UNREACHABLE
        case _:
            return Exit.USAGE


def guarded(command: click.Command, open_screen: Callable[[], None]) -> NoReturn:
    """Run a command and exit; errors are told on standard error in one place, without a traceback."""
    try:
        code = command.main(standalone_mode=False, obj=open_screen)
        sys.stdout.flush()
    except WorkbenchError as error:
        click.echo(f"workbench: {inert(str(error))}", err=True)
        code = exit_code(error)
    except click.ClickException as error:
        error.show()
        code = Exit.USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("workbench: interrupted", err=True)
        code = Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has enough; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.DONE
    sys.exit(int(code or 0))
