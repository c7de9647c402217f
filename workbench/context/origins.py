"""Where each piece of a rendering comes from.

The templates of a version are compiled with every output wrapped in a filter that tags it with its sources: the
inputs, documents and examples that its expression depends on, followed by name through filters, ``set``, macros,
imports and loops. The analysis ignores order and scope, so that it can only err towards the less trusted origin. The
text that is output is left alone: plain Jinja2 renders the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jinja2 import nodes, pass_context
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Context as JinjaContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workbench.context.messages import Origin
from workbench.errors import Place
from workbench.prompts.template import OPTIONS

Source: TypeAlias = tuple[Origin, str]
"""An origin and the name of what there: ``(Origin.INPUT, "ticket")``."""

TRUST = (Origin.TEMPLATE, Origin.PARTIAL, Origin.EXAMPLE, Origin.INPUT, Origin.DOCUMENT)
"""From the most trusted to the least; where several meet, the least trusted wins."""

_LOOP_ITEMS = ("previtem", "nextitem", "changed")
"""What of ``loop`` depends on the items; the rest of it only counts."""

_TAG = "workbench tag"  # a filter's name that no template can write


def least_trusted(sources: Iterable[Source]) -> Source:
    """Return the source whose origin is trusted least; among equals the first by name."""
    return max(sorted(sources, key=lambda source: source[1], reverse=True), key=lambda source: TRUST.index(source[0]))


@dataclass(frozen=True)
class Tag:
    """What a piece of output depends on, and where it is written."""

    sources: frozenset[Source]
    place: Place


class Piece(str):
    """A piece of output that remembers its tag."""

    __slots__ = ("tag",)
    tag: Tag

    def __str__(self) -> str:
        return self  # generated code calls str() on every output; the tag must survive that


@pass_context  # which also keeps the compiler from folding it into a constant
def _tagged(context: JinjaContext, value: object, index: int) -> Piece:
    piece = Piece(str(value))
    environment = context.environment
    assert isinstance(environment, OriginEnvironment)
    piece.tag = environment.tags[index]
    return piece


class OriginEnvironment(ImmutableSandboxedEnvironment):
    """The environment of prompts, whose compiled templates yield tagged pieces.

    ``places`` maps each template's name to its path and the line of the file on which it begins.
    """

    def __init__(self, places: Mapping[str, tuple[str, int]], main: str, names: Names, **options: Any) -> None:
        super().__init__(**OPTIONS, **options)
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

    def visit_Template(self, node: nodes.Template, frame: Any = None) -> None:  # noqa: N802 - Jinja2's name
        assert isinstance(self.environment, OriginEnvironment)
        assert self.name is not None
        _Tagger(self.environment, self.name).rewrite(node)
        super().visit_Template(node, frame)


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
            elif isinstance(item, nodes.CallBlock | nodes.FilterBlock):
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

    def __init__(self, templates: Mapping[str, nodes.Template], main: str, inputs: Iterable[str], globals_: Iterable[str]) -> None:
        self._inputs = frozenset(inputs)
        self._globals = frozenset(globals_)
        self._main = main
        self._assigned: dict[str, set[Source]] = {}
        assignments = [pair for tree in templates.values() for pair in self._assignments(tree)]
        for names, _ in assignments:
            for name in names:
                self._assigned.setdefault(name, set())
        for template, tree in templates.items():
            self._note_imports(template, tree, templates)
        changed = True
        while changed:
            changed = False
            for names, value in assignments:
                found = self.sources_of(value)
                for name in names:
                    if not found <= self._assigned[name]:
                        self._assigned[name] |= found
                        changed = True

    def sources_of(self, node: nodes.Node) -> set[Source]:
        """Return the inputs, documents, examples and partials that the output of a node depends on."""
        found: set[Source] = set()
        params = {arg.name for macro in _all(node, nodes.Macro) for arg in macro.args}
        named = {id(child.node): child for child in _all(node, nodes.Getattr, nodes.Getitem)}
        for name in _all(node, nodes.Name):
            if name.ctx == "load" and name.name not in params:
                found |= self._sources_of_name(name.name, named.get(id(name)))
        for include in _all(node, nodes.Include):
            for constant in include.template.find_all(nodes.Const) if not isinstance(include.template, nodes.Const) else [include.template]:
                found.add((Origin.PARTIAL, str(constant.value)))
        return found

    def _sources_of_name(self, name: str, access: nodes.Node | None) -> set[Source]:
        found: set[Source] = set()
        if name == "loop" and _attribute(access) not in _LOOP_ITEMS:
            return found
        if name in self._assigned:
            found |= self._assigned[name]
            if name not in self._inputs:
                return found
        if name == "documents":
            attribute = _attribute(access)
            found.add((Origin.DOCUMENT, attribute or "documents"))
        elif name == "examples":
            found.add((Origin.EXAMPLE, "examples"))
        elif name in self._inputs or name not in self._globals:
            found.add((Origin.INPUT, name))
        return found

    def _note_imports(self, template: str, tree: nodes.Template, templates: Mapping[str, nodes.Template]) -> None:
        for node in _all(tree, nodes.Import, nodes.FromImport):
            partial = str(node.template.value)
            names = [node.target] if isinstance(node, nodes.Import) else [
                name if isinstance(name, str) else name[1] for name in node.names
            ]
            for name in names:
                self._assigned.setdefault(name, set()).add((Origin.PARTIAL, partial))

    def _assignments(self, tree: nodes.Template) -> Iterator[tuple[list[str], nodes.Node]]:
        for node in _all(tree, nodes.For):
            yield [*_targets(node.target), "loop"], node.iter
        for node in _all(tree, nodes.Assign):
            yield _targets(node.target), node.node
        for node in _all(tree, nodes.AssignBlock):
            yield _targets(node.target), nodes.Scope([*node.body, *([nodes.ExprStmt(node.filter)] if node.filter else [])])
        for node in _all(tree, nodes.Macro):
            yield [node.name], nodes.Scope([node])
        for node in _all(tree, nodes.With):
            for target, value in zip(node.targets, node.values, strict=True):
                yield _targets(target), value
        for node in _all(tree, nodes.CallBlock):
            yield [arg.name for arg in node.args], node.call
            yield ["caller"], nodes.Scope(node.body)


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
