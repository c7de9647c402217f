"""LiteLLM's bundled map of models, read as data: LiteLLM itself is never imported here.

Its import takes seconds and may fetch the map from the network; its package folder is found without either.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from workbench.errors import ModelUnreadyError
from workbench.models.model import PICO, Prices, Tier
from workbench.project.yaml import Value

Entry = Mapping[str, Value]
_Otherwise = TypeVar("_Otherwise", int, None, int | None)

ANSWERING = frozenset({"chat", "responses", "completion"})
"""The map's modes whose models answer a prompt with text."""

_ABOVE = re.compile(
    r"(?:input_cost_per_token|output_cost_per_token|cache_read_input_token_cost)_above_(\d+)(k?)_tokens"
)
_CROSS_REGION = re.compile(r"^(?:us|eu|apac|jp|au|in|global|us-gov)\.")
_PROVIDER_NAME = re.compile(r'^    [A-Z0-9_]+ = "([^"]+)"', re.MULTILINE)


def litellm_folder() -> Path:
    """Return the folder of the LiteLLM package, without importing it.

    Raises ModelUnreadyError where it is not installed.
    """
    spec = importlib.util.find_spec("litellm")
    if spec is None or spec.origin is None:
        raise ModelUnreadyError(
            "LiteLLM, whose map holds prices and windows, is missing", hint="pip install litellm"
        )
    return Path(spec.origin).parent


@dataclass(frozen=True)
class Listing:
    """What the map says of one model: its key there and the entry as it stands."""

    key: str
    entry: Entry


class PriceMap:
    """The map, read at the first question and kept."""

    @functools.cached_property
    def version(self) -> str:
        """Which map this is, for the screen and for every price: ``LiteLLM 1.106.2``."""
        # Here and not at the top: it loads the email package, 15 ms that most starts need not pay.
        import importlib.metadata

        return f"LiteLLM {importlib.metadata.version('litellm')}"

    @functools.cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by its key; prices are Decimals of the very digits in the file, in USD."""
        path = litellm_folder() / "model_prices_and_context_window_backup.json"
        try:
            entries: dict[str, Entry] = json.loads(path.read_bytes(), parse_float=Decimal)
        except (OSError, ValueError) as broken:
            raise ModelUnreadyError(
                f"LiteLLM's map of models cannot be read: {broken}",
                hint="pip install --force-reinstall litellm",
            ) from broken
        for not_a_model in ("sample_spec", "fallback_generalizations"):
            entries.pop(not_a_model, None)
        return entries

    @functools.cached_property
    def providers(self) -> frozenset[str]:
        """Every prefix that LiteLLM takes for a provider.

        They are its ``LlmProviders`` and its table of OpenAI-like providers (``get_llm_provider`` asks these
        two), and the prefixes of the map itself.
        """
        folder = litellm_folder()
        source = (folder / "types" / "utils.py").read_text(encoding="utf-8")
        listed = source.partition("class LlmProviders(")[2].partition("\nclass ")[0]
        alike = json.loads((folder / "llms" / "openai_like" / "providers.json").read_bytes())
        prefixes = {key.split("/", 1)[0] for key, entry in self.answering() if "/" in key}
        return frozenset(_PROVIDER_NAME.findall(listed)) | frozenset(alike) | prefixes

    def answering(self) -> Iterator[tuple[str, Entry]]:
        """Yield the models that answer a prompt with text."""
        return ((key, entry) for key, entry in self.entries.items() if entry.get("mode") in ANSWERING)

    def find(self, string: str) -> Listing | None:
        """Return the entry that LiteLLM would price this ``provider/name`` by, or None.

        The order of names is that of ``get_model_info_helper`` in LiteLLM's ``utils.py``: as given, without
        the provider, then both without what marks a snapshot.
        """
        provider, _, name = string.partition("/")
        bare = _without_snapshot(name, provider)
        for candidate in (string, name, f"{provider}/{bare}", bare, f"{provider}/{string}"):
            key = self._key(candidate)
            if key is not None and _serves(provider, self.entries[key].get("litellm_provider")):
                return Listing(key, self.entries[key])
        return None

    def provider_of(self, name: str) -> str | None:
        """Return the provider that a bare model name means (``gpt-4o-mini`` → ``openai``), or None."""
        if name.startswith(("ft:gpt-", "ft:o")):
            return "openai"
        key = self._key(name)
        if key is None:
            return None
        provider = str(self.entries[key].get("litellm_provider") or "openai")
        return {"bedrock_converse": "bedrock"}.get(provider, re.sub(r"^(vertex_ai)-.*", r"\1", provider))

    @functools.cached_property
    def _lowered(self) -> Mapping[str, str]:
        return {key.lower(): key for key in self.entries}

    def _key(self, name: str) -> str | None:
        return name if name in self.entries else self._lowered.get(name.lower())


def _without_snapshot(name: str, provider: str) -> str:
    """Return the name without its snapshot, as ``_strip_model_name`` in LiteLLM's ``utils.py`` does."""
    if provider in ("bedrock", "bedrock_converse"):
        return _CROSS_REGION.sub("", name.rsplit("/", 1)[-1])
    if provider in ("vertex_ai", "gemini", "databricks"):
        return re.sub(r"-\d+$", "", name)
    if "ft:" in name:
        return re.sub(r"(:[^:]*){3}$", "", name)
    return re.sub(r"-\d{4}-\d{2}-\d{2}$", "", name)


