"""What each piece of output depends on.

The names that an expression reads are followed to the inputs, documents and examples behind them, through
filters, ``set``, macros, imports and loops. The analysis ignores order and scope, so that it can only err
towards the less trusted origin; and it looks at each section of a template by itself, so that only what
changed is looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from jinja2 import nodes

from workbench.context.messages import Origin

Source: TypeAlias = tuple[Origin, str]
"""An origin and the name of what there: ``(Origin.INPUT, "ticket")``."""

TRUST = (Origin.TEMPLATE, Origin.PARTIAL, Origin.EXAMPLE, Origin.INPUT, Origin.DOCUMENT)
"""From the most trusted to the least; where several meet, the least trusted wins."""

_LOOP_ITEMS = ("previtem", "nextitem", "changed")
"""What of ``loop`` depends on the items; the rest of it only counts."""

_WHOLE = "all of "  # no template can write a name with spaces


class Read(NamedTuple):
    """A name that is read, and of ``loop`` and ``documents`` which attribute.

    ``bound`` says that it is a parameter of a macro around it: what it stands for is known at the call.
    """

    name: str
    attribute: str | None = None
    bound: bool = False


Reads: TypeAlias = frozenset[Read]


def least_trusted(sources: Iterable[Source]) -> Source:
    """Return the source whose origin is trusted least; among equals the first by name."""
    return max(
        sorted(sources, key=lambda source: source[1], reverse=True), key=lambda source: TRUST.index(source[0])
    )


def whole(template: str) -> str:
    """Return the name, which no template can write, under which all of a template is assigned."""
    return f"{_WHOLE}{template}"


class Names:
    """What each name that the templates of a version assign depends on, followed to the end.

    ``assigned`` holds, for each section of them, what the values of the names it assigns read. A name that
    none assigns is an input, a document or the list of examples, or one of Jinja2's own.
    """

    def __init__(
        self, assigned: Iterable[Mapping[str, Reads]], inputs: Iterable[str], globals_: Iterable[str]
    ) -> None:
        self._inputs = frozenset(inputs)
        self._globals = frozenset(globals_)
        values: defaultdict[str, set[Read]] = defaultdict(set)
        for section in assigned:
            for name, reads in section.items():
                values[name] |= reads
        self._assigned: dict[str, set[Source]] = {name: set() for name in values}
        changed = True
        while changed:
            changed = False
            for name, read in values.items():
                found = self.sources(read)
                if not found <= self._assigned[name]:
                    self._assigned[name] |= found
                    changed = True

    def sources(self, reads: Iterable[Read]) -> set[Source]:
        """Return the inputs, documents, examples and partials behind what is read."""
        return {source for read in reads for source in self._behind(read)}

    def _behind(self, read: Read) -> set[Source]:
        name, attribute, bound = read
        assigned = self._assigned.get(name, set())
        if name.startswith(_WHOLE):
            return {(Origin.PARTIAL, name.removeprefix(_WHOLE)), *assigned}
        if name == "loop" and attribute is not None and attribute not in _LOOP_ITEMS:
            return set()
        if bound or (name in self._assigned and name not in self._inputs):
            return assigned
        return {*assigned, *self._from_outside(name, attribute)}

    def _from_outside(self, name: str, attribute: str | None) -> set[Source]:
        if name == "documents":
            return {(Origin.DOCUMENT, attribute or "documents")}
        if name == "examples":
            return {(Origin.EXAMPLE, "examples")}
        return {(Origin.INPUT, name)} if name in self._inputs or name not in self._globals else set()


def reads_of(node: nodes.Node, bound: frozenset[str] = frozenset()) -> set[Read]:
    """Return the names that the output of a node depends on; ``bound`` are parameters of macros around it."""
    if isinstance(node, nodes.Name):
        return {Read(node.name, None, node.name in bound)} if node.ctx == "load" else set()
    if isinstance(node, nodes.Getattr | nodes.Getitem) and isinstance(node.node, nodes.Name):
        name = node.node.name
        attribute = _attribute(node) if name in ("loop", "documents") else None
        found = {Read(name, attribute, name in bound)}
        return found | (reads_of(node.arg, bound) if isinstance(node, nodes.Getitem) else set())
    if isinstance(node, nodes.Include | nodes.Import | nodes.FromImport):
        assert isinstance(node.template, nodes.Const)  # nothing else is let into a version
        return {Read(whole(str(node.template.value)))}
    if isinstance(node, nodes.Macro | nodes.CallBlock):
        within = bound | {arg.name for arg in node.args} | {"varargs", "kwargs"}
        outside = [*node.defaults, *([node.call] if isinstance(node, nodes.CallBlock) else [])]
        return _union(outside, bound) | _union(node.body, within)
    return _union(node.iter_child_nodes(), bound)


def assigned_in(tree: nodes.Template) -> dict[str, Reads]:
    """Return the names that a template assigns, each with what its values read."""
    found: defaultdict[str, set[Read]] = defaultdict(set)
    for node in tree.find_all(nodes.Node):
        for names, value in _assignments(node):
            reads = reads_of(value)
            for name in names:
                found[name] |= reads
    return {name: frozenset(reads) for name, reads in found.items()}


def _union(items: Iterable[nodes.Node], bound: frozenset[str]) -> set[Read]:
    return {read for item in items for read in reads_of(item, bound)}


def _assignments(node: nodes.Node) -> Iterator[tuple[list[str], nodes.Node]]:
    """Yield what a node assigns: the names, and what their value depends on."""
    match node:
        case nodes.For():
            yield [*_targets(node.target), "loop"], node.iter
            if node.recursive:  # then loop(…) puts out the body once more
                yield [*_targets(node.target), "loop"], nodes.Scope(node.body)
        case nodes.Assign():
            yield _targets(node.target), node.node
        case nodes.AssignBlock():
            yield _targets(node.target), nodes.Scope([*node.body, *filter(None, [node.filter])])
        case nodes.Macro():
            yield [node.name], node
        case nodes.With():
            for target, value in zip(node.targets, node.values, strict=True):
                yield _targets(target), value
        case nodes.CallBlock():
            yield [*(arg.name for arg in node.args), "caller"], node
        case nodes.Block():
            yield ["super", "self"], nodes.Scope(node.body)
        case nodes.Import():
            yield [node.target], node
        case nodes.FromImport():
            yield [name if isinstance(name, str) else name[1] for name in node.names], node


def _targets(node: nodes.Node) -> list[str]:
    kinds = (nodes.Name, nodes.NSRef)
    below: Iterable[Any] = node.find_all(kinds)
    return [each.name for each in ([node, *below] if isinstance(node, kinds) else below)]


def _attribute(access: nodes.Getattr | nodes.Getitem) -> str | None:
    if isinstance(access, nodes.Getattr):
        return access.attr
    return str(access.arg.value) if isinstance(access.arg, nodes.Const) else None
