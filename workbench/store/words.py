"""Words that a person types: a query of full-text search, and marks on what it found."""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from dataclasses import dataclass

from workbench.store.rows import storable

OPENED, CLOSED = "\x02", "\x03"
"""What stands before and after a hit in a snippet; in what a snippet is of they are blanked."""

_BEFORE, _LONGEST = 40, 160
"""Characters of a snippet before its first hit, and all in all."""

_TYPED = re.compile(r'"([^"]*)"?(\*?)|([^\s"]+)')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class _Term:
    """Words that stand side by side, as they were typed; of the last one the beginning where ``prefix``."""

    text: str
    prefix: bool

    @property
    def query(self) -> str:
        return f'"{self.text}"{"*" if self.prefix else ""}'

    @property
    def pattern(self) -> str:
        words = map(re.escape, _WORD.findall(_folded(self.text)))
        return r"(?<![^\W_])" + r"[\W_]+".join(words) + (r"[^\W_]*" if self.prefix else r"(?![^\W_])")


class Words:
    """Words that all have to occur, ``"phrases in quotes"``, and beginnings: ``refund*``.

    Nothing that is typed is an operator. Case and accents make no difference.
    """

    def __init__(self, typed: str) -> None:
        clean = storable(typed).replace("\0", " ")
        self._typed = bool(typed.strip())
        self._terms = tuple(term for term in map(_term, _TYPED.finditer(clean)) if _WORD.search(term.text))
        self._pattern = re.compile("|".join(term.pattern for term in self._terms))

    @property
    def typed(self) -> bool:
        """Whether anything was typed at all, be it a word or not."""
        return self._typed

    @property
    def query(self) -> str:
        """The query in the language of FTS5, empty where nothing that was typed is a word."""
        return " ".join(term.query for term in self._terms)

    @property
    def prefix(self) -> bool:
        """Whether any of them is but the beginning of a word."""
        return any(term.prefix for term in self._terms)

    def hit(self, text: str) -> bool:
        """Return whether any of the words is in the text."""
        return bool(self._terms) and self._pattern.search(_folded(text)) is not None

    def snippet(self, text: str) -> str:
        """Return what is around the first hit, on one line, each hit between OPENED and CLOSED.

        Where there is no hit it is the beginning of the text.
        """
        folded = _folded(text)
        first = self._pattern.search(folded) if self._terms else None
        start = max(0, first.start() - _BEFORE) if first else 0
        end = start + _LONGEST
        pieces, done = ["…" if start else ""], start
        for hit in self._pattern.finditer(folded, start) if first else ():
            if hit.start() >= end or done >= end:
                break
            pieces += [_blanked(text[done : hit.start()]), OPENED]
            done = min(hit.end(), hit.start() + _LONGEST)
            pieces += [_blanked(text[hit.start() : done]), CLOSED]
        pieces += [_blanked(text[done:end]), "…" if max(done, end) < len(text) else ""]
        return " ".join("".join(pieces).split())


def plain_context(messages: str) -> str:
    """Return the text of a context that is kept as JSON: what its messages say, one after the other.

    The index was given exactly this, and gives it up by this alone: to change it takes a migration.
    """
    return "\n".join(message.get("content") or "" for message in json.loads(messages))


def _term(typed: re.Match[str]) -> _Term:
    phrase, starred, word = typed.groups()
    if phrase is not None:
        return _Term(phrase, bool(starred))
    return _Term(word.rstrip("*"), word.endswith("*"))


def _blanked(text: str) -> str:
    return text.replace(OPENED, " ").replace(CLOSED, " ")


def _folded(text: str) -> str:
    """Return the text in lower case and without accents, each letter where it was."""
    return text.lower() if text.isascii() else "".join(map(_folded_letter, text))


@functools.lru_cache(4096)
def _folded_letter(letter: str) -> str:
    apart = unicodedata.normalize("NFD", letter)
    lower = (apart[0] if all(map(unicodedata.combining, apart[1:])) else letter).lower()
    return lower if len(lower) == 1 else letter
