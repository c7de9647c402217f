"""Whose turn it is: which call may be sent next, so that many models share a run and none holds it up."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence

from workbench.runs.budget import Budget
from workbench.runs.lanes import NEVER, Lane, lanes_of, most_of, shares
from workbench.runs.pace import Paces
from workbench.runs.plan import PlannedCall


class Turn:
    """The place that one call has among those under way, for one try after the other.

    ``cost`` and ``tokens`` are what the try under way has used, as far as is known: the most it may cost in
    pico-dollars, and the tokens that were estimated, until somebody knows better. ``cost_before`` is what the
    tries before it have counted as.
    """

    def __init__(self, turns: Turns, lane: Lane, planned: PlannedCall) -> None:
        self._turns = turns
        self._lane = lane
        self.planned = planned
        self.bound = most_of(planned)
        self.estimated = lane.pace.tokens_of(planned)
        self.cost_before = 0
        self.begin(turns.now())

    def begin(self, now: float) -> None:
        """Note that a try is sent, for which its cost has been set aside."""
        self.cost = self.bound or 0
        self.tokens = self.estimated
        self.sent = self._lane.pace.send(self.tokens, now)
        self._lane.under_way += 1
        self._held = True

    def refused(self, retry_after: float | None) -> None:
        """Note that the server refused this try for coming too fast."""
        lane = self._lane
        lane.pace.refused(self.sent, lane.under_way, retry_after, self._turns.now())

    def answered(self) -> None:
        """Note that the server answered this try."""
        self._lane.pace.answered(self._lane.most)

    async def again(self, wait: float) -> bool:
        """End this try, wait at least so many seconds for the turn to make another; False: there is no room.

        Others take the place so long.
        """
        self._leave()
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def again(room: bool) -> None:
            if room:
                self.begin(self._turns.now())
            turn.set_result(room)

        self._lane.come_back(self._turns.now() + wait, self.planned, again)
        self._turns.deal()
        return await turn

    def over(self) -> None:
        """End the last try; the place goes to another call."""
        if self._held:
            self._leave()
            self._turns.deal()

    def _leave(self) -> None:
        self._held = False
        self._lane.under_way -= 1
        self._turns.budget.settle(self.bound, self.cost)
        self.cost_before, self.cost = self.cost_before + self.cost, 0
        self._lane.pace.settle(self.sent, self.tokens, self._turns.now())


class Turns:
    """Deals out the turns of one run.

    ``begin`` is called with each call that may be sent; ``refuse`` with each that the cost limit has no room
    for. ``concurrency`` is calls at once over all models: those with work share it evenly, and what one
    cannot use goes to the others.
    """

    def __init__(
        self,
        calls: Sequence[PlannedCall],
        concurrency: int,
        budget: Budget,
        paces: Paces,
        begin: Callable[[Turn], None],
        refuse: Callable[[PlannedCall], None],
    ) -> None:
        self.budget = budget
        self._concurrency = concurrency
        self._begin = begin
        self._refuse = refuse
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._served = itertools.count(1)
        self._lanes = lanes_of(calls, concurrency, paces)
        self.open = True

    @property
    def left(self) -> bool:
        """Whether there are calls that have not had their first turn."""
        return any(lane.fresh for lane in self._lanes)

    def now(self) -> float:
        """Return the seconds of the clock that turns go by: the event loop's."""
        return self._loop.time()

    def deal(self) -> None:
        """Give a turn to every call that may have one now, and come back when time lets the next have one."""
        if not self.open:
            return
        now = self.now()
        # Those that had no turn for longest come first, for there may be more models than places.
        lanes = sorted((lane for lane in self._lanes if lane.busy), key=lambda lane: lane.served)
        stuck: set[Lane] = set()
        while newly := self._deal_to(lanes, stuck, now):
            stuck |= newly
        self._come_back(min((lane.wake(now) for lane in lanes), default=NEVER))

    def close(self) -> None:
        """Give no more turns; setting ``open`` and dealing gives them again."""
        self.open = False
        self._come_back(NEVER)

    def _deal_to(self, lanes: Sequence[Lane], stuck: set[Lane], now: float) -> set[Lane]:
        """Give each lane its share of the places; returns those that can use no more, though it is theirs."""
        free = self._concurrency - sum(lane.under_way for lane in lanes)
        # One place stays free for each that cannot use it yet: those that can might hang in all of them.
        least = 1 if len(lanes) <= self._concurrency else 0
        demands = [max(least, lane.under_way if lane in stuck else lane.demand(now)) for lane in lanes]
        newly = set()
        for lane, share in zip(lanes, shares(self._concurrency, demands), strict=True):
            while free > 0 and lane.under_way < share and lane not in stuck:
                before = lane.under_way
                if not self._next(lane, now):
                    newly.add(lane)
                    break
                free -= lane.under_way - before
        return newly

    def _next(self, lane: Lane, now: float) -> bool:
        """Give the lane's next call its turn, or refuse it for good; return whether there was one."""
        planned = lane.first(now)
        if planned is None or lane.wait(planned, now) > 0:
            return False
        most = most_of(planned)
        forbidden = self.budget.forbids(most)
        if not forbidden and not self.budget.reserve(most):
            return False  # until a call under way has ended, and has cost less than it might
        lane.served = next(self._served)
        again = lane.take(now)
        if again is not None:
            again(not forbidden)
        elif forbidden:
            self._refuse(planned)
        else:
            self._begin(Turn(self, lane, planned))
        return True

    def _come_back(self, at: float) -> None:
        """Deal again at a time of the clock."""
        if self._timer is not None:
            if self._timer.when() == at and not self._timer.cancelled():
                return
            self._timer.cancel()
        self._timer = None if at == NEVER else self._loop.call_at(at, self._awake)

    def _awake(self) -> None:
        self._timer = None
        self.deal()
