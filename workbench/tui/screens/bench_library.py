"""The library on the bench: the tree of prompts, arranging them, and the ways out to git and to $EDITOR."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from textual import on

from workbench.bench.arranging import Arranged, carried
from workbench.bench.shelving import State, prompts_first, with_broken
from workbench.prompts.tree import called, prompt_name, prompt_path
from workbench.tui.background import in_background
from workbench.tui.screens.bench_editing import BenchEditing
from workbench.tui.screens.commit import CommitDialog
from workbench.tui.screens.dialogs import Ask, Line, Picker
from workbench.tui.screens.finder import Finder
from workbench.tui.widgets.edit_pane import EditPane
from workbench.tui.widgets.prompt_tree import PromptTree

AT_A_TIME = 25
"""Prompts that are checked before what was found so far is shown."""


class BenchLibrary(BenchEditing):
    """Lists prompts with their states, makes, moves and removes them."""

    def __init__(self) -> None:
        super().__init__()
        self._items: tuple[str, ...] = ()
        self._states: dict[str, State] = {}
        self._broken: dict[str, str] = {}

    def open_first(self, names: Sequence[str]) -> None:
        """Put the first of these prompts on the bench, or say that there is none."""
        raise NotImplementedError

    def open_path(self, path: str, line: int | None = None) -> None:
        """Put a prompt on the bench, or a partial or another file into the editor, at a line."""
        raise NotImplementedError

    @property
    def prompt_tree(self) -> PromptTree:
        """The tree of prompts."""
        return self.query_one(PromptTree)

    @on(PromptTree.Chosen)
    def _chosen(self, event: PromptTree.Chosen) -> None:
        self.open_path(event.path)

    @on(EditPane.Marked)
    def show_tree(self) -> None:
        """Show the tree as it is known: what there is, how it stands, and what is unsaved."""
        states = with_broken(self._states, self._broken)
        self.prompt_tree.show(self._items, states, self.edit_pane.marked, self._broken)

    def list_prompts(self) -> tuple[str, ...]:
        """Read which prompts and partials there are, show them, and let their states follow."""
        self._items = self.project.shelving.items()
        self.show_tree()
        self.read_states()
        return tuple(filter(None, map(prompt_name, self._items)))

    @in_background(exclusive=True, group="states")
    async def read_states(self) -> None:
        """Read how the prompts stand in git, and then, those in sight first, which of them do not load."""
        shelving = self.project.shelving
        items = self._items = await asyncio.to_thread(shelving.items)
        self._states = await self.reading(lambda: shelving.states(items)) or {}
        self._broken = {path: why for path, why in self._broken.items() if path in items}
        self.show_tree()
        names = prompts_first(self.prompt_tree.in_sight(), items)
        for start in range(0, len(names), AT_A_TIME):
            some = names[start : start + AT_A_TIME]
            for name, error in await asyncio.to_thread(list, shelving.broken(some)):
                self._broken.pop(prompt_path(name), None)
                if error is not None:
                    self._broken[prompt_path(name)] = str(error)
            self.show_tree()

    @in_background()
    async def find(self) -> None:
        """Find a prompt or a partial by its name, description or text."""
        items = await asyncio.to_thread(self.project.shelving.items)
        place = await self.app.push_screen_wait(Finder(self.project.searching, items))
        if place is not None:
            self.open_path(place.path, place.line)

    def action_find(self) -> None:
        """Find a prompt or a partial."""
        self.find()

    def action_open_here(self) -> None:
        """Open what is under the cursor of the tree."""
        self.prompt_tree.choose()

    def action_edit_here(self) -> None:
        """Open what is under the cursor of the tree in $EDITOR."""
        if self.prompt_tree.path is not None:
            self.open_path(self.prompt_tree.path)
            self.action_edit_outside()

    def action_commit(self) -> None:
        """Commit the prompt or partial that is being edited, else the prompt on the bench."""
        buffer, opened = self.edit_pane.current, self.opened
        if buffer is not None and buffer.path in self._items:
            self.commit(buffer.path)
        elif opened is not None:
            self.commit(opened.path)

    def action_commit_here(self) -> None:
        """Commit what is under the cursor of the tree."""
        if self.prompt_tree.path is not None:
            self.commit(self.prompt_tree.path)

    @in_background()
    async def action_commit_deleted(self) -> None:
        """Commit that a prompt or a partial was deleted."""
        deleted = await self.reading(self.project.shelving.deleted) or []
        if not deleted:
            self.notify("No prompt that git holds was deleted.", markup=False)
            return
        path = await self.app.push_screen_wait(
            Picker("Commit that this was deleted", [(path, path, "") for path in deleted])
        )
        if path:
            self.commit(path)

    @in_background()
    async def commit(self, path: str) -> None:
        """Commit a prompt or a partial; what is unsaved in it can be saved first."""
        buffer = self.edit_pane.opened(path)
        if buffer is not None and buffer.edited:
            answers = (("save", "Save and commit"), ("as-is", "Commit what is on disk"), ("stay", "Cancel"))
            answer = await self.app.push_screen_wait(Ask(f"{path} has unsaved edits.", answers))
            if answer != "as-is" and not (answer == "save" and await self.save(buffer)):
                return
        dialog = CommitDialog(self.project.committing, path, self.edit_pane.edited())
        if await self.app.push_screen_wait(dialog) is not None:
            self.read_states()
            self.preview()

    # -- arranging ------------------------------------------------------------

    @in_background()
    async def action_new_prompt(self) -> None:
        """Make a new prompt or partial."""
        title = "New prompt, or partial where its name begins with “_”"
        name = await self._ask_name(title, self.prompt_tree.folder)
        if name is not None:
            done = await self._arranged(lambda: self.project.arranging.create(name))
            if done is not None:
                self.open_path(done.path)

    @in_background()
    async def action_duplicate(self) -> None:
        """Copy the prompt under the cursor with its own files."""
        of = self._under_cursor()
        name = of and await self._ask_name(f"Copy {of} to", of)
        if of and name:
            done = await self._arranged(lambda: self.project.arranging.duplicate(of, name))
            if done is not None:
                self.open_path(done.path)

    @in_background()
    async def action_rename(self) -> None:
        """Rename the prompt under the cursor with its own files."""
        of = self._under_cursor()
        name = of and await self._ask_name(f"Rename {of} to", of)
        if of and name:
            await self._arranged(lambda: self.project.arranging.rename(of, name))

    @in_background()
    async def action_delete(self) -> None:
        """Delete the prompt under the cursor with its own files; undo brings them back."""
        of = self._under_cursor()
        if of is None:
            return
        path = prompt_path(of)
        buffer = self.edit_pane.opened(path)
        if buffer is not None and buffer.edited:
            answers = (("no", "Keep it"), ("yes", "Delete it all the same"))
            if await self.app.push_screen_wait(Ask(f"{of} has unsaved edits.", answers)) != "yes":
                return
        await self._arranged(lambda: self.project.arranging.delete(of), unwanted=path)

    @in_background()
    async def action_undo_arranging(self) -> None:
        """Take back the last new prompt, copy, renaming or deleting."""
        if await self._arranged(self.project.arranging.undo, undone=True) is None:
            self.notify("There is nothing to undo here.", markup=False)

    async def _ask_name(self, title: str, value: str) -> str | None:
        name = await self.app.push_screen_wait(Line(title, value, amend=True))
        return name.strip() or None if name is not None else None

    def _under_cursor(self) -> str | None:
        path = self.prompt_tree.path
        return None if path is None else called(path)

    async def _arranged(
        self, act: Callable[[], Arranged | None], *, undone: bool = False, unwanted: str = ""
    ) -> Arranged | None:
        """Do something to prompts and show what came of it.

        What it removes is closed, unless it has unsaved edits and is not the file that is ``unwanted``.
        """
        before = self._open_on_disk()
        done = await self.reading(act)
        if done is None:
            return None
        self._moved(done.moved)
        edited = set(self.edit_pane.edited()) - {unwanted}
        for path in before - done.moved.keys() - self._open_on_disk() - edited:
            self.edit_pane.close(path)
        names = self.list_prompts()
        opened = self.opened
        if opened is not None and opened.name not in names and opened.path not in self.edit_pane.edited():
            self.open_first(names)
        new = called(done.path)
        to = f" to {new}" if new != done.name else ""
        said = f"{done.what.capitalize()} {done.name}{to}"
        said = f"Undone: {done.name} was {done.what}" if undone else f"{said}; u in the tree takes it back"
        self.notify(said, markup=False, timeout=3)
        return done

    def _open_on_disk(self) -> set[str]:
        """Return the paths of the open files that are on disk; another program may have deleted some."""
        paths = (buffer.path for buffer in self.edit_pane.buffers)
        return {path for path in paths if (self.project.root / path).exists()}

    def _moved(self, moved: Mapping[str, str]) -> None:
        """Let open files go by their new names, and read what renaming changed in them."""
        for buffer in self.edit_pane.buffers:
            if buffer.path in moved:
                file = self.project.library.open(moved[buffer.path])
                if buffer.edited:
                    buffer.editor.take(carried(buffer.editor.written, buffer.path, moved))
                self.edit_pane.rename(buffer.path, file)
        name = prompt_name(moved.get(self.opened.path, "")) if self.opened is not None else None
        if self.opened is not None and name is not None:
            self.opened = replace(self.opened, name=name)
            self.workbench.prompt = name
