"""A version: everything that decides how a prompt renders, and the hash that names it."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from jinja2 import TemplateSyntaxError, nodes

from workbench.errors import Place, PromptError, did_you_mean
from workbench.project.yaml import Value, read, read_json
from workbench.prompts.cutting import cut
from workbench.prompts.format import Prompt, check_example, parse
from workbench.prompts.template import environment
from workbench.prompts.tree import PROMPTS, Tree, confined, decode, prompt_name, prompt_path

MOST_KEPT = 20_000
"""Characters of a part of a template whose includes are remembered."""


@dataclass(frozen=True)
class Example:
    """A few-shot example: inputs, the answer to give to them, and where it is written."""

    inputs: Mapping[str, Value]
    output: str
    place: Place


@dataclass(frozen=True)
class Version:
    """A prompt with all the files it reads.

    ``partials`` maps include names to text, ``documents`` document names to text; ``files`` holds, by path
    from the project's root, the exact bytes of everything that was read, so that the version can be restored.
    """

    prompt: Prompt
    partials: Mapping[str, str]
    documents: Mapping[str, str]
    examples: tuple[Example, ...]
    files: Mapping[str, bytes]
    hash: str

    @property
    def short(self) -> str:
        """The hash as it is shown and typed: ``v:1f3a9c``."""
        return f"v:{self.hash[:6]}"


def load_version(tree: Tree, name: str, path: str | None = None) -> Version:
    """Read a prompt and all it includes from a tree.

    ``path`` is where its file lies, where that is not where its name says, as before a rename. Raises
    PromptError, with file and line, for a file that is missing, is not text, leaves the project or does not
    parse.
    """
    own_path = _own_path(name)
    path = path or own_path
    files: dict[str, bytes] = {}
    try:
        files[path] = tree.read(path)
    except FileNotFoundError:
        known = [known for path in tree.paths(PROMPTS) if (known := prompt_name(path))]
        raise PromptError(f"there is no prompt “{name}”", hint=did_you_mean(name, known)) from None
    prompt = parse(decode(files[path], path), name, path)
    partials = _read_partials(tree, prompt, files)
    documents = {
        document: _read_beside(tree, prompt, relative, f"documents.{document}", files)
        for document, relative in prompt.documents.items()
    }
    examples = _read_examples(tree, prompt, files)
    return Version(prompt, partials, documents, examples, files, _hash(prompt, partials, documents, examples))


def _own_path(name: str) -> str:
    """Return the path of the prompt of this name; raises PromptError where no prompt can have it."""
    path = prompt_path(name)
    if confined(PROMPTS, f"{name}.md", PROMPTS) != path:
        raise PromptError(
            f"“{name}” cannot be the name of a prompt",
            hint=f"A prompt's name is its path below {PROMPTS}/ without the suffix: support/triage",
        )
    if prompt_name(path) is None:
        raise PromptError(
            f"“{name}” is a partial, which is only included and never run",
            hint="A name that begins with “_”, of a file or a folder, makes a partial.",
        )
    return path


def _read_partials(tree: Tree, prompt: Prompt, files: dict[str, bytes]) -> dict[str, str]:
    partials: dict[str, str] = {}
    waiting = _references(prompt.template, prompt.path, prompt.template_line)
    while waiting:
        name, place, optional = waiting.pop()
        if name in partials:
            continue
        path = confined(PROMPTS, name, PROMPTS)
        if path is None:
            raise PromptError(f"the include “{name}” leaves the folder {PROMPTS}/", place=place)
        try:
            partials[name] = _read(tree, path, place, f"the include “{name}”", files)
        except _MissingFileError:
            if optional:
                continue
            raise
        waiting += _references(partials[name], path, 1)
    return partials


class _MissingFileError(PromptError):
    """A file that a prompt names is not there."""


def _references(source: str, path: str, first_line: int) -> list[tuple[str, Place, bool]]:
    """Return the names that a template includes, imports or extends, with their places.

    The last of each three says that the file may be missing.
    """
    try:
        named = _named_in(source)
    except RecursionError as broken:
        raise PromptError("the template is nested too deeply to be read", place=Place(path)) from broken
    except TemplateSyntaxError as broken:
        line = broken.lineno + first_line - 1
        text = source.split("\n")[broken.lineno - 1 : broken.lineno]
        raise PromptError(
            f"this is not a valid template: {broken.message}",
            place=Place(path, line),
            hint=f"The line reads: {text[0].strip()}" if text and text[0].strip() else None,
        ) from broken
    found: list[tuple[str, Place, bool]] = []
    for name, line, optional in named:
        place = Place(path, line + first_line - 1)
        if name is None:
            raise PromptError(
                "the name of an include must be plain text, not an expression",
                place=place,
                hint='Write {% include "_name.md" %}, and choose between several with {% if %}.',
            )
        found.append((name, place, optional))
    return found


_Named: TypeAlias = tuple[str | None, int, bool]
"""A name that a template includes (None for an expression), its line, and whether the file may be missing."""


def _named_in(source: str) -> list[_Named]:
    """Return what a template includes, imports or extends; raises TemplateSyntaxError."""
    found: list[_Named] = []
    line = 0
    try:
        for part in cut(source):
            read = _named_in_part if len(part) <= MOST_KEPT else _named_in_part.__wrapped__
            found += [(name, line + at, optional) for name, at, optional in read(part)]
            line += part.count("\n")
    except TemplateSyntaxError:
        return list(_named_in_part.__wrapped__(source))
    return found


@lru_cache(maxsize=1000)  # somebody types in one part, and the others are as they were
def _named_in_part(source: str) -> tuple[_Named, ...]:
    found: list[_Named] = []
    including = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    for node in environment().parse(source).find_all(including):
        named = node.template  # type: ignore[attr-defined]
        name = named.value if isinstance(named, nodes.Const) and isinstance(named.value, str) else None
        optional = isinstance(node, nodes.Include) and node.ignore_missing
        found.append((name, node.lineno, optional))
    return tuple(found)


def _read(tree: Tree, path: str, place: Place | None, what: str, files: dict[str, bytes]) -> str:
    try:
        raw = tree.read(path)
    except FileNotFoundError:
        near = did_you_mean(path, tree.paths(posixpath.dirname(path) or PROMPTS))
        raise _MissingFileError(
            f"{what} names {path}, which does not exist", place=place, hint=near
        ) from None
    files[path] = raw
    return decode(raw, path)


def _read_beside(tree: Tree, prompt: Prompt, relative: str, key: str, files: dict[str, bytes]) -> str:
    place = prompt.places.get(key, Place(prompt.path))
    path = confined(posixpath.dirname(prompt.path), relative, "")
    if path is None:
        raise PromptError(f"the path {relative} of “{key}” leaves the project", place=place)
    return _read(tree, path, place, f"“{key}”", files)


def _read_examples(tree: Tree, prompt: Prompt, files: dict[str, bytes]) -> tuple[Example, ...]:
    place = prompt.places.get("examples", Place(prompt.path))
    if prompt.examples is None:
        return ()
    if not isinstance(prompt.examples, str):
        return tuple(
            _example(example, prompt.places.get(f"examples.{index}", place))
            for index, example in enumerate(prompt.examples)
        )
    text = _read_beside(tree, prompt, prompt.examples, "examples", files)
    path = next(reversed(files))
    if path.endswith(".jsonl"):
        return tuple(
            _example(read_json(line, path, number, error=PromptError).value, Place(path, number))
            for number, line in enumerate(text.split("\n"), start=1)
            if line.strip()
        )
    document = read(text, path, error=PromptError)
    if not isinstance(document.value, list):
        raise PromptError("a file of examples must hold a list", place=document.place())
    return tuple(_example(item, document.place((index,))) for index, item in enumerate(document.value))


def _example(value: Value, place: Place) -> Example:
    check_example(value, place)
    output = value["output"]
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    return Example({name: item for name, item in value.items() if name != "output"}, text, place)


def _hash(
    prompt: Prompt, partials: Mapping[str, str], documents: Mapping[str, str], examples: tuple[Example, ...]
) -> str:
    deciding = {
        "template": prompt.template,
        "partials": dict(partials),
        "documents": dict(documents),
        "examples": [[example.inputs, example.output] for example in examples],
        "inputs": {
            name: [declared.kind, declared.required, declared.default]
            for name, declared in prompt.inputs.items()
        },
        "schema": prompt.schema,
    }
    canonical = json.dumps(deciding, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
