"""What answers are about: the case and its inputs, in a few rows or whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice

from rich.cells import set_cell_size
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from workbench.bench.shown import one_line
from workbench.project.yaml import Value
from workbench.tui.widgets.layout import wrapped

ROWS = 3
"""As many on every case, so that nothing above moves from one to the next."""

MOST = 2000
"""Characters of an input that can stand in these rows on any screen."""

NAME = 40
"""Columns that the label of a case has at most."""


class CaseLine(Static):
    """Shows the label of a case and how its inputs begin."""

    DEFAULT_CSS = f"CaseLine {{ height: {ROWS}; padding: 0 1; color: $text-muted; }}"

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._label = ""
        self._begun = ""

    def show(self, case: str | None, inputs: Mapping[str, Value]) -> None:
        """Show a case."""
        values = " · ".join(one_line(_text(value, None), MOST) for value in inputs.values())
        self._label, self._begun = f"case {one_line(case or '–', NAME)}:", values
        self._wrap()

    def clear(self) -> None:
        """Show nothing."""
        self._label = self._begun = ""
        self._wrap()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew at the new width."""
        self._wrap()

    def _wrap(self) -> None:
        width = self.size.width
        if not width:
            return
        line = f"{self._label} {self._begun}".strip()
        rows = list(islice(wrapped(line, width), ROWS + 1))
        if len(rows) > ROWS:
            rows[ROWS - 1 :] = [f"{set_cell_size(rows[ROWS - 1], width - 1).rstrip()}…"]
        self.update(Content("\n".join(rows)).stylize("bold", 0, len(self._label)))


def inputs_text(inputs: Mapping[str, Value]) -> str:
    """Return the inputs whole, each under its name."""
    return "\n\n".join(f"{name}\n{_text(value, 2)}" for name, value in inputs.items())


def _text(value: Value, indent: int | None) -> str:
    """Return a value as text: words as they are, anything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)
