"""A server on 127.0.0.1 that speaks the OpenAI chat-completions protocol and answers by script, or
misbehaves.

In an asynchronous test::

    async with Loopback(["first answer", rate_limited(retry_after=0), "second answer"]) as server:
        ...  # call server.url, which ends in /v1
        assert server.requests[0].body["messages"] == [...]
        assert server.requests[0].headers["Authorization"] == "Bearer k"

For a workbench in another process, the same in a thread of its own::

    with Loopback("yes").in_thread() as server:
        subprocess.run([...])

A script is one of:

- a text or a ``Reply``: the answer to every request
- a list of them: the n-th answers the n-th request, the last all that follow
- a function of the request's body and its number from 0, which returns a text or a ``Reply``
- nothing: every request is answered with its last user message

Every way to answer is a field of ``Reply``; the functions below it name the common misdeeds. Tokens are
words: ``usage.prompt_tokens`` is the number of words in all messages, ``completion_tokens`` that of the
answer (with ``reasoning`` counted in). The log keeps every request, in order; ``requests[n].dropped`` is an
event that is set when the client went away before the answer was whole, and ``most_at_once`` how many were
under way together.

By hand: ``python -m tests.support.loopback [PORT [TEXT]]``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Body = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """One answer. With a status of 400 or more, ``text`` is the message of the error."""

    text: str = ""
    reasoning: str = ""
    reasoning_field: str = "reasoning_content"
    refusal: str | None = None
    tools: Sequence[tuple[str, str]] = ()
    """The tools it asks for: name, and arguments as JSON, which a stream brings in pieces."""
    finish: str | None = "stop"
    status: int = 200
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before the first byte."""
    gap: float = 0.0
    """Seconds between two pieces of a stream."""
    pieces: Sequence[str] | None = None
    """How the text is cut for streaming; by words where it is not said."""
    ending: str = "done"
    """How a stream ends: ``done`` as it should, ``silent`` without [DONE], ``stall`` or ``cut`` after half
    of the pieces, ``error`` with an error object after half of them, ``early`` cleanly but too soon."""
    odd: bool = False
    """Legal but odd: comments, CRLF, other fields, and bytes cut anywhere, also within a character."""
    ascii: bool = False
    """Whether a stream writes other letters as escapes, as some servers do."""
    lines: int = 1
    """With ``odd``: data lines of an event, 1 or 2."""
    usage: bool = True
    """Whether the server reports tokens."""
    heard: int | None = None
    """The tokens of input it reports; the words of all messages where it is not said."""
    echo_prefill: bool = False
    cached: int = 0
    model: str = "loopback-1"
    raw: bytes | None = None
    """Exactly these bytes as the body, with this content type."""
    content_type: str | None = None


def rate_limited(retry_after: float | str | None = None) -> Reply:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Reply("Rate limit reached", status=429, code="rate_limit_exceeded", headers=headers)


def out_of_quota() -> Reply:
    return Reply("You exceeded your current quota", status=429, code="insufficient_quota")


def failing(status: int = 500, text: str = "The server had an error") -> Reply:
    return Reply(text, status=status)


def unauthorized() -> Reply:
    """A refusal that repeats the key it was given, as some servers do."""
    return Reply("Incorrect API key provided: {key}", status=401, code="invalid_api_key")


def too_long() -> Reply:
    text = "This model's maximum context length is 10 tokens. However, your messages resulted in 20 tokens."
    return Reply(text, status=400, code="context_length_exceeded")


def malformed() -> Reply:
    return Reply(raw=b'data: {"choices": [{"delta"\n\n', content_type="text/event-stream")


def wrong_type() -> Reply:
    return Reply(raw=b"<html>Welcome to the hotel's network</html>", content_type="text/html")


