"""Planning: from targets, models, cases and params to the calls of a run, with nothing sent."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence

from workbench.bench.asking import Asked, Asking, laid_out
from workbench.bench.example_cases import example_cases
from workbench.bench.previewing import Previewing, unused
from workbench.bench.previews import NO_CASE
from workbench.bench.requests import Misfitting, Prepared, Request
from workbench.bench.versions import Target, Versions
from workbench.context.messages import Context, context_hash
from workbench.errors import UsageError
from workbench.models.calls import Call
from workbench.models.model import Model
from workbench.project.settings import FILE_NAME, Settings
from workbench.project.yaml import Value
from workbench.prompts.cases import Case
from workbench.runs.plan import Plan, Question, call_key, slowest, swept
from workbench.store.records import Cell, Result
from workbench.store.store import Store

MOST_CELLS = 100_000
"""Cells of one run: beyond that a plan takes gigabytes before anything of it is asked."""


class Planning:
    """Plans runs. ``ready`` raises ModelUnreadyError for a model that cannot be called yet."""

    def __init__(
        self,
        settings: Settings,
        versions: Versions,
        previewing: Previewing,
        store: Store,
        ready: Callable[[Model], object],
    ) -> None:
        self._settings = settings
        self._versions = versions
        self._previewing = previewing
        self._store = store
        self._ready = ready

    async def prepare(self, request: Request) -> Prepared:
        """Return the plan of a request, with nothing sent and nothing stored.

        What cannot run as planned is among its misfits. Raises UsageError and its kinds, and
        ModelUnreadyError.
        """
        if request.samples < 1:
            raise UsageError(f"samples must be at least 1, not {request.samples}")
        _check_size(request, 0)
        askings: list[Asking] = []
        targets: list[Target] = []
        cases: dict[str, Mapping[str, Value]] = {}
        warnings: dict[str, None] = {}
        asked = 0
        for name in dict.fromkeys(request.targets):
            target, rendered = await asyncio.to_thread(self._render, name, request)
            targets.append(target)
            cases.update((case.hash, case.inputs) for case, _ in rendered)
            warnings.update(dict.fromkeys(_warnings(target, rendered)))
            models = await asyncio.to_thread(self._previewing.models_of, target.version, request.models)
            asked += len(rendered) * len(models)
            _check_size(request, asked)
            askings += await asyncio.to_thread(self._askings, target, rendered, models, request)
        keys = {key for asking in askings for asked in asking.asked for key in asked.keys}
        if not keys:
            raise _nothing_to_ask(targets, cases)
        answers = {} if request.fresh else await asyncio.to_thread(self._store.runs.answers, keys)
        questions: dict[tuple[str, ...], Question] = {}
        misfits: dict[Misfitting, None] = {}
        for asking in askings:
            made, unfit = await self._questions(asking, answers)
            misfits.update(dict.fromkeys(unfit))
            for question in made:
                # A contender under two names competes once.
                questions.setdefault(_identity(question.cell), question)
        plan = await asyncio.to_thread(
            laid_out, list(questions.values()), list(cases), request.samples, answers
        )
        contexts = {question.cell.context: question.call.messages for question in questions.values()}
        return Prepared(
            plan,
            tuple(targets),
            tuple(contexts.values()),
            cases,
            warnings=tuple(warnings),
            misfits=tuple(misfits),
            slowest=await asyncio.to_thread(self.slowest, plan),
        )

    def slowest(self, plan: Plan) -> tuple[str, float] | None:
        """Return which model will take longest for its calls, and how many seconds, by past answers."""

        def seconds(model: Model) -> float | None:
            return self._store.counts.typical_seconds(model.string, model.api_base)

        return slowest(plan.calls, self._settings.limits.concurrency, seconds)

    def _render(self, name: str, request: Request) -> tuple[Target, list[tuple[Case, Context]]]:
        """Return a version and its cases, each with its context; cases with the same inputs are one."""
        target = self._versions.load(name, request.unsaved)
        version = target.version
        found: dict[str, tuple[Case, Context]] = {}
        if request.examples:
            for shortened, case in example_cases(version, request.inputs):
                (context,) = self._previewing.render_all(shortened, [case])
                found.setdefault(case.hash, (case, context))
        if not request.examples or request.cases or request.selection:
            cases = self._versions.cases_to_render(
                version.prompt.name, request.cases, request.inputs, request.unsaved, request.selection
            ) or [NO_CASE]
            new: dict[str, Case] = {}
            for case in cases:
                if case.hash not in found:
                    new.setdefault(case.hash, case)
            contexts = self._previewing.render_all(version, list(new.values()))
            found |= zip(new, zip(new.values(), contexts, strict=True), strict=True)
        return target, list(found.values())

    def _askings(
        self,
        target: Target,
        rendered: list[tuple[Case, Context]],
        models: Sequence[Model],
        request: Request,
    ) -> list[Asking]:
        """Return the contenders that a version makes, each with what it is asked."""
        version, limits = target.version, self._settings.limits
        hashes = [context_hash(context.messages) for _, context in rendered]
        askings: list[Asking] = []
        for model in models:
            self._ready(model)
            for over in swept(request.params):
                params = self._previewing.params_for(version, model, over)
                asked: list[Asked] = []
                for (case, context), hashed in zip(rendered, hashes, strict=True):
                    call = Call(
                        model,
                        context.messages,
                        params,
                        version.prompt.schema,
                        timeout=limits.timeout,
                        # Only a stream tells when its first token comes.
                        stream=request.stream or limits.first_token is not None,
                        first_token=limits.first_token,
                    )
                    keys = tuple(call_key(call, sample, hashed) for sample in range(1, request.samples + 1))
                    asked.append(Asked(case, context, hashed, call, keys))
                askings.append(Asking(target, model, over, asked))
        return askings

    async def _questions(
        self, asking: Asking, answers: Mapping[str, Result]
    ) -> tuple[list[Question], list[Misfitting]]:
        """Return the questions to one contender, and why it cannot be asked.

        Only what is not answered yet is counted: the rest costs nothing, and a count may take an engine or
        an encoding that has to be loaded first.
        """
        version = asking.target.version
        open_ones = [asked for asked in asking.asked if any(key not in answers for key in asked.keys)]
        previews = []
        if open_ones:
            contexts = [asked.context for asked in open_ones]
            previews = await self._previewing.for_model_all(version, contexts, asking.model, asking.over)
        found = dict(zip((asked.keys for asked in open_ones), previews, strict=True))
        questions = [
            question for asked in asking.asked for question in asking.questions(asked, found.get(asked.keys))
        ]
        return questions, [misfit for preview in previews for misfit in asking.misfits(preview)]


def _check_size(request: Request, asked: int) -> None:
    """Raise UsageError for too large a plan, of which so many cases of one target and model are known."""
    cells = max(asked, 1) * request.samples * math.prod(len(values) for values in request.params.values())
    if cells > MOST_CELLS:
        raise UsageError(
            f"this run would ask for {cells:,} answers, and {MOST_CELLS:,} is the most",
            hint="Choose fewer cases, models, values of params or samples.",
        )


def _identity(cell: Cell) -> tuple[str, ...]:
    """Return what sets a cell apart: prompt and version, case, and the call (model, params and sample)."""
    return cell.contender.prompt, cell.contender.version, cell.case_hash, cell.call_key


def _warnings(target: Target, rendered: list[tuple[Case, Context]]) -> tuple[str, ...]:
    """Return a warning for each input that is given in vain, and one where there is nothing to render."""
    if not rendered:
        return (f"{target.version.prompt.name} {target.version.short} has no examples to make cases of",)
    return unused(target.version, (case for case, _ in rendered))


def _nothing_to_ask(targets: list[Target], cases: Mapping[str, object]) -> UsageError:
    if targets and not cases:
        return UsageError(
            f"{targets[0].version.prompt.name} has no examples to make cases of",
            hint="Write them under “examples:” of the prompt.",
        )
    return UsageError(
        "there is no model to ask", hint=f"Name one with -m, or under defaults: models: in {FILE_NAME}."
    )
