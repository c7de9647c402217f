"""The command line: what can be typed, each command loaded only when it is."""

from __future__ import annotations

from importlib import import_module

import click
from click.shell_completion import CompletionItem

from workbench import __version__
from workbench.cli.judges import as_option

COMMANDS = {
    "init": "Make a small working project here.",
    "new": "Make a prompt, or a copy of one.",
    "list": "List the prompts and their state in git.",
    "context": "Show exactly what a model will receive, with tokens and price.",
    "run": "Run prompts on models, and keep every result.",
    "runs": "List past runs, search them, show, mark and prune their results.",
    "export": "Write results as JSON Lines, CSV or Markdown.",
    "duel": "Judge pairs of answers, blind.",
    "history": "List the versions of a prompt, with tokens and scores.",
    "diff": "Show what differs between two versions of a prompt.",
    "review": "Call single answers good or bad, a random sample at a time.",
    "board": "Show which contender is ahead, with intervals.",
    "cases": "List the cases of a prompt, add to them, import and keep them.",
    "models": "List the models and what each needs.",
    "trust": "Let this project use the servers and model files its settings name.",
    "doctor": "Check that everything works, and say what does not.",
}
"""Every command and its one line of help, so that listing them loads none."""

EPILOG = """
\b
Exit codes:
  0    done
  1    done, but some results failed, or what --fail-on names was found
  2    usage, configuration or prompt-file error
  3    no model could be reached, or all refused
  4    the cost limit forbade or stopped it
  130  interrupted; what ended is kept

\b
Shell completion, of commands, options, prompts and models; add the line of your shell to its start-up file:
  bash  eval "$(_WORKBENCH_COMPLETE=bash_source workbench)"
  zsh   eval "$(_WORKBENCH_COMPLETE=zsh_source workbench)"
  fish  _WORKBENCH_COMPLETE=fish_source workbench | source
"""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"workbench.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        # Not the inherited one, which loads every command for its help.
        commands = [
            CompletionItem(name, help=help_line)
            for name, help_line in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.version_option(__version__, "-V", "--version", prog_name="workbench", message="%(prog)s %(version)s")
@as_option
@click.pass_context
def cli(context: click.Context, judge: str) -> None:
    """Edit git-versioned prompts, see what the model sees, run, compare, decide.

    Without a command, the workbench opens on the project around this folder.
    """
    # The object is the function that opens the screen: this face does not know the other.
    if context.invoked_subcommand is None:
        context.obj(judge)
    elif judge:
        raise click.UsageError(f"--as stands behind a command: workbench {context.invoked_subcommand} … --as")
