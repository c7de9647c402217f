"""``workbench new``: a prompt to begin with."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path

import click

from workbench.bench.arranging import Arranged
from workbench.bench.bench import Bench
from workbench.cli.options import complete_prompts, json_option, with_bench
from workbench.cli.output import print_json, print_note, print_text
from workbench.errors import EditorError, Place
from workbench.project.taste import FILE_NAME
from workbench.project.taste import load as load_taste


@click.command("new")
@click.argument("name")
@click.option(
    "--from",
    "source",
    metavar="PROMPT[@REV]",
    shell_complete=complete_prompts,
    help="Copy this prompt, with its cases and its file of examples; of an older version its text alone.",
)
@click.option(
    "--edit", is_flag=True, help="Open it in your editor: that of your config.yml, $VISUAL or $EDITOR."
)
@json_option
def command(name: str, source: str | None, edit: bool, as_json: bool) -> None:
    """Make the prompt NAME, such as support/triage; a last part that begins with “_” makes a partial.

    No file is ever replaced.
    """
    path, file, editor = with_bench(lambda bench: _new(bench, name, source, edit))
    if as_json:
        print_json({"prompt": name, "path": path})
    else:
        print_text(path)
    if edit:
        click.edit(filename=str(file), editor=editor)
    elif not as_json:
        print_note("Open it with: workbench")


async def _new(bench: Bench, name: str, source: str | None, edit: bool) -> tuple[str, Path, str | None]:
    # What is wrong with the editor is told before anything is made.
    editor = await asyncio.to_thread(_own_editor, bench.personal) if edit else None
    path = (await asyncio.to_thread(_made, bench, name, source)).path
    return path, bench.root / path, editor


def _own_editor(folder: Path) -> str | None:
    """Return the command of the person's own editor, or None where their settings name none."""
    editor = load_taste(folder).editor
    if not editor or not editor.strip():
        return None
    try:
        shlex.split(editor)
    except ValueError as broken:
        place = Place(str(folder / FILE_NAME))
        raise EditorError(f"the editor “{editor}” cannot be read: {broken}", place=place) from broken
    return editor


def _made(bench: Bench, name: str, source: str | None) -> Arranged:
    if source is None:
        return bench.arranging.create(name)
    if "@" not in source:
        return bench.arranging.duplicate(source, name)
    version = bench.versions.load(source).version
    return bench.arranging.create_from(name, version)
