"""A call as one plain HTTP request, for whoever makes it without the workbench: address, headers, body.

The addresses and what is translated on the way are LiteLLM's (``get_llm_provider_logic`` and the providers'
``transformation`` modules), but Gemini's, which is that of its interface in OpenAI's protocol:
https://ai.google.dev/gemini-api/docs/openai
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

from workbench.errors import UsageError
from workbench.models.access import key_variable
from workbench.models.calls import Call
from workbench.models.doors.chat_protocol import request_body
from workbench.models.doors.direct import OPENAI
from workbench.models.doors.through_litellm import question
from workbench.project.yaml import Value

LLAMA_SERVER = "LLAMA_SERVER"
"""The variable that stands for the address of a llama.cpp server of one's own."""

LLAMA_SERVER_DEFAULT = "http://127.0.0.1:8080"
"""Where ``llama-server`` listens unless it is told otherwise."""

_ADDRESSES: Mapping[str, str | None] = {
    "cerebras": "https://api.cerebras.ai/v1",
    "codestral": "https://codestral.mistral.ai/v1",
    "deepinfra": "https://api.deepinfra.com/v1/openai",
    "deepseek": "https://api.deepseek.com/beta",
    "fireworks_ai": "https://api.fireworks.ai/inference/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "moonshot": "https://api.moonshot.ai/v1",
    "nvidia_nim": "https://integrate.api.nvidia.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "perplexity": "https://api.perplexity.ai",
    "sambanova": "https://api.sambanova.ai/v1",
    "together_ai": "https://api.together.ai/v1",
    "xai": "https://api.x.ai/v1",
    # These have no address but the one that settings give them.
    **dict.fromkeys(("custom_openai", "hosted_vllm", "litellm_proxy", "llamafile", "lm_studio")),
    **dict.fromkeys(("openai_like", "xinference")),
}
"""Who speaks OpenAI's protocol besides OpenAI, and where."""

_TRANSLATED: Mapping[str, frozenset[str]] = {
    "codestral": frozenset({"seed", "max_completion_tokens"}),
    "deepseek": frozenset({"thinking", "reasoning_effort"}),
    "gemini": frozenset({"thinking", "top_k"}),
    "mistral": frozenset({"seed", "max_completion_tokens", "thinking", "reasoning_effort"}),
}
"""Params that these providers know by other names or values than those they have in a prompt file."""

_ANTHROPIC = "https://api.anthropic.com"
_ANTHROPIC_PARAMS = frozenset(
    {"max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "stop"}
)
_ANTHROPIC_MOST = 4096  # LiteLLM's DEFAULT_ANTHROPIC_CHAT_MAX_TOKENS


@dataclass(frozen=True)
class PlainRequest:
    """A POST of JSON.

    ``path`` follows the address, which is that of ``LLAMA_SERVER`` where it is None. Of the headers, ``key``
    is how the one with the key begins, which ``variable`` holds; ``variable`` is None where none is needed.
    """

    address: str | None
    path: str
    body: Mapping[str, Value]
    variable: str | None
    key: str = "Authorization: Bearer "
    headers: tuple[str, ...] = ()


def plain_request(call: Call) -> PlainRequest:
    """Return the call as a request; raises UsageError where the provider has no such form for it."""
    model = call.model
    if model.local:
        return PlainRequest(None, "/v1/chat/completions", openai_body(call), None)
    if model.door == "direct":
        return _in_openai_protocol(call, model.api_base or OPENAI, openai_body(call))
    if model.provider == "anthropic":
        return _to_anthropic(call)
    address = model.api_base or _ADDRESSES.get(model.provider)
    if address is None or model.provider not in _ADDRESSES:
        raise _no_form(call, "whose protocol is its own")
    asked = question(call, None)
    _refuse_translated(call, _TRANSLATED.get(model.provider, frozenset()) & set(call.params))
    body = {"model": _bare(call), "messages": asked["messages"], **asked["params"]}
    if "response_format" in asked:
        body["response_format"] = asked["response_format"]
    return _in_openai_protocol(call, address, body)


def openai_body(call: Call) -> dict[str, Value]:
    """Return the body of a call in OpenAI's protocol as the direct door sends it, without streaming."""
    body = request_body(call)
    del body["stream"]
    first = {"model": _bare(call), "messages": body.pop("messages")}
    return first | {name: value for name, value in body.items() if name != "model"}


def _in_openai_protocol(call: Call, address: str, body: Mapping[str, Value]) -> PlainRequest:
    return PlainRequest(address.rstrip("/"), "/chat/completions", body, key_variable(call.model))


def _to_anthropic(call: Call) -> PlainRequest:
    """Return a call of Anthropic's own protocol: https://docs.anthropic.com/en/api/messages."""
    if call.schema is not None:
        raise _no_form(call, "whose form of an output schema is its own")
    _refuse_translated(call, set(call.params) - _ANTHROPIC_PARAMS)
    system = list(takewhile(lambda message: message.role in ("system", "developer"), call.messages))
    rest = call.messages[len(system) :]
    if any(message.role not in ("user", "assistant") for message in rest):
        raise _no_form(call, "which takes no system message after the first others")
    params = dict(call.params)
    stop = params.pop("stop", None)
    if stop is not None:
        params["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    asked = params.pop("max_completion_tokens", None) or call.model.max_output or _ANTHROPIC_MOST
    params.setdefault("max_tokens", asked)
    body: dict[str, Value] = {"model": _bare(call), **params}
    if system:
        body["system"] = [{"type": "text", "text": message.content} for message in system]
    messages = [{"role": message.role, "content": message.content} for message in rest]
    if messages and messages[-1]["role"] == "assistant":
        messages[-1]["content"] = messages[-1]["content"].rstrip()  # Anthropic refuses it otherwise
    body["messages"] = messages
    return PlainRequest(
        (call.model.api_base or _ANTHROPIC).removesuffix("/v1/messages").rstrip("/"),
        "/v1/messages",
        body,
        key_variable(call.model),
        key="x-api-key: ",
        headers=("anthropic-version: 2023-06-01",),
    )


def _bare(call: Call) -> str:
    """Return the model's name as its provider knows it."""
    return call.model.string.removeprefix(f"{call.model.provider}/")


def _refuse_translated(call: Call, params: frozenset[str] | set[str]) -> None:
    if params:
        raise _no_form(call, f"which knows “{min(params)}” by another name or value")


def _no_form(call: Call, why: str) -> UsageError:
    return UsageError(
        f"there is no plain HTTP form for “{call.model.name}”, {why}",
        hint="Use --format python, where LiteLLM translates.",
    )
