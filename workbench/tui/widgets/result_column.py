"""One contender's answer to the case on screen: text as it arrives, then its figures."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from workbench.bench.shown import counted, inert, money, percent, seconds
from workbench.store.records import Cell, Result


class ResultColumn(Vertical, can_focus=False):
    """A column of the runs screen."""

    ALLOW_MAXIMIZE = True

    def compose(self) -> ComposeResult:
        """Compose the text over its figures."""
        with VerticalScroll():
            yield Static("", classes="answer", markup=False)
        yield Static("", classes="figures", markup=False)

    def show(self, title: str, cell: Cell | None, arrived: str | None) -> None:
        """Show a cell: its result, else what has arrived so far (None for nothing sent yet)."""
        result = cell.result if cell else None
        self.border_title = Content(f"{inert(title)} {mark(cell, arrived)}").markup
        answer, figures = self.query_one(".answer", Static), self.query_one(".figures", Static)
        if cell is None:
            answer.update(Content.styled("not part of this run", "$text-muted"))
            figures.update("")
        elif result is None:
            answer.update(
                Content.styled("waiting", "$text-muted") if arrived is None else f"{inert(arrived)}▌"
            )
            figures.update("")
        else:
            answer.update(_text(result))
            figures.update(_figures(cell, result))


def mark(cell: Cell | None, arrived: str | None = None) -> str:
    """Return the sign of a cell: ✓ and ✗ against what was expected, · for a result that is merely there."""
    if cell is None:
        return ""
    if cell.result is None:
        return "…" if arrived is not None else ""
    if cell.result.status in ("error", "cancelled"):
        return "!"
    return {True: "✓", False: "✗", None: "·"}[cell.expected]


def _text(result: Result) -> Content:
    text = Content(inert(result.text or result.refusal or ""))
    if result.status in ("error", "cancelled"):
        trouble = Content.styled(inert(f"{result.status}: {result.error}"), "$text-error")
        return Content("\n").join([text, trouble]) if result.text else trouble
    if result.status == "empty":
        return Content.styled("the answer is empty", "$text-warning")
    return text


def counted_before(cell: Cell) -> str:
    """Return what was counted before the call beside what the provider reported, in few letters."""
    if cell.shown is None:
        return ""
    off = "" if cell.off is None else " right" if cell.off == 0 else f" {percent(cell.off, 1, signed=True)}"
    return f"counted {counted(cell.shown, exact=cell.exact)}{off}"


def _figures(cell: Cell, result: Result) -> Content:
    usage = result.usage
    written = (result.total or 0) - (result.ttft or 0)
    speed = f"{usage.output / written:.0f} t/s" if usage.output and written > 0.001 and result.ttft else ""
    nothing = result.status in ("error", "cancelled") and result.cost is None
    cost = "" if nothing else "cached" if cell.cached else money(result.cost, free=cell.contender.local)
    parts = [
        result.status if result.status != "ok" else "",
        seconds(result.total) if result.total is not None else "",
        f"first {seconds(result.ttft)}" if result.ttft is not None else "",
        speed,
        f"{usage.input or '?'}→{usage.output or '?'}",
        counted_before(cell),
        cost,
        {True: "valid", False: f"invalid {result.invalid}", None: ""}[result.valid],
        f"{result.tries} tries" if result.tries > 1 else "",
    ]
    return Content.styled(inert(" · ".join(part for part in parts if part)), "$text-muted")
