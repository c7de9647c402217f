"""What a stored run compared, said as one would ask for it again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from workbench.bench.previewing import Previewing
from workbench.bench.versions import Versions
from workbench.errors import WorkbenchError
from workbench.project.yaml import Value
from workbench.prompts.version import Version
from workbench.store.records import Cell, Contender

DIGITS = 12
"""Of a version's hash that name it."""


@dataclass(frozen=True)
class Compared:
    """What a run compared: revisions of its prompt, models, and the params they were given at last.

    A version is empty for the working tree, a commit's hash, or ``v:HASH``; a model is the name of an entry
    or a model string. ``params`` are those that no version and no model brings along, each with its values.
    """

    versions: tuple[str, ...]
    models: tuple[str, ...]
    params: Mapping[str, Sequence[Value]]
    samples: int


def compared(
    cells: Sequence[Cell],
    versions: Versions,
    previewing: Previewing,
    entries: Collection[str],
    unsaved: Mapping[str, bytes] | None = None,
) -> Compared:
    """Return what a run compared of the prompt of its first cell.

    ``entries`` are the models that have a name; ``unsaved`` holds files as they are on screen. What cannot be
    read any more brings no params along that would be known.
    """
    prompt = cells[0].contender.prompt
    own = [cell for cell in cells if cell.contender.prompt == prompt]
    load = cache(lambda revision: _load(versions, prompt, revision, unsaved))
    working = load("")
    revisions = {cell.contender.version: _revision(cell, working) for cell in own}
    contenders = list({_key(cell.contender): cell.contender for cell in own}.values())
    models = [one.model if one.model in entries else one.string for one in contenders]
    given: dict[str, None] = {}
    for contender, model in zip(contenders, models, strict=True):
        version = load(revisions[contender.version])
        if version is not None:
            given |= dict.fromkeys(_given(contender, _brought(previewing, version, model)))
    return Compared(
        tuple(dict.fromkeys(revisions.values())),
        tuple(dict.fromkeys(models)),
        {name: _values(name, contenders) for name in given},
        max(cell.sample for cell in own),
    )


def _brought(previewing: Previewing, version: Version, model: str) -> Mapping[str, Value] | None:
    """Return the params that a version and a model have by themselves, None where the model is none now."""
    try:
        (known,) = previewing.models_of(version, (model,))
    except WorkbenchError:
        return None
    return previewing.params_for(version, known, {})


def _given(contender: Contender, brought: Mapping[str, Value] | None) -> Iterator[str]:
    """Yield the names of the params that a contender was given at last."""
    if brought is not None:
        for name, value in contender.params.items():
            if name not in brought or brought[name] != value:
                yield name


def _values(name: str, contenders: Sequence[Contender]) -> list[Value]:
    """Return the values that a param took, in their order."""
    found = {repr(one.params[name]): one.params[name] for one in contenders if name in one.params}
    return list(found.values())


def _load(
    versions: Versions, prompt: str, revision: str, unsaved: Mapping[str, bytes] | None
) -> Version | None:
    try:
        return versions.load(f"{prompt}@{revision}" if revision else prompt, unsaved).version
    except WorkbenchError:
        return None


def _revision(cell: Cell, working: Version | None) -> str:
    if working is not None and cell.contender.version == working.hash:
        return ""
    if cell.revision is not None and not cell.dirty:
        return cell.revision
    return f"v:{cell.contender.version[:DIGITS]}"


def _key(contender: Contender) -> tuple[str, str, str | None, str]:
    return contender.version, contender.string, contender.api_base, repr(sorted(contender.params.items()))
