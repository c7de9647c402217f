"""Sections: stretches of a template that compile by themselves, so that a key compiles one of them again.

They share one context of Jinja2's, from which each reads what those before it assigned.
"""

from __future__ import annotations

import itertools
import re
from collections import OrderedDict
from collections.abc import MutableMapping
from types import CodeType
from typing import Any

from jinja2 import BaseLoader, Environment, Template, TemplateNotFound, TemplateSyntaxError, nodes

from workbench.context.origins import assigned_in, reads_of, whole
from workbench.context.pieces import OriginEnvironment, tagged
from workbench.prompts.cutting import SIZE, cut
from workbench.prompts.template import environment

MOST_KEPT = 4_000_000
"""Characters of sections that are kept compiled."""

# A function that is called again after a name was assigned anew must see it, in whichever section that was.
_IN_ONE = re.compile(
    r"\{%[-+]?\s*(?:(?:macro|call|block|extends)\b|for\b(?:(?!%\}).)*\brecursive\b)", re.DOTALL
)


class Section:
    """A stretch of a template, parsed; compiled when that is first needed.

    ``assigned`` holds the names it assigns with what their values read, and ``lines`` how many newlines there
    are in it. Raises TemplateSyntaxError.
    """

    def __init__(self, template: str, source: str, number: int) -> None:
        self.lines = source.count("\n")
        self._template, self._number = template, number
        self._code: CodeType | None = None
        tree = environment().parse(source, template)
        self.assigned = {**assigned_in(tree), whole(template): frozenset(reads_of(tree))}
        self.wants_examples = any(
            name.name == "examples" and name.ctx == "load" for name in tree.find_all(nodes.Name)
        )
        self._tags = tagged(tree, template, number)
        self._tree: nodes.Template | None = tree

    def template(
        self, origins: OriginEnvironment, globals_: MutableMapping[str, Any] | None = None
    ) -> Template:
        """Return it as a template of this environment; raises TemplateSyntaxError."""
        if self._code is None:
            assert self._tree is not None
            self._code = origins.compile(self._tree, self._template, self._template)
            self._tree = None  # it is ten times as large as its code
        origins.tags[self._number] = self._tags
        if globals_ is None:
            globals_ = origins.make_globals(None)
        return Template.from_code(origins, self._code, globals_)


class Partials(BaseLoader):
    """Loads partials, each a section of its own."""

    def __init__(self, sections: dict[str, Section]) -> None:
        self._sections = sections

    def load(
        self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        """Return the compiled partial; raises TemplateNotFound."""
        if name not in self._sections:
            raise TemplateNotFound(name)
        assert isinstance(environment, OriginEnvironment)
        return self._sections[name].template(environment, globals)


class Sections:
    """Cuts templates into sections and remembers them, so that what did not change is not read again.

    ``size`` is how many characters a section has at least.
    """

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[str, str], Section] = OrderedDict()
        self._characters = 0
        self._numbers = itertools.count()
        self._before: list[str] = []

    def divided(self, template: str, source: str) -> list[Section]:
        """Return the sections of a template, at least one; raises TemplateSyntaxError."""
        parts = [source] if _IN_ONE.search(source) else cut(source, self._before, self._size)
        try:
            sections = [self.one(template, part) for part in parts]
        except TemplateSyntaxError:
            if len(parts) == 1:
                raise
            parts, sections = [source], [self.one(template, source)]
        self._before = parts
        return sections

    def one(self, template: str, source: str) -> Section:
        """Return all of a source as one section; raises TemplateSyntaxError."""
        key = template, source
        section = self._kept.get(key)
        if section is None:
            section = self._kept[key] = Section(template, source, next(self._numbers))
            self._characters += len(source)
        self._kept.move_to_end(key)
        while self._characters > MOST_KEPT and len(self._kept) > 1:
            (_, oldest), _ = self._kept.popitem(last=False)
            self._characters -= len(oldest)
        return section
