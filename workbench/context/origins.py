"""Where each piece of a rendering comes from.

The templates of a version are compiled with every output wrapped in a filter that tags it with its sources:
the inputs, documents and examples that its expression depends on, followed by name through filters, ``set``,
macros, imports and loops. The analysis ignores order and scope, so that it can only err towards the less
trusted origin. The text that is output is left alone: plain Jinja2 renders the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jinja2 import BaseLoader, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context as JinjaContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from workbench.context.messages import Origin
from workbench.errors import Place
from workbench.prompts.template import OPTIONS

Source: TypeAlias = tuple[Origin, str]
"""An origin and the name of what there: ``(Origin.INPUT, "ticket")``."""

TRUST = (Origin.TEMPLATE, Origin.PARTIAL, Origin.EXAMPLE, Origin.INPUT, Origin.DOCUMENT)
"""From the most trusted to the least; where several meet, the least trusted wins."""

_LOOP_ITEMS = ("previtem", "nextitem", "changed")
"""What of ``loop`` depends on the items; the rest of it only counts."""

_Assignment: TypeAlias = tuple[list[str], nodes.Node]
"""Names that a template assigns, and what their value depends on."""

_TAG = "workbench tag"  # a filter's name that no template can write


def least_trusted(sources: Iterable[Source]) -> Source:
    """Return the source whose origin is trusted least; among equals the first by name."""
    return max(
        sorted(sources, key=lambda source: source[1], reverse=True), key=lambda source: TRUST.index(source[0])
    )


@dataclass(frozen=True)
class Tag:
    """What a piece of output depends on, and where it is written."""

    sources: frozenset[Source]
    place: Place


class Piece(str):
    """A piece of output that remembers its tag."""

    tag: Tag

    def __str__(self) -> str:
        return self  # generated code calls str() on every output; the tag must survive that


@pass_context  # which also keeps the compiler from folding it into a constant
def _tagged(context: JinjaContext, value: object, index: int) -> Piece:
    piece = Piece(escape(value) if context.eval_ctx.autoescape else str(value))
    environment = context.environment
    assert isinstance(environment, OriginEnvironment)
    piece.tag = environment.tags[index]
    return piece


class OriginEnvironment(ImmutableSandboxedEnvironment):
    """The environment of prompts, whose compiled templates yield tagged pieces.

    ``places`` maps each template's name to its path and the line of the file on which it begins.
    """

    def __init__(
        self, places: Mapping[str, tuple[str, int]], main: str, names: Names, loader: BaseLoader
    ) -> None:
        super().__init__(**OPTIONS, loader=loader)
        self.code_generator_class = _TaggingGenerator
        self.filters[_TAG] = _tagged
        self.tags: list[Tag] = []
        self.places = places
        self.main = main
        self.names = names

    def place(self, template: str, line: int) -> Place:
        """Return the place in a file of a line of a template."""
        path, first_line = self.places[template]
        return Place(path, line + first_line - 1)

    def own_source(self, template: str) -> Source:
        """Return the source of a template's own text."""
        return (Origin.TEMPLATE, "") if template == self.main else (Origin.PARTIAL, template)


