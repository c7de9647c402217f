"""The context on the bench: from a segment to where it was written, and what it is compared with."""

from __future__ import annotations

import asyncio

from textual import on

from workbench.bench.baseline import HEAD, LAST_SAVE, short
from workbench.bench.shown import age
from workbench.errors import Place, UsageError, WorkbenchError
from workbench.project.clock import utc_now
from workbench.tui.background import in_background
from workbench.tui.screens.bench_cases import BenchCases
from workbench.tui.screens.dialogs import Picker
from workbench.tui.widgets.context_view import ContextView

NO_CONTEXT = "There is no context to read yet."


class BenchContext(BenchCases):
    """Leads from the context to the files it is made of."""

    def jump_to(self, place: Place) -> None:
        """Show a file at a place in the editor; one can go back to where one was."""
        try:
            buffer = self.edit_pane.follow(place.path, place.line, place.column or 1)
        except WorkbenchError as error:
            self.tell(error)
            return
        buffer.editor.focus()

    @on(ContextView.Chosen)
    def action_open_written(self) -> None:
        """Open the file where what the cursor of the context is on was written."""
        self._open_place(self.context_side.written, "This was written in no file of the project.")

    def action_open_source(self) -> None:
        """Open what holds the value under the cursor of the context: the case, the document, the example."""
        self._open_place(self.context_side.source, "This holds no value from another place.")

    def _open_place(self, place: Place | None, otherwise: str) -> None:
        if place is None:
            self.notify(otherwise, markup=False)
        else:
            self.jump_to(place)

    def action_next_change(self, by: int) -> None:
        """Go to the next passage of the context that changed."""
        if not self.query_one(ContextView).move_to_change(by):
            self.notify(self._no_change(), markup=False)

    def _no_change(self) -> str:
        """Return why there is no change to go to."""
        side, base = self.context_side, short(self.context_side.base)
        if side.preview is None:
            return NO_CONTEXT
        based = side.based
        if based is None or based.base != side.base:
            return f"Still comparing with {base}."
        if based.trouble:
            return f"There is nothing to compare with at {base}: {based.trouble}."
        return f"Nothing differs from {base}."

    @in_background()
    async def action_choose_base(self) -> None:
        """Choose the version that changes are marked against."""
        if self.opened is None:
            return
        choices = await asyncio.to_thread(self._bases, self.opened.name)
        base = await self.app.push_screen_wait(
            Picker("Mark changes since", choices, free="or any revision, such as main or v1.0")
        )
        if base:
            self.context_side.compare_with(base)

    def _bases(self, prompt: str) -> list[tuple[str, str, str]]:
        """Return what a text can be compared with: HEAD, what is on disk, and the commits of the prompt."""
        now = utc_now()
        choices = [(HEAD, HEAD, "the commit that is checked out"), (LAST_SAVE, LAST_SAVE, "what is on disk")]
        try:
            entries = self.project.reviewing.history(prompt).entries
        except UsageError:  # without git there is the last save
            entries = ()
        for entry in entries:
            if entry.commit and entry.date:
                about = f"{entry.subject or ''} · {age(entry.date, now)}"
                choices.append((entry.commit, entry.label, about))
        return choices
