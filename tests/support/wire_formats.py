"""Servers on 127.0.0.1 that speak the protocols of Anthropic, Gemini and Ollama as these document them.

::

    async with Wire("anthropic", Said("Hello")) as server:
        ...  # call server.api_base
        assert server.requests[0].body["messages"] == [...]

Sources: https://docs.anthropic.com/en/api/messages and …/messages-streaming,
https://ai.google.dev/api/generate-content, https://github.com/ollama/ollama/blob/main/docs/api.md.
``Said`` is what the model says, whatever the protocol; a ``Failing`` in its place refuses in the protocol's
own way. Each server reports ``INPUT`` and its like, as far as its protocol has words for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Body = dict[str, Any]

ANSWERING = {
    "anthropic": "claude-lab-20260101",
    "gemini": "gemini-lab-001",
    "ollama": "smol:latest",
}
"""The protocols, and the model that each server says it answers with."""

INPUT, CACHED, OUTPUT, REASONING = 30, 10, 20, 8
"""Tokens: ``INPUT`` with those cached, ``OUTPUT`` with those of reasoning."""


@dataclass(frozen=True)
class Said:
    """What a model says: ``pieces`` of text, and a tool it asks for as name and arguments.

    ``stop`` is ``end``, ``limit``, ``refused`` or, for Gemini alone, ``blocked`` before a word.
    A stream breaks off after its first piece where ``breaking`` is ``error`` (with an error object),
    ``cut``, or ``early`` (cleanly, but too soon).
    """

    text: str = ""
    reasoning: str = ""
    tools: Sequence[tuple[str, Body]] = ()
    stop: str = "end"
    breaking: str | None = None

    @property
    def pieces(self) -> list[str]:
        middle = len(self.text) // 2
        return [piece for piece in (self.text[:middle], self.text[middle:]) if piece]


@dataclass(frozen=True)
class Failing:
    """A refusal, by what it is about: ``busy``, ``overloaded``, ``key``, ``long`` or ``unknown``."""

    why: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: Body


class Wire:
    """A server of one protocol that answers every question alike."""

    def __init__(self, protocol: str, reply: Said | Failing) -> None:
        self._protocol = protocol
        self._reply = reply
        self._runner: web.AppRunner | None = None
        self.api_base = ""
        self.requests: list[Request] = []

    async def __aenter__(self) -> Wire:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.api_base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        if self._protocol == "gemini":
            self.api_base += "/v1beta"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if request.path == "/api/show":  # what Ollama is asked about a model before the model is asked
            return web.json_response({"template": "", "capabilities": ["completion", "tools", "thinking"]})
        self.requests.append(Request(request.path_qs, request.headers.copy(), body))
        if isinstance(self._reply, Failing):
            key = next(filter(None, map(request.headers.get, _KEY_HEADERS)), "").removeprefix("Bearer ")
            status, error = FAILURES[self._protocol][self._reply.why]
            said = json.loads(json.dumps(error).replace("{key}", key))
            return web.json_response(said, status=status, headers=self._reply.headers)
        streamed = "stream" in request.path or bool(body.get("stream"))
        speak = _SPEAKING[self._protocol]
        if not streamed:
            return web.json_response(speak(self._reply, False)[-1])
        return await self._stream(request, speak(self._reply, True))

    async def _stream(self, request: web.Request, chunks: list[Body]) -> web.StreamResponse:
        lines = self._protocol == "ollama"
        kind = "application/x-ndjson" if lines else "text/event-stream"
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        for chunk in chunks:
            text = json.dumps(chunk, ensure_ascii=False)
            if chunk == CUT:
                assert request.transport is not None
                request.transport.abort()
                return response
            event = f"event: {chunk['type']}\n" if self._protocol == "anthropic" else ""
            await response.write((f"{text}\n" if lines else f"{event}data: {text}\n\n").encode())
        return response


_KEY_HEADERS = ("x-api-key", "x-goog-api-key", "Authorization")

CUT: Body = {"cut": True}
"""Stands for the end of the connection among the chunks of a stream."""


def _broken(reply: Said, error: Body) -> list[Body]:
    return {"cut": [CUT], "error": [error], "early": []}[reply.breaking or "early"]


def _anthropic(reply: Said, streamed: bool) -> list[Body]:
    heard = {"input_tokens": INPUT - CACHED, "cache_creation_input_tokens": 0}
    heard["cache_read_input_tokens"] = CACHED
    message: Body = {"id": "msg_1", "type": "message", "role": "assistant", "model": ANSWERING["anthropic"]}
    stop = {"end": "tool_use" if reply.tools else "end_turn", "limit": "max_tokens", "refused": "refusal"}
    ended = {"stop_reason": stop[reply.stop], "stop_sequence": None}
    if not streamed:
        blocks = [block for block, _ in _anthropic_blocks(reply)]
        return [message | ended | {"content": blocks, "usage": heard | {"output_tokens": OUTPUT}}]
    begun = message | {"content": [], "stop_reason": None, "stop_sequence": None}
    chunks: list[Body] = [
        {"type": "message_start", "message": begun | {"usage": heard | {"output_tokens": 1}}},
        {"type": "ping"},
    ]
    for index, (block, deltas) in enumerate(_anthropic_blocks(reply)):
        empty: Body = {key: {"input": {}}.get(key, "") for key in block if key not in ("type", "id", "name")}
        chunks.append({"type": "content_block_start", "index": index, "content_block": block | empty})
        for delta in deltas:
            chunks.append({"type": "content_block_delta", "index": index, "delta": delta})
            if reply.breaking and block["type"] == "text":
                error = FAILURES["anthropic"]["overloaded"][1]
                return chunks + _broken(reply, error)
        chunks.append({"type": "content_block_stop", "index": index})
    chunks.append({"type": "message_delta", "delta": ended, "usage": {"output_tokens": OUTPUT}})
    return [*chunks, {"type": "message_stop"}]


def _anthropic_blocks(reply: Said) -> Iterator[tuple[Body, list[Body]]]:
    if reply.reasoning:
        block = {"type": "thinking", "thinking": reply.reasoning, "signature": "c2ln"}
        thought = {"type": "thinking_delta", "thinking": reply.reasoning}
        yield block, [thought, {"type": "signature_delta", "signature": "c2ln"}]
    if reply.text:
        deltas = [{"type": "text_delta", "text": piece} for piece in reply.pieces]
        yield {"type": "text", "text": reply.text}, deltas
    for number, (name, given) in enumerate(reply.tools):
        text = json.dumps(given, ensure_ascii=False)
        parts = ["", text[:3], text[3:]]
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in parts]
        yield {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": given}, deltas


def _gemini(reply: Said, streamed: bool) -> list[Body]:
    stop = {"end": "STOP", "limit": "MAX_TOKENS", "refused": "SAFETY"}.get(reply.stop, "")
    usage = {
        "promptTokenCount": INPUT,
        "cachedContentTokenCount": CACHED,
        "candidatesTokenCount": OUTPUT - REASONING,
        "thoughtsTokenCount": REASONING,
        "totalTokenCount": INPUT + OUTPUT,
    }
    parts: list[Body] = [{"text": reply.reasoning, "thought": True}] if reply.reasoning else []
    parts += [{"text": piece} for piece in reply.pieces]
    parts += [{"functionCall": {"name": name, "args": given}} for name, given in reply.tools]

    def chunk(some: list[Body], **more: str) -> Body:
        candidate: Body = {"index": 0} | more
        if some:
            candidate["content"] = {"role": "model", "parts": some}
        named = {"modelVersion": ANSWERING["gemini"], "responseId": "r1"}
        return {"candidates": [candidate], "usageMetadata": usage, **named}

    if reply.stop == "blocked":
        blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": ANSWERING["gemini"]}
        return [blocked | {"usageMetadata": {"promptTokenCount": INPUT, "totalTokenCount": INPUT}}]
    if not streamed:
        return [chunk(parts, finishReason=stop)]
    if reply.breaking:
        return [chunk(parts[:1]), *_broken(reply, FAILURES["gemini"]["overloaded"][1])]
    # The last chunk brings words as well as the reason to stop, as Gemini's does.
    return [*(chunk([part]) for part in parts[:-1]), chunk(parts[-1:], finishReason=stop)]


def _ollama(reply: Said, streamed: bool) -> list[Body]:
    named = {"model": ANSWERING["ollama"], "created_at": "2026-01-01T00:00:00.000000Z"}
    stop = {"end": "stop", "limit": "length", "refused": "stop"}[reply.stop]
    ended = {"done": True, "done_reason": stop, "prompt_eval_count": INPUT, "eval_count": OUTPUT}
    calls = [{"function": {"name": name, "arguments": given}} for name, given in reply.tools]
    tools = {"tool_calls": calls} if calls else {}
    thinking = {"thinking": reply.reasoning} if reply.reasoning else {}

    def chunk(content: str, **more: Any) -> Body:
        return named | {"message": {"role": "assistant", "content": content, **more}, "done": False}

    if not streamed:
        return [chunk(reply.text, **thinking, **tools) | ended]
    chunks = [chunk("", **thinking)] if thinking else []
    chunks += [chunk(piece) for piece in reply.pieces]
    chunks += [chunk("", **tools)] if tools else []
    if reply.breaking:
        return [chunks[0], *_broken(reply, {"error": "the model runner has stopped"})]
    return [*chunks, chunk("") | ended]


_SPEAKING = {"anthropic": _anthropic, "gemini": _gemini, "ollama": _ollama}


def _of_anthropic(kind: str, message: str) -> Body:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def _of_gemini(code: int, status: str, message: str, *details: Body) -> Body:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


FAILURES: Mapping[str, Mapping[str, tuple[int, Body]]] = {
    "anthropic": {
        "busy": (429, _of_anthropic("rate_limit_error", "This request would exceed your rate limit")),
        "overloaded": (529, _of_anthropic("overloaded_error", "Overloaded")),
        "key": (401, _of_anthropic("authentication_error", "invalid x-api-key: {key}")),
        "long": (
            400,
            _of_anthropic("invalid_request_error", "prompt is too long: 205000 tokens > 200000 maximum"),
        ),
        "unknown": (404, _of_anthropic("not_found_error", "model: claude-lab")),
    },
    "gemini": {
        "busy": (
            429,
            _of_gemini(
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your rate of requests. Please retry in 7s.",
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"},
            ),
        ),
        "overloaded": (503, _of_gemini(503, "UNAVAILABLE", "The model is overloaded.")),
        "key": (
            400,
            _of_gemini(
                400,
                "INVALID_ARGUMENT",
                "API key not valid: {key}. Please pass a valid API key.",
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"},
            ),
        ),
        "long": (
            400,
            _of_gemini(
                400,
                "INVALID_ARGUMENT",
                "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            ),
        ),
        "unknown": (404, _of_gemini(404, "NOT_FOUND", "models/gemini-lab is not found for API version")),
    },
    "ollama": {
        "busy": (429, {"error": "too many requests"}),
        "overloaded": (503, {"error": "server busy, please try again. maximum pending requests exceeded"}),
        "key": (401, {"error": "unauthorized: {key}"}),
        "long": (400, {"error": "the input length exceeds the context length"}),
        "unknown": (404, {"error": "model 'smol' not found"}),
    },
}
