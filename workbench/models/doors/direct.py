"""The lean door: the OpenAI chat-completions protocol over aiohttp, with as little between as can be."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from workbench.errors import CallError
from workbench.models.access import is_loopback
from workbench.models.calls import Answer, Call, Delta
from workbench.models.doors import failures
from workbench.models.doors.arriving import Arriving, echoed
from workbench.models.doors.chat_protocol import read_piece, request_body
from workbench.models.doors.sse import EventStream
from workbench.project.yaml import Value

if TYPE_CHECKING:
    import aiohttp

OPENAI = "https://api.openai.com/v1"
"""Where calls go when the model names no address."""

LONGEST_ERROR = 65536
"""Bytes of an error's body that are read; a server's own page about it can be long."""


class DirectDoor:
    """Calls over one session, which belongs to the event loop of the first call until ``close``."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}

    async def ask(self, call: Call, key: str | None) -> AsyncIterator[Delta | Answer]:
        """Make the call once; yields deltas where it streams, then the answer; raises CallError."""
        # Importing aiohttp takes 0.2 s, which neither a start that calls no model should pay nor who types.
        if "aiohttp" not in sys.modules:
            await asyncio.to_thread(importlib.import_module, "aiohttp")
        import aiohttp

        arriving = Arriving(echoed(call))
        try:
            async with await self._post(call, key) as response:
                if response.status != 200:
                    raise await _refusal(response, key)
                async with aclosing(_replies(response, arriving)) as replies:
                    async for reply in replies:
                        delta = arriving.take(read_piece(reply, key))
                        if delta and call.stream:
                            yield delta
        except aiohttp.ClientError as error:
            if arriving.finish is None:
                raise _lost(error, key) from error
            # The answer was whole; only the figures that should have followed it are missing.
        except (TimeoutError, OSError) as error:
            raise failures.connection(str(error) or "the connection was lost", key) from error
        except (ValueError, RecursionError) as error:  # JSON may be nested too deep to be read
            raise failures.protocol(f"the server sent what cannot be read: {error}", key) from error
        rest = arriving.rest()
        if rest and call.stream:
            yield rest
        if not arriving.begun:
            raise failures.protocol("the server sent no choice", key)
        yield arriving.answer(streamed=call.stream)

    async def close(self) -> None:
        """Close the session and its connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, call: Call, key: str | None) -> aiohttp.ClientResponse:
        import aiohttp  # late, as above

        address = f"{(call.model.api_base or OPENAI).rstrip('/')}/chat/completions"
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        if key:
            if not (key.isascii() and key.isprintable()):
                raise CallError(
                    "the key holds characters that no header can carry",
                    kind="authentication",
                    retriable=False,
                    hint="Look for a line break or a quotation mark that was copied with it.",
                )
            headers["Authorization"] = f"Bearer {key}"
        body = json.dumps(request_body(call), separators=(",", ":")).encode()
        # A redirect would carry the prompt, and perhaps the key, to an address that nobody chose.
        options: dict[str, Value] = {"proxy": self._proxy(address), "allow_redirects": False}
        reused: list[bool] = []
        try:
            return await self._opened().post(
                address, data=body, headers=headers, trace_request_ctx=reused, **options
            )
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            # A server may drop a connection that it kept open just as it is used again; llama.cpp does so
            # after every stream. On a fresh connection it may have read the request, and charge for it.
            if not reused or _has_begun(error):
                raise
            return await self._opened().post(address, data=body, headers=headers, **options)

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp  # late, as above

        if self._session is None:
            self._session = aiohttp.ClientSession(
                # The runner limits how many calls are under way, and the gateway how long each may take.
                connector=aiohttp.TCPConnector(limit=0, ssl=_authorities()),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=30),
                trace_configs=[_noting_reuse()],
            )
        return self._session

    def _proxy(self, address: str) -> str | None:
        """Return the proxy for an address, as the environment or the system says; None on this machine.

        This is what aiohttp's ``trust_env`` does, apart from the passwords which that would read from .netrc
        for any host that a project names.
        """
        parts = urlsplit(address)
        if address not in self._proxies:
            direct = is_loopback(address) or proxy_bypass(parts.netloc.rpartition("@")[2])
            proxy = None if direct else getproxies().get(parts.scheme)
            if proxy and urlsplit(proxy).scheme not in ("http", "https"):
                raise failures.connection("only http proxies can be used here", retriable=False)
            self._proxies[address] = proxy
        return self._proxies[address]


def _noting_reuse() -> aiohttp.TraceConfig:
    """Return what adds to a request's own list when it is sent on a connection that was used before."""
    import aiohttp  # late, as above

    async def note(_session: object, context: SimpleNamespace, _said: object) -> None:
        if context.trace_request_ctx is not None:
            context.trace_request_ctx.append(True)

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_reuseconn.append(note)
    return tracing


