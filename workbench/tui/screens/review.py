"""Review: one answer at a time, good or bad. Nothing tells who wrote it until one asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.bench.labelling import Progress, ToLabel
from workbench.bench.shown import inert, one_line, percent
from workbench.errors import WorkbenchError
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.screens.dialogs import Line, Page
from workbench.tui.widgets.answer_rows import Said
from workbench.tui.widgets.answer_view import AnswerView
from workbench.tui.widgets.case_line import CaseLine, inputs_text
from workbench.tui.widgets.pane import Pane
from workbench.verdicts.intervals import Share

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

T = TypeVar("T")

KEYS = "g good  b bad  s skip  u undo  n note  i inputs  N who  M Markdown  Esc close"


class ReviewPage(TellsFailures, ModalScreen[None]):
    """Shows answers that nobody has labelled, in random order, and takes what one says of each."""

    AUTO_FOCUS = ""
    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape,q", "dismiss(None)", "Close", show=False),
        Binding("g", "label('good')", show=False),
        Binding("b", "label('bad')", show=False),
        Binding("s", "skip", show=False),
        Binding("u", "undo", show=False),
        Binding("n", "note", show=False),
        Binding("i", "inputs", show=False),
        Binding("N", "reveal", show=False),
        Binding("M", "toggle_plain", show=False),
        Binding("down,j", "scroll_rows(1)", show=False),
        Binding("up,k", "scroll_rows(-1)", show=False),
        Binding("pagedown,space,ctrl+d", "scroll_page(1)", show=False),
        Binding("pageup,ctrl+u", "scroll_page(-1)", show=False),
    ]

    def __init__(self, prompt: str, rng: Random | None = None) -> None:
        """Which answer comes next is random unless ``rng`` is seeded."""
        super().__init__()
        self._prompt = prompt
        self._rng = rng or Random()
        self._shown: ToLabel | None = None
        self._skipped: list[ToLabel] = []
        self._said_of: dict[int, ToLabel] = {}
        self._progress: Progress | None = None
        self._passed: Share | None = None
        self._author = ""
        self._plain = False
        self._turn = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Compose the answer over the case it is about, between what this is and what the keys do."""
        with Vertical(classes="whole review-page"):
            yield Static("", id="review-title", markup=False)
            with Pane(id="review-answer"):
                yield AnswerView()
            yield CaseLine()
            yield Static(KEYS, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Show the first answer. Keys are the page's own: the answer must not take ``g`` for its top."""
        self._answer.can_focus = False
        self._begin()

    def on_resize(self) -> None:
        """Say how far one is at the new width."""
        self._say_progress()

    # -- what is shown --------------------------------------------------------

    @in_background(group="turn")
    async def _begin(self) -> None:
        async with self._turn:
            await self._next()

    async def _next(self) -> None:
        labelling, prompt = self.workbench.bench.labelling, self._prompt
        besides = [one.result for one in self._skipped]

        def read() -> tuple[ToLabel | None, Progress]:
            return labelling.next(prompt, self._rng, besides), labelling.progress(prompt)

        found = await self._reading(read)
        if found is not None:
            shown, self._progress = found
            self._show(shown)

    def _show(self, shown: ToLabel | None) -> None:
        self._shown, self._author = shown, ""
        self._show_answer()
        self._answer.follow(0)
        if shown is not None:
            self.query_one(CaseLine).show(shown.case, shown.inputs)
        else:
            self.query_one(CaseLine).clear()
        self._say_progress()

    def _show_answer(self) -> None:
        pane = self.query_one("#review-answer", Pane)
        pane.entitle("Answer" if self._shown else "Nothing to review")
        pane.subtitle(self._author)
        if self._shown is None:
            again = "The skipped ones come again next time." if self._skipped else "^r plans a run."
            self._answer.show(
                Said.of((f"Every answer to this prompt has a label. {again}", "quiet")), anew=True
            )
            return
        said = Said.of((self._shown.text, ""))
        self._answer.show(Said(said.text, said.parts, markdown=not self._plain), anew=True)

    def _say_progress(self) -> None:
        left = f" {one_line(self._prompt, max(8, self.size.width // 3))}"
        parts = ["review", "" if self._author else "blind"]
        if self._progress is not None:
            parts.append(f"{self._progress.today:,} today, {self._progress.unlabelled:,} left")
        right = ""
        if self._passed is not None:
            of = self._passed
            right = f"{percent(of.rate)} good, {of.low * 100:.0f} to {of.high * 100:.0f}"
        line = Content.assemble(
            (left, "bold $accent"), "   ", ("   ".join(filter(None, parts)), "$text-muted")
        )
        gap = " " * max(2, self.size.width - line.cell_length - len(right) - 3)
        self.query_one("#review-title", Static).update(Content.assemble(line, gap, (right, "$accent")))

    def action_toggle_plain(self) -> None:
        """Show answers as they were written, or as Markdown."""
        self._plain = not self._plain
        self._show_answer()

    def action_scroll_rows(self, by: int) -> None:
        """Scroll the answer by rows."""
        self._answer.action_scroll_rows(by)

    def action_scroll_page(self, by: int) -> None:
        """Scroll the answer by as much as is in sight."""
        self._answer.action_scroll_page(by)

    def action_inputs(self) -> None:
        """Show the inputs of the case whole."""
        if self._shown is not None:
            self.app.push_screen(Page(inputs_text(self._shown.inputs)))

    @in_background()
    async def action_reveal(self) -> None:
        """Say who wrote this."""
        shown, labelling = self._shown, self.workbench.bench.labelling
        if shown is None:
            return
        author = await self._reading(lambda: labelling.who(shown.prompt, shown.result))
        if author is not None and self._shown is shown:
            self._author = author
            self.query_one("#review-answer", Pane).subtitle(author)
            self._say_progress()

    # -- what is said of it ---------------------------------------------------

    @in_background(group="turn")
    async def action_label(self, label: str) -> None:
        """Call the answer on screen good or bad, and show the next."""
        shown, labelling = self._shown, self.workbench.bench.labelling
        # A key held down must not label an answer that is not on screen yet.
        if shown is None or self._turn.locked():
            return
        async with self._turn:

            def say() -> Share | None:
                labelling.label(shown.result, label)
                return labelling.passed(self._prompt)

            passed = await self._reading(say)
            if passed is None:
                return
            self._said_of[shown.result], self._passed = shown, passed
            await self._next()

    @in_background(group="turn")
    async def action_skip(self) -> None:
        """Leave the answer on screen without a label, and show the next."""
        if self._shown is None or self._turn.locked():
            return
        async with self._turn:
            self._skipped.append(self._shown)
            await self._next()

    @in_background(group="turn")
    async def action_undo(self) -> None:
        """Take back the last label, and show again what it was of."""
        labelling = self.workbench.bench.labelling
        async with self._turn:
            undone = await self._reading(lambda: (labelling.undo(self._prompt),))
            if undone is None:
                return
            (before,) = undone
            if before is None:
                self.notify("There is no label to take back.", markup=False)
                return
            result, label = before
            self.notify(f"Taken back: {label}", markup=False)
            self._passed = await self._reading(lambda: labelling.passed(self._prompt))
            self._progress = await self._reading(lambda: labelling.progress(self._prompt))
            if result in self._said_of:
                self._show(self._said_of.pop(result))
            elif self._shown is None:
                await self._next()
            else:
                self._say_progress()

    @in_background()
    async def action_note(self) -> None:
        """Write a note on the answer on screen, or change the one it has."""
        shown, recalling = self._shown, self.workbench.bench.recalling
        if shown is None:
            return
        kept = await self._reading(lambda: recalling.result(shown.result).remark)
        if kept is None:
            return
        note = await self.app.push_screen_wait(Line("A note on this answer", kept.note or "", amend=True))
        if note is not None:
            await self._reading(lambda: recalling.note(shown.result, note))

    async def _reading(self, read: Callable[[], T]) -> T | None:
        """Return what something blocking gives, done in a thread; an error is told and gives None."""
        try:
            return await asyncio.to_thread(read)
        except WorkbenchError as error:
            self.notify(inert(str(error)), severity="error", markup=False, timeout=10)
            return None

    @property
    def _answer(self) -> AnswerView:
        return self.query_one(AnswerView)

    @property
    def workbench(self) -> WorkbenchApp:
        """The app, as what it is."""
        return cast("WorkbenchApp", self.app)
