"""Pieces of output that remember where they were written and what they depend on.

Templates are compiled with every output wrapped in a filter that tags it. The text that is output is left
alone: plain Jinja2 renders the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import BaseLoader, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context as JinjaContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from workbench.context.origins import Reads, reads_of
from workbench.prompts.template import OPTIONS

_TAG = "workbench tag"  # a filter's name that no template can write


@dataclass(frozen=True)
class Tag:
    """What a piece of output depends on, and where it is written: the template, and a line of the section.

    ``is_text`` says that it is the template's own text, whose lines follow each other from that line on; an
    expression's output is all written where the expression is.
    """

    reads: Reads
    template: str
    line: int
    is_text: bool


class Piece(str):
    """A piece of output with its tag."""

    tag: Tag

    def __str__(self) -> str:
        return self  # generated code calls str() on every output; the tag must survive that


@pass_context  # which also keeps the compiler from folding it into a constant
def _with_tag(context: JinjaContext, value: object, section: int, index: int) -> Piece:
    piece = Piece(escape(value) if context.eval_ctx.autoescape else str(value))
    environment = context.environment
    assert isinstance(environment, OriginEnvironment)
    piece.tag = environment.tags[section][index]
    return piece


class OriginEnvironment(ImmutableSandboxedEnvironment):
    """The environment of prompts, whose templates yield tagged pieces.

    ``tags`` holds those of each section by its number.
    """

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(**OPTIONS, loader=loader)
        self.code_generator_class = _TaggingGenerator
        self.filters[_TAG] = _with_tag
        self.tags: dict[int, Sequence[Tag]] = {}


class _TaggingGenerator(CodeGenerator):
    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:
        # Never escape(), which would lose the tag: _with_tag escapes where it is asked for.
        self.write("str(")


def tagged(tree: nodes.Template, template: str, section: int) -> list[Tag]:
    """Wrap every output of a tree in place, and return their tags in the order of their numbers."""
    tagger = _Tagger(template, section)
    tagger.rewrite(tree)
    return tagger.tags


class _Tagger:
    def __init__(self, template: str, section: int) -> None:
        self.tags: list[Tag] = []
        self._template = template
        self._section = section

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
                item.nodes = [self._wrapped(child, child, _first_line(child)) for child in item.nodes]
            elif isinstance(item, nodes.CallBlock | nodes.FilterBlock) or getattr(item, "recursive", False):
                # These output text themselves: an empty piece in front tells what the text depends on.
                empty = nodes.Const("", lineno=item.lineno)
                yield nodes.Output([self._wrapped(empty, item, item.lineno)], lineno=item.lineno)
                self.rewrite(item)
            elif isinstance(item, nodes.Node):
                self.rewrite(item)
            yield item

    def _wrapped(self, output: nodes.Expr, depends_on: nodes.Node, line: int) -> nodes.Filter:
        is_text = isinstance(output, nodes.TemplateData)
        self.tags.append(Tag(frozenset(reads_of(depends_on)), self._template, line, is_text))
        line = output.lineno
        arguments = [nodes.Const(number, lineno=line) for number in (self._section, len(self.tags) - 1)]
        return nodes.Filter(output, _TAG, arguments, [], None, None, lineno=line)


def _first_line(output: nodes.Expr) -> int:
    """Return the line on which an expression begins: a node over several lines may name a later one."""
    return min([output.lineno, *(node.lineno for node in output.find_all(nodes.Node) if node.lineno)])
