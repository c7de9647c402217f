"""One result: the answer, the exact context it answers, and everything that was kept with it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.bench.comparing import as_text
from workbench.bench.recalling import FORMS, Recalled
from workbench.bench.result_facts import answer_text, cost_of, facts, params_of
from workbench.bench.running import Prepared, Running
from workbench.bench.shown import inert, money, one_line, seconds, short_version, things, tick
from workbench.errors import CostLimitError, WorkbenchError
from workbench.project.clock import utc_now
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.commands import bindings_for
from workbench.tui.screens.copy_as import TITLES, CopyDialog
from workbench.tui.screens.dialogs import Ask, Line
from workbench.tui.screens.keeping import keep_input
from workbench.tui.widgets.fact_list import FactList
from workbench.tui.widgets.found_lines import MARKS
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp
    from workbench.tui.screens.runs import RunsScreen

VIEWS = ("answer", "context", "facts")
"""What is shown of a result, in the order of the tab key."""

NAME_WIDTH = 24
"""Columns that a name has at most in the line on top."""


class ResultPage(TellsFailures, ModalScreen[int | None]):
    """Shows a result, whole. On a narrow screen one view at a time, on a wide one all of them.

    Returns the number of the result that was on screen last.
    """

    NAME = "result"
    BINDINGS = bindings_for(NAME)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's type

    def __init__(self, result: int, among: Sequence[int] = ()) -> None:
        """``among`` are the results to go through, those of its run where there are none."""
        super().__init__()
        self._number = result
        self._among = tuple(among)
        self._recalled: Recalled | None = None
        self._viewed = VIEWS[0]

    def compose(self) -> ComposeResult:
        """Compose the views between what this is and what the keys do."""
        with Vertical(classes="whole result-page"):
            yield Static("", id="result-title", markup=False)
            yield Static("", id="result-contender", markup=False)
            with Horizontal():
                with Pane(id="answer-view"):
                    yield PlainText()
                with Pane(id="context-view"):
                    yield PlainText()
                with Pane(id="facts-view"):
                    yield FactList()
            yield KeyLine(self.NAME, self.workbench.commands)

    def on_mount(self) -> None:
        """Show the result."""
        self.action_view(self._viewed)
        self._read()

    # What is shown.

    @in_background(exclusive=True, group="read")
    async def _read(self, *, anew: bool = True) -> None:
        """Read the result; what stands still is shown again only where it is another one."""
        recalling, number = self.workbench.bench.recalling, self._number
        try:
            self._recalled = await asyncio.to_thread(recalling.result, number)
        except WorkbenchError as error:
            self.notify(inert(str(error)), severity="error", markup=False, timeout=10)
            if self._recalled is None:
                self.dismiss(None)
            return
        if anew:
            self._show(self._recalled)
        self.query_one(FactList).show(list(facts(self._recalled, utc_now())))
        self._say_what_this_is()
        if not self._among:
            self._among = await asyncio.to_thread(recalling.beside, number)
            self._say_what_this_is()

    def _show(self, recalled: Recalled) -> None:
        result = recalled.result
        texts = {"answer": answer_text(result), "context": as_text(recalled.context)}
        titles = {
            "answer": f"Answer ─ {result.status} {tick(recalled.cell.expected)}".rstrip(),
            "context": f"Context ─ {things(len(recalled.messages), 'message')}",
            "facts": "Facts",
        }
        for view in VIEWS:
            pane = self.query_one(f"#{view}-view", Pane)
            pane.entitle(titles[view])
            if view in texts:
                pane.query_one(PlainText).show(texts[view])

    def _say_what_this_is(self) -> None:
        if self._recalled is None:
            return
        cell, result = self._recalled.cell, self._recalled.result
        left = (
            one_line(cell.contender.prompt, NAME_WIDTH),
            one_line(cell.case or "", NAME_WIDTH),
            f"run {cell.run}",
            f"result {self._number}",
            self._place(),
        )
        name, *rest = [inert(part) for part in left if part]
        label = MARKS.get(self._recalled.remark.label, "")
        figures = f"{seconds(result.total)}  {cost_of(cell)}".strip()
        shown = Content.assemble((name, "bold $accent"), "  ", "  ".join(rest))
        room = self.size.width - shown.cell_length - 2
        # The figures are among the facts, too; the mark is what one looks for.
        right = next((one for one in (f"{label}  {figures}", label) if len(one) + 2 <= room), label).strip()
        gap = " " * max(2, room - len(right))
        self.query_one("#result-title", Static).update(Content.assemble(shown, gap, (right, "$accent")))
        who = (
            one_line(cell.contender.model, NAME_WIDTH),
            short_version(cell.contender.version),
            f"sample {cell.sample}" if cell.sample > 1 else "",
            params_of(result),
        )
        self.query_one("#result-contender", Static).update(inert(" · ".join(filter(None, who))))

    def _place(self) -> str:
        if self._recalled is not None and self._recalled.replaced_by is not None:
            return f"replaced by result {self._recalled.replaced_by}"
        if self._number not in self._among or len(self._among) == 1:
            return ""
        return f"{self._among.index(self._number) + 1:,} of {len(self._among):,}"

    def on_resize(self) -> None:
        """Say what this is at the new width."""
        self._say_what_this_is()

    # Looking.

    def action_view(self, view: str) -> None:
        """Give a view the focus, and where there is room for one alone the room; again, and back."""
        if view == self._viewed and self._recalled is not None:
            view = VIEWS[0]
        self._viewed = view
        for other in VIEWS:
            self.query_one(f"#{other}-view").set_class(other == view, "-viewed")
        self.query_one(f"#{view}-view").children[0].focus()

    def action_turn(self, by: int) -> None:
        """Go to the next view."""
        self.action_view(VIEWS[(VIEWS.index(self._viewed) + by) % len(VIEWS)])

    def action_whole(self) -> None:
        """Give the view that has the focus the whole screen, or take it back."""
        self.toggle_class("-one")

    @on(DescendantFocus)
    def _clicked(self, event: DescendantFocus) -> None:
        view = (event.widget.parent.id or "").removesuffix("-view") if event.widget.parent else ""
        if view in VIEWS and view != self._viewed:
            self.action_view(view)

    @in_background(exclusive=True, group="read")
    async def action_other(self, by: int) -> None:
        """Go to the next or the previous result, and from one that was replaced to what replaced it."""
        if not self._among:
            recalling = self.workbench.bench.recalling
            self._among = await asyncio.to_thread(recalling.beside, self._number)
        replaced_by = self._recalled.replaced_by if self._recalled is not None else None
        if self._number in self._among:
            last = len(self._among) - 1
            self._number = self._among[min(max(self._among.index(self._number) + by, 0), last)]
        elif replaced_by is not None:
            self._number = replaced_by
        else:
            return
        self._read()

    def action_close(self) -> None:
        """Close the page, and say which result was on it last."""
        self.dismiss(self._number)

    # What is done about it.

    @in_background(group="remark")
    async def action_mark(self, label: str) -> None:
        """Mark the result good or bad; the same again, and it is neither."""
        if self._recalled is None:
            return
        wanted = None if self._recalled.remark.label == label else label
        await asyncio.to_thread(self.workbench.bench.recalling.label, self._number, wanted)
        self._read(anew=False)

    @in_background(group="remark")
    async def action_note(self) -> None:
        """Write a note on the result, or change the one it has."""
        if self._recalled is None:
            return
        number, before = self._number, self._recalled.remark.note or ""
        note = await self.app.push_screen_wait(Line(f"A note on result {number}", before, amend=True))
        if note is not None:
            await asyncio.to_thread(self.workbench.bench.recalling.note, number, note)
            self._read(anew=False)

    @in_background(group="keeping")
    async def action_keep(self) -> None:
        """Keep the input of the result as a case of its prompt."""
        if self._recalled is None:
            return
        cell = self._recalled.cell
        await keep_input(
            self.app, self.workbench.bench.cases, cell.contender.prompt, cell.case_hash, cell.case
        )

    def action_copy(self) -> None:
        """Copy the answer, or what was asked, in one of several forms."""
        recalled = self._recalled
        if recalled is None:
            return
        titles = TITLES | {"answer": "Answer", "text": "Context as text"}
        forms = {form: (titles[form], about) for form, about in FORMS.items()}
        make = partial(self.workbench.bench.recalling.copied, recalled)
        kept_by = f"workbench runs result {self._number} --format {{form}} > FILE"
        self.app.push_screen(CopyDialog(f"Copy of result {self._number}", forms, make, kept_by=kept_by))

    @in_background(group="again")
    async def action_again(self) -> None:
        """Ask the same once more, a run of one call; where that costs something, after asking."""
        if self._recalled is None:
            return
        if cast("RunsScreen", self.app.get_screen("runs")).running:
            self.notify("A run goes on: cancel it first, or wait.", severity="warning", markup=False)
            return
        running, number = self.workbench.bench.running, self._number
        prepared = await asyncio.to_thread(partial(running.again, number, stream=True))
        question = _price_question(prepared, running)
        if question:
            answers = (("no", "Do not ask"), ("yes", "Ask again"))
            if await self.app.push_screen_wait(Ask(question, answers)) != "yes":
                return
        # Not a worker of this page, which ends with it.
        self.app.run_worker(_start(self.workbench, prepared, number), exit_on_error=False)

    @property
    def workbench(self) -> WorkbenchApp:
        """The app, as what it is."""
        return cast("WorkbenchApp", self.app)


def _price_question(prepared: Prepared, running: Running) -> str:
    """Return what to ask before a call is paid for; empty where it is free, or will be asked all the same."""
    cost = prepared.plan.estimate
    try:
        running.check_cost(prepared)
    except CostLimitError:
        return ""
    if cost.unpriced:
        return "Ask again? What it costs is not known."
    return f"Ask again? About {money(cost.typical)}." if cost.typical or cost.high else ""


async def _start(app: WorkbenchApp, prepared: Prepared, number: int) -> None:
    """Close what lies over the screens, and start a run that asks a result again; one can go back to it."""
    while isinstance(over := app.screen, ModalScreen):
        await over.dismiss(None)
    await app.start_run(prepared)
    runs = cast("RunsScreen", app.get_screen("runs"))
    if runs.running:
        runs.came_from = number
