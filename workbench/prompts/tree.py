"""Where a prompt's files are read from: the working tree, a revision, the store, or text still on screen."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from workbench.errors import Place, PromptError

PROMPTS = "prompts"
"""The folder of a project that holds its prompts."""


MAX_BYTES = 50_000_000
"""A larger file is not read into a prompt: no context window holds it."""


class Tree(Protocol):
    """Files by their path from the project's root, with forward slashes."""

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises FileNotFoundError where there is none, PromptError where it may not be read.
        """
        ...

    def paths(self, under: str) -> Iterable[str]:
        """Return the paths of all files below a folder."""
        ...


@dataclass(frozen=True)
class Files:
    """A tree held in memory."""

    files: Mapping[str, bytes]

    def read(self, path: str) -> bytes:
        """Return the bytes of a file; raises FileNotFoundError where there is none."""
        try:
            return self.files[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def paths(self, under: str) -> Iterable[str]:
        """Return the paths of all files below a folder."""
        return [path for path in self.files if path.startswith(f"{under}/")]


@dataclass(frozen=True)
class Overlay:
    """A tree with some files replaced: the text on screen, saved or not, over what is on disk."""

    below: Tree
    files: Mapping[str, bytes]

    def read(self, path: str) -> bytes:
        """Return the bytes of a file, from the overlay first."""
        return self.files[path] if path in self.files else self.below.read(path)

    def paths(self, under: str) -> Iterable[str]:
        """Return the paths of all files below a folder."""
        over = [path for path in self.files if path.startswith(f"{under}/")]
        return {**dict.fromkeys(self.below.paths(under)), **dict.fromkeys(over)}


def prompt_path(name: str) -> str:
    """Return the path of the prompt of this name."""
    return f"{PROMPTS}/{name}.md"


def prompt_name(path: str) -> str | None:
    """Return the name of the prompt at this path, or None where it is a partial or no prompt at all."""
    if not (path.startswith(f"{PROMPTS}/") and path.endswith(".md")):
        return None
    name = path[len(PROMPTS) + 1 : -len(".md")]
    return None if any(part.startswith("_") for part in name.split("/")) else name


def is_partial(path: str) -> bool:
    """Return whether this is the path of a partial, or of a folder of partials where it ends with a slash."""
    return path.startswith(f"{PROMPTS}/") and "/_" in path


def called(path: str) -> str:
    """Return what the prompt or the partial at this path is called: its path there without the suffix."""
    return path.removeprefix(f"{PROMPTS}/").removesuffix(".md")


def confined(folder: str, relative: str, within: str) -> str | None:
    """Return the path that ``relative`` names when read from ``folder``, or None where it leaves ``within``.

    ``within`` is a folder of the project, or the empty text for the project itself.
    """
    if "\0" in relative or "\\" in relative or relative.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(folder, relative))
    if path in (".", "..") or path.startswith(("../", "/")):
        return None
    return path if not within or path.startswith(f"{within}/") else None


def partial_path(include: str) -> str:
    """Return the path of a partial by the name that a version includes it with."""
    path = confined(PROMPTS, include, PROMPTS)
    assert path is not None  # no other is let into a version
    return path


def check_allowed(path: str, place: Place) -> None:
    """Raise PromptError for what no prompt may hold, however it is spelt: keys, and what is local."""
    parts = path.lower().split("/")
    if parts[-1] == ".env" or parts[0] in (".git", ".workbench"):
        raise PromptError(
            "may not be put into a prompt: keys and what is local stay on this machine", place=place
        )


def check_size(size: int, path: str) -> None:
    """Raise PromptError for a file of more than MAX_BYTES."""
    if size > MAX_BYTES:
        raise PromptError(
            f"is too large: {size:,} bytes of at most {MAX_BYTES:,}",
            place=Place(path),
            hint="No model's context window holds it; cut out what the prompt needs.",
        )


def decode(raw: bytes, path: str) -> str:
    """Return the text of a file with its BOM stripped and its line endings as LF.

    Raises PromptError with the offset of the first byte that is not UTF-8, or where the file holds NUL bytes.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        offset = broken.start + (3 if raw.startswith(b"\xef\xbb\xbf") else 0)
        raise PromptError(
            f"is not UTF-8: the first bad byte, 0x{raw[offset]:02x}, is at offset {offset}",
            place=Place(path, raw[:offset].count(b"\n") + 1),
            hint=f"Save the file as UTF-8, for example with: iconv -f LATIN1 -t UTF-8 {path}",
        ) from broken
    if "\0" in text:
        raise PromptError(
            f"is a binary file: it holds a NUL byte at offset {raw.find(0)}",
            place=Place(path),
            hint="Only text can be put into a prompt.",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")
