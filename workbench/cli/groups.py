"""Groups of commands that list by themselves, and what is said before the name of one of their commands."""

from __future__ import annotations

import click
from click.core import ParameterSource

from workbench.errors import UsageError


def hand_on(context: click.Context, name: str) -> None:
    """Give the options that stand before a command's name to that command, so that none is dropped silently.

    ``runs --json show 3`` means ``runs show 3 --json``. What is said behind the name has precedence. Raises
    UsageError for an option that the command does not take.
    """
    group = context.command
    assert isinstance(group, click.Group)
    command = group.get_command(context, name)
    assert command is not None
    taken = {parameter.name for parameter in command.params}
    handed = {}
    for parameter in group.params:
        said = parameter.name
        if said is None or context.get_parameter_source(said) is not ParameterSource.COMMANDLINE:
            continue
        if said not in taken:
            raise UsageError(
                f"“{context.command_path} {name}” takes no {parameter.opts[0]}",
                hint=f"“{context.command_path} {name} --help” shows what it takes.",
            )
        handed[said] = context.params[said]
    context.default_map = {name: handed}
