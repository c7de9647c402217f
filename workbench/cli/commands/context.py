"""``workbench context``: exactly what a model will receive."""

from __future__ import annotations

import click

from workbench.bench.previewing import ModelPreview, Preview
from workbench.bench.shown import money, usd
from workbench.cli.options import input_option, json_option, model_option, read_inputs, with_bench
from workbench.cli.output import print_json, print_note, print_table, print_text
from workbench.context.messages import Context, Origin
from workbench.models.pricing import priced
from workbench.models.tokens import TokenCount
from workbench.project.yaml import Value


@click.command("context")
@click.argument("prompt")
@click.option("--case", help="The case to render, by name or number; the first one by default.")
@model_option
@input_option
@json_option
def command(prompt: str, case: str | None, models: tuple[str, ...], inputs: tuple[str, ...], as_json: bool) -> None:
    """Show exactly what a model will receive for PROMPT, with tokens and price.

    PROMPT is a prompt's name, PROMPT@REVISION for any git revision, or PROMPT@v:HASH.
    """
    given = read_inputs(inputs)
    preview = with_bench(lambda bench: bench.previewing.preview(prompt, case, given, models))
    for warning in preview.warnings:
        print_note(f"workbench: warning: {warning}")
    if as_json:
        print_json(as_value(preview))
    else:
        _print(preview)


def as_value(preview: Preview) -> Value:
    """Return the preview in the shape of ``--json``."""
    version = preview.target.version
    first = preview.models[0].count if preview.models else None
    return {
        "prompt": version.prompt.name,
        "version": version.short,
        "revision": preview.target.revision,
        "case": preview.case.name if preview.case else None,
        "messages": _messages(preview.shown, first),
        "models": [_model(found, preview.shown) for found in preview.models],
        "findings": [],
    }


def _messages(context: Context, count: TokenCount | None) -> Value:
    return [
        {
            "role": message.role,
            "content": message.content,
            "tokens": count.messages[at] if count else None,
            "segments": [
                {
                    "origin": segment.origin.value,
                    "name": segment.name or None,
                    "start": segment.start,
                    "end": segment.end,
                    "tokens": count.segments[at][index] if count else None,
                }
                for index, segment in enumerate(context.segments[at])
            ],
        }
        for at, message in enumerate(context.messages)
    ]


def _model(found: ModelPreview, shown: Context) -> Value:
    count, cost = found.count, found.cost
    message_tokens, overhead = _aligned(found, shown)
    return {
        "name": found.model.name,
        "model": found.model.string,
        "params": dict(found.params),
        "tokens": count.total if count else None,
        "message_tokens": message_tokens,
        "overhead": overhead,
        "exact": count.exact if count else None,
        "window": found.model.window,
        "priced": priced(found.model),
        "cost": {
            "input": usd(cost.input) if cost else None,
            "output_low": usd(cost.output_low) if cost else None,
            "output_typical": usd(cost.output_typical) if cost else None,
            "output_high": usd(cost.output_high) if cost else None,
        },
    }


def _aligned(found: ModelPreview, shown: Context) -> tuple[list[int] | None, int | None]:
    """Return a model's message tokens in the order of the messages shown, and its overhead.

    A message that only another model's engine inserts has 0 here; one that only this model's engine inserts is
    part of the overhead.
    """
    if found.count is None:
        return None, None
    own = [
        tokens
        for tokens, segments in zip(found.count.messages, found.context.segments, strict=True)
        if not any(segment.origin is Origin.ENGINE for segment in segments)
    ]
    if found.context == shown:
        return list(found.count.messages), found.count.overhead
    waiting = iter(own)
    aligned = [
        0 if any(segment.origin is Origin.ENGINE for segment in segments) else next(waiting)
        for segments in shown.segments
    ]
    return aligned, found.count.total - sum(aligned)


def _print(preview: Preview) -> None:
    first = preview.models[0].count if preview.models else None
    for at, message in enumerate(preview.shown.messages):
        tokens = f"  {first.messages[at]} tokens" if first else ""
        print_text(f"{message.role.upper()}{tokens}", bold=True)
        for segment in preview.shown.segments[at]:
            lines = message.content[segment.start : segment.end].split("\n")
            for number, line in enumerate(lines):
                print_text(f"{segment.origin.letter if number == 0 else ' '} {line}")
        print_text()
    rows = []
    for found in preview.models:
        count, cost = found.count, found.cost
        rows.append(
            (
                found.model.name,
                f"{count.total:,} {'=' if count.exact else '≈'}" if count else "?",
                f"{100 * count.total / found.model.window:.1f} %" if count and found.model.window else "?",
                _price(found),
                "; ".join(found.problems) or (found.unready or "").partition("\n")[0],
            )
        )
        del cost
    print_table(("MODEL", "TOKENS", "WINDOW", "COST OF ONE CALL", "PROBLEM"), rows, right=(1, 2))


def _price(found: ModelPreview) -> str:
    cost = found.cost
    if found.model.free or cost is None:
        return money(None, free=found.model.free)
    return f"{money(cost.low)} – {money(cost.typical)} – {money(cost.high) if cost.high is not None else '?'}"