def _serves(provider: str, listed: str | None) -> bool:
    """Return whether an entry tells of this provider's model (LiteLLM's ``_check_provider_match``)."""
    if listed is None or listed == provider or provider in ("litellm_proxy", "github", "nadir"):
        return True
    if provider in ("vertex_ai", "vertex_ai_beta"):
        return listed.startswith("vertex_ai")
    if provider == "fireworks_ai":
        return listed.startswith("fireworks_ai")
    if provider.startswith("bedrock"):
        return listed.startswith("bedrock")
    return provider == "azure_ai" and listed in ("azure", "openai")


def prices_of(entry: Entry, source: str) -> Prices | None:
    """Return what the entry says a token costs, or None where it says nothing.

    A zero for input and output alike is how the map writes “not told”, so it counts as no price. Standard
    rates only: neither batch, priority nor off-peak ones, which are another contract or another hour.
    """
    table = entry.get("tiered_pricing")
    prices = _from_table(table, entry, source) if table else _from_keys(entry, source)
    return prices if prices is not None and (prices.input or prices.output) else None


def _from_keys(entry: Entry, source: str) -> Prices | None:
    entered, written = _pico(entry, "input_cost_per_token"), _pico(entry, "output_cost_per_token")
    if entered is None or written is None:
        return None
    cached = _pico(entry, "cache_read_input_token_cost")
    if cached is None and entry.get("litellm_provider") == "fireworks_ai":
        cached = entered // 2  # LiteLLM's FIREWORKS_AI_DEFAULT_CACHE_READ_RATE_RATIO
    base = Prices(entered, written, cached, source=source)
    # xAI bills the higher rate from the threshold itself on (LiteLLM's _INCLUSIVE_THRESHOLD_PROVIDERS).
    inclusive = entry.get("litellm_provider") == "xai"
    marks = {
        (int(mark[1]) * (1000 if mark[2] else 1), mark[1] + mark[2])
        for mark in map(_ABOVE.fullmatch, entry)
        if mark
    }
    tiers = []
    for above, mark in sorted(marks):
        # What a tier leaves out stays as it was below it.
        entered = _pico(entry, f"input_cost_per_token_above_{mark}_tokens", entered)
        written = _pico(entry, f"output_cost_per_token_above_{mark}_tokens", written)
        cached = _pico(entry, f"cache_read_input_token_cost_above_{mark}_tokens", cached)
        tiers.append(Tier(above - inclusive, entered, written, cached))
    return replace(base, tiers=tuple(tiers))


def _from_table(table: list[Entry], entry: Entry, source: str) -> Prices | None:
    """Read ``tiered_pricing``: rows of a range of input tokens and the rates of a whole call in it."""
    tiers = []
    for row in sorted(
        (row for row in table if len(row.get("range", ())) == 2), key=lambda row: row["range"][0]
    ):
        entered = _pico(row, "input_cost_per_token")
        written = _pico(row, "output_cost_per_token", _pico(entry, "output_cost_per_token"))
        if entered is None or written is None:
            return None
        tiers.append(Tier(int(row["range"][0]), entered, written, _pico(row, "cache_read_input_token_cost")))
    if not tiers:
        return None
    return Prices(tiers[0].input, tiers[0].output, tiers[0].cached_input, tuple(tiers[1:]), source)


def _pico(entry: Entry, key: str, otherwise: _Otherwise = None) -> int | _Otherwise:  # type: ignore[assignment]
    """Return a price, USD in the map, as whole pico-dollars; digits beyond are the map's rounding noise."""
    dollars = entry.get(key)
    return otherwise if dollars is None else round(Decimal(str(dollars)) * PICO)
