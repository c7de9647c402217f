"""Who can answer: the configured models and any LiteLLM model string, with prices, limits, capabilities."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from workbench.errors import UnknownModelError, did_you_mean, nearest
from workbench.models.access import is_loopback
from workbench.models.model import PICO, Model, Prices
from workbench.models.price_map import ANSWERING, Entry, PriceMap, prices_of
from workbench.models.weights import BUNDLED
from workbench.project.settings import FILE_NAME, ModelEntry, Price, Settings

LOCAL_WINDOW = 8192
"""Tokens of context the embedded engine is given unless ``context_window`` says otherwise."""

BASE_ENCODING = "o200k_base"
"""The encoding whose count is the base of the estimate where a model's own is not public."""

_BUNDLED = frozenset({"o200k_base", "cl100k_base", "p50k_base"})

_PINNED = re.compile(
    r"""20\d\d[-.]?(?:0[1-9]|1[0-2])[-.]?(?:0[1-9]|[12]\d|3[01])(?!\d)   # 2026-03-17, 20251001
      | [-_](?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?![\w.])             # -0613: month and day
      | [-_]2\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?(?![\w.])         # -2411, -251201: year, month, day
      | -00[1-9](?![\w.])                                                 # -002: Google's stable versions
      | @(?!latest|default)\w                                             # @20250929
    """,
    re.VERBOSE,
)
REASONING_FAMILY = re.compile(r"^(?:ft:)?(?:o[1-9]\d*(?![a-z0-9])|gpt-[5-9](?!\d))(?!.*(?:search-api|-chat))")
"""OpenAI's models that reason, by name: for entries that do not say, and for models newer than the map."""

_SCHEMA_EVERYWHERE = frozenset({"predibase", "fireworks_ai", "lm_studio", "nebius", "databricks"})


