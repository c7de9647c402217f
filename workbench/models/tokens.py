"""How many tokens a context has, for the whole, each message and each segment, so that everything adds up."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from workbench.context.messages import Context, Message, Origin, Segment
from workbench.errors import ModelUnreadyError
from workbench.models.catalogue import BASE_ENCODING
from workbench.models.composed import Composed
from workbench.models.model import Model
from workbench.models.price_map import litellm_folder
from workbench.project.yaml import Value

if TYPE_CHECKING:
    from tiktoken import Encoding

# OpenAI's rule for chat messages, from its cookbook, “How to count tokens with tiktoken”: three tokens a
# message and those of its role, and three that prime the reply.
# https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb
_A_MESSAGE = 3
_THE_REPLY = 3

_ROLE_LINE = re.compile(rb"\s*([a-z_]{1,20})[ \t]*(?:\n|$)")


@dataclass(frozen=True)
class Correction:
    """What a provider reported for a model's contexts in earlier runs, and what was estimated for the same.

    Both are sums of tokens over all observations; the estimates are raw totals, before any correction.
    """

    reported: int
    estimated: int
    observations: int


@dataclass(frozen=True)
class TokenCount:
    """The tokens of a context for one model.

    ``messages`` add up with ``overhead`` to ``total``, and each of ``segments`` to its message: a token
    belongs to the segment where its first byte lies. ``exact`` says whether the provider will count the same;
    ``observations`` is how many reports are behind a correction, 0 for none. ``raw_total`` is the total
    before any correction: it is what later corrections are made from.
    """

    total: int
    messages: tuple[int, ...]
    segments: tuple[tuple[int, ...], ...]
    overhead: int
    exact: bool
    observations: int
    raw_total: int


class Tokenizers:
    """The tiktoken encodings that LiteLLM bundles, each loaded when it is first asked for.

    Loading takes 0.3 s and is safe in any thread; counting after it runs at about 15 MB/s.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._encodings: dict[str, Encoding] = {}
        self._lengths: dict[str, _Lengths] = {}

    def load(self, name: str) -> Encoding:
        """Return this encoding; raises ModelUnreadyError where its file is not there (nothing is fetched)."""
        encoding = self._encodings.get(name)
        if encoding is not None:
            return encoding
        with self._lock:
            if name not in self._encodings:
                loaded = _load(name)
                self._lengths[name] = _Lengths(loaded.decode_single_token_bytes)
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
        encoding, lengths = self.load(name), self._lengths[name]
        messages, segments = [], []
        overhead = _THE_REPLY
        for message, parts in zip(context.messages, context.segments, strict=True):
            ids = encoding.encode_ordinary(message.content)
            messages.append(len(ids))
            segments.append(_split(ids, lengths, message.content, parts))
            overhead += _A_MESSAGE + len(encoding.encode_ordinary(message.role))
        if schema is not None:
            overhead += len(encoding.encode_ordinary(json.dumps(schema, ensure_ascii=False)))
        total = sum(messages) + overhead
        exact = model.exact and model.encoding is not None and schema is None
        count = TokenCount(total, tuple(messages), tuple(segments), overhead, exact, 0, total)
        return count if exact or correction is None else corrected(count, correction)


def corrected(count: TokenCount, correction: Correction) -> TokenCount:
    """Return the count times reported over estimated, rounded cumulatively so that everything adds up."""
    if not (correction.observations and correction.estimated > 0 and correction.reported > 0):
        return count
    so_far = reached = 0

    def scaled(part: int) -> int:
        nonlocal so_far, reached
        so_far += part
        before = reached
        # Half rounded up, in whole numbers: floats would lose exactness on long contexts.
        reached = (2 * so_far * correction.reported + correction.estimated) // (2 * correction.estimated)
        return reached - before

    # A message without segments is one part of its own.
    parts = [[scaled(part) for part in (own or (whole,))] for whole, own in _paired(count)]
    overhead = scaled(count.overhead)
    return TokenCount(
        total=reached,
        messages=tuple(sum(own) for own in parts),
        segments=tuple(tuple(own) if count.segments[at] else () for at, own in enumerate(parts)),
        overhead=overhead,
        exact=False,
        observations=correction.observations,
        raw_total=count.raw_total,
    )


