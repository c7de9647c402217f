"""Running: from what is asked for to a plan, and from a plan to stored results."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from workbench.bench.planning import Planning
from workbench.bench.previewing import Previewing
from workbench.bench.progress import RunInProgress
from workbench.bench.requests import Misfitting, Prepared, Request
from workbench.bench.resuming import Resuming
from workbench.bench.shown import usd
from workbench.bench.versions import Versions
from workbench.errors import CostLimitError, UnfitError
from workbench.models.catalogue import Catalogue
from workbench.models.gateway import Gateway
from workbench.models.model import PICO, Model
from workbench.project.clock import utc_now
from workbench.project.settings import FILE_NAME, Settings
from workbench.runs.budget import Budget
from workbench.runs.pace import Paces
from workbench.runs.runner import Runner
from workbench.store.store import Store

__all__ = ["Misfitting", "Prepared", "Request", "RunInProgress", "Running"]

MOST_TOLD = 5
"""Reasons why a plan cannot run that are told at once."""


class Running:
    """Plans runs, starts them and takes them up again.

    ``ready`` raises ModelUnreadyError for a model that cannot be called yet.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        versions: Versions,
        previewing: Previewing,
        store: Store,
        gateway: Gateway,
        ready: Callable[[Model], object],
    ) -> None:
        self._settings = settings
        self._store = store
        self._gateway = gateway
        self._paces = Paces()
        self._planning = Planning(settings, versions, previewing, store, ready)
        self._resuming = Resuming(settings, catalogue, store, ready, self._planning.slowest)

    async def prepare(self, request: Request) -> Prepared:
        """Return the plan of a request, with nothing sent and nothing stored.

        What cannot run as planned is among its misfits. Raises UsageError and its kinds, and
        ModelUnreadyError.
        """
        return await self._planning.prepare(request)

    def resume(self, run: int | None = None, *, stream: bool = True, failed_only: bool = False) -> Prepared:
        """Return what is left of a run, the last one by default, from the contexts stored with its plan.

        ``failed_only`` leaves out what has no result, or was cancelled. Raises StoreError where there is no
        such run, ModelUnreadyError for a model that is left to be asked and cannot be called.
        """
        return self._resuming.resume(run, stream=stream, failed_only=failed_only)

    def again(self, result: int, *, stream: bool = True) -> Prepared:
        """Return a run of one cell that asks a result anew, with the context, params and sample it had.

        Raises StoreError where there is no such result, ModelUnreadyError where its model cannot be called.
        """
        return self._resuming.again(result, stream=stream)

    def check_fit(self, prepared: Prepared) -> None:
        """Raise UnfitError, with the reasons, where a contender of a plan cannot run."""
        reasons = list(dict.fromkeys(misfit.reason for misfit in prepared.misfits))
        if not reasons:
            return
        more = f"; and {len(reasons) - MOST_TOLD} more" if len(reasons) > MOST_TOLD else ""
        raise UnfitError(
            "; ".join(reasons[:MOST_TOLD]) + more, place=prepared.misfits[0].place, hint="Nothing was sent."
        )

    def check_cost(self, prepared: Prepared, max_cost: Decimal | None = None) -> None:
        """Raise CostLimitError where the typical cost of a plan exceeds the limit."""
        limit = self.limit(max_cost, prepared)
        typical = prepared.spent + prepared.unsure + prepared.plan.estimate.typical
        if typical <= limit or not prepared.plan.calls:
            return
        unsure = (
            f", with {usd(prepared.unsure)} USD that lost answers may have cost" if prepared.unsure else ""
        )
        raise CostLimitError(
            f"this run would typically cost {usd(typical)} USD{unsure}, and the limit is {usd(limit)} USD",
            hint=f"Allow it with --max-cost {self.allowance(prepared):f}, "
            f"or raise “limits: {{cost: …}}” in {FILE_NAME}.",
        )

    def allowance(self, prepared: Prepared) -> Decimal:
        """Return the limit in USD that a plan needs to be done in full: the most it may cost, where known."""
        most = prepared.plan.most
        left = prepared.plan.estimate.typical if most is None else most
        return Decimal(usd(prepared.spent + prepared.unsure + left) or 0)

    def limit(self, max_cost: Decimal | None = None, prepared: Prepared | None = None) -> int:
        """Return the cost limit of a run in pico-dollars.

        It is ``max_cost`` in USD, else what the run was allowed when it was planned, else what the settings
        say.
        """
        if max_cost is None and prepared is not None and prepared.allowed is not None:
            return prepared.allowed
        return int((self._settings.limits.cost if max_cost is None else max_cost) * PICO)

    def start(self, prepared: Prepared, max_cost: Decimal | None = None) -> RunInProgress:
        """Return the run, not yet begun: iterate over its events to make it go.

        Raises UnfitError for a plan of which something cannot run.
        """
        self.check_fit(prepared)
        limit = self.limit(max_cost, prepared)
        runner = Runner(
            ask=self._gateway.ask,
            keep=lambda results: self._store.runs.add_results(progress.run, results),
            now=utc_now,
            concurrency=self._settings.limits.concurrency,
            budget=Budget(limit, prepared.spent + prepared.unsure),
            paces=self._paces,
        )
        progress = RunInProgress(prepared, runner, self._store, limit)
        return progress
