"""A model of the catalogue: what it is called, what it costs, what it can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from workbench.project.yaml import Value

PICO = 10**12
"""Pico-dollars in a dollar: money is whole pico-dollars everywhere inside."""


@dataclass(frozen=True)
class Tier:
    """Prices that hold for a whole call whose input is above so many tokens, in pico-dollars a token."""

    above: int
    input: int
    output: int
    cached_input: int | None = None


@dataclass(frozen=True)
class Prices:
    """What a token costs, in pico-dollars.

    ``cached_input`` is None where the provider has no price of its own for cached input. ``source`` names
    the map and its version, or the settings file.
    """

    input: int
    output: int
    cached_input: int | None = None
    tiers: tuple[Tier, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Model:
    """One entry of the catalogue.

    ``string`` is the LiteLLM model string as sent; ``window`` and ``max_output`` are tokens; ``prices``
    is None for a model without a known price, and ``free`` is True for one that runs on this machine.
    ``supports`` holds capability words: ``chat``, ``schema``, ``prefill``, ``system``, ``reasoning``,
    ``tools``, ``sampling`` (takes temperature and its kin), ``sampling_without_reasoning`` (takes them
    once reasoning is off). ``encoding`` names the tiktoken encoding whose count is exact or the base of
    the estimate; it is None for the embedded engine, which counts itself. None means unknown everywhere.
    """

    name: str
    string: str
    api_base: str | None = None
    api_key_env: str | None = None
    params: Mapping[str, Value] = field(default_factory=dict)
    prices: Prices | None = None
    free: bool = False
    window: int | None = None
    max_output: int | None = None
    supports: frozenset[str] = frozenset()
    known: bool = False
    retires: date | None = None
    pinned: bool = True
    encoding: str | None = "o200k_base"
    exact: bool = False
    concurrency: int | None = None
    rpm: int | None = None
    tpm: int | None = None

    @property
    def provider(self) -> str:
        """The part of the model string before the first slash; ``openai`` where there is none."""
        return self.string.split("/", 1)[0] if "/" in self.string else "openai"

    @property
    def local(self) -> bool:
        """Whether the embedded engine of this machine serves it."""
        return self.provider == "local"

    @property
    def door(self) -> str:
        """Which way its calls go: ``embedded``, ``direct`` (the OpenAI protocol) or ``litellm``."""
        if self.local:
            return "embedded"
        return "direct" if self.provider == "openai" else "litellm"
