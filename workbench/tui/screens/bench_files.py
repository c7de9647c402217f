"""The files on the bench: saving them, keeping what is unsaved, and noticing what others write."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Iterable, Sequence

from textual import on

from workbench.bench.shown import age
from workbench.errors import ProjectError, PromptError, SaveConflictError, WorkbenchError
from workbench.project.clock import utc_now
from workbench.prompts.disk.drafts import Draft
from workbench.prompts.disk.watching import Watching, touches
from workbench.prompts.library import OpenFile
from workbench.prompts.tree import decode
from workbench.tui.background import in_background
from workbench.tui.screens.bench_base import BenchBase
from workbench.tui.screens.dialogs import Ask, Picker
from workbench.tui.widgets.diff_layout import Compared
from workbench.tui.widgets.diff_view import DiffView
from workbench.tui.widgets.edit_pane import Buffer, EditPane

PAUSE = 0.3
"""Seconds without a key before unsaved text is kept safe from a crash."""

ASK_PAUSE = 0.8
"""Seconds without a key before a question may come up over the text."""


class BenchFiles(BenchBase):
    """Saves, reads again, and asks where both the person and another program wrote."""

    def __init__(self) -> None:
        super().__init__()
        self._drafting = asyncio.Lock()
        self._drafted: dict[str, str] = {}
        self._changed: dict[str, OpenFile] = {}  # on disk, while there are unsaved edits
        self._settled: dict[str, bytes] = {}  # what the person chose to go on editing over
        self._asking = False
        self._watching: Watching | None = None

    @in_background(group="save")
    async def action_save(self) -> None:
        """Save the text on screen; asks where the file changed on disk."""
        if self.edit_pane.current is not None:
            await self.save(self.edit_pane.current)

    async def save(self, buffer: Buffer, *, over: bool = False) -> bool:
        """Save an open file, ``over`` what another program wrote where that is wanted.

        Returns whether it was saved; why not is told or asked.
        """
        try:
            await self.edit_pane.save(buffer, over=over)
        except SaveConflictError as conflict:
            return await self._ask_about_saving(buffer, conflict)
        except WorkbenchError as error:
            self.tell(error)
            return False
        self._changed.pop(buffer.path, None)
        self.keep_drafts()
        self.preview()
        self.notify(f"Saved {buffer.path}", markup=False, timeout=2)
        return True

    def action_reload(self) -> None:
        """Read the file on screen from disk again."""
        if self.edit_pane.current is not None:
            self._take_from_disk(self.edit_pane.current)

    def reload(self, paths: Iterable[str]) -> None:
        """Read those of these files that are open from disk again; what was unsaved comes back by undo."""
        for buffer in filter(None, map(self.edit_pane.opened, paths)):
            self._take_from_disk(buffer)

    def _take_from_disk(self, buffer: Buffer) -> None:
        try:
            self.edit_pane.take(buffer, self.project.library.open(buffer.path))
        except WorkbenchError as error:
            self.tell(error)
        self.keep_drafts()
        self.preview()

    @in_background()
    async def action_restore_backup(self) -> None:
        """Take an earlier content of the file on screen, which saving replaced; undo takes it back."""
        buffer = self.edit_pane.current
        if buffer is None:
            return
        backups = await self.reading(lambda: self.project.library.backups(buffer.path)) or []
        now = utc_now()
        choices = [(str(number), f"{age(one.when, now)} ago", one.when) for number, one in enumerate(backups)]
        if not choices:
            self.notify(f"Nothing of {buffer.path} was ever replaced.", markup=False)
            return
        chosen = await self.app.push_screen_wait(Picker(f"Restore {buffer.path} as it was", choices))
        if chosen:
            text = await self.reading(lambda: decode(backups[int(chosen)].raw, buffer.path))
            if text is not None:
                buffer.editor.take(text)

    async def may_leave(self) -> bool:
        """Return whether the workbench may end: all is saved, or the person says how."""
        edited = self.edit_pane.edited()
        if not edited:
            return True
        what = f"{edited[0]} has" if len(edited) == 1 else f"{len(edited)} files have"
        answers = (("save", "Save"), ("discard", "Discard"), ("stay", "Go on editing"))
        answer = await self.app.push_screen_wait(Ask(f"{what} unsaved edits.", answers))
        if answer == "save":
            return all([await self.save(buffer) for buffer in self.edit_pane.buffers if buffer.edited])
        if answer == "discard":
            async with self._drafting:
                for path in edited:
                    await asyncio.to_thread(self.project.drafts.drop, path)
        return answer == "discard"

    # -- what is unsaved survives a crash -------------------------------------

    @on(EditPane.Edited)
    def _draft_soon(self) -> None:
        self.after_pause("drafts", PAUSE, self.keep_drafts)

    @in_background(group="drafts")
    async def keep_drafts(self) -> None:
        """Keep the unsaved text of every open file, and forget that of the saved ones."""
        async with self._drafting:
            for buffer in self.edit_pane.buffers:
                path, text = buffer.path, buffer.editor.written
                if not buffer.edited:
                    if self._drafted.pop(path, None) is not None:
                        await asyncio.to_thread(self.project.drafts.drop, path)
                elif self._drafted.get(path) != text:
                    await asyncio.to_thread(self.project.drafts.keep, path, text, buffer.file.raw)
                    self._drafted[path] = text

    @in_background()
    async def offer_drafts(self) -> None:
        """Offer the unsaved text that a workbench which was killed left behind."""
        drafts = self.project.drafts
        for damaged in await asyncio.to_thread(drafts.damaged):
            self.tell(damaged)
        left = await self.reading(drafts.left) or []
        if not left:
            return
        files = {draft.path: await asyncio.to_thread(self._on_disk, draft.path) for draft in left}
        many = f"{len(left)} files were" if len(left) > 1 else f"{left[0].path} was"
        question = f"{many} not saved when the workbench ended, {age(left[0].kept, utc_now())} ago."
        if any(not draft.fits(files[draft.path].raw) for draft in left):
            question += " What is on disk has changed since."
        answers = (("take", "Go on with this text"), ("later", "Ask again later"), ("discard", "Discard"))
        compared = [
            Compared(files[draft.path].text, draft.text, (draft.path, f"{draft.path}, unsaved"))
            for draft in left
        ]
        answer = await self._ask_beside(question, answers, compared)
        for draft in left:
            if answer == "discard":
                await asyncio.to_thread(drafts.discard, draft)
            elif answer == "take" and await asyncio.to_thread(drafts.adopt, draft):
                self._take_draft(draft, files[draft.path])
        self.preview()

    def _on_disk(self, path: str) -> OpenFile:
        """Return a file, empty where it is gone."""
        try:
            return self.project.library.open(path)
        except PromptError:
            return OpenFile(path, "", b"")

    def _take_draft(self, draft: Draft, file: OpenFile) -> None:
        buffer = self.edit_pane.open(draft.path, file)
        self._drafted[draft.path] = draft.text
        buffer.editor.take(draft.text)

    # -- what others write ----------------------------------------------------

    @in_background(exclusive=True, group="watch")
    async def watch_files(self) -> None:
        """Notice what other programs write, for as long as the bench is there."""
        git = await asyncio.to_thread(lambda: self.project.history.git_folder)
        self._watching = Watching(self.project.root, [git] if git is not None else [])
        try:
            async for changed in self._watching.changes():
                await self._changed_on_disk(changed)
        except ProjectError as unable:
            self.notify(str(unable), severity="warning", markup=False, timeout=10)

    @property
    def is_watching(self) -> bool:
        """Whether changes by other programs are noticed."""
        return self._watching is not None and self._watching.on

    def watch_also(self, paths: Iterable[str]) -> None:
        """Watch the folders of these files too: documents and examples may lie anywhere in the project."""
        if self._watching is not None:
            self._watching.also({posixpath.dirname(path) for path in paths})

    async def _changed_on_disk(self, changed: frozenset[str]) -> None:
        for buffer in self.edit_pane.buffers:
            if touches(changed, buffer.path):
                await self.reread(buffer)
        self.files_changed(changed)
        self._ask_soon()

    def files_changed(self, changed: frozenset[str]) -> None:
        """Show what follows from changes on disk: lists, cases, states, the context."""
        raise NotImplementedError

    async def reread(self, buffer: Buffer) -> None:
        """Take what another program wrote into an open file, or note that the person must be asked."""
        try:
            file = await asyncio.to_thread(self.project.library.open, buffer.path)
        except PromptError as gone:
            if buffer.path not in self._settled:
                self._settled[buffer.path] = b""
                self.notify(
                    f"{gone} Its text is still here, and saving makes it again.",
                    severity="warning",
                    markup=False,
                )
            return
        if file.raw in (buffer.file.raw, self._settled.get(buffer.path)):
            return
        if not buffer.edited or file.text == buffer.editor.written:
            self.edit_pane.take(buffer, file)
            self.notify(f"Reloaded {file.path}, which changed on disk", markup=False, timeout=3)
        else:
            self._changed[buffer.path] = file

    def on_screen_resume(self) -> None:
        """Ask about what changed while another screen was shown."""
        self._ask_about_changes()

    @on(EditPane.Edited)
    def _ask_soon(self) -> None:
        """Ask about what changed once no key comes any more, so that what is typed is not the answer."""
        if self._changed:
            self.after_pause("changes", ASK_PAUSE, self._ask_about_changes)

    @in_background(group="changes")
    async def _ask_about_changes(self) -> None:
        while self._changed and self.is_current and not self._asking:
            path, file = self._changed.popitem()
            buffer = self.edit_pane.opened(path)
            if buffer is None or not buffer.edited:
                continue
            await self._ask_which(f"{path} changed on disk, and has unsaved edits.", buffer, file)

    async def _ask_about_saving(self, buffer: Buffer, conflict: SaveConflictError) -> bool:
        if self._asking:
            return False
        file = await asyncio.to_thread(self._on_disk, buffer.path)
        self._changed.pop(buffer.path, None)
        question = f"{buffer.path} {conflict.message}."
        answer = await self._ask_which(question, buffer, file, ("over", "Save over it"))
        return answer == "over" and await self.save(buffer, over=True)

    async def _ask_which(
        self, question: str, buffer: Buffer, file: OpenFile, *more: tuple[str, str]
    ) -> str | None:
        """Ask whether what is on screen or on disk is to stay, and do so; ``more`` are other answers."""
        answers = (("stay", "Go on editing"), ("reload", "Take what is on disk"), *more)
        compared = Compared(file.text, buffer.editor.written, ("on disk", "on screen"))
        self._asking = True
        try:
            answer = await self._ask_beside(question, answers, [compared])
        finally:
            self._asking = False
        self._settled[buffer.path] = file.raw
        if answer == "reload":
            self._take_from_disk(buffer)
        return answer

    async def _ask_beside(
        self, question: str, answers: Sequence[tuple[str, str]], compared: Sequence[Compared]
    ) -> str | None:
        """Ask a question with the differences between texts beside it."""
        view = DiffView()
        self.call_after_refresh(view.show_all, compared)
        return await self.app.push_screen_wait(Ask(question, answers, beside=view))
