"""``.workbench.yml``: the models, defaults and limits of a project, and how the project is found."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from workbench.errors import Place, ProjectError, SettingsError
from workbench.project.switches import read_switches
from workbench.project.yaml import Fields, Value, read

FILE_NAME = ".workbench.yml"


@dataclass(frozen=True)
class Price:
    """A price a person wrote down: USD per million tokens."""

    input: Decimal
    output: Decimal


@dataclass(frozen=True)
class ModelEntry:
    """How to reach one model, as ``.workbench.yml`` says it.

    ``model`` is a LiteLLM model string or ``local/…``; ``concurrency`` is in calls at once, ``rpm`` in calls
    a minute, ``tpm`` in tokens a minute, ``context_window`` in tokens. None means unsaid.
    """

    name: str
    model: str
    params: Mapping[str, Value] = field(default_factory=dict)
    api_base: str | None = None
    api_key_env: str | None = None
    price: Price | None = None
    context_window: int | None = None
    concurrency: int | None = None
    rpm: int | None = None
    tpm: int | None = None


LARGEST_COST = 9_223_372
"""USD that a limit may be at most: the store counts them in pico-dollars, of which 63 bits hold no more."""


@dataclass(frozen=True)
class Limits:
    """What a run may use: USD in all, calls at once, seconds a call, and tries a call.

    ``first_token`` is how many of its seconds a call may take to begin its answer, None for all of them.
    """

    cost: Decimal = Decimal("1.00")
    concurrency: int = 8
    timeout: float = 60.0
    retries: int = 3
    first_token: float | None = None


@dataclass(frozen=True)
class Settings:
    """Everything ``.workbench.yml`` says, with defaults for what it leaves out.

    ``findings`` switches findings on and off by their code; ``places`` holds where each model is written, by
    its name or its string. ``content_hash`` is the SHA-256 of the bytes that said it, empty where they were
    no file.
    """

    models: Mapping[str, ModelEntry] = field(default_factory=dict)
    default_models: tuple[str, ...] = ()
    default_params: Mapping[str, Value] = field(default_factory=dict)
    limits: Limits = Limits()
    findings: Mapping[str, bool] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    content_hash: str = field(default="", compare=False)


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above ``start`` that holds ``.workbench.yml``.

    Raises ProjectError where there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    raise ProjectError(
        f"no {FILE_NAME} in {start} or any folder above it",
        hint="“workbench init” makes a small working project here.",
    )


def load(root: Path) -> Settings:
    """Read the settings of the project at ``root``; raises SettingsError with file, line and key."""
    path = root / FILE_NAME
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as broken:
        raise SettingsError(f"cannot be read: {broken.strerror}", place=Place(FILE_NAME)) from broken
    except UnicodeDecodeError as broken:
        raise SettingsError(
            f"is not UTF-8: the first bad byte is at offset {broken.start}",
            place=Place(FILE_NAME),
            hint="Save the file as UTF-8.",
        ) from broken
    return replace(parse(text), content_hash=hashlib.sha256(content).hexdigest())


def parse(text: str) -> Settings:
    """Return the settings that this text of ``.workbench.yml`` says."""
    fields = Fields(read(text, FILE_NAME, error=SettingsError), SettingsError)
    fields.only(("models", "defaults", "limits", "findings"))
    models = _models(fields.mapping("models"))
    default_models, default_params = _defaults(fields.mapping("defaults"))
    places = {name: fields.place("defaults", "models", at) for at, name in enumerate(default_models)}
    places |= {name: fields.place("models", name) for name in models}
    return Settings(
        models,
        default_models,
        default_params,
        _limits(fields.mapping("limits")),
        read_switches(fields.mapping("findings")),
        places,
    )


def _models(fields: Fields | None) -> dict[str, ModelEntry]:
    entries: dict[str, ModelEntry] = {}
    if fields is None:
        return entries
    for name, value in fields.values.items():
        if not name.strip() or "/" in name or "@" in name:
            raise fields.error(f"a model's name must be a word without “/” and “@”, not “{name}”", name)
        if value is None or value == "":
            raise fields.error(
                f"the model “{name}” has no model string", name, hint=f"{name}: provider/model"
            )
        entry = None if isinstance(value, str) else fields.mapping(name)
        entries[name] = ModelEntry(name, value) if entry is None else _model(name, entry)
    return entries


_MODEL_KEYS = (
    "model",
    "params",
    "api_base",
    "api_key_env",
    "price",
    "context_window",
    "concurrency",
    "rpm",
    "tpm",
)


def _model(name: str, entry: Fields) -> ModelEntry:
    for key in entry:
        if key in ("api_key", "key", "token"):
            raise entry.error(
                "a key does not belong in this file, which git keeps for ever",
                key,
                hint="Put it into an environment variable and write its name: api_key_env: MY_KEY",
            )
    entry.only(_MODEL_KEYS)
    model = entry.text("model")
    if not model:
        raise entry.error(f"the model “{name}” has no model string", hint="Add model: provider/model")
    api_base = entry.text("api_base")
    if api_base is not None:
        _check_address(api_base, entry)
    api_key_env = entry.text("api_key_env")
    if api_key_env is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", api_key_env):
        raise entry.error(
            "“api_key_env” must be the name of an environment variable, not a key",
            "api_key_env",
            hint="For example api_key_env: LAB_KEY",
        )
    params = entry.mapping("params")
    return ModelEntry(
        name=name,
        model=model,
        params=params.values if params else {},
        api_base=api_base.rstrip("/") if api_base else None,
        api_key_env=api_key_env,
        price=_price(entry.mapping("price")),
        context_window=entry.integer("context_window", least=1),
        concurrency=entry.integer("concurrency", least=1),
        rpm=entry.integer("rpm", least=1),
        tpm=entry.integer("tpm", least=1),
    )


def _check_address(api_base: str, entry: Fields) -> None:
    try:
        parts = urlsplit(api_base)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"[\s\\]", api_base):
        raise entry.error(
            f"“api_base” must be an http or https address, not {api_base!r}",
            "api_base",
            hint="For example api_base: http://127.0.0.1:8080/v1",
        )
    if parts.username is not None:
        raise entry.error(
            "“api_base” must not hold a name or a password: git keeps this file for ever",
            "api_base",
            hint="Put the key into an environment variable and write its name: api_key_env: MY_KEY",
        )


def _price(fields: Fields | None) -> Price | None:
    if fields is None:
        return None
    fields.only(("input", "output"))
    numbers = []
    for key in ("input", "output"):
        number = fields.number(key)
        if number is None:
            raise fields.error(
                f"the price lacks “{key}”", hint="price: {input: 0.10, output: 0.40}, in USD a million"
            )
        numbers.append(Decimal(str(fields.values[key])))
    return Price(*numbers)


def _defaults(fields: Fields | None) -> tuple[tuple[str, ...], dict[str, Value]]:
    if fields is None:
        return (), {}
    fields.only(("models", "params"))
    params = fields.mapping("params")
    return fields.texts("models") or (), params.values if params else {}


def _limits(fields: Fields | None) -> Limits:
    if fields is None:
        return Limits()
    fields.only(("cost", "concurrency", "timeout", "retries", "first_token"))
    usual = Limits()
    cost = fields.number("cost")
    if cost is not None and Decimal(str(fields.values["cost"])) > LARGEST_COST:
        raise fields.error(f"“cost” must be at most {LARGEST_COST:,} (USD)", "cost")
    return Limits(
        cost=usual.cost if cost is None else Decimal(str(fields.values["cost"])),
        concurrency=fields.integer("concurrency", least=1) or usual.concurrency,
        timeout=fields.number("timeout", positive=True) or usual.timeout,
        retries=fields.integer("retries", least=1) or usual.retries,
        first_token=fields.number("first_token", positive=True),
    )
