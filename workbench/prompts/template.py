"""The Jinja2 environment of every prompt: immutable sandbox, strict, whitespace as the format says."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """Return the environment for parsing alone, made once."""
    return ImmutableSandboxedEnvironment(**OPTIONS)


OPTIONS: dict[str, Any] = {
    "undefined": StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
    "autoescape": False,
}
"""How templates are read. A plain Jinja2 environment made with these renders the same text."""
