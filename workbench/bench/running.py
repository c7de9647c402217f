"""Running: from targets, models and cases to a plan, and from a plan to stored results."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import cast

from workbench.bench.previewing import Previewing, unused
from workbench.bench.previews import NO_CASE, ModelPreview
from workbench.bench.shown import usd
from workbench.bench.versions import Target, Versions
from workbench.context.messages import Context, Message, context_hash
from workbench.errors import CostLimitError, Place, StoreError, UnfitError, UsageError
from workbench.models.calls import Call
from workbench.models.catalogue import Catalogue
from workbench.models.estimate import Typical, estimate
from workbench.models.gateway import Gateway
from workbench.models.model import PICO, Model
from workbench.project.clock import utc_now
from workbench.project.settings import FILE_NAME, Settings
from workbench.project.yaml import Value
from workbench.prompts.cases import Case
from workbench.prompts.version import Version
from workbench.runs.budget import Budget
from workbench.runs.events import Ended, Planned, RunEvent
from workbench.runs.plan import Plan, Question, call_key, make_plan, swept
from workbench.runs.runner import Runner
from workbench.store.live import LiveRuns
from workbench.store.records import ANSWERED, Cell, Contender
from workbench.store.store import Store


@dataclass(frozen=True)
class Request:
    """What a person asks to run.

    ``targets`` are prompts at revisions; no ``models`` means the prompt's own; no ``cases`` means all of
    them; ``inputs`` make a case of their own. ``params`` maps each param to the values it is to take.
    ``unsaved`` holds files as they are on screen. ``fresh`` asks again what the cache could answer.
    ``stream`` asks for text as it arrives.
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
    """A plan that can be started, with what must be kept so that every result can be traced.

    ``run`` is the number of a run that is taken up again, ``spent`` what it has cost and ``allowed`` what it
    was allowed to cost, in pico-dollars. ``warnings`` are one line each.
    """

    plan: Plan
    targets: tuple[Target, ...]
    contexts: tuple[tuple[Message, ...], ...]
    cases: Mapping[str, Mapping[str, Value]]
    run: int | None = None
    spent: int = 0
    allowed: int | None = None
    warnings: tuple[str, ...] = ()


