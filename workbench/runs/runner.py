"""The runner: many calls at once, each result stored as it ends, and a run that can be paused and stopped."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing

from workbench.errors import CallError, ModelUnreadyError
from workbench.models.calls import Answer, Call, CallEvent, Delta, Retrying
from workbench.models.model import Model
from workbench.runs.budget import Budget
from workbench.runs.checking import checked
from workbench.runs.events import Arrived, Finished, Retried, RunEvent, Started
from workbench.runs.outcome import answered, cancelled, failed
from workbench.runs.plan import PlannedCall
from workbench.store.records import Result

_UNPAID = ("rate_limit", "authentication", "request", "context_window", "unready")
"""Kinds of failure that happen before a model has written anything."""

BATCH_SECONDS = 0.02
"""How long a result may wait for others to be written with; well within the 100 ms that are promised."""


class Runner:
    """Runs the calls of one plan, once.

    ``ask`` makes a call; ``keep`` stores results and returns them with their numbers (it blocks, and is
    called in a thread); ``now`` gives the time as text. ``concurrency`` is calls at once over all models.
    """

    def __init__(
        self,
        ask: Callable[[Call], AsyncIterator[CallEvent]],
        keep: Callable[[Sequence[Result]], list[Result]],
        now: Callable[[], str],
        concurrency: int,
        budget: Budget,
    ) -> None:
        self._ask = ask
        self._keep = keep
        self._now = now
        self._concurrency = concurrency
        self._budget = budget
        self._slots = asyncio.Semaphore(concurrency)
        self._going = asyncio.Event()
        self._going.set()
        self._events: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        self._unkept: asyncio.Queue[Result | None] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self.over_limit = False
        self.stopped = False

    @property
    def paused(self) -> bool:
        """Whether no new calls are being made."""
        return not self._going.is_set()

    def pause(self) -> None:
        """Make no new calls; those under way go on."""
        self._going.clear()

    def unpause(self) -> None:
        """Make calls again."""
        self._going.set()

    def stop(self) -> None:
        """Cancel the calls under way and make no more; the run ends when what has ended is stored."""
        self.stopped = True
        self._cancel_workers()

    def _cancel_workers(self) -> None:
        for worker in self._workers:
            worker.cancel()

    async def run(self, calls: Sequence[PlannedCall]) -> AsyncIterator[RunEvent]:
        """Make the calls and yield what happens; a result is yielded once it is stored.

        Raises what ``keep`` raised: where nothing can be stored any more, nothing more is asked.
        """
        queues = _by_model(calls)
        for model, queue in queues:
            for _ in range(min(self._cap(model, len(queues)), len(queue))):
                self._workers.append(asyncio.create_task(self._work(queue)))
        keeper = asyncio.create_task(self._keep_results())
        closer = asyncio.create_task(self._close_when_done(keeper))
        if self.stopped:
            self.stop()
        try:
            while (event := await self._events.get()) is not None:
                yield event
            await closer
        finally:
            # Whoever listens may leave early; what has ended is stored all the same.
            if not closer.done():
                self.stop()
                await closer

    def _cap(self, model: Model, models: int) -> int:
        """Return how many calls one model may have under way: never so many that another finds no slot."""
        own = model.concurrency or (1 if model.local else self._concurrency)
        return max(1, min(own, self._concurrency - (models - 1)))

    async def _close_when_done(self, keeper: asyncio.Task[None]) -> None:
        keeper.add_done_callback(lambda _: self._cancel_workers())  # it ends before them only when it failed
        try:
            outcomes = await asyncio.gather(*self._workers, return_exceptions=True)
            self._unkept.put_nowait(None)
            await keeper
            for outcome in outcomes:
                if isinstance(outcome, Exception):
                    raise outcome
        finally:
            self._events.put_nowait(None)

    async def _work(self, queue: deque[PlannedCall]) -> None:
        while queue:
            await self._going.wait()
            if not queue:
                return
            planned = queue.popleft()
            most = planned.estimate.high if planned.estimate else 0
            room = _Room(self._budget, most)
            if not await room.take():
                self.over_limit = True
                now = self._now()
                why = "the cost limit left no room for it"
                if most is None:
                    why += ": nothing bounds its cost, so give it max_tokens"
                self._unkept.put_nowait(cancelled(planned, "", why, now, now))
                continue
            try:
                async with self._slots:
                    self._unkept.put_nowait(await self._make(planned, room))
            finally:
                await room.settle()

    async def _make(self, planned: PlannedCall, room: _Room) -> Result:
        started, texts, result = self._now(), [], None
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
                            self._events.put_nowait(
                                Retried(planned.key, event.tries, event.reason, event.wait)
                            )
                            room.lost(event.kind, event.sent)
                            if not await self._room_again(room):
                                self.over_limit = True
                                why = f"the cost limit left no room to try again, after: {event.reason}"
                                return cancelled(planned, "", why, started, self._now())
                        case Answer():
                            result = answered(planned, event, started, self._now())
                            room.cost = room.most if result.cost is None else result.cost
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
            self._unkept.put_nowait(result or stopped)
            raise
        room.lost(error.kind, error.sent)
        return failed(planned, error, "".join(texts), started, self._now())

    async def _room_again(self, room: _Room) -> bool:
        """Count the try that failed, set aside the next, and return whether there was room for it.

        That may have to wait for other calls to end, and those for a slot, so this call's is theirs so long.
        """
        await room.settle()
        self._slots.release()
        try:
            return await room.take()
        finally:
            await self._slots.acquire()

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


class _Room:
    """What one call has set aside for the try under way, and what that try has cost, as far as is known."""

    def __init__(self, budget: Budget, most: int | None) -> None:
        self._budget = budget
        self._bound = most
        self._held = False
        self.most = most or 0
        self.cost = self.most

    async def take(self) -> bool:
        """Set aside the most that one try may cost; return whether there was room."""
        self._held = await self._budget.reserve(self._bound)
        self.cost = self.most
        return self._held

    def lost(self, kind: str, sent: bool) -> None:
        """Note that the try failed: an answer that was lost on its way may have been paid for."""
        self.cost = self.most if sent and kind not in _UNPAID else 0

    async def settle(self) -> None:
        """Give back what is set aside, if anything is, and count what the try has cost."""
        if self._held:
            await self._budget.settle(self._bound, self.cost)
            self._held = False


def _by_model(calls: Sequence[PlannedCall]) -> list[tuple[Model, deque[PlannedCall]]]:
    """Return the calls of each model that is reached in one way, in order."""
    queues: dict[tuple[str, str | None], tuple[Model, deque[PlannedCall]]] = {}
    for planned in calls:
        model = planned.call.model
        queues.setdefault((model.string, model.api_base), (model, deque()))[1].append(planned)
    return list(queues.values())