def count_composed(
    context: Context, composed: Composed, *, schema: Mapping[str, Value] | None = None
) -> tuple[Context, TokenCount]:
    """Return the context as the embedded model receives it, and its tokens.

    What the chat template inserts by itself becomes a message of origin *engine* at its place; control
    tokens, role names and the newlines around them are overhead. Exact, except with a schema.
    """
    prompt = composed.prompt.encode("utf-8", "surrogatepass")
    starts = [at for at, control in zip(composed.offsets, composed.control, strict=True) if not control]
    inserted = _inserted(prompt, composed)
    messages: list[Message] = []
    segments: list[tuple[Segment, ...]] = []
    counts: list[tuple[int, ...]] = []
    wholes: list[int] = []

    def add(message: Message, own: tuple[Segment, ...], start: int, ends: list[int]) -> None:
        marks = [bisect_left(starts, at) for at in (start, *ends)]
        messages.append(message)
        segments.append(own)
        wholes.append(marks[-1] - marks[0])
        counts.append(between(marks[1:], marks[0]) if own else ())

    for at in range(len(context.messages) + 1):
        for role, start, end in inserted.get(at, ()):
            text = prompt[start:end].decode("utf-8", "replace")
            add(Message(role, text), (Segment(Origin.ENGINE, "chat template", 0, len(text)),), start, [end])
        if at < len(context.messages):
            message, own, (start, end) = context.messages[at], context.segments[at], composed.contents[at]
            # Some templates trim a content: the offsets of its segments are then counted from what is left.
            trimmed = max(message.content.encode("utf-8", "surrogatepass").find(prompt[start:end]), 0)
            ends = [min(max(start + each - trimmed, start), end) for each in byte_ends(message.content, own)]
            add(message, own, start, [*ends[:-1], end])
    total = len(composed.ids)
    overhead = total - sum(wholes)
    count = TokenCount(total, tuple(wholes), tuple(counts), overhead, schema is None, 0, total)
    return Context(tuple(messages), tuple(segments)), count


def _inserted(prompt: bytes, composed: Composed) -> dict[int, list[tuple[str, int, int]]]:
    """Return what the chat template wrote itself: role, start and end in bytes, by the message after it.

    It is what stands between control tokens, outside every content, and is more than a role's name: three
    words at least. Its role is the line before it that is one word, else that of the stretch before, else
    system.
    """
    found: dict[int, list[tuple[str, int, int]]] = {}
    role = "system"
    content_ends = [end for _, end in composed.contents]
    for start, end, opens in _outside_contents(len(prompt), composed):
        name = _ROLE_LINE.match(prompt, start, end) if opens else None
        if name:
            role = name[1].decode()
        text = prompt[name.end() if name else start : end]
        if len(text.split()) >= 3:
            first = end - len(text.lstrip())
            found.setdefault(bisect_right(content_ends, start), []).append(
                (role, first, first + len(text.strip()))
            )
    return found


def _outside_contents(length: int, composed: Composed) -> Iterator[tuple[int, int, bool]]:
    """Yield the byte ranges outside control tokens and contents, and whether each follows a control token."""
    offsets = (*composed.offsets, length)
    taken = [(offsets[at], offsets[at + 1], True) for at, control in enumerate(composed.control) if control]
    taken += [(start, end, False) for start, end in composed.contents]
    reached, opens = 0, True
    for start, end, control in sorted(taken):
        if start > reached:
            yield reached, start, opens
        reached, opens = max(reached, end), control
    if length > reached:
        yield reached, length, opens


def byte_ends(content: str, segments: Sequence[Segment]) -> list[int]:
    """Return for each segment the byte offset in the content, as UTF-8, where it ends."""
    if content.isascii():
        return [segment.end for segment in segments]
    lengths = (len(content[each.start : each.end].encode("utf-8", "surrogatepass")) for each in segments)
    return list(accumulate(lengths))


def between(ends: Sequence[int], first: int = 0) -> tuple[int, ...]:
    """Return the steps from each running sum to the next, from ``first`` on."""
    return tuple(after - before for before, after in zip((first, *ends), ends, strict=False))


class _Lengths(dict[int, int]):
    """Bytes of each token, learnt as they are met: a table of all 200,000 would cost 130 ms."""

    def __init__(self, spell: Callable[[int], bytes]) -> None:
        super().__init__()
        self._spell = spell

    def __missing__(self, token: int) -> int:
        length = self[token] = len(self._spell(token))
        return length


def _split(ids: list[int], lengths: _Lengths, content: str, segments: Sequence[Segment]) -> tuple[int, ...]:
    """Return the tokens of each segment, which cover the content without gap or overlap."""
    if len(segments) < 2:
        return (len(ids),) if segments else ()
    starts = list(accumulate(map(lengths.__getitem__, ids), initial=0))[:-1]
    ends = [bisect_left(starts, end) for end in byte_ends(content, segments)]
    return between([*ends[:-1], len(ids)])


def _paired(count: TokenCount) -> Iterator[tuple[int, tuple[int, ...]]]:
    return zip(count.messages, count.segments, strict=True)


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
