"""Prompts in git: any file at any revision, their commits, their states, and committing them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbench.errors import CommitError, RevisionError
from workbench.prompts.git import committing, log, states
from workbench.prompts.git.committing import Committed
from workbench.prompts.git.log import Commit
from workbench.prompts.git.objects import Objects, RevisionTree
from workbench.prompts.git.repository import GitRefusedError, NoRepository, Repository, opened
from workbench.prompts.git.states import FileState

_NO_ARGUMENT = re.compile("[\0\ud800-\udfff]")
"""What no program can be told, and so no name in git can hold."""

__all__ = ["Commit", "Committed", "FileState", "History", "Revision", "RevisionTree"]


@dataclass(frozen=True)
class Revision:
    """A commit: ``typed`` is what the person wrote, ``commit`` its full hash."""

    typed: str
    commit: str


class History:
    """The git repository around a project, opened when first needed. Threads may share it.

    ``unavailable`` says why there is none; what needs one then raises RevisionError or CommitError with that
    reason, and what lists something has nothing to list.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._lock = threading.RLock()
        self._found: Repository | NoRepository | None = None
        self._closed = False

    @cached_property
    def _objects(self) -> Objects:
        objects = Objects(self._repository())
        if self._closed:
            objects.close()
        return objects

    def _looked(self, *, anew: bool = False) -> Repository | NoRepository:
        """Return what was found, which is read here alone: another thread may look anew at any time."""
        with self._lock:
            if self._found is None or (anew and isinstance(self._found, NoRepository)):
                self._found = opened(self._root)
            return self._found

    def _opened(self) -> Repository | None:
        found = self._looked()
        return found if isinstance(found, Repository) else None

    @property
    def unavailable(self) -> str | None:
        """Why git cannot be used here, or None; looked up anew, as somebody may have made a repository."""
        found = self._looked(anew=True)
        return found.reason if isinstance(found, NoRepository) else None

    @property
    def remedy(self) -> str:
        """What makes git usable here; empty where it is."""
        found = self._looked()
        return found.hint if isinstance(found, NoRepository) else ""

    @property
    def git_folder(self) -> Path | None:
        """The folder in which git keeps what it knows of this working tree, or None without git."""
        repository = self._opened()
        return repository.folder if repository else None

    def close(self) -> None:
        """End the git process that is kept for reading; files at revisions cannot be read any more."""
        with self._lock:
            self._closed = True
            if "_objects" in self.__dict__:  # not to start it only to end it
                self._objects.close()

    def resolve(self, revision: str) -> Revision:
        """Return the commit that a revision expression names, as git-rev-parse(1) reads it.

        Raises RevisionError where git knows none, and where it names a folder or a file.
        """
        repository = self._repository(revision)
        # “:/text” searches for all that follows, so that only its result can be asked for its commit.
        named = self._parsed(repository, revision) if revision.startswith(":/") else revision
        commit = self._parsed(repository, f"{named}^{{commit}}") if named else None
        if commit:
            return Revision(revision, commit)
        kind = self._kind(repository, revision)
        raise RevisionError(
            f"“{revision}” names no commit but a {kind}" if kind else f"git knows no revision “{revision}”",
            hint="Name a commit, a branch or a tag, such as HEAD, HEAD~2, main or v1.0.",
        )

    def _parsed(self, repository: Repository, revision: str) -> str | None:
        """Return the hash of what an expression names, or None where it names nothing."""
        if _NO_ARGUMENT.search(revision):
            return None
        try:
            found = repository.read("rev-parse", "--verify", "--quiet", "--end-of-options", revision)
        except GitRefusedError as refused:
            if refused.reason and "expected commit type" not in refused.reason:
                typed = revision.removesuffix("^{commit}")
                raise RevisionError(
                    f"git cannot read “{typed}”: {refused.message}", hint=refused.hint
                ) from refused
            return None
        name = found.decode().strip()
        return name if name.isalnum() else None  # “^main” is one to leave out

    def _kind(self, repository: Repository, revision: str) -> str | None:
        """Return what an expression names, such as “tree”, or None where there is nothing of that name."""
        named = self._parsed(repository, revision)
        try:
            return repository.read("cat-file", "-t", named).decode().strip() if named else None
        except GitRefusedError:  # a whole hash is believed unseen, until it is looked for
            return None

    def tree(self, revision: Revision) -> RevisionTree:
        """Return the project's files at a revision."""
        repository = self._repository(revision.typed)
        with self._lock:
            return RevisionTree(self._objects, revision.commit, repository)

    def head(self) -> Revision | None:
        """Return the commit that is checked out, or None where there is none yet or no git.

        Raises RevisionError where git cannot read its repository.
        """
        repository = self._opened()
        commit = self._parsed(repository, "HEAD^{commit}") if repository is not None else None
        return Revision("HEAD", commit) if commit else None

    def branch(self) -> str | None:
        """Return the branch that is checked out, or None without git.

        Where the head is detached, that is the first seven digits of its commit.
        """
        repository = self._opened()
        if repository is None:
            return None
        try:
            return (
                repository.read("symbolic-ref", "--quiet", "--short", "HEAD").decode(errors="replace").strip()
            )
        except GitRefusedError:
            head = self.head()
            return head.commit[:7] if head else None

    def log(self, path: str, beside: Iterable[str] = (), limit: int | None = None) -> list[Commit]:
        """Return the commits of a prompt's file, newest first in git's own order; none without git.

        Its renames are followed. Commits that changed any file of ``beside``, which the prompt reads now, are
        among them. Raises RevisionError where git cannot read its repository.
        """
        repository = self._opened()
        return log.commits(repository, path, beside, limit) if repository else []

    def path_at(self, path: str, revision: Revision) -> str | None:
        """Return where a file of now lay at a revision, its renames followed, or None where it was not."""
        tree = self.tree(revision)
        if tree.holds(path):
            return path
        return next((older for older in self.older_paths(path) if tree.holds(older)), None)

    def older_paths(self, path: str) -> list[str]:
        """Return where a file of now lay before, its renames followed, the latest first; none without git."""
        repository = self._opened()
        if repository is None:
            return []
        return [repository.path(name) for name in log.older_names(repository, repository.place(path))]

    def staged_renames(self) -> dict[str, str]:
        """Return what files were called at HEAD by their paths of now, where a rename is staged.

        It is empty without git. Raises RevisionError where git cannot tell.
        """
        repository = self._opened()
        if repository is None:
            return {}
        renames = log.staged_renames(repository)
        return {repository.path(after): repository.path(before) for after, before in renames.items()}

    def at_head(self, path: str) -> bytes | None:
        """Return the bytes of a file in the commit that is checked out, or None where it holds none.

        Raises PromptError for a file that is too large.
        """
        head = self.head()
        try:
            return self.tree(head).read(path) if head else None
        except FileNotFoundError:
            return None

    def states(self) -> dict[str, FileState]:
        """Return the state of every file of the project that differs from HEAD; none without git.

        Raises RevisionError where git cannot tell.
        """
        repository = self._opened()
        return states.states(repository) if repository else {}

    def move(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Rename tracked files, each from an old path to a new one, and leave the rest of the index alone.

        Raises CommitError where git refuses; none is moved then.
        """
        committing.move(self._committable(), pairs)

    def commit_problem(self, paths: Sequence[str] = ()) -> CommitError | None:
        """Return what stands in the way of committing these files, or None."""
        try:
            return committing.problem(self._committable(), paths)
        except CommitError as unavailable:
            return unavailable

    def commit_warnings(self) -> list[str]:
        """Return what a person should know before committing here, and what does not forbid it."""
        repository = self._opened()
        return committing.warnings(repository) if repository else []

    def commit(self, paths: Sequence[str], message: str, cancel: threading.Event | None = None) -> Committed:
        """Commit exactly these files as they are on disk, and nothing else of the index.

        It takes as long as the hooks do; setting ``cancel``, from another thread, ends git and its hooks.
        Raises CommitError, with the index as it was, where git or a hook refuses.
        """
        return committing.commit(self._committable(), paths, message, cancel)

    def author(self) -> str | None:
        """Return the name that git would commit with, or None."""
        repository = self._opened()
        return committing.author(repository) if repository else None

    def tracked(self, path: str) -> bool:
        """Return whether git tracks the file at this path; without git, it does not.

        Where git refuses to look, the file counts as tracked: a ``.env`` is then not believed.
        """
        found = self._looked()
        if isinstance(found, NoRepository):
            return found.refused
        try:
            return bool(found.read("ls-files", "--", found.place(path)))
        except GitRefusedError:
            return True

    def _repository(self, revision: str = "HEAD") -> Repository:
        found = self._looked()
        if isinstance(found, NoRepository):
            raise RevisionError(f"“@{revision}” needs git, and {found.reason}", hint=found.hint)
        return found

    def _committable(self) -> Repository:
        found = self._looked()
        if isinstance(found, NoRepository):
            raise CommitError(f"this needs git, and {found.reason}", hint=found.hint)
        return found
