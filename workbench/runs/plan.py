"""What a run will do: the calls to make, the cells they fill, and what that may cost."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.context.messages import context_hash
from workbench.errors import UsageError
from workbench.models.calls import Call
from workbench.models.estimate import CostEstimate, PlanEstimate, plan_estimate
from workbench.project.yaml import Value
from workbench.store.records import Cell, Result


@dataclass(frozen=True)
class PlannedCall:
    """One call that a run has to make, and the cells that wait for it.

    ``estimated`` is the count of input tokens before any correction, ``estimate`` what the call may cost
    (None where the model has no price).
    """

    key: str
    call: Call
    context: str
    positions: tuple[int, ...]
    estimated: int | None
    estimate: CostEstimate | None


@dataclass(frozen=True)
class Plan:
    """Contenders, cases and samples, laid out as cells.

    ``cells`` are in the order in which they are shown; those answered from the cache hold their result
    already.
    """

    prompt: str
    samples: int
    cells: tuple[Cell, ...]
    calls: tuple[PlannedCall, ...]

    @property
    def cached(self) -> int:
        """How many cells are answered already."""
        return sum(cell.result is not None for cell in self.cells)

    @property
    def estimate(self) -> PlanEstimate:
        """What the calls that are still to be made may cost."""
        return plan_estimate(call.estimate for call in self.calls)


@dataclass(frozen=True)
class Question:
    """One cell and the call that would answer it, before it is known whether it has been answered."""

    cell: Cell
    call: Call
    estimated: int | None
    estimate: CostEstimate | None


def make_plan(
    prompt: str, samples: int, questions: Sequence[Question], answers: Mapping[str, Result]
) -> Plan:
    """Lay out a run: equal calls are asked once, and calls with an answer in ``answers`` not at all."""
    cells: list[Cell] = []
    waiting: dict[str, tuple[Question, list[int]]] = {}
    for question in questions:
        cell = question.cell
        answer = answers.get(cell.call_key)
        if answer is not None:
            cells.append(replace(cell, result=answer, cached=True))
            continue
        cells.append(replace(cell, result=None, cached=False))  # what failed before is asked again
        waiting.setdefault(cell.call_key, (question, []))[1].append(cell.position)
    calls = tuple(
        PlannedCall(key, asked.call, asked.cell.context, tuple(positions), asked.estimated, asked.estimate)
        for key, (asked, positions) in waiting.items()
    )
    return Plan(prompt, samples, tuple(cells), calls)


def call_key(call: Call, sample: int) -> str:
    """Return the SHA-256 under which a call's answer is found again.

    Over everything that shapes the answer: messages, params, schema, the model string as sent, ``api_base``
    and the number of the sample; never an entry's name or price.
    """
    shaping = {
        "context": context_hash(call.messages),
        "params": dict(call.params),
        "schema": call.schema,
        "string": call.model.string,
        "api_base": call.model.api_base,
        "sample": sample,
    }
    canonical = json.dumps(shaping, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def merged(*layers: Mapping[str, Value]) -> dict[str, Value]:
    """Return params merged in order, later layers over earlier ones; None removes a param."""
    together: dict[str, Value] = {}
    for layer in layers:
        together.update(layer)
    return {name: value for name, value in together.items() if value is not None}


def swept(params: Mapping[str, Sequence[Value]]) -> list[dict[str, Value]]:
    """Return every combination of the values that each param is to take."""
    return [dict(zip(params, values, strict=True)) for values in itertools.product(*params.values())]


def split_target(target: str) -> tuple[str, str | None]:
    """Return prompt and revision of ``PROMPT`` or ``PROMPT@REVISION``, split at the first ``@``."""
    prompt, at, revision = target.partition("@")
    if not prompt or (at and not revision):
        raise UsageError(
            f"“{target}” does not name a prompt", hint="Write PROMPT, PROMPT@REVISION or PROMPT@v:HASH."
        )
    return prompt, revision or None
