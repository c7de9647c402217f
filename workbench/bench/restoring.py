"""Restoring: a version's own files put back into the working tree, with undo."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from workbench.bench.versions import Versions
from workbench.errors import Place, PromptError, SaveConflictError, WorkbenchError
from workbench.prompts.library import Library, OpenFile
from workbench.prompts.tree import confined, prompt_path
from workbench.prompts.version import Version


@dataclass(frozen=True)
class FileWrite:
    """A file that is to be written: what it holds on disk and what it shall; None is for no file at all."""

    path: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True)
class Restoration:
    """What restoring a version writes.

    ``own`` are the prompt's file and its file of examples, as far as they differ from the disk; ``others``
    are partials and documents, which other prompts may read as well.
    """

    prompt: str
    label: str
    own: tuple[FileWrite, ...]
    others: tuple[FileWrite, ...]


@dataclass(frozen=True)
class Restored:
    """What was written, for undo."""

    prompt: str
    label: str
    written: tuple[FileWrite, ...]


@dataclass
class Restoring:
    """Writes versions back. Every write keeps what it replaces as a backup. All of it blocks."""

    library: Library
    versions: Versions

    def plan(self, prompt: str, target: str) -> Restoration:
        """Return what restoring a version would write; raises UsageError for one that cannot be read."""
        loaded = self.versions.load(target)
        now = _paths_now(loaded.version, prompt)
        own = {now[path] for path in (loaded.version.prompt.path, _examples_path(loaded.version)) if path}
        writes = [self._write(path, loaded.version.files[then]) for then, path in now.items()]
        changed = [write for write in writes if write.before != write.after]
        return Restoration(
            prompt,
            loaded.label,
            tuple(write for write in changed if write.path in own),
            tuple(write for write in changed if write.path not in own),
        )

    def restore(self, prompt: str, target: str, also: Collection[str] = ()) -> Restored:
        """Write a version's own files to the working tree, and ``also`` some of the others.

        Returns what undo needs.
        Unsaved edits are for whoever shows them to ask about. Raises PromptError where a file cannot be
        written, and SaveConflictError where one changes meanwhile; then nothing has been restored.
        """
        plan = self.plan(prompt, target)
        writes = [*plan.own, *(write for write in plan.others if write.path in also)]
        self._all_or_nothing(writes)
        return Restored(prompt, plan.label, tuple(writes))

    def undo(self, restored: Restored) -> None:
        """Bring back, byte for byte, what a restoration replaced.

        Raises SaveConflictError where a file has been changed since; then nothing is undone.
        """
        self._all_or_nothing([_reversed(write) for write in reversed(restored.written)])

    def _write(self, path: str, after: bytes) -> FileWrite:
        try:
            return FileWrite(path, self.library.tree.read(path), after)
        except FileNotFoundError:
            return FileWrite(path, None, after)

    def _all_or_nothing(self, writes: Sequence[FileWrite]) -> None:
        """Write files in order; where one fails, those before it are brought back."""
        done: list[FileWrite] = []
        try:
            for write in writes:
                self._apply(write)
                done.append(write)
        except WorkbenchError:
            for write in reversed(done):
                self._apply(_reversed(write))
            raise

    def _apply(self, write: FileWrite) -> None:
        if write.after is None:
            if self._write(write.path, b"").before != write.before:
                raise SaveConflictError(
                    "has been changed since", place=Place(write.path), hint="Nothing was undone."
                )
            self.library.remove(write.path)
        elif write.before is None:
            self.library.create(write.path, write.after)
        else:
            self.library.put(OpenFile(write.path, "", write.before), write.after)


def _reversed(write: FileWrite) -> FileWrite:
    return FileWrite(write.path, write.after, write.before)


def _paths_now(version: Version, prompt: str) -> dict[str, str]:
    """Return, for each path that a version was read from, the one from which the prompt of now would read it.

    What is named relative to the prompt's folder moves with the prompt.
    """
    then, now = version.prompt.path, prompt_path(prompt)
    beside = [*version.prompt.documents.values()]
    if isinstance(version.prompt.examples, str):
        beside.append(version.prompt.examples)
    paths = {path: path for path in version.files} | {then: now}
    for relative in beside:
        path = confined(posixpath.dirname(then), relative, "")
        moved = confined(posixpath.dirname(now), relative, "")
        if moved is None:
            raise PromptError(
                f"{relative} would lie outside the project",
                place=Place(now),
                hint="Move the prompt back first.",
            )
        if path in paths:
            paths[path] = moved
    return paths


def _examples_path(version: Version) -> str | None:
    """Return the path of the file of examples that a version read, None where it has none of its own."""
    examples = version.prompt.examples
    return (
        confined(posixpath.dirname(version.prompt.path), examples, "") if isinstance(examples, str) else None
    )
