"""What a person asks to run, and what comes of it before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.bench.versions import Target
from workbench.context.messages import Message
from workbench.errors import Place
from workbench.project.yaml import Value
from workbench.runs.plan import Plan


@dataclass(frozen=True)
class Request:
    """What a person asks to run.

    ``targets`` are prompts at revisions; no ``models`` means the prompt's own. ``cases`` are named one by
    one, ``selection`` holds patterns that choose among them (see ``prompts.cases.select``); neither means all
    of them. ``examples`` makes a case of each few-shot example, beside those that are chosen, and alone
    where none are. ``inputs`` make a case of their own, or lie over those of the cases that are chosen.
    ``params`` maps each param to the values it is to take. ``unsaved`` holds files as they are on screen.
    ``fresh`` asks again what the cache could answer. ``stream`` asks for text as it arrives.
    """

    targets: tuple[str, ...]
    models: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    inputs: Mapping[str, Value] = field(default_factory=dict)
    params: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    samples: int = 1
    unsaved: Mapping[str, bytes] = field(default_factory=dict)
    fresh: bool = False
    stream: bool = True
    selection: tuple[str, ...] = ()
    examples: bool = False


@dataclass(frozen=True)
class Misfitting:
    """A contender that cannot run as planned: which, why with the remedy, and where that is written."""

    contender: str
    reason: str
    place: Place | None = None


@dataclass(frozen=True)
class Prepared:
    """A plan that can be started, with what must be kept so that every result can be traced.

    ``run`` is the number of a run that is taken up again, ``spent`` what it has cost as far as is known,
    ``unsure`` what it may have cost beyond that, and ``allowed`` what it was allowed to cost, in
    pico-dollars; ``left_out`` is how many of its unanswered cells are not asked now.
    ``warnings`` are one line each. ``misfits`` keep the plan from being started. ``slowest`` is the model
    that is expected to take longest, and for how many seconds; None where no past tells.
    """

    plan: Plan
    targets: tuple[Target, ...]
    contexts: tuple[tuple[Message, ...], ...]
    cases: Mapping[str, Mapping[str, Value]]
    run: int | None = None
    spent: int = 0
    unsure: int = 0
    allowed: int | None = None
    warnings: tuple[str, ...] = ()
    misfits: tuple[Misfitting, ...] = ()
    slowest: tuple[str, float] | None = None
    left_out: int = 0