def _has_begun(error: aiohttp.ClientError) -> bool:
    """Return whether part of a response had come: aiohttp then puts it where its message would be."""
    import aiohttp  # late, as above

    return isinstance(error, aiohttp.ServerDisconnectedError) and not isinstance(error.message, str)


def _authorities() -> ssl.SSLContext | bool:
    """Return the authorities to trust: OpenSSL's, as SSL_CERT_FILE sets, and those of REQUESTS_CA_BUNDLE."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    if not bundle:
        return True
    context = ssl.create_default_context()
    try:
        if Path(bundle).is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    except OSError as error:
        raise failures.connection(
            f"the certificates of REQUESTS_CA_BUNDLE cannot be read: {error.strerror or error}",
            retriable=False,
        ) from error
    return context


async def _replies(response: aiohttp.ClientResponse, arriving: Arriving) -> AsyncGenerator[Value, None]:
    """Yield the JSON values of a reply: its chunks, or the whole of it."""
    if response.content_type == "application/json":
        # Servers that cannot stream answer whole although a stream was asked for.
        yield json.loads(await _whole(response))
        return
    # Others stream although none was asked for.
    if response.content_type != "text/event-stream":
        kind = response.headers.get("Content-Type", "no type")
        raise failures.protocol(f"the server answered with {kind} in place of a completion")
    events = EventStream()
    while not response.content.at_eof():
        chunk = await response.content.readany()
        for data in events.feed(chunk) if chunk else events.end():
            if data.strip() == "[DONE]":
                await _leave_reusable(response)
                return
            yield json.loads(data)
    if arriving.finish is None:
        raise failures.connection("the stream ended before the answer did")


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """Return a body, unpacked as it arrives; raises CallError as soon as it is too long."""
    parts, length = [], 0
    while not response.content.at_eof():
        parts.append(await response.content.readany())
        length += len(parts[-1])
        if length > failures.MOST_BYTES:
            raise failures.too_long()
    return b"".join(parts)


async def _leave_reusable(response: aiohttp.ClientResponse) -> None:
    """Read the end of a stream that is over, without which its connection could not carry the next call."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            await response.content.readany()


async def _refusal(response: aiohttp.ClientResponse, key: str | None) -> CallError:
    body = await response.content.read(LONGEST_ERROR)
    text = body.decode("utf-8", "replace")
    try:
        said = failures.error_words(json.loads(text))
    except (ValueError, RecursionError):
        said = "" if response.content_type == "text/html" else text
    return failures.of_status(response.status, said or response.reason or "", response.headers, key)


def _lost(error: aiohttp.ClientError, key: str | None) -> CallError:
    import aiohttp  # late, as above

    failure = _failure(error, key)
    never_reached = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
    failure.sent = not isinstance(error, never_reached)
    return failure


def _failure(error: aiohttp.ClientError, key: str | None) -> CallError:
    import aiohttp  # late, as above

    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return CallError(failures.short(f"this is no address: {error}", key), kind="request", retriable=False)
    if isinstance(error, aiohttp.ClientSSLError):
        return failures.connection(
            f"the connection is not secure: {error}",
            key,
            retriable=False,
            hint="Where a proxy has its own certificate authority, name its file in SSL_CERT_FILE.",
        )
    if isinstance(error, aiohttp.ClientResponseError):
        return failures.protocol(f"the server does not speak HTTP as it should: {error.message}", key)
    return failures.connection(str(error) or "the connection was lost", key)
