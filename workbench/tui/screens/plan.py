"""The plan of a run: which versions, models and cases, and what that may cost, before anything is sent."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Label, Static

from workbench.bench.bench import Bench
from workbench.bench.running import Misfitting, Prepared, Request
from workbench.bench.shown import cost_range, inert, lasting
from workbench.errors import UsageError, WorkbenchError
from workbench.project.yaml import Value
from workbench.prompts.tree import prompt_path
from workbench.runs.plan import read_sweep
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.choices import Choices

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

WORKING_TREE = ""
"""The key of the working tree among the versions: a target without a revision."""

ALL_CASES, THIS_CASE, TRIED, EXAMPLES = "all", "this", "tried", "examples"

EVERY = "*"
"""The pattern that every case fits."""

MAX_SAMPLES = 100

MOST_TOLD = 4
"""Contenders that cannot run, and warnings, that are told of; there may be one for each of thousands."""

PAUSE = 0.1
"""Seconds without a key before it is reckoned what was typed: thousands of cases may have to be rendered."""

MAX_COMMITS = 8
"""Commits of the prompt that are offered as versions; any other can be typed."""


class PlanDialog(TellsFailures, ModalScreen[Request | None]):
    """Chooses what a run compares, and shows at once what that means. Returns the request, or None."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape", "dismiss(None)", "Close", show=False),
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
    ) -> None:
        """``tried`` are the inputs on screen that are no case's, None where there are none."""
        super().__init__()
        self._prompt = prompt
        self._case = case
        self._models = models
        self._unsaved = unsaved
        self._tried = tried
        self._can_run = False
        self._going = False
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
        versions.add(WORKING_TREE, "working tree", chosen=True)
        # Git and the prompt are read in a thread: the first of it imports what git needs.
        revisions = await asyncio.to_thread(self._revisions)
        for revision, title in revisions:
            versions.add(revision, title)
        chosen = set(self._models or await asyncio.to_thread(self._default_models))
        configured = self._bench.settings.models
        for entry in configured.values():
            models.add(entry.name, entry.name, chosen=entry.name in chosen)
        self.query_one("#more-models", Input).value = " ".join(sorted(chosen - set(configured)))
        if self._tried is not None:
            cases.add(TRIED, "inputs on screen", chosen=True)
        cases.add(ALL_CASES, "all cases", chosen=self._tried is None)
        if self._case is not None:
            cases.add(THIS_CASE, f"only {self._case}")
        cases.add(EXAMPLES, "examples")
        versions.focus()
        self._reckon()

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
        self._going = self._can_run = False
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
        if self._can_run:
            self.dismiss(self.request())
        self._going = not self._can_run

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
        return cast("WorkbenchApp", self.app).bench

    @in_background(exclusive=True)
    async def _reckon(self) -> None:
        """Say what the choice means: contenders, calls, cached, tokens, cost; or why it cannot be."""
        figures = self.query_one("#figures", Static)
        self._can_run = False
        try:
            request = self.request()
            if not (request.targets and (request.models or self._models)):
                raise UsageError("choose a version and a model")
            prepared = await self._bench.running.prepare(request)
            said = await asyncio.to_thread(figures_of, prepared)  # there may be 50,000 cells
        except WorkbenchError as error:
            self._going = False
            figures.update(inert(str(error)))
            return
        figures.update(said)
        self._can_run = not prepared.misfits
        self._going = self._going and self._can_run
        if self._going:
            self.dismiss(request)

    def _revisions(self) -> list[tuple[str, str]]:
        """Return the newest commits of the prompt, with HEAD first where that is not one of them."""
        history = self._bench.history
        head = history.head()
        if head is None:
            return []
        commits = history.log(prompt_path(self._prompt), limit=MAX_COMMITS)
        known = [(commit.hash, f"{commit.hash[:7]} {commit.subject}") for commit in commits]
        return known if any(commit == head.commit for commit, _ in known) else [("HEAD", "HEAD"), *known]

    def _default_models(self) -> tuple[str, ...]:
        bench = self._bench
        try:
            version = bench.versions.load(self._prompt, self._unsaved).version
            return tuple(model.name for model in bench.previewing.models_of(version))
        except WorkbenchError:
            return ()  # the figures say what is wrong


def counted(number: int, what: str) -> str:
    """Return a number of things: ``1 call``, ``2 calls``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def figures_of(prepared: Prepared) -> str:
    """Return what a plan comes to, in a line or two."""
    plan, cost = prepared.plan, prepared.plan.estimate
    contenders = len(
        {(cell.contender.version, cell.contender.string, str(cell.contender.params)) for cell in plan.cells}
    )
    tokens = sum(call.estimated or 0 for call in plan.calls)
    unpriced = f" and {cost.unpriced} unpriced" if cost.unpriced else ""
    lines = [
        f"{counted(contenders, 'contender')} · {counted(len(plan.calls), 'call')} · {plan.cached} cached"
        f" · {tokens:,} tokens in",
        f"{cost_range(cost.low, cost.typical, cost.high)}{unpriced}{_slowest(prepared)}",
        *(f"! {warning}" for warning in prepared.warnings[:MOST_TOLD]),
    ]
    return inert("\n".join([*lines, *_misfits(prepared.misfits)]))


def _slowest(prepared: Prepared) -> str:
    if prepared.slowest is None:
        return ""
    model, seconds = prepared.slowest
    return f" · slowest: {model}, {lasting(seconds)}"


def _misfits(misfits: Sequence[Misfitting]) -> Iterator[str]:
    """Yield why a plan cannot be started, each reason once with those it is about."""
    reasons: dict[str, list[Misfitting]] = {}
    for misfit in misfits:
        reasons.setdefault(misfit.reason, []).append(misfit)
    for reason, about in list(reasons.items())[:MOST_TOLD]:
        whose = dict.fromkeys(misfit.contender for misfit in about)
        where = f"{about[0].place}: " if about[0].place else ""
        others = f" and {len(whose) - 1} more" if len(whose) > 1 else ""
        yield f"✗ {next(iter(whose))}{others}: {where}{reason}"
    if len(reasons) > MOST_TOLD:
        yield f"✗ and {len(reasons) - MOST_TOLD} more that will not work"
    if reasons:
        yield "Nothing was sent. Leave out what will not work, or mend it."
