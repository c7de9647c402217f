"""The context beside the editor: what the model will receive, and what each model makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer

from workbench.bench.previewing import ModelPreview, Previewing
from workbench.bench.versions import Target
from workbench.context.messages import Context
from workbench.errors import WorkbenchError
from workbench.project.yaml import Value
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.context_view import ContextView, legend
from workbench.tui.widgets.models_view import ModelsView
from workbench.tui.widgets.pane import Pane

SETTLE = 0.06
"""Seconds without a key before the context is rendered anew."""

UNREADY = "There is nothing to show yet. What is wrong is said below the text."
"""What stands in place of a context that was never good."""


@dataclass(frozen=True)
class Asked:
    """What is to be rendered: a prompt with a case or with inputs, for models, from files as on screen."""

    prompt: str
    case: str | None
    inputs: Mapping[str, Value] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    unsaved: Mapping[str, bytes] = field(default_factory=dict)


class ContextSide(TellsFailures, Vertical):
    """Renders and counts what it is asked to; beside an error the last good context stays."""

    class Rendered(Message):
        """The context was rendered and counted, or could not be: ``error`` then says why."""

        def __init__(self, asked: Asked, target: Target | None, error: WorkbenchError | None) -> None:
            super().__init__()
            self.asked = asked
            self.target = target
            self.error = error

    def __init__(self, previewing: Previewing, prices: str) -> None:
        super().__init__(id="context-side")
        self._previewing = previewing
        self._prices = prices
        self._timer: Timer | None = None
        self._shown_of = ""
        self.shown: Context | None = None
        """The last good context, as the first model receives it."""
        self.found: tuple[ModelPreview, ...] = ()
        """What each model makes of it."""

    def compose(self) -> ComposeResult:
        """Compose the context over the models."""
        with Pane(id="context-pane"):
            yield ContextView()
        with Pane(id="models-pane"):
            yield ModelsView()

    def on_mount(self) -> None:
        """Give the panes their titles."""
        self._context_pane.entitle("Context")
        models = self.query_one("#models-pane", Pane)
        models.entitle("Models")
        models.border_subtitle = f"prices {self._prices}"

    def mark_stale(self) -> None:
        """Say that what is counted is no longer what is on screen."""
        self.query_one(ContextView).mark_stale()
        self.query_one(ModelsView).mark_stale()

    def ask(self, what: Callable[[], Asked | None], *, settled: bool = True) -> None:
        """Render what is asked for, at once or after a pause in typing; nothing where that is None."""
        self.mark_stale()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if settled:
            self._ask_now(what)
        else:
            self._timer = self.set_timer(SETTLE, lambda: self._ask_now(what))

    def _ask_now(self, what: Callable[[], Asked | None]) -> None:
        asked = what()
        if asked is not None:
            self._draw_context(asked)

    @in_background(exclusive=True, group="preview")
    async def _draw_context(self, asked: Asked) -> None:
        turn = self._previewing.turn()  # here and not in the thread, where threads may overtake each other
        try:
            target, _, context = await asyncio.to_thread(
                self._previewing.render, asked.prompt, asked.case, asked.inputs, asked.unsaved, turn
            )
            models = await asyncio.to_thread(self._previewing.models_of, target.version, asked.models)
        except WorkbenchError as error:
            self._keep_last_good(asked.prompt)
            self.post_message(self.Rendered(asked, None, error))
            return
        self.shown, self._shown_of = context, asked.prompt
        first = self.found[0].count if self.found else None
        fits = first is not None and len(first.messages) == len(context.messages)
        self.query_one(ContextView).show(context, first if fits else None, fresh=False)
        self._show([await self._previewing.for_model(target.version, context, model) for model in models])
        self.post_message(self.Rendered(asked, target, None))

    def _keep_last_good(self, prompt: str) -> None:
        """Leave the last good context of a prompt on screen, but never that of another prompt."""
        if self.shown is not None and self._shown_of == prompt:
            self._context_pane.entitle("Context ─ the last good one")
            return
        self.shown, self.found = None, ()
        self._context_pane.entitle("Context")
        self._context_pane.border_subtitle = ""
        self.query_one(ContextView).show_none(UNREADY)
        self.query_one(ModelsView).show_none()

    def _show(self, found: Sequence[ModelPreview]) -> None:
        self.found = tuple(found)
        self.query_one(ModelsView).show(found)
        if found:
            self.shown = found[0].context
            self.query_one(ContextView).show(found[0].context, found[0].count)
            self._context_pane.border_subtitle = legend(found[0].context)
            count = found[0].count
            total = f"{count.total:,} {'=' if count.exact else '≈'}" if count else "?"
            self._context_pane.entitle(f"Context ─ {found[0].model.name} ─ {total}")

    @property
    def _context_pane(self) -> Pane:
        return self.query_one("#context-pane", Pane)
