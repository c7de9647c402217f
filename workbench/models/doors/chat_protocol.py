"""The OpenAI chat-completions protocol as plain data: the body of a call, and what a reply says.

Source: https://platform.openai.com/docs/api-reference/chat. Deltas of reasoning follow the usage of servers
(``reasoning_content`` in vLLM, llama.cpp and DeepSeek, ``reasoning`` in OpenRouter and Ollama).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.models.calls import Call, Usage
from workbench.models.doors import failures
from workbench.models.doors.tool_calls import ToolPart, read_tools
from workbench.project.yaml import Value

ENDED_IN_ERROR = "the server ended its answer in an error"

MOST_TOKENS = 10**9
"""Tokens of one call; a report of more, or of fewer than none, is taken as none."""


@dataclass(frozen=True)
class Piece:
    """What one chunk of a stream, or a whole reply, adds to an answer; None where it says nothing."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    tools: tuple[ToolPart, ...] = ()
    finish: str | None = None
    usage: Usage | None = None
    model: str | None = None
    choices: int = 0


def request_body(call: Call) -> dict[str, Value]:
    """Return the JSON body that asks for this call's answer."""
    params = dict(call.params)
    if "reasoning" in call.model.supports and "max_tokens" in params:
        # Reasoning models refuse the old name, because it does not count their thinking.
        params.setdefault("max_completion_tokens", params["max_tokens"])
        del params["max_tokens"]
    if call.schema is not None:
        params["response_format"] = response_format(call.schema)
    if call.stream:
        params["stream_options"] = {"include_usage": True}
    return params | {
        "model": call.model.string.removeprefix("openai/"),
        "messages": wire_messages(call),
        "stream": call.stream,
    }


def wire_messages(call: Call) -> list[dict[str, Value]]:
    """Return the messages as the protocol writes them."""
    return [{"role": message.role, "content": message.content} for message in call.messages]


def response_format(schema: Mapping[str, Value]) -> dict[str, Value]:
    """Return the parameter that binds an answer to a JSON schema."""
    return {"type": "json_schema", "json_schema": {"name": "output", "schema": schema, "strict": True}}


def read_piece(reply: Value, key: str | None) -> Piece:
    """Return what a chunk or a whole reply says.

    Raises CallError where it carries an error object, or is not what the protocol says.
    """
    if not isinstance(reply, dict):
        raise failures.protocol("the server sent something that is not a chat completion", key)
    if reply.get("error"):
        raise failures.of_error_object(reply["error"], key)
    choices = reply.get("choices") or []
    model = reply.get("model")
    usage = read_usage(reply.get("usage"))
    model = model if isinstance(model, str) else None
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise failures.protocol("the server sent choices that are not a list of objects", key)
    # One choice is asked for; the others of a server that sends more would only mix their words with it.
    choice = next((choice for choice in choices if choice.get("index") in (0, None)), None)
    if choice is None:
        return Piece(usage=usage, model=model)
    if choice.get("error") or choice.get("finish_reason") == "error":  # as OpenRouter ends a stream
        raise failures.of_error_object(choice.get("error") or ENDED_IN_ERROR, key)
    said = choice.get("delta") or choice.get("message") or {}
    if not isinstance(said, dict):
        raise failures.protocol("the server sent a message that is not an object", key)
    finish = choice.get("finish_reason")
    return Piece(
        text=_text(said.get("content")),
        reasoning=_text(said.get("reasoning_content") or said.get("reasoning") or _thinking(said)),
        refusal=_text(said.get("refusal")) or _text(said.get("content"), "refusal"),
        tools=read_tools(said),
        finish=finish if isinstance(finish, str) else None,
        usage=usage,
        model=model,
        choices=1,
    )


def read_usage(said: Value) -> Usage | None:
    """Return the tokens that a ``usage`` object reports, or None where there is none.

    A number that cannot be one of tokens is None too: it would spoil costs, and the store could not keep it.
    """
    if not isinstance(said, dict):
        return None
    cached = _count(said.get("prompt_tokens_details"), "cached_tokens")
    usage = Usage(
        input=_count(said, "prompt_tokens"),
        output=_count(said, "completion_tokens"),
        cached=_count(said, "prompt_cache_hit_tokens") if cached is None else cached,  # DeepSeek's word
        reasoning=_count(said.get("completion_tokens_details"), "reasoning_tokens"),
    )
    return None if usage == Usage() else usage  # some servers send an empty one after the full one


def _count(said: Value, name: str) -> int | None:
    count = said.get(name) if isinstance(said, dict) else None
    believed = isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST_TOKENS
    return count if believed else None


def _text(content: Value, part: str = "text") -> str:
    if isinstance(content, list):  # parts, as some servers send them: [{"type": "text", "text": …}]
        return "".join(_text(each.get(part)) for each in content if isinstance(each, dict))
    return content if isinstance(content, str) and part == "text" else ""


def _thinking(said: dict[str, Value]) -> list[Value]:
    """Return the parts of a content that are thinking, as Mistral's reasoning models send it."""
    content = said.get("content")
    if not isinstance(content, list):
        return []
    parts = (part.get("thinking") for part in content if isinstance(part, dict))
    return [each for part in parts if isinstance(part, list) for each in part]
