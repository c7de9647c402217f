"""Committing and moving files: these and no others, and the rest of the index as it was."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from workbench.errors import CommitError, Place
from workbench.prompts.git.repository import GitRefusedError, Repository, reason_of

MAX_OUTPUT = 100_000
"""Of what hooks print, this many last bytes are kept."""

GRACE = 3.0
"""Seconds that git and its hooks have to end by themselves once a commit is cancelled."""

_GLANCE = 0.05

_NO_TEXT = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")  # the surrogates between stand for bytes

_NOTHING = ("nothing to commit", "nothing added to commit", "no changes added to commit")

_UNDER_WAY = {
    "MERGE_HEAD": ("a merge", "git merge --continue", "git merge --abort"),
    "CHERRY_PICK_HEAD": ("a cherry-pick", "git cherry-pick --continue", "git cherry-pick --abort"),
    "REVERT_HEAD": ("a revert", "git revert --continue", "git revert --abort"),
    "rebase-merge": ("a rebase", "git rebase --continue", "git rebase --abort"),
    "rebase-apply/applying": ("applying patches", "git am --continue", "git am --abort"),
    "rebase-apply": ("a rebase", "git rebase --continue", "git rebase --abort"),
    "sequencer": ("a cherry-pick or revert", "git cherry-pick --continue", "git cherry-pick --abort"),
}


@dataclass(frozen=True)
class Committed:
    """A commit that was made: its full hash, and what git and its hooks printed, as they printed it."""

    hash: str
    output: str


def problem(repository: Repository, paths: Sequence[str]) -> CommitError | None:
    """Return what stands in the way of committing these files, before anything is typed, or None."""
    try:
        return (
            _under_way(repository)
            or _locked(repository)
            or _conflict(repository, paths)
            or _nobody(repository)
        )
    except GitRefusedError as refused:
        return _refused(refused.reason)


def warnings(repository: Repository) -> list[str]:
    """Return what a person should know before committing here, and what does not forbid it."""
    found = []
    if (repository.folder / "BISECT_LOG").exists():
        found.append("a bisect is in progress: the commit is made where it stands now")
    try:
        repository.read("symbolic-ref", "--quiet", "HEAD")
    except GitRefusedError:
        found.append("no branch is checked out: nothing but its hash will lead to the commit")
    return found


def author(repository: Repository) -> str | None:
    """Return the name that git would commit with, or None where it knows none."""
    told = os.environ.get("GIT_AUTHOR_NAME", "").strip()
    if told:
        return told
    try:
        raw = repository.read("config", "--null", "--get-regexp", r"^(user|author)\.name$")
    except GitRefusedError:
        return None
    names = dict(entry.split("\n", 1) for entry in raw.decode(errors="replace").split("\0") if "\n" in entry)
    return names.get("author.name") or names.get("user.name") or None


def commit(
    repository: Repository, paths: Sequence[str], message: str, cancel: threading.Event | None = None
) -> Committed:
    """Commit exactly these files as they are on disk, deleted ones as well, and return the commit.

    Hooks and signing are honoured. Once ``cancel`` is set, git and its hooks are ended. Raises CommitError,
    with the index as it was, where git or a hook refuses.
    """
    if not message.strip():
        raise CommitError("a commit needs a message", hint="Say in a line what changed.")
    if _NO_TEXT.search(message):
        raise CommitError("the message holds a character that git cannot keep", hint="Type it anew.")
    if not paths:
        raise CommitError("there is nothing to commit")
    for path in paths:
        file = repository.root / path
        if file.is_dir() and not file.is_symlink():
            raise CommitError("is a folder; files are committed by their names", place=Place(path))
    standing = problem(repository, paths)
    if standing is not None:
        raise standing
    places = [repository.place(path) for path in paths]
    cancel = cancel or threading.Event()
    before = _head(repository)
    try:
        with _new_ones_known(repository, paths):
            status, output = _run(repository, places, message, cancel)
            after = _head(repository)
            # Cancelled in a hook that runs once it is made, the commit is made all the same.
            if after is None or after == before:
                raise _failed(repository, None if cancel.is_set() else status, output)
    except GitRefusedError as refused:
        raise _locked(repository) or _refused(refused.reason) from refused
    return Committed(after, output + _settled(repository, places))


def move(repository: Repository, pairs: Sequence[tuple[str, str]]) -> None:
    """Rename tracked files, on disk and in the index.

    Raises CommitError where one cannot be moved; none is moved then.
    """
    moved: list[tuple[str, str]] = []
    for old, new in pairs:
        try:
            _move(repository, old, new)
        except (CommitError, OSError) as refused:
            for earlier, later in reversed(moved):
                _move(repository, later, earlier)
            if isinstance(refused, CommitError):
                raise
            raise CommitError(f"cannot be moved to {new}: {refused.strerror}", place=Place(old)) from refused
        moved.append((old, new))


def _move(repository: Repository, old: str, new: str) -> None:
    source, target = repository.root / old, repository.root / new
    # Git would put it into a folder of that name. A file is its own namesake where case does not count.
    if os.path.lexists(target) and not (source.exists() and target.samefile(source)):
        raise CommitError(f"there is already a file or folder {new}", place=Place(old))
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        repository.change("mv", "--", repository.place(old), repository.place(new))
    except GitRefusedError as refused:
        raise _locked(repository) or _refused(refused.reason, Place(old)) from refused


def _under_way(repository: Repository) -> CommitError | None:
    for name, (what, on, back) in _UNDER_WAY.items():
        if (repository.folder / name).exists():
            return CommitError(
                f"{what} is in progress: a commit of single files would harm it",
                hint=f"Finish it first with “{on}”, or give it up with “{back}”.",
            )
    return None


def _locked(repository: Repository) -> CommitError | None:
    lock = repository.folder / "index.lock"
    if not lock.exists():
        return None
    return CommitError(
        "another git process is at work here, or one ended without tidying up",
        place=Place(str(lock)),
        hint="Wait for it; where no git is running any more, delete this file.",
    )


def _conflict(repository: Repository, paths: Sequence[str]) -> CommitError | None:
    unmerged = _listed(repository, "--unmerged", paths)
    mine = [path for path in paths if repository.place(path) in unmerged]
    if not mine:
        return None
    return CommitError(
        "holds a conflict that is not resolved",
        place=Place(mine[0]),
        hint="Choose what to keep, save, and tell git with “git add”.",
    )


def _listed(repository: Repository, which: str, paths: Sequence[str]) -> set[str]:
    """Return what of these paths the index holds, unmerged or at all, from the working tree's top."""
    if not paths:
        return set()
    places = [repository.place(path) for path in paths]
    raw = repository.read("ls-files", "-z", which, "--", *places)
    # An unmerged one comes as “MODE HASH STAGE<tab>PATH”, three times.
    entries = (os.fsdecode(entry) for entry in raw.split(b"\0"))
    return {entry.partition("\t")[2] if which == "--unmerged" else entry for entry in entries}


