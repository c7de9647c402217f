"""An answer while it arrives: one place that gathers pieces, keeps the time and strips a repeated prefill.

A prefill is stripped only from answers of those who may repeat it, for words that are merely like it can be
the model's own. Who repeats it is known by provider:

- Mistral does (https://github.com/SillyTavern/SillyTavern/issues/2557).
- Servers of one's own that speak the OpenAI protocol do or do not: llama.cpp did until it was given an
  ``echo`` parameter (https://github.com/ggml-org/llama.cpp/pull/23089), vLLM does where it is asked to.
  Others, vLLM by default among them, let the model begin anew, and it may write the same words again.
  Nothing in an answer says which, so words like the prefill are taken for the prefill.
- The other hosted providers and the embedded engine do not.

One case is plain all the same. After the prefill ``[`` the answer ``["a"], ["b"]]`` begins with a bracket of
its own: only with both brackets is it JSON. So a final answer has its words back where they are needed to
make JSON of it; the deltas, which had to go out before the end was known, lack them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from workbench.context.messages import Message
from workbench.models.calls import Answer, Call, Delta, Usage
from workbench.models.doors import failures
from workbench.models.doors.chat_protocol import Piece
from workbench.models.doors.halves import Halves
from workbench.models.doors.tool_calls import ToolCalls


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("[", "{"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def prefill_of(messages: tuple[Message, ...]) -> str:
    """Return the text of a trailing assistant message, which some servers repeat before their own words."""
    return messages[-1].content if messages and messages[-1].role == "assistant" else ""


_ECHOING = frozenset(
    "mistral codestral openai hosted_vllm llamafile lm_studio openai_like custom_openai litellm_proxy "
    "xinference docker_model_runner".split()
)
"""Providers that repeat a prefill, or stand for servers of one's own which may."""


def echoed(call: Call) -> str:
    """Return the prefill of a call where its answer may repeat it, else nothing."""
    return prefill_of(call.messages) if call.model.provider in _ECHOING else ""


def _length(piece: Piece) -> int:
    """Return how many characters a piece adds to what is kept."""
    tools = sum(len(part.name) + len(part.arguments) for part in piece.tools)
    return len(piece.text) + len(piece.reasoning) + len(piece.refusal) + tools


class Arriving:
    """Gathers the pieces of one answer. The clock starts when it is made."""

    def __init__(self, prefill: str = "", clock: Callable[[], float] = time.perf_counter) -> None:
        self._prefill = prefill
        self._held: str | None = "" if prefill else None
        self._stripped = False
        self._text_halves, self._reasoning_halves, self._refusal_halves = Halves(), Halves(), Halves()
        self._clock = clock
        self._started = clock()
        self._ttft: float | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._tools = ToolCalls()
        self._kept = 0
        self._usage = Usage()
        self._model: str | None = None
        self.finish: str | None = None
        self.begun = False

    def take(self, piece: Piece) -> Delta | None:
        """Add a piece; return the words that it lets through, or None where there are none to show.

        The first token is told even where it has no words to show yet: an empty delta then says that the
        model has begun. Raises CallError where all pieces together say more than an answer may.
        """
        self._kept += _length(piece)
        if self._kept > failures.MOST_BYTES:
            raise failures.too_long()
        self.begun = self.begun or piece.choices > 0
        self.finish = piece.finish or self.finish
        self._usage = piece.usage or self._usage
        self._model = piece.model or self._model
        self._refusal.append(self._refusal_halves.take(piece.refusal))
        for part in piece.tools:
            self._tools.add(part)
        first = self._ttft is None and bool(piece.text or piece.reasoning or piece.refusal or piece.tools)
        if first:
            self._ttft = self._clock() - self._started
        text = self._without_prefill(self._text_halves.take(piece.text))
        shown = self._let_through(text, self._reasoning_halves.take(piece.reasoning))
        return Delta() if first and shown is None else shown

    def rest(self) -> Delta | None:
        """Return what was held back because it might have become more, now that nothing follows."""
        held, self._held = self._held or "", None
        return self._let_through(held + self._text_halves.rest(), self._reasoning_halves.rest())

    def answer(self, *, streamed: bool = True) -> Answer:
        """Return the final record; a reply that came in one piece has no time to first token."""
        refusal = "".join(self._refusal)
        return Answer(
            text=self._final_text(),
            reasoning="".join(self._reasoning),
            refusal=refusal or None,
            finish=self.finish,
            usage=self._usage,
            ttft=self._ttft if streamed else None,
            total=self._clock() - self._started,
            model=self._model,
            tool_calls=self._tools.joined(),
        )

    def _without_prefill(self, text: str) -> str:
        if self._held is None or not text:
            return text
        arrived = self._held + text
        if len(arrived) < len(self._prefill) and self._prefill.startswith(arrived):
            self._held = arrived
            return ""
        self._held = None
        self._stripped = arrived.startswith(self._prefill)
        return arrived.removeprefix(self._prefill)

    def _final_text(self) -> str:
        text = "".join(self._text)
        own = self._prefill + text
        if self._stripped and _is_json(self._prefill + own) and not _is_json(own):
            return own
        return text

    def _let_through(self, text: str, reasoning: str) -> Delta | None:
        if not text and not reasoning:
            return None
        self._text.append(text)
        self._reasoning.append(reasoning)
        return Delta(text, reasoning)
