"""Prompts in git: any file at any revision, and whether the working tree differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import RevisionError

if TYPE_CHECKING:
    from git import Commit, Repo


@dataclass(frozen=True)
class Revision:
    """A commit: ``typed`` is what the person wrote, ``commit`` its full hash."""

    typed: str
    commit: str


class RevisionTree:
    """The files of a project at one commit."""

    def __init__(self, commit: Commit, prefix: str) -> None:
        self._tree = commit.tree
        self._prefix = prefix

    def read(self, path: str) -> bytes:
        """Return the bytes of a file at this commit; raises FileNotFoundError where it held none."""
        try:
            item = self._tree / f"{self._prefix}{path}"
        except KeyError:
            raise FileNotFoundError(path) from None
        if item.type != "blob" or item.mode == 0o120000:  # a symbolic link's blob is only its target's name
            raise FileNotFoundError(path)
        raw: bytes = item.data_stream.read()
        return raw

    def paths(self, under: str) -> Iterable[str]:
        """Return the paths of all files below a folder at this commit."""
        try:
            folder = self._tree / f"{self._prefix}{under}"
        except KeyError:
            return []
        return [str(item.path)[len(self._prefix) :] for item in folder.traverse() if item.type == "blob"]


class History:
    """The git repository around a project, opened when first needed.

    ``unavailable`` says why there is none; every other method then raises RevisionError with that reason.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

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
        return self._opened if isinstance(self._opened, str) else None

    def resolve(self, revision: str) -> Revision:
        """Return the commit that a revision expression names; raises RevisionError where git knows none."""
        from git.exc import GitCommandError  # only reached with git at hand; see _opened

        repository = self._repository(revision)
        try:
            commit = repository.git.rev_parse("--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except GitCommandError:
            raise RevisionError(
                f"git knows no revision “{revision}”",
                hint="Name a commit, a branch or a tag, such as HEAD, HEAD~2, main or v1.0.",
            ) from None
        return Revision(revision, str(commit))

    def tree(self, revision: Revision) -> RevisionTree:
        """Return the project's files at a revision."""
        repository = self._repository(revision.typed)
        return RevisionTree(repository.commit(revision.commit), self._prefix(repository))

    def head(self) -> Revision | None:
        """Return the commit that is checked out, or None where there is none yet or no git."""
        if self.unavailable:
            return None
        try:
            return self.resolve("HEAD")
        except RevisionError:
            return None

    def branch(self) -> str | None:
        """Return the branch that is checked out, a short commit where the head is detached, or None without git."""
        if isinstance(self._opened, str):
            return None
        head = self._opened.head
        return head.commit.hexsha[:7] if head.is_detached else str(head.reference.name)

    def author(self) -> str | None:
        """Return the name that git would commit with, or None."""
        if isinstance(self._opened, str):
            return None
        with self._opened.config_reader() as config:
            return str(config.get_value("user", "name", "")) or None

    def tracked(self, path: str) -> bool:
        """Return whether git tracks the file at this path; without git, it does not."""
        if isinstance(self._opened, str):
            return False
        return bool(self._opened.git.ls_files("--", str(self._root / path)))

    def _repository(self, revision: str) -> Any:
        if isinstance(self._opened, str):
            raise RevisionError(
                f"“@{revision}” needs git, and {self._opened}", hint="Run “git init” and commit, or leave out the “@…”."
            )
        return self._opened

    def _prefix(self, repository: Repo) -> str:
        top = Path(str(repository.working_tree_dir)).resolve()
        relative = self._root.relative_to(top).as_posix()
        return "" if relative == "." else f"{relative}/"
