"""The edit pane: every open file in an editor of its own, so that each keeps its undo, cursor and scroll."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static, TextArea

from workbench.bench.shown import inert
from workbench.errors import Place, PromptError
from workbench.prompts.library import Library, OpenFile, restored_bytes
from workbench.prompts.tree import prompt_name
from workbench.tui.widgets.editor import Editor
from workbench.tui.widgets.find_bar import FindBar
from workbench.tui.widgets.pane import Pane

KEPT_OPEN = 8
"""Files that stay open with their undo although nothing in them is unsaved."""


@dataclass
class Buffer:
    """An open file: ``file`` is what was read or saved last, the editor holds what it is to become."""

    file: OpenFile
    editor: Editor

    @property
    def path(self) -> str:
        """The file's path from the project's root."""
        return self.file.path

    @property
    def edited(self) -> bool:
        """Whether the text on screen differs from the file that was read."""
        return not self.file.unreadable and self.editor.written != self.file.text


class EditPane(Pane):
    """Shows one of the open files and keeps the others."""

    class Shown(Message):
        """Another file is on screen."""

    class Edited(Message):
        """The text on screen changed."""

    class Marked(Message):
        """Other files than before have unsaved edits; ``marked`` says which."""

    def __init__(self, library: Library) -> None:
        super().__init__(id="edit-pane")
        self._library = library
        self._buffers: dict[str, Buffer] = {}  # the one used last is the last
        self._marked: frozenset[str] = frozenset()
        self._opened = 0
        self._error = ""
        self._told = ""
        self._saving = asyncio.Lock()
        self._trail: list[tuple[str, tuple[int, int]]] = []

    def compose(self) -> ComposeResult:
        """Compose what is below the text, to find in it and to tell errors; editors come with files."""
        yield FindBar()
        yield Static("", id="trouble", markup=False)

    @property
    def current(self) -> Buffer | None:
        """The file on screen."""
        return next(reversed(self._buffers.values()), None)

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """Every open file."""
        return tuple(self._buffers.values())

    @property
    def marked(self) -> frozenset[str]:
        """The paths of the open files that are marked as unsaved: known, where ``edited`` compares texts."""
        return self._marked

    def edited(self) -> list[str]:
        """Return the paths of the open files with unsaved edits."""
        return [buffer.path for buffer in self._buffers.values() if buffer.edited]

    def unsaved(self) -> dict[str, bytes]:
        """Return the files with unsaved edits as they are on screen."""
        return {
            buffer.path: restored_bytes(buffer.file.raw, buffer.editor.written)
            for buffer in self._buffers.values()
            if buffer.edited
        }

    def opened(self, path: str) -> Buffer | None:
        """Return an open file, or None where it is not open."""
        return self._buffers.get(path)

    def open(self, path: str, file: OpenFile | None = None) -> Buffer:
        """Show a file, read anew unless it has unsaved edits or was just read.

        Raises PromptError where it cannot be read.
        """
        buffer = self._buffers.get(path)
        if buffer is None:
            buffer = self._add(file or self._library.open(path))
        elif not buffer.edited:
            self.take(buffer, file or self._library.open(path))
        self._buffers[path] = self._buffers.pop(path, buffer)
        self._bring_up()
        self._let_go()
        self._mark_all()
        return buffer

    def take(self, buffer: Buffer, file: OpenFile) -> None:
        """Show a file as it now is on disk, in one step that undo takes back."""
        if file.raw == buffer.file.raw:
            return
        if file.unreadable or buffer.file.unreadable:
            with self.prevent(TextArea.Changed):
                file = _checked(file, _loaded(buffer.editor, file))
        else:
            buffer.editor.take(file.text)
        buffer.file = file
        buffer.editor.read_only = file.unreadable is not None
        self._mark_all()

    async def save(self, buffer: Buffer, *, over: bool = False) -> None:
        """Save an open file, in a thread, as another workbench may be saving it just now.

        Raises SaveConflictError and PromptError as the library does.
        """
        async with self._saving:
            text = buffer.editor.written
            buffer.file = await asyncio.to_thread(self._library.save, buffer.file, text, over=over)
        self._mark_all()

    def follow(self, path: str, line: int | None = None, column: int = 1) -> Buffer:
        """Show a file, at a line and a column from 1, to be gone back from to where the cursor was.

        Without a line the cursor of the file stays. Raises PromptError where it cannot be read.
        """
        here = self.current
        left = (here.path, here.editor.cursor_location) if here is not None else None
        buffer = self.open(path)
        if line is not None:
            buffer.editor.jump_to(line, column)
        if left is not None and left != (buffer.path, buffer.editor.cursor_location):
            self._trail.append(left)
        return buffer

    def forget_trail(self) -> None:
        """Let nothing be gone back to: what was followed belongs to another prompt."""
        self._trail.clear()

    def back(self) -> Buffer | None:
        """Show again what was on screen before the last ``follow``; None where there is nothing."""
        if not self._trail:
            return None
        path, cursor = self._trail.pop()
        buffer = self.open(path)
        buffer.editor.move_cursor(cursor, center=True)
        return buffer

    def rename(self, path: str, file: OpenFile) -> None:
        """Let an open file go by another name, with what it says under that; unsaved edits stay."""
        buffer = self._buffers[path]
        if not buffer.edited:
            self.take(buffer, file)
        buffer.file = _checked(file, not buffer.file.unreadable)
        self._buffers = {known.path: known for known in self._buffers.values()}
        self._trail = [(file.path if step == path else step, cursor) for step, cursor in self._trail]
        self._mark_all()

    def find(self) -> None:
        """Open the bar to find and replace in the text."""
        if self.current is not None:
            self.query_one(FindBar).open(self.current.editor)

    def focus_editor(self) -> None:
        """Put the cursor back into the text."""
        if self.current is not None:
            self.current.editor.focus()

    def say(self, text: str) -> None:
        """Tell what is wrong, below the text; nothing where the text is empty."""
        if text != self._told:  # at most keys nothing changes, and drawing it again costs more than a key
            self._told = text
            trouble = self.query_one("#trouble", Static)
            trouble.update(inert(text))
            trouble.display = bool(text)

    def tell_problem(self, error: str) -> None:
        """Tell, below the text, what is wrong where the cursor is, else this error."""
        self._error = error
        self._tell_problem()

    def _tell_problem(self) -> None:
        buffer = self.current
        if buffer is None or buffer.file.unreadable:
            return
        problem = buffer.editor.problem_at(buffer.editor.cursor_location[0])
        if problem is None:
            self.say(self._error)
        else:
            self.say(str(PromptError(problem.message, place=problem.place, hint=problem.hint)))

    def _add(self, file: OpenFile) -> Buffer:
        self._opened += 1
        editor = Editor(id=f"editor-{self._opened}")
        self.mount(editor, before=0)
        with self.prevent(TextArea.Changed):  # opening is no edit
            file = _checked(file, _loaded(editor, file))
        editor.read_only = file.unreadable is not None
        return self._buffers.setdefault(file.path, Buffer(file, editor))

    def close(self, path: str) -> None:
        """Close a file, whatever is unsaved in it; what was on screen before it comes up."""
        shown, buffer = self.current, self._buffers.pop(path, None)
        if buffer is None:
            return
        buffer.editor.remove()
        self._trail = [step for step in self._trail if step[0] != path]
        if buffer is shown:
            self._bring_up()
        self._mark_all()

    def _bring_up(self) -> None:
        """Show the file used last, and no other."""
        for buffer in self._buffers.values():
            buffer.editor.display = buffer is self.current
        if self.query_one(FindBar).is_open:
            self.query_one(FindBar).close()
        self.post_message(self.Shown())

    def _let_go(self) -> None:
        idle = [buffer.path for buffer in self._buffers.values() if not buffer.edited]
        for path in idle[:-KEPT_OPEN]:
            self.close(path)

    @on(TextArea.Changed)
    def _text_changed(self, event: TextArea.Changed) -> None:
        if isinstance(event.text_area, Editor):
            event.stop()
            for buffer in self._buffers.values():
                if buffer.editor is event.text_area:
                    self._mark(buffer)
            self.query_one(FindBar).look_again()
            self.post_message(self.Edited())

    @on(TextArea.SelectionChanged)
    def _cursor_moved(self, event: TextArea.SelectionChanged) -> None:
        if self.current is not None and event.text_area is self.current.editor:
            row, column = event.selection.end
            self.subtitle(f"{row + 1}:{column + 1}")
            self._tell_problem()

    def _mark(self, buffer: Buffer) -> None:
        """Mark whether a file has unsaved edits: at each key only the text that changed is compared."""
        self._take_marks((self._marked - {buffer.path}) | ({buffer.path} if buffer.edited else set()))

    def _mark_all(self) -> None:
        self._take_marks(frozenset(self.edited()))

    def _take_marks(self, marked: frozenset[str]) -> None:
        if marked != self._marked:
            self._marked = marked
            self.post_message(self.Marked())
        self._show_title()

    def _show_title(self) -> None:
        buffer = self.current
        if buffer is not None:
            self.entitle(f"Edit ─ {buffer.path}{' ●' if buffer.path in self._marked else ''}")


def _loaded(editor: Editor, file: OpenFile) -> bool:
    """Put a file into an editor; returns False where it could not be given back as it is."""
    return editor.load(file.text, front_matter=prompt_name(file.path) is not None)


def _checked(file: OpenFile, faithful: bool) -> OpenFile:
    """Return the file, not to be saved where the editor could not give it back as it is."""
    if faithful or file.unreadable:
        return file
    odd = PromptError("holds characters that the editor needs itself", place=Place(file.path))
    return replace(file, unreadable=odd)
