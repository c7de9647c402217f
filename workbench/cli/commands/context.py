"""``workbench context``: exactly what a model will receive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
from click.shell_completion import CompletionItem

from workbench.bench.bench import Bench
from workbench.bench.breakdown import breakdown, by_cost, by_source
from workbench.bench.copying import FORMATS, copied
from workbench.bench.previews import ModelPreview, Preview
from workbench.cli.context_asked import ANY, Asked, check, one_form
from workbench.cli.context_tables import print_findings, print_messages, print_models, print_parts
from workbench.cli.context_values import as_value
from workbench.cli.failing import Exit
from workbench.cli.options import (
    complete_prompts,
    input_option,
    json_option,
    model_option,
    read_inputs,
    with_bench,
)
from workbench.cli.output import print_json, print_note, print_text, print_warning
from workbench.context.findings import Finding
from workbench.errors import UsageError
from workbench.project.switches import CODES, looked_for
from workbench.project.yaml import Value
from workbench.runs.plan import split_target

EPILOG = """
\b
  workbench context PROMPT --segments --sort cost      what each part costs
  workbench context PROMPT --diff HEAD                 what changed, in tokens and money
  workbench context PROMPT --format curl -m mini       the call, to make without the workbench
  workbench context PROMPT --fail-on any               for CI: exit 1 where anything is found
"""


def complete_codes(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the codes of findings that begin so, for the shell."""
    known = {ANY: "every finding that is looked for", **CODES}
    return [CompletionItem(code, help=why) for code, why in known.items() if code.startswith(incomplete)]


@click.command("context", epilog=EPILOG)
@click.argument("prompt", metavar="PROMPT[@REVISION]", shell_complete=complete_prompts)
@click.option("--case", help="The case to render, by name or number; the first one by default.")
@model_option
@input_option
@click.option("--segments", is_flag=True, help="Show what each part costs, as a tree.")
@click.option(
    "--by",
    type=click.Choice(["message", "source"]),
    help="What --segments adds up; messages by default.",
)
@click.option(
    "--sort",
    type=click.Choice(["place", "cost"]),
    help="The order of --segments; by default that of the context.",
)
@click.option("--diff", "revision", metavar="REVISION", help="Show what changed since a revision, or v:HASH.")
@click.option(
    "--format", "form", type=click.Choice(["json", *FORMATS]), help="Print only this, to use elsewhere."
)
@click.option(
    "--fail-on",
    multiple=True,
    metavar="FINDING",
    shell_complete=complete_codes,
    help="Exit with 1 where this is found, or “any”; repeatable.",
)
@json_option
@click.pass_context
def command(  # noqa: PLR0913 - one argument an option
    context: click.Context,
    *,
    prompt: str,
    case: str | None,
    models: tuple[str, ...],
    inputs: tuple[str, ...],
    segments: bool,
    by: str | None,
    sort: str | None,
    revision: str | None,
    form: str | None,
    fail_on: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show exactly what a model will receive for PROMPT, with tokens, price and findings.

    PROMPT is a prompt's name, PROMPT@REVISION for any git revision, or PROMPT@v:HASH. What looks wrong in the
    context is listed at the end, each with its place, the reason and the code that --fail-on takes.
    """
    form = one_form(form, as_json)
    asked = Asked(prompt, case, models, inputs, form, segments, sort, by, revision, fail_on)
    check(asked)
    given = read_inputs(inputs)
    if with_bench(lambda bench: _show(bench, asked, given)):
        context.exit(int(Exit.FAILED_IN_PART))


async def _show(bench: Bench, asked: Asked, inputs: Mapping[str, Value]) -> bool:
    """Show what was asked for; returns whether something was found that the command shall fail on."""
    preview = await bench.previewing.preview(asked.prompt, asked.case, inputs, asked.models)
    _warn(bench, preview, asked)
    if asked.form == "json":
        print_json(as_value(preview))
    elif asked.form is not None:
        print_text(_copied(preview, asked.form).removesuffix("\n"))
    elif asked.revision is not None:
        await _print_changes(bench, asked)
    else:
        _print(preview, asked)
    failing = [found for found in preview.findings if ANY in asked.fail_on or found.code in asked.fail_on]
    if asked.form is not None or asked.revision is not None:
        print_findings(failing, print_note)
    return bool(failing)


def _warn(bench: Bench, preview: Preview, asked: Asked) -> None:
    for warning in preview.warnings:
        print_warning(warning)
    for found in preview.models:
        if found.unready:
            print_warning(f"no tokens for “{found.model.name}”: {found.unready}")
        if found.warning:
            print_warning(found.warning)
    switches = (bench.settings.findings, preview.target.version.prompt.findings)
    for code in asked.fail_on:
        if code != ANY and not looked_for(code, *switches):
            remedy = f"write “findings: {{{code}: on}}” in .workbench.yml or in the prompt"
            print_warning(f"“{code}” is switched off here, so nothing fails on it: {remedy}")


def _copied(preview: Preview, form: str) -> str:
    if not preview.models:
        raise UsageError("there is no model to send this to", hint="Name one: -m MODEL.")
    found = preview.models[0]
    for problem in found.problems:
        print_warning(problem)
    schema = preview.target.version.prompt.schema
    return copied(form, found.context, found.model, found.params, schema)


async def _print_changes(bench: Bench, asked: Asked) -> None:
    # Only for this view, which the others should not wait for.
    from workbench.cli.commands.diff import print_rendered

    before = f"{split_target(asked.prompt)[0]}@{asked.revision}"
    print_rendered(await bench.comparing.rendered(before, asked.prompt, asked.case, asked.models))


def _print(preview: Preview, asked: Asked) -> None:
    if asked.segments:
        for found in preview.models:
            _print_segments(found, asked)
    else:
        print_messages(preview)
        print_models(preview.models)
    _print_findings(preview.findings)


def _print_segments(found: ModelPreview, asked: Asked) -> None:
    whole = by_source(found) if asked.by == "source" else breakdown(found)
    print_parts(found.model, by_cost(whole) if asked.sort == "cost" else whole)


def _print_findings(findings: Sequence[Finding]) -> None:
    if findings:
        print_text()
        print_text("FINDINGS", bold=True)
        print_findings(findings)
