"""The plan of a run: which versions, models and cases, and what that may cost, before anything is sent."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Label, Static

from workbench.bench.bench import Bench
from workbench.bench.running import Prepared, Request
from workbench.bench.shown import inert
from workbench.errors import CostLimitError, UsageError, WorkbenchError
from workbench.project.yaml import Value
from workbench.prompts.tree import prompt_path
from workbench.runs.plan import read_sweep
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.screens.drafts import FIELDS, Approved, Draft
from workbench.tui.screens.plan_figures import figures_of
from workbench.tui.widgets.choices import Choices

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

WORKING_TREE = ""
"""The key of the working tree among the versions: a target without a revision."""

ALL_CASES, THIS_CASE, TRIED, EXAMPLES = "all", "this", "tried", "examples"

FRESH = "fresh"
"""The key of the choice to ask again what was answered before."""

EVERY = "*"
"""The pattern that every case fits."""

MAX_SAMPLES = 100

PAUSE = 0.1
"""Seconds without a key before it is reckoned what was typed: thousands of cases may have to be rendered."""

MAX_COMMITS = 8
"""Commits of the prompt that are offered as versions; any other can be typed."""


class PlanDialog(TellsFailures, ModalScreen[Approved | None]):
    """Chooses what a run compares, and shows at once what that means.

    Returns the plan that was approved, or None; where it may not start the dialog stays as it was.
    """

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape", "close", "Close", show=False),
        Binding("ctrl+r", "go", "Run", priority=True, show=False),
        Binding("pagedown", "read(1)", show=False, priority=True),
        Binding("pageup", "read(-1)", show=False, priority=True),
    ]

    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012 - Textual's type

    def __init__(
        self,
        prompt: str,
        case: str | None,
        models: tuple[str, ...],
        unsaved: Mapping[str, bytes],
        tried: Mapping[str, Value] | None = None,
        draft: Draft | None = None,
    ) -> None:
        """``tried`` are the inputs on screen that are no case's, None where there are none.

        ``draft`` is what to choose at first.
        """
        super().__init__()
        self._prompt = prompt
        self._case = case
        self._models = models
        self._unsaved = unsaved
        self._tried = tried
        self._draft = draft
        self._offered: tuple[str, ...] = ()
        self._prepared: Prepared | None = None
        """The plan that is told of, where it can be started."""
        self._going = False
        self._filled = False
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Compose the choices over the figures."""
        with Vertical(classes="dialog plan"):
            yield Label(inert(f"Run {self._prompt}"), classes="dialog-title", markup=False)
            with Horizontal(classes="lists"):
                yield Choices(id="plan-versions")
                yield Choices(id="plan-models")
                yield Choices(id="plan-cases")
            with Horizontal(classes="typed"):
                yield Label("versions ", markup=False)
                yield Input(placeholder="more: HEAD~1 v1.0 v:1f3a9c", id="more-versions", compact=True)
                yield Label(" models ", markup=False)
                yield Input(placeholder="more, any LiteLLM strings", id="more-models", compact=True)
            with Horizontal(classes="typed"):
                yield Label("samples  ", markup=False)
                yield Input("1", restrict="[0-9]*", max_length=3, id="samples", compact=True)
                yield Label(" cases  ", markup=False)
                yield Input(placeholder="3-7 glow* tag:hard", id="patterns", compact=True)
                yield Label(" params ", markup=False)
                yield Input(placeholder="temperature=0,0.7", id="params", compact=True)
                yield Choices(id="fresh")
            with VerticalScroll(id="figures-pane", can_focus=False):
                yield Static("", id="figures", markup=False)
            yield Static(
                "Enter run   Space choose   Tab next   PgUp PgDn read on   Esc close",
                classes="hint",
                markup=False,
            )

    async def on_mount(self) -> None:
        """Offer what there is, with the obvious chosen."""
        versions, models, cases = (
            self.query_one(f"#plan-{name}", Choices) for name in ("versions", "models", "cases")
        )
        versions.border_title, models.border_title, cases.border_title = "Versions", "Models", "Cases"
        # Git and the prompt are read in a thread: the first of it imports what git needs.
        revisions = await asyncio.to_thread(self._revisions)
        own, examples = await asyncio.to_thread(self._of_prompt)
        self._offered = self._models or own
        draft = self._draft or Draft((WORKING_TREE,), self._offered)
        for revision, title in ((WORKING_TREE, "working tree"), *revisions):
            versions.add(revision, title, chosen=revision in draft.versions)
        with self.prevent(Input.Changed):
            for name, text in draft.typed.items():
                self.query_one(f"#{name}", Input).value = text
            known = {WORKING_TREE, *(revision for revision, _ in revisions)}
            self._type_also("more-versions", [one for one in draft.versions if one not in known])
            self._offer_models(models, draft)
            self._offer_cases(cases, draft, examples=examples)
        self.query_one("#fresh", Choices).add(FRESH, "ask anew", chosen=draft.fresh)
        self._filled = True
        versions.focus()
        self._reckon()

    def _offer_models(self, models: Choices, draft: Draft) -> None:
        """Offer the models that have a name; of a draft those that are not chosen by themselves now."""
        chosen = draft.models
        if draft.offered not in (None, self._offered):
            self.query_one("#more-models", Input).value, chosen = "", self._offered
        configured = self._bench.settings.models
        for entry in configured.values():
            models.add(entry.name, entry.name, chosen=entry.name in chosen)
        self._type_also("more-models", sorted(set(chosen) - set(configured)))

    def _offer_cases(self, cases: Choices, draft: Draft, *, examples: bool) -> None:
        offered = {TRIED: "inputs on screen"} if self._tried is not None else {}
        offered[ALL_CASES] = "all cases"
        offered |= {THIS_CASE: f"only {self._case}"} if self._case is not None else {}
        offered |= {EXAMPLES: "examples"} if examples else {}
        patterns = self.query_one("#patterns", Input)
        chosen = [key for key in draft.cases or () if key in offered and draft.tried == self._tried]
        if draft.tried != self._tried:
            patterns.value = ""
        for key, title in offered.items():
            first = not chosen and not patterns.value and key == next(iter(offered))
            cases.add(key, title, chosen=first or key in chosen)

    def _type_also(self, field: str, words: list[str]) -> None:
        """Type what the list beside a field does not have."""
        typed = self.query_one(f"#{field}", Input)
        typed.value = " ".join(filter(None, (typed.value, shlex.join(words))))

    def _as_draft(self) -> Draft:
        """Return what is chosen, to be chosen again."""
        return Draft(
            tuple(self._chosen("versions")),
            tuple(self._chosen("models")),
            tuple(self._chosen("cases")),
            {name: self.query_one(f"#{name}", Input).value for name in FIELDS},
            bool(self.query_one("#fresh", Choices).chosen),
            self._offered,
            self._tried,
        )

    def action_close(self) -> None:
        """Close the dialog, and remember what was chosen."""
        self._leave(None)

    def _leave(self, approved: Approved | None) -> None:
        if self._filled:
            self.workbench.plans[self._prompt] = self._as_draft()
        self.dismiss(approved)

    def request(self) -> Request:
        """Return what is chosen; raises UsageError where that cannot be meant."""
        versions = [*self._chosen("versions"), *self._words("more-versions", "versions")]
        models = [*self._chosen("models"), *self.query_one("#more-models", Input).value.split()]
        chosen = self._chosen("cases")
        patterns = tuple(self._words("patterns", "cases"))
        if not chosen and not patterns:
            raise UsageError("choose which cases to run")
        if TRIED in chosen and (len(chosen) > 1 or patterns):
            raise UsageError("the inputs on screen run alone: choose them, or cases")
        if ALL_CASES in chosen and EXAMPLES in chosen:
            patterns = (EVERY,)  # to name none would mean the examples alone
        this = self._case if THIS_CASE in chosen and ALL_CASES not in chosen else None
        return Request(
            targets=tuple(f"{self._prompt}@{version}" if version else self._prompt for version in versions),
            models=tuple(models),
            cases=() if this is None else (this,),
            inputs=(self._tried or {}) if TRIED in chosen else {},
            params=read_sweep(self._words("params", "params")),
            samples=self._samples(),
            unsaved=self._unsaved,
            fresh=bool(self.query_one("#fresh", Choices).chosen),
            selection=patterns,
            examples=EXAMPLES in chosen,
        )

    @on(Choices.Changed)
    def _chose(self) -> None:
        self._going = False
        patterns = self.query_one("#patterns", Input)
        if ALL_CASES in self._chosen("cases") and patterns.value:
            with self.prevent(Input.Changed):
                patterns.value = ""
        self._reckon()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._going, self._prepared = False, None
        if event.input.id == "patterns":
            # A pattern takes the place of all cases, and all cases that of no pattern.
            cases = self.query_one("#plan-cases", Choices)
            cases.choose(ALL_CASES, not event.value.strip() and not set(cases.chosen) - {ALL_CASES})
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._reckon)

    @on(Choices.Done)
    @on(Input.Submitted)
    def action_go(self) -> None:
        """Run what is chosen, where it can be run, and as soon as that is known."""
        self._going = self._prepared is None
        if self._prepared is not None:
            self._approve(self._prepared)

    @in_background(exclusive=True, group="approve")
    async def _approve(self, prepared: Prepared) -> None:
        """Close the dialog where the plan may start; else it stays."""
        approved = await self.workbench.approve(prepared)
        if approved is not None:
            self._leave(approved)

    def _samples(self) -> int:
        text = self.query_one("#samples", Input).value.strip() or "1"
        if not text.isdecimal() or not 1 <= int(text) <= MAX_SAMPLES:
            raise UsageError(f"samples must be a whole number from 1 to {MAX_SAMPLES}, not “{text}”")
        return int(text)

    def _words(self, field: str, what: str) -> list[str]:
        """Return the words that were typed in a field; one with a space in it stands in quotes."""
        try:
            return shlex.split(self.query_one(f"#{field}", Input).value)
        except ValueError as broken:
            raise UsageError(f"the {what} cannot be read: {broken}") from broken

    def action_read(self, by: int) -> None:
        """Read on in what is said of the plan, where it does not fit."""
        pane = self.query_one("#figures-pane", VerticalScroll)
        pane.scroll_relative(y=by * max(1, pane.size.height - 1), animate=False)

    def _chosen(self, name: str) -> list[str]:
        return self.query_one(f"#plan-{name}", Choices).chosen

    @property
    def _bench(self) -> Bench:
        return self.workbench.bench

    @property
    def workbench(self) -> WorkbenchApp:
        """The app, as what it is."""
        return cast("WorkbenchApp", self.app)

    @in_background(exclusive=True)
    async def _reckon(self) -> None:
        """Say what the choice means: contenders, calls, cached, tokens, cost; or why it cannot be."""
        figures = self.query_one("#figures", Static)
        self._prepared = None
        try:
            request = self.request()
            if not (request.targets and (request.models or self._models)):
                raise UsageError("choose a version and a model")
            prepared = await self._bench.running.prepare(request)
            said = await asyncio.to_thread(self._told, prepared)  # there may be 50,000 cells
        except WorkbenchError as error:
            self._going = False
            figures.update(inert(str(error)))
            return
        figures.update(said)
        self._prepared = None if prepared.misfits else prepared
        if self._going:
            self._going = False
            if self._prepared is not None:
                self.action_go()

    def _told(self, prepared: Prepared) -> str:
        try:
            self._bench.running.check_cost(prepared)
        except CostLimitError as over:
            return figures_of(prepared, over.message)
        return figures_of(prepared)

    def _revisions(self) -> list[tuple[str, str]]:
        """Return the newest commits of the prompt, with HEAD first where that is not one of them.

        None for a prompt that was never committed.
        """
        history = self._bench.history
        head = history.head()
        commits = history.log(prompt_path(self._prompt), limit=MAX_COMMITS) if head is not None else ()
        known = [(commit.hash, f"{commit.hash[:7]} {commit.subject}") for commit in commits]
        if head is None or not known or any(commit == head.commit for commit, _ in known):
            return known
        return [("HEAD", "HEAD"), *known]

    def _of_prompt(self) -> tuple[tuple[str, ...], bool]:
        """Return the models that are the prompt's own, and whether it has examples."""
        bench = self._bench
        try:
            version = bench.versions.load(self._prompt, self._unsaved).version
            models = tuple(model.name for model in bench.previewing.models_of(version))
        except WorkbenchError:
            return (), False  # the figures say what is wrong
        return models, bool(version.examples)
