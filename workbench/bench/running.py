"""Running: from targets, models and cases to a plan, and from a plan to stored results."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from workbench.bench.clock import utc_now
from workbench.bench.previewing import ModelPreview, Previewing
from workbench.bench.versions import Target, Versions
from workbench.context.messages import Context, Message, context_hash
from workbench.context.worker import RenderWorker
from workbench.errors import CostLimitError, UnfitError, UsageError, WorkbenchError
from workbench.models.calls import Call
from workbench.models.catalogue import Catalogue
from workbench.models.estimate import estimate
from workbench.models.gateway import Gateway
from workbench.models.model import PICO, Model
from workbench.project.settings import Settings
from workbench.project.yaml import Value
from workbench.prompts.cases import Case, choose
from workbench.runs.budget import Budget
from workbench.runs.events import Ended, Planned, RunEvent
from workbench.runs.plan import Plan, Question, call_key, make_plan, swept
from workbench.runs.runner import Runner
from workbench.store.records import ANSWERED, Cell, Contender
from workbench.store.store import Store


@dataclass(frozen=True)
class Request:
    """What a person asks to run.

    ``targets`` are prompts at revisions; no ``models`` means the prompt's own; no ``cases`` means all of them;
    ``inputs`` make a case of their own. ``params`` maps each param to the values it is to take. ``unsaved`` holds files
    as they are on screen. ``fresh`` asks again what the cache could answer. ``stream`` asks for text as it arrives.
    """

    targets: tuple[str, ...]
    models: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    inputs: Mapping[str, Value] = field(default_factory=dict)
    params: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    samples: int = 1
    unsaved: Mapping[str, bytes] = field(default_factory=dict)
    fresh: bool = False
    stream: bool = True


@dataclass(frozen=True)
class Prepared:
    """A plan that can be started, with what must be kept so that every result can be traced."""

    plan: Plan
    targets: tuple[Target, ...]
    contexts: tuple[tuple[Message, ...], ...]
    cases: Mapping[str, Mapping[str, Value]]
    run: int | None = None
    spent: int = 0


class Running:
    """Plans runs, starts them and takes them up again.

    ``ready`` raises ModelUnreadyError for a model that cannot be called yet.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        versions: Versions,
        worker: RenderWorker,
        previewing: Previewing,
        store: Store,
        gateway: Gateway,
        ready: Callable[[Model], object],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._versions = versions
        self._worker = worker
        self._previewing = previewing
        self._store = store
        self._gateway = gateway
        self._ready = ready

    async def prepare(self, request: Request) -> Prepared:
        """Return the plan of a request, with nothing sent and nothing stored.

        Raises UsageError and its kinds, UnfitError with every contender that cannot run, and ModelUnreadyError.
        """
        if request.samples < 1:
            raise UsageError(f"samples must be at least 1, not {request.samples}")
        questions: list[Question] = []
        targets: list[Target] = []
        cases: dict[str, Mapping[str, Value]] = {}
        for name in dict.fromkeys(request.targets):
            target = await asyncio.to_thread(self._versions.load, name, request.unsaved)
            if any(known.version.hash == target.version.hash for known in targets):
                continue  # the same version under two names is one contender
            targets.append(target)
            rendered = await asyncio.to_thread(self._render, target, request)
            cases.update((case.hash, case.inputs) for case, _ in rendered)
            questions += await self._questions(target, rendered, request)
        if not questions:
            raise UsageError(
                "there is no model to ask", hint="Name one with -m, or under defaults: models: in .workbench.yml."
            )
        ordered = [_placed(question, position) for position, question in enumerate(questions)]
        keys = {question.cell.call_key for question in ordered}
        answers = {} if request.fresh else await asyncio.to_thread(self._store.runs.answers, keys)
        prompts = ", ".join(dict.fromkeys(target.version.prompt.name for target in targets))
        plan = make_plan(prompt=prompts, samples=request.samples, questions=ordered, answers=answers)
        contexts = {question.cell.context: question.call.messages for question in ordered}
        return Prepared(plan, tuple(targets), tuple(contexts.values()), cases)

    def resume(self, run: int | None = None) -> Prepared:
        """Return what is left of a run, the last one by default, from the contexts stored when it was planned."""
        record = self._store.runs.get(run)
        cells = self._store.runs.cells(record.id)
        questions = [self._question_again(cell) for cell in cells]
        answers = {cell.call_key: cell.result for cell in cells if cell.result and cell.result.status in ANSWERED}
        spent = sum(cell.result.cost or 0 for cell in cells if cell.result and not cell.cached)
        plan = make_plan(record.prompt, record.samples, questions, answers)
        return Prepared(plan, (), (), {}, run=record.id, spent=spent)

    def check_cost(self, prepared: Prepared, max_cost: Decimal | None = None) -> None:
        """Raise CostLimitError where the typical cost of a plan exceeds the limit."""
        limit = self.limit(max_cost)
        typical = prepared.plan.estimate.typical
        if typical > limit:
            raise CostLimitError(
                f"this run would typically cost {_usd(typical)} USD, and the limit is {_usd(limit)} USD",
                hint=f"Allow it with --max-cost {_usd(typical)}, or raise limits: cost: in .workbench.yml.",
            )

    def limit(self, max_cost: Decimal | None = None) -> int:
        """Return the cost limit of a run in pico-dollars."""
        return int((self._settings.limits.cost if max_cost is None else max_cost) * PICO)

    def start(self, prepared: Prepared, max_cost: Decimal | None = None) -> RunInProgress:
        """Return the run, not yet begun: iterate over its events to make it go."""
        limit = self.limit(max_cost)
        runner = Runner(
            ask=self._gateway.ask,
            keep=lambda results: self._store.runs.add_results(progress.run, results),
            now=utc_now,
            concurrency=self._settings.limits.concurrency,
            budget=Budget(limit, prepared.spent),
        )
        progress = RunInProgress(prepared, runner, self._store, limit)
        return progress

    def _render(self, target: Target, request: Request) -> list[tuple[Case, Context]]:
        cases = self._cases(target, request)
        outcomes = self._worker.render_all(target.version, [(case.inputs, case.place) for case in cases])
        rendered = []
        for case, outcome in zip(cases, outcomes, strict=True):
            if isinstance(outcome, WorkbenchError):
                raise outcome
            rendered.append((case, outcome))
        return rendered

    def _cases(self, target: Target, request: Request) -> list[Case]:
        name = target.version.prompt.name
        if request.inputs and not request.cases:
            return [Case("inputs", request.inputs)]
        known = self._versions.cases(name, request.unsaved)
        if not request.cases:
            return list(known) or [Case("", {})]
        chosen = [choose(known, wanted, name) for wanted in request.cases]
        if not request.inputs:
            return chosen
        return [Case(f"{case.name}+inputs", {**case.inputs, **request.inputs}, place=case.place) for case in chosen]

    async def _questions(
        self, target: Target, rendered: list[tuple[Case, Context]], request: Request
    ) -> list[Question]:
        questions: list[Question] = []
        unfit: list[str] = []
        for model in self._previewing.models_of(target.version, request.models):
            await asyncio.to_thread(self._ready, model)
            for over in swept(request.params):
                for case, context in rendered:
                    found = await self._previewing.for_model(target.version, context, model, over)
                    unfit += [problem for problem in found.problems if problem not in unfit]
                    questions += [
                        self._question(target, case, context, found, sample, request.stream)
                        for sample in range(1, request.samples + 1)
                    ]
        if unfit:
            raise UnfitError("; ".join(unfit), hint="Nothing was sent.")
        return questions

    def _question(
        self, target: Target, case: Case, context: Context, found: ModelPreview, sample: int, stream: bool
    ) -> Question:
        prompt, model = target.version.prompt, found.model
        call = Call(
            model, context.messages, found.params, prompt.schema, self._settings.limits.timeout, stream
        )
        contender = Contender(
            prompt.name, target.version.hash, model.name, model.string, model.api_base, found.params
        )
        raw = found.count.raw_total if found.count else None
        cell = Cell(
            position=0,
            contender=contender,
            case=case.name or None,
            case_hash=case.hash,
            sample=sample,
            context=context_hash(context.messages),
            call_key=call_key(call, sample),
            revision=target.revision,
            dirty=target.dirty,
            expect=case.expect,
            estimated=raw,
            high=found.cost.high if found.cost else None,
            schema=json.dumps(prompt.schema) if prompt.schema is not None else None,
        )
        return Question(cell, call, raw, found.cost)

    def _question_again(self, cell: Cell) -> Question:
        """Return the question of a stored cell, with the context that was stored when it was planned."""
        contender = cell.contender
        model = self._model_again(contender)
        call = Call(
            model,
            self._store.sources.context(cell.context),
            contender.params,
            json.loads(cell.schema) if cell.schema else None,
            self._settings.limits.timeout,
        )
        cost = estimate(model, contender.params, cell.estimated or 0)
        return Question(cell, call, cell.estimated, cost)

    def _model_again(self, contender: Contender) -> Model:
        """Return the model of a stored contender: its entry where that still says the same, else its string."""
        model = self._catalogue.resolve(
            contender.model if contender.model in self._settings.models else contender.string
        )
        if (model.string, model.api_base) != (contender.string, contender.api_base):
            raise UsageError(
                f"the model “{contender.model}” of this run was {contender.string} and is now {model.string}",
                hint="Give the entry in .workbench.yml its former model and api_base, or make a new run.",
            )
        return model


