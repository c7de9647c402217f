"""``workbench context``: exactly what a model will receive."""

from __future__ import annotations

from collections.abc import Sequence

import click

from workbench.bench.previewing import ModelPreview, Preview
from workbench.bench.shown import cost_range, usd
from workbench.cli.options import (
    complete_prompts,
    input_option,
    json_option,
    model_option,
    read_inputs,
    with_bench,
)
from workbench.cli.output import print_json, print_table, print_text, print_warning
from workbench.context.messages import Context, Origin, Segment
from workbench.models.pricing import priced
from workbench.models.tokens import TokenCount
from workbench.project.yaml import Value


@click.command("context")
@click.argument("prompt", metavar="PROMPT[@REVISION]", shell_complete=complete_prompts)
@click.option("--case", help="The case to render, by name or number; the first one by default.")
@model_option
@input_option
@json_option
def command(
    prompt: str, case: str | None, models: tuple[str, ...], inputs: tuple[str, ...], as_json: bool
) -> None:
    """Show exactly what a model will receive for PROMPT, with tokens and price.

    PROMPT is a prompt's name, PROMPT@REVISION for any git revision, or PROMPT@v:HASH.
    """
    given = read_inputs(inputs)
    preview = with_bench(lambda bench: bench.previewing.preview(prompt, case, given, models))
    for warning in preview.warnings:
        print_warning(warning)
    for found in preview.models:
        if found.unready:
            print_warning(f"no tokens for “{found.model.name}”: {found.unready}")
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
        "findings": [],  # their depth comes later
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

    A message that only another model's engine inserts has 0 here; one that only this model's engine inserts
    is part of the overhead.
    """
    if found.count is None:
        return None, None
    if found.context == shown:
        return list(found.count.messages), found.count.overhead
    own = iter(
        tokens
        for tokens, segments in zip(found.count.messages, found.context.segments, strict=True)
        if not _inserted(segments)
    )
    aligned = [0 if _inserted(segments) else next(own) for segments in shown.segments]
    return aligned, found.count.total - sum(aligned)


def _inserted(segments: Sequence[Segment]) -> bool:
    """Return whether a message with these segments comes from a model's engine."""
    return any(segment.origin is Origin.ENGINE for segment in segments)


def _print(preview: Preview) -> None:
    first = preview.models[0].count if preview.models else None
    for at, message in enumerate(preview.shown.messages):
        tokens = f"  {first.messages[at]} tokens" if first else ""
        print_text(f"{message.role.upper()}{tokens}", bold=True)
        for segment in preview.shown.segments[at]:
            first_line, *others = message.content[segment.start : segment.end].split("\n")
            print_text(f"{segment.origin.letter} {first_line}")
            for line in others:
                print_text(f"  {line}")
        print_text()
    headers = ("MODEL", "TOKENS", "WINDOW", "COST OF ONE CALL", "PROBLEM")
    print_table(headers, [_row(found) for found in preview.models], right=(1, 2))


def _row(found: ModelPreview) -> tuple[str, ...]:
    count, window = found.count, found.model.window
    return (
        found.model.name,
        f"{count.total:,} {'=' if count.exact else '≈'}" if count else "?",
        f"{100 * count.total / window:.1f} %" if count and window else "?",
        _price(found),
        "; ".join(found.problems),
    )


def _price(found: ModelPreview) -> str:
    cost = found.cost
    if found.model.free:
        return "free"
    if cost is None:
        return "unpriced" if found.model.prices is None else "?"
    return cost_range(cost.low, cost.typical, cost.high)
