"""Prompts in git: any file at any revision, and whether the working tree differs."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import RevisionError

if TYPE_CHECKING:
    import git
    from git import Repo


_SYMBOLIC_LINK = 0o120000


@dataclass(frozen=True)
class Revision:
    """A commit: ``typed`` is what the person wrote, ``commit`` its full hash."""

    typed: str
    commit: str


@dataclass(frozen=True)
class Commit:
    """One commit of the history: its full hash and the first line of its message."""

    hash: str
    subject: str


class RevisionTree:
    """The files of a project at one commit. ``lock`` guards the git processes that threads share."""

    def __init__(self, commit: git.Commit, prefix: str, lock: threading.RLock) -> None:
        self._tree = commit.tree
        self._prefix = prefix
        self._lock = lock

    def read(self, path: str) -> bytes:
        """Return the bytes of a file at this commit; raises FileNotFoundError where it held none."""
        with self._lock:
            item = self._at(path)
            # A symbolic link's blob is only its target's name.
            if item is None or item.type != "blob" or item.mode == _SYMBOLIC_LINK:
                raise FileNotFoundError(path)
            raw: bytes = item.data_stream.read()
            return raw

    def paths(self, under: str) -> Iterable[str]:
        """Return the paths of all files below a folder at this commit."""
        with self._lock:
            folder = self._at(under)
            if folder is None or folder.type != "tree":
                return []
            return [str(item.path)[len(self._prefix) :] for item in folder.traverse() if item.type == "blob"]

    def _at(self, path: str) -> Any:  # noqa: ANN401 - GitPython's types for this are wrong
        try:
            return self._tree / f"{self._prefix}{path}"
        except KeyError:
            return None


class History:
    """The git repository around a project, opened when first needed.

    ``unavailable`` says why there is none; every other method then raises RevisionError with that reason.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._lock = (
            threading.RLock()
        )  # GitPython's objects share processes that one thread may use at a time

    @cached_property
    def _opened(self) -> Repo | str:
        try:
            # 0.14 s, and not needed to start: GitPython is imported when a revision is first asked for.
            from git import Repo
            from git.exc import InvalidGitRepositoryError, NoSuchPathError
        except ImportError as broken:
            return f"git cannot be used: {str(broken).splitlines()[0]}"
        try:
            repository = Repo(self._root, search_parent_directories=True)
        except (InvalidGitRepositoryError, NoSuchPathError):
            return "this project is not a git repository"
        if repository.working_tree_dir is None:
            return "this git repository has no working tree"
        return repository

    @property
    def unavailable(self) -> str | None:
        """Why revisions cannot be read here, or None."""
        with self._lock:
            return self._opened if isinstance(self._opened, str) else None

    def close(self) -> None:
        """End the git processes that are kept for reading; the next use starts them again."""
        with self._lock:
            opened = self.__dict__.get("_opened")  # not to open it only to close it
            if opened is not None and not isinstance(opened, str):
                opened.close()

    def resolve(self, revision: str) -> Revision:
        """Return the commit that a revision expression names; raises RevisionError where git knows none."""
        repository = self._repository(revision)
        from git.exc import GitCommandError  # after _repository, which says so where git is missing

        try:
            commit = repository.git.rev_parse(
                "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
            )
        except GitCommandError as refused:
            reason = str(refused.stderr).strip(" \n'").removeprefix("stderr: '")
            raise RevisionError(
                f"git cannot read “{revision}”: {reason}"
                if reason
                else f"git knows no revision “{revision}”",
                hint="Name a commit, a branch or a tag, such as HEAD, HEAD~2, main or v1.0.",
            ) from None
        return Revision(revision, str(commit))

    def tree(self, revision: Revision) -> RevisionTree:
        """Return the project's files at a revision."""
        repository = self._repository(revision.typed)
        with self._lock:
            return RevisionTree(repository.commit(revision.commit), self._prefix(repository), self._lock)

    def head(self) -> Revision | None:
        """Return the commit that is checked out, or None where there is none yet or no git."""
        if self.unavailable:
            return None
        try:
            return self.resolve("HEAD")
        except RevisionError:
            return None

    def branch(self) -> str | None:
        """Return the branch that is checked out, or None without git.

        Where the head is detached, that is the first seven digits of its commit.
        """
        with self._lock:
            if isinstance(self._opened, str):
                return None
            head = self._opened.head
            return head.commit.hexsha[:7] if head.is_detached else str(head.reference.name)

    def commits(self, paths: Iterable[str], limit: int) -> list[Commit]:
        """Return the newest commits that changed any of these files, newest first; none without git."""
        if isinstance(self._opened, str):
            return []
        places = [str(self._root / path) for path in paths]
        log = (
            self._opened.git.log(f"--max-count={limit}", "--format=%H%x00%s", "--", *places)
            if self.head()
            else ""
        )
        return [Commit(*line.split("\0", 1)) for line in str(log).splitlines()]

    def author(self) -> str | None:
        """Return the name that git would commit with, or None."""
        with self._lock:
            if isinstance(self._opened, str):
                return None
            with self._opened.config_reader() as config:
                return str(config.get_value("user", "name", "")) or None

    def tracked(self, path: str) -> bool:
        """Return whether git tracks the file at this path; without git, it does not.

        Where git refuses to look, the file counts as tracked: a ``.env`` is then not believed.
        """
        with self._lock:
            if isinstance(self._opened, str):
                return False
            from git.exc import GitCommandError  # there, now that a repository is open

            try:
                return bool(self._opened.git.ls_files("--", str(self._root / path)))
            except GitCommandError:
                return True

    def _repository(self, revision: str) -> Repo:
        with self._lock:
            if isinstance(self._opened, str):
                raise RevisionError(
                    f"“@{revision}” needs git, and {self._opened}",
                    hint="Run “git init” and commit, or leave out the “@…”.",
                )
            return self._opened

    def _prefix(self, repository: Repo) -> str:
        top = Path(str(repository.working_tree_dir)).resolve()
        relative = self._root.relative_to(top).as_posix()
        return "" if relative == "." else f"{relative}/"
