"""What LiteLLM hands over, put back into the words of the OpenAI protocol, without what it makes up.

It counts tokens itself where a provider reports none, ends a stream that broke off with a “stop”, names the
model as it was asked for, drops refusals from streams, and passes over what it cannot read. What the provider
itself said lies beside that: in hidden fields, and in the provider's own stream below LiteLLM's.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from workbench.models.doors import failures
from workbench.models.doors.chat_protocol import ENDED_IN_ERROR
from workbench.models.doors.sse import EventStream, Lines
from workbench.project.yaml import Value

Chunk = dict[str, Value]


def read_chunk(chunk: Any, reply: Any) -> Chunk:  # noqa: ANN401
    """Return a chunk of a stream as the OpenAI protocol has it; its refusals are told by ``Overheard``."""
    said: Chunk = chunk.model_dump(exclude_none=True)
    said["model"] = _answered_by(chunk)
    if not any(getattr(earlier, "usage", None) for earlier in reply.chunks):
        said.pop("usage", None)
    for choice in said.get("choices", ()):
        choice.get("delta", {}).pop("refusal", None)
    return said


def read_whole(reply: Any) -> Chunk:  # noqa: ANN401
    """Return a whole reply as the OpenAI protocol has it; raises CallError where it ended in an error."""
    said: Chunk = reply.model_dump(exclude_none=True)
    said["model"] = _answered_by(reply)
    for choice in said.get("choices", ()):
        if (choice.get("provider_specific_fields") or {}).get("native_finish_reason") == "error":
            raise failures.of_error_object(ENDED_IN_ERROR, None)
        message = choice["message"]
        message.setdefault("refusal", (message.get("provider_specific_fields") or {}).get("refusal"))
    usage = said.get("usage") or {}
    if not usage.get("total_tokens"):
        said.pop("usage", None)  # LiteLLM's zeros stand for nothing having been reported
    elif any(choice.get("finish_reason") == "content_filter" for choice in said.get("choices", ())):
        # LiteLLM leaves the thinking out of the output of Gemini's refusals; it is charged all the same.
        usage["completion_tokens"] = max(
            usage.get("completion_tokens") or 0, usage["total_tokens"] - (usage.get("prompt_tokens") or 0)
        )
    return said


def _answered_by(reply: Any) -> str | None:  # noqa: ANN401
    name: Value = (getattr(reply, "_hidden_params", None) or {}).get("provider_response_model")
    # Of a whole answer of Ollama's, LiteLLM passes off the name it asked for as the name that answered.
    return name if isinstance(name, str) and not name.startswith("ollama_chat/") else None


class Overheard:
    """The provider's own stream, listened to on its way into LiteLLM's.

    ``tell`` is given chunks of the OpenAI protocol with what LiteLLM would drop.
    """

    def __init__(self, stream: Any, tell: Callable[[Chunk], None]) -> None:  # noqa: ANN401
        self._stream = stream
        self._tell = tell
        self._iterator: AsyncIterator[Any] | None = None
        self._open = False
        response = getattr(stream, "http_response", None)
        if response is not None and "text/event-stream" in response.headers.get("content-type", ""):
            # LiteLLM passes over an event whose data it cannot read, and leaves a hole in the answer.
            stream.streaming_response = _events(response)
        parse = getattr(stream, "chunk_parser", None)
        if parse is not None:

            def noting(chunk: Any) -> Any:  # noqa: ANN401
                self._note(chunk)
                return parse(chunk)

            stream.chunk_parser = noting

    @property
    def broken(self) -> bool:
        """Whether the provider, as far as it can be heard, gave no reason for the end of its answer."""
        return self._open

    def __aiter__(self) -> Overheard:
        return self

    async def __anext__(self) -> Any:  # noqa: ANN401
        if self._iterator is None:
            self._iterator = aiter(self._stream)
        chunk = await anext(self._iterator)
        for choice in getattr(chunk, "choices", None) or ():
            refusal = getattr(getattr(choice, "delta", None), "refusal", None)
            if isinstance(refusal, str) and refusal:
                self._tell({"choices": [{"index": choice.index, "delta": {"refusal": refusal}}]})
        return chunk

    async def aclose(self) -> None:
        """Close the provider's stream."""
        for name in ("aclose", "close"):
            close = getattr(self._stream, name, None)
            if close is not None:
                closing = close()
                if closing is not None:
                    await closing
                return

    def _note(self, chunk: Any) -> None:  # noqa: ANN401
        if not isinstance(chunk, Mapping):
            return
        for choice in _objects(chunk.get("choices")):
            if choice.get("finish_reason") == "error":  # which LiteLLM reads as “stop”
                raise failures.of_error_object(choice.get("error") or ENDED_IN_ERROR, None)
        candidates = _objects(chunk.get("candidates"))
        if candidates:
            # Gemini's reason to stop is in its last chunk; LiteLLM reads a “stop” out of every other too.
            self._open = not any(each.get("finishReason") for each in candidates)


