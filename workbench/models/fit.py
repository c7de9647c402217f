"""Does this context suit this model: params, schema, prefill and size, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from workbench.errors import did_you_mean
from workbench.models.catalogue import REASONING_FAMILY, on_openai
from workbench.models.model import Model
from workbench.models.tokens import TokenCount
from workbench.project.yaml import Value

_COMMON = frozenset(
    {
        *("temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "seed"),
        *("presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs"),
        *("reasoning_effort", "user"),
    }
)
"""What providers that speak more or less OpenAI's protocol share."""

# https://platform.openai.com/docs/api-reference/chat/create
OPENAI_PARAMS = _COMMON | {
    *("verbosity", "service_tier", "store", "metadata", "prediction", "safety_identifier"),
    *("prompt_cache_key", "prompt_cache_retention"),
}
"""What OpenAI takes, but for what Workbench sets itself or could not keep."""

_OWN_SERVER = OPENAI_PARAMS | {"top_k", "min_p", "repeat_penalty", "repetition_penalty"}
# LiteLLM's get_supported_openai_params of its Anthropic and Gemini configurations, and top_k: both take it.
_ANTHROPIC = frozenset(
    {
        *("temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "stop"),
        *("thinking", "reasoning_effort", "user"),
    }
)
_GEMINI = frozenset(
    {
        *("temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "stop", "seed"),
        *("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"),
        *("reasoning_effort", "thinking", "service_tier"),
    }
)
_EMBEDDED = frozenset(
    {
        *("temperature", "top_p", "top_k", "min_p", "repeat_penalty", "max_tokens", "stop", "seed"),
        *("presence_penalty", "frequency_penalty"),
    }
)

_SET_BY_WORKBENCH = {
    "messages": "the prompt file says them",
    "model": "name models with “models:” or -m",
    "stream": "Workbench streams where someone watches",
    "stream_options": "Workbench streams where someone watches",
    "n": "use samples",
    "response_format": "write “output: {schema: …}” in the prompt file",
    "tools": "tools are not part of a prompt here",
    "tool_choice": "tools are not part of a prompt here",
    "functions": "tools are not part of a prompt here",
    "function_call": "tools are not part of a prompt here",
    "api_base": "write it at the model in .workbench.yml",
    "base_url": "write “api_base” at the model in .workbench.yml",
    "api_key": "write “api_key_env” at the model in .workbench.yml",
    "timeout": "write “limits: {timeout: …}” in .workbench.yml",
    "max_retries": "write “limits: {retries: …}” in .workbench.yml",
    "num_retries": "write “limits: {retries: …}” in .workbench.yml",
}

_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "logprobs", "top_logprobs")
_PENALTIES = ("presence_penalty", "frequency_penalty", "logit_bias")


def problems(
    model: Model,
    params: Mapping[str, Value],
    schema: Mapping[str, Value] | None = None,
    prefill: str | None = None,
    count: TokenCount | None = None,
) -> tuple[str, ...]:
    """Return why this model cannot be asked so, a line a reason with its remedy; empty where it can.

    Capabilities are held against a model only where the map knows it and its own provider answers; a server
    of one's own is taken at its word.
    """
    found = [misfit.reason for misfit in unsupported(model, params, schema, prefill)]
    if count is not None and model.window is not None and count.total > model.window:
        found.append(
            f"the context is {count.total:,} tokens and {model.name} takes {model.window:,}: "
            "shorten it or choose a model with a larger window"
        )
    if _known_by_the_map(model) and model.door == "direct" and "chat" not in model.supports:
        found.append(
            f"{model.name} answers only through OpenAI's Responses API, which Workbench does not speak: "
            "choose a chat model"
        )
    return tuple(found)


@dataclass(frozen=True)
class Misfit:
    """Something asked of a model that it does not take: ``what`` is ``schema``, ``prefill`` or a param."""

    what: str
    reason: str


def unsupported(
    model: Model,
    params: Mapping[str, Value],
    schema: Mapping[str, Value] | None = None,
    prefill: str | None = None,
) -> tuple[Misfit, ...]:
    """Return each param, and the schema and the prefill, that this model does not take."""
    found = [*_misfit_params(model, params)]
    if not _known_by_the_map(model):
        return tuple(found)
    if schema is not None and "schema" not in model.supports:
        reason = f"{model.name} does not take an output schema: remove “output” or choose another model"
        found.append(Misfit("schema", reason))
    if prefill is not None and "prefill" not in model.supports:
        reason = f"{model.name} does not continue a prefill: remove the trailing assistant message "
        found.append(Misfit("prefill", f"{reason}or choose another model"))
    return tuple(found)


def _known_by_the_map(model: Model) -> bool:
    """Return whether what the map says of a model holds for what will answer."""
    return model.known and not _own_server(model)


def accepted(model: Model) -> frozenset[str]:
    """Return the params that the protocol of this model knows, whatever the model itself makes of them."""
    name = model.string.lower()
    if model.local:
        return _EMBEDDED
    if model.provider in ("openai", "azure"):
        return _OWN_SERVER if _own_server(model) else OPENAI_PARAMS
    if model.provider == "anthropic" or "claude" in name:
        return _ANTHROPIC
    if model.provider in ("gemini", "vertex_ai") and "gemini" in name:
        return _GEMINI
    return _COMMON | {"top_k"}


def _own_server(model: Model) -> bool:
    """Return whether a server of one's own answers in OpenAI's protocol."""
    return model.provider == "openai" and not on_openai(model)


def _misfit_params(model: Model, params: Mapping[str, Value]) -> Iterator[Misfit]:
    known = accepted(model)
    for name, value in params.items():
        if name in _SET_BY_WORKBENCH:
            yield Misfit(name, f"the param “{name}” may not be set: {_SET_BY_WORKBENCH[name]}")
        elif name not in known:
            hint = did_you_mean(name, known)
            yield Misfit(name, f"{model.name} does not take the param “{name}”: remove it. {hint}")
        else:
            reason = _wrong_value(model, name, value) or _refused(model, name, value, params)
            if reason:
                yield Misfit(name, reason)


def _wrong_value(model: Model, name: str, value: Value) -> str | None:
    if name not in _VALUES:
        return None
    fits, wanted = _VALUES[name]
    if not fits(value):
        return f"the param “{name}” must be {wanted}, not {value!r}"
    most = model.max_output
    if name in ("max_tokens", "max_completion_tokens") and most is not None and value > most and model.known:
        return f"the param “{name}” is {value:,} and {model.name} writes at most {most:,} tokens: lower it"
    if name == "temperature" and accepted(model) is _ANTHROPIC and value > 1:
        return f"the param “temperature” of {model.name} must be from 0 to 1, not {value!r}"
    return None


def _refused(model: Model, name: str, value: Value, params: Mapping[str, Value]) -> str | None:
    """Return why this very model refuses a param that its protocol knows, or None.

    After LiteLLM's configurations of OpenAI's o-series and GPT-5 families and of Anthropic's models.
    """
    if _own_server(model) or (name == "temperature" and value == 1):
        return None
    reasons = "reasoning" in model.supports
    if model.provider in ("openai", "azure"):
        bare = model.string.rsplit("/", 1)[-1]
        reasons = reasons or (not model.known and REASONING_FAMILY.search(bare) is not None)
        if reasons and name in _PENALTIES:
            return f"{model.name} is a reasoning model and refuses “{name}”: remove it"
        if reasons and name in _SAMPLING and not _samples(model, params):
            remedy = (
                "set “reasoning_effort: none” or " if "sampling_without_reasoning" in model.supports else ""
            )
            return f"{model.name} reasons and then refuses “{name}”: {remedy}remove it"
    elif name in _SAMPLING and model.known and "sampling" not in model.supports:
        return f"{model.name} refuses “{name}”: remove it"
    if name in ("reasoning_effort", "thinking") and model.known and not reasons:
        return f"{model.name} does not reason and refuses “{name}”: remove it or choose a reasoning model"
    return None


def _samples(model: Model, params: Mapping[str, Value]) -> bool:
    """Return whether a reasoning model takes temperature and its kin at the effort these params ask for."""
    effort = params.get("reasoning_effort")
    if effort is None:
        return "sampling" in model.supports
    return effort == "none" and "sampling_without_reasoning" in model.supports


def _number(low: float, high: float = float("inf")) -> Callable[[Value], bool]:
    return lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    )


