"""The names that a template uses without anyone giving them a meaning.

A name is known from where ``set``, ``for``, ``macro``, ``import`` or the like gives it one. Where the order
is hard to say, as between the branches of an ``if``, the reading errs towards knowing a name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from jinja2 import nodes


@dataclass(frozen=True)
class Use:
    """A name used in a template, with the line of the template on which it stands."""

    name: str
    template: str
    line: int


def unknown_names(
    templates: Mapping[str, nodes.Template], main: str, known: Collection[str]
) -> tuple[Use, ...]:
    """Return each use of a name that is neither ``known`` nor given a meaning, in the order of the templates.

    ``templates`` are parsed, by the name they are included by; those that ``main`` includes are read with
    what is known where they are included. A name that the template asks about by ``is defined`` or gives a
    default is left out.
    """
    reading = _Reading(templates)
    reading.template(main, set(known))
    asked = {name for template in templates.values() for name in _asked_about(template)}
    return tuple(use for use in dict.fromkeys(reading.found) if use.name not in asked)


def _asked_about(template: nodes.Template) -> list[str]:
    about: list[nodes.Expr | None] = []
    about += [test.node for test in template.find_all(nodes.Test) if test.name in ("defined", "undefined")]
    about += [found.node for found in template.find_all(nodes.Filter) if found.name in ("default", "d")]
    return [node.name for node in about if isinstance(node, nodes.Name)]


@dataclass
class _Reading:
    templates: Mapping[str, nodes.Template]
    found: list[Use] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    read: set[tuple[str, frozenset[str]]] = field(default_factory=set)

    def template(self, name: str, known: set[str]) -> None:
        # Once with the same names known: a few includes can ask for millions of readings.
        reading = name, frozenset(known)
        if name in self.templates and name not in self.inside and reading not in self.read:
            self.read.add(reading)
            self.inside.append(name)
            self.visit(self.templates[name], known)
            self.inside.pop()

    def visit(self, node: nodes.Node, known: set[str]) -> None:
        """Read a node; ``known`` grows by what it gives a meaning for what comes after it."""
        match node:
            case nodes.Name(ctx="load"):
                if node.name not in known:
                    self.found.append(Use(node.name, self.inside[-1], node.lineno))
            case nodes.Name() | nodes.NSRef():
                known.add(node.name)
            case nodes.For():
                self._loop(node, known)
            case nodes.Macro() | nodes.CallBlock():
                self._macro(node, known)
            case nodes.Assign() | nodes.AssignBlock():
                self._assign(node, known)
            case nodes.Include():
                self._include(node, known)
            case nodes.Import():
                known.add(node.target)
            case nodes.FromImport():
                known |= {name if isinstance(name, str) else name[1] for name in node.names}
            case nodes.With() | nodes.FilterBlock() | nodes.Scope():
                self._children(node, set(known))
            case nodes.Block():
                self._children(node, known | {"super", "self"})
            case _:
                self._children(node, known)

    def _children(self, node: nodes.Node, known: set[str]) -> None:
        for child in node.iter_child_nodes():
            self.visit(child, known)

    def _loop(self, node: nodes.For, known: set[str]) -> None:
        self.visit(node.iter, known)
        inner = known | {"loop"}
        self.visit(node.target, inner)
        for child in (node.test, *node.body):
            if child is not None:
                self.visit(child, inner)
        outer = set(known)
        for child in node.else_:
            self.visit(child, outer)

    def _macro(self, node: nodes.Macro | nodes.CallBlock, known: set[str]) -> None:
        if isinstance(node, nodes.Macro):
            known.add(node.name)
        else:
            self.visit(node.call, known)
        inner = known | {"caller", "varargs", "kwargs"} | {argument.name for argument in node.args}
        for child in (*node.defaults, *node.body):
            self.visit(child, inner)

    def _assign(self, node: nodes.Assign | nodes.AssignBlock, known: set[str]) -> None:
        if isinstance(node, nodes.Assign):
            self.visit(node.node, known)
        else:
            inner = set(known)
            for child in (*([node.filter] if node.filter else []), *node.body):
                self.visit(child, inner)
        self.visit(node.target, known)

    def _include(self, node: nodes.Include, known: set[str]) -> None:
        named = node.template
        if isinstance(named, nodes.Const) and isinstance(named.value, str) and node.with_context:
            self.template(named.value, set(known))
