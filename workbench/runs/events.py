"""What happens in a run, as it happens: columns draw it, ``--json`` prints it, tests assert it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from workbench.models.estimate import PlanEstimate
from workbench.store.records import Cell, Result


@dataclass(frozen=True)
class Planned:
    """A run is stored and about to begin. ``calls`` are to be made; ``cached`` cells are answered already."""

    run: int
    cells: tuple[Cell, ...]
    calls: int
    cached: int
    cost: PlanEstimate


@dataclass(frozen=True)
class Started:
    """The call under this key was sent."""

    key: str


@dataclass(frozen=True)
class Arrived:
    """Text arrived for the call under this key."""

    key: str
    text: str
    reasoning: str = ""


@dataclass(frozen=True)
class Retried:
    """A try of the call under this key failed, and it is made again in ``wait`` seconds.

    What had arrived is void.
    """

    key: str
    tries: int
    reason: str
    wait: float


@dataclass(frozen=True)
class Finished:
    """The result of the call under this key is stored."""

    key: str
    result: Result


@dataclass(frozen=True)
class Ended:
    """The run is over: ``done``, ``interrupted``, or ``limit`` where the cost limit stopped it.

    ``counts`` is the number of cells by status, with ``waiting`` for those that have no result; ``cost`` is
    in pico-dollars, None where it is not known of all.
    """

    run: int
    status: str
    counts: Mapping[str, int]
    cost: int | None


RunEvent: TypeAlias = Planned | Started | Arrived | Retried | Finished | Ended
