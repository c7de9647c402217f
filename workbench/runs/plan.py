"""What a run will do: the calls to make, the cells they fill, and what that may cost."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from workbench.context.messages import context_hash
from workbench.errors import UsageError
from workbench.models.calls import Call
from workbench.models.estimate import CostEstimate, PlanEstimate, most_cost, most_input, plan_estimate
from workbench.models.model import Model
from workbench.project.yaml import Value, read
from workbench.store.records import ANSWERED, Cell, Result


@dataclass(frozen=True)
class PlannedCall:
    """One call that a run has to make, and the cells that wait for it.

    ``estimated`` is the count of input tokens before any correction, ``estimate`` what the call may cost
    (None where the model has no price), ``exact`` whether the provider will count the input the same.
    """

    key: str
    call: Call
    context: str
    positions: tuple[int, ...]
    estimated: int | None
    estimate: CostEstimate | None
    exact: bool = True

    @cached_property
    def most(self) -> int | None:
        """The most that one try may cost, in pico-dollars; None where nothing bounds it.

        Where the input is counted by estimate that is more than the highest estimate.
        """
        if self.estimate is None:
            return 0
        high = self.estimate.high
        if self.exact or high is None:
            return high
        return max(high, most_cost(self.call.model, self.call.params, self.most_input) or 0)

    @cached_property
    def most_input(self) -> int:
        """The most tokens that its input can come to, whoever counts it."""
        return most_input(self.call.messages, self.call.schema)


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
        return sum(cell.result is not None and cell.result.status in ANSWERED for cell in self.cells)

    @property
    def tokens(self) -> int:
        """How many tokens of input the calls will send, as counted before; 0 for what cannot be counted."""
        return sum(self.cells[call.positions[0]].shown or 0 for call in self.calls)

    @property
    def estimate(self) -> PlanEstimate:
        """What the calls that are still to be made may cost."""
        return plan_estimate(call.estimate for call in self.calls)

    @property
    def most(self) -> int | None:
        """What has to be set aside for all calls together, in pico-dollars; None where nothing bounds it.

        Where so much is allowed none is refused, as long as none has to be tried again.
        """
        bounds = [call.most for call in self.calls]
        known = [bound for bound in bounds if bound is not None]
        return sum(known) if len(known) == len(bounds) else None


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
        PlannedCall(
            *(key, asked.call, asked.cell.context, tuple(positions)),
            *(asked.estimated, asked.estimate, asked.cell.exact),
        )
        for key, (asked, positions) in waiting.items()
    )
    return Plan(prompt, samples, tuple(cells), calls)


def call_key(call: Call, sample: int, context: str | None = None) -> str:
    """Return the SHA-256 under which a call's answer is found again.

    Over everything that shapes the answer: messages, params, schema, the model string as sent, ``api_base``
    and the number of the sample; never an entry's name or price. ``context`` is the hash of the messages,
    where that is known.
    """
    shaping = {
        "context": context_hash(call.messages) if context is None else context,
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


def read_sweep(words: Sequence[str]) -> dict[str, list[Value]]:
    """Return params from ``name=value``, or ``name=value,value`` to sweep; values are read as YAML.

    A value in brackets, braces or quotes is one value. A param given several times takes all of the values.
    Raises UsageError for what is none of these.
    """
    params: dict[str, list[Value]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        name = name.strip()
        if not equals or not name or not values.strip():
            raise UsageError(
                f"“{word}” is not a param", hint="Write it as NAME=VALUE, or NAME=VALUE,VALUE to sweep."
            )
        one = values.lstrip().startswith(("[", "{", '"'))
        value = read(values if one else f"[{values}]", word, error=UsageError).value
        params.setdefault(name, []).extend([value] if one else value)
    return params


def slowest(
    calls: Sequence[PlannedCall], at_once: int, seconds: Callable[[Model], float | None]
) -> tuple[str, float] | None:
    """Return the name of the model whose calls will take longest, and how many seconds that is.

    ``at_once`` is how many calls there may be over all models; ``seconds`` gives the mean of a model's past
    answers, None where there are none. A model takes as long as its calls do by so many at once, or as its
    limit a minute lets it; and the slowest at least as long as all the calls together keep the run busy.
    None where nothing is known of any.
    """
    numbers: dict[tuple[str, str | None], tuple[Model, int]] = {}
    for planned in calls:
        model = planned.call.model
        _, number = numbers.get((model.string, model.api_base), (model, 0))
        numbers[model.string, model.api_base] = model, number + 1
    all_of_them = ((model, number, seconds(model)) for model, number in numbers.values())
    known = [(model, number, each) for model, number, each in all_of_them if each is not None]
    if not known:
        return None
    name, longest = max(
        ((model.name, _alone(model, number, each, at_once)) for model, number, each in known),
        key=lambda found: found[1],
    )
    return name, max(longest, sum(number * each for _, number, each in known) / at_once)


def _alone(model: Model, number: int, each: float, at_once: int) -> float:
    """Return how many seconds so many calls of one model take, of ``each`` seconds, with no other beside."""
    own = min(model.concurrency or (1 if model.local else at_once), at_once, number)
    return max(number * each / own, (number - 1) * 60 / model.rpm if model.rpm else 0)


def split_target(target: str) -> tuple[str, str | None]:
    """Return prompt and revision of ``PROMPT`` or ``PROMPT@REVISION``, split at the first ``@``."""
    prompt, at, revision = target.partition("@")
    if not prompt or (at and not revision):
        raise UsageError(
            f"“{target}” does not name a prompt", hint="Write PROMPT, PROMPT@REVISION or PROMPT@v:HASH."
        )
    return prompt, revision or None
