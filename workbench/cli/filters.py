"""Filters of past results, which several commands take, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from workbench.cli.options import complete_models, complete_prompts
from workbench.store.records import LABELS, STATUSES

if TYPE_CHECKING:
    from workbench.store.search import Wanted

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

prompt_filter = click.option("--prompt", shell_complete=complete_prompts, help="Of this prompt alone.")
since_filter = click.option("--since", metavar="WHEN", help="Since 7d, 24h or 2w ago, or a date: 2026-01-31.")
model_filter = click.option("-m", "--model", shell_complete=complete_models, help="Of this model alone.")
status_filter = click.option("--status", type=click.Choice(STATUSES), help="Only what became this of a call.")


class Filters(TypedDict, total=False):
    """What the options of ``result_filters`` are given as."""

    prompt: str | None
    model: str | None
    status: str | None
    version: str | None
    case: str | None
    label: str | None
    since: str | None
    run: int | None


def result_filters(command: Decorated) -> Decorated:
    """Give a command the options that choose among results."""
    for option in (
        since_filter,
        click.option("--label", type=click.Choice(LABELS), help="Only what was marked so."),
        click.option("--case", help="Of the case of this name alone."),
        click.option("--version", metavar="v:HASH", help="Of this version alone."),
        status_filter,
        model_filter,
        prompt_filter,
    ):
        command = option(command)
    return command


def read_filters(words: str, filters: Mapping[str, object]) -> Wanted:
    """Return what words and ``Filters`` ask for; a filter may also stand among the words: ``status:error``.

    Raises UsageError for a value that a filter cannot have.
    """
    # Looking back brings much code along, which a plain list of runs should not wait for.
    from workbench.bench.recalling import read_query

    return read_query(
        words, beside={name: str(value) for name, value in filters.items() if value is not None}
    )
