"""Questions that several findings ask of the sources of a context."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jinja2 import TemplateAssertionError, nodes
from jinja2.meta import find_undeclared_variables

from workbench.context.long_texts import Remembered
from workbench.context.messages import Context
from workbench.prompts.template import environment
from workbench.prompts.version import Version

_RAW = re.compile(r"\{%[-+]?\s*raw\b")
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_SETS = (
    r"(?s:\{%[-+]?\s*(?:(?:set|for)\b(?:(?!%\}|\{%|=|\bin\b).)*?"
    r"|(?:macro|call|with|import|from)\b(?:(?!%\}|\{%).)*?))"
)
"""What stands before a name that a template may give another meaning."""

_TREES = 500_000
"""Characters of templates whose trees are kept, for trees take many times the room of their text."""


def _tree(source: str) -> nodes.Template:
    return environment().parse(source)


tree_of = Remembered(_tree, _TREES)
"""Returns a template parsed, which nobody may change."""


def unread(version: Version, inputs: Iterable[str]) -> tuple[str, ...]:
    """Return those of the inputs given that this version neither declares nor reads."""
    return tuple(name for name in inputs if name not in version.prompt.inputs and not reads(version, name))


def reads(version: Version, name: str) -> bool:
    """Return whether the template or one of its partials reads this name from outside.

    What it sets itself, by ``set``, ``with``, a loop or a parameter of a macro, only hides what is outside.
    """
    return any(_reads(source, name) for source in (version.prompt.template, *version.partials.values()))


def _reads(source: str, name: str) -> bool:
    """Return whether a template reads a name; it is parsed, which takes long, only where there is doubt."""
    if name not in source:
        return False
    known = re.escape(name)
    if not _RAW.search(source) and not re.search(rf"{_SETS}\b{known}\b", source):
        begins = rf"\{{\{{[-+]?\s*{known}\b|\{{%[-+]?\s*if\s+{known}\b"
        if re.search(begins, _COMMENT.sub("", source)):
            return True
    return name in _NAMES(source)


def _names(source: str) -> frozenset[str]:
    """Return the names that a template reads from outside, or where Jinja2 cannot tell, all that it reads."""
    try:
        # A tree of its own, for what looks at it may put constants in their place there.
        return frozenset(find_undeclared_variables(environment().parse(source)))
    except (TemplateAssertionError, RecursionError):
        # A partial that is never reached may hold what cannot be compiled.
        return _all_names(source)


def _all_names(source: str) -> frozenset[str]:
    return frozenset(name.name for name in tree_of(source).find_all(nodes.Name) if name.ctx == "load")


_NAMES = Remembered(_names)


def example_messages(version: Version, context: Context) -> range:
    """Return the numbers of the messages that are the pairs of the examples, which Workbench adds itself."""
    users = [number for number, message in enumerate(context.messages) if message.role == "user"]
    if not users or not version.examples or reads(version, "examples"):
        return range(0)
    last = users[-1]
    return range(max(0, last - 2 * len(version.examples)), last)
