"""How many tokens a context has, for the whole, each message and each segment, so that everything adds up."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import floor
from typing import TYPE_CHECKING

from workbench.context.messages import Context
from workbench.errors import ModelUnreadyError
from workbench.models.catalogue import BASE_ENCODING
from workbench.models.correction import Correction
from workbench.models.model import Model
from workbench.models.pieces import Pieces
from workbench.models.price_map import litellm_folder
from workbench.project.yaml import Value

if TYPE_CHECKING:
    from tiktoken import Encoding

# OpenAI's rule for chat messages, from its cookbook, “How to count tokens with tiktoken”: three tokens a
# message and those of its role, and three that prime the reply.
# https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb
_A_MESSAGE = 3
_THE_REPLY = 3


@dataclass(frozen=True)
class TokenCount:
    """The tokens of a context for one model.

    ``messages`` add up with ``overhead`` to ``total``, and each of ``segments`` to its message: a token
    belongs to the segment where its first byte lies. ``schema`` is the part of ``overhead`` that the schema
    is, 0 without one. ``exact`` says whether the provider will count the same; ``observations`` is how many
    reports are behind a correction, 0 for none, and ``error`` how far off it has been on average, as a share
    of what was reported, None where nothing tells. ``raw_total`` is the total before any correction: it is
    what later corrections are made from; ``correction`` is the one that was applied.
    """

    total: int
    messages: tuple[int, ...]
    segments: tuple[tuple[int, ...], ...]
    overhead: int
    exact: bool
    observations: int
    raw_total: int
    schema: int = 0
    error: float | None = None
    correction: Correction | None = None


class Tokenizers:
    """The tiktoken encodings that LiteLLM bundles, each loaded when it is first asked for.

    Loading takes 0.3 s, counting runs at 15 MB/s, and what was counted lately is not encoded again. All of
    it is safe in any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._encodings: dict[str, Encoding] = {}
        self._pieces: dict[str, Pieces] = {}

    def load(self, name: str) -> Encoding:
        """Return this encoding; raises ModelUnreadyError where its file is not there (nothing is fetched)."""
        encoding = self._encodings.get(name)
        if encoding is not None:
            return encoding
        with self._lock:
            if name not in self._encodings:
                loaded = _load(name)
                self._pieces[name] = Pieces(loaded)
                self._encodings[name] = loaded
            return self._encodings[name]

    def count(
        self,
        context: Context,
        model: Model,
        *,
        schema: Mapping[str, Value] | None = None,
        correction: Correction | None = None,
    ) -> TokenCount:
        """Return the tokens of the context for this model.

        Exact for OpenAI models on OpenAI's own service, except with a schema, whose JSON is an estimate of
        what it adds; else an estimate on the model's base encoding, corrected by what was reported earlier.
        For the embedded engine it is an estimate to show until ``count_composed`` has its prompt.
        """
        name = model.encoding or BASE_ENCODING
        self.load(name)
        pieces = self._pieces[name]
        messages: list[int] = []
        segments: list[tuple[int, ...]] = []
        overhead = _THE_REPLY
        for message, parts in zip(context.messages, context.segments, strict=True):
            ends = [part.end for part in parts[:-1]]
            *marks, whole = pieces.before(message.content, [*ends, len(message.content)])
            messages.append(whole)
            segments.append(between([*marks, whole]) if parts else ())
            overhead += _A_MESSAGE + pieces.count(message.role)
        asked = 0 if schema is None else pieces.count(json.dumps(schema, ensure_ascii=False))
        overhead += asked
        total = sum(messages) + overhead
        exact = model.exact and model.encoding is not None and schema is None
        count = TokenCount(total, tuple(messages), tuple(segments), overhead, exact, 0, total, asked)
        return count if exact or correction is None else corrected(count, correction)


def corrected(count: TokenCount, correction: Correction) -> TokenCount:
    """Return the count as the correction would have it, rounded cumulatively so that everything adds up.

    Contents and schema are scaled; what each message and the whole have besides is overhead.
    """
    so_far = reached = 0

    def scaled(part: int) -> int:
        nonlocal so_far, reached
        so_far += part
        before, reached = reached, floor(so_far * correction.factor + 0.5)
        return reached - before

    # A message without segments is one part of its own.
    parts = [
        [scaled(part) for part in (own or (whole,))]
        for whole, own in zip(count.messages, count.segments, strict=True)
    ]
    schema = scaled(count.schema)
    # Where the provider wraps messages in fewer tokens than were estimated, no part may fall below nothing.
    total = max(correction.total(count.raw_total, len(count.messages)), reached)
    return replace(
        count,
        total=total,
        messages=tuple(sum(own) for own in parts),
        segments=tuple(tuple(own) if count.segments[at] else () for at, own in enumerate(parts)),
        overhead=total - reached + schema,
        exact=False,
        observations=correction.observations,
        schema=schema,
        error=correction.error,
        correction=correction,
    )


def between(ends: Sequence[int], first: int = 0) -> tuple[int, ...]:
    """Return the steps from each running sum to the next, from ``first`` on."""
    return tuple(after - before for before, after in zip((first, *ends), ends, strict=False))


def _load(name: str) -> Encoding:
    # Here and not at the top: a start that counts nothing should not pay the import.
    import tiktoken

    folder = litellm_folder() / "litellm_core_utils" / "tokenizers"
    # tiktoken names a cached file by the SHA-1 of its address, and fetches what it does not find there.
    address = f"https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"
    if not (folder / hashlib.sha1(address.encode(), usedforsecurity=False).hexdigest()).is_file():
        raise ModelUnreadyError(
            f"the tokenizer {name} is not among LiteLLM's files", hint="pip install --force-reinstall litellm"
        )
    with _variable("TIKTOKEN_CACHE_DIR", str(folder)):
        return tiktoken.get_encoding(name)


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    """Set an environment variable for a moment: it is the only way to tell tiktoken where its files are."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