def _nobody(repository: Repository) -> CommitError | None:
    try:
        for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            repository.read("var", who)
    except GitRefusedError:
        return CommitError(
            "git does not know who commits",
            hint='Tell it: git config --global user.name "Your Name"\n'
            'and: git config --global user.email "you@example.org"',
        )
    return None


def _head(repository: Repository) -> str | None:
    try:
        return repository.read("rev-parse", "--verify", "--quiet", "HEAD").decode().strip()
    except GitRefusedError:
        return None


@contextmanager
def _new_ones_known(repository: Repository, paths: Sequence[str]) -> Iterator[None]:
    """Announce untracked files, which git would not commit by name; taken back where the block raises."""
    known = _listed(repository, "--cached", paths)
    new = [place for path in paths if (place := repository.place(path)) not in known]
    named = [f":(literal){place}" for place in new if os.path.lexists(repository.top / place)]
    if not named:
        yield
        return
    repository.change("add", "--intent-to-add", "--", *named)
    try:
        yield
    except BaseException:
        repository.change("rm", "--cached", "--quiet", "--force", "--ignore-unmatch", "--", *named)
        raise


def _run(
    repository: Repository, places: Sequence[str], message: str, cancel: threading.Event
) -> tuple[int, str]:
    """Run git commit until it ends or is cancelled; returns its status, and what it and its hooks printed.

    It has a session of its own, so that a hook can neither read the terminal nor outlive being cancelled. Its
    output goes into a file: a process that a hook leaves behind would hold a pipe open.
    """
    # Each path says itself that it is literal: the variable that says so for all would reach the hooks.
    named = [f":(literal){place}" for place in places]
    words = ("commit", "--only", "--file=-", "--cleanup=whitespace", "--", *named)
    quiet = {"GIT_EDITOR": ":", "GPG_TTY": ""}
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as output:
        told.write(message.encode(errors="surrogateescape"))
        told.seek(0)
        process = repository.start(*words, heard=told, said=output, env=quiet)
        try:
            while process.poll() is None and not cancel.wait(_GLANCE):
                continue
        finally:
            if process.poll() is None:
                _end_all(process)
        output.seek(max(0, output.seek(0, os.SEEK_END) - MAX_OUTPUT))
        return process.returncode, output.read().decode(errors="replace")


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """End git and whatever it started: asked first, so that it tidies up its locks, then made to.

    Git ends at once when it is asked, and a hook may go on without it: the group is what has to end.
    """
    _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while _signal(process, 0) and time.monotonic() < deadline:
        process.poll()  # buries git, which would else be counted as there
        time.sleep(_GLANCE)
    _signal(process, signal.SIGKILL)
    process.wait()


