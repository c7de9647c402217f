"""The door to git: one repository, and the git processes that read and change it.

Git is run as itself. A library that reads repositories on its own knows neither their newer formats nor who
may be trusted with what they configure; git knows both.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workbench.errors import RevisionError

PATIENCE = 60.0
"""Seconds after which a git process that only reads is given up."""

# What a git that runs Workbench, as in a hook or an alias, says about its own repository.
_ANOTHER_REPOSITORY = frozenset(
    "GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_ATTR_SOURCE GIT_COMMON_DIR GIT_CONFIG GIT_DIFF_OPTS GIT_DIR "
    "GIT_EXTERNAL_DIFF GIT_GLOB_PATHSPECS GIT_GRAFT_FILE GIT_ICASE_PATHSPECS GIT_IMPLICIT_WORK_TREE "
    "GIT_INDEX_FILE GIT_INDEX_VERSION GIT_LITERAL_PATHSPECS GIT_NAMESPACE GIT_NOGLOB_PATHSPECS "
    "GIT_NO_REPLACE_OBJECTS GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_QUARANTINE_PATH GIT_REFLOG_ACTION "
    "GIT_REPLACE_REF_BASE GIT_SHALLOW_FILE GIT_WORK_TREE".split()
)

CHANGING_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "LANGUAGE": "C"}
"""What git is told, and tells its hooks, where it changes something: to ask nothing, and to speak English."""

_READING = {
    **CHANGING_ENVIRONMENT,
    "LC_ALL": "C",
    "GIT_LITERAL_PATHSPECS": "1",  # a file may be called “*” or “:(top)”
    "GIT_OPTIONAL_LOCKS": "0",  # nothing is written, and so no hook runs, by looking
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # what a partial clone lacks is not fetched unasked
}

CHANGING = ("-c", "core.fsmonitor=false", "-c", "color.ui=false", "-c", "i18n.commitEncoding=UTF-8")
"""Options of a git that changes something; what would reach its hooks and harm them is not among them."""

# A cloned project is not trusted, and no taste of the person's may change what is parsed.
_PLAINLY = (
    *CHANGING,
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "log.showSignature=false"),
    *("-c", "log.showRoot=true"),
    *("-c", "log.follow=false"),
    *("-c", "diff.renameLimit=1000"),
)

_DAMAGED = (
    "unable to read",
    "bad object",
    "missing",
    "could not read",
    "corrupt",
    "could not fetch",
    "bad tree",
    "failed to traverse",
)


class GitRefusedError(RevisionError):
    """What git answered when it would not do what was asked: ``reason`` is its own words."""

    reason = ""


class GitMissingError(GitRefusedError):
    """Git itself, which cannot be started."""


@dataclass(frozen=True)
class NoRepository:
    """Why git cannot be used here. ``refused`` says that there is a repository which git will not open."""

    reason: str
    hint: str
    refused: bool = False


@dataclass(frozen=True)
class Repository:
    """A git repository with a working tree, around a project.

    ``root`` is the project's folder, ``top`` the working tree's, ``folder`` git's own (of this worktree), and
    ``prefix`` what leads from ``top`` to ``root``: nothing, or a path that ends with a slash.
    """

    root: Path
    top: Path
    folder: Path
    prefix: str

    def place(self, path: str) -> str:
        """Return the path from the working tree's top of a path from the project's root."""
        return os.path.normpath(f"{self.prefix}{path}")

    def path(self, place: str) -> str:
        """Return the path from the project's root of a path from the working tree's top."""
        if place.startswith(self.prefix):
            return place[len(self.prefix) :]
        return os.path.relpath(place, self.prefix)

    def read(self, *words: str) -> bytes:
        """Return what a git command that changes nothing prints; raises GitRefusedError where it fails."""
        return finished(self.top, *words)

    def asking(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a git command that answers what is written to it; it is to be ended by ``end``."""
        return subprocess.Popen(
            ["git", *_PLAINLY, *words],
            cwd=self.top,
            env=environment(_READING),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def start(
        self, *words: str, heard: IO[bytes], said: IO[bytes], env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a git command that may run hooks, in a session of its own; all print into one file."""
        return subprocess.Popen(
            ["git", *CHANGING, *words],
            cwd=self.top,
            env=environment({**CHANGING_ENVIRONMENT, **env}),
            stdin=heard,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def change(self, *words: str) -> bytes:
        """Return what a git command that may change the index or the files prints.

        Paths are to be marked ``:(literal)`` where the command takes patterns. Raises GitRefusedError.
        """
        return finished(self.top, *words, options=CHANGING, env=CHANGING_ENVIRONMENT)


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment for git, without what speaks of another repository."""
    own = {
        name: value
        for name, value in os.environ.items()
        if name not in _ANOTHER_REPOSITORY and not name.startswith("GIT_TRACE")
    }
    return {**own, **extra}


def finished(
    folder: Path, *words: str, options: Sequence[str] = _PLAINLY, env: Mapping[str, str] = _READING
) -> bytes:
    """Run git in a folder and return what it printed; raises GitRefusedError where it fails."""
    try:
        done = subprocess.run(
            ["git", *options, *words],
            cwd=folder,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except OSError as broken:
        raise GitMissingError(
            f"git cannot be used: {'it is not found' if broken.filename == 'git' else broken.strerror}",
            hint="Install git, or make it reachable through PATH.",
        ) from broken
    except subprocess.TimeoutExpired:
        raise refusal(f"git {words[0]} gave no answer in {PATIENCE:.0f} seconds") from None
    if done.returncode:
        raise refusal(done.stderr.decode(errors="replace"))
    return done.stdout


def end(process: subprocess.Popen[bytes]) -> None:
    """End a git process that is read from, whether or not it has said all."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            try:
                stream.close()
            except BrokenPipeError:  # what was still to be asked of it
                continue


def opened(root: Path) -> Repository | NoRepository:
    """Return the repository around a project, or why there is none that can be used."""
    root = root.resolve()
    try:
        found = finished(
            root,
            "rev-parse",
            "--is-bare-repository",
            "--is-inside-work-tree",
            "--show-cdup",
            "--absolute-git-dir",
        )
    except GitRefusedError as refused:
        return _why_not(refused)
    # The folder comes last: its name may hold a newline.
    bare, inside, up, folder = os.fsdecode(found).removesuffix("\n").split("\n", 3)
    if bare == "true" or inside != "true":
        return NoRepository(_NO_WORKING_TREE, _CLONE)
    levels = up.count("../")
    top = root.parents[levels - 1] if levels else root
    prefix = "".join(f"{part}/" for part in root.relative_to(top).parts)
    return Repository(root, top, Path(folder), prefix)


_NO_WORKING_TREE = "this git repository has no working tree"
_CLONE = "Work in a clone of it, or add a working tree: git worktree add FOLDER"


def _why_not(refused: GitRefusedError) -> NoRepository:
    if isinstance(refused, GitMissingError):
        return NoRepository(refused.message, refused.hint or "")
    if "not a git repository" in refused.reason:
        return NoRepository("this project is not a git repository", "Run “git init” and commit.")
    if "bare repository" in refused.reason or "must be run in a work tree" in refused.reason:
        return NoRepository(_NO_WORKING_TREE, _CLONE)
    return NoRepository(refused.message, refused.hint or "", refused=True)


def reason_of(said: str) -> str:
    """Return the line that says why git ended, of all that it printed."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for prefix in ("fatal: ", "error: ", ""):
        for line in lines:
            if line.startswith(prefix):
                return line.removeprefix(prefix)
    return "it does not say why"


def refusal(said: str) -> GitRefusedError:
    """Return the error for what git printed when it failed."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reason = reason_of(said)
    if "dubious ownership" in said:
        trusting = next((line for line in lines if "safe.directory" in line), "")
        error = GitRefusedError(
            "git refuses this repository, because its folder belongs to another account",
            hint=f"If you trust it: {trusting}",
        )
    elif any(word in reason.lower() for word in _DAMAGED):
        error = GitRefusedError(
            f"git cannot read all of this repository: {reason}",
            hint="“git fsck” says what is missing. Where the clone is partial or shallow, it is brought by "
            "“git fetch --refetch” or “git fetch --unshallow”.",
        )
    else:
        error = GitRefusedError(f"git refuses: {reason}", hint="Run “git status” in the project's folder.")
    error.reason = said.strip()
    return error