def error_object() -> Reply:
    """An error with status 200."""
    error = {"error": {"message": "The server is overloaded", "type": "server_error", "code": 503}}
    return Reply(raw=json.dumps(error).encode(), content_type="application/json")


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    body: Body
    headers: Mapping[str, str]
    dropped: asyncio.Event
    peer: tuple[str, int]

    @property
    def texts(self) -> list[str]:
        return [message["content"] for message in self.body["messages"]]


Script = str | Reply | Sequence[str | Reply] | Callable[[Body, int], str | Reply] | None


class Loopback:
    """The server; see the module's docstring."""

    def __init__(self, script: Script = None, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """With ``tls`` it is reached by https."""
        self._script = script
        self._port = port
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self._under_way = 0
        self.url = ""
        self.requests: list[Request] = []
        self.most_at_once = 0

    async def __aenter__(self) -> Loopback:
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/chat/completions", self._answer)
        app.router.add_get("/v1/models", self._models)
        # Cancelling handlers is how the server learns at once that a client went away.
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls)
        await site.start()
        self.url = f"http{'s' if self._tls else ''}://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @contextlib.contextmanager
    def in_thread(self) -> Iterator[Loopback]:
        """Serve from a thread of its own, for tests that block."""
        loop = asyncio.new_event_loop()
        loop.run_until_complete(self.__aenter__())
        thread = threading.Thread(target=loop.run_forever, name="loopback")
        thread.start()
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self.__aexit__(), loop).result(timeout=10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _reply(self, body: Body, number: int) -> Reply:
        script = self._script
        if script is None:
            said = [message["content"] for message in body["messages"] if message["role"] == "user"]
            script = said[-1] if said else ""
        elif callable(script):
            script = script(body, number)
        elif not isinstance(script, str | Reply):
            script = script[min(number, len(script) - 1)]
        return Reply(script) if isinstance(script, str) else script

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "loopback-1", "object": "model"}]})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        arrived = Request(
            body, request.headers.copy(), asyncio.Event(), request.transport.get_extra_info("peername")
        )
        self.requests.append(arrived)
        reply = self._reply(body, len(self.requests) - 1)
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            await asyncio.sleep(reply.delay)
            return await _respond(request, body, reply)
        except (asyncio.CancelledError, ConnectionError):
            arrived.dropped.set()
            raise
        finally:
            self._under_way -= 1


async def _respond(request: web.Request, body: Body, reply: Reply) -> web.StreamResponse:
    if reply.status >= 400:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        error = {"message": reply.text.replace("{key}", key), "type": "error", "code": reply.code}
        return web.json_response({"error": error}, status=reply.status, headers=reply.headers)
    if reply.raw is not None:
        headers = {"Content-Type": reply.content_type or "application/json", **reply.headers}
        return web.Response(body=reply.raw, headers=headers)
    if not body.get("stream"):
        return web.json_response(_whole(body, reply), headers=reply.headers)
    return await _stream(request, body, reply)


def _prefill(body: Body, reply: Reply) -> str:
    last = body["messages"][-1]
    return last["content"] if reply.echo_prefill and last["role"] == "assistant" else ""


