"""``workbench init``: a small working project, written without ever replacing a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from workbench.errors import Place, ProjectError
from workbench.project.settings import FILE_NAME

IGNORED = (".workbench/", ".env")
"""What git should not track: everything local, and keys."""


def make_project(folder: Path) -> tuple[list[str], list[str]]:
    """Write settings, two sample prompts with cases and the ignore entries.

    Returns the paths that were written and those that were there already and left alone. Raises ProjectError
    where the folder cannot be written.
    """
    written: list[str] = []
    kept: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source, relative in _starter(files("workbench.project") / "starter", ""):
            path = FILE_NAME if relative == "workbench.yml" else relative
            (written if _write_new(folder / path, source.read_bytes()) else kept).append(path)
        if _ignore(folder / ".gitignore"):
            written.append(".gitignore")
    except OSError as broken:
        raise ProjectError(
            f"the project cannot be written: {broken.strerror}", place=Place(str(broken.filename or folder))
        ) from broken
    return written, kept


def _starter(folder: Traversable, prefix: str) -> Iterator[tuple[Traversable, str]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield from _starter(item, f"{prefix}{item.name}/")
        else:
            yield item, f"{prefix}{item.name}"


def _write_new(path: Path, raw: bytes) -> bool:
    """Write a file that is not there yet; returns False, and writes nothing, where one is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(raw)
    return True


def _ignore(path: Path) -> bool:
    """Add what is missing to the ignore file, at its end; returns whether anything was."""
    there = path.read_bytes() if path.exists() else b""
    missing = [line for line in IGNORED if line.encode() not in there.splitlines()]
    if not missing:
        return False
    gap = b"\n" if there and not there.endswith(b"\n") else b""
    with path.open("ab") as stream:
        stream.write(gap + "".join(f"{line}\n" for line in missing).encode())
    return True
