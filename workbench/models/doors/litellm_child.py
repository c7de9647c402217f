"""The child process that holds LiteLLM; ``through_litellm`` says how the two speak.

It is run as ``python -P -m workbench.models.doors.litellm_child`` and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

from workbench.errors import CallError
from workbench.models.doors import failures
from workbench.models.doors.children import LONGEST_LINE
from workbench.models.doors.lifeline import claim_stdout, end_with_workbench
from workbench.models.doors.litellm_failures import described
from workbench.models.doors.litellm_replies import bounded, lines_of, overhear, read_chunk, read_whole
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
    import httpx  # with LiteLLM, which calls providers through it
    import litellm  # takes seconds; standard input is already watched by now

    httpx.Response.aiter_bytes = bounded(httpx.Response.aiter_bytes)  # type: ignore[method-assign]
    httpx.Response.aiter_lines = lines_of  # type: ignore[method-assign, assignment]
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.drop_params = False
    litellm.modify_params = False
    litellm.num_retries = 0
    litellm.turn_off_message_logging = True
    # What a provider did not count is unknown: LiteLLM's own count would be taken for the provider's.
    litellm.disable_token_counter = True
    # Else an answer that repeats itself a hundred times, as a table's rule does, is thrown away as an error.
    litellm.REPEATED_STREAMING_CHUNK_LIMIT = sys.maxsize
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
        """Send one message to the workbench; raises CallError for one that is longer than it reads."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        if len(line) > LONGEST_LINE:
            raise failures.too_long()
        while line:  # an unbuffered pipe may take a part of a long line
            line = line[self._pipe.write(line) :]

    async def _answer(self, number: int, ask: Mapping[str, Value]) -> None:
        try:
            reply = await self.litellm.acompletion(**arguments(ask))
            if ask["stream"]:
                broken = overhear(reply, lambda chunk: self.write({"id": number, "chunk": chunk}))
                async for chunk in reply:
                    self.write({"id": number, "chunk": read_chunk(chunk, reply)})
                if broken() or not (reply.received_finish_reason or reply.intermittent_finish_reason):
                    raise failures.connection("the stream ended before the answer did")
            else:
                self.write({"id": number, "chunk": read_whole(reply)})
        except Exception as error:  # LiteLLM raises what it likes; each must become words in the parent
            self.write({"id": number, "error": described(error, ask["key"])})
        else:
            self.write({"id": number, "end": True})


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


if __name__ == "__main__":
    main()
