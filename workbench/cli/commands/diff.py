"""``workbench diff``: what differs between two versions of a prompt."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import click

from workbench.bench.bench import Bench
from workbench.bench.comparing import Comparison, FileChange, ModelDelta, RenderedComparison, Side
from workbench.bench.inert import OBEYED
from workbench.bench.shown import usd
from workbench.cli.context_tables import print_deltas
from workbench.cli.failing import Exit
from workbench.cli.options import complete_prompts, json_option, model_option, with_bench
from workbench.cli.output import print_json, print_note, print_text, print_warning
from workbench.context.diff import unified_text
from workbench.context.messages import Context
from workbench.errors import UsageError
from workbench.project.yaml import Value
from workbench.runs.plan import split_target

_COLOURS = {"-": "red", "+": "green", "@": "cyan"}
_NOTHING = "/dev/null"
_ODD = re.compile(f'["\\\\\t\n{re.escape(OBEYED)}\ud800-\udfff]')


EPILOG = """
\b
  workbench diff PROMPT               HEAD against the working tree
  workbench diff PROMPT@A             A against the working tree
  workbench diff PROMPT@A PROMPT@B    A against B
"""


@click.command("diff", epilog=EPILOG)
@click.argument("a", metavar="PROMPT[@A]", shell_complete=complete_prompts)
@click.argument("b", metavar="[PROMPT@B]", required=False, shell_complete=complete_prompts)
@click.option("--rendered", is_flag=True, help="Compare what a model receives, with tokens and price.")
@click.option("--case", help="The case to render, by name or number; the first one by default.")
@model_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 where there are differences.")
@json_option
@click.pass_context
def command(  # noqa: PLR0913 - one argument an option
    context: click.Context,
    *,
    a: str,
    b: str | None,
    rendered: bool,
    case: str | None,
    models: tuple[str, ...],
    exit_code: bool,
    as_json: bool,
) -> None:
    """Show what differs between two versions of a prompt.

    A and B are any git revisions, or v:HASH. All files that make up a version are compared, and its cases.
    The exit code is 0 whether or not they differ, unless --exit-code asks for git's.
    """
    if not rendered and (case is not None or models):
        raise UsageError("--case and --model say what to render", hint="Add --rendered.")
    before, after = targets(a, b)
    differs = with_bench(lambda bench: _diff(bench, before, after, rendered, case, models, as_json))
    if exit_code and differs:
        context.exit(int(Exit.FAILED_IN_PART))


def targets(a: str, b: str | None) -> tuple[str, str]:
    """Return the two targets that are meant by one or two arguments."""
    if b is not None:
        return a, b
    name, revision = split_target(a)
    return (a, name) if revision else (f"{name}@HEAD", name)


async def _diff(
    bench: Bench, a: str, b: str, rendered: bool, case: str | None, models: Sequence[str], as_json: bool
) -> bool:
    found = None
    if rendered:
        found = await bench.comparing.rendered(a, b, case, models)
        for delta in found.models:
            if delta.after.unready:
                print_warning(f"no tokens for “{delta.after.model.name}”: {delta.after.unready}")
    files = await asyncio.to_thread(bench.comparing.files, a, b) if as_json or found is None else None
    if files is not None:
        for side in (files.before, files.after):
            if side.trouble:
                print_warning(f"{side.label}: {side.trouble}")
    if as_json and files is not None:
        print_json(as_value(files, found, split_target(a)[0], split_target(b)[0]))
    elif found is not None:
        print_rendered(found)
    elif files is not None:
        for change_ in files.files:
            _print_patch(_patch(change_))
    if found is not None:
        return found.texts[0] != found.texts[1]
    return files is not None and bool(files.files)


def as_value(files: Comparison, found: RenderedComparison | None, a: str, b: str) -> Value:
    """Return a comparison in the shape of ``--json``."""
    return {
        "a": _side(files.before, a),
        "b": _side(files.after, b),
        "files": [_file(one) for one in files.files],
        "rendered": _rendered(found) if found else None,
    }


def _side(side: Side, prompt: str) -> Value:
    return {
        "prompt": prompt,
        "version": side.target.version.short if side.target else None,
        "revision": side.target.revision if side.target else None,
        "dirty": side.target.dirty if side.target else None,
    }


def _file(one: FileChange) -> Value:
    return {
        "path": one.path,
        "renamed_from": one.before_path if one.renamed else None,
        "before": one.before if one.before_path else None,
        "after": one.after if one.after_path else None,
        "diff": _patch(one),
    }


def _rendered(found: RenderedComparison) -> Value:
    return {
        "case": found.case.name if found.case else None,
        "messages_a": _messages(found.contexts[0]),
        "messages_b": _messages(found.contexts[1]),
        "diff": unified_text(*found.texts, _titles(found)),
        "models": [_model(delta) for delta in found.models],
    }


def _messages(context: Context) -> Value:
    return [{"role": message.role, "content": message.content} for message in context.messages]


def _model(delta: ModelDelta) -> Value:
    before, after = delta.before, delta.after
    return {
        "name": after.model.name,
        "model": after.model.string,
        "exact": after.count.exact if after.count else None,
        "tokens_a": before.count.total if before.count else None,
        "tokens_b": after.count.total if after.count else None,
        "tokens_delta": delta.tokens,
        "cost_a": usd(before.cost.input) if before.cost else None,
        "cost_b": usd(after.cost.input) if after.cost else None,
        "cost_delta": usd(delta.cost),
    }


def _patch(one: FileChange) -> str:
    """Return a file's change as git writes it, with the lines above it that “git apply” needs."""
    names = (
        _quoted(f"a/{one.before_path}") if one.before_path else _NOTHING,
        _quoted(f"b/{one.after_path}") if one.after_path else _NOTHING,
    )
    text = unified_text(one.before, one.after, names)
    if one.renamed:
        head = f"rename from {_quoted(one.before_path or '')}\nrename to {_quoted(one.after_path or '')}\n"
    elif not text:  # an empty file, of which there are no lines to show
        head = "new file mode 100644\n" if one.after_path else "deleted file mode 100644\n"
    else:
        return text
    both = f"{_quoted(f'a/{one.before_path or one.path}')} {_quoted(f'b/{one.path}')}"
    return f"diff --git {both}\n{head}{text}"


def _quoted(path: str) -> str:
    """Return a path as git writes it in a patch: in quotes where it holds what would end it, or act."""
    if not _ODD.search(path):
        return path
    return f'"{_ODD.sub(_escaped, path)}"'


def _escaped(odd: re.Match[str]) -> str:
    if odd[0] in '"\\':
        return f"\\{odd[0]}"
    return "".join(f"\\{byte:03o}" for byte in odd[0].encode("utf-8", "surrogateescape"))


def _titles(found: RenderedComparison) -> tuple[str, str]:
    case = f" · case {found.case.name}" if found.case else ""
    return f"{found.before.label}{case}", f"{found.after.label}{case}"


def _print_patch(text: str) -> None:
    for line in text.removesuffix("\n").split("\n"):
        heading = line.startswith(("--- ", "+++ "))
        print_text(line, bold=heading, colour=None if heading else _COLOURS.get(line[:1]))


def print_rendered(found: RenderedComparison) -> None:
    """Print what changed in what a model receives, and a table of its tokens and price by model."""
    text = unified_text(*found.texts, _titles(found))
    if text:
        _print_patch(text)
    else:
        print_note("What the model receives is the same.")
    if found.models:
        if text:
            print_text()
        print_deltas(found.models)
