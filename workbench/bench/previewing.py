"""Previewing: the exact context of a prompt and a case, with its tokens and its price for each model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from workbench.bench.counting import NO_PAST, Counting
from workbench.bench.previews import NO_CASE, ModelPreview, Preview
from workbench.bench.versions import Target, Versions
from workbench.context.findings import Finding
from workbench.context.messages import Context
from workbench.context.sources import unread
from workbench.context.worker import RenderWorker
from workbench.errors import CallError, ModelUnreadyError, StoreError, WorkbenchError
from workbench.models.catalogue import Catalogue
from workbench.models.estimate import estimate
from workbench.models.fit import problems
from workbench.models.model import Model
from workbench.project.settings import Settings
from workbench.project.yaml import Value
from workbench.prompts.cases import Case
from workbench.prompts.version import Version
from workbench.runs.plan import merged


class Previewing:
    """Renders and counts. ``today`` tells the date."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        versions: Versions,
        worker: RenderWorker,
        live: RenderWorker,
        counting: Counting,
        today: Callable[[], date],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._versions = versions
        self._worker = worker
        self._live = live
        self._counting = counting
        self._today = today

    def models_of(self, version: Version, named: Sequence[str] = ()) -> tuple[Model, ...]:
        """Return the models to ask: those named, else the prompt's own, else the project's defaults."""
        names = named or version.prompt.models or self._settings.default_models
        return tuple(self._catalogue.resolve(name) for name in dict.fromkeys(names))

    def params_for(self, version: Version, model: Model, over: Mapping[str, Value]) -> dict[str, Value]:
        """Return the params of a call: defaults, then the model's, the prompt's, and those given at last."""
        return merged(self._settings.default_params, model.params, version.prompt.params, over)

    async def preview(
        self,
        target: str,
        case: str | None = None,
        inputs: Mapping[str, Value] | None = None,
        models: Sequence[str] = (),
        unsaved: Mapping[str, bytes] | None = None,
    ) -> Preview:
        """Return the context of a target and a case, counted and priced for each model.

        Raises UsageError and its kinds for what cannot be read or rendered. A model that is not ready is no
        error.
        """
        loaded, chosen, context = await asyncio.to_thread(self.render, target, case, inputs or {}, unsaved)
        found = [
            await self.for_model(loaded.version, context, model)
            for model in self.models_of(loaded.version, models)
        ]
        findings = await asyncio.to_thread(self.findings, loaded, chosen, context, found)
        # What a case in a file gives in vain is a finding, where that is looked for.
        typed = [chosen] if chosen is not None and chosen.place is None else []
        warnings = unused(loaded.version, typed)
        return Preview(loaded, chosen, context, tuple(found), warnings, findings)

    def findings(
        self, target: Target, case: Case | None, context: Context, models: Sequence[ModelPreview]
    ) -> tuple[Finding, ...]:
        """Return what is worth a second look; blocks for some milliseconds, and is meant for a thread."""
        # Its many patterns take 10 ms to compile, which only who looks for findings should pay.
        from workbench.bench.finding import find

        settings = self._settings
        return find(target.version, case, context, models, settings.findings, self._today(), settings.places)

    def turn(self) -> int:
        """Take the next turn in ``render``, when it is asked for: earlier ones give way from now on."""
        return self._live.turn()

    def render(
        self,
        target: str,
        case: str | None,
        inputs: Mapping[str, Value],
        unsaved: Mapping[str, bytes] | None = None,
        turn: int | None = None,
    ) -> tuple[Target, Case | None, Context]:
        """Return the version, the case (the first where none is named) and the rendered context.

        Blocks while rendering; a newer call makes an older one give way, by the ``turn`` each took. The case
        is None where there is none, for a prompt without inputs.
        """
        loaded = self._versions.load(target, unsaved)
        name = loaded.version.prompt.name
        cases = self._versions.cases_to_render(name, () if case is None else (case,), inputs, unsaved)
        chosen = cases[0] if cases else None
        shown = chosen or NO_CASE
        return loaded, chosen, self._live.render_newest(loaded.version, shown.inputs, shown.place, turn)

    def render_all(self, version: Version, cases: Sequence[Case]) -> list[Context]:
        """Return the context of each case; raises the first error there is. Blocks while rendering."""
        contexts = []
        for outcome in self._worker.render_all(version, [(case.inputs, case.place) for case in cases]):
            if isinstance(outcome, WorkbenchError):
                raise outcome
            contexts.append(outcome)
        return contexts

    async def for_model(self, version: Version, context: Context, model: Model) -> ModelPreview:
        """Return what one model makes of a rendered context."""
        return (await self.for_model_all(version, [context], model))[0]

    async def for_model_all(
        self,
        version: Version,
        contexts: Sequence[Context],
        model: Model,
        over: Mapping[str, Value] | None = None,
    ) -> list[ModelPreview]:
        """Return what one model makes of each of many contexts, with these params over all others."""
        schema = version.prompt.schema
        params = self.params_for(version, model, over or {})
        warning = None
        try:
            past = await asyncio.to_thread(self._counting.past, version.prompt.name, model, schema)
        except StoreError as broken:  # a prompt can be written and read without its past
            past, warning = NO_PAST, f"past results cannot be read: {broken.message}"
        try:
            counted = await self._counting.count(contexts, model, schema, past)
        except (ModelUnreadyError, CallError) as unready:
            return [
                ModelPreview(
                    model,
                    params,
                    context,
                    None,
                    None,
                    problems(model, params, schema, context.prefill),
                    str(unready),
                    warning,
                    past.renamed,
                )
                for context in contexts
            ]
        return [
            ModelPreview(
                model,
                params,
                received,
                count,
                estimate(model, params, count.total, past.typical),
                problems(model, params, schema, received.prefill, count),
                warning=warning,
                renamed=past.renamed,
            )
            for received, count in counted
        ]


def unused(version: Version, cases: Iterable[Case]) -> tuple[str, ...]:
    """Return a warning for each input of these cases that this version neither declares nor reads."""
    given = dict.fromkeys(name for case in cases for name in case.inputs)
    return tuple(
        f"the input “{name}” is not used by {version.prompt.name} {version.short}"
        for name in unread(version, given)
    )
