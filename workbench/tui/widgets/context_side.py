"""The context beside the editor: what the model will receive, and what each model makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import DescendantBlur, DescendantFocus, Resize
from textual.message import Message
from textual.timer import Timer

from workbench.bench.baseline import HEAD, Based, Baseline
from workbench.bench.previewing import Previewing
from workbench.bench.previews import ModelPreview, Preview
from workbench.bench.shown import counted, things
from workbench.bench.versions import Target
from workbench.context.changes import NO_CHANGES, Changes, find_changes
from workbench.context.messages import Context, with_engine
from workbench.errors import Place, WorkbenchError
from workbench.models.model import Model
from workbench.project.yaml import Value
from workbench.prompts.cases import Case
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.context_view import ContextView, legend
from workbench.tui.widgets.models_view import ModelsView
from workbench.tui.widgets.pane import FRAME, Pane
from workbench.tui.widgets.segment_line import SegmentLine

SETTLE = 0.06
"""Seconds without a key before the context is rendered anew."""

LATE = 0.15
"""Seconds after which counts that are not right any more are dimmed."""

FIND_PAUSE = 0.25
"""Seconds without a key before a context is looked through for findings."""

AT_ONCE = 0.1
"""Seconds for which counts wait for what they are compared with, so that both are shown in one step."""

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


@dataclass(frozen=True)
class _Rendered:
    target: Target
    case: Case | None
    context: Context
    models: tuple[Model, ...]


class ContextSide(TellsFailures, Vertical):
    """Renders and counts what it is asked to; beside an error the last good context stays."""

    class Rendered(Message):
        """The context was rendered and counted, or could not be: ``error`` then says why."""

        def __init__(self, asked: Asked, target: Target | None, error: WorkbenchError | None) -> None:
            super().__init__()
            self.asked = asked
            self.target = target
            self.error = error

    def __init__(self, previewing: Previewing, baseline: Baseline, prices: str) -> None:
        super().__init__(id="context-side")
        self._previewing = previewing
        self._baseline = baseline
        self._prices = prices
        self._timer: Timer | None = None
        self._late: Timer | None = None
        self._turns = 0
        self._based: Based | None = None
        self._marks: tuple[Context, Context, Changes] | None = None
        self.base = HEAD
        """What the context is compared with: see Baseline."""
        self.preview: Preview | None = None
        """The last good context, and what each model makes of it."""
        self.broken = False
        """Whether the text on screen cannot be rendered, so that ``preview`` is of an older one."""

    @property
    def shown(self) -> Context | None:
        """The last good context, as the first model receives it."""
        return self.preview.shown if self.preview is not None else None

    @property
    def based(self) -> Based | None:
        """What the context is compared with, None before that is known."""
        return self._based

    @property
    def found(self) -> tuple[ModelPreview, ...]:
        """What each model makes of it."""
        return self.preview.models if self.preview is not None else ()

    def compose(self) -> ComposeResult:
        """Compose the context over the models."""
        with Pane(id="context-pane"):
            yield ContextView()
            yield SegmentLine()
        with Pane(id="models-pane"):
            yield ModelsView()

    def on_mount(self) -> None:
        """Give the panes their titles."""
        self._context_pane.entitle("Context")
        models = self.query_one("#models-pane", Pane)
        models.entitle("Models")
        models.subtitle(f"prices {self._prices}")

    # -- when it is rendered --------------------------------------------------

    def mark_stale(self) -> None:
        """Take note that what is counted is no longer what is on screen, and say so once it is late."""
        self._turns += 1
        self._view.mark_stale()
        if self._late is None:
            self._late = self.set_timer(LATE, self._say_late)

    def _say_late(self) -> None:
        self._view.dim()
        self.query_one(ModelsView).dim()

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
            # Both now: a key may come before the drawing begins, and threads may overtake each other.
            self._draw_context(asked, self._turns, self._previewing.turn())

    @in_background(exclusive=True, group="preview")
    async def _draw_context(self, asked: Asked, number: int, turn: int) -> None:
        """Render, count and show what was asked for as the ``number``th."""
        try:
            found = await asyncio.to_thread(self._rendered, asked, turn)
        except WorkbenchError as error:
            self._keep_last_good(asked.prompt)
            self.post_message(self.Rendered(asked, None, error))
            return
        target, case, context = found.target, found.case, found.context
        await self._show_uncounted(target, case, context)
        version = target.version
        models = [await self._previewing.for_model(version, context, model) for model in found.models]
        known = self.preview
        # The last findings stay until those of this text are known.
        findings = known.findings if known is not None and self._is_of(known, target, case) else ()
        preview = Preview(target, case, context, tuple(models), findings=findings)
        self._forget_base(preview)
        self.preview, self.broken = preview, False
        self.post_message(self.Rendered(asked, target, None))
        await self._compare(preview, number)
        self._find(number)

    @in_background(exclusive=True, group="findings")
    async def _find(self, number: int) -> None:
        """Look for what is worth a second look, once no key comes any more: no key is to wait for that."""
        await asyncio.sleep(FIND_PAUSE)
        preview = self.preview
        if preview is None or number != self._turns:
            return
        findings = await asyncio.to_thread(
            self._previewing.findings, preview.target, preview.case, preview.context, preview.models
        )
        if preview is self.preview and findings != preview.findings:
            self.preview = replace(preview, findings=findings)
            self._show_models(self.preview, number)

    def _rendered(self, asked: Asked, turn: int) -> _Rendered:
        target, case, context = self._previewing.render(
            asked.prompt, asked.case, asked.inputs, asked.unsaved, turn
        )
        return _Rendered(target, case, context, self._previewing.models_of(target.version, asked.models))

    # -- what is shown --------------------------------------------------------

    async def _show_uncounted(self, target: Target, case: Case | None, context: Context) -> None:
        """Show a context before it is counted, with what was inserted into the last one by the engine."""
        known = self.preview
        if known is None or not self._is_of(known, target, case):
            self._view.show(context, None, fresh=False)
            return
        received = with_engine(context, known.shown)
        count = known.models[0].count if known.models else None
        fits = count is not None and len(count.messages) == len(received.messages)
        changes = await self._changes(self._based, known.models[0], received) if known.models else NO_CHANGES
        self._view.show(received, count if fits else None, fresh=False, changes=changes)

    def _is_of(self, known: Preview, target: Target, case: Case | None) -> bool:
        """Return whether what is known is an earlier text of the same prompt and case."""
        names = known.target.version.prompt.name, known.case and known.case.name
        return names == (target.version.prompt.name, case and case.name)

    def _forget_base(self, preview: Preview) -> None:
        """Forget what was compared with where that says nothing of the next preview."""
        known = self.preview
        other = (
            known is None
            or not self._is_of(known, preview.target, preview.case)
            or known.case != preview.case
        )
        # That the last text was the same says nothing of this one.
        if other or (self._based is not None and self._based.same):
            self._based = None

    async def _compare(self, preview: Preview, number: int) -> None:
        """Show what was counted, with what changed beside it; where that takes long, without it at first."""
        finding = asyncio.ensure_future(self._find_based(preview))
        try:
            if not (await asyncio.wait({finding}, timeout=AT_ONCE))[0]:
                await self._show(preview, number)
            based = await finding
        finally:
            finding.cancel()
        if based.base == self.base:  # else another one was chosen meanwhile
            self._based = based
        await self._show(preview, number)

    async def _find_based(self, preview: Preview) -> Based:
        return await self._baseline.of(self.base, preview.target, preview.case, preview.models)

    def _count_lateness(self, fresh: bool) -> None:
        """Count from now on how late the counts are, for what was typed meanwhile."""
        if self._late is not None:
            self._late.stop()
        self._late = None if fresh else self.set_timer(LATE, self._say_late)

    async def _show(self, preview: Preview, number: int) -> None:
        """Show a preview that was asked for as the ``number``th."""
        fresh = number == self._turns
        self._count_lateness(fresh)
        self._show_models(preview, number)
        shown, first = preview.shown, preview.models[0] if preview.models else None
        changes = await self._changes(self._based, first, shown) if first is not None else NO_CHANGES
        if not self._holds(preview):
            return
        self._view.show(shown, first.count if first else None, fresh=fresh, changes=changes)
        self._show_titles(preview)

    def _holds(self, preview: Preview) -> bool:
        """Return whether a preview is still the last one; its findings may have come since."""
        now = self.preview
        return now is not None and now.context is preview.context and now.models is preview.models

    def _show_models(self, preview: Preview, number: int) -> None:
        fresh = number == self._turns
        self.query_one(ModelsView).show(preview.models, self._based, preview.findings, fresh=fresh)
        many = len(preview.findings)
        said = f"Models ─ {things(many, 'finding')}" if many else "Models"
        self.query_one("#models-pane", Pane).entitle(said)

    async def _changes(self, based: Based | None, first: ModelPreview, shown: Context) -> Changes:
        """Return what changed in a context since the baseline; found in a thread, and only once."""
        before = based.received(first) if based is not None else None
        if before is None:
            return NO_CHANGES
        if self._marks is None or self._marks[0] is not before or self._marks[1].messages != shown.messages:
            self._marks = before, shown, await asyncio.to_thread(find_changes, before, shown)
        return self._marks[2]

    def _show_titles(self, preview: Preview) -> None:
        title = "Context"
        if preview.models:
            first = preview.models[0]
            count = first.count
            total = counted(count.total, exact=count.exact) if count else "?"
            title = f"Context ─ {first.model.name} ─ {total}"
        self._context_pane.entitle(title)
        self._show_legend()

    def _show_legend(self) -> None:
        shown = self.shown
        said = legend(shown, self._context_pane.size.width - FRAME) if shown is not None else ""
        self._context_pane.subtitle(said)

    def on_resize(self, event: Resize) -> None:
        """Shorten the words of the legend where there is no room for them."""
        self.call_after_refresh(self._show_legend)

    def _keep_last_good(self, prompt: str) -> None:
        """Leave the last good context of a prompt on screen, but never that of another prompt."""
        self.broken = True
        if self.preview is not None and self.preview.target.version.prompt.name == prompt:
            self._context_pane.entitle("Context ─ the last good one")
            return
        self.preview, self._based = None, None
        self._context_pane.entitle("Context")
        self._context_pane.subtitle("")
        self._view.show_none(UNREADY)
        self.query_one(ModelsView).show_none()

    # -- what it is compared with ---------------------------------------------

    @in_background(exclusive=True, group="base")
    async def compare_with(self, base: str) -> None:
        """Compare the context with another version from now on: see Baseline."""
        self.base = base
        if self.preview is not None:
            preview, number = self.preview, self._turns if self._view.fresh else -1
            based = await self._find_based(preview)
            if base == self.base and self._holds(preview):
                self._based = based
                await self._show(self.preview, number)

    # -- the segment under the cursor -----------------------------------------

    @property
    def written(self) -> Place | None:
        """Where in the source what the cursor is on was written."""
        at, shown, segment = self._view.pointed, self._view.context, self._view.segment
        if at is None or shown is None or segment is None:
            return None
        return shown.written_at(at.message, at.offset) or segment.place

    @property
    def source(self) -> Place | None:
        """Where the value under the cursor comes from: the case, the document, the example."""
        segment = self._view.segment
        return segment.source if segment is not None else None

    @on(DescendantFocus)
    @on(DescendantBlur)
    @on(ContextView.Moved)
    def _tell_segment(self) -> None:
        """Say what is under the cursor, while there is one."""
        line, at = self.query_one(SegmentLine), self._view.pointed
        line.display = self._view.has_focus
        if line.display:
            line.tell(self._view.segment, at, self._counted, self.written, self.source)

    @property
    def _counted(self) -> ModelPreview | None:
        """What the first model makes of the context on screen, None while that is not counted yet."""
        first, drawn = self.found[0] if self.found else None, self._view.context
        if first is None or drawn is None:
            return None
        received = first.context
        same = received.messages == drawn.messages and received.segments == drawn.segments
        return first if same else None

    @property
    def _view(self) -> ContextView:
        return self.query_one(ContextView)

    @property
    def _context_pane(self) -> Pane:
        return self.query_one("#context-pane", Pane)
