"""Watching: which files other programs changed, told at once and without asking over and over."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TypeAlias, TypeVar

from workbench.errors import ProjectError
from workbench.prompts.tree import PROMPTS

T = TypeVar("T")

GIT_STATE = ".git"
"""Stands among the changed paths where git's state changed: what is checked out, staged, or being merged."""

_News: TypeAlias = frozenset[str] | ProjectError

STEP_MS = 50
"""Changes that follow each other closer than this are told together; so long may stopping take."""

LONGEST_MS = 400
"""Changes that never cease are told in pieces of this length."""

_NOISE = re.compile(r"\..*|.*~|#.*#|4913|.*\.(?:tmp|swp|swx)")
"""What editors, and Workbench itself, write beside a file while they save it; 4913 is vim trying a folder."""

_GIT_FILES = re.compile(r"HEAD|index|packed-refs|[A-Z]+_HEAD|rebase-(?:merge|apply)|sequencer")
"""The files in git's own folder that say what state it is in."""


def touches(changed: Iterable[str], path: str) -> bool:
    """Return whether a file, or a folder above it, is among the changed paths.

    A folder is told in place of the files in it where it was made, moved or removed as a whole.
    """
    return not {path, *map(str, PurePosixPath(path).parents)}.isdisjoint(changed)


class Watching:
    """Watches a project's prompts, the other folders in use, and git's state.

    ``git_folders`` are git's own: that of the working tree, and the common one where that is another.
    """

    def __init__(self, root: Path, git_folders: Iterable[Path] = ()) -> None:
        self._root = root.resolve()
        self._git = tuple(folder.resolve() for folder in git_folders)
        self._also: frozenset[str] = frozenset()
        self._news: asyncio.Queue[_News] | None = None
        self._watcher: _Watcher | None = None
        self.on = False
        """Whether every change from now on is told."""

    def also(self, folders: Iterable[str]) -> None:
        """Watch these folders besides ``prompts/``, in place of those named before; for the event loop only.

        They are paths from the project's root, ``""`` for the root itself, and need not exist yet.
        """
        wanted = frozenset(folder.strip("/") for folder in folders)
        if wanted != self._also:
            self._also = wanted
            if self._news is not None:
                self._news.put_nowait(frozenset())

    async def changes(self) -> AsyncIterator[frozenset[str]]:
        """Yield the paths that changed, from the project's root with forward slashes, as they change.

        GIT_STATE is among them where git's state changed. Ends where the project's folder goes away. Raises
        ProjectError, in one line, where the system cannot watch: one can go on without. Close or cancel it to
        end it; only one may be going on.
        """
        self._news = asyncio.Queue()
        try:
            await self._rewatch()
            self.on = True
            while self._root.is_dir():
                found = await self._news.get()
                if isinstance(found, ProjectError):
                    raise found
                await self._rewatch()
                changed = frozenset(filter(None, map(self._told, found)))
                if changed:
                    yield changed
        finally:
            self.on = False
            self._news = None
            if self._watcher is not None:
                self._watcher.stop()
                self._watcher = None

    async def _rewatch(self) -> None:
        """Watch the folders that there are now, where they are others than those that are watched.

        The next watcher begins before the last one ends, so that nothing passes between them. What was
        written into a new folder before it was watched is told by the folder's name.
        """
        assert self._news is not None
        watched = self._watcher.folders if self._watcher else None
        while (folders := await asyncio.to_thread(self._folders)) and (
            self._watcher is None or self._watcher.folders != folders
        ):
            last, self._watcher = self._watcher, _Watcher(folders, self._news)
            try:
                if not await self._watcher.ready():
                    self._watcher = None  # one of the folders has gone: they are looked up again
            finally:
                if last is not None:
                    last.stop()
        if watched is not None and (new := frozenset(folders) - frozenset(watched)):
            self._news.put_nowait(new)

    def _folders(self) -> tuple[str, ...]:
        """Return every folder to watch that exists: each for itself, without those below it.

        A folder's parents are among them, so that its being made anew is seen.
        """
        wanted = {self._root}
        for folder, below, _ in os.walk(self._root / PROMPTS):
            below[:] = [name for name in below if not name.startswith(".")]
            wanted.add(Path(folder))
        for also in self._also:
            inside = PurePosixPath(also)
            wanted.update(self._root / part for part in (inside, *inside.parents))
        for git in self._git:
            wanted.add(git)
            wanted.update(Path(folder) for folder, _, _ in os.walk(git / "refs"))
        return tuple(sorted(str(folder) for folder in wanted if folder.is_dir()))

    def _told(self, changed: str) -> str | None:
        """Return how a change is told, or None where it is of no concern."""
        path = Path(changed)
        for git in self._git:
            if path.is_relative_to(git):
                inside = path.relative_to(git).as_posix()
                ref = inside.startswith("refs/") and not inside.endswith(".lock")
                return GIT_STATE if ref or _GIT_FILES.fullmatch(inside) else None
        if not path.is_relative_to(self._root):
            return None
        inside = path.relative_to(self._root).as_posix()
        folder, _, name = inside.rpartition("/")
        if _NOISE.fullmatch(name):
            return None
        within = inside == PROMPTS or inside.startswith(f"{PROMPTS}/")
        above = any(also == inside or also.startswith(f"{inside}/") for also in self._also)
        return inside if within or above or folder in self._also else None


class _Watcher:
    """One thread that watches some folders until it is stopped."""

    def __init__(self, folders: tuple[str, ...], news: asyncio.Queue[_News]) -> None:
        self.folders = folders
        self._news = news
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._ready: asyncio.Future[bool] = self._loop.create_future()
        threading.Thread(target=self._watch, name="watching", daemon=True).start()

    async def ready(self) -> bool:
        """Wait until it watches; returns False where a folder was gone. Raises ProjectError if it cannot."""
        try:
            return await self._ready
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Let the thread end, within STEP_MS."""
        self._stop.set()

    def _watch(self) -> None:
        # 20 ms to import, and native: only a screen watches.
        from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

        try:
            with RustNotify(list(self.folders), False, False, 0, False, True) as notify:
                self._post(self._begun, True)
                while isinstance(found := notify.watch(LONGEST_MS, STEP_MS, 0, self._stop), set):
                    self._post(self._news.put_nowait, frozenset(path for _, path in found))
        except FileNotFoundError:
            self._post(self._begun, False)
        except (OSError, WatchfilesRustInternalError) as broken:
            self._post(self._failed, _explained(broken))

    def _begun(self, ready: bool) -> None:
        if not self._ready.done():
            self._ready.set_result(ready)

    def _failed(self, error: ProjectError) -> None:
        if self._ready.done():
            self._news.put_nowait(error)
        else:
            self._ready.set_exception(error)

    def _post(self, act: Callable[[T], None], news: T) -> None:
        """Do something in the event loop; where that has ended, nobody waits for it."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(act, news)


def _explained(broken: Exception) -> ProjectError:
    reason = str(broken).removeprefix("Error creating recommended watcher: ")
    return ProjectError(
        f"changes by other programs are not noticed: {reason}",
        hint="On Linux, raise fs.inotify.max_user_watches and fs.inotify.max_user_instances.",
    )
