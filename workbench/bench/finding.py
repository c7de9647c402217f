"""Finding: what is worth a second look in a context and in the models that are to receive it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain, islice

from workbench.bench.inert import one_line
from workbench.bench.previews import ModelPreview
from workbench.bench.shown import percent, things
from workbench.context.control_tokens import control_tokens
from workbench.context.findings import Finding
from workbench.context.messages import Context
from workbench.context.passages import repeated
from workbench.context.second_look import equal_examples, few_examples, prefill_spaces, unused_inputs
from workbench.context.sources import example_messages
from workbench.context.tags import unclosed
from workbench.errors import Place
from workbench.models.fit import Misfit, unsupported
from workbench.models.model import Model
from workbench.project.switches import CODES, looked_for
from workbench.prompts.cases import Case
from workbench.prompts.version import Version

NEAR = 0.8
"""The share of a window from which a context is near its end."""

SOON = timedelta(days=90)
"""How long before a model is retired it is told."""

LONG_TEMPLATE = 2_000
"""Tokens of template and partials that are much."""

MOST = 100
"""Findings of one code that are told at most: more would bury all others."""


def find(
    version: Version,
    case: Case | None,
    context: Context,
    models: Sequence[ModelPreview],
    switched: Mapping[str, bool],
    today: date,
    places: Mapping[str, Place] | None = None,
) -> tuple[Finding, ...]:
    """Return the findings of a context and of the models that are to receive it, in the order of CODES.

    ``switched`` are the project's switches, over which those of the prompt win; ``places`` say where each
    model is configured. Offsets are in the context as the first model receives it. It takes some
    milliseconds and blocks, so that it is best called in a thread.
    """
    seen = _Seen(version, context, models, places or {})
    looks: dict[str, Iterable[Finding]] = {
        "repeat": repeated(version, context),
        "unused-input": unused_inputs(version, case),
        "unclosed-tag": unclosed(version, context),
        "near-window": seen.near_window(),
        "example-is-case": equal_examples(version, case, context),
        "control-tokens": control_tokens(version, context),
        "unpinned-model": seen.unpinned(),
        "model-changed": seen.changed(),
        "retiring-model": seen.retiring(today),
        "unsupported": seen.unsupported(),
        "prefill-space": prefill_spaces(context),
        "few-examples": few_examples(version),
        "long-template": seen.long_template(),
    }
    wanted = [code for code in CODES if looked_for(code, switched, version.prompt.findings)]
    found = dict.fromkeys(chain.from_iterable(islice(looks[code], MOST) for code in wanted))
    return tuple(_as_shown(finding, context, models) for finding in found)


def _as_shown(finding: Finding, context: Context, models: Sequence[ModelPreview]) -> Finding:
    """Return a finding with its message numbered among those that the first model receives."""
    shown = models[0].context if models else context
    if finding.at is None or len(shown.messages) == len(context.messages):
        return finding
    own = [number for number in range(len(shown.messages)) if not shown.inserted(number)]
    message, offset = finding.at
    return replace(finding, at=(own[message], offset) if message < len(own) else None)


class _Seen:
    """What each model makes of a context, looked at for what is worth telling."""

    def __init__(
        self,
        version: Version,
        context: Context,
        models: Sequence[ModelPreview],
        places: Mapping[str, Place],
    ) -> None:
        self._version = version
        self._context = context
        self._models = models
        self._places = places

    def near_window(self) -> Iterator[Finding]:
        """Yield a finding for each model whose window is nearly full."""
        for found in self._models:
            window = found.model.window
            if found.count is not None and window and found.count.total > NEAR * window:
                yield Finding(
                    "near-window",
                    f"the context fills {percent(found.count.total / window)} of the {window:,} tokens of "
                    f"{found.model.name}: shorten it or choose a model with a larger window",
                    self._place(found.model),
                )

    def unpinned(self) -> Iterator[Finding]:
        """Yield a finding for each model that may become another one under the same name."""
        for found in self._models:
            model = found.model
            if not model.pinned:
                yield Finding(
                    "unpinned-model",
                    f"{_named(model)} is not pinned to a dated version, and may answer otherwise tomorrow: "
                    "name a dated one",
                    self._place(model),
                )

    def changed(self) -> Iterator[Finding]:
        """Yield a finding for each model that answered as another one in an earlier run."""
        for found in self._models:
            renamed = found.renamed
            if renamed is not None:
                before, now = one_line(renamed.before), one_line(renamed.now)
                yield Finding(
                    "model-changed",
                    f"{_named(found.model)} answers as “{now}” since run {renamed.run}, and was “{before}” "
                    "before: do not compare its results across that run",
                    self._place(found.model),
                )

    def retiring(self, today: date) -> Iterator[Finding]:
        """Yield a finding for each model that its provider retires soon or has retired."""
        for found in self._models:
            model, retires = found.model, found.model.retires
            if retires is None or retires > today + SOON:
                continue
            days = (retires - today).days
            when = f"retires on {retires}, in {things(days, 'day')}"
            when = when if days > 0 else "retires today" if days == 0 else f"was retired on {retires}"
            yield Finding(
                "retiring-model", f"{_named(model)} {when}: choose another model", self._place(model)
            )

    def unsupported(self) -> Iterator[Finding]:
        """Yield a finding for each param, schema and prefill that a model does not support."""
        schema, prefill = self._version.prompt.schema, self._context.prefill
        for found in self._models:
            for misfit in unsupported(found.model, found.params, schema, prefill):
                at = (len(self._context.messages) - 1, 0) if misfit.what == "prefill" else None
                yield Finding("unsupported", misfit.reason, self._asked(misfit, found.model), at)

    def long_template(self) -> Iterator[Finding]:
        """Yield a finding where template and partials are long, by the first model that counts."""
        found = next((found for found in self._models if found.count is not None), None)
        if found is None or found.count is None:
            return
        pairs = example_messages(self._version, found.context)
        tokens = sum(
            tokens
            for message, counted in enumerate(found.count.segments)
            for segment, tokens in zip(found.context.segments[message], counted, strict=True)
            if segment.origin.is_own and message not in pairs
        )
        if tokens > LONG_TEMPLATE:
            prompt = self._version.prompt
            yield Finding(
                "long-template",
                f"template and partials are {tokens:,} tokens, over {LONG_TEMPLATE:,}: "
                "what is long is followed worse and costs more; shorten it",
                Place(prompt.path, prompt.template_line),
            )

    def _place(self, model: Model) -> Place:
        """Return where a model is configured, or named."""
        prompt = self._version.prompt
        if prompt.models and model.name in prompt.models and model.name not in self._places:
            return prompt.places.get(f"models.{prompt.models.index(model.name)}", Place(prompt.path, 1))
        return self._places.get(model.name, Place(prompt.path, 1))

    def _asked(self, misfit: Misfit, model: Model) -> Place:
        """Return where that was written which a model does not take."""
        prompt = self._version.prompt
        if misfit.what == "prefill":
            last = len(self._context.messages) - 1
            segments = self._context.segments[last]
            place = self._context.written_at(last, 0) or (segments[0].place if segments else None)
            return place or Place(prompt.path)
        key = "output" if misfit.what == "schema" else f"params.{misfit.what}"
        return prompt.places.get(key) or self._place(model)


def _named(model: Model) -> str:
    return model.string if model.name == model.string else f"{model.name} ({model.string})"
