"""What ``context`` says to people: messages by segment, models, the tree of segments, findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from workbench.bench.breakdown import Part
from workbench.bench.previews import ModelPreview, Preview
from workbench.bench.shown import cost_range, money, one_line
from workbench.cli.output import print_table, print_text
from workbench.context.findings import Finding
from workbench.models.model import Model

WIDEST_LABEL = 48
"""Characters that the label of a part may take."""

LONGEST_LINE = 500
"""Characters that a finding may take."""


def print_messages(preview: Preview) -> None:
    """Print each message with its tokens for the first model, each segment behind its origin's letter."""
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


def print_models(models: Sequence[ModelPreview]) -> None:
    """Print a line a model: tokens, share of the window, price, and what stands against a run.

    What earlier runs taught, and the price of cached input, have columns where there is any of it.
    """
    columns: list[tuple[str, Callable[[ModelPreview], str]]] = [
        ("MODEL", lambda found: found.model.name),
        ("TOKENS", _tokens),
        ("WINDOW", _window),
        ("COST OF ONE CALL", _price),
        ("INPUT IF CACHED", _cached),
        ("CORRECTED BY", _correction),
        ("PROBLEM", lambda found: "; ".join(found.problems)),
    ]
    needed = [
        (title, cell)
        for title, cell in columns
        if title not in ("INPUT IF CACHED", "CORRECTED BY") or any(map(cell, models))
    ]
    rows = [[cell(found) for _, cell in needed] for found in models]
    print_table([title for title, _ in needed], rows, right=(1, 2))
    sources = dict.fromkeys(found.model.prices.source for found in models if found.model.prices)
    if any(sources):
        print_text(f"prices: {', '.join(filter(None, sources))}")


def print_parts(model: Model, whole: Part) -> None:
    """Print a breakdown as a tree with tokens, shares, money, and where each part was written."""
    rows = [("PART", "TOKENS", "SHARE", "INPUT", "WRITTEN IN"), *_rows(model, whole, model.name, 0)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, (part, tokens, share, cost, place) in enumerate(rows):
        line = (
            f"{part:<{widths[0]}}  {tokens:>{widths[1]}}  {share:>{widths[2]}}  {cost:<{widths[3]}}  {place}"
        )
        print_text(line.rstrip(), bold=number == 0)


def print_findings(findings: Sequence[Finding], show: Callable[[str], None] = print_text) -> None:
    """Print a line a finding: where, why, and its code."""
    for finding in findings:
        where = f"{finding.place}: " if finding.place else ""
        show(one_line(f"{where}{finding.message} ({finding.code})", LONGEST_LINE))


def _rows(model: Model, part: Part, label: str, depth: int) -> Iterator[tuple[str, ...]]:
    mark = f"{part.origin.letter} " if part.origin else ""
    yield (
        "  " * depth + mark + one_line(label, WIDEST_LABEL),
        "?" if part.tokens is None else f"{part.tokens:,}",
        "?" if part.share is None else f"{100 * part.share:.1f} %",
        _input(model, part.cost),
        one_line(str(part.place), WIDEST_LABEL) if part.place else "",
    )
    for child in part.children:
        yield from _rows(model, child, child.label, depth + 1)


def _input(model: Model, cost: int | None) -> str:
    if cost is None and model.prices is not None:
        return "?"
    return money(cost, free=model.free)


def _tokens(found: ModelPreview) -> str:
    count = found.count
    return f"{count.total:,} {'=' if count.exact else '≈'}" if count else "?"


def _window(found: ModelPreview) -> str:
    count, window = found.count, found.model.window
    return f"{100 * count.total / window:.1f} %" if count and window else "?"


def _price(found: ModelPreview) -> str:
    cost = found.cost
    if found.model.free:
        return "free"
    if cost is None:
        return "unpriced" if found.model.prices is None else "?"
    return cost_range(cost.low, cost.typical, cost.high)


def _cached(found: ModelPreview) -> str:
    cached = found.cost.input_cached if found.cost else None
    return "" if cached is None or found.model.free else money(cached)


def _correction(found: ModelPreview) -> str:
    """Return how many reports of the provider are behind an estimate, and how far off it was on average."""
    count = found.count
    if count is None or not count.observations:
        return ""
    off = "" if count.error is None else f", off by {100 * count.error:.1f} %"
    return f"{count.observations} {'report' if count.observations == 1 else 'reports'}{off}"
