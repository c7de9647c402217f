"""Workbench: from a changed word to a trustworthy verdict, without leaving the terminal."""

from __future__ import annotations

__version__ = "0.1.0"
