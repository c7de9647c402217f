"""May this model be called, and with which key: variables, trust and loopback addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from workbench.errors import ModelUnreadyError
from workbench.models.model import Model

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


def key_for(model: Model, get: Callable[[str], str | None], trusted: Callable[[], bool]) -> str | None:
    """Return the key to call a model with, or None where it needs none.

    Raises ModelUnreadyError where the key is missing, or where the project has not been trusted to name
    an address of its own.
    """
    elsewhere = (model.api_base and not is_loopback(model.api_base)) or "://" in model.string
    if elsewhere and not trusted():
        raise ModelUnreadyError(
            f"“{model.name}” needs trust: this project sends its calls to {model.api_base or model.string}",
            hint="If you know that address, run: workbench trust",
        )
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
