"""Arguments and options that several commands take, and how their values are read."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

import click
from click.shell_completion import CompletionItem

from workbench.bench.bench import Bench
from workbench.cli.output import print_warning
from workbench.errors import Place, UsageError, WorkbenchError
from workbench.project.settings import LARGEST_COST, find_root, load
from workbench.project.yaml import Value
from workbench.prompts.library import Library
from workbench.prompts.tree import MAX_BYTES

T = TypeVar("T")

LARGEST = 2**63 - 1
"""The largest number that the store can be asked for."""


def complete_prompts(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the prompts of this project whose names begin so, for the shell."""
    try:
        names = Library(find_root(Path.cwd())).names()
    except WorkbenchError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_models(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the configured models whose names begin so, for the shell."""
    try:
        models = load(find_root(Path.cwd())).models
    except WorkbenchError:
        return []
    return [
        CompletionItem(name, help=entry.model)
        for name, entry in models.items()
        if name.startswith(incomplete)
    ]


class Numbered(click.IntRange):
    """The number of something that is stored, such as a run; ``listed`` is what lists its kind."""

    def __init__(self, what: str, listed: str) -> None:
        super().__init__(min=1, max=LARGEST)
        self._what = what
        self._listed = listed

    def convert(self, value: int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; fails with what is one, where it is none."""
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            self.fail(
                f"“{value}” is not the number of a {self._what}: “{self._listed}” lists them.", param, ctx
            )


number = click.IntRange(min=1, max=LARGEST)
run_number = Numbered("run", "workbench runs")
result_number = Numbered("result", "workbench runs show")
json_option = click.option("--json", "as_json", is_flag=True, help="JSON for programs.")
model_option = click.option(
    "-m",
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    shell_complete=complete_models,
    help="A configured name or a LiteLLM string; repeatable.",
)
input_option = click.option(
    "-i",
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=VALUE",
    help="An input; @FILE reads a file, - standard input.",
)


def with_bench(use: Callable[[Bench], Awaitable[T]], *, keys: bool = False, judge: str = "") -> T:
    """Open the project around the working folder, use it, and close it again.

    ``keys`` says that models may be called, and so warns of keys that are left out. ``judge`` is the name to
    judge under, empty for the person's own.
    """

    async def whole() -> T:
        bench = Bench.here()
        bench.judged_by = judge
        try:
            if keys and bench.keys.warning:
                print_warning(bench.keys.warning)
            return await use(bench)
        finally:
            await bench.close()

    return asyncio.run(whole())


def read_inputs(pairs: Sequence[str]) -> dict[str, Value]:
    """Return inputs given as ``name=value``; ``name=@file`` reads a file, ``name=-`` standard input.

    Raises UsageError for what is none of these, and for a file that cannot be read as UTF-8.
    """
    inputs: dict[str, Value] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(
                f"“{pair}” is not an input", hint='Write it as NAME=VALUE, for example -i ticket="Hello".'
            )
        if name in inputs:
            raise UsageError(f"the input “{name}” is given twice", hint="Give each input once.")
        if value == "-":
            if "-" in (other.partition("=")[2] for other in pairs if other is not pair):
                raise UsageError("standard input can be read only once", hint="Put one of them into a file.")
            inputs[name] = _text(sys.stdin.buffer.read(), "standard input")
        elif value.startswith("@"):
            inputs[name] = _file_text(value[1:])
        else:
            inputs[name] = value
    return inputs


def read_limit(max_cost: str | None) -> Decimal | None:
    """Return ``--max-cost`` in USD, None where it is not given; raises UsageError for what is no amount."""
    if max_cost is None:
        return None
    try:
        limit = Decimal(max_cost)
    except InvalidOperation:
        limit = Decimal("NaN")
    if not limit.is_finite() or limit < 0:
        raise UsageError(f"“{max_cost}” is not an amount of USD", hint="For example: --max-cost 2.50")
    if limit > LARGEST_COST:
        raise UsageError(f"a run may cost at most {LARGEST_COST:,} USD", hint="For example: --max-cost 2.50")
    return limit


def _file_text(name: str) -> str:
    try:
        with Path(name).open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)  # a pipe or a device does not tell its size
    except OSError as broken:
        raise UsageError(f"cannot be read: {broken.strerror}", place=Place(name)) from broken
    if len(raw) > MAX_BYTES:
        raise UsageError(f"is too large: more than {MAX_BYTES:,} bytes", place=Place(name))
    return _text(raw, name)


def _text(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise UsageError(
            f"is not UTF-8: the first bad byte is at offset {broken.start}",
            place=Place(where),
            hint="Give text in UTF-8.",
        ) from broken