def _usage(body: Body, reply: Reply) -> Body:
    reasoning = len(reply.reasoning.split())
    words = sum(len(str(message["content"]).split()) for message in body["messages"])
    heard = words if reply.heard is None else reply.heard
    said = len(reply.text.split()) + reasoning
    return {
        "prompt_tokens": heard,
        "completion_tokens": said,
        "total_tokens": heard + said,
        "prompt_tokens_details": {"cached_tokens": reply.cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


def _whole(body: Body, reply: Reply) -> Body:
    message: Body = {"role": "assistant", "content": _prefill(body, reply) + reply.text}
    if reply.reasoning:
        message[reply.reasoning_field] = reply.reasoning
    if reply.refusal is not None:
        message |= {"content": None, "refusal": reply.refusal}
    if reply.tools:
        message |= {"content": message["content"] or None}
        message["tool_calls"] = [_tool(number, *tool) for number, tool in enumerate(reply.tools)]
    choice = {"index": 0, "message": message, "finish_reason": reply.finish}
    usage = {"usage": _usage(body, reply)} if reply.usage else {}
    return _chunk(reply, [choice]) | {"object": "chat.completion"} | usage


def _tool(number: int, name: str, arguments: str) -> Body:
    asked = {"name": name, "arguments": arguments}
    return {"id": f"call_{number}", "type": "function", "function": asked}


def _tool_deltas(reply: Reply) -> Iterator[Body]:
    for number, (name, arguments) in enumerate(reply.tools):
        middle = len(arguments) // 2
        yield {"content": None, "tool_calls": [{"index": number} | _tool(number, name, "")]}
        for piece in (arguments[:middle], arguments[middle:]):
            yield {"tool_calls": [{"index": number, "function": {"arguments": piece}}]}


def _chunk(reply: Reply, choices: list[Body]) -> Body:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": reply.model,
        "choices": choices,
    }


def _deltas(body: Body, reply: Reply) -> list[Body]:
    pieces = (
        reply.pieces or re.findall(r"\s*\S+\s*$|\s*\S+", reply.text) or ([reply.text] if reply.text else [])
    )
    prefill = _prefill(body, reply)
    # The echo comes in two pieces, so that half of it is once all that has arrived.
    echo = [prefill[: len(prefill) // 2], prefill[len(prefill) // 2 :]] if prefill else []
    deltas: list[Body] = [{"role": "assistant", "content": ""}]
    deltas += [{reply.reasoning_field: word} for word in re.findall(r"\s*\S+", reply.reasoning)]
    deltas += [{"content": piece} for piece in (*echo, *pieces)]
    if reply.refusal is not None:
        middle = len(reply.refusal) // 2
        deltas += [{"refusal": piece} for piece in (reply.refusal[:middle], reply.refusal[middle:])]
    return [*deltas, *_tool_deltas(reply)]


async def _stream(request: web.Request, body: Body, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **reply.headers})
    await response.prepare(request)
    deltas = _deltas(body, reply)
    whole = reply.ending in ("done", "silent")
    for delta in deltas if whole else deltas[: len(deltas) // 2 + 1]:
        await _send(response, _chunk(reply, [{"index": 0, "delta": delta, "finish_reason": None}]), reply)
        await asyncio.sleep(reply.gap)
    if reply.ending == "stall":
        await asyncio.sleep(3600)
    elif reply.ending == "cut":
        assert request.transport is not None
        request.transport.abort()
    elif reply.ending == "error":
        await _send(
            response, {"error": {"message": "Overloaded", "type": "overloaded_error", "code": 529}}, reply
        )
    elif whole:
        await _send(
            response, _chunk(reply, [{"index": 0, "delta": {}, "finish_reason": reply.finish}]), reply
        )
        if reply.usage and (body.get("stream_options") or {}).get("include_usage"):
            await _send(response, _chunk(reply, []) | {"usage": _usage(body, reply)}, reply)
        if reply.ending == "done":
            await response.write(b"data: [DONE]\n\n")
    return response


async def _send(response: web.StreamResponse, chunk: Body, reply: Reply) -> None:
    text = json.dumps(chunk, ensure_ascii=reply.ascii)
    if not reply.odd:
        await response.write(f"data: {text}\n\n".encode())
        return
    # JSON may be broken at a comma between its values, where a line break is white space.
    data = text.replace(', "object"', '\r\ndata: , "object"', 1) if reply.lines == 2 else text
    event = f": keep-alive\r\nevent: message\r\nid: 1\r\ndata:{data}\r\n\r\n".encode()
    for start in range(0, len(event), 7):
        await response.write(event[start : start + 7])
        await asyncio.sleep(0)  # let each piece leave by itself


async def _serve(port: int, script: Script) -> None:
    async with Loopback(script, port=port) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            _serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0, sys.argv[2] if len(sys.argv) > 2 else None)
        )
