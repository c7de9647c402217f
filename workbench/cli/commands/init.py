"""``workbench init``: a project to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from workbench.cli.options import json_option
from workbench.cli.output import print_json, print_note, print_text
from workbench.project.scaffold import make_project


@click.command("init")
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
@json_option
def command(folder: Path, as_json: bool) -> None:
    """Make a small working project in FOLDER, here by default. No file is ever replaced."""
    written, kept = make_project(folder)
    if as_json:
        print_json({"written": written, "kept": kept})
        return
    for path in written:
        print_text(f"wrote {path}")
    for path in kept:
        print_text(f"kept  {path}")
    go_there = "" if folder == Path(".") else f"cd {shlex.quote(str(folder))} && "
    print_note(f"Open it with: {go_there}workbench")
