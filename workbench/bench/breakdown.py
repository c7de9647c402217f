"""The breakdown: what each part of a context costs a model, in tokens and in money, adding up exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from workbench.bench.previews import ModelPreview
from workbench.context.messages import Origin, Segment
from workbench.errors import Place

WHOLE = "context"
SCHEMA = "schema"
OVERHEAD = "protocol overhead"


@dataclass(frozen=True)
class Part:
    """A part of what a model receives, and the parts it is made of, which add up to it.

    ``tokens`` and ``cost``, the price of these tokens as input in pico-dollars, are None where they are not
    known; the cost is 0 where the model is free. ``share`` is that of the whole, from 0 to 1. ``origin`` is
    None for what is not one segment; ``place`` is where in the source it was written.
    """

    label: str
    origin: Origin | None
    tokens: int | None
    share: float | None
    cost: int | None
    place: Place | None
    children: tuple[Part, ...] = ()


def breakdown(found: ModelPreview) -> Part:
    """Return the whole of what a model receives: its messages with their segments, the schema, the overhead.

    A provider has one price for all the input of a call, so each part costs its share of the whole.
    """
    parts = [
        Part(
            label=message.role,
            origin=None,
            tokens=found.count.messages[at] if found.count else None,
            share=None,
            cost=None,
            place=segments[0].place if segments else None,
            children=tuple(
                _segment(segment, found.count.segments[at][index] if found.count else None)
                for index, segment in enumerate(segments)
            ),
        )
        for at, (message, segments) in enumerate(
            zip(found.context.messages, found.context.segments, strict=True)
        )
    ]
    total = found.count.total if found.count else None
    return _priced(
        Part(WHOLE, None, total, None, None, None, (*parts, *_beside_messages(found))), _whole_cost(found)
    )


def by_source(found: ModelPreview) -> Part:
    """Return the whole with one part a source: a partial, an input or the template, over all messages."""
    whole = breakdown(found)
    sources: dict[tuple[str, Origin | None], list[Part]] = {}
    for leaf in _leaves(whole):
        if leaf.origin is not None or leaf.label in (SCHEMA, OVERHEAD):  # an empty message is of no source
            sources.setdefault((leaf.label, leaf.origin), []).append(leaf)
    return replace(whole, children=tuple(_together(parts) for parts in sources.values()))


def by_cost(part: Part) -> Part:
    """Return the part with what is most expensive first, at each level; what is equal keeps its order."""
    children = sorted((by_cost(child) for child in part.children), key=lambda child: -(child.tokens or 0))
    return replace(part, children=tuple(children))


def _segment(segment: Segment, tokens: int | None) -> Part:
    return Part(segment.called, segment.origin, tokens, None, None, segment.place or segment.source)


def _beside_messages(found: ModelPreview) -> Iterator[Part]:
    """Yield what a model receives beside the messages: a schema where there is one, and the overhead."""
    if found.count is None:
        yield Part(OVERHEAD, None, None, None, None, None)
        return
    schema = found.count.schema
    if schema:
        yield Part(SCHEMA, None, schema, None, None, None)
    yield Part(OVERHEAD, None, found.count.overhead - schema, None, None, None)


def _whole_cost(found: ModelPreview) -> int | None:
    if found.model.free:
        return 0
    return found.cost.input if found.cost else None


def _priced(whole: Part, cost: int | None) -> Part:
    """Return the tree with the cost of the whole spread over it by tokens, and with each part's share."""
    total = whole.tokens
    tokens = [leaf.tokens or 0 for leaf in _leaves(whole)]
    if cost is None or (total is None and cost):
        costs: list[int | None] = [None] * len(tokens)
    else:
        # Rounded cumulatively, so that the parts add up to the whole to the last pico-dollar.
        reached = [cost * so_far // total if total else 0 for so_far in accumulate(tokens)]
        costs = [after - before for before, after in zip((0, *reached), reached, strict=False)]
    return _filled(whole, iter(costs), total)


def _filled(part: Part, costs: Iterator[int | None], total: int | None) -> Part:
    children = tuple(_filled(child, costs, total) for child in part.children)
    share = part.tokens / total if part.tokens is not None and total else None
    cost = _sum(child.cost for child in children) if children else next(costs)
    return replace(part, children=children, share=share, cost=cost)


def _leaves(part: Part) -> Iterator[Part]:
    if not part.children:
        yield part
    for child in part.children:
        yield from _leaves(child)


def _together(parts: list[Part]) -> Part:
    shares = [part.share for part in parts if part.share is not None]
    return replace(
        parts[0],
        tokens=_sum(part.tokens for part in parts),
        share=sum(shares) if shares else None,
        cost=_sum(part.cost for part in parts),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    """Return the sum, or None where a part of it is not known."""
    known = list(numbers)
    return None if None in known else sum(number for number in known if number is not None)