def _whole(low: float, high: float = float("inf")) -> Callable[[Value], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _stops(value: Value) -> bool:
    texts = value if isinstance(value, list | tuple) else [value]
    return bool(texts) and all(isinstance(text, str) and text for text in texts)


def _flag(value: Value) -> bool:
    return isinstance(value, bool)


def _text(value: Value) -> bool:
    return isinstance(value, str)


def _mapping(value: Value) -> bool:
    return isinstance(value, Mapping)


_VALUES: Mapping[str, tuple[Callable[[Value], bool], str]] = {
    "temperature": (_number(0, 2), "a number from 0 to 2"),
    "top_p": (_number(0, 1), "a number from 0 to 1"),
    "min_p": (_number(0, 1), "a number from 0 to 1"),
    "top_k": (_whole(0), "a whole number from 0"),
    "repeat_penalty": (_number(0), "a number from 0"),
    "repetition_penalty": (_number(0), "a number from 0"),
    "presence_penalty": (_number(-2, 2), "a number from -2 to 2"),
    "frequency_penalty": (_number(-2, 2), "a number from -2 to 2"),
    "max_tokens": (_whole(1), "a whole number from 1"),
    "max_completion_tokens": (_whole(1), "a whole number from 1"),
    "seed": (_whole(float("-inf")), "a whole number"),
    "stop": (_stops, "a text or a list of texts"),
    "logprobs": (_flag, "true or false"),
    "top_logprobs": (_whole(0, 20), "a whole number from 0 to 20"),
    "logit_bias": (_mapping, "a mapping from token to bias"),
    "reasoning_effort": (_text, "a text such as low, medium or high"),
    "verbosity": (_text, "a text: low, medium or high"),
    "thinking": (_mapping, "a mapping such as {type: enabled, budget_tokens: 1024}"),
}