def _settled(repository: Repository, places: Sequence[str]) -> str:
    """Let the index hold of these files what was committed; returns what git says where it cannot.

    A hook that formats them and adds them again changes the commit, and “--only” leaves the index behind.
    """
    try:
        if repository.read("diff-index", "--cached", "--name-only", "HEAD", "--", *places):
            repository.change("reset", "--quiet", "--", *(f":(literal){place}" for place in places))
    except GitRefusedError as refused:  # the commit is made all the same
        return f"\n{refused.reason}\n"
    return ""


def _signal(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal to git and all of its group; returns whether any of them is there."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # the latter where only those are left that nobody buried
        return False
    return True


def _failed(repository: Repository, status: int | None, output: str) -> CommitError:
    """Return the error for a commit that was not made; the status is None where it was cancelled."""
    locked = _locked(repository)
    if status is None:
        error = CommitError("the commit was cancelled, and nothing was committed")
    elif locked is not None:
        error = locked
    elif status == 1 and any(said in output for said in _NOTHING):
        error = CommitError("there is nothing to commit: these files are as they were committed last")
    elif status == 1 and "error: pathspec " not in output and _hooked(repository):
        error = CommitError(
            "a hook refused the commit", hint="Read what it printed, mend that, and commit again."
        )
    else:
        error = _refused(output)
    error.output = output
    return error


def _hooked(repository: Repository) -> bool:
    """Return whether there is a hook that could have refused a commit; git itself does not say so."""
    folder = os.fsdecode(repository.read("rev-parse", "--git-path", "hooks")).removesuffix("\n")
    names = ("pre-commit", "prepare-commit-msg", "commit-msg")
    return any((repository.top / folder / name).exists() for name in names)


def _refused(said: str, place: Place | None = None) -> CommitError:
    """Return the error for git's own refusal."""
    reason = reason_of(said).replace(":(literal)", "")
    hint = "Read what git printed, mend that, and try again."
    if any(
        word in said for word in ("Permission denied", "insufficient permission", "Read-only file system")
    ):
        hint = "Make the repository's folder writable, and try again."
    elif "ignored by one of your .gitignore files" in said:
        reason, hint = "a file is ignored by .gitignore", "Take it out of .gitignore, or commit without it."
    elif "gpg failed to sign" in said or "failed to write commit object" in said:
        reason = "the commit could not be signed"
        hint = "Unlock your key in another terminal, as no passphrase can be typed here, and try again."
    error = CommitError(f"git refuses: {reason}", place=place, hint=hint)
    error.output = said
    return error
