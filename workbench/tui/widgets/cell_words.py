"""A cell of a run in words: its sign, its figures in full, and in the few letters of a table."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from workbench.bench.grid import Arriving
from workbench.bench.result_facts import cost_of, validity
from workbench.bench.shown import counted, inert, percent, seconds, tick
from workbench.store.records import UNANSWERED, Cell, Result

TIME, TOKENS, COST = 7, 10, 9
"""Columns of the figures of a cell in the table; the numbers of one column stand under each other."""


@dataclass(frozen=True)
class Brief:
    """A cell in few letters; ``instead`` stands in place of figures. ``kind`` is what it looks like.

    That is ``error``, ``wrong``, ``quiet`` or nothing. A ``note`` that ``matters`` comes before the time
    where there is not room for both.
    """

    sign: str = ""
    time: str = ""
    note: str = ""
    tokens: str = ""
    cost: str = ""
    instead: str = ""
    kind: str = ""
    matters: bool = False

    def at(self, width: int) -> str:
        """Return it in so many columns: of the figures as many as there is room for."""
        if self.instead:
            return fitted(f"{self.sign} {self.instead}".lstrip(), width)
        if not self.sign:
            return " " * width
        line, figures = self._without_figures(width), ""
        for text, room in ((self.tokens, TOKENS), (self.cost, COST)):
            more = f"{figures} {text:>{room}}"
            figures = more if len(line) + len(more) <= width else figures
        return fitted(f"{line}{figures:>{max(0, width - len(line))}}", width)

    def _without_figures(self, width: int) -> str:
        """Return sign, time and note, or those of them that there is room for."""
        timed = f"{self.sign} {self.time:>{TIME}}"
        if not self.note or cell_len(timed) + 1 + cell_len(self.note) <= width:
            return f"{timed} {self.note}".rstrip()
        if not self.matters:
            return timed
        noted = f"{self.sign} {self.note}"
        # The word, if not where.
        return noted if cell_len(noted) <= width else noted.partition(" $")[0]


def brief(cell: Cell | None, arriving: Arriving | None, passed: float = 0.0) -> Brief:
    """Return a cell for the table; ``passed`` is how long its run has gone on, in seconds."""
    if cell is None:
        return Brief()
    if arriving is not None:
        again = f"try {arriving.tries}: {arriving.trouble}" if arriving.tries > 1 else ""
        return Brief("…", instead=inert(again) or waited(arriving, passed), kind="quiet")
    result = cell.result
    if result is None:
        return Brief()
    if result.status == "error":
        return Brief("!", instead=inert(f"{result.error_kind} ×{result.tries}"), kind="error")
    note = ", ".join(filter(None, (result.status if result.status != "ok" else "", validity(result))))
    matters = result.valid is False or result.status != "ok"
    return Brief(
        mark(cell),
        "cached" if cell.cached else seconds(result.total) if result.total is not None else "",
        inert(note),
        _tokens(result),
        "" if cell.cached else cost_of(cell),
        kind="wrong" if matters or cell.expected is False else "",
        matters=matters,
    )


def waited(arriving: Arriving, passed: float) -> str:
    """Return how many seconds a call has waited for its first token; empty where that is there, or soon."""
    seconds_waited = int(passed - arriving.since)
    return f"{seconds_waited} s" if arriving.waits and seconds_waited >= 1 else ""


def mark(cell: Cell | None, arriving: object = None) -> str:
    """Return the sign of a cell: ✓ and ✗ against what was expected, · for a result that is merely there.

    ! is a call that failed, and - one that was cancelled.
    """
    if cell is None:
        return ""
    if arriving is not None:
        return "…"
    if cell.result is None:
        return ""
    if cell.result.status in UNANSWERED:
        return "!" if cell.result.status == "error" else "-"
    return tick(cell.expected) or "·"


def figures(cell: Cell, result: Result) -> str:
    """Return what an answer took, in full: the most important first."""
    usage = result.usage
    thought = f" ({usage.reasoning} thought)" if usage.reasoning else ""
    parts = [
        result.status if result.status != "ok" else "",
        validity(result, why=True),
        seconds(result.total) if result.total is not None else "",
        "cached" if cell.cached else cost_of(cell),
        f"first {seconds(result.ttft)}" if result.ttft is not None else "",
        _speed(result),
        f"{tokens}{thought}" if (tokens := _tokens(result)) else "",
        _counted_before(cell),
        f"{result.tries} tries" if result.tries > 1 else "",
        result.finish or "",
    ]
    return inert(" · ".join(part for part in parts if part))


def _counted_before(cell: Cell) -> str:
    """Return what was counted before the call beside what the provider reported, in few letters."""
    if cell.shown is None:
        return ""
    off = "" if cell.off is None else " right" if cell.off == 0 else f" {percent(cell.off, 1, signed=True)}"
    return f"counted {counted(cell.shown, exact=cell.exact)}{off}"


def _speed(result: Result) -> str:
    written = (result.total or 0) - (result.ttft or 0)
    if not (result.usage.output and result.ttft and written > 0.001):
        return ""
    return f"{result.usage.output / written:.0f} t/s"


def _tokens(result: Result) -> str:
    if result.usage.input is None and result.usage.output is None:
        return ""
    return f"{result.usage.input or '?'}→{result.usage.output or '?'}"


def fitted(text: str, width: int) -> str:
    """Return a text in exactly so many columns, cut off where it is longer."""
    if cell_len(text) > width:
        text = f"{set_cell_size(text, max(0, width - 1))}…"
    return set_cell_size(text, width)
