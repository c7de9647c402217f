"""What can be written at a place of a prompt: inputs, filters, partials, models, keys and paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from workbench.project.switches import CODES
from workbench.prompts.format import KEYS
from workbench.prompts.language.outline import Path, Word, named, word_at, words_of
from workbench.prompts.language.stretches import Kind, Region, State
from workbench.prompts.language.syntax import Source, lex
from workbench.prompts.template import environment

MAX_CANDIDATES = 50
"""How many candidates are offered at most."""

STATEMENTS = (
    *("if", "elif", "else", "endif", "for", "endfor", "set", "endset", "include", "import", "from", "raw"),
    *("endraw", "macro", "endmacro", "call", "endcall", "filter", "endfilter", "with", "endwith"),
)


class Wanted(StrEnum):
    """What kind of word a place asks for."""

    INPUT = "input"
    DOCUMENT = "document"
    FILTER = "filter"
    TEST = "test"
    STATEMENT = "statement"
    PARTIAL = "partial"
    MODEL = "model"
    KEY = "key"
    PARAM = "param"
    CHOICE = "choice"
    FILE = "file"


@dataclass(frozen=True)
class Asked:
    """What a place asks for.

    ``prefix`` is what is already there, from column ``start`` (from 0) on; ``known`` are the words that the
    format itself allows; ``after`` follows a word that is taken. ``eager`` says that the place is so plainly
    begun, as by ``|``, that words are worth offering before a letter is typed.
    """

    kind: Wanted
    prefix: str
    start: int
    known: tuple[str, ...] = ()
    after: str = ""
    eager: bool = False


@dataclass(frozen=True)
class Words:
    """What there is to be written; ``files`` are paths as they would be written in this prompt."""

    inputs: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    partials: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    params: tuple[str, ...] = ("max_tokens", "seed", "stop", "temperature", "top_p")
    files: tuple[str, ...] = ()
    filters: tuple[str, ...] = field(default_factory=lambda: tuple(sorted(environment().filters)))
    tests: tuple[str, ...] = field(
        default_factory=lambda: tuple(sorted(test for test in environment().tests if test.isidentifier()))
    )


def asked_at(lines: Sequence[str], row: int, column: int, state: State | None = None) -> Asked | None:
    """Return what the place at a row and a column, both from 0, asks for; None where it is plain text.

    ``state`` is the one that the row begins in, worked out where it is not known.
    """
    if state is None:
        source = Source()
        source.update(lines)
        state = source.state(row)
    if state.region is Region.FRONT:
        word = word_at(lines, row, column, state)
        return _in_front_matter(lines, word, lines[row][column:]) if word else None
    return _in_template(lines[row][:column], state)


def candidates(asked: Asked, words: Words, lines: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the words that fit what a place asks for, the best first.

    Inputs and documents that the front matter of ``lines`` declares count as well.
    """
    if asked.kind in (Wanted.INPUT, Wanted.DOCUMENT):
        declared = words_of(lines)
        documents = (*words.documents, *named(declared, "documents"))
        inputs = (*words.inputs, *named(declared, "inputs"))
        of_kind: tuple[str, ...] = documents
        if asked.kind is Wanted.INPUT:
            of_kind = (*inputs, *(("documents",) if documents else ()), "examples")
    else:
        of_kind = {
            Wanted.FILTER: words.filters,
            Wanted.TEST: words.tests,
            Wanted.STATEMENT: STATEMENTS,
            Wanted.PARTIAL: words.partials,
            Wanted.MODEL: words.models,
            Wanted.PARAM: words.params,
            Wanted.FILE: words.files,
        }.get(asked.kind, ())
    return ranked(asked.prefix, (*asked.known, *of_kind))[:MAX_CANDIDATES]


def ranked(prefix: str, words: Iterable[str]) -> tuple[str, ...]:
    """Return the words that hold the letters of a prefix in order, the closest first."""
    sought = prefix.lower()
    scored = []
    for order, word in enumerate(dict.fromkeys(words)):
        place = word.lower().find(sought)
        if place < 0:
            rest = iter(word.lower())
            if not all(letter in rest for letter in sought):
                continue
        begins = place == 0 or (place > 0 and not word[place - 1].isalnum())
        scored.append((0 if place == 0 else 1 if begins else 2 if place > 0 else 3, order, word))
    return tuple(word for _, _, word in sorted(scored))


