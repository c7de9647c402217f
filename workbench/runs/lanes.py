"""The calls of each model while they wait: one lane a model, and how many places each lane may have."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Sequence

from workbench.runs.pace import Pace, Paces
from workbench.runs.plan import PlannedCall

NEVER = float("inf")
"""The time of what only another event brings about."""


class Lane:
    """The calls of one model, reached in one way: those never sent, and those that wait to be tried again.

    ``most`` is how many of them the model's entry lets be under way at once.
    """

    def __init__(self, pace: Pace, most: int) -> None:
        self.pace = pace
        self.most = most
        self.fresh: deque[PlannedCall] = deque()
        self.under_way = 0
        self.served = 0
        self._back: list[tuple[float, int, PlannedCall, Callable[[bool], None]]] = []
        self._order = itertools.count()

    @property
    def busy(self) -> bool:
        """Whether any call of it is under way or waits."""
        return bool(self.fresh or self._back or self.under_way)

    def demand(self, now: float) -> int:
        """Return how many places it would use now, with those that it has."""
        due = sum(at <= now for at, *_ in self._back) if self._back else 0
        room = self._limit - self.under_way
        fresh = min(len(self.fresh), max(0, room - len(self._back)))
        return self.under_way + max(0, min(room, due + fresh))

    def first(self, now: float) -> PlannedCall | None:
        """Return the call whose turn it is in this lane, or None where none may be sent now."""
        if self.under_way >= self._limit:
            return None
        if self._back and self._back[0][0] <= now:
            return self._back[0][2]
        # A call that waits to be tried again keeps its place in its own lane: else a server in trouble would
        # be asked all the others meanwhile.
        if self.fresh and self.under_way + len(self._back) < self._limit:
            return self.fresh[0]
        return None

    def wait(self, planned: PlannedCall, now: float) -> float:
        """Return the seconds until the pace of the model lets this call be sent."""
        return self.pace.wait(self.pace.tokens_of(planned), now)

    def take(self, now: float) -> Callable[[bool], None] | None:
        """Remove what ``first`` returned; returns what it is to be told, None where it was never sent."""
        if self._back and self._back[0][0] <= now:
            return heapq.heappop(self._back)[3]
        self.fresh.popleft()
        return None

    def come_back(self, at: float, planned: PlannedCall, again: Callable[[bool], None]) -> None:
        """Let a call wait until a time of the clock, at which it shall be tried again.

        ``again`` is then told whether there is room for that.
        """
        heapq.heappush(self._back, (at, next(self._order), planned, again))

    def wake(self, now: float) -> float:
        """Return when this lane may have a turn that only time keeps from it."""
        first = self.first(now)
        wait = 0.0 if first is None else self.wait(first, now)
        due = self._back[0][0] if self._back else NEVER
        return min(now + wait if wait > 0 else NEVER, due if due > now else NEVER)

    @property
    def _limit(self) -> int:
        window = self.pace.window
        return self.most if window is None else min(self.most, window)


def shares(total: int, demands: Sequence[int]) -> list[int]:
    """Return how many of ``total`` places each gets: evenly, and what one does not need goes to the others.

    What cannot be divided goes to the first. This is max-min fairness, found by filling up (D. Bertsekas and
    R. Gallager, “Data Networks”, section 6.5.2).
    """
    given = [0] * len(demands)
    left, wanting = total, [at for at, demand in enumerate(demands) if demand > 0]
    while wanting and left >= len(wanting):
        each = left // len(wanting)
        for at in wanting:
            more = min(each, demands[at] - given[at])
            given[at] += more
            left -= more
        wanting = [at for at in wanting if given[at] < demands[at]]
    for at in wanting[:left]:
        given[at] += 1
    return given


def most_of(planned: PlannedCall) -> int | None:
    """Return the most that one try of a call may cost, in pico-dollars; None where nothing bounds it."""
    return planned.most


def lanes_of(calls: Sequence[PlannedCall], concurrency: int, paces: Paces) -> list[Lane]:
    """Return the calls of each model that is reached in one way, in order."""
    lanes: dict[tuple[str, str | None], Lane] = {}
    for planned in calls:
        model = planned.call.model
        lane = lanes.get((model.string, model.api_base))
        if lane is None:
            own = model.concurrency or (1 if model.local else concurrency)
            lane = lanes[model.string, model.api_base] = Lane(paces.of(model), min(own, concurrency))
        lane.fresh.append(planned)
    return list(lanes.values())
