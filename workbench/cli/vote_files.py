"""Votes as files for ``workbench duel``: written out, and those of others merged."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from workbench.bench.bench import Bench
from workbench.bench.exporting import replacing
from workbench.cli.failing import Exit
from workbench.cli.options import complete_prompts, json_option, with_bench
from workbench.cli.output import print_json, print_note, print_piece
from workbench.errors import Place, UsageError


@click.command("export", short_help="Write votes as JSON Lines, or as preference pairs.")
@click.argument("prompts", nargs=-1, shell_complete=complete_prompts, metavar="[PROMPT]...")
@click.option("--preferences", is_flag=True, help="The votes that decided, as messages, chosen and rejected.")
@click.option("--not-blind", is_flag=True, help="Among preferences also those given after looking.")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to, if no pipe.")
def export(prompts: tuple[str, ...], preferences: bool, not_blind: bool, out: Path | None) -> None:
    """Write the votes on each PROMPT, or on all, one a line.

    “workbench duel import” reads them where the same results are. FILE appears, or is replaced, when all is
    written.
    """
    if not_blind and not preferences:
        raise UsageError("all votes are written, blind or not", hint="--not-blind goes with --preferences.")

    async def use(bench: Bench) -> None:
        for prompt in prompts:
            bench.check_prompt(prompt)
        files = bench.vote_files
        lines = files.preferences(prompts, blind_only=not not_blind) if preferences else files.votes(prompts)
        written = _send(lines) if out is None else _write(lines, out)
        what = "preference" if preferences else "vote"
        if out is not None:
            print_note(f"{written} {what}{'' if written == 1 else 's'} written to {out}")
        elif not written:
            print_note(f"There are no such {what}s.")

    with_bench(use)


@click.command("import", short_help="Merge the votes of a file that “duel export” wrote.")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
def merge(file: Path, as_json: bool) -> None:
    """Merge the votes of FILE, or of standard input for -, with those that are here.

    A vote is taken where both answers are here: equal calls, answered by equal texts. What is here stays as
    it is, and a vote that is here already is not added again. What was not taken is told line by line, and
    makes the exit code 1.
    """

    async def use(bench: Bench) -> bool:
        merged = await asyncio.to_thread(lambda: bench.vote_files.merge(_lines(file)))
        if as_json:
            unplaced: list[object] = [{"line": one.line, "why": one.why} for one in merged.unplaced]
            print_json({"added": merged.added, "known": merged.known, "unplaced": unplaced})
        else:
            for one in merged.unplaced:
                print_note(f"{file}:{one.line}: {one.why}")
            print_note(f"{merged.added} added, {merged.known} here already, {len(merged.unplaced)} not taken")
        return bool(merged.unplaced)

    if with_bench(use):
        click.get_current_context().exit(Exit.FAILED_IN_PART)


COMMANDS: Sequence[click.Command] = (export, merge)


def _send(lines: Iterable[str]) -> int:
    written = 0
    for line in lines:
        print_piece(line)
        written += 1
    return written


def _write(lines: Iterable[str], out: Path) -> int:
    written = 0
    try:
        with replacing(out) as stream:
            for line in lines:
                stream.write(line)
                written += 1
    except OSError as broken:
        raise UsageError(
            f"cannot be written: {broken.strerror}", place=Place(str(out)), hint="What was there still is."
        ) from broken
    return written


def _lines(file: Path) -> Iterator[bytes]:
    if str(file) == "-":
        yield from sys.stdin.buffer
        return
    try:
        with file.open("rb") as stream:
            yield from stream
    except OSError as broken:
        raise UsageError(f"cannot be read: {broken.strerror}", place=Place(str(file))) from broken
