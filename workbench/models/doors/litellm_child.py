"""The child process that holds LiteLLM; ``through_litellm`` says how the two speak.

It is run as ``python -P -m workbench.models.doors.litellm_child`` and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from workbench.errors import CallError
from workbench.models.doors import failures
from workbench.models.doors.lifeline import claim_stdout, end_with_workbench
from workbench.project.yaml import Value

BEFORE_IMPORT = {
    # Else LiteLLM fetches its price map and two more files over the network while it is imported.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    # Else it loads the .env of a folder above its own: the project's, where the .venv lies in the project.
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "CRITICAL",
    "LITELLM_TELEMETRY": "False",
}

PARAMS = frozenset(
    """temperature top_p top_k min_p max_tokens max_completion_tokens stop seed presence_penalty
    frequency_penalty repetition_penalty logit_bias logprobs top_logprobs reasoning_effort thinking verbosity
    service_tier user response_format tools tool_choice parallel_tool_calls web_search_options
    safety_settings prompt_cache_key safety_identifier""".split()
)
"""Params that may reach LiteLLM.

Others of its arguments, such as ``base_url``, ``api_key`` or ``extra_headers``, could send a key elsewhere,
and params come from a project that nobody has vouched for.
"""

_PREFIX = re.compile(r"^(?:(?:litellm\.)?\w*(?:Error|Exception|Timeout)\s*[:-]\s*)+")

_LOOPBACK = "localhost,127.0.0.1,::1"


def main() -> None:
    """Answer calls until standard input ends."""
    pipe = claim_stdout()
    loop = asyncio.new_event_loop()
    service = Service(pipe, loop)

    def take(line: bytes) -> None:
        loop.call_soon_threadsafe(service.take, json.loads(line))

    end_with_workbench(take)
    service.litellm = load_litellm()
    service.write({"ready": True})
    loop.run_forever()


def load_litellm() -> Any:  # noqa: ANN401
    """Return the module, quiet: no network, no telemetry, no logging, no retries of its own."""
    os.environ.update(BEFORE_IMPORT)
    for name in ("NO_PROXY", "no_proxy"):  # a proxy cannot reach a server of this machine
        os.environ[name] = ",".join(part for part in (os.environ.get(name), _LOOPBACK) if part)
    import litellm  # takes seconds; standard input is already watched by now

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.drop_params = False
    litellm.modify_params = False
    litellm.num_retries = 0
    litellm.turn_off_message_logging = True
    logging.disable(logging.CRITICAL)
    return litellm


class Service:
    """The calls under way, by number."""

    def __init__(self, pipe: BinaryIO, loop: asyncio.AbstractEventLoop) -> None:
        self.litellm: Any = None
        self._pipe = pipe
        self._loop = loop
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def take(self, message: dict[str, Value]) -> None:
        """Begin the call that a message asks for, or cancel the one it names."""
        number = message["id"]
        if "ask" in message:
            task = self._tasks[number] = self._loop.create_task(self._answer(number, message["ask"]))
            task.add_done_callback(lambda _: self._tasks.pop(number))
        elif number in self._tasks:
            self._tasks[number].cancel()

    def write(self, message: dict[str, Value]) -> None:
        """Send one message to the workbench."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        while line:  # an unbuffered pipe may take a part of a long line
            line = line[self._pipe.write(line) :]

    async def _answer(self, number: int, ask: Mapping[str, Value]) -> None:
        try:
            reply = await self.litellm.acompletion(**arguments(ask))
            if ask["stream"]:
                async for chunk in reply:
                    self.write({"id": number, "chunk": read_chunk(chunk, reply)})
                if not (reply.received_finish_reason or reply.intermittent_finish_reason):
                    raise failures.connection("the stream ended before the answer did")
            else:
                self.write({"id": number, "chunk": read_whole(reply)})
        except Exception as error:  # LiteLLM raises what it likes; each must become words in the parent
            self.write({"id": number, "error": described(error, ask["key"])})
        else:
            self.write({"id": number, "end": True})


def read_chunk(chunk: Any, reply: Any) -> dict[str, Value]:  # noqa: ANN401
    """Return a chunk of a stream as the OpenAI protocol has it, without what LiteLLM makes up.

    It counts tokens itself where the provider reports none, ends a stream that broke off with a “stop”, and
    names the model as it was asked for; what the provider said is beside that.
    """
    said: dict[str, Value] = chunk.model_dump(exclude_none=True)
    said["model"] = chunk._hidden_params.get("provider_response_model")
    if not any(getattr(earlier, "usage", None) for earlier in reply.chunks):
        said.pop("usage", None)
    return said


