"""What ``context`` says to programs: a preview in the shape of ``--json``."""

from __future__ import annotations

from workbench.bench.previews import ModelPreview, Preview
from workbench.bench.shown import usd
from workbench.context.findings import Finding
from workbench.context.messages import Context
from workbench.models.pricing import priced
from workbench.models.tokens import TokenCount
from workbench.project.yaml import Value


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
        "findings": [_finding(finding) for finding in preview.findings],
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


def _finding(finding: Finding) -> Value:
    place = finding.place
    return {
        "code": finding.code,
        "message": finding.message,
        "path": place.path if place else None,
        "line": place.line if place else None,
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
    own = iter(tokens for at, tokens in enumerate(found.count.messages) if not found.context.inserted(at))
    aligned = [0 if shown.inserted(at) else next(own) for at in range(len(shown.messages))]
    return aligned, found.count.total - sum(aligned)
