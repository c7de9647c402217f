"""What stands where in a text of YAML, for who edits it in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

BLOCK = ("|", ">")
"""The styles of a text that stands below its key, as a block."""


@dataclass
class Node:
    """A value where it stands in a text: ``end`` is behind its last letter, not where the next thing begins.

    ``kind`` is ``scalar``, ``map``, ``list`` or ``alias``. ``items`` of a map are keys and values in turn.
    """

    kind: str
    start: int
    end: int
    line: int
    column: int
    flow: bool = False
    style: str = ""
    value: str = ""
    items: list[Node] = field(default_factory=list)

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """The keys of a map, each with its value."""
        return list(zip(self.items[::2], self.items[1::2], strict=True))

    def leaves(self) -> Iterator[Node]:
        """Yield every scalar and alias in it."""
        if self.kind in ("map", "list"):
            for item in self.items:
                yield from item.leaves()
        else:
            yield self


def compose(text: str) -> Node | None:
    """Return what stands where in a text that is known to be valid YAML, or None where it holds nothing."""
    open_nodes: list[Node] = []
    top: Node | None = None
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionEndEvent):
            _close(open_nodes.pop(), event)
        elif isinstance(event, yaml.NodeEvent):
            node = _node(event, text)
            if open_nodes:
                open_nodes[-1].items.append(node)
            else:
                top = node
            if node.kind in ("map", "list"):
                open_nodes.append(node)
    return top


def _close(node: Node, event: Any) -> None:  # noqa: ANN401 - PyYAML's types say that there may be no marks
    node.end = event.end_mark.index if node.flow else max(item.end for item in node.items)


def _node(event: Any, text: str) -> Node:  # noqa: ANN401 - as above
    mark, end = event.start_mark, event.end_mark.index
    node = Node("alias", mark.index, end, mark.line + 1, mark.column)
    if isinstance(event, yaml.ScalarEvent):
        node.kind, node.style, node.value = "scalar", event.style or "", event.value
        if node.style in BLOCK:
            node.end = mark.index + len(re.sub(r"(\n[ \t]*)+\Z", "", text[mark.index : end]))
    elif isinstance(event, yaml.CollectionStartEvent):
        node.kind = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
        node.flow = bool(event.flow_style)
    return node
