"""A run while it goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from typing import cast

from workbench.bench.requests import Prepared
from workbench.errors import StoreError
from workbench.project.clock import utc_now
from workbench.runs.events import Ended, Planned, RunEvent
from workbench.runs.runner import Runner
from workbench.store.live import LiveRuns
from workbench.store.records import ANSWERED, Cell
from workbench.store.store import Store


class RunInProgress:
    """A run while it goes: its events, and the means to pause and stop it."""

    def __init__(self, prepared: Prepared, runner: Runner, store: Store, limit: int) -> None:
        self._prepared = prepared
        self._runner = runner
        self._store = store
        self._limit = limit
        self._before = "done"
        self.run = prepared.run or 0

    @property
    def paused(self) -> bool:
        """Whether no new calls are being made."""
        return self._runner.paused

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before all calls were made."""
        return self._runner.stopped

    def set_paused(self, paused: bool) -> None:
        """Make no new calls, or make them again."""
        if paused:
            self._runner.pause()
        else:
            self._runner.unpause()

    def stop(self) -> None:
        """Cancel the calls under way; the run ends once what has ended is stored."""
        self._runner.stop()

    async def events(self) -> AsyncGenerator[RunEvent, None]:
        """Store the plan, make its calls, and yield what happens, from Planned to Ended.

        Raises StoreError where the run goes on in another workbench, or went on there since it was prepared.
        """
        plan = self._prepared.plan
        with ExitStack() as held:
            cells = await asyncio.to_thread(self._begin, held)
            status = "interrupted"
            # The runner's is an asynchronous generator; closing it stores what has ended where nobody listens
            # on.
            running = cast("AsyncGenerator[RunEvent, None]", self._runner.run(plan.calls))
            try:
                yield Planned(self.run, cells, len(plan.calls), plan.cached, plan.estimate)
                async with aclosing(running) as events:
                    async for event in events:
                        yield event
                status = await asyncio.to_thread(self._status)
            finally:
                await asyncio.to_thread(self._store.runs.end, self.run, status, utc_now())
        record = await asyncio.to_thread(self._store.runs.get, self.run)
        yield Ended(self.run, status, record.counts, record.cost)

    def _status(self) -> str:
        """Return how the run has ended: one of which something was left out is as little done as before."""
        if self._runner.stopped:
            return "interrupted"
        spent, _ = self._store.runs.spent(self.run)
        if self._runner.over_limit or spent > self._limit:
            return "limit"
        return self._before if self._prepared.left_out else "done"

    def _begin(self, held: ExitStack) -> tuple[Cell, ...]:
        """Store the plan where it is new; returns its cells with the numbers of their contenders.

        The run is held, so that nobody else takes it up, until the stack is closed.
        """
        plan = self._prepared.plan
        live = LiveRuns(self._store.database.path.parent)
        if self.run:
            held.enter_context(live.hold(self.run))
            self._refuse_stale()
            before = self._store.runs.get(self.run).status
            self._before = "limit" if before == "limit" else "interrupted"
            self._store.runs.reopen(self.run)
            return plan.cells
        now = utc_now()
        for target in self._prepared.targets:
            version = target.version
            self._store.sources.keep_version(version.hash, version.prompt.name, version.files, now)
        self._store.sources.keep_contexts(self._prepared.contexts)
        self._store.sources.keep_cases(self._prepared.cases)
        self.run = self._store.runs.begin(
            plan.cells, prompt=plan.prompt, samples=plan.samples, cost_limit=self._limit, now=now
        )
        held.enter_context(live.hold(self.run))
        return tuple(self._store.runs.cells(self.run))

    def _refuse_stale(self) -> None:
        """Raise StoreError where calls of the plan were answered meanwhile: they would be paid twice."""
        left = {call.key for call in self._prepared.plan.calls}
        for cell in self._store.runs.cells(self.run):
            if cell.call_key in left and cell.result and cell.result.status in ANSWERED:
                raise StoreError(
                    f"run {self.run} went on in another workbench since it was planned here",
                    hint="Resume it again to see what is left of it.",
                )
