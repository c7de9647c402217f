"""Contenders told apart, and put together, for votes and boards."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.bench.shown import short_version
from workbench.store.records import Contender


def group_of(contender: Contender, by: str) -> str:
    """Return what a contender is rated as: itself, its version or its model."""
    if by == "contender":
        return str(contender.id)
    return contender.version if by == "version" else f"{contender.string} {contender.api_base or ''}"


def alike(first: Contender, second: Contender, by: str) -> bool:
    """Return whether two contenders may be compared where their groups are rated.

    By version or by model they have to be of one prompt, and alike in all else.
    """
    if by == "contender":
        return True
    return first.prompt == second.prompt and _rest(first, by) == _rest(second, by)


def _rest(contender: Contender, by: str) -> tuple[object, ...]:
    """Return everything of a contender but what is grouped by."""
    params = tuple(sorted((name, str(value)) for name, value in contender.params.items()))
    if by == "version":
        return (contender.string, contender.api_base, params)
    return (contender.version, params)


def group_label(contender: Contender, by: str) -> str:
    """Return how a version or a model is named, by one of its contenders."""
    return short_version(contender.version) if by == "version" else contender.model


def apart(contenders: Sequence[Contender]) -> list[str]:
    """Return, for each of some contenders of one label, what sets it apart from the others."""
    told = [
        {
            **contender.params,
            "version": short_version(contender.version),
            "model": contender.string,
            "at": contender.api_base,
        }
        for contender in contenders
    ]
    names = sorted({name for one in told for name in one})
    differing = [name for name in names if len({str(one.get(name)) for one in told}) > 1]
    return [" ".join(f"{name}={one.get(name)}" for name in differing) for one in told]
