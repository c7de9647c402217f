"""Listing: every prompt of a project at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.bench.shelving import State
from workbench.errors import PromptError, WorkbenchError
from workbench.prompts.cases import load_cases
from workbench.prompts.library import Library
from workbench.prompts.tree import prompt_path
from workbench.prompts.version import load_version


@dataclass(frozen=True)
class Listed:
    """A prompt at a glance; what cannot be read because it is broken is None.

    ``models`` are those its front matter names, None for the project's defaults. ``state`` is the most
    urgent one of its own files, or None where git holds them all. ``broken`` says what is wrong and where.
    """

    name: str
    path: str
    description: str | None = None
    inputs: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    cases: int | None = None
    state: State | None = None
    broken: str | None = None


def listing(library: Library, states: Mapping[str, State], words: Sequence[str] = ()) -> Iterator[Listed]:
    """Yield the prompts that hold all of the words in name, description or text, by name.

    ``states`` are those of prompts by path. Case makes no difference to words.
    """
    wanted = [word.casefold() for word in words]
    for name in library.names():
        if wanted:
            text = f"{name}\n{_text(library, name)}".casefold()  # the description is part of the text
            if not all(word in text for word in wanted):
                continue
        yield _listed(library, name, states)


def _text(library: Library, name: str) -> str:
    try:
        return library.open(prompt_path(name)).text
    except PromptError:
        return ""  # it is listed as broken, by its name


def _listed(library: Library, name: str, states: Mapping[str, State]) -> Listed:
    path = prompt_path(name)
    state = states.get(path)
    broken: list[WorkbenchError] = []
    cases = prompt = None
    try:
        prompt = load_version(library.tree, name).prompt
    except WorkbenchError as error:
        broken.append(error)
    try:
        cases = len(load_cases(library.tree, name))
    except WorkbenchError as error:
        broken.append(error)
    why = f"{broken[0].place}: {broken[0].message}" if broken else None
    if prompt is None:
        return Listed(name, path, cases=cases, state=state, broken=why)
    return Listed(
        name, path, prompt.description, tuple(prompt.inputs), prompt.models, cases, state=state, broken=why
    )
