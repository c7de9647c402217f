"""The embedded model: an engine in a child process of its own, and the door to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.context.messages import Message
from workbench.errors import CallError
from workbench.models.calls import Answer, Call, Delta
from workbench.models.composed import Composed
from workbench.models.composing import Composer, Token
from workbench.models.doors import failures
from workbench.models.doors.arriving import Arriving
from workbench.models.doors.chat_protocol import Piece, read_usage
from workbench.models.doors.children import Child, Shared
from workbench.models.doors.sse import EventStream
from workbench.models.model import Model
from workbench.models.weights import BUNDLED, find_weights, install, readiness, ready_file
from workbench.project.yaml import Value

if TYPE_CHECKING:
    import aiohttp

__all__ = ["BUNDLED", "PARAMS", "EmbeddedDoor", "Engine", "find_weights", "install", "readiness"]

CHILD = "workbench.models.engine_child"

WINDOW = 8192
"""Tokens of context that the engine makes room for, unless the model's entry says otherwise."""

SLOTS = 1
"""Calls at once; more wait in the engine.

With two, 7 of 40 answers at temperature 0 came out differently where a prompt of over 512 tokens ran beside
another, and on one thread two at once are no faster than one after the other.
"""

PARAMS = frozenset(
    "temperature top_p top_k min_p max_tokens stop seed presence_penalty frequency_penalty "
    "repeat_penalty".split()
)
"""Params that the engine takes, by the names it knows them by."""


@dataclass(frozen=True)
class _Running:
    child: Child
    session: aiohttp.ClientSession
    window: int


class Engine:
    """One model file in one child process, which belongs to the event loop of the first call until ``close``.

    It is started by the first use, shared by all users, and started anew after a crash. What it raises is
    CallError, with kind ``engine`` where the child could not start, or died.
    """

    def __init__(self, file: Path, window: int = WINDOW) -> None:
        self._file = file
        self._window = window
        self._composer = Composer(self)
        self._session: aiohttp.ClientSession | None = None
        self._running: Shared[_Running] = Shared(self._load, lambda running: running.child.alive)

    async def start(self) -> None:
        """Load the model where it is not loaded, which takes about a second."""
        await self._running.get()

    async def close(self) -> None:
        """End the child process."""
        running = await self._running.take()
        if self._session is not None:
            await self._session.close()
        if running is not None:
            await running.child.end()

    async def pid(self) -> int:
        """Return the process id of the child."""
        return (await self._running.get()).child.pid

    async def window(self) -> int:
        """Return how many tokens a prompt and its answer may have together."""
        return (await self._running.get()).window

    async def compose(self, messages: Sequence[Message]) -> Composed:
        """Return exactly the tokens that a call with these messages sends, and where they lie."""
        return await self._composer.compose(messages)

    async def tokenize(self, text: str) -> list[bytes]:
        """Return the tokens of a text in which nothing acts as a control token."""
        return [token.piece for token in await self.tokens(text, special=False)]

    async def template(self, messages: Sequence[Message]) -> str:
        """Return the chat template's text for these messages, ready for the model to go on."""
        asked = [{"role": message.role, "content": message.content} for message in messages]
        prompt = (await self._post("/apply-template", {"messages": asked}))["prompt"]
        assert isinstance(prompt, str)
        return prompt

    async def tokens(self, text: str, *, special: bool, first: bool = False) -> list[Token]:
        """Return the tokens of a text; see ``composing.Tokenizer``."""
        asked = {"content": text, "add_special": first, "parse_special": special, "with_pieces": True}
        # In a thread: a long text has thousands, and the screen must not wait for them.
        return await asyncio.to_thread(_tokens, await self._said("/tokenize", asked))

    async def complete(self, body: dict[str, Value]) -> AsyncGenerator[dict[str, Value], None]:
        """Yield the chunks of a completion, in the protocol of ``/v1/completions``."""
        import aiohttp  # late, as in _load

        running = await self._running.get()
        events = EventStream()
        try:
            async with running.session.post("/v1/completions", json=body | {"stream": True}) as response:
                if response.status != 200:
                    raise _refusal(response.status, await response.read())
                async for chunk in response.content.iter_any():
                    for data in events.feed(chunk):
                        if data != "[DONE]":
                            yield json.loads(data)
        except aiohttp.ClientError as error:
            raise await _crashed(running) from error

    async def _post(self, path: str, body: dict[str, Value]) -> dict[str, Value]:
        said = json.loads(await self._said(path, body))
        assert isinstance(said, dict)
        return said

    async def _said(self, path: str, body: dict[str, Value]) -> bytes:
        import aiohttp  # late, as in _load

        running = await self._running.get()
        try:
            async with running.session.post(path, json=body) as response:
                text = await response.read()
        except aiohttp.ClientError as error:
            raise await _crashed(running) from error
        if response.status != 200:
            raise _refusal(response.status, text)
        return text

    async def _load(self) -> _Running:
        # Importing aiohttp takes 0.2 s, which a start that calls no model should not pay.
        import aiohttp

        if self._session is not None:  # of a child that has died
            await self._session.close()
        try:
            child = await Child.start(CHILD, str(self._file), str(self._window), str(SLOTS), extra={})
        except OSError as error:
            raise CallError(
                f"the engine cannot be started: {error}", kind="engine", retriable=False
            ) from error
        running = None
        try:
            greeting = await child.receive()
            if greeting is None:
                raise CallError(
                    f"the engine died while it loaded {self._file.name}: {await child.died(within=2.0)}",
                    kind="engine",
                    retriable=True,
                )
            if "error" in greeting:
                message = f"the engine cannot load {self._file.name}: {greeting['error']}"
                raise CallError(message, kind="engine", retriable=False)
            self._session = aiohttp.ClientSession(
                f"http://127.0.0.1:{greeting['port']}",
                headers={"Authorization": f"Bearer {greeting['key']}"},
                # The engine closes its connections without a word, often just as the next request goes out.
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                timeout=aiohttp.ClientTimeout(total=None),
            )
            async with self._session.get("/props") as response:
                props = await response.json()
            running = _Running(child, self._session, props["default_generation_settings"]["n_ctx"])
        except aiohttp.ClientError as error:
            raise CallError("the engine died while it started", kind="engine", retriable=True) from error
        finally:
            if running is None:
                child.kill()
        return running


