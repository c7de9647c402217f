"""``workbench cases``: the cases of a prompt, listed, added and imported."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import click

from workbench.bench.bench import Bench
from workbench.bench.case_keeping import Kept
from workbench.bench.shown import NOTHING
from workbench.cli.options import (
    complete_prompts,
    input_option,
    json_option,
    number,
    read_inputs,
    with_bench,
)
from workbench.cli.output import print_json, print_note, print_table, print_warning
from workbench.errors import CasesError, Place, UsageError
from workbench.project.yaml import Value
from workbench.prompts.case_writing.importing import Imported, read_mapping
from workbench.prompts.cases import Case

MAX_TOLD = 20
"""Problems of an import that are told one by one."""


class _Group(click.Group):
    """A group whose first word may also be a prompt: ``cases PROMPT`` lists its cases."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["list", *args]
        return super().resolve_command(ctx, args)


@click.group("cases", cls=_Group, subcommand_metavar="PROMPT | COMMAND …")
def command() -> None:
    """List the cases of a prompt, or add to them.

    Cases stand in files beside the prompt, and every comment in those stays where it is.
    """


@command.command("list")
@click.argument("prompt", shell_complete=complete_prompts)
@json_option
def list_cases(prompt: str, as_json: bool) -> None:
    """List the cases of PROMPT; “workbench cases PROMPT” does the same."""
    with_bench(lambda bench: _list(bench, prompt, as_json))


@command.command("add")
@click.argument("prompt", shell_complete=complete_prompts)
@click.argument("name")
@input_option
@click.option("--expect", help="The answer that this case should get.")
@click.option("--tag", "tags", multiple=True, help="A tag; repeatable.")
@click.option("--note", default="", help="What is particular about it.")
@json_option
def add(
    prompt: str,
    name: str,
    inputs: tuple[str, ...],
    expect: str | None,
    tags: tuple[str, ...],
    note: str,
    as_json: bool,
) -> None:
    """Add a case called NAME to PROMPT."""
    case = Case(name, read_inputs(inputs), expect, tags, note)
    with_bench(lambda bench: _add(bench, prompt, case, as_json))


@command.command("import")
@click.argument("prompt", shell_complete=complete_prompts)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="COLUMN=INPUT",
    help="What a column is for: an input, or name, expect, tags, note, or nothing. Repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Say what would come, and write nothing.")
@json_option
def import_file(prompt: str, file: Path, pairs: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Import the rows of FILE (CSV, JSON Lines or a JSON list) as cases of PROMPT.

    Columns are matched with the prompt's inputs by their names; --map says it for those that are not.
    """
    failed = with_bench(lambda bench: _import(bench, prompt, file, pairs, dry_run, as_json))
    if failed:
        raise click.exceptions.Exit(1)


@command.command("keep")
@click.argument("result", type=number)
@click.argument("name", required=False)
@json_option
def keep(result: int, name: str | None, as_json: bool) -> None:
    """Keep the inputs of RESULT, as its number stands in “run --json”, as a case of its prompt."""
    with_bench(lambda bench: _keep(bench, result, name, as_json))


async def _list(bench: Bench, prompt: str, as_json: bool) -> None:
    await asyncio.to_thread(bench.check_prompt, prompt)
    cases = await asyncio.to_thread(bench.cases.of, prompt)
    if as_json:
        print_json([_value(case, at) for at, case in enumerate(cases, start=1)])
        return
    if not cases:
        print_note(f"{prompt} has no cases yet. Begin with: workbench cases add {prompt} NAME -i INPUT=VALUE")
        return
    headers = ("CASE", "NAME", "INPUTS", "EXPECT", "TAGS", "PLACE")
    print_table(headers, [_row(case, at) for at, case in enumerate(cases, start=1)], right=(0,))


async def _add(bench: Bench, prompt: str, case: Case, as_json: bool) -> None:
    declared = await asyncio.to_thread(bench.cases.declared, prompt)
    for name in case.inputs:
        if name not in declared:
            print_warning(f"{prompt} declares no input “{name}”")
    _told(await asyncio.to_thread(bench.cases.add, prompt, case), as_json)


async def _keep(bench: Bench, result: int, name: str | None, as_json: bool) -> None:
    _told(await asyncio.to_thread(bench.cases.keep_result, result, name), as_json)


def _told(kept: Kept, as_json: bool) -> None:
    if as_json:
        print_json({**_value(kept.case, None), "added": kept.undo is not None})
    elif kept.undo is None:
        print_note(f"these inputs are the case “{kept.case.name}” already, at {kept.case.place}")
    else:
        print_note(f"added “{kept.case.name}” at {kept.case.place}")


async def _import(
    bench: Bench, prompt: str, file: Path, pairs: tuple[str, ...], dry_run: bool, as_json: bool
) -> bool:
    """Import a file; return whether some of its rows gave no case."""
    found = await asyncio.to_thread(bench.cases.importable, prompt, file)
    if not found.table.rows and found.table.problems:
        first = found.table.problems[0]
        raise CasesError(f"none of its rows can be read; {first}", place=Place(str(file), first.line))
    mapping = read_mapping(pairs, found.table.columns, found.declared, found.mapping)
    if not any(target.startswith("inputs.") for target in mapping.values()) and found.declared:
        raise UsageError(
            "none of the columns is for an input",
            hint=f"Say which: --map COLUMN=INPUT, with a column of: {', '.join(found.table.columns[:20])}.",
        )
    imported = found.cases(mapping)
    undo = None if dry_run else await asyncio.to_thread(bench.cases.import_cases, prompt, imported.cases)
    if as_json:
        print_json(_import_value(imported, mapping, undo.path if undo else None))
    else:
        _tell_import(imported, mapping, undo.path if undo else None, dry_run)
    return any(problem.skipped for problem in imported.problems)


def _tell_import(imported: Imported, mapping: Mapping[str, str], path: str | None, dry_run: bool) -> None:
    print_table(("COLUMN", "IS"), [(column, target or NOTHING) for column, target in mapping.items()])
    for problem in imported.problems[:MAX_TOLD]:
        print_warning(str(problem))
    if len(imported.problems) > MAX_TOLD:
        print_warning(f"and {len(imported.problems) - MAX_TOLD} more like these")
    skipped = sum(problem.skipped for problem in imported.problems)
    verb = "would be imported" if dry_run else "imported"
    where = f" into {path}" if path else ""
    print_note(
        f"{len(imported.cases)} cases {verb}{where}, {imported.duplicates} there already, {skipped} left out"
    )


def _import_value(imported: Imported, mapping: Mapping[str, str], path: str | None) -> Value:
    return {
        "mapping": {column: target or None for column, target in mapping.items()},
        "cases": [_value(case, None) for case in imported.cases],
        "duplicates": imported.duplicates,
        "problems": [
            {"row": one.row, "line": one.line, "message": one.message, "skipped": one.skipped}
            for one in imported.problems
        ],
        "path": path,
    }


def _value(case: Case, at: int | None) -> dict[str, Value]:
    return {
        "name": case.name or None,
        "number": at,
        "inputs": dict(case.inputs),
        "expect": case.expect,
        "tags": list(case.tags),
        "note": case.note or None,
        "place": {"path": case.place.path, "line": case.place.line} if case.place else None,
    }


def _row(case: Case, at: int) -> tuple[str, ...]:
    inputs = "  ".join(f"{name}={value}" for name, value in case.inputs.items())
    return (
        *(str(at), case.name, inputs, NOTHING if case.expect is None else case.expect),
        *(", ".join(case.tags), str(case.place)),
    )
