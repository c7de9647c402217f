"""Counting a context for any model: by tiktoken, or by asking the embedded engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from workbench.context.messages import Context
from workbench.models.composed import count_composed
from workbench.models.correction import Correction, fitted
from workbench.models.embedded import WINDOW, EmbeddedDoor, Engine
from workbench.models.estimate import Typical
from workbench.models.model import Model
from workbench.models.tokens import TokenCount, Tokenizers
from workbench.project.yaml import Value
from workbench.store.records import Renamed
from workbench.store.store import Store


@dataclass(frozen=True)
class Past:
    """What earlier runs teach about a prompt and a model.

    ``correction`` is None where the count is exact, or nothing was reported yet; ``renamed`` where the same
    model answered throughout.
    """

    correction: Correction | None
    typical: Typical
    renamed: Renamed | None = None


_FAR = 1.5
"""Windows past which a context cannot be sent, however far the estimate of its tokens is off."""

NO_PAST = Past(None, Typical())
"""What is known where there are no earlier runs."""


class Counting:
    """Counts contexts, with what earlier runs reported as correction.

    ``check_trust`` raises ModelUnreadyError for a model that only a trusted project may name.
    """

    def __init__(
        self,
        tokenizers: Tokenizers,
        embedded: EmbeddedDoor,
        store: Store,
        check_trust: Callable[[Model], None],
    ) -> None:
        self._tokenizers = tokenizers
        self._embedded = embedded
        self._store = store
        self._check_trust = check_trust

    def past(self, prompt: str, model: Model, schema: Mapping[str, Value] | None) -> Past:
        """Return what past results say of this prompt and this model; reads the store."""
        correction = None
        if not model.local and (not model.exact or schema is not None):
            observations = self._store.counts.observations
            correction = fitted(observations(model.string, model.api_base, with_schema=schema is not None))
        typical = self._store.counts.typical_output(prompt, model.string, model.api_base)
        renamed = None if model.local else self._store.counts.renamed(model.string, model.api_base)
        return Past(correction, Typical.of(*typical), renamed)

    async def count(
        self, contexts: Sequence[Context], model: Model, schema: Mapping[str, Value] | None, past: Past
    ) -> list[tuple[Context, TokenCount]]:
        """Return each context as this model receives it, and its tokens.

        The embedded engine inserts messages of its own; for every other model a context comes back as it is,
        and so does one far past the engine's window, which the engine would take seconds to count in vain.
        Raises ModelUnreadyError where the engine, an encoding or trust is missing, CallError where the engine
        fails.
        """
        if model.local:
            self._check_trust(model)
            engine = await self._embedded.engine(model)
            return [await self._composed(engine, context, model, schema) for context in contexts]

        def by_tiktoken() -> list[tuple[Context, TokenCount]]:
            count = self._tokenizers.count
            return [
                (context, count(context, model, schema=schema, correction=past.correction))
                for context in contexts
            ]

        return await asyncio.to_thread(by_tiktoken)

    async def _composed(
        self, engine: Engine, context: Context, model: Model, schema: Mapping[str, Value] | None
    ) -> tuple[Context, TokenCount]:
        far = _FAR * (model.window or WINDOW)
        # Loading tiktoken's encoding takes 0.3 s, which a short context need not pay.
        if sum(len(message.content) for message in context.messages) > far:
            estimate = await asyncio.to_thread(self._tokenizers.count, context, model, schema=schema)
            if estimate.total > far:
                return context, estimate
        composed = await engine.compose(context.messages)
        return await asyncio.to_thread(count_composed, context, composed, schema=schema)
