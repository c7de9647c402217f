"""What ``context`` says to people: messages, models, what changed, the tree of segments, findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from workbench.bench.breakdown import Part
from workbench.bench.comparing import ModelDelta
from workbench.bench.figures import correction, price
from workbench.bench.previews import ModelPreview, Preview
from workbench.bench.shown import change, cost_range, counted, money, percent, things
from workbench.cli.output import fitted, print_table, print_text
from workbench.context.findings import Finding
from workbench.context.messages import Segment
from workbench.models.model import Model

WIDEST_LABEL = 48
"""Characters that the label of a part may take on a terminal."""

LONGEST_LINE = 500
"""Characters that a finding may take on a terminal."""

UNKNOWN = "?"
"""Stands for a figure that cannot be known now."""

_FIGURES = {"TOKENS", "WINDOW", "COST OF ONE CALL", "INPUT IF CACHED"}
"""The columns on models that are aligned right."""


def print_messages(preview: Preview) -> None:
    """Print each message with its tokens for the first model, and the letters of origins before each line."""
    first = preview.models[0].count if preview.models else None
    shown = preview.shown
    lines = [
        list(_lines(message.content, segments))
        for message, segments in zip(shown.messages, shown.segments, strict=True)
    ]
    gutter = max((len(letters) for own in lines for letters, _ in own), default=0)
    for at, message in enumerate(shown.messages):
        tokens = f"  {things(first.messages[at], 'token')}" if first else ""
        print_text(f"{message.role.upper()}{tokens}", bold=True)
        for letters, line in lines[at]:
            print_text(f"{letters:<{gutter}} {line}" if line else letters)
        print_text()


def _lines(content: str, segments: Sequence[Segment]) -> Iterator[tuple[str, str]]:
    """Yield each line of a message behind the letters of the origins that meet on it, in their order."""
    start, first, last = 0, 0, len(segments) - 1
    for line in content.split("\n"):
        while first < last and segments[first].end <= start:
            first += 1
        upto = first
        while upto < last and segments[upto].end < start + len(line):
            upto += 1
        letters = "".join(dict.fromkeys(one.origin.letter for one in segments[first : upto + 1]))
        yield letters, line
        start, first = start + len(line) + 1, upto


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
        ("CORRECTED BY", lambda found: correction(found.count)),
        ("PROBLEM", lambda found: "; ".join(found.problems)),
    ]
    needed = [
        (title, cell)
        for title, cell in columns
        if title not in ("INPUT IF CACHED", "CORRECTED BY") or any(map(cell, models))
    ]
    rows = [[cell(found) for _, cell in needed] for found in models]
    titles = [title for title, _ in needed]
    print_table(titles, rows, right=[at for at, title in enumerate(titles) if title in _FIGURES])
    sources = dict.fromkeys(found.model.prices.source for found in models if found.model.prices)
    if any(sources):
        print_text(f"prices: {', '.join(filter(None, sources))}")


def print_deltas(deltas: Sequence[ModelDelta]) -> None:
    """Print a line a model: tokens and price of the input as they are now, and what changed in them."""
    rows = [
        (one.after.model.name, _tokens(one.after), _changed(one.tokens), _input(one), _input_change(one))
        for one in deltas
    ]
    print_table(("MODEL", "TOKENS", "CHANGE", "INPUT", "CHANGE"), rows, right=(1, 2, 3, 4))


def print_parts(model: Model, whole: Part) -> None:
    """Print a breakdown as a tree with tokens, shares, money, and where each part was written."""
    rows = [("PART", "TOKENS", "SHARE", "INPUT", "WRITTEN IN"), *_rows(model, whole, model.name, 0)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, (part, tokens, share, cost, place) in enumerate(rows):
        line = (
            f"{part:<{widths[0]}}  {tokens:>{widths[1]}}  {share:>{widths[2]}}  {cost:>{widths[3]}}  {place}"
        )
        print_text(line.rstrip(), bold=number == 0)


def print_findings(findings: Sequence[Finding], show: Callable[[str], None] = print_text) -> None:
    """Print a line a finding: where, why, and its code."""
    for finding in findings:
        where = f"{finding.place}: " if finding.place else ""
        show(fitted(f"{where}{finding.message} ({finding.code})", LONGEST_LINE))


def _rows(model: Model, part: Part, label: str, depth: int) -> Iterator[tuple[str, ...]]:
    mark = f"{part.origin.letter} " if part.origin else ""
    yield (
        "  " * depth + mark + fitted(label, WIDEST_LABEL),
        UNKNOWN if part.tokens is None else f"{part.tokens:,}",
        UNKNOWN if part.share is None else percent(part.share, 1),
        price(model, part.cost, UNKNOWN),
        fitted(str(part.place), WIDEST_LABEL) if part.place else "",
    )
    for child in part.children:
        yield from _rows(model, child, child.label, depth + 1)


def _tokens(found: ModelPreview) -> str:
    count = found.count
    return counted(count.total, exact=count.exact) if count else UNKNOWN


def _window(found: ModelPreview) -> str:
    count, window = found.count, found.model.window
    return percent(count.total / window, 1) if count and window else UNKNOWN


def _price(found: ModelPreview) -> str:
    cost = found.cost
    if found.model.free or cost is None:
        return price(found.model, None, UNKNOWN)
    return cost_range(cost.low, cost.typical, cost.high)


def _cached(found: ModelPreview) -> str:
    cached = found.cost.input_cached if found.cost else None
    return "" if cached is None or found.model.free else money(cached)


def _changed(tokens: int | None) -> str:
    return UNKNOWN if tokens is None else change(tokens)


def _input(delta: ModelDelta) -> str:
    after = delta.after
    return price(after.model, after.cost.input if after.cost else None, UNKNOWN)


def _input_change(delta: ModelDelta) -> str:
    """Return what the input costs more or less; nothing where ``free`` or ``unpriced`` has said it all."""
    model, cost = delta.after.model, delta.cost
    if model.free or model.prices is None:
        return ""
    if not cost:
        return _changed(cost)
    return f"{'+' if cost > 0 else '-'}{money(abs(cost))}"
