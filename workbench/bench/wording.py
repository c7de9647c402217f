"""Wording: what there is in a project to be named in a prompt, for an editor to complete."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import islice

from workbench.errors import WorkbenchError
from workbench.project.settings import Settings
from workbench.prompts.language.completing import Words
from workbench.prompts.library import Library
from workbench.prompts.tree import PROMPTS, prompt_name
from workbench.prompts.version import load_version

MOST_FILES = 2_000
"""Files that are offered as documents; in a larger project the rest is typed."""

MOST_PROMPTS = 200
"""Prompts whose inputs are offered in a partial."""


def words_for(library: Library, settings: Settings, path: str) -> Words:
    """Return what can be named in the file at this path. Reads the disk: call it in a thread."""
    inputs, documents = _declared(library, path)
    return Words(
        inputs=inputs,
        documents=documents,
        partials=tuple(library.partials()),
        models=tuple(settings.models),
        files=tuple(islice(_files(library, posixpath.dirname(path)), MOST_FILES)),
    )


def _declared(library: Library, path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the inputs and documents of the prompt at this path, or of all prompts for a partial."""
    name = prompt_name(path)
    inputs: dict[str, None] = {}
    documents: dict[str, None] = {}
    for one in [name] if name is not None else library.names()[:MOST_PROMPTS]:
        try:
            prompt = load_version(library.tree, one).prompt
        except WorkbenchError:
            continue  # what is wrong with it is told where it is opened
        inputs |= dict.fromkeys(prompt.inputs)
        documents |= dict.fromkeys(prompt.documents)
    return tuple(inputs), tuple(documents)


def _files(library: Library, folder: str) -> Iterator[str]:
    """Yield the files of the project as they are written from a folder, prompts and cases left out."""
    for path in library.tree.paths("."):
        path = path.removeprefix("./")
        within = path.startswith(f"{PROMPTS}/")
        if not (within and (path.endswith(".md") or ".cases." in path)):
            yield posixpath.relpath(path, folder)
