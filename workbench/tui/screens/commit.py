"""Committing one prompt: which of its files, what changed in them, and a message."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static, TextArea

from workbench.bench.committing import Change, CommitMessage, Committable, Committing, length_told
from workbench.bench.shown import inert
from workbench.errors import CommitError, WorkbenchError
from workbench.prompts.history import Committed
from workbench.prompts.tree import called
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.choices import Choices
from workbench.tui.widgets.diff_layout import Compared
from workbench.tui.widgets.diff_view import DiffView

LAST_LINES = 12
"""Lines of what git and its hooks printed that a notification shows: the last ones."""

NOT_YET, NO_MORE = "not in git yet", "deleted"

_WHY = "why, in as many lines as it takes; may stay empty"
_KEYS = "^g commit   Tab next   Space choose   Escape close, the message is kept"
_BUSY = "committing…   Escape cancel"


class CommitDialog(TellsFailures, ModalScreen[Committed | None]):
    """Commits a prompt or a partial. Returns the commit, or None where none was made."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape", "leave", "Close", show=False, priority=True),
        Binding("ctrl+g,ctrl+s", "commit", "Commit", show=False, priority=True),
    ]

    def __init__(self, committing: Committing, path: str, unsaved: Collection[str] = ()) -> None:
        """``unsaved`` are the paths of files with edits on screen that are not on disk."""
        super().__init__()
        self._committing = committing
        self._path = path
        self._unsaved = unsaved
        self._message = committing.messages.setdefault(path, CommitMessage())
        self._there: Committable | None = None
        self._cancel: threading.Event | None = None

    def compose(self) -> ComposeResult:
        """Compose the files over their differences over the message."""
        with Vertical(classes="dialog commit"):
            yield Label(inert(f"Commit {called(self._path)}"), classes="dialog-title", markup=False)
            yield Static("", id="commit-problem", markup=False)
            yield Choices(id="commit-files")
            yield Static("", id="commit-warnings", markup=False)
            yield DiffView(id="commit-diff", same="No file is chosen.")
            yield Static("", id="commit-output", markup=False)
            with Horizontal(classes="subject"):
                yield Input(
                    self._message.subject, placeholder="what changed, in a line", id="subject", compact=True
                )
                yield Static("", id="subject-length", markup=False)
            yield TextArea(self._message.body, id="body", placeholder=_WHY, compact=True)
            yield Static(_KEYS, id="commit-keys", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Look at what there is to commit."""
        self.query_one("#commit-files").border_title = "Files"
        self._show_length()
        self._tell("#commit-problem", "")
        self._tell("#commit-warnings", "")
        self._tell("#commit-output", "")
        self.query_one("#subject").focus()
        self._look()

    def on_unmount(self) -> None:
        """Let no hook go on once the workbench ends."""
        if self._cancel is not None:
            self._cancel.set()

    def action_leave(self) -> None:
        """Close, and keep the message; while a commit is being made, cancel that."""
        if self._cancel is not None:
            self._cancel.set()
            self._say_keys("cancelling…")
        else:
            self.dismiss(None)

    def action_commit(self) -> None:
        """Commit what is chosen, where nothing stands in the way."""
        there, chosen = self._there, self.query_one(Choices).chosen
        if self._cancel is not None or there is None:
            return  # one is being made, or it is not yet known what there is
        if there.problem is not None:
            self.notify(inert(str(there.problem)), severity="error", markup=False)
        elif not chosen:
            self.notify("Choose a file to commit.", severity="warning", markup=False)
        elif not self._message.subject.strip():
            self.notify(
                "A commit needs a message: say in a line what changed.", severity="warning", markup=False
            )
            self.query_one("#subject").focus()
        else:
            self._cancel = threading.Event()
            self._commit(chosen, self._cancel)

    @in_background()
    async def _look(self) -> None:
        """Show the files that changed, and what stands in the way."""
        try:
            there = await asyncio.to_thread(self._committing.look, self._path)
        except WorkbenchError as error:
            self._tell("#commit-problem", str(error))
            self._forbid()
            return
        self._there = there
        files = self.query_one(Choices)
        for change in there.changes:
            files.add(change.path, _title(change), chosen=change.own)
        files.display = bool(there.changes)
        problem = str(there.problem) if there.problem else ""
        if not problem and not there.changes:
            problem = "Nothing changed since the last commit."
        self._tell("#commit-problem", problem)
        if problem:
            self._forbid()
        self._show_chosen()

    def _forbid(self) -> None:
        """Take no message where there is nothing that it could be for."""
        for one in ("#subject", "#body"):
            self.query_one(one).disabled = True
        self.query_one("#commit-diff").focus()

    @on(Choices.Changed)
    def _show_chosen(self) -> None:
        """Show the differences of what is chosen, and what a commit of it would leave behind."""
        if self._there is None:
            return
        chosen = self.query_one(Choices).chosen
        changes = [change for change in self._there.changes if change.path in chosen]
        notes = [f"{change.path} {change.note}" for change in changes if change.note]
        self.query_one(DiffView).show_all([_compared(change) for change in changes], note="\n".join(notes))
        left = self._there.left_out(chosen)
        warnings = list(self._there.warnings) if self._there.changes else []
        if left:
            warnings.append(f"the prompt reads {', '.join(left)} as changed, and not as committed")
        warnings += [
            f"{path} has unsaved edits, which are not committed" for path in chosen if path in self._unsaved
        ]
        self._tell("#commit-warnings", "\n".join(f"! {warning}" for warning in warnings))

    @on(Choices.Done)
    def _to_message(self) -> None:
        self.query_one("#subject").focus()

    @on(Input.Changed, "#subject")
    def _subject_changed(self, event: Input.Changed) -> None:
        self._message.subject = event.value
        self._show_length()

    @on(Input.Submitted, "#subject")
    def _to_body(self) -> None:
        self.query_one("#body").focus()

    @on(TextArea.Changed, "#body")
    def _body_changed(self, event: TextArea.Changed) -> None:
        self._message.body = event.text_area.text

    @in_background()
    async def _commit(self, paths: list[str], cancel: threading.Event) -> None:
        """Commit in a thread; where it fails, the message stays and what was printed is shown."""
        self._say_keys(_BUSY)
        self._tell("#commit-output", "")
        try:
            made = await asyncio.to_thread(self._committing.commit, paths, self._message, cancel)
        except CommitError as refused:
            printed = inert(refused.output).rstrip()
            self._tell("#commit-output", "\n".join(filter(None, (inert(str(refused)), printed))))
            return
        finally:
            self._cancel = None
            self._say_keys(_KEYS)
        self._committing.messages.pop(self._path, None)
        self.app.notify(_told(made), markup=False, timeout=8)
        self.dismiss(made)

    def _show_length(self) -> None:
        self.query_one("#subject-length", Static).update(length_told(self._message.subject))

    def _tell(self, where: str, text: str) -> None:
        strip = self.query_one(where, Static)
        strip.update(inert(text))
        strip.display = bool(text)
        strip.scroll_end(animate=False)

    def _say_keys(self, text: str) -> None:
        self.query_one("#commit-keys", Static).update(text)


def _title(change: Change) -> str:
    shared = "" if change.own else "   shared with other prompts"
    return f"{change.state.letter} {change.path}{shared}"


def _compared(change: Change) -> Compared:
    before = change.path if change.before else NOT_YET
    return Compared(change.before, change.after, (before, change.path if change.after else NO_MORE))


def _told(made: Committed) -> str:
    """Return what a commit came to: its hash, and the end of what was printed."""
    printed = inert(made.output).strip().splitlines()[-LAST_LINES:]
    return "\n".join((f"Committed {made.hash[:7]}", *printed))
