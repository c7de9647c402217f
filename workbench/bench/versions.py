"""From what a person types to a version: ``PROMPT``, ``PROMPT@REVISION`` or ``PROMPT@v:HASH``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from workbench.bench.entries import WORKING_TREE
from workbench.errors import PromptError, RevisionError
from workbench.project.yaml import Value
from workbench.prompts.cases import Case, choose, load_cases, select
from workbench.prompts.history import History, Revision
from workbench.prompts.library import Library
from workbench.prompts.tree import Files, Overlay, Tree, prompt_name, prompt_path
from workbench.prompts.version import Version, load_version
from workbench.runs.plan import split_target
from workbench.store.sources import Sources, UnknownVersionError

_HASH = re.compile(r"v:[0-9a-fA-F]{1,64}")


@dataclass(frozen=True)
class Target:
    """A version, and how it was asked for.

    ``revision`` is the full hash of the commit it was read at, or that is checked out; None without git and
    for a version from the store. ``dirty`` says that the working tree differs from that commit. ``typed`` is
    the revision as the person wrote it, None for the working tree.
    """

    version: Version
    revision: str | None
    dirty: bool
    typed: str | None

    @property
    def label(self) -> str:
        """Which version this is, in few letters: ``HEAD``, ``a41c9f2``, ``v:1f3a9c`` or ``working tree``."""
        if self.typed is None:
            return WORKING_TREE
        return self.typed[:7] if self.typed == self.revision else self.typed


@dataclass
class Versions:
    """Reads versions from the working tree, from git and from the store."""

    library: Library
    history: History
    sources: Sources
    _at_commit: dict[tuple[str, str], Version | None] = field(default_factory=dict)

    def load(self, target: str, unsaved: Mapping[str, bytes] | None = None) -> Target:
        """Return the version a target names; ``unsaved`` holds files as they are on screen.

        Raises UsageError and its kinds: PromptError, RevisionError.
        """
        name, typed = split_target(target)
        if typed is None:
            return self._working(name, unsaved or {})
        if typed.startswith("v:"):
            if not _HASH.fullmatch(typed):
                raise RevisionError(
                    f"“{typed}” is not the hash of a version", hint="Write it as it is shown: PROMPT@v:1f3a9c"
                )
            return Target(self._stored(name, typed[2:]), None, False, typed)
        revision = self.history.resolve(typed)
        return Target(self.at(name, revision), revision.commit, False, typed)

    def at(self, name: str, revision: Revision, path: str | None = None) -> Version:
        """Return the version of a prompt at a revision, under whatever name it had then.

        ``path`` is where its file lay, where that is known, as from the history's list; else it is found.
        Raises PromptError for a prompt that was missing or broken, RevisionError where git cannot read.
        """
        tree = self.history.tree(revision)
        try:
            if path is None:
                path = self.history.path_at(prompt_path(name), revision)
            return load_version(tree, name, path)
        except PromptError as broken:
            raise PromptError(
                f"at {revision.typed}: {broken.message}", place=broken.place, hint=broken.hint
            ) from broken

    def _stored(self, name: str, prefix: str) -> Version:
        """Return a version from the store; its file may lie where the prompt's name then said."""
        full, files = self._kept_files(name, prefix)
        own = prompt_path(name)
        others = [path for path in files.files if path.endswith(".md")]
        for path in [] if own in files.files else others:
            with suppress(PromptError):  # a partial is among them, and need be no prompt
                version = load_version(files, name, path)
                if version.hash == full:
                    return version
        return load_version(files, name)

    def _kept_files(self, name: str, prefix: str) -> tuple[str, Files]:
        """Return the full hash and the files of a version from the store, kept under any name it had."""
        try:
            return self.sources.version_files(name, prefix)
        except UnknownVersionError:
            for older in filter(None, map(prompt_name, self.history.older_paths(prompt_path(name)))):
                with suppress(UnknownVersionError):
                    return self.sources.version_files(older, prefix)
            raise

    def cases(self, name: str, unsaved: Mapping[str, bytes] | None = None) -> tuple[Case, ...]:
        """Return the cases of a prompt, which always come from the working tree."""
        return load_cases(self.tree(unsaved), name)

    def cases_to_render(
        self,
        name: str,
        wanted: Sequence[str] = (),
        inputs: Mapping[str, Value] | None = None,
        unsaved: Mapping[str, bytes] | None = None,
        selection: Sequence[str] = (),
    ) -> list[Case]:
        """Return the cases named, by name or number, and those that patterns select, else all there are.

        ``inputs`` are laid over those of each case that is chosen; where none is, they are a case of their
        own.
        Raises CasesError for a case there is not, and for a pattern that no case fits.
        """
        inputs = inputs or {}
        if inputs and not wanted and not selection:
            return [Case("inputs", inputs)]
        known = self.cases(name, unsaved)
        if not wanted and not selection:
            return list(known)
        chosen = [choose(known, one, name) for one in wanted]
        named = {case.name for case in chosen}
        chosen += [case for case in select(known, selection, name) if case.name not in named]
        if not inputs:
            return chosen
        return [Case(f"{case.name}+inputs", {**case.inputs, **inputs}, place=case.place) for case in chosen]

    def tree(self, unsaved: Mapping[str, bytes] | None) -> Tree:
        """Return the working tree with files as they are on screen over it."""
        return Overlay(self.library.tree, unsaved) if unsaved else self.library.tree

    def _working(self, name: str, unsaved: Mapping[str, bytes]) -> Target:
        version = load_version(self.tree(unsaved), name)
        head = self.history.head()
        if head is None:
            return Target(version, None, False, None)
        committed = self._committed(name, head.commit)
        return Target(version, head.commit, committed is None or committed.hash != version.hash, None)

    def _committed(self, name: str, commit: str) -> Version | None:
        """Return the version of a prompt at a commit, or None where it was missing or broken there."""
        key = (name, commit)
        if key not in self._at_commit:
            try:
                self._at_commit[key] = self.at(name, Revision(commit, commit))
            except (PromptError, RevisionError):
                self._at_commit[key] = None
        return self._at_commit[key]