def _objects(said: Value) -> list[Mapping[str, Value]]:
    return [each for each in said if isinstance(each, Mapping)] if isinstance(said, list) else []


async def _events(response: Any) -> AsyncIterator[str]:  # noqa: ANN401
    """Yield each event of a stream as one line of data; raises CallError for one that cannot be read."""
    events = EventStream()
    async for some in response.aiter_bytes():
        for data in events.feed(some):
            yield _line(data)
    for data in events.end():
        yield _line(data)


async def lines_of(response: Any) -> AsyncIterator[str]:  # noqa: ANN401
    """Yield the lines of a stream, without their ends; what a response of httpx is to be read by.

    Its own way ends lines at every separator that Unicode has, also within the JSON of an answer, of which
    LiteLLM then loses a part or all.
    """
    lines = Lines()
    async for some in response.aiter_bytes():
        for line in lines.feed(some):
            yield line.rstrip(b"\r\n").decode("utf-8", "replace")
    for line in lines.end():
        yield line.decode("utf-8", "replace")


def bounded(read: Callable[..., AsyncIterator[bytes]]) -> Callable[..., AsyncIterator[bytes]]:
    """Return httpx's way to read the bytes of a response, with an end to it: raises CallError past that.

    Of a stream more may pass, for most of each chunk is not kept.
    """

    async def reading(response: Any, *given: Any, **named: Any) -> AsyncIterator[bytes]:  # noqa: ANN401
        streams = "stream" in (kind := response.headers.get("content-type", "")) or "ndjson" in kind
        left = failures.MOST_BYTES * (10 if streams else 1)
        async for some in read(response, *given, **named):
            left -= len(some)
            if left < 0:
                raise failures.too_long()
            yield some

    return reading


def _line(data: str) -> str:
    if data.strip() == "[DONE]":
        return "data: [DONE]"
    try:
        return f"data: {json.dumps(json.loads(data), separators=(',', ':'))}"
    except (ValueError, RecursionError) as error:
        raise failures.protocol(f"the server sent what cannot be read: {error}") from error


def overhear(reply: Any, tell: Callable[[Chunk], None]) -> Callable[[], bool]:  # noqa: ANN401
    """Listen to the stream below one of LiteLLM's; returns what tells whether it broke off unheard."""
    heard: list[Overheard] = []

    def listening(stream: Any) -> Any:  # noqa: ANN401
        if not hasattr(stream, "__aiter__"):
            return stream  # some SDKs stream from a thread, and have no more to say
        heard.append(Overheard(stream, tell))
        return heard[-1]

    if reply.completion_stream is not None:
        reply.completion_stream = listening(reply.completion_stream)
    elif reply.make_call is not None:
        begin = reply.make_call

        async def begun(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            return listening(await begin(*given, **named))

        reply.make_call = begun
    return lambda: any(stream.broken for stream in heard)
