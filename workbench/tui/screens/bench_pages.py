"""Pages on the context of the bench: what its parts cost, whom it suits, what was found, and copying it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from workbench.bench.previews import ModelPreview, Preview
from workbench.errors import WorkbenchError
from workbench.prompts.language.switching import switched
from workbench.tui.background import in_background
from workbench.tui.screens.bench_context import NO_CONTEXT, BenchContext
from workbench.tui.screens.copy_as import CopyAs
from workbench.tui.screens.dialogs import Page
from workbench.tui.screens.findings_page import FindingsPage
from workbench.tui.screens.models_page import ModelsPage
from workbench.tui.screens.segments_page import SegmentsPage, parts_of
from workbench.tui.widgets.context_view import ContextView

LAST_GOOD = "the last good context"
"""What is read while the text on screen cannot be rendered."""


class BenchPages(BenchContext):
    """Opens pages on the context, and goes to where what they show was written."""

    @in_background()
    async def action_segments(self) -> None:
        """Show what each part of the context costs, and go to where one was written."""
        found, opened = self._model_shown(), self.opened
        if found is None or opened is None:
            return
        about = opened.name if opened.case is None else f"{opened.name}   case {opened.case}"
        if self._last_good:
            about = f"{about}   {self._last_good}"
        at = self._segment_pointed_at(found)
        sent, sources = await asyncio.to_thread(parts_of, found)
        place = await self.app.push_screen_wait(SegmentsPage(about, found, sent, sources, at))
        if place is not None:
            self.jump_to(place)

    @in_background()
    async def action_choose_models(self) -> None:
        """Show the context for each model side by side, and count for the chosen ones."""
        if self.opened is None:
            return
        preview, project = self.context_side.preview, self.project
        own = preview.target.version.prompt.models if preview is not None else None
        names = own or project.settings.default_models
        chosen = await self.app.push_screen_wait(ModelsPage(project, preview, names, self.opened.models))
        if chosen is not None:
            self.opened = replace(self.opened, models=chosen)
            self.preview()

    def action_copy_as(self) -> None:
        """Copy the context as text, as JSON messages, as a line for curl, or as Python."""
        preview, found = self.context_side.preview, self._model_shown()
        if preview is not None and found is not None:
            self.app.push_screen(CopyAs(found, preview.target.version.prompt.schema, self._last_good))

    @in_background()
    async def action_findings(self) -> None:
        """List what was found in the context; go to a finding, or look for its kind no more."""
        preview, opened = self._preview_shown(), self.opened
        if preview is None or opened is None:
            return
        wanted = await self.app.push_screen_wait(FindingsPage(preview.findings, self._last_good))
        if wanted is None:
            return
        finding = wanted.finding
        place = finding.place or (preview.shown.written_at(*finding.at) if finding.at else None)
        if wanted.off:
            self._switch_off(opened.path, finding.code)
        elif place is not None:
            self.jump_to(place)
        else:
            self.notify("This is about the context as a whole.", markup=False)

    def _switch_off(self, path: str, code: str) -> None:
        """Say in a prompt's front matter that this kind is not looked for; undo takes it back."""
        try:
            buffer = self.edit_pane.follow(path)
            if buffer.file.unreadable:
                raise buffer.file.unreadable
            buffer.editor.take(switched(buffer.editor.written, path, code))
        except WorkbenchError as error:
            self.tell(error)
            return
        buffer.editor.focus()
        self.notify(f"{code} is no longer looked for in {path}; ^z takes it back", markup=False, timeout=4)

    def action_blank_page(self) -> None:
        """Read the whole context as the model does."""
        preview = self._preview_shown()
        if preview is not None:
            self.app.push_screen(Page("\n\n".join(message.content for message in preview.shown.messages)))
            if self._last_good:
                self.app.notify(f"This is {self._last_good}: the text cannot be rendered now.", markup=False)

    @property
    def _last_good(self) -> str:
        """What the context on screen is where it is an older one, else empty."""
        return LAST_GOOD if self.context_side.broken else ""

    def _segment_pointed_at(self, found: ModelPreview) -> tuple[int, int] | None:
        """Return the message and the segment under the cursor of the context, None where it has none."""
        view = self.query_one(ContextView)
        at, drawn = view.pointed, view.context
        if at is None or drawn is None or not view.has_focus or drawn.segments != found.context.segments:
            return None
        return at.message, at.segment

    def _preview_shown(self) -> Preview | None:
        """Return the last good context with what is known of it; None, and told, where there is none."""
        preview = self.context_side.preview
        if preview is None:
            self.notify(NO_CONTEXT, markup=False)
        return preview

    def _model_shown(self) -> ModelPreview | None:
        """Return what the model of the pane receives; None, and told, where there is none."""
        preview = self._preview_shown()
        if preview is not None and not preview.models:
            self.notify("There is no model to count for: choose one with ^l.", markup=False)
        return preview.models[0] if preview is not None and preview.models else None
