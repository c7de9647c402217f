"""Shelving: the prompts and partials of a project, and how each of them stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum

from workbench.errors import WorkbenchError
from workbench.prompts.cases import load_cases
from workbench.prompts.disk.naming import owner_of
from workbench.prompts.disk.stamps import Stamped
from workbench.prompts.history import History
from workbench.prompts.library import Library
from workbench.prompts.tree import PROMPTS, is_partial, prompt_name
from workbench.prompts.version import load_version


class State(StrEnum):
    """How a prompt or a partial stands, the most urgent first."""

    CONFLICTING = "conflicting"
    BROKEN = "broken"
    MODIFIED = "modified"
    UNTRACKED = "untracked"
    STAGED = "staged"

    @property
    def letter(self) -> str:
        """The letter that stands for it, as git and lazygit write it."""
        return {"conflicting": "U", "broken": "!", "modified": "M", "staged": "S", "untracked": "?"}[
            self.value
        ]


LEGEND = "   ".join(f"{state.letter} {state.value}" for state in State)
"""What the letters mean."""


class Shelving:
    """Says what a project holds and how it stands. All of it reads the disk or git: call it in a thread."""

    def __init__(self, library: Library, history: History) -> None:
        self._library = library
        self._history = history
        self._checked: dict[str, tuple[Stamped, WorkbenchError | None]] = {}

    def items(self) -> tuple[str, ...]:
        """Return the paths of all prompts and partials, in order."""
        paths = self._library.tree.paths(PROMPTS)
        return tuple(path for path in paths if prompt_name(path) is not None or is_partial(path))

    def deleted(self) -> list[str]:
        """Return the paths of prompts and partials that git still holds and that were deleted on disk.

        One that was renamed is not among them. Raises RevisionError where git cannot say.
        """
        if self._history.unavailable:
            return []
        states = self._history.states()
        there = set(self.items())
        renamed = {before for after, before in self._history.staged_renames().items() if after in there}
        return [
            path
            for path in sorted(states)
            if path not in there and path not in renamed and (prompt_name(path) or is_partial(path))
        ]

    def states(self, items: Collection[str]) -> dict[str, State]:
        """Return how git says that prompts and partials stand, by their paths, without those as committed.

        Raises RevisionError where git cannot say.
        """
        if self._history.unavailable:
            return {}
        files = {path: State(str(state)) for path, state in self._history.states().items()}
        return states_of(items, files)

    def error(self, name: str) -> WorkbenchError | None:
        """Return why a prompt does not load, or its cases do not: the first error, or None.

        What was found is kept as long as every file that was read is as it was.
        """
        known = self._checked.get(name)
        if known is None or not known[0].unchanged():
            self._checked[name] = known = _checked(Stamped(self._library.tree), name)
        return known[1]

    def broken(self, names: Iterable[str]) -> Iterator[tuple[str, WorkbenchError | None]]:
        """Yield for each prompt why it does not load, or None, one after the other as they are read."""
        return ((name, self.error(name)) for name in names)


def _checked(tree: Stamped, name: str) -> tuple[Stamped, WorkbenchError | None]:
    try:
        load_version(tree, name)
        load_cases(tree, name)
    except WorkbenchError as error:
        return tree, error
    return tree, None


def states_of(items: Collection[str], files: Mapping[str, State]) -> dict[str, State]:
    """Return the most urgent state of each item, of those of the files that are its own."""
    known = frozenset(items)
    found: defaultdict[str, list[State]] = defaultdict(list)
    for path, state in files.items():
        owner = owner_of(path, known)
        if owner is not None:
            found[owner].append(state)
    return {path: urgent(states) for path, states in found.items()}


def with_broken(states: Mapping[str, State], broken: Iterable[str]) -> dict[str, State]:
    """Return the states of items where those of these paths do not load."""
    return {**states, **{path: urgent([State.BROKEN, states.get(path, State.BROKEN)]) for path in broken}}


def urgent(states: Iterable[State]) -> State:
    """Return the most urgent of some states."""
    order = list(State)
    return min(states, key=order.index)


def prompts_first(seen: Iterable[str], items: Iterable[str]) -> list[str]:
    """Return the names of the prompts among items, those that are seen first."""
    return [name for path in dict.fromkeys([*seen, *items]) if (name := prompt_name(path)) is not None]
