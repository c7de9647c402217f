"""Work behind the screen: what goes wrong in it is told, and ends nothing."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import ParamSpec, TypeVar

from textual import work
from textual.dom import DOMNode
from textual.worker import Worker, WorkerState

from workbench.bench.shown import inert
from workbench.errors import WorkbenchError

P = ParamSpec("P")
T = TypeVar("T")


def in_background(
    *, exclusive: bool = False, group: str = "default"
) -> Callable[[Callable[P, Coroutine[None, None, T]]], Callable[P, Worker[T]]]:
    """Run an action in the background. What it raises is told and does not end the workbench.

    There may be unsaved text on screen, which no error may cost.
    """
    # Without a description Textual writes all arguments out in words, and one may be a text of megabytes.
    return work(exclusive=exclusive, group=group, exit_on_error=False, description="in the background")


def tell_what_failed(node: DOMNode, event: Worker.StateChanged) -> None:
    """Tell the error that ended a background action, expected or not."""
    if event.state is not WorkerState.ERROR:
        return
    error = event.worker.error
    said = str(error) if isinstance(error, WorkbenchError) else f"this should not have happened: {error!r}"
    node.app.notify(inert(said), severity="error", markup=False, timeout=10)


class TellsFailures:
    """Part of every app, screen and widget that works in the background."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Tell what went wrong in the background."""
        assert isinstance(self, DOMNode)
        tell_what_failed(self, event)
