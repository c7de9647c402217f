"""Stamps: whether files are still what they were when they were read, without reading them again."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.prompts.library import WorkingTree

Stamp = tuple[int, int, int] | None
"""When a file was written, in nanoseconds, its size in bytes, its number on the disk; None without a file."""


def stamp(tree: WorkingTree, path: str) -> Stamp:
    """Return the stamp of a file by its path from the project's root."""
    try:
        status = (tree.root / path).stat()
    except (OSError, ValueError):  # nothing, a circle of links, or a name that no file can have
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Stamped:
    """A working tree that remembers the stamp of everything read through it, and of what was not there."""

    def __init__(self, tree: WorkingTree) -> None:
        self._tree = tree
        self._stamps: dict[str, Stamp] = {}

    def read(self, path: str) -> bytes:
        """Return the bytes of a file; raises as the working tree does."""
        self._stamps.setdefault(path, stamp(self._tree, path))
        return self._tree.read(path)

    def paths(self, under: str) -> Iterable[str]:
        """Return the paths of all files below a folder."""
        return self._tree.paths(under)

    def unchanged(self) -> bool:
        """Return whether all that was read still has its stamp."""
        return all(stamp(self._tree, path) == before for path, before in self._stamps.items())
