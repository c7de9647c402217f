"""The plan of a run: which versions, models and cases, and what that may cost, before anything is sent."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from workbench.bench.bench import Bench
from workbench.bench.running import Prepared, Request
from workbench.bench.shown import cost_range, inert
from workbench.errors import UsageError, WorkbenchError
from workbench.project.yaml import Value
from workbench.prompts.tree import prompt_path
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.choices import Choices

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

WORKING_TREE = ""
"""The key of the working tree among the versions: a target without a revision."""

ALL_CASES, THIS_CASE, TRIED = "all", "this", "tried"

MAX_SAMPLES = 100

MAX_COMMITS = 8
"""Commits of the prompt that are offered as versions; any other can be typed."""


class PlanDialog(TellsFailures, ModalScreen[Request | None]):
    """Chooses what a run compares, and shows at once what that means. Returns the request, or None."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape", "dismiss(None)", "Close", show=False),
        Binding("ctrl+r", "go", "Run", priority=True, show=False),
    ]

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

    def compose(self) -> ComposeResult:
        """Compose the choices over the figures."""
        with Vertical(classes="dialog plan"):
            yield Label(inert(f"Run {self._prompt}"), classes="dialog-title", markup=False)
            with Horizontal(classes="lists"):
                yield Choices(id="plan-versions")
                yield Choices(id="plan-models")
                yield Choices(id="plan-cases")
            yield Input(placeholder="more versions: HEAD~1 v1.0 …", id="more-versions", compact=True)
            yield Input(placeholder="more models: any LiteLLM model strings", id="more-models", compact=True)
            with Horizontal(classes="samples"):
                yield Label("samples ", markup=False)
                yield Input("1", restrict="[0-9]*", max_length=3, id="samples", compact=True)
            yield Static("", id="figures", markup=False)
            yield Static("Enter run   Space choose   Tab next   Escape close", classes="hint", markup=False)

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
        versions.focus()
        self._reckon()

    def request(self) -> Request:
        """Return what is chosen."""
        versions = [*self._chosen("versions"), *self._more_versions()]
        models = [*self._chosen("models"), *self.query_one("#more-models", Input).value.split()]
        cases = self._chosen("cases")
        only = THIS_CASE in cases and ALL_CASES not in cases
        tried = self._tried if TRIED in cases and len(cases) == 1 else None
        return Request(
            targets=tuple(f"{self._prompt}@{version}" if version else self._prompt for version in versions),
            models=tuple(models),
            cases=(self._case,) if only and self._case is not None else (),
            inputs=tried or {},
            samples=self._samples(),
            unsaved=self._unsaved,
        )

    @on(Choices.Changed)
    @on(Input.Changed)
    def _changed(self) -> None:
        self._going = False
        self._reckon()

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

    def _more_versions(self) -> list[str]:
        """Return the revisions that were typed; one with a space in it stands in quotes."""
        try:
            return shlex.split(self.query_one("#more-versions", Input).value)
        except ValueError as broken:
            raise UsageError(f"the versions cannot be read: {broken}") from broken

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
        except WorkbenchError as error:
            self._going = False
            figures.update(inert(str(error)))
            return
        figures.update(figures_of(prepared))
        self._can_run = True
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
    return (
        f"{counted(contenders, 'contender')} · {counted(len(plan.calls), 'call')} · {plan.cached} cached"
        f" · {tokens:,} tokens in\n"
        f"{cost_range(cost.low, cost.typical, cost.high)}{unpriced}"
    )
