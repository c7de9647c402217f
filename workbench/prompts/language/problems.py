"""Everything that is wrong with a prompt file or a partial, each with its place, and not only the first."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from jinja2 import nodes

from workbench.errors import Place, PromptError, did_you_mean, nearest
from workbench.prompts.format import split
from workbench.prompts.language.mending import Mending
from workbench.prompts.language.outline import Word, named, words_of
from workbench.prompts.language.references import includes
from workbench.prompts.language.variables import unknown_names
from workbench.prompts.template import environment
from workbench.prompts.tree import PROMPTS, Tree, confined, decode, prompt_name, prompt_path
from workbench.prompts.version import Version

_ALWAYS_KNOWN = ("documents", "examples", "self")


@dataclass(frozen=True)
class Problem:
    """What is wrong at a place of the file that was asked about; without a column the whole line is meant."""

    place: Place
    message: str
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"


def find_problems(tree: Tree, name: str, given: Collection[str] = ()) -> tuple[Problem, ...]:
    """Return what is wrong with a prompt by its name, or a partial by its path, in the order of its lines.

    ``given`` are inputs that cases give whether the prompt declares them or not. What is wrong in a file that
    it reads is told at the line that names that file. It may read many files and is best called in a thread.
    """
    is_path = name.startswith(f"{PROMPTS}/") and (name.endswith(".md") or "/_" in name)
    path = name if is_path else prompt_path(name)
    try:
        text = decode(tree.read(path), path)
        front = split(text, path)[2] - 1 if prompt_name(path) else 0
    except FileNotFoundError:
        return (Problem(Place(path), "does not exist"),)
    except PromptError as error:
        return (Problem(error.place or Place(path), error.message, error.hint),)
    file = _File(tree, path, text.split("\n"), front)
    mending = Mending(tree, path, file.lines, front)
    version = mending.load()
    found = [file.problem(error) for error in mending.errors]
    if version is not None:
        found += _in_templates(file, version, given, mending.whole)
    return tuple(sorted(dict.fromkeys(found), key=_order))


def _order(problem: Problem) -> tuple[int, int]:
    return problem.place.line or 0, problem.place.column or 0


@dataclass(frozen=True)
class _File:
    """The file that was asked about; its first ``front`` lines are front matter."""

    tree: Tree
    path: str
    lines: list[str]
    front: int

    @property
    def template(self) -> str:
        """What its template is called among those of a version."""
        return self.path if prompt_name(self.path) else self.path.removeprefix(f"{PROMPTS}/")

    def problem(self, error: PromptError) -> Problem:
        """Return an error as a problem of this file."""
        place = error.place or Place(self.path)
        if place.path == self.path:
            about = re.search(r"“([^”]*)”", error.message)
            word = about[1].removeprefix("documents.") if about else None
            return Problem(self.at(place.line, word), error.message, error.hint)
        return Problem(self._naming(place.path), f"{place}: {error.message}", error.hint)

    def at(self, line: int | None, word: str | None = None) -> Place:
        """Return the place of a word in a line, or of the line where it is not in it."""
        text = self.lines[line - 1] if line is not None and line <= len(self.lines) else ""
        match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) if word else None
        return Place(self.path, line, match.start() + 1 if match else None)

    def _naming(self, path: str) -> Place:
        """Return the place that names another file, itself or through partials."""
        folder = posixpath.dirname(self.path)
        for word in words_of(self.lines[: self.front]):
            if _names_a_file(word) and confined(folder, word.text, "") == path:
                return Place(self.path, word.row + 1, word.start + 1)
        template = "\n".join(self.lines[self.front :])
        for start, name in _included(template):
            if self._leads_to(name, path, set()):
                before = template[:start]
                row, column = before.count("\n"), start - (before.rfind("\n") + 1)
                return Place(self.path, self.front + row + 1, column + 1)
        return Place(self.path, 1)

    def _leads_to(self, include: str, path: str, passed: set[str]) -> bool:
        here = confined(PROMPTS, include, PROMPTS)
        if here == path or here is None or here in passed:
            return here == path
        passed.add(here)
        try:
            text = decode(self.tree.read(here), here)
        except (FileNotFoundError, PromptError):
            return False  # which is told as a problem of its own
        return any(self._leads_to(name, path, passed) for _, name in _included(text))


def _included(text: str) -> Iterator[tuple[int, str]]:
    """Yield the names of the files that a template includes, with their offsets."""
    return (named for include in includes(text) for named in include.names)


def _names_a_file(word: Word) -> bool:
    return not word.key and (
        word.path == ("examples",) or (len(word.path) == 2 and word.path[0] == "documents")
    )


def _in_templates(file: _File, version: Version, given: Collection[str], whole: bool) -> Iterable[Problem]:
    """Yield the filters, tests, documents and names in the templates of a version that do not exist."""
    sources = dict(version.partials)
    alone = prompt_name(file.path) is None
    if not alone:
        sources[file.template] = version.prompt.template
    templates = {name: environment().parse(source) for name, source in sources.items()}
    for name, template in templates.items():
        if not alone or name == file.template:
            yield from _unknown_parts(file, name, template)
    if alone or not whole:
        return  # what is known is then hard to say
    words = words_of(file.lines[: file.front])
    documents = {*version.prompt.documents, *named(words, "documents")}
    for name, template in templates.items():
        yield from _unknown_documents(file, name, template, documents)
    # Also those whose declaration is wrong, and told already.
    inputs = {*version.prompt.inputs, *named(words, "inputs")}
    for use in unknown_names(templates, file.template, {*inputs, *_ALWAYS_KNOWN, *environment().globals}):
        place, said = (use.template, use.line, use.name), f"the input “{use.name}” is not declared"
        if use.name not in given:
            yield _told(file, place, said, did_you_mean(use.name, [*inputs, "documents"]))
        elif inputs:
            undeclared = _told(file, place, said, f"Cases give it; declare it under “inputs”: {use.name}")
            yield replace(undeclared, severity="warning")


def _unknown_parts(file: _File, name: str, template: nodes.Template) -> Iterable[Problem]:
    parts: tuple[tuple[type[nodes.Filter | nodes.Test], str, Collection[str]], ...] = (
        (nodes.Filter, "filter", environment().filters),
        (nodes.Test, "test", environment().tests),
    )
    for kind, what, known in parts:
        for node in template.find_all(kind):
            if node.name not in known:
                place = name, node.lineno, str(node.name)
                yield _told(file, place, f"there is no {what} “{node.name}”", _near(node.name, known))


def _near(word: str, known: Collection[str]) -> str | None:
    """Return a hint with the word that was meant; a list of all filters would help nobody."""
    close = nearest(word, known)
    return f"Did you mean “{close}”?" if close else None


def _unknown_documents(
    file: _File, name: str, template: nodes.Template, documents: Collection[str]
) -> Iterable[Problem]:
    for node in template.find_all((nodes.Getattr, nodes.Getitem)):
        assert isinstance(node, nodes.Getattr | nodes.Getitem)
        document = _document_named(node)
        if document is not None and document not in documents:
            place, said = (name, node.lineno, document), f"there is no document “{document}”"
            yield _told(file, place, said, did_you_mean(document, documents))


def _document_named(node: nodes.Getattr | nodes.Getitem) -> str | None:
    if not isinstance(node.node, nodes.Name) or node.node.name != "documents":
        return None
    if isinstance(node, nodes.Getattr):
        return None if hasattr(dict, node.attr) else node.attr  # such as documents.items()
    return node.arg.value if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str) else None


def _told(file: _File, at: tuple[str, int, str], message: str, hint: str | None) -> Problem:
    """Return what is wrong with a word in a line of a template as a problem of the file."""
    template, line, word = at
    if template == file.template:
        return Problem(file.at(line + file.front, word), message, hint)
    return file.problem(PromptError(message, place=Place(f"{PROMPTS}/{template}", line), hint=hint))
