"""The errors that Workbench raises on purpose.

Each carries a message, the place it is about, and a hint that says how to mend it. They are raised at the
door where the trouble shows, and each face turns them into words once.

::

    WorkbenchError
    ├── UsageError                 what was asked for cannot be meant          exit 2
    │   ├── ProjectError           no project here, or its folder is unusable
    │   ├── SettingsError          .workbench.yml or config.yml
    │   ├── PromptError            a prompt file, its partials, documents or examples
    │   ├── CasesError             a cases file, or inputs that do not fit the prompt
    │   ├── RevisionError          a revision that git does not know, or git itself missing
    │   └── UnknownModelError      a name that is neither configured nor a model string
    ├── UnfitError                 a contender that cannot run as planned      exit 2
    ├── ModelUnreadyError          a key, an engine or a server is missing     exit 3
    ├── CallError                  one call that did not give an answer        kept in the result
    ├── CostLimitError             the plan may cost more than is allowed      exit 4
    ├── StoreError                 the database                                exit 2
    ├── CommitError                what git, or a hook, would not commit      exit 2
    ├── EditorError                $EDITOR is missing, or ended badly          exit 2
    └── SaveConflictError          a file changed on disk since it was read    exit 2
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where in which file: the path as a person would type it, line and column from 1."""

    path: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


class WorkbenchError(Exception):
    """The root: a message, a place (or none), and a hint (or none)."""

    def __init__(self, message: str, *, place: Place | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        remedy = f"\n  {self.hint}" if self.hint else ""
        return f"{where}{self.message}{remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross from the rendering process to the workbench.
        return _rebuilt, (type(self), self.__dict__.copy())


def _rebuilt(kind: type[WorkbenchError], state: dict[str, object]) -> WorkbenchError:
    error = kind.__new__(kind)
    Exception.__init__(error, state["message"])
    error.__dict__.update(state)
    return error


class UsageError(WorkbenchError):
    """What was asked for cannot be meant."""


class ProjectError(UsageError):
    """No project here, or its folder cannot be used."""


class SettingsError(UsageError):
    """A settings file that does not say what it may."""


class PromptError(UsageError):
    """A prompt file, or something it includes, that cannot be read or rendered."""


class CasesError(UsageError):
    """A cases file that cannot be read, or inputs that do not fit the prompt."""


class RevisionError(UsageError):
    """A revision that git does not know, or git itself missing."""


class UnknownModelError(UsageError):
    """A model name that is neither configured nor a model string."""


class UnfitError(WorkbenchError):
    """A contender that cannot run as planned: a param, a schema or a context its model does not take."""


class ModelUnreadyError(WorkbenchError):
    """A model that cannot be called yet: a key, an engine, trust or a server is missing."""


class CallError(WorkbenchError):
    """One call that gave no answer.

    ``kind`` is the class of failure stored with the result: ``rate_limit``, ``server``, ``timeout``,
    ``connection``, ``authentication``, ``request``, ``context_window``, ``protocol`` or ``engine``.
    ``retry_after`` is in seconds. ``tries`` counts how often the call was made. ``sent`` is False where it is
    known that no server was reached, so that nothing can have been charged.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        retriable: bool,
        retry_after: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.retriable = retriable
        self.retry_after = retry_after
        self.tries = 1
        self.sent = True


class CostLimitError(WorkbenchError):
    """The plan may cost more than is allowed."""


class StoreError(WorkbenchError):
    """The database cannot be opened, or is not what it should be: ``damaged`` then says so."""

    damaged = False


class CommitError(WorkbenchError):
    """Files that git would not commit or move, or that a hook refused; nothing was changed.

    ``output`` is all that git and its hooks printed, as they printed it.
    """

    output = ""


class EditorError(WorkbenchError):
    """The person's own editor is missing, cannot be started, or ended badly."""


class SaveConflictError(WorkbenchError):
    """A file changed on disk since it was read, so saving would lose what is there."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most like this one, or None where none is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else None


MAX_LISTED = 20
"""How many known words a hint lists."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or lists them all where none is close."""
    names = sorted(known)
    close = nearest(word, names)
    if close:
        return f"Did you mean “{close}”?"
    if not names:
        return "There are none yet."
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f"Known: {', '.join(names[:MAX_LISTED])}{more}."
