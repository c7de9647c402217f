"""Writing on the bench: what is wrong, what can be completed, where a name leads, and $EDITOR."""

from __future__ import annotations

import asyncio

from textual import on

from workbench.errors import WorkbenchError
from workbench.prompts.language.problems import Problem, find_problems
from workbench.prompts.tree import PROMPTS, prompt_name
from workbench.tui.background import in_background
from workbench.tui.outside import Outside
from workbench.tui.screens.bench_files import BenchFiles
from workbench.tui.widgets.context_side import Asked
from workbench.tui.widgets.edit_pane import EditPane


class BenchEditing(BenchFiles):
    """Tells the editor what it needs to know of the project."""

    def __init__(self) -> None:
        super().__init__()
        self.outside = Outside(editor=self.workbench.taste.editor)
        """Hands files to the person's own editor."""

    @on(EditPane.Shown)
    def _file_shown(self) -> None:
        self.offer_words()

    @in_background(exclusive=True, group="words")
    async def offer_words(self) -> None:
        """Let the editor complete what there is in this project now."""
        buffer = self.edit_pane.current
        if buffer is not None:
            buffer.editor.words = await asyncio.to_thread(self.project.words, buffer.path)

    @in_background(exclusive=True, group="problems")
    async def find_problems(self, asked: Asked, error: WorkbenchError | None) -> None:
        """Mark what is wrong with the file on screen, and tell it below the text.

        ``asked`` is what was rendered, ``error`` why it could not be, None where it was.
        """
        buffer, opened = self.edit_pane.current, self.opened
        if buffer is None:
            return
        if buffer.file.unreadable:
            self.edit_pane.say(str(buffer.file.unreadable))
            return
        problems: tuple[Problem, ...] = ()
        if prompt_name(buffer.path) is not None or buffer.path.startswith(f"{PROMPTS}/"):
            tree = self.project.versions.tree(asked.unsaved)
            given = set(opened.chosen.inputs) if opened is not None and opened.chosen is not None else set()
            name = prompt_name(buffer.path) or buffer.path
            problems = await asyncio.to_thread(find_problems, tree, name, given)
        buffer.editor.show_problems(problems)
        self.edit_pane.tell_problem(str(error) if error is not None else "")

    def action_next_problem(self) -> None:
        """Go to the next thing that is wrong."""
        if self.edit_pane.current is not None:
            self.edit_pane.current.editor.action_next_problem()

    def action_complete(self) -> None:
        """Offer the words that fit where the cursor is."""
        if self.edit_pane.current is not None:
            self.edit_pane.current.editor.action_complete()

    def action_find_text(self) -> None:
        """Find and replace in the text."""
        self.edit_pane.find()

    def action_follow(self) -> None:
        """Open the partial, document or examples file that the cursor is on."""
        buffer = self.edit_pane.current
        reference = buffer.editor.reference_at_cursor() if buffer is not None else None
        path = reference.path_from(buffer.path) if buffer is not None and reference is not None else None
        if path is None:
            self.notify("No partial, document or file of examples is named here.", markup=False)
            return
        try:
            self.edit_pane.follow(path)
        except WorkbenchError as error:
            self.tell(error)
            return
        self.edit_pane.focus_editor()

    def action_back(self) -> None:
        """Go back to where the last name was followed from."""
        try:
            buffer = self.edit_pane.back()
        except WorkbenchError as error:
            self.tell(error)
            return
        if buffer is None:
            self.notify("There is nowhere to go back to.", markup=False)
        else:
            buffer.editor.focus()

    @in_background()
    async def action_edit_outside(self) -> None:
        """Save the file on screen, hand it to $EDITOR, and read it again."""
        buffer = self.edit_pane.current
        if buffer is None:
            return
        if buffer.edited and not await self.save(buffer):
            return
        line = buffer.editor.cursor_location[0] + 1
        try:
            await self.outside.edit(self.app, self.project.library.tree.locate(buffer.path), line)
        finally:
            await self.reread(buffer)
            self.preview()
        self.edit_pane.focus_editor()
