"""Previewing: the exact context of a prompt and a case, with its tokens and its price for each model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.bench.counting import Counting
from workbench.bench.versions import Target, Versions
from workbench.context.messages import Context
from workbench.context.render import unused_inputs
from workbench.context.worker import RenderWorker
from workbench.errors import CallError, ModelUnreadyError
from workbench.models.catalogue import Catalogue
from workbench.models.estimate import CostEstimate, estimate
from workbench.models.fit import problems
from workbench.models.model import Model
from workbench.models.tokens import TokenCount
from workbench.project.settings import Settings
from workbench.project.yaml import Value
from workbench.prompts.cases import Case, choose
from workbench.prompts.version import Version
from workbench.runs.plan import merged


@dataclass(frozen=True)
class ModelPreview:
    """What one model makes of the context.

    ``context`` is what this model receives, with what its engine inserts. ``count`` and ``cost`` are None where they
    cannot be known, and ``unready`` then says why. ``problems`` would keep a run from starting.
    """

    model: Model
    params: Mapping[str, Value]
    context: Context
    count: TokenCount | None
    cost: CostEstimate | None
    problems: tuple[str, ...] = ()
    unready: str | None = None


@dataclass(frozen=True)
class Preview:
    """A rendered context and what each model makes of it; ``warnings`` are one line each."""

    target: Target
    case: Case | None
    context: Context
    models: tuple[ModelPreview, ...]
    warnings: tuple[str, ...] = ()

    @property
    def shown(self) -> Context:
        """The context as the first model receives it."""
        return self.models[0].context if self.models else self.context


class Previewing:
    """Renders and counts."""

    def __init__(
        self, settings: Settings, catalogue: Catalogue, versions: Versions, worker: RenderWorker, counting: Counting
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._versions = versions
        self._worker = worker
        self._counting = counting

    def models_of(self, version: Version, named: Sequence[str] = ()) -> tuple[Model, ...]:
        """Return the models to ask: those named, else the prompt's own, else the project's defaults."""
        names = named or version.prompt.models or self._settings.default_models
        return tuple(self._catalogue.resolve(name) for name in dict.fromkeys(names))

    def params_for(self, version: Version, model: Model, over: Mapping[str, Value]) -> dict[str, Value]:
        """Return the params of a call: defaults, then the model's, the prompt's, and those given at last."""
        return merged(self._settings.default_params, model.params, version.prompt.params, over)

    def case_for(
        self, name: str, case: str | None, inputs: Mapping[str, Value], unsaved: Mapping[str, bytes] | None = None
    ) -> Case | None:
        """Return the case to render: the one named, else the first, with ``inputs`` over its own.

        With inputs alone that make a case of their own, or with none at all, no case of the files is used: None is a
        prompt that needs no inputs.
        """
        cases = self._versions.cases(name, unsaved)
        if case is not None:
            chosen = choose(cases, case, name)
        elif inputs:
            return Case("inputs", inputs)
        elif cases:
            chosen = cases[0]
        else:
            return None
        if not inputs:
            return chosen
        return Case(f"{chosen.name}+inputs", {**chosen.inputs, **inputs}, place=chosen.place)

    async def preview(
        self,
        target: str,
        case: str | None = None,
        inputs: Mapping[str, Value] | None = None,
        models: Sequence[str] = (),
        unsaved: Mapping[str, bytes] | None = None,
    ) -> Preview:
        """Return the context of a target and a case, counted and priced for each model.

        Raises UsageError and its kinds for what cannot be read or rendered. A model that is not ready is no error.
        """
        loaded, chosen, context = await asyncio.to_thread(self.render, target, case, inputs or {}, unsaved)
        warnings = [
            f"the input “{name}” of the case is not used by this version"
            for name in unused_inputs(loaded.version, chosen.inputs if chosen else ())
        ]
        found = [
            await self.for_model(loaded.version, context, model) for model in self.models_of(loaded.version, models)
        ]
        return Preview(loaded, chosen, context, tuple(found), tuple(warnings))

    def render(
        self, target: str, case: str | None, inputs: Mapping[str, Value], unsaved: Mapping[str, bytes] | None = None
    ) -> tuple[Target, Case | None, Context]:
        """Return the version, the case and the rendered context; blocks while the worker renders."""
        loaded = self._versions.load(target, unsaved)
        chosen = self.case_for(loaded.version.prompt.name, case, inputs, unsaved)
        values = chosen.inputs if chosen else {}
        return loaded, chosen, self._worker.render(loaded.version, values, chosen.place if chosen else None)

    async def for_model(
        self, version: Version, context: Context, model: Model, over: Mapping[str, Value] | None = None
    ) -> ModelPreview:
        """Return what one model makes of a rendered context."""
        schema = version.prompt.schema
        params = self.params_for(version, model, over or {})
        try:
            received, count = await self._counting.count(context, model, schema)
        except (ModelUnreadyError, CallError) as unready:
            found = problems(model, params, schema, context.prefill)
            return ModelPreview(model, params, context, None, None, found, str(unready))
        typical = await asyncio.to_thread(self._counting.typical, version.prompt.name, model)
        cost = estimate(model, params, count.total, typical)
        found = problems(model, params, schema, context.prefill, count)
        return ModelPreview(model, params, received, count, cost, found)