_NAMED_FILE = re.compile(r"\b(?:include|import|from|extends)\s+(?:\[[^\]]*)?(?P<quote>[\"'])([^\"']*)$")
_DOCUMENT_KEY = re.compile(r"\bdocuments\s*\[\s*[\"']([^\"']*)$")
_DOCUMENT = re.compile(r"\bdocuments\s*\.\s*(\w*)$")
_ATTRIBUTE = re.compile(r"[\w\])]\s*\.\s*\w*$|\d\w*$")
_FILTER = re.compile(r"\|\s*(\w*)$")
_TEST = re.compile(r"\bis\s+(?:not\s+)?(\w*)$")
_STATEMENT = re.compile(r"^\s*(\w*)$")
_NAME = re.compile(r"(\w*)$")


def _in_template(line: str, state: State) -> Asked | None:
    """Return what the end of a line in a template asks for."""
    found, after = lex(line, state)
    if after.closes not in ("}}", "%}"):
        return None
    begun = max((stretch.end for stretch in found if stretch.kind is Kind.DELIMITER), default=0)
    code, fresh = line[begun:], begun > 0
    if after.quote:
        return _last(Wanted.PARTIAL, _NAMED_FILE, line, code, eager=True) or _last(
            Wanted.DOCUMENT, _DOCUMENT_KEY, line, code, eager=True
        )
    if fresh and after.closes == "%}" and (statement := _last(Wanted.STATEMENT, _STATEMENT, line, code)):
        return statement
    for kind, pattern, eager in (
        (Wanted.DOCUMENT, _DOCUMENT, True),
        (None, _ATTRIBUTE, False),
        (Wanted.FILTER, _FILTER, True),
        (Wanted.TEST, _TEST, True),
        (Wanted.INPUT, _NAME, fresh and not code.strip() and after.closes == "}}"),
    ):
        if pattern.search(code):
            return _last(kind, pattern, line, code, eager=eager) if kind else None
    return None


def _last(
    kind: Wanted, pattern: re.Pattern[str], line: str, code: str, *, eager: bool = False
) -> Asked | None:
    match = pattern.search(code)
    if match is None:
        return None
    prefix = match[match.lastindex or 0]
    return Asked(kind, prefix, len(line) - len(prefix), eager=eager)


def _in_front_matter(lines: Sequence[str], word: Word, rest: str) -> Asked | None:
    asked = Asked(Wanted.KEY, word.text, word.start)
    colon = "" if rest.lstrip().startswith(":") else ": "
    match word.key, word.path:
        case _, ("models", *_):
            return replace(asked, kind=Wanted.MODEL)
        case False, ("documents", _) | ("examples",):
            return replace(asked, kind=Wanted.FILE)
        case False, ("inputs", _, "kind") | ("findings", _):
            known = ("value", "turns") if word.path[0] == "inputs" else ("on", "off")
            return replace(asked, kind=Wanted.CHOICE, known=known)
        case True, ("params",):
            return replace(asked, kind=Wanted.PARAM, after=colon)
        case True, path if keys := _keys(lines, path):
            return replace(asked, known=keys, after=colon)
    return None


def _keys(lines: Sequence[str], path: Path) -> tuple[str, ...]:
    """Return the keys that the format allows below a path, without those that are there already."""
    declared = words_of(lines)
    there = {word.text for word in declared if word.key and word.path == (*path, word.text)}
    allowed: tuple[str, ...] = ()
    match path:
        case ():
            allowed = KEYS
        case ("inputs", _):
            allowed = ("description", "default", "kind")
        case ("output",):
            allowed = ("schema",)
        case ("findings",):
            allowed = tuple(CODES)
        case ("examples", int()):
            allowed = (*named(declared, "inputs"), "output")
    return tuple(key for key in allowed if key not in there)
