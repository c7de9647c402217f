"""Models under each other: what each makes of one context, in columns that can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.content import Content

from workbench.bench.figures import certainty, output_price, price, prices
from workbench.bench.previews import ModelPreview
from workbench.bench.shown import NOTHING, inert, money, one_line
from workbench.models.model import Model
from workbench.tui.widgets.models_view import window as filled
from workbench.tui.widgets.part_tree import cut

WIDE = 104
"""Columns from which all figures have room on one line."""

NAME, TOKENS, WINDOW, INPUT, OUTPUT, CACHED = 16, 24, 15, 11, 30, 11
"""Columns of the figures."""

READY = "ready"
"""What is said of a model that can be called."""

HERE, MARKED, UNMARKED = "●", "[x]", "[ ]"

WAITING = "…"
"""Stands for what was asked and is not answered yet."""


@dataclass(frozen=True)
class ModelRow:
    """What is known of a model so far.

    ``model`` is None before its name is looked up, ``found`` before it has counted. ``ready`` is ``READY``
    or why not, None before it is known. ``trouble`` is why nothing can be known. ``here`` says that the pane
    counts for it now, ``typed`` that it is what the field holds.
    """

    name: str
    here: bool = False
    model: Model | None = None
    found: ModelPreview | None = None
    ready: str | None = None
    trouble: str | None = None
    counting: bool = False
    typed: bool = False

    def about(self) -> str:
        """Return what it is found by: its name, and the string of what it is."""
        return f"{self.name} {self.model.string}" if self.model is not None else self.name


def heading(width: int) -> str:
    """Return what the columns are called."""
    lead = " " * (len(MARKED) + 3)
    first = f"{lead}{'model':<{NAME}}{'tokens':<{TOKENS}}{'window':<{WINDOW}}"
    if width < WIDE:
        return first
    return f"{first}{'input':>{INPUT}}{'output low – typical – high':>{OUTPUT}}{'cached':>{CACHED}}"


def drawn(row: ModelRow, width: int, *, marked: bool) -> Content:
    """Return the lines of a model: its figures, what it is, and what speaks against it."""
    indent = " " * (len(MARKED) + 3)
    mark = f"{HERE if row.here else ' '} {MARKED if marked else UNMARKED} "
    name = (cut(inert(row.name), NAME - 1) + " ", "bold")
    first = Content.assemble(mark, name, f"{_tokens(row):<{TOKENS}}{_window(row):<{WINDOW}}")
    lines = [first]
    if width >= WIDE:
        costs = _costs(row)
        lines[0] += Content(f"{costs[0]:>{INPUT}}{costs[1]:>{OUTPUT}}{costs[2]:>{CACHED}}")
    elif row.found is not None:
        lines += [Content(f"{indent}{said}") for said in _beside(prices(row.found), width - len(indent))]
    said = f"{_said(row)}{' · as typed' if row.typed else ''}"
    lines.append(Content.styled(f"{indent}{one_line(said, width - len(indent))}", "$text-muted"))
    lines += [
        Content.styled(f"{indent}! {one_line(against, width - len(indent) - 2)}", "$text-warning")
        for against in _against(row)
    ]
    return Content("\n").join(lines)


def _beside(figures: Iterable[str], room: int) -> list[str]:
    """Return figures on one line where there is room, else under each other."""
    said = list(figures)
    together = "   ".join(said)
    return [together] if len(together) <= room else said


def _tokens(row: ModelRow) -> str:
    count = row.found.count if row.found is not None else None
    if count is None:
        return f"{WAITING if row.counting else NOTHING:>9}"
    return f"{count.total:>9,} {certainty(count)}"


def _window(row: ModelRow) -> str:
    count = row.found.count if row.found is not None else None
    window = row.model.window if row.model is not None else None
    if count is None or not window:
        return "" if row.model is None or window is None else f"{window:,}"
    return filled(count.total / window)


def _costs(row: ModelRow) -> tuple[str, str, str]:
    """Return the price of the input, of the output from low to high, and of the input from a cache."""
    if row.model is None or row.found is None:
        waiting = WAITING if row.counting else NOTHING
        return waiting, waiting, waiting
    cost = row.found.cost
    if row.model.free or cost is None:
        word = price(row.model, None)
        return word, word, NOTHING
    cached = NOTHING if cost.input_cached is None else money(cost.input_cached)
    return money(cost.input), output_price(cost), cached


def _said(row: ModelRow) -> str:
    """Return what the model is: its string, its window, and whether it can be called."""
    if row.model is None:
        return "" if row.trouble else f"asking {WAITING}"
    window = f"{row.model.window:,} tokens" if row.model.window else "window unknown"
    state = f"asking {WAITING}" if row.ready is None else READY if row.ready == READY else "not ready"
    return " · ".join([row.model.string, window, state])


def _against(row: ModelRow) -> list[str]:
    """Return what speaks against asking this model so, a line each."""
    said = [row.trouble] if row.trouble else []
    if row.ready is not None and row.ready != READY:
        said.append(row.ready)
    if row.found is not None:
        said += row.found.problems
        said += [why.partition("\n")[0] for why in (row.found.unready, row.found.warning) if why]
    if row.model is not None and row.model.retires is not None:
        said.append(f"its provider retires it on {row.model.retires.isoformat()}")
    if row.model is not None and not row.model.pinned:
        said.append("its name is not pinned to a dated version")
    return list(dict.fromkeys(said))