class _TaggingGenerator(CodeGenerator):
    """Compiles a template after wrapping its outputs."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        assert isinstance(self.environment, OriginEnvironment)
        assert self.name is not None
        _Tagger(self.environment, self.name).rewrite(node)
        super().visit_Template(node, frame)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:
        self.write("str(")  # never escape(), which would lose the tag: _tagged escapes where it is asked for


class _Tagger:
    def __init__(self, environment: OriginEnvironment, template: str) -> None:
        self._environment = environment
        self._template = template
        self._own = environment.own_source(template)

    def rewrite(self, node: nodes.Node) -> None:
        """Wrap every output below this node."""
        for field, value in node.iter_fields():
            if isinstance(value, list):
                setattr(node, field, list(self._rewritten(value)))
            elif isinstance(value, nodes.Node):
                self.rewrite(value)

    def _rewritten(self, items: list[Any]) -> Iterator[Any]:
        for item in items:
            if isinstance(item, nodes.Output):
                item.nodes = [self._wrapped(child, child) for child in item.nodes]
            elif isinstance(item, nodes.CallBlock | nodes.FilterBlock) or getattr(item, "recursive", False):
                # These output text themselves: an empty piece in front tells what the text depends on.
                empty = nodes.TemplateData("", lineno=item.lineno)
                yield nodes.Output([self._wrapped(empty, item)], lineno=item.lineno)
                self.rewrite(item)
            elif isinstance(item, nodes.Node):
                self.rewrite(item)
            yield item

    def _wrapped(self, output: nodes.Expr, depends_on: nodes.Node) -> nodes.Filter:
        sources = self._environment.names.sources_of(depends_on) | {self._own}
        place = self._environment.place(self._template, output.lineno)
        self._environment.tags.append(Tag(frozenset(sources), place))
        index = nodes.Const(len(self._environment.tags) - 1, lineno=output.lineno)
        wrapped = nodes.Filter(output, _TAG, [index], [], None, None, lineno=output.lineno)
        wrapped.set_environment(self._environment)
        return wrapped


class Names:
    """What each name that the templates of a version assign depends on, followed to the end.

    A name that no template assigns is an input, a document or the list of examples, or one of Jinja2's own.
    """

    def __init__(
        self, templates: Mapping[str, nodes.Template], inputs: Iterable[str], globals_: Iterable[str]
    ) -> None:
        self._inputs = frozenset(inputs)
        self._globals = frozenset(globals_)
        assignments: list[_Assignment] = []
        for name, tree in templates.items():
            assignments.append(([_whole(name)], tree))
            assignments += _assignments(tree)
        self._assigned: dict[str, set[Source]] = {name: set() for names, _ in assignments for name in names}
        changed = True
        while changed:
            changed = False
            for names, value in assignments:
                found = self.sources_of(value)
                for name in names:
                    if not found <= self._assigned[name]:
                        self._assigned[name] |= found
                        changed = True

    def sources_of(self, node: nodes.Node, bound: frozenset[str] = frozenset()) -> set[Source]:
        """Return the inputs, documents, examples and partials that the output of a node depends on.

        ``bound`` names the parameters of the macros around it: what they stand for is known at the call.
        """
        if isinstance(node, nodes.Name):
            return self._sources_of_name(node.name, None, bound) if node.ctx == "load" else set()
        if isinstance(node, nodes.Getattr | nodes.Getitem) and isinstance(node.node, nodes.Name):
            found = self._sources_of_name(node.node.name, _attribute(node), bound)
            return found | (self.sources_of(node.arg, bound) if isinstance(node, nodes.Getitem) else set())
        if isinstance(node, nodes.Include | nodes.Import | nodes.FromImport):
            partial = _template_name(node)
            return {(Origin.PARTIAL, partial)} | self._assigned.get(_whole(partial), set())
        if isinstance(node, nodes.Macro | nodes.CallBlock):
            within = bound | {arg.name for arg in node.args} | {"varargs", "kwargs"}
            outside = [*node.defaults, *([node.call] if isinstance(node, nodes.CallBlock) else [])]
            return self._union(outside, bound) | self._union(node.body, within)
        return self._union(node.iter_child_nodes(), bound)

    def _union(self, items: Iterable[nodes.Node], bound: frozenset[str]) -> set[Source]:
        return {source for item in items for source in self.sources_of(item, bound)}

    def _sources_of_name(self, name: str, attribute: str | None, bound: frozenset[str]) -> set[Source]:
        if name == "loop" and attribute is not None and attribute not in _LOOP_ITEMS:
            return set()
        assigned = self._assigned.get(name, set())
        if name in bound or (name in self._assigned and name not in self._inputs):
            return set(assigned)
        if name == "documents":
            return {(Origin.DOCUMENT, attribute or "documents")}
        if name == "examples":
            return {(Origin.EXAMPLE, "examples")}
        if name in self._inputs or name not in self._globals:
            return {*assigned, (Origin.INPUT, name)}
        return set()


def _whole(template: str) -> str:
    """Return the name, which no template can write, under which all of a template is assigned."""
    return f"all of {template}"


def _template_name(node: nodes.Include | nodes.Import | nodes.FromImport) -> str:
    assert isinstance(node.template, nodes.Const)  # nothing else is let into a version
    return str(node.template.value)


def _assignments(tree: nodes.Template) -> Iterator[_Assignment]:
    """Yield every assignment of a template: the names, and what their values depend on."""
    for node in _all(tree, nodes.For):
        yield [*_targets(node.target), "loop"], node.iter
        if node.recursive:  # then loop(…) puts out the body once more
            yield [*_targets(node.target), "loop"], nodes.Scope(node.body)
    for node in _all(tree, nodes.Assign):
        yield _targets(node.target), node.node
    for node in _all(tree, nodes.AssignBlock):
        yield _targets(node.target), nodes.Scope([*node.body, *filter(None, [node.filter])])
    for node in _all(tree, nodes.Macro):
        yield [node.name], node
    for node in _all(tree, nodes.With):
        for target, value in zip(node.targets, node.values, strict=True):
            yield _targets(target), value
    for node in _all(tree, nodes.CallBlock):
        yield [*(arg.name for arg in node.args), "caller"], node
    for node in _all(tree, nodes.Block):
        yield ["super", "self"], nodes.Scope(node.body)
    for node in _all(tree, nodes.Import):
        yield [node.target], node
    for node in _all(tree, nodes.FromImport):
        yield [name if isinstance(name, str) else name[1] for name in node.names], node


def _all(node: nodes.Node, *kinds: type[nodes.Node]) -> Iterator[Any]:
    """Yield the node itself and everything below it that is of one of these kinds."""
    if isinstance(node, kinds):
        yield node
    yield from node.find_all(kinds)


def _targets(node: nodes.Node) -> list[str]:
    return [name.name for name in _all(node, nodes.Name, nodes.NSRef)]


def _attribute(access: nodes.Node | None) -> str | None:
    if isinstance(access, nodes.Getattr):
        return access.attr
    if isinstance(access, nodes.Getitem) and isinstance(access.arg, nodes.Const):
        return str(access.arg.value)
    return None
