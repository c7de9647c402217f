"""A call to a model and what comes back: the words that the gateway, its doors and the runner share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from workbench.context.messages import Message
from workbench.models.model import Model
from workbench.project.yaml import Value


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider reported them; None where it said nothing.

    ``input`` counts cached tokens too; ``output`` counts reasoning tokens too.
    """

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True)
class Call:
    """One question to one model.

    ``timeout`` is in seconds, for the whole answer; ``first_token`` for the first of it where it streams,
    None for no limit of its own.
    """

    model: Model
    messages: tuple[Message, ...]
    params: Mapping[str, Value] = field(default_factory=dict)
    schema: Mapping[str, Value] | None = None
    timeout: float = 60.0
    stream: bool = True
    first_token: float | None = None


@dataclass(frozen=True)
class ToolCall:
    """A tool that a model asked for in its answer; ``arguments`` are JSON as the model wrote it."""

    name: str
    arguments: str = ""


@dataclass(frozen=True)
class Delta:
    """Text as it arrives; ``reasoning`` is thinking aloud that is not part of the answer."""

    text: str = ""
    reasoning: str = ""


@dataclass(frozen=True)
class Retrying:
    """A try that failed and will be made again after ``wait`` seconds; text that had arrived is void.

    ``kind``, ``sent`` and ``retry_after`` are those of its CallError. Whoever closes the events here prevents
    the next try, and the time that whoever reads them takes here counts as waited.
    """

    tries: int
    reason: str
    wait: float
    kind: str
    sent: bool = True
    retry_after: float | None = None


@dataclass(frozen=True)
class Answer:
    """The final record of a call.

    ``text`` excludes the prefill whatever the server echoes. ``finish`` is the provider's finish reason
    (``stop``, ``length``, ``content_filter`` …). ``refusal`` is the model's refusal where it gave one
    apart from its text, ``tool_calls`` the tools it asked for. ``ttft`` (time to first token) and ``total``
    are seconds; ``model`` is the string the server answered with.
    """

    text: str
    reasoning: str = ""
    refusal: str | None = None
    finish: str | None = None
    usage: Usage = Usage()
    ttft: float | None = None
    total: float = 0.0
    model: str | None = None
    tries: int = 1
    tool_calls: tuple[ToolCall, ...] = ()


CallEvent: TypeAlias = Delta | Retrying | Answer


class Door(Protocol):
    """A way to models. Deltas first, then exactly one Answer; raises CallError where there is none.

    A door makes each call once: retries are the gateway's.
    """

    def ask(self, call: Call, key: str | None) -> AsyncIterator[Delta | Answer]:
        """Make the call, with this key or none."""
        ...

    async def close(self) -> None:
        """Let go of sessions and child processes."""
        ...
