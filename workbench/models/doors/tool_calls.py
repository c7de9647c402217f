"""Tools that a model asks for: read from the parts that a reply has of them, and joined.

In a stream of the OpenAI protocol the name of a tool comes once and its arguments piece by piece, under an
``index`` (https://platform.openai.com/docs/api-reference/chat-streaming). Servers differ: some leave the
index out, and some give every call the same one, so that only its ``id`` tells it from the one before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from workbench.models.calls import ToolCall
from workbench.models.doors.halves import mended
from workbench.project.yaml import Value

MOST_CALLS = 1000
"""Tools that are kept of one answer; a model that asks for more is running wild."""


@dataclass(frozen=True)
class ToolPart:
    """What one chunk, or a whole reply, says of one tool; None and nothing where it does not say."""

    index: int | None = None
    id: str | None = None
    name: str = ""
    arguments: str = ""


def read_tools(said: dict[str, Value]) -> tuple[ToolPart, ...]:
    """Return what a message or a delta says of tools; what is not as the protocol has it is passed over."""
    tools, function = said.get("tool_calls"), said.get("function_call")
    if not tools and not function:
        return ()  # nearly every chunk of every stream
    parts = [_part(tool) for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    if not parts and isinstance(function, dict):  # the name of old, for one tool alone
        parts = [_part({"index": 0, "function": function})]
    return tuple(part for part in parts if part.name or part.arguments)


def _part(tool: dict[str, Value]) -> ToolPart:
    asked = tool.get("function") or tool.get("custom") or {}
    asked = asked if isinstance(asked, dict) else {}
    index, number, name = tool.get("index"), tool.get("id"), asked.get("name")
    return ToolPart(
        index if isinstance(index, int) else None,
        number if isinstance(number, str) and number else None,
        name if isinstance(name, str) else "",
        _arguments(asked.get("arguments", asked.get("input"))),
    )


def _arguments(said: Value) -> str:
    if said is None:
        return ""
    # Ollama and others send the object itself where the protocol wants its text.
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)


class ToolCalls:
    """Joins the parts of one answer to the calls that they are parts of."""

    def __init__(self) -> None:
        self._order: list[_Joining] = []
        self._latest: dict[int | None, _Joining] = {}

    def add(self, part: ToolPart) -> None:
        """Add a part, to the call it goes on with or as the beginning of another."""
        joining = self._latest.get(part.index)
        if joining is None or joining.ended_by(part):
            if len(self._order) == MOST_CALLS:
                return
            joining = self._latest[part.index] = _Joining(part.id, part.name)
            self._order.append(joining)
        joining.arguments.append(part.arguments)

    def joined(self) -> tuple[ToolCall, ...]:
        """Return the calls in the order in which they began."""
        return tuple(
            ToolCall(mended(joining.name), mended("".join(joining.arguments))) for joining in self._order
        )


class _Joining:
    def __init__(self, id: str | None, name: str) -> None:
        self.id = id
        self.name = name
        self.arguments: list[str] = []

    def ended_by(self, part: ToolPart) -> bool:
        """Return whether a part that came under the same index is of another call."""
        if part.id is not None and self.id is not None:
            return part.id != self.id
        return part.index is None and bool(part.name)