class RunInProgress:
    """A run while it goes: its events, and the means to pause and stop it."""

    def __init__(self, prepared: Prepared, runner: Runner, store: Store, limit: int) -> None:
        self._prepared = prepared
        self._runner = runner
        self._store = store
        self._limit = limit
        self.run = prepared.run or 0

    @property
    def paused(self) -> bool:
        """Whether no new calls are being made."""
        return self._runner.paused

    def pause(self) -> None:
        """Make no new calls, or make them again."""
        if self._runner.paused:
            self._runner.unpause()
        else:
            self._runner.pause()

    def stop(self) -> None:
        """Cancel the calls under way; the run ends once what has ended is stored."""
        self._runner.stop()

    async def events(self) -> AsyncIterator[RunEvent]:
        """Store the plan, make its calls, and yield what happens, from Planned to Ended."""
        plan = self._prepared.plan
        cells = await asyncio.to_thread(self._begin)
        yield Planned(self.run, tuple(cells), len(plan.calls), plan.cached, plan.estimate)
        status = "interrupted"
        try:
            async for event in self._runner.run(plan.calls):
                yield event
            if not self._runner.stopped:
                status = "limit" if self._runner.over_limit else "done"
        finally:
            await asyncio.to_thread(self._store.runs.end, self.run, status, utc_now())
        record = await asyncio.to_thread(self._store.runs.get, self.run)
        yield Ended(self.run, status, record.counts, record.cost)

    def _begin(self) -> list[Cell]:
        """Store the plan where it is new; returns its cells as they are stored, with their contenders' numbers."""
        if self.run:
            self._store.runs.reopen(self.run)
            return self._store.runs.cells(self.run)
        now, plan = utc_now(), self._prepared.plan
        for target in self._prepared.targets:
            version = target.version
            self._store.sources.keep_version(version.hash, version.prompt.name, version.files, now)
        self._store.sources.keep_contexts(self._prepared.contexts)
        self._store.sources.keep_cases(self._prepared.cases)
        self.run = self._store.runs.begin(
            plan.cells, prompt=plan.prompt, samples=plan.samples, cost_limit=self._limit, now=now
        )
        return self._store.runs.cells(self.run)


def _placed(question: Question, position: int) -> Question:
    return replace(question, cell=replace(question.cell, position=position))


def _usd(pico: int) -> str:
    return f"{pico / PICO:.4f}"
