"""The runner: many calls at once, each result stored as it ends, and a run that can be paused and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from workbench.errors import CallError, ModelUnreadyError
from workbench.models.calls import Answer, Call, CallEvent, Delta, Retrying
from workbench.runs.budget import Budget
from workbench.runs.checking import checked
from workbench.runs.events import Arrived, Finished, Retried, RunEvent, Started
from workbench.runs.lanes import most_of
from workbench.runs.outcome import answered, cancelled, failed
from workbench.runs.pace import Paces
from workbench.runs.plan import PlannedCall
from workbench.runs.turns import Turn, Turns
from workbench.store.records import Result

_UNPAID = ("rate_limit", "authentication", "request", "context_window", "unready")
"""Kinds of failure that happen before a model has written anything."""

BATCH_SECONDS = 0.02
"""How long a result may wait for others to be written with; well within the 100 ms that are promised."""


class Runner:
    """Runs the calls of one plan, once.

    ``ask`` makes a call; ``keep`` stores results and returns them with their numbers (it blocks, and is
    called in a thread); ``now`` gives the time as text. ``concurrency`` is calls at once over all models,
    ``paces`` how fast each of them may be asked, as former runs have learned it.
    """

    def __init__(
        self,
        ask: Callable[[Call], AsyncIterator[CallEvent]],
        keep: Callable[[Sequence[Result]], list[Result]],
        now: Callable[[], str],
        concurrency: int,
        budget: Budget,
        paces: Paces | None = None,
    ) -> None:
        self._ask = ask
        self._keep = keep
        self._now = now
        self._concurrency = concurrency
        self._budget = budget
        self._paces = paces or Paces()
        self._turns: Turns | None = None
        self._events: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        self._unkept: asyncio.Queue[Result | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._broken: BaseException | None = None
        self._halted = False
        self.paused = False
        self.over_limit = False
        self.stopped = False

    def pause(self) -> None:
        """Send nothing more; what is under way goes on."""
        self.paused = True
        if self._turns is not None:
            self._turns.close()

    def unpause(self) -> None:
        """Make calls again."""
        self.paused = False
        if self._turns is not None and not self._halted:
            self._turns.open = True
            self._turns.deal()

    def stop(self) -> None:
        """Cancel the calls under way and make no more; the run ends when what has ended is stored."""
        self.stopped = True
        self._halt()

    async def run(self, calls: Sequence[PlannedCall]) -> AsyncIterator[RunEvent]:
        """Make the calls and yield what happens; a result is yielded once it is stored.

        Raises what ``keep`` raised: where nothing can be stored any more, nothing more is asked.
        """
        self._turns = Turns(
            calls, self._concurrency, self._budget, self._paces, begin=self._begin, refuse=self._refuse
        )
        self._turns.open = not (self.paused or self._halted)
        keeper = asyncio.create_task(self._keep_results())
        closer = asyncio.create_task(self._close_when_done(keeper))
        self._turns.deal()
        self._look_whether_done()
        try:
            while (event := await self._events.get()) is not None:
                yield event
            await closer
        finally:
            # Whoever listens may leave early; what has ended is stored all the same.
            if not closer.done():
                self.stop()
                await closer

    def _begin(self, turn: Turn) -> None:
        task = asyncio.create_task(self._work(turn))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _refuse(self, planned: PlannedCall) -> None:
        self.over_limit = True
        why = f"the cost limit left no room for it{self._why_so_much(planned)}"
        now = self._now()
        self._unkept.put_nowait(cancelled(planned, "", why, now, now))
        self._look_whether_done()  # where it was a timer that dealt, or a person, no call is left to look

    def _why_so_much(self, planned: PlannedCall) -> str:
        """Return what else there is to say of a call that the cost limit has no room for."""
        if most_of(planned) is None:
            return ": nothing bounds its cost, so give it max_tokens"
        if planned.estimate is not None and not self._budget.forbids(planned.estimate.high):
            return f": its input is counted by estimate and could be up to {planned.most_input:,} tokens"
        return ""

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._broken = task.exception()
            self._halt()
        self._look_whether_done()

    def _halt(self) -> None:
        """Send nothing more, and give up what is under way."""
        self._halted = True
        if self._turns is not None:
            self._turns.close()
        for task in self._tasks:
            task.cancel()
        self._look_whether_done()

    def _look_whether_done(self) -> None:
        if self._turns is not None and not self._tasks and (self._halted or not self._turns.left):
            self._idle.set()

    async def _close_when_done(self, keeper: asyncio.Task[None]) -> None:
        keeper.add_done_callback(lambda _: self._halt())  # it ends before the calls only when it failed
        try:
            await self._idle.wait()
            self._unkept.put_nowait(None)
            await keeper
            if self._broken is not None:
                raise self._broken
        finally:
            self._events.put_nowait(None)

    async def _work(self, turn: Turn) -> None:
        try:
            self._take(turn, await self._make(turn))
        finally:
            turn.over()

    def _take(self, turn: Turn, result: Result) -> None:
        """Let a result be stored, with what its tries have counted as beyond what is known of their cost."""
        unsure = turn.cost_before + turn.cost - (result.cost or 0)
        self._unkept.put_nowait(replace(result, unsure=unsure))

    async def _make(self, turn: Turn) -> Result:
        planned, started, texts, result = turn.planned, self._now(), [], None
        self._events.put_nowait(Started(planned.key))
        try:
            async with aclosing(self._ask(planned.call)) as events:  # type: ignore[type-var]
                async for event in events:
                    match event:
                        case Delta():
                            texts.append(event.text)
                            self._events.put_nowait(Arrived(planned.key, event.text, event.reasoning))
                        case Retrying():
                            texts.clear()
                            if not await self._tried_again(turn, event):
                                self.over_limit = True
                                more = self._why_so_much(planned)
                                why = f"the cost limit left no room to try again, after: {event.reason}{more}"
                                return cancelled(planned, "", why, started, self._now())
                        case Answer():
                            result = answered(planned, event, started, self._now())
                            _settle(turn, result)
            if result is not None:
                return await checked(planned, result)
            error = CallError("the call ended without an answer", kind="protocol", retriable=False)
        except CallError as broken:
            error = broken
        except ModelUnreadyError as unready:
            error = CallError(unready.message, kind="unready", retriable=False)
        except asyncio.CancelledError:
            # An answer that was stopped while it was checked against its schema is an answer all the same.
            now = self._now()
            stopped = cancelled(planned, "".join(texts), "the run was stopped", started, now)
            self._take(turn, result or stopped)
            raise
        _lost(turn, error.kind, error.sent)
        if error.kind == "rate_limit" and error.retriable:  # a quota that is used up is no matter of pace
            turn.refused(error.retry_after)
        return failed(planned, error, "".join(texts), started, self._now())

    async def _tried_again(self, turn: Turn, retrying: Retrying) -> bool:
        """Wait for the turn to make a failed try again; return whether the cost limit has room for it."""
        key = turn.planned.key
        self._events.put_nowait(Retried(key, retrying.tries, retrying.reason, retrying.wait))
        _lost(turn, retrying.kind, retrying.sent)
        if retrying.kind == "rate_limit":
            turn.refused(retrying.retry_after)
        return await turn.again(retrying.wait)

    async def _keep_results(self) -> None:
        """Store results in small batches, in a thread, as long as there are any."""
        more = True
        while more:
            batch = [await self._unkept.get()]
            if batch[0] is not None:
                await asyncio.sleep(BATCH_SECONDS)
            while not self._unkept.empty():
                batch.append(self._unkept.get_nowait())
            results = [result for result in batch if result is not None]
            more = len(results) == len(batch)
            if results:
                for result in await asyncio.to_thread(self._keep, results):
                    self._events.put_nowait(Finished(result.call_key, result))


def _settle(turn: Turn, result: Result) -> None:
    """Note what a try has used that was answered; where nobody says, what was set aside for it."""
    if result.cost is not None:
        turn.cost = result.cost
    if result.usage.input is not None or result.usage.output is not None:
        turn.tokens = (result.usage.input or 0) + (result.usage.output or 0)
    turn.answered()


def _lost(turn: Turn, kind: str, sent: bool) -> None:
    """Note what a try has used that failed: an answer that was lost on its way may have been paid for."""
    if not sent or kind in _UNPAID:
        turn.cost = turn.tokens = 0