def _tokens(said: bytes) -> list[Token]:
    """Return the tokens of a text as the engine tells them.

    A piece that is not valid UTF-8 by itself comes as a list of bytes.
    """
    return [
        Token(
            token["id"],
            token["piece"].encode() if isinstance(token["piece"], str) else bytes(token["piece"]),
        )
        for token in json.loads(said)["tokens"]
    ]


class EmbeddedDoor:
    """The door to the embedded models: one engine for each model file, kept until ``close``.

    ``root`` is the project's folder, from which ``local/…`` paths are read; ``cache`` is a folder in which to
    remember that the weights have been verified, or None to verify them at each start.
    """

    def __init__(self, root: Path | None, cache: Path | None) -> None:
        self._root = root
        self._cache = cache
        self._engines: dict[tuple[str, int], Engine] = {}

    async def engine(self, model: Model) -> Engine:
        """Return the engine of a ``local/…`` model, not yet started; raises ModelUnreadyError."""
        window = model.window or WINDOW
        place = (model.string, window)
        if place not in self._engines:
            file = await asyncio.to_thread(ready_file, model.string, self._root, self._cache)
            self._engines.setdefault(place, Engine(file, window))
        return self._engines[place]

    async def ask(self, call: Call, key: str | None) -> AsyncIterator[Delta | Answer]:
        """Make the call once; yields deltas where it streams, then the answer; raises CallError."""
        engine = await self.engine(call.model)
        composed = await engine.compose(call.messages)
        body = await _body(call, composed, engine)
        arriving = Arriving()  # the engine repeats no prefill, so words like it are the model's own
        async with aclosing(engine.complete(body)) as chunks:
            async for chunk in chunks:
                delta = arriving.take(_piece(chunk, call.model))
                if delta and call.stream:
                    yield delta
        if arriving.finish is None:
            raise CallError("the engine's answer broke off", kind="engine", retriable=True)
        yield arriving.answer(streamed=call.stream)

    async def close(self) -> None:
        """End all engines."""
        for engine in self._engines.values():
            await engine.close()
        self._engines.clear()


async def _body(call: Call, composed: Composed, engine: Engine) -> dict[str, Value]:
    window = await engine.window()
    if len(composed.ids) >= window:
        message = f"the context has {len(composed.ids)} tokens, and the window of this model {window}"
        raise CallError(message, kind="context_window", retriable=False)
    unknown = sorted(set(call.params) - PARAMS)
    if unknown:
        message = f"the embedded model takes no param “{unknown[0]}”"
        raise CallError(message, kind="request", retriable=False)
    # The numbers of the tokens and not their text: what was counted is what is sent.
    body = dict(call.params) | {"prompt": list(composed.ids), "stream_options": {"include_usage": True}}
    if call.schema is not None:
        body["json_schema"] = call.schema
    return body


def _piece(chunk: dict[str, Value], model: Model) -> Piece:
    if "error" in chunk:
        raise _refusal(500, json.dumps(chunk).encode())
    choice = chunk["choices"][0] if chunk.get("choices") else {}
    return Piece(
        text=choice.get("text") or "",
        finish=choice.get("finish_reason"),
        usage=read_usage(chunk.get("usage")),
        model=model.string,  # the engine itself would answer with the file's path on this machine
        choices=1,
    )


def _refusal(status: int, body: bytes) -> CallError:
    said = json.loads(body)
    failure = failures.of_status(status, failures.error_words(said), {}, None)
    if failure.kind in ("server", "authentication"):
        return CallError(failure.message, kind="engine", retriable=True)
    return failure


async def _crashed(running: _Running) -> CallError:
    how = await running.child.died(within=2.0)
    message = f"the engine crashed: {how}" if how else "the engine closed the connection"
    return CallError(message, kind="engine", retriable=True)
