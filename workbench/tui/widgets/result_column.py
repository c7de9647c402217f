"""One contender's answer to the case on screen: text as it arrives, then Markdown, with its figures below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from workbench.bench.grid import Arriving
from workbench.bench.shown import inert
from workbench.context.diff import Kind
from workbench.context.word_diff import Change, changed_words
from workbench.store.records import UNANSWERED, Cell, Result
from workbench.tui.widgets.answer_rows import Said
from workbench.tui.widgets.answer_view import AnswerView
from workbench.tui.widgets.cell_words import figures, mark, waited
from workbench.tui.widgets.figure_lines import FigureLines
from workbench.tui.widgets.pointed_list import ARROW

CURSOR = "▌"
"""Stands where more text is to come."""


@dataclass(frozen=True)
class Shown:
    """What a column shows: a cell and what has arrived for it, or how it differs from the first column.

    ``text`` and ``reasoning`` are what has arrived, None where nothing was sent; ``waited`` says how long
    nothing has, and ``trouble`` why it is asked again. ``plain`` shows the answer as it was written.
    """

    title: str
    cell: Cell | None
    text: str | None = None
    reasoning: str = ""
    trouble: str = ""
    waited: str = ""
    plain: bool = False
    pointed: bool = False
    changes: tuple[Change, ...] | None = None

    @classmethod
    def of(
        cls,
        title: str,
        cell: Cell | None,
        arriving: Arriving | None,
        *,
        passed: float = 0.0,
        plain: bool = False,
        pointed: bool = False,
        changes: tuple[Change, ...] | None = None,
    ) -> Shown:
        """Return what to show of a cell; ``passed`` is how long its run has gone on, in seconds."""
        if arriving is None:
            return cls(title, cell, plain=plain, pointed=pointed, changes=changes)
        trouble = f"try {arriving.tries}, after: {arriving.trouble}" if arriving.tries > 1 else ""
        text, thought = arriving.text, arriving.reasoning
        return cls(title, cell, text, thought, trouble, waited(arriving, passed), plain, pointed)


class ResultColumn(Vertical, can_focus=False):
    """A column of the runs screen."""

    ALLOW_MAXIMIZE = True

    def __init__(self) -> None:
        super().__init__(classes="pane")
        self._shown: Shown | None = None
        self._title = ""

    def compose(self) -> ComposeResult:
        """Compose the text over its figures."""
        yield AnswerView()
        yield FigureLines()

    @property
    def answer(self) -> AnswerView:
        """The text."""
        return self.query_one(AnswerView)

    @property
    def cell(self) -> Cell | None:
        """The cell on screen."""
        return self._shown.cell if self._shown else None

    def show(self, shown: Shown) -> None:
        """Show a cell; nothing is drawn again that is on screen already."""
        before, self._shown = self._shown, shown
        if shown == before:
            return
        arrow = f"{ARROW} " if shown.pointed else ""
        title = f"{arrow}{inert(shown.title)} {mark(shown.cell, shown.text)}".rstrip()
        if title != self._title:
            self._title, self.border_title = title, Content(title).markup
        anew = before is None or _place(before.cell) != _place(shown.cell) or _kind(before) != _kind(shown)
        self.answer.show(_said(shown), anew=anew)
        self.query_one(FigureLines).show(_figures(shown))


def _place(cell: Cell | None) -> tuple[int, int] | None:
    return (cell.run, cell.position) if cell else None


def _kind(shown: Shown) -> tuple[bool, bool]:
    return shown.plain, shown.changes is not None


def _said(shown: Shown) -> Said:
    cell = shown.cell
    if cell is None:
        return Said.of(("not part of this run", "quiet"))
    if shown.text is not None:
        return _arriving(shown, shown.text)
    if cell.result is None:
        return Said.of(("waiting", "quiet"))
    if shown.changes is not None:
        return Said.of(*map(_changed, shown.changes))
    return _answer(cell.result, plain=shown.plain)


def _arriving(shown: Shown, text: str) -> Said:
    """Return what has arrived so far: of the thoughts nothing more once the answer begins."""
    before = [(f"{shown.trouble}\n", "warning")] if shown.trouble else []
    if not text and shown.reasoning:
        said = Said.of(*before, (shown.reasoning, "quiet"), (CURSOR, ""))
    else:
        since = [(f" {shown.waited}", "quiet")] if shown.waited else []
        said = Said.of(*before, (text, ""), (CURSOR, ""), *since)
    return Said(said.text, said.parts, growing=True)


def _answer(result: Result, *, plain: bool) -> Said:
    text = result.text or result.refusal or ""
    calls = "\n".join(f"→ {call.name}({call.arguments})" for call in result.tool_calls)
    if result.status in UNANSWERED:
        trouble = (f"{result.status}: {result.error}", "error")
        return Said.of((f"{text}\n", ""), trouble) if text else Said.of(trouble)
    if calls:
        return Said.of((f"{text}\n\n" if text else "", ""), (calls, ""))
    if result.status == "empty":
        return Said.of(("the answer is empty", "warning"))
    said = Said.of((text, ""))
    return Said(said.text, said.parts, markdown=not plain)


def _changed(change: Change) -> tuple[str, str]:
    """Return a stretch with the marks that ``git diff --word-diff`` gives it, so that colour is no need."""
    if change.kind is Kind.REMOVED:
        return f"[-{change.text}-]", "removed"
    return (f"{{+{change.text}+}}", "added") if change.kind is Kind.ADDED else (change.text, "")


def _figures(shown: Shown) -> str:
    cell = shown.cell
    if cell is None or cell.result is None or shown.text is not None:
        return ""
    line = figures(cell, cell.result)
    if shown.changes is not None:
        line = f"{_counted(shown.changes)} · {line}"
    return line


def _counted(changes: Sequence[Change]) -> str:
    added, removed = changed_words(changes)
    return f"+{added} -{removed} words" if added or removed else "same as the first"
