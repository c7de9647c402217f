"""May this model be called, and with which key: variables, trust and loopback addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from workbench.errors import ModelUnreadyError
from workbench.models.model import Model
from workbench.models.weights import BUNDLED

VARIABLES = {
    "azure": "AZURE_API_KEY",
    "azure_ai": "AZURE_AI_API_KEY",
    "cohere_chat": "COHERE_API_KEY",
    "fireworks_ai": "FIREWORKS_AI_API_KEY",
    "huggingface": "HF_TOKEN",
    "perplexity": "PERPLEXITYAI_API_KEY",
    "together_ai": "TOGETHERAI_API_KEY",
    "vertex_ai": None,
    "bedrock": None,
    "sagemaker": None,
    "ollama": None,
    "ollama_chat": None,
}
"""Key variables that are not just the provider's name; None where none is needed, or there are other ways."""


def key_variable(model: Model) -> str | None:
    """Return the environment variable that holds this model's key, or None where it needs none."""
    if model.api_key_env:
        return model.api_key_env
    if model.local or (model.api_base and is_loopback(model.api_base)):
        return None
    default = f"{model.provider.upper().replace('-', '_')}_API_KEY"
    return VARIABLES.get(model.provider, default)


def is_loopback(address: str) -> bool:
    """Return whether an address is on this machine."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def foreign(string: str, api_base: str | None = None) -> str | None:
    """Return what of a model only a project that is trusted may name, or None where there is nothing.

    That is an address on another machine, in ``api_base`` or hidden in the model string, or a model file,
    which the engine's native code would load.
    """
    if string.startswith("local/") and string != BUNDLED:
        return string.removeprefix("local/")
    if api_base and not is_loopback(api_base):
        return api_base
    return string if "://" in string else None


def check_trust(model: Model, trusted: Callable[[], bool]) -> None:
    """Raise ModelUnreadyError where a model is what only a trusted project may name, and this one is not."""
    named = foreign(model.string, model.api_base)
    if named is None or trusted():
        return
    if model.local:
        does, know = f"this project loads the model file {named}", "that file and where it comes from"
    else:
        does, know = f"this project sends its calls to {named}", "that address"
    raise ModelUnreadyError(
        f"“{model.name}” needs trust: {does}", hint=f"If you know {know}, run: workbench trust"
    )


def key_for(model: Model, get: Callable[[str], str | None], trusted: Callable[[], bool]) -> str | None:
    """Return the key to call a model with, or None where it needs none.

    Raises ModelUnreadyError where the key is missing, or where the project has not been trusted to name
    an address or a model file of its own.
    """
    check_trust(model, trusted)
    variable = key_variable(model)
    if variable is None:
        return None
    key = get(variable)
    if key is None:
        raise ModelUnreadyError(
            f"“{model.name}” has no key: {variable} is not set",
            hint=f"Set it in your environment, or in a .env file that git ignores: {variable}=…",
        )
    return key
