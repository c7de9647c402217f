"""What the store keeps, as plain data.

Times are UTC ISO 8601 text, money is pico-dollars, durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.models.calls import ToolCall, Usage
from workbench.project.yaml import Value

ANSWERED = ("ok", "empty", "cut", "refused")
"""Statuses of a result that is an answer of the model, and may answer an equal call from the cache."""

UNANSWERED = ("error", "cancelled")
"""Statuses of a result that is the record of why there is no answer."""

STATUSES = (*ANSWERED, *UNANSWERED)
"""What can have become of a call."""

RUN_STATUSES = ("running", "done", "interrupted", "limit")
"""How a run can stand, in one word each that no result's status is."""

LABELS = ("good", "bad")
"""What a result can be marked as."""

JUDGED = ("ok", "cut")
"""Statuses of a result that can stand in a duel."""


@dataclass(frozen=True)
class Contender:
    """What competes: a version with a model and params.

    ``model`` is the entry's name, ``string`` the model string as sent.
    """

    prompt: str
    version: str
    model: str
    string: str
    api_base: str | None = None
    params: Mapping[str, Value] = field(default_factory=dict)
    id: int = 0

    @property
    def local(self) -> bool:
        """Whether its model runs on this machine, and is free."""
        return self.string.startswith("local/")


@dataclass(frozen=True)
class Result:
    """One answer, or the record of why there is none.

    ``status`` is ``ok``, ``empty``, ``cut``, ``refused``, ``error`` or ``cancelled``. ``estimated`` is the
    count of input tokens before any correction. ``valid`` says whether the text fits the schema, None without
    one; ``invalid`` says where it does not. ``cost`` is None where the model has no price; ``prices`` are
    those it was reckoned with. ``unsure`` is the most that its tries may have cost beyond that: those whose
    answers were lost, or of which nobody said what they used.
    """

    call_key: str
    context: str
    string: str
    api_base: str | None
    params: Mapping[str, Value]
    status: str
    text: str = ""
    reasoning: str = ""
    refusal: str | None = None
    finish: str | None = None
    error_kind: str | None = None
    error: str | None = None
    tries: int = 1
    usage: Usage = field(default_factory=Usage)
    estimated: int | None = None
    cost: int | None = None
    prices: str | None = None
    ttft: float | None = None
    total: float | None = None
    answered_by: str | None = None
    valid: bool | None = None
    invalid: str | None = None
    started: str = ""
    ended: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    unsure: int = 0
    id: int = 0


@dataclass(frozen=True)
class Remark:
    """What a person said of one result: ``label`` is ``good`` or ``bad``. None where nothing was said."""

    label: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Cell:
    """One place in a run's grid: a contender, a case and a sample, and the result that fills it.

    ``case`` is the case's label, ``case_hash`` its identity. ``cached`` says that the result was made by an
    earlier run. ``estimated`` is the count of input tokens before any correction, ``shown`` the one that was
    shown before the call, ``exact`` whether that promised to be right, and ``messages`` how many there were.
    ``high`` is the most that the call may cost.
    """

    position: int
    contender: Contender
    case: str | None
    case_hash: str
    sample: int
    context: str
    call_key: str
    revision: str | None = None
    dirty: bool = False
    expect: str | None = None
    estimated: int | None = None
    high: int | None = None
    schema: str | None = None
    result: Result | None = None
    cached: bool = False
    run: int = 0
    shown: int | None = None
    exact: bool = False
    messages: int | None = None

    @property
    def off(self) -> float | None:
        """How far the count that was shown is above what was reported, as a share of that, where known."""
        reported = self.result.usage.input if self.result else None
        return (self.shown - reported) / reported if self.shown is not None and reported else None

    @property
    def expected(self) -> bool | None:
        """Whether the text equals what the case expects, both trimmed.

        None where nothing is expected, or there is no answer.
        """
        if self.expect is None or self.result is None or self.result.status not in ANSWERED:
            return None
        return self.result.text.strip() == self.expect.strip()


@dataclass(frozen=True)
class Renamed:
    """Another name that a server answered with: ``now`` since a ``run``, and ``before`` in the run before."""

    before: str
    now: str
    run: int


@dataclass(frozen=True)
class Miscount:
    """A count of input tokens that was ``shown`` before a call and differs from what was ``reported`` after.

    ``model`` is the entry's name, ``case`` the label of the case; ``exact`` says that the count promised to
    be right.
    """

    model: str
    prompt: str
    case: str | None
    run: int
    shown: int
    reported: int
    exact: bool

    @property
    def off(self) -> float:
        """How far it is above what was reported, as a share of that."""
        return (self.shown - self.reported) / self.reported


@dataclass(frozen=True)
class Run:
    """One execution of a plan. ``status`` is ``running``, ``done``, ``interrupted`` or ``limit``.

    ``spent`` is what its own results cost as far as is known, ``unpriced`` how many answers had no price, and
    ``cost`` is None where there are such. ``local`` says that all its models are on this machine, and free.
    """

    id: int
    started: str
    ended: str | None
    status: str
    prompt: str
    contenders: int
    cases: int
    samples: int
    counts: Mapping[str, int]
    cost: int | None
    spent: int = 0
    unpriced: int = 0
    local: bool = False


@dataclass(frozen=True)
class Pair:
    """Two results of one case as they are shown, sides included."""

    prompt: str
    case_hash: str
    left_result: int
    right_result: int
    left_contender: int
    right_contender: int
    id: int = 0


@dataclass(frozen=True)
class Vote:
    """One judgement of a pair. ``choice`` is ``left``, ``right``, ``tie``, ``bad`` or ``skip``.

    ``undone`` is when it was taken back, None while it stands.
    """

    pair: Pair
    choice: str
    judge: str
    blind: bool
    created: str
    note: str | None = None
    seconds: float | None = None
    id: int = 0
    undone: str | None = None
