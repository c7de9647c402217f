"""Relocating: a prompt's relative paths made to lead where they led before it was moved."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from workbench.errors import Place, PromptError
from workbench.project.yaml import read
from workbench.project.yaml_nodes import Node, compose
from workbench.project.yaml_writing import inline
from workbench.prompts.format import split
from workbench.prompts.tree import confined

_PLAIN = re.compile(r"(?:\.\.?/)*[A-Za-z][\w./-]*/?[\w.-]*\.[A-Za-z]+", re.ASCII)
"""Paths that need no quotes."""


def relocated(text: str, path: str, new: str, moved: Mapping[str, str]) -> str:
    """Return a prompt's text with the paths of its documents and examples as its new place needs them.

    ``path`` and ``new`` are where the prompt lies before and after; ``moved`` says, by path before, where
    other files go with it. Nothing but these paths is touched. Raises PromptError where one of them has to
    change and cannot, because the front matter is broken or gives it through an anchor.
    """
    front, _, _ = split(text, path)
    same_folder = posixpath.dirname(path) == posixpath.dirname(new)
    if front is None or (same_folder and not set(moved) - {path}):
        return text
    before = _paths(front, path)
    after = {keys: _leading(written, path, new, moved) for keys, written in before.items()}
    if after == before:
        return text
    begin = text.index("\n") + 1
    edited = front
    for node, keys in sorted(_scalars(compose(front)), key=lambda found: -found[0].start):
        if after.get(keys, node.value) != node.value:
            signs = re.match(r"(?:[&!]\S*\s+)*", front[node.start : node.end])
            start = node.start + (signs.end() if signs else 0)
            edited = edited[:start] + _written(after[keys], node.style) + edited[node.end :]
    if _paths(edited, path) != after:
        raise PromptError(
            "the paths of its documents and examples cannot be rewritten for the new place",
            place=Place(path),
            hint="Write each of them out plainly, without anchors and merge keys.",
        )
    return text[:begin] + edited + text[begin + len(front) :]


def _paths(front: str, path: str) -> dict[tuple[str, ...], str]:
    """Return what the front matter says of documents and examples, by the keys that lead to it."""
    value = read(front, path, error=PromptError, first_line=2).value
    fields = value if isinstance(value, dict) else {}
    documents = fields.get("documents")
    found: dict[tuple[str, ...], str] = {
        ("documents", name): written
        for name, written in (documents if isinstance(documents, dict) else {}).items()
        if isinstance(written, str)
    }
    examples = fields.get("examples")
    if isinstance(examples, str):
        found[("examples",)] = examples
    return found


def _leading(written: str, path: str, new: str, moved: Mapping[str, str]) -> str:
    """Return the relative path that leads from the new place where the written one led from the old."""
    target = confined(posixpath.dirname(path), written, "")
    if target is None:
        return written  # it leaves the project, and is an error at either place
    target = moved.get(target, target)
    folder = posixpath.dirname(new)
    return written if confined(folder, written, "") == target else posixpath.relpath(target, folder)


def _scalars(top: Node | None) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Yield where the path of each document, and that of the examples, stands."""
    for key, value in top.pairs if top is not None and top.kind == "map" else ():
        if key.value == "examples" and value.kind == "scalar":
            yield value, ("examples",)
        elif key.value == "documents" and value.kind == "map":
            yield from (
                (item, ("documents", name.value)) for name, item in value.pairs if item.kind == "scalar"
            )


def _written(path: str, style: str) -> str:
    return path if style == "" and _PLAIN.fullmatch(path) else inline(path, style=style)
