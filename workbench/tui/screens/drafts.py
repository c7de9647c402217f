"""What is chosen in the plan dialog, to be chosen again: from the last time, or from a run; and approved."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from workbench.bench.replanning import Compared
from workbench.bench.running import Prepared
from workbench.project.yaml import Value

FIELDS = ("more-versions", "more-models", "samples", "patterns", "params")
"""The fields in which something can be typed."""


@dataclass(frozen=True)
class Draft:
    """What is chosen for a run.

    ``versions``, ``models`` and ``cases`` are keys of the lists; a version or a model that is in no list is
    typed instead. ``cases`` are None for those that are chosen by themselves, ``typed`` is what the fields
    say. ``offered`` are the models and ``tried`` the inputs that were chosen by themselves then: where they
    are others now, these are chosen again.
    """

    versions: tuple[str, ...]
    models: tuple[str, ...]
    cases: tuple[str, ...] | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False
    offered: tuple[str, ...] | None = None
    tried: Mapping[str, Value] | None = None


@dataclass(frozen=True)
class Approved:
    """A plan that may start, and what it was allowed to cost in USD where the limit was not enough."""

    plan: Prepared
    allowed: Decimal | None = None


def draft_of(run: Compared) -> Draft:
    """Return what to choose for what a run compared."""
    words = [word for name, values in run.params.items() for word in swept_words(name, values)]
    return Draft(run.versions, run.models, typed={"samples": str(run.samples), "params": shlex.join(words)})


def swept_words(name: str, values: Sequence[Value]) -> list[str]:
    """Return a param with its values as one types them: in one word where that can be read."""
    written = [json.dumps(value, ensure_ascii=False) for value in values]
    if any(isinstance(value, (str, list, dict)) for value in values):
        return [f"{name}={value}" for value in written]
    return [f"{name}={','.join(written)}"]
