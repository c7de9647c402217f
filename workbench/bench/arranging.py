"""Arranging prompts: new, duplicate, rename and delete, each of which can be undone."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from workbench.errors import Place, PromptError
from workbench.prompts.disk.drafts import Drafts
from workbench.prompts.disk.endings import restored_bytes
from workbench.prompts.disk.naming import new_path, own_files
from workbench.prompts.history import History
from workbench.prompts.language.relocating import relocated
from workbench.prompts.library import Library
from workbench.prompts.tree import decode, prompt_name, prompt_path
from workbench.prompts.version import Version

SKELETON = """\
---
description: What this prompt is for.
inputs:
  text: {description: What the model works on.}
---
system:
Say here what the model should do, and how its answer should look.

user:
<text>
{{ text }}
</text>
"""
"""What a new prompt says."""

PARTIAL = "Say here what several prompts have in common.\n"
"""What a new partial says."""


@dataclass(frozen=True)
class Arranged:
    """Something that was done to a prompt, or undone.

    ``what`` is ``created``, ``duplicated``, ``renamed`` or ``deleted``; ``name`` is the prompt that it was
    done to; ``path`` is where the prompt made or moved by it lies, and where a deleted one lay. Once it is
    undone, ``path`` is where the prompt ``name`` lies, or lay. ``moved`` says, by path before, where files
    that it moved lie now.
    """

    what: str
    name: str
    path: str
    moved: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Taken:
    """A file that was deleted: everything needed to make it again."""

    path: str
    raw: bytes
    mode: int


class Arranging:
    """Makes, moves and removes the files of prompts; no file that is there is ever written over.

    A prompt's own files go with it: its cases, and the examples named after it. A partial is arranged alike,
    but the prompts that include it are left as they are.
    """

    def __init__(self, library: Library, history: History, drafts: Drafts) -> None:
        self._library = library
        self._history = history
        self._drafts = drafts
        self._done: list[tuple[Arranged, Callable[[], None]]] = []

    def create(self, name: str, text: str | None = None) -> Arranged:
        """Make a prompt, or a partial where the name is one, that says this or a first something.

        Raises PromptError where the name cannot be one, or is taken.
        """
        path = new_path(name)
        self._check_free({path: path})
        if text is None:
            text = SKELETON if prompt_name(path) else PARTIAL
        self._library.create(path, text.encode())
        return self._note(Arranged("created", name, path), lambda: self._take_away([path]))

    def create_from(self, name: str, version: Version) -> Arranged:
        """Make a prompt that says what a version says; the paths of its documents lead where they led.

        Raises PromptError where the name cannot be one, or is taken.
        """
        path = version.prompt.path
        return self.create(name, relocated(decode(version.files[path], path), path, new_path(name), {}))

    def duplicate(self, name: str, new: str) -> Arranged:
        """Copy a prompt with its own files, under a new name.

        Raises PromptError where there is no such prompt, or the new name cannot be one or is taken.
        """
        pairs = self._pairs(name, new)
        path = pairs[prompt_path(name)]
        text = self._relocated(prompt_path(name), path, pairs)
        made: list[str] = []
        with ExitStack() as undoing:
            undoing.callback(lambda: self._take_away(made))
            for source, target in pairs.items():
                raw = text if text is not None and target == path else self._library.open(source).raw
                self._library.create(target, raw, self._library.mode(source))
                made.append(target)
            undoing.pop_all()
        return self._note(Arranged("duplicated", name, path), lambda: self._take_away(made))

    def rename(self, name: str, new: str) -> Arranged:
        """Give a prompt with its own files another name, through git where it tracks them.

        The paths of its documents and examples lead where they led. Raises PromptError where there is no such
        prompt, or the new name cannot be one or is taken, and whatever git refuses.
        """
        old, pairs = prompt_path(name), self._pairs(name, new)
        before = self._library.open(old).raw
        after = self._relocated(old, pairs[old], pairs)
        self._move(pairs, {} if after is None else {pairs[old]: after})

        def back() -> None:
            self._check_free({target: source for source, target in pairs.items()})
            now = self._library.open(pairs[old]).raw
            returning = {target: source for source, target in pairs.items()}
            as_it_was = before if now == (after or before) else self._relocated(pairs[old], old, returning)
            self._move(returning, {} if as_it_was is None else {old: as_it_was})

        return self._note(Arranged("renamed", name, pairs[old], pairs), back)

    def delete(self, name: str) -> Arranged:
        """Remove a prompt with its own files; they are kept as backups, and git's index is left alone.

        Raises PromptError where there is no such prompt, or it cannot be removed.
        """
        path = prompt_path(name)
        taken: list[_Taken] = []
        with ExitStack() as undoing:
            undoing.callback(lambda: self._bring_back(taken))
            for own in own_files(self._library.root, path):
                mode = self._library.mode(own)
                taken.append(_Taken(own, self._library.remove(own).raw, mode))
            undoing.pop_all()
        self._library.sweep(path)
        return self._note(Arranged("deleted", name, path), lambda: self._bring_back(taken))

    def undo(self) -> Arranged | None:
        """Undo the last thing that was done and is not undone, and return it; None where there is none.

        Raises PromptError, and keeps it to be tried again, where something has come in its way.
        """
        if not self._done:
            return None
        done, back = self._done[-1]
        back()
        self._done.pop()
        back_again = {new: old for old, new in done.moved.items()}
        return Arranged(done.what, done.name, prompt_path(done.name), back_again)

    def _note(self, done: Arranged, back: Callable[[], None]) -> Arranged:
        self._done.append((done, back))
        return done

    def _pairs(self, name: str, new: str) -> dict[str, str]:
        """Return where each of a prompt's own files is to go, having looked that nothing is there."""
        old, target = prompt_path(name), new_path(new)
        own = own_files(self._library.root, old)
        if bool(prompt_name(old)) != bool(prompt_name(target)):
            raise PromptError(
                f"“{new}” cannot be its name: a prompt cannot become a partial, nor a partial a prompt",
                hint="A name that begins with “_”, of a file or a folder, makes a partial.",
            )
        if target == old:
            raise PromptError("is its name already", place=Place(old), hint="Choose another name.")
        stem, new_stem = old.removesuffix(".md"), target.removesuffix(".md")
        pairs = {path: f"{new_stem}{path[len(stem) :]}" for path in own}
        self._check_free(pairs)
        return pairs

    def _check_free(self, pairs: Mapping[str, str]) -> None:
        """Raise PromptError where a file stands where one is to go, unless it is the same file."""
        for source, target in pairs.items():
            root = self._library.root
            if not os.path.lexists(root / target):
                continue
            changes_case = source != target and source.casefold() == target.casefold()
            if not (changes_case and (root / source).exists() and (root / target).samefile(root / source)):
                raise PromptError("exists already", place=Place(target), hint="Choose another name.")

    def _relocated(self, path: str, new: str, moved: Mapping[str, str]) -> bytes | None:
        """Return what the prompt has to say at its new place, or None where that is what it says."""
        file = self._library.open(path)
        if file.unreadable:
            return None  # nothing can be read from it, its paths neither
        text = relocated(file.text, path, new, moved)
        return None if text == file.text else restored_bytes(file.raw, text)

    def _move(self, pairs: Mapping[str, str], texts: Mapping[str, bytes]) -> None:
        """Move files, and then let some of them say something else, by their new path; or change nothing."""
        tracked = [pair for pair in pairs.items() if self._history.tracked(pair[0])]
        with ExitStack() as undoing:
            for source, target in pairs.items():
                undoing.callback(self._library.sweep, target)
                if (source, target) not in tracked:
                    self._library.move(source, target)
                    undoing.callback(self._library.move, target, source)
            if tracked:
                self._library.make_folder(tracked[0][1])
                self._history.move(tracked)
                undoing.callback(self._history.move, [(target, source) for source, target in tracked])
            for path, raw in texts.items():
                self._library.put(self._library.open(path), raw)
            for source, target in pairs.items():
                self._drafts.follow(source, target)
                undoing.callback(self._drafts.follow, target, source)
            undoing.pop_all()
        for source in pairs:
            self._library.sweep(source)

    def _take_away(self, paths: Sequence[str]) -> None:
        for path in paths:
            if os.path.lexists(self._library.root / path):
                self._library.remove(path)
            self._library.sweep(path)

    def _bring_back(self, taken: Sequence[_Taken]) -> None:
        self._check_free({file.path: file.path for file in taken})
        for file in taken:
            self._library.create(file.path, file.raw, file.mode)


def carried(text: str, path: str, moved: Mapping[str, str]) -> str:
    """Return unsaved text of a file that was moved with its paths as the new place needs them.

    Text whose front matter cannot be read, as while it is typed, stays as it is.
    """
    try:
        return relocated(text, path, moved[path], moved) if path.endswith(".md") else text
    except PromptError:
        return text
