"""Committing: what a commit of one prompt would hold, and what it would leave behind."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workbench.bench.shelving import State
from workbench.errors import CommitError, PromptError
from workbench.prompts.disk.naming import owner_of
from workbench.prompts.history import Committed, History
from workbench.prompts.library import Library
from workbench.prompts.tree import prompt_name
from workbench.prompts.version import load_version

GUIDE, LIMIT = 50, 72
"""Characters that a subject should have at most, and that it must not exceed to be shown whole everywhere."""


@dataclass(frozen=True)
class Change:
    """A file that differs from the last commit, with its text then and now; empty where it is not there.

    ``own`` says that it is the prompt's own; another is shared with other prompts. ``note`` says what the
    texts do not show.
    """

    path: str
    state: State
    own: bool
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True)
class Committable:
    """What a commit of a prompt or a partial could hold: its own files first, then those it reads.

    ``problem`` is what stands in the way, or None; ``warnings`` are what a person should know.
    """

    changes: tuple[Change, ...]
    problem: CommitError | None
    warnings: tuple[str, ...] = ()

    def left_out(self, chosen: Iterable[str]) -> list[str]:
        """Return the paths of the shared files that changed and are not among those chosen."""
        among = set(chosen)
        return [change.path for change in self.changes if not change.own and change.path not in among]


@dataclass
class CommitMessage:
    """A message that is being written: its first line, and the rest."""

    subject: str = ""
    body: str = ""

    @property
    def text(self) -> str:
        """The message as git wants it: the subject, a blank line, the rest."""
        subject, body = self.subject.strip(), self.body.strip("\n")
        return f"{subject}\n\n{body}\n" if body.strip() else f"{subject}\n"


@dataclass
class Committing:
    """Looks at what can be committed, and commits it. It waits for git and hooks: call it in a thread.

    ``messages`` are those that were begun, by the path of what they are about, as long as the workbench is
    open.
    """

    library: Library
    history: History
    messages: dict[str, CommitMessage] = field(default_factory=dict)

    def look(self, path: str) -> Committable:
        """Return what could be committed of a prompt or a partial by its path.

        Raises RevisionError where git cannot say what changed.
        """
        if self.history.unavailable:  # asked first, as it looks anew
            return Committable((), self.history.commit_problem())
        problem = self.history.commit_problem()
        states = {name: State(str(state)) for name, state in self.history.states().items()}
        own = [name for name in states if owner_of(name, {path}) is not None]
        moved = self.history.staged_renames()
        left = (moved[name] for name in list(own) if name in moved)
        own += [before for before in left if before in states and before not in own]
        shared = [name for name in self._read_by(path) if name in states and name not in own]
        changes = [
            self._change(name, states[name], True) for name in sorted(own, key=lambda name: name != path)
        ]
        changes += [self._change(name, states[name], False) for name in shared]
        problem = problem or self.history.commit_problem(own)
        return Committable(tuple(changes), problem, tuple(self.history.commit_warnings()))

    def commit(
        self, paths: Sequence[str], message: CommitMessage, cancel: threading.Event | None = None
    ) -> Committed:
        """Commit these files and no others; raises CommitError where git or a hook refuses."""
        return self.history.commit(paths, message.text, cancel)

    def _read_by(self, path: str) -> list[str]:
        """Return the paths of all files that a prompt reads; none where it does not load."""
        name = prompt_name(path)
        if name is None:
            return []
        try:
            return sorted(load_version(self.library.tree, name).files)
        except PromptError:
            return []  # it can be committed all the same, and its tree says that it is broken

    def _change(self, path: str, state: State, own: bool) -> Change:
        before, after = self._before(path), self._after(path)
        note = ""
        if before is None or after is None:
            return Change(
                path, state, own, "", "", "is not text, or cannot be read; its changes are not shown"
            )
        if before == after:
            note = "differs in line endings, mode or the like, and in no text"
        return Change(path, state, own, before, after, note)

    def _before(self, path: str) -> str | None:
        try:
            raw = self.history.at_head(path)
        except PromptError:
            return None
        return "" if raw is None else _text(raw)

    def _after(self, path: str) -> str | None:
        try:
            return _text(self.library.tree.read(path))
        except FileNotFoundError:
            return ""
        except PromptError:
            return None


def _text(raw: bytes) -> str | None:
    if b"\0" in raw:
        return None
    return raw.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def length_told(subject: str) -> str:
    """Return how long a subject is and should be: ``38/50``, ``63/72 long``, ``80/72 too long``."""
    length = len(subject.strip())
    if length <= GUIDE:
        return f"{length}/{GUIDE}"
    return f"{length}/{LIMIT} {'long' if length <= LIMIT else 'too long'}"
