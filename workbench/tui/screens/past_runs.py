"""Past runs: found by filters and by words in what was asked, answered and noted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from workbench.bench.bench import Bench
from workbench.bench.recalling import read_query
from workbench.bench.shown import inert, things
from workbench.errors import UsageError
from workbench.project.clock import utc_now
from workbench.store.records import Run
from workbench.store.search import Found, Wanted
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.commands import bindings_for
from workbench.tui.keys import key_name
from workbench.tui.screens.result_page import ResultPage
from workbench.tui.widgets.found_lines import result_lines, run_lines
from workbench.tui.widgets.pointed_list import PointedList

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

PAUSE = 0.15
"""Seconds without a key before the search begins: no word is sought letter by letter."""

MAX_RUNS, MAX_RESULTS = 200, 100

SHORTEST = 3
"""Letters from which on the last word may be the beginning of one: with fewer nearly everything is found."""

EXAMPLE = "words, prompt:  model:  status:error  label:bad  case:  v:  run:  since:7d"
KEYS = "{up}{down} choose   Enter open   {tab} {other}   {escape} close   {f1} help"

HINTED = {
    "up": "previous-found",
    "down": "next-found",
    "tab": "list-results",
    "escape": "close-past-runs",
    "f1": "help",
}
"""The commands whose keys the hint names, by what those are unless a person chose others."""


class PastRuns(TellsFailures, ModalScreen[tuple[str, int] | None]):
    """Finds runs, and results by words. Returns ``("run", number)`` for a run to open, None for Escape.

    A result opens on top, so that one comes back to what was found.
    """

    NAME = "past runs"
    BINDINGS = bindings_for(NAME)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's type

    def __init__(self, query: str = "") -> None:
        """``query`` is what the line says at first: ``prompt:reviews status:error``."""
        super().__init__()
        self._asked = query
        self._pause: Timer | None = None
        self._results: bool | None = None
        """Whether results are listed and not runs; None where that follows from whether there are words."""
        self._with_words = False
        self._listed: tuple[int, ...] = ()
        self._listed_for: str | None = None
        """The query that found what is listed."""
        self._going = False
        """Whether the first of what is found is to be opened as soon as it is listed."""

    def compose(self) -> ComposeResult:
        """Compose a field over what it finds."""
        with Vertical(classes="dialog past-runs"):
            with Vertical(classes="head"):
                yield Label("Past runs", id="past-title", classes="dialog-title", markup=False)
                yield Input(self._asked, placeholder=EXAMPLE, select_on_focus=False)
                yield Static("", id="past-problem", markup=False)
            yield PointedList(markup=False)
            with Vertical(classes="foot"):
                yield Static("", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Let the field have the focus."""
        self.query_one(Input).focus()

    def on_screen_resume(self) -> None:
        """Search, also when one comes back from a result that may have been marked meanwhile."""
        self._search()

    @property
    def _showing_results(self) -> bool:
        return self._with_words if self._results is None else self._results

    @on(Input.Changed)
    def _typed(self) -> None:
        self._going = False
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._search)

    def action_move(self, by: int) -> None:
        """Move the highlight while the field keeps the focus."""
        options = self.query_one(OptionList)
        if options.option_count:
            at = (options.highlighted or 0) + by
            last = options.option_count - 1
            # A single step goes round, a leap stops at the end.
            options.highlighted = at % (last + 1) if abs(by) == 1 else min(max(at, 0), last)

    def action_other(self) -> None:
        """List runs in place of results, or results in place of runs."""
        self._results = not self._showing_results
        self._search()

    @on(Input.Submitted)
    def _take(self) -> None:
        """Open what is pointed at, or what is going to be: none that was found by an earlier query."""
        options = self.query_one(OptionList)
        self._going = self._listed_for != self.query_one(Input).value
        if not self._going and options.highlighted is not None:
            self._open(options.get_option_at_index(options.highlighted).id)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self._open(event.option_id)

    def _open(self, option: str | None) -> None:
        kind, _, number = (option or "").partition("-")
        if kind == "run":
            self.dismiss(("run", int(number)))
        elif kind == "result":
            self.app.push_screen(ResultPage(int(number), self._listed))

    @in_background(exclusive=True, group="find")
    async def _search(self) -> None:
        problem, query = self.query_one("#past-problem", Static), self.query_one(Input).value
        try:
            wanted = read_query(query)
        except UsageError as refused:
            problem.update(inert(refused.message))
            problem.display = True
            self._going = False
            return
        problem.display = False
        if bool(wanted.words) != self._with_words:
            self._with_words, self._results = bool(wanted.words), None
        recalling = self._bench.recalling
        if self._showing_results:
            found = await asyncio.to_thread(recalling.search, _as_typed(wanted), MAX_RESULTS)
            self._list_results(found)
        else:
            runs = await asyncio.to_thread(recalling.runs, _as_typed(wanted), MAX_RUNS)
            self._list_runs(runs)
        self._listed_for = query
        if self._going:
            self._take()

    def _list_results(self, found: Sequence[Found]) -> None:
        now = utc_now()
        self._listed = tuple(one.result for one in found)
        options = ((f"result-{one.result}", result_lines(one, now)) for one in found)
        self._offer(options, "result", len(found), MAX_RESULTS)

    def _list_runs(self, runs: Sequence[Run]) -> None:
        options = ((f"run-{number}", line) for number, line in run_lines(runs, utc_now()))
        self._offer(options, "run", len(runs), MAX_RUNS)

    def _offer(self, lines: Iterable[tuple[str, Content]], kind: str, count: int, most: int) -> None:
        options = self.query_one(OptionList)
        at, again = options.highlighted, self._listed_for == self.query_one(Input).value
        before = options.get_option_at_index(at).id if again and at is not None else None
        options.clear_options()
        options.add_options([Option(line, id=key) for key, line in lines])
        if options.option_count:
            known = [options.get_option_at_index(index).id for index in range(options.option_count)]
            options.highlighted = known.index(before) if before in known else 0
        many = f"the newest {count:,} {kind}s" if count == most else things(count, kind)
        self.query_one("#past-title", Label).update(f"Past runs ─ {many if count else f'no {kind}s'}")
        other = "runs" if kind == "result" else "results"
        self.query_one(".hint", Static).update(KEYS.format(other=other, **self._keys()))

    def _keys(self) -> dict[str, str]:
        """Return the first key of each command that the hint names."""
        commands = cast("WorkbenchApp", self.app).commands
        return {
            hinted: next(key_name(one.keys.partition(",")[0]) for one in commands if one.id == command)
            for hinted, command in HINTED.items()
        }

    @property
    def _bench(self) -> Bench:
        return cast("WorkbenchApp", self.app).bench


def _as_typed(wanted: Wanted) -> Wanted:
    """Return what is wanted with its last word and its names as beginnings of such."""
    last = wanted.words.rpartition(" ")[2]
    begun = last.isalnum() and len(last) >= SHORTEST
    return replace(
        wanted,
        words=f"{wanted.words}*" if begun else wanted.words,
        prompt=_beginning(wanted.prompt),
        model=_beginning(wanted.model),
        case=_beginning(wanted.case),
    )


def _beginning(name: str | None) -> str | None:
    return name if name is None or name.endswith("*") else f"{name}*"
