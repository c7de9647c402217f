"""The commits of a prompt: newest first in git's own order, its renames followed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from workbench.prompts.git.repository import GitRefusedError, Repository

# Each commit begins with a byte that no file's status begins with; -z leaves names of files as they are.
_BEGIN = "\x01"
_LOG = ("log", "-z", f"--format={_BEGIN}%H%x00%P%x00%aN%x00%at%x00%s", "--encoding=UTF-8", "--no-color")
_FILES = ("--name-status", "--no-ext-diff", "--no-textconv")
_MOVED = ("R", "C")


@dataclass(frozen=True)
class Commit:
    """One commit of a prompt's history.

    ``date`` is when it was written, as UTC ISO 8601 text; ``subject`` the first line of its message; ``path``
    where the prompt's file lay then, from the project's root. Author and subject are as git has them.
    """

    hash: str
    author: str
    date: str
    subject: str
    path: str


@dataclass(frozen=True)
class _Touched:
    """A file as a commit left it; ``before`` is its older name where it was renamed or copied."""

    status: str
    before: str
    after: str


@dataclass(frozen=True)
class _Entry:
    """One commit as git lists it."""

    hash: str
    parents: str
    author: str
    seconds: str
    subject: str
    files: tuple[_Touched, ...] = ()

    def commit(self, path: str) -> Commit:
        return Commit(self.hash, self.author, _utc(self.seconds), self.subject, path)


def commits(repository: Repository, path: str, beside: Iterable[str], limit: int | None) -> list[Commit]:
    """Return the commits that changed a prompt's file, under any name it had, or a file beside it now."""
    place = repository.place(path)
    others = sorted({repository.place(other) for other in beside} - {place})
    with ThreadPoolExecutor(1) as aside:  # the two take equally long, and most often the first is the answer
        plain = aside.submit(_listed, repository, [place, *others], limit)
        life = followed(repository, place, limit)
        found = plain.result()
    if all(touched.after == place for _, touched in life):
        given_away = _given_away(repository, life, place)
        return [entry.commit(path) for entry in takewhile(lambda entry: entry.hash != given_away, found)]
    names = dict.fromkeys([place, *(name for _, touched in life for name in (touched.after, touched.before))])
    entries = _listed(
        repository, [*names, *others], None, "--no-renames", "--diff-merges=first-parent", *_FILES
    )
    merged = _aside(repository, entries, life)
    kept = list(_of_one_life(entries, life, merged, place, set(others)))
    return [entry.commit(repository.path(name)) for entry, name in kept[:limit]]


def _of_one_life(
    entries: Iterable[_Entry],
    life: Sequence[tuple[_Entry, _Touched]],
    aside: Mapping[str, str],
    place: str,
    others: set[str],
) -> Iterator[tuple[_Entry, str]]:
    """Yield commits with the name that the prompt had then.

    Left out is what another prompt did under a name that this one had before, or took later.
    """
    own = {entry.hash: touched for entry, touched in life}
    if life:
        place = life[0][1].after
    for entry in entries:
        after = {touched.after for touched in entry.files}
        if entry.hash in own:
            yield entry, own[entry.hash].after
            place = own[entry.hash].before
        elif entry.hash in aside:
            yield entry, aside[entry.hash]
        elif after & others or (" " in entry.parents and place in after):
            yield entry, place


def _given_away(repository: Repository, life: Sequence[tuple[_Entry, _Touched]], place: str) -> str | None:
    """Return the commit in which another prompt, that had this name before, was renamed, or None.

    A prompt that was deleted and made anew is the same one; what was renamed lives on under its new name.
    """
    for entry, touched in life:
        if touched.status == "D":
            raw = repository.read("diff-tree", "-r", "-M", "-z", "--no-commit-id", *_FILES, entry.hash)
            told = _touched(iter(os.fsdecode(raw).split("\0")))
            if any(one.status == "R" and one.before == place for one in told):
                return entry.hash
    return None


