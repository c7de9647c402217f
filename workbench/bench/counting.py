"""Counting a context for any model: by tiktoken, or by asking the embedded engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from workbench.context.messages import Context
from workbench.models.embedded import EmbeddedDoor
from workbench.models.estimate import Typical
from workbench.models.model import Model
from workbench.models.tokens import Correction, TokenCount, Tokenizers, count_composed
from workbench.project.yaml import Value
from workbench.store.store import Store


class Counting:
    """Counts contexts, with what earlier runs reported as correction."""

    def __init__(self, tokenizers: Tokenizers, embedded: EmbeddedDoor, store: Store) -> None:
        self._tokenizers = tokenizers
        self._embedded = embedded
        self._store = store

    async def count(
        self, context: Context, model: Model, schema: Mapping[str, Value] | None = None
    ) -> tuple[Context, TokenCount]:
        """Return the context as this model receives it, and its tokens.

        The embedded engine inserts messages of its own; for every other model the context comes back as it is.
        Raises ModelUnreadyError where the engine or an encoding is missing, CallError where the engine fails.
        """
        if model.local:
            engine = await self._embedded.engine(model)
            composed = await engine.compose(context.messages)
            return count_composed(context, composed, schema=schema)
        return context, await asyncio.to_thread(self._by_tiktoken, context, model, schema)

    def typical(self, prompt: str, model: Model) -> Typical:
        """Return what past results of this prompt and model wrote."""
        mean, observations = self._store.runs.typical_output(prompt, model.string)
        return Typical(None if mean is None else round(mean), observations)

    def _by_tiktoken(self, context: Context, model: Model, schema: Mapping[str, Value] | None) -> TokenCount:
        correction = None
        if not model.exact or schema is not None:
            correction = Correction(*self._store.runs.reported(model.string, model.api_base))
        return self._tokenizers.count(context, model, schema=schema, correction=correction)
