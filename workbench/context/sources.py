"""Questions that several findings ask of the sources of a context."""

from __future__ import annotations

import re
from functools import lru_cache

from jinja2 import nodes

from workbench.context.messages import Context
from workbench.prompts.template import environment
from workbench.prompts.version import Version

_RAW = re.compile(r"\{%[-+]?\s*raw\b")
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


@lru_cache(maxsize=64)
def tree_of(source: str) -> nodes.Template:
    """Return a template parsed, which nobody may change."""
    return environment().parse(source)


def reads(version: Version, name: str) -> bool:
    """Return whether the template or one of its partials reads this name."""
    return any(_reads(source, name) for source in (version.prompt.template, *version.partials.values()))


def _reads(source: str, name: str) -> bool:
    """Return whether a template reads a name; it is parsed, which takes long, only where there is doubt."""
    if name not in source:
        return False
    if not _RAW.search(source):
        begins = rf"\{{\{{[-+]?\s*{re.escape(name)}\b|\{{%[-+]?\s*if\s+{re.escape(name)}\b"
        if re.search(begins, _COMMENT.sub("", source)):
            return True
    return name in _names(source)


@lru_cache(maxsize=64)
def _names(source: str) -> frozenset[str]:
    return frozenset(name.name for name in tree_of(source).find_all(nodes.Name) if name.ctx == "load")


def example_messages(version: Version, context: Context) -> range:
    """Return the numbers of the messages that are the pairs of the examples, which Workbench adds itself."""
    users = [number for number, message in enumerate(context.messages) if message.role == "user"]
    if not users or not version.examples or reads(version, "examples"):
        return range(0)
    last = users[-1]
    return range(max(0, last - 2 * len(version.examples)), last)