class Catalogue:
    """The models of a project and of LiteLLM's map. The map is read when it is first needed, and once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._map = PriceMap()

    @property
    def map_version(self) -> str:
        """Which price map this is: ``LiteLLM 1.106.2``."""
        return self._map.version

    def configured(self) -> tuple[Model, ...]:
        """Return the models of ``.workbench.yml`` in its order; raises UnknownModelError for what is none."""
        return tuple(self.resolve(name) for name in self._settings.models)

    def resolve(self, name: str) -> Model:
        """Return the configured model of this name, else the one this LiteLLM model string means.

        A string without its provider is completed (``gpt-4o-mini`` → ``openai/gpt-4o-mini``), so that one
        model is one string everywhere. Raises UnknownModelError with the nearest name as hint.
        """
        entry = self._settings.models.get(name)
        if entry is None:
            return self._build(ModelEntry(name, name))
        try:
            return self._build(entry)
        except UnknownModelError as unknown:
            raise UnknownModelError(
                f"the model “{name}” of {FILE_NAME}: {unknown.message}", hint=unknown.hint
            ) from None

    def _build(self, entry: ModelEntry) -> Model:
        string = self._full_string(entry)
        model = Model(
            name=entry.name,
            string=string,
            api_base=entry.api_base,
            api_key_env=entry.api_key_env,
            params=entry.params,
            pinned=_PINNED.search(string) is not None,
            concurrency=entry.concurrency,
            rpm=entry.rpm,
            tpm=entry.tpm,
        )
        model = _local(model) if model.local else self._listed(model)
        if entry.price is not None:
            model = replace(model, prices=_written_down(entry.price), free=False)
        return model if entry.context_window is None else replace(model, window=entry.context_window)

    def _full_string(self, entry: ModelEntry) -> str:
        """Return the model string with its provider, or raise UnknownModelError."""
        provider, slash, name = entry.model.partition("/")
        if provider == "local":
            if entry.model == BUNDLED or name.endswith(".gguf"):
                return entry.model
            raise UnknownModelError(
                f"“{entry.model}” is no local model",
                hint=f"{BUNDLED}, or local/PATH for a file that ends in .gguf",
            )
        if slash and name and provider in self._map.providers:
            return entry.model
        found = self._map.provider_of(entry.model)
        if found is not None:
            return entry.model if entry.model.startswith(f"{found}/") else f"{found}/{entry.model}"
        if entry.api_base is not None:
            return f"openai/{entry.model}"
        raise UnknownModelError(f"there is no model “{entry.model}”", hint=self._hint(entry.model))

    def _hint(self, wanted: str) -> str:
        configured = nearest(wanted, self._settings.models)
        if configured:
            return f"Did you mean “{configured}”?"
        provider, slash, name = wanted.partition("/")
        if slash:
            close = nearest(provider, self._map.providers)
            if close:
                return f"Did you mean “{close}/{name}”?"
        close = nearest(wanted, (key for key, _ in self._map.answering()))
        return f"Did you mean “{close}”?" if close else did_you_mean(wanted, self._settings.models)

    def _listed(self, model: Model) -> Model:
        """Return the model with what the map says of it, if it says anything."""
        own_server = model.api_base is not None and not on_openai(model)
        encoding, certain = _encoding(model)
        # A server on this machine serves a model's file that is one's own and stays.
        own = model.api_base is not None and is_loopback(model.api_base)
        model = replace(model, encoding=encoding, pinned=model.pinned or own)
        listing = self._map.find(model.string)
        if listing is None:
            return replace(model, exact=certain and on_openai(model))
        entry, mode = listing.entry, listing.entry.get("mode", "chat")
        if mode not in ANSWERING and not own_server:
            raise UnknownModelError(
                f"“{model.string}” does not answer prompts: the map lists it for {mode}",
                hint="Name a chat model, for example openai/gpt-4o-mini.",
            )
        return replace(
            model,
            prices=prices_of(entry, self.map_version),
            window=entry.get("max_input_tokens") or entry.get("max_tokens"),
            max_output=entry.get("max_output_tokens"),
            supports=_supports(model, entry),
            known=True,
            retires=_date(entry.get("deprecation_date")),
            exact=certain and on_openai(model) and mode != "completion",
        )


def _written_down(price: Price) -> Prices:
    """Return a price of the settings file, USD a million tokens there, in pico-dollars a token."""
    per_token = Decimal(PICO) / 10**6
    return Prices(round(price.input * per_token), round(price.output * per_token), source=FILE_NAME)


def on_openai(model: Model) -> bool:
    """Return whether OpenAI itself answers for this model, not another server that speaks its protocol."""
    if model.provider != "openai":
        return False
    return model.api_base is None or urlsplit(model.api_base).hostname == "api.openai.com"


def _local(model: Model) -> Model:
    """Return what the embedded engine offers for any model file: it counts, costs nothing and is pinned."""
    return replace(
        model,
        free=True,
        window=LOCAL_WINDOW,
        supports=frozenset({"schema", "prefill", "system", "chat", "sampling"}),
        known=True,
        pinned=True,
        encoding=None,
        exact=True,
    )


def _supports(model: Model, entry: Entry) -> frozenset[str]:
    """Return the capability words of an entry.

    Beside those that Model names: ``chat`` (the provider's chat-completions protocol reaches it),
    ``sampling`` (temperature and its kin are taken as the model stands) and ``sampling_without_reasoning``
    (they are once ``reasoning_effort`` is ``none``), after LiteLLM's ``effort_resolves_to_none``.
    """
    openai_kind = model.provider in ("openai", "azure")
    reasoning = bool(entry.get("supports_reasoning"))
    if openai_kind and REASONING_FAMILY.search(model.string.rsplit("/", 1)[-1]):
        reasoning = True
    may_rest = openai_kind and bool(entry.get("supports_none_reasoning_effort"))
    chat = entry.get("mode") != "responses" and "/v1/chat/completions" in entry.get(
        "supported_endpoints", ("/v1/chat/completions",)
    )
    sampling = entry.get("supports_sampling_params") is not False
    if reasoning and openai_kind:
        sampling = may_rest and entry.get("default_reasoning_effort") == "none"
    words = {
        "schema": bool(entry.get("supports_response_schema")) or model.provider in _SCHEMA_EVERYWHERE,
        "prefill": bool(entry.get("supports_assistant_prefill")),
        "system": entry.get("supports_system_messages") is not False,
        "reasoning": reasoning,
        "tools": bool(entry.get("supports_function_calling")),
        "chat": chat,
        "sampling": sampling,
        "sampling_without_reasoning": may_rest,
    }
    return frozenset(word for word, holds in words.items() if holds)


def _encoding(model: Model) -> tuple[str, bool]:
    """Return the tiktoken encoding to count with, and whether tiktoken's own table gives it to this model."""
    # Here and not at the top: 20 ms, and a start that counts nothing should not pay them.
    from tiktoken.model import encoding_name_for_model

    try:
        name = encoding_name_for_model(model.string.rsplit("/", 1)[-1])
    except KeyError:
        return BASE_ENCODING, False
    # gpt-oss has o200k_base with other control tokens; of the oldest, not bundled, p50k_base is nearest.
    bundled = {"o200k_harmony": "o200k_base"}.get(name, name if name in _BUNDLED else "p50k_base")
    return bundled, bundled == name


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
