"""What is asked once more: the rest of a run, what failed in it, or one result anew."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from workbench.bench.requests import Prepared
from workbench.errors import UsageError
from workbench.models.calls import Call
from workbench.models.catalogue import Catalogue
from workbench.models.estimate import Typical, estimate
from workbench.models.model import Model
from workbench.project.settings import Settings
from workbench.runs.plan import Plan, Question, make_plan
from workbench.store.records import ANSWERED, Cell
from workbench.store.store import Store


class Resuming:
    """Plans from what is stored, whatever has been edited since.

    ``ready`` raises ModelUnreadyError for a model that cannot be called yet; ``slowest`` says which model of
    a plan will take longest, and how many seconds.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        store: Store,
        ready: Callable[[Model], object],
        slowest: Callable[[Plan], tuple[str, float] | None],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._store = store
        self._ready = ready
        self._slowest = slowest

    def resume(self, run: int | None, *, stream: bool, failed_only: bool) -> Prepared:
        """Return what is left of a run, the last one by default, or only what failed in it.

        Raises StoreError where there is no such run, ModelUnreadyError for a model that is left to be asked
        and cannot be called.
        """
        record = self._store.runs.get(run)
        cells = self._store.runs.cells(record.id)
        left = [cell for cell in cells if not (cell.result and cell.result.status in ANSWERED)]
        asked = [cell for cell in left if not failed_only or (cell.result and cell.result.status == "error")]
        plan = make_plan(record.prompt, record.samples, self._questions(asked, stream), {})
        # What this run answered itself stays its own and is not marked as cached.
        open_cells = {cell.position: cell for cell in plan.cells}
        plan = replace(plan, cells=tuple(open_cells.get(cell.position, cell) for cell in cells))
        self._check_ready(plan)
        spent, unsure = self._store.runs.spent(record.id)
        return Prepared(
            plan,
            (),
            (),
            {},
            run=record.id,
            spent=spent,
            unsure=unsure,
            allowed=self._store.runs.cost_limit(record.id),
            slowest=self._slowest(plan),
            left_out=len(left) - len(asked),
        )

    def again(self, result: int, *, stream: bool) -> Prepared:
        """Return a run of one cell that asks a result anew, from the context that was sent.

        Raises StoreError where there is no such result, ModelUnreadyError where its model cannot be called.
        """
        cell = self._store.runs.cell_of_result(result)
        cell = replace(cell, position=0, run=0, result=None, cached=False)
        (question,) = self._questions([cell], stream)
        plan = make_plan(cell.contender.prompt, 1, [question], {})
        self._check_ready(plan)
        cases = {cell.case_hash: self._store.sources.inputs(cell.case_hash)}
        return Prepared(plan, (), (question.call.messages,), cases, slowest=self._slowest(plan))

    def _check_ready(self, plan: Plan) -> None:
        for model in {call.call.model.name: call.call.model for call in plan.calls}.values():
            self._ready(model)

    def _questions(self, cells: Iterable[Cell], stream: bool) -> list[Question]:
        """Return the questions of stored cells, with the contexts that were stored when they were planned."""
        context = functools.cache(self._store.sources.context)
        model_of, typical_of = functools.cache(self._model), functools.cache(self._typical)
        limits = self._settings.limits
        questions: list[Question] = []
        for cell in cells:
            contender = cell.contender
            model = model_of(contender.model, contender.string, contender.api_base)
            call = Call(
                model,
                context(cell.context),
                contender.params,
                json.loads(cell.schema) if cell.schema else None,
                limits.timeout,
                stream or limits.first_token is not None,
                limits.first_token,
            )
            typical = typical_of(contender.prompt, contender.string, contender.api_base)
            cost = estimate(model, contender.params, cell.shown or cell.estimated or 0, typical)
            questions.append(Question(cell, call, cell.estimated, cost))
        return questions

    def _typical(self, prompt: str, string: str, api_base: str | None) -> Typical:
        return Typical.of(*self._store.counts.typical_output(prompt, string, api_base))

    def _model(self, name: str, string: str, api_base: str | None) -> Model:
        """Return the model of a stored contender; raises UsageError where its entry says another one now."""
        model = self._catalogue.resolve(name if name in self._settings.models else string)
        if (model.string, model.api_base) != (string, api_base):
            was, now = string, model.string
            if was == now:
                was, now = (f"at {base or 'its provider'}" for base in (api_base, model.api_base))
            raise UsageError(
                f"the model “{name}” of this run was {was} and is now {now}",
                hint="Give the entry in .workbench.yml its former model and api_base, or make a new run.",
            )
        return model
