"""Workbench: from a changed word to a trustworthy verdict, without leaving the terminal.

For programs, `load` renders a prompt file exactly as the workbench shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.bench.loading import load

__all__ = ["__version__", "load"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "load":
        # Only when asked for: importing the package stays free of everything.
        from workbench.bench.loading import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