def _aside(
    repository: Repository, entries: Iterable[_Entry], life: Sequence[tuple[_Entry, _Touched]]
) -> dict[str, str]:
    """Return the commits that changed the file under an older name, beside the commit that renamed it.

    A merge brings both together, and git follows the renamed one alone. The name comes with each.
    """
    own = {entry.hash for entry, _ in life}
    found: dict[str, str] = {}
    for renaming, touched in life:
        name = touched.before
        changing = {
            entry.hash
            for entry in entries
            if entry.hash not in own
            and any(file.after == name and file.status != "D" for file in entry.files)
        }
        if touched.status == "R" and changing:
            since = f"{renaming.hash}..HEAD"
            later = repository.read("rev-list", since).decode().split()
            after = repository.read("rev-list", "--ancestry-path", since).decode().split()
            found.update(dict.fromkeys(changing.intersection(later).difference(after), name))
    return found


def followed(repository: Repository, place: str, limit: int | None = None) -> list[tuple[_Entry, _Touched]]:
    """Return the commits that changed a file under any name it had, each with what it did to it.

    A rename that is staged and not yet committed is followed as well. A copy is where a life begins.
    """
    found = _listed(repository, [place], limit, "--follow", "-M", *_FILES)
    if not found:
        before = staged_renames(repository).get(place)
        return followed(repository, before, limit) if before else []
    life = []
    for entry in found:
        if not entry.files:
            continue
        touched = entry.files[0]
        if touched.status == "C":
            life.append((entry, _Touched("A", touched.after, touched.after)))
            break
        life.append((entry, touched))
    return life


def older_names(repository: Repository, place: str) -> list[str]:
    """Return the names that a file had, latest first; the one it has now is not among them."""
    life = followed(repository, place)
    renames = [touched.before for _, touched in life if touched.status == "R"]
    staged = [life[0][1].after] if life else []
    return [name for name in dict.fromkeys([*staged, *renames]) if name != place]


def staged_renames(repository: Repository) -> dict[str, str]:
    """Return what files were called at HEAD by what they are called now, where a rename is staged."""
    try:
        staged = repository.read("diff-index", "--cached", "-M", "-z", *_FILES, "HEAD", "--")
    except GitRefusedError as refused:
        if _nothing_yet(refused):
            return {}
        raise
    renames = _touched(iter(os.fsdecode(staged).split("\0")))
    return {one.after: one.before for one in renames if one.status == "R"}


def _listed(repository: Repository, places: Sequence[str], limit: int | None, *words: str) -> list[_Entry]:
    most = () if limit is None else (f"--max-count={limit}",)
    try:
        raw = repository.read(*_LOG, *most, *words, "--", *places)
    except GitRefusedError as refused:
        if _nothing_yet(refused):
            return []
        raise
    return list(_entries(raw))


def _nothing_yet(refused: GitRefusedError) -> bool:
    return any(said in refused.reason for said in ("does not have any commits", "bad revision 'HEAD'"))


def _entries(raw: bytes) -> Iterator[_Entry]:
    tokens = raw.split(b"\0")
    at = 0
    while at < len(tokens) and tokens[at].startswith(_BEGIN.encode()):
        hashed, parents, author, seconds, subject = (
            text.decode(errors="replace") for text in tokens[at : at + 5]
        )
        at += 5
        begun = at
        while at < len(tokens) and not tokens[at].startswith(_BEGIN.encode()):
            at += 3 if tokens[at].lstrip(b"\n")[:1] in (b"R", b"C") else 2
        files = _touched(iter([os.fsdecode(token) for token in tokens[begun:at]]))
        yield _Entry(hashed[1:], parents, author, seconds, subject, tuple(files))


def _touched(tokens: Iterator[str]) -> Iterator[_Touched]:
    for token in tokens:
        status = token.lstrip("\n")[:1]
        if not status:
            continue
        before = next(tokens)
        yield _Touched(status, before, next(tokens) if status in _MOVED else before)


def _utc(seconds: str) -> str:
    """Return seconds since 1970 as UTC ISO 8601 text; a time that no calendar holds as 1970, as git does."""
    try:
        when = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        when = datetime.fromtimestamp(0, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
