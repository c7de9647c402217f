"""A run followed to its end: progress, results, the sum, and the exit code that says how it went."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

import click

from workbench.bench.inert import one_line
from workbench.bench.running import Misfitting, Prepared, RunInProgress
from workbench.bench.shown import cost_range, lasting, money, things, usd
from workbench.cli.failing import Exit
from workbench.cli.output import (
    ReaderGoneError,
    on_terminal,
    print_json,
    print_note,
    print_table,
    print_warning,
)
from workbench.cli.results import RESULT_HEADERS, RIGHT, cost_value, counted, result_row, result_value
from workbench.cli.stopping import Stopping
from workbench.models.estimate import PlanEstimate
from workbench.runs.events import Ended, Finished, Planned, Retried, RunEvent
from workbench.store.records import Cell, Result

UNREACHED = ("authentication", "connection", "timeout", "unready", "server", "rate_limit", "engine")
"""Kinds of failure that mean a model could not be reached."""

SECONDS_BETWEEN = 10.0
"""Seconds between two lines that say what a run waits for, where no line on a terminal does all the time."""

MOST_MISFITS = 20
"""Reasons why a plan cannot run that are listed."""


class Face(Protocol):
    """What becomes of a plan, and of a run's events.

    ``talks`` says whether it prints while the run goes. ``idle`` is what there is to say of a run that is
    taken up again where there is no call to make, empty for a new run.
    """

    talks: bool
    idle: str

    def plan(self, prepared: Prepared) -> None:
        """Show a plan that is not started."""

    def planned(self, event: Planned) -> None:
        """Show that a run begins."""

    def result(self, run: int, cell: Cell, result: Result) -> None:
        """Show the result of a cell."""

    def ended(self, event: Ended) -> None:
        """Show the sum."""


def face_for(*, as_json: bool, idle: str = "") -> Face:
    """Return the face for programs or for people."""
    return _Lines(idle) if as_json else _Table(idle)


async def follow(progress: RunInProgress, face: Face) -> Exit:
    """Show what happens until the run has ended; returns the exit code that says how.

    The first Ctrl-C (or signal to end) stops the run, and what ended is kept; a second one ends this process
    at once.
    """
    follower = _Follower(progress, face)
    stopping = Stopping(progress.stop, follower.meter.close)
    try:
        async with aclosing(progress.events()) as events:
            async for event in events:
                follower.take(event)
    except ReaderGoneError as gone:
        gone.interrupted = True
        raise
    finally:
        follower.meter.close()
    return stopping.code if progress.stopped else follower.exit_code()


def tell_misfits(misfits: tuple[Misfitting, ...]) -> None:
    """Say on standard error what of a plan will not work, and why."""
    for misfit in misfits[:MOST_MISFITS]:
        where = f"{misfit.place}: " if misfit.place else ""
        print_warning(f"will not work: {misfit.contender}: {where}{misfit.reason}")
    if len(misfits) > MOST_MISFITS:
        print_warning(f"and {len(misfits) - MOST_MISFITS} more that will not work")


class _Follower:
    """Shows what happens in a run as it happens."""

    def __init__(self, progress: RunInProgress, face: Face) -> None:
        self._progress = progress
        self._face = face
        self._waiting: dict[str, list[Cell]] = {}
        self._ends: Counter[tuple[str, str | None]] = Counter()
        self._ended: Ended | None = None
        self._idle = False
        # What is printed on the same terminal is progress enough, and would run into the meter.
        self.meter = _Meter(shown=sys.stderr.isatty() and not (face.talks and on_terminal()))

    def take(self, event: RunEvent) -> None:
        match event:
            case Planned():
                self._idle = bool(self._face.idle) and not event.calls
                self._face.planned(event)
                self.meter.begin(event.calls)
                for cell in event.cells:
                    if cell.result is not None:
                        self._show(cell, cell.result)
                    else:
                        self._waiting.setdefault(cell.call_key, []).append(cell)
            case Retried():
                cells = self._waiting.get(event.key)
                self.meter.retried(event, cells[0].contender.model if cells else "")
            case Finished():
                for cell in self._waiting.get(event.key, ()):
                    self._show(cell, event.result)
                self.meter.finished()
            case Ended():
                self.meter.close()
                self._face.ended(event)
                self._ended = event

    def _show(self, cell: Cell, result: Result) -> None:
        self._ends[result.status, result.error_kind] += 1
        self._face.result(self._progress.run, replace(cell, result=result), result)

    def exit_code(self) -> Exit:
        assert self._ended is not None  # a run always ends
        if self._idle:
            return Exit.DONE  # what is in the run was told when it came
        if self._ended.status == "limit":
            return Exit.COST_LIMIT
        if self._ends and all(status == "refused" or kind in UNREACHED for status, kind in self._ends):
            return Exit.UNREACHABLE
        failed = any(status in ("error", "refused") for status, _ in self._ends)
        return Exit.FAILED_IN_PART if failed else Exit.DONE


class _Meter:
    """How far a run is, on one line of standard error, where it is to be shown.

    Where it is not, a line now and then says which model is tried again, and why.
    """

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._calls = self._done = self._retries = 0
        self._why = ""
        self._drawn = False
        self._told = -SECONDS_BETWEEN

    def begin(self, calls: int) -> None:
        self._calls = calls

    def retried(self, event: Retried, model: str) -> None:
        self._retries += 1
        self._why = one_line(event.reason, 40)
        self._draw()
        now = time.monotonic()
        if not self._shown and now - self._told >= SECONDS_BETWEEN:
            self._told = now
            so_far = f"{things(self._retries, 'time')} so far"
            print_note(f"{model}: tried again in {lasting(event.wait)}, after: {self._why}; {so_far}")

    def finished(self) -> None:
        self._done += 1
        self._draw()

    def close(self) -> None:
        if self._drawn:
            click.echo("\r\x1b[K", err=True, nl=False)
        self._drawn = False

    def _draw(self) -> None:
        if self._shown:
            again = f", {self._retries} tried again, the last after: {self._why}" if self._retries else ""
            click.echo(f"\r\x1b[K{self._done} of {self._calls}{again}", err=True, nl=False)
            self._drawn = True


class _Lines:
    """The events as JSON Lines."""

    talks = True

    def __init__(self, idle: str) -> None:
        self.idle = idle

    def plan(self, prepared: Prepared) -> None:
        plan = prepared.plan
        _print_planned(prepared.run, len(plan.calls), plan.cached, plan.estimate)

    def planned(self, event: Planned) -> None:
        _print_planned(event.run, event.calls, event.cached, event.cost)

    def result(self, run: int, cell: Cell, result: Result) -> None:
        print_json({"event": "result", **result_value(run, cell, result)})

    def ended(self, event: Ended) -> None:
        print_json(
            {
                "event": "ended",
                "run": event.run,
                "status": event.status,
                "counts": dict(event.counts),
                "cost": usd(event.cost),
            }
        )
        _tell_how_to_go_on(event)


class _Table:
    """What is planned on standard error, and a table at the end."""

    talks = False

    def __init__(self, idle: str) -> None:
        self.idle = idle
        self._rows: list[tuple[str, ...]] = []
        self._silent = False

    def plan(self, prepared: Prepared) -> None:
        plan = prepared.plan
        name = "plan" if prepared.run is None else f"run {prepared.run}"
        print_note(_figures(name, len(plan.calls), plan.cached, plan.estimate, plan.tokens))
        if prepared.slowest is not None:
            model, seconds = prepared.slowest
            print_note(f"slowest: {model}, {lasting(seconds)}")

    def planned(self, event: Planned) -> None:
        self._silent = bool(self.idle) and not event.calls
        if self._silent:
            print_note(f"{self.idle} in run {event.run}.")
        else:
            print_note(_figures(f"run {event.run}", event.calls, event.cached, event.cost))

    def result(self, run: int, cell: Cell, result: Result) -> None:
        self._rows.append(result_row(cell, result))

    def ended(self, event: Ended) -> None:
        if self._silent:
            return
        print_table(RESULT_HEADERS, self._rows, right=RIGHT)
        print_note(f"run {event.run} {event.status}: {counted(event.counts)}; {money(event.cost)}")
        _tell_how_to_go_on(event)


def _print_planned(run: int | None, calls: int, cached: int, cost: PlanEstimate) -> None:
    print_json({"event": "planned", "run": run, "calls": calls, "cached": cached, "cost": cost_value(cost)})


def _figures(name: str, calls: int, cached: int, cost: PlanEstimate, tokens: int | None = None) -> str:
    """Return what a plan comes to on one line; with tokens of input, where they are given."""
    unpriced = f", and {cost.unpriced} calls unpriced" if cost.unpriced else ""
    sent = "" if tokens is None else f"{tokens:,} tokens in, "
    return (
        f"{name}: {calls} calls, {cached} cached, {sent}"
        f"{cost_range(cost.low, cost.typical, cost.high)}{unpriced}"
    )


def _tell_how_to_go_on(ended: Ended) -> None:
    if ended.status == "interrupted":
        print_note(f"Interrupted. What ended is kept; go on with: workbench run --resume {ended.run}")
    elif _failed(ended.counts):
        print_note(f"Ask what failed once more with: workbench run --retry-failed {ended.run}")


def _failed(counts: Mapping[str, int]) -> bool:
    return bool(counts.get("error"))