def read_whole(reply: Any) -> dict[str, Value]:  # noqa: ANN401
    """Return a whole reply as the OpenAI protocol has it."""
    said: dict[str, Value] = reply.model_dump(exclude_none=True)
    for choice in said.get("choices", ()):
        message = choice["message"]
        message.setdefault("refusal", (message.get("provider_specific_fields") or {}).get("refusal"))
    if not (said.get("usage") or {}).get("total_tokens"):
        said.pop("usage", None)  # LiteLLM's zeros stand for nothing having been reported
    return said


def arguments(ask: Mapping[str, Value]) -> dict[str, Value]:
    """Return the arguments of ``litellm.acompletion``; raises CallError for params that must not reach it."""
    refused = sorted(set(ask["params"]) - PARAMS)
    if refused:
        raise CallError(
            f"the param “{refused[0]}” is not passed to this provider", kind="request", retriable=False
        )
    call = dict(ask["params"])
    if "response_format" in ask:
        call["response_format"] = ask["response_format"]
    if ask["stream"]:
        call["stream_options"] = {"include_usage": True}
    call |= {"model": ask["model"], "messages": ask["messages"], "stream": ask["stream"]}
    call |= {"num_retries": 0, "max_retries": 0}
    call["timeout"] = (
        ask["timeout"] + 5
    )  # the gateway keeps the time; this only outlasts LiteLLM's own limits
    if ask["api_base"]:
        call["api_base"] = ask["api_base"]
    if ask["key"] or ask["api_base"]:
        # Without a key LiteLLM would take one from the environment and show it to the project's address.
        call["api_key"] = ask["key"] or "none"
    return call


def described(error: Exception, key: str | None) -> dict[str, Value]:
    """Return an exception as the fields of a CallError."""
    failure = error if isinstance(error, CallError) else _classified(error, key)
    return {
        "message": failure.message,
        "kind": failure.kind,
        "retriable": failure.retriable,
        "retry_after": failure.retry_after,
        "hint": failure.hint,
    }


_KINDS = {
    "context_window": ({"ContextWindowExceededError"}, False),
    "timeout": ({"Timeout", "APITimeoutError", "TimeoutException", "TimeoutError"}, True),
}
"""Kinds of failure that the class of an exception decides, and whether another try may help."""

_UNREADABLE = {"JSONDecodeError", "ValidationError", "AttributeError", "KeyError", "TypeError", "IndexError"}
"""What is raised inside LiteLLM over an answer it does not expect; it calls that a lost connection."""

_UNREACHABLE = {
    "ConnectError",
    "ClientConnectorError",
    "ReadError",
    "RemoteProtocolError",
    "ClientPayloadError",
}


def _classified(error: BaseException, key: str | None) -> CallError:
    said = _PREFIX.sub("", str(getattr(error, "message", None) or error)).partition(" Traceback (most")[0]
    said = failures.short(said, key)
    names = _names(error)
    for kind, (classes, retriable) in _KINDS.items():
        if names & classes:
            return CallError(said, kind=kind, retriable=retriable)
    original = getattr(error, "original_exception", None)
    if "MidStreamFallbackError" in names and isinstance(original, Exception):
        return _classified(original, key)
    behind = set().union(*(_names(cause) for cause in _causes(error)))
    if behind & _UNREACHABLE:
        return failures.connection(said or "the connection was lost", key)
    if behind & _UNREADABLE or "AttributeError" in said or "TypeError" in said:
        return failures.protocol(said, key)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status >= 400 and "APIConnectionError" not in names:
        return failures.of_status(status, said, _headers(error), key)
    return failures.connection(said or "the connection was lost", key)


def _names(error: BaseException) -> set[str]:
    # By name, so that the exceptions of httpx and aiohttp are known as well, without importing either.
    return {kind.__name__ for kind in type(error).__mro__}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _headers(error: BaseException) -> dict[str, str]:
    response = getattr(error, "response", None)
    for headers in (getattr(error, "litellm_response_headers", None), getattr(response, "headers", None)):
        if headers and failures.retry_after(dict(headers)) is not None:
            return dict(headers)
    return {}


if __name__ == "__main__":
    main()
