"""Options that several commands take, and how their values are read."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click

from workbench.bench.bench import Bench
from workbench.cli.output import print_note
from workbench.errors import Place, UsageError
from workbench.project.yaml import Value, read

T = TypeVar("T")

json_option = click.option("--json", "as_json", is_flag=True, help="JSON for programs.")
model_option = click.option(
    "-m", "--model", "models", multiple=True, metavar="MODEL", help="A configured name or a LiteLLM string; repeatable."
)
input_option = click.option(
    "-i", "--input", "inputs", multiple=True, metavar="NAME=VALUE", help="An input; @FILE reads a file, - standard input."
)


def with_bench(use: Callable[[Bench], Awaitable[T]]) -> T:
    """Open the project around the working folder, use it, and close it again."""

    async def whole() -> T:
        bench = Bench(Path.cwd(), os.environ)
        try:
            if bench.keys.warning:
                print_note(f"workbench: {bench.keys.warning}")
            return await use(bench)
        finally:
            await bench.close()

    return asyncio.run(whole())


def read_inputs(pairs: Sequence[str]) -> dict[str, Value]:
    """Return inputs given as ``name=value``; ``name=@file`` reads a file, ``name=-`` standard input.

    Raises UsageError for what is neither, and for a file that cannot be read as UTF-8.
    """
    inputs: dict[str, Value] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"“{pair}” is not an input", hint='Write it as NAME=VALUE, for example -i ticket="Hello".')
        if value == "-":
            inputs[name] = sys.stdin.read()
        elif value.startswith("@"):
            inputs[name] = _file_text(Path(value[1:]))
        else:
            inputs[name] = value
    return inputs


def read_params(pairs: Sequence[str]) -> Mapping[str, list[Value]]:
    """Return params given as ``name=value`` or ``name=value,value`` to sweep; values are read as YAML."""
    params: dict[str, list[Value]] = {}
    for pair in pairs:
        name, equals, values = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"“{pair}” is not a param", hint="Write it as NAME=VALUE, or NAME=VALUE,VALUE to sweep.")
        whole = values if values.lstrip().startswith(("[", "{", '"')) else f"[{values}]"
        value = read(whole, "--set", error=UsageError).value
        params[name] = value if isinstance(value, list) and whole is not values else [value]
    return params


def _file_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as broken:
        raise UsageError(f"cannot be read: {broken.strerror}", place=Place(str(path))) from broken
    except UnicodeDecodeError as broken:
        raise UsageError(
            f"is not UTF-8: the first bad byte is at offset {broken.start}", place=Place(str(path))
        ) from broken