class Running:
    """Plans runs, starts them and takes them up again.

    ``ready`` raises ModelUnreadyError for a model that cannot be called yet.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        versions: Versions,
        previewing: Previewing,
        store: Store,
        gateway: Gateway,
        ready: Callable[[Model], object],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._versions = versions
        self._previewing = previewing
        self._store = store
        self._gateway = gateway
        self._ready = ready

    async def prepare(self, request: Request) -> Prepared:
        """Return the plan of a request, with nothing sent and nothing stored.

        Raises UsageError and its kinds, UnfitError with every contender that cannot run, and
        ModelUnreadyError.
        """
        if request.samples < 1:
            raise UsageError(f"samples must be at least 1, not {request.samples}")
        questions: dict[tuple[str, ...], Question] = {}
        targets: list[Target] = []
        cases: dict[str, Mapping[str, Value]] = {}
        warnings: dict[str, None] = {}
        for name in dict.fromkeys(request.targets):
            target, rendered = await asyncio.to_thread(self._render, name, request)
            targets.append(target)
            cases.update((case.hash, case.inputs) for case, _ in rendered)
            warnings.update(dict.fromkeys(unused(target.version, (case for case, _ in rendered))))
            for question in await self._questions(target, rendered, request):
                # A contender under two names, or a case under two, competes once.
                questions.setdefault(_identity(question.cell), question)
        if not questions:
            raise UsageError(
                "there is no model to ask",
                hint=f"Name one with -m, or under defaults: models: in {FILE_NAME}.",
            )
        # By case and not by contender, so that the answers to one case come in side by side.
        turn = {key: number for number, key in enumerate(cases)}
        ordered = sorted(
            questions.values(), key=lambda question: (turn[question.cell.case_hash], question.cell.sample)
        )
        plan = await asyncio.to_thread(self._plan, ordered, request)
        contexts = {question.cell.context: question.call.messages for question in questions.values()}
        return Prepared(plan, tuple(targets), tuple(contexts.values()), cases, warnings=tuple(warnings))

    def resume(self, run: int | None = None, *, stream: bool = True) -> Prepared:
        """Return what is left of a run, the last one by default, from the contexts stored with its plan.

        Raises ModelUnreadyError for a model that is left to be asked and cannot be called.
        """
        record = self._store.runs.get(run)
        cells = self._store.runs.cells(record.id)
        done = {cell.position: cell for cell in cells if cell.result and cell.result.status in ANSWERED}
        answers = {cell.call_key: cell.result for cell in done.values() if cell.result}
        typical = functools.cache(self._typical)
        questions = [
            self._question_again(replace(cell, result=None), stream, typical(*_answering(cell)))
            for cell in cells
        ]
        plan = make_plan(record.prompt, record.samples, questions, answers)
        # What this run answered itself stays its own and is not marked as cached.
        plan = replace(plan, cells=tuple(done.get(cell.position, cell) for cell in plan.cells))
        for model in {call.call.model.name: call.call.model for call in plan.calls}.values():
            self._ready(model)
        spent = sum(cell.result.cost or 0 for cell in cells if cell.result and not cell.cached)
        allowed = self._store.runs.cost_limit(record.id)
        return Prepared(plan, (), (), {}, run=record.id, spent=spent, allowed=allowed)

    def check_cost(self, prepared: Prepared, max_cost: Decimal | None = None) -> None:
        """Raise CostLimitError where the typical cost of a plan exceeds the limit."""
        limit = self.limit(max_cost, prepared)
        typical = prepared.spent + prepared.plan.estimate.typical
        if typical <= limit:
            return
        raise CostLimitError(
            f"this run would typically cost {usd(typical)} USD, and the limit is {usd(limit)} USD",
            hint=f"Allow it with --max-cost {self.allowance(prepared):f}, "
            f"or raise “limits: {{cost: …}}” in {FILE_NAME}.",
        )

    def allowance(self, prepared: Prepared) -> Decimal:
        """Return the limit in USD that a plan needs to be done in full: its high cost where one is known."""
        cost = prepared.plan.estimate
        return Decimal(usd(prepared.spent + (cost.typical if cost.high is None else cost.high)) or 0)

    def limit(self, max_cost: Decimal | None = None, prepared: Prepared | None = None) -> int:
        """Return the cost limit of a run in pico-dollars.

        It is ``max_cost`` in USD, else what the run was allowed when it was planned, else what the settings
        say.
        """
        if max_cost is None and prepared is not None and prepared.allowed is not None:
            return prepared.allowed
        return int((self._settings.limits.cost if max_cost is None else max_cost) * PICO)

    def start(self, prepared: Prepared, max_cost: Decimal | None = None) -> RunInProgress:
        """Return the run, not yet begun: iterate over its events to make it go."""
        limit = self.limit(max_cost, prepared)
        runner = Runner(
            ask=self._gateway.ask,
            keep=lambda results: self._store.runs.add_results(progress.run, results),
            now=utc_now,
            concurrency=self._settings.limits.concurrency,
            budget=Budget(limit, prepared.spent),
        )
        progress = RunInProgress(prepared, runner, self._store, limit)
        return progress

    def _render(self, name: str, request: Request) -> tuple[Target, list[tuple[Case, Context]]]:
        target = self._versions.load(name, request.unsaved)
        cases = self._versions.cases_to_render(
            target.version.prompt.name, request.cases, request.inputs, request.unsaved
        ) or [NO_CASE]
        contexts = self._previewing.render_all(target.version, cases)
        return target, list(zip(cases, contexts, strict=True))

    async def _questions(
        self, target: Target, rendered: list[tuple[Case, Context]], request: Request
    ) -> list[Question]:
        questions: list[Question] = []
        unfit: dict[str, Place | None] = {}
        for model in self._previewing.models_of(target.version, request.models):
            await asyncio.to_thread(self._ready, model)
            contexts = [context for _, context in rendered]
            for over in swept(request.params):
                previews = await self._previewing.for_model_all(target.version, contexts, model, over)
                for (case, context), found in zip(rendered, previews, strict=True):
                    for problem in found.problems:
                        unfit[problem] = _place_of(problem, target.version, over)
                    questions += [
                        self._question(target, case, context, found, sample, request.stream)
                        for sample in range(1, request.samples + 1)
                    ]
        if unfit:
            raise UnfitError("; ".join(unfit), place=next(iter(unfit.values())), hint="Nothing was sent.")
        return questions

    def _plan(self, questions: list[Question], request: Request) -> Plan:
        ordered = [
            replace(question, cell=replace(question.cell, position=position))
            for position, question in enumerate(questions)
        ]
        keys = {question.cell.call_key for question in ordered}
        answers = {} if request.fresh else self._store.runs.answers(keys)
        prompts = ", ".join(dict.fromkeys(question.cell.contender.prompt for question in ordered))
        return make_plan(prompts, request.samples, ordered, answers)

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
            shown=found.count.total if found.count else None,
            exact=found.count.exact if found.count else False,
            messages=len(call.messages),
        )
        return Question(cell, call, raw, found.cost)

    def _typical(self, prompt: str, string: str, api_base: str | None) -> Typical:
        return Typical.of(*self._store.counts.typical_output(prompt, string, api_base))

    def _question_again(self, cell: Cell, stream: bool, typical: Typical) -> Question:
        """Return the question of a stored cell, with the context that was stored when it was planned."""
        contender = cell.contender
        model = self._model_again(contender)
        call = Call(
            model,
            self._store.sources.context(cell.context),
            contender.params,
            json.loads(cell.schema) if cell.schema else None,
            self._settings.limits.timeout,
            stream,
        )
        cost = estimate(model, contender.params, cell.shown or cell.estimated or 0, typical)
        return Question(cell, call, cell.estimated, cost)

    def _model_again(self, contender: Contender) -> Model:
        """Return the model of a stored contender; raises UsageError where its entry says another one now."""
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

    async def events(self) -> AsyncGenerator[RunEvent, None]:
        """Store the plan, make its calls, and yield what happens, from Planned to Ended.

        Raises StoreError where the run goes on in another workbench, or went on there since it was prepared.
        """
        plan = self._prepared.plan
        with ExitStack() as held:
            cells = await asyncio.to_thread(self._begin, held)
            status = "interrupted"
            # The runner's is an asynchronous generator; closing it stores what has ended where nobody listens
            # on.
            running = cast("AsyncGenerator[RunEvent, None]", self._runner.run(plan.calls))
            try:
                yield Planned(self.run, cells, len(plan.calls), plan.cached, plan.estimate)
                async with aclosing(running) as events:
                    async for event in events:
                        yield event
                if not self._runner.stopped:
                    status = "limit" if self._runner.over_limit else "done"
            finally:
                await asyncio.to_thread(self._store.runs.end, self.run, status, utc_now())
        record = await asyncio.to_thread(self._store.runs.get, self.run)
        yield Ended(self.run, status, record.counts, record.cost)

    def _begin(self, held: ExitStack) -> tuple[Cell, ...]:
        """Store the plan where it is new; returns its cells with the numbers of their contenders.

        The run is held, so that nobody else takes it up, until the stack is closed.
        """
        plan = self._prepared.plan
        live = LiveRuns(self._store.database.path.parent)
        if self.run:
            held.enter_context(live.hold(self.run))
            self._refuse_stale()
            self._store.runs.reopen(self.run)
            return plan.cells
        now = utc_now()
        for target in self._prepared.targets:
            version = target.version
            self._store.sources.keep_version(version.hash, version.prompt.name, version.files, now)
        self._store.sources.keep_contexts(self._prepared.contexts)
        self._store.sources.keep_cases(self._prepared.cases)
        self.run = self._store.runs.begin(
            plan.cells, prompt=plan.prompt, samples=plan.samples, cost_limit=self._limit, now=now
        )
        held.enter_context(live.hold(self.run))
        return tuple(self._store.runs.cells(self.run))

    def _refuse_stale(self) -> None:
        """Raise StoreError where calls of the plan were answered meanwhile: they would be paid twice."""
        left = {call.key for call in self._prepared.plan.calls}
        for cell in self._store.runs.cells(self.run):
            if cell.call_key in left and cell.result and cell.result.status in ANSWERED:
                raise StoreError(
                    f"run {self.run} went on in another workbench since it was planned here",
                    hint="Resume it again to see what is left of it.",
                )


def _identity(cell: Cell) -> tuple[str, ...]:
    """Return what sets a cell apart: prompt and version, case, and the call (model, params and sample)."""
    return cell.contender.prompt, cell.contender.version, cell.case_hash, cell.call_key


def _answering(cell: Cell) -> tuple[str, str, str | None]:
    """Return what past answers are looked up by: the prompt, and the model as it was reached."""
    return cell.contender.prompt, cell.contender.string, cell.contender.api_base


def _place_of(problem: str, version: Version, over: Mapping[str, Value]) -> Place | None:
    """Return where the param that a problem names was set, or None where that is not in the prompt."""
    for name in version.prompt.params:
        if f"“{name}”" in problem and name not in over:
            return version.prompt.places.get(f"params.{name}")
    return None
