"""Searching and replacing in a text, with a limit on time: no expression that a person types can hang."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TypeAlias

from workbench.errors import UsageError

MAX_MATCHES = 10_000
"""More matches are not looked for: nobody steps through them."""

PATIENCE = 2.0
"""Seconds after which an expression is given up."""

MAX_REPEATS = 100_000
"""Repetitions such as ``{1000}``, multiplied: more could take all memory before any time is up."""

_COUNT = re.compile(r"\{(\d*),?(\d*)\}")

Spot: TypeAlias = tuple[int, int]
"""Row and column, both from 0."""


@dataclass(frozen=True)
class Query:
    """What to look for: plain text, or a regular expression where ``regex`` is set."""

    text: str
    case: bool = False
    word: bool = False
    regex: bool = False


@dataclass(frozen=True)
class Match:
    """A stretch of a text from offset ``start`` up to ``end``, and what it is to be replaced by, if asked."""

    start: int
    end: int
    replacement: str = ""


def find(text: str, query: Query, replacement: str = "", *, limit: int = MAX_MATCHES) -> list[Match]:
    r"""Return the matches of a query, at most ``limit`` of them, in order.

    With a regular expression, ``^`` and ``$`` stand at the ends of lines, and the replacement may name
    groups: ``\1``, ``\g<name>``. Raises UsageError for an expression that is wrong or takes too long. It lets
    other threads go on, and is best called in one of its own.
    """
    if not query.text:
        return []
    if query.regex and _repeats(query.text) > MAX_REPEATS:
        raise UsageError(f"this expression repeats something more than {MAX_REPEATS:,} times")
    # 20 ms to import, and only needed here. Unlike re it gives up in time, and lets other threads go on.
    import regex

    source = query.text if query.regex else regex.escape(query.text, literal_spaces=True)
    source = rf"(?<!\w)(?:{source})(?!\w)" if query.word else source
    try:
        pattern = regex.compile(source, regex.MULTILINE | (0 if query.case else regex.IGNORECASE))
        found = pattern.finditer(text, timeout=PATIENCE, concurrent=True)
        return [_match(match, query, replacement) for match in islice(found, limit)]
    except regex.error as wrong:
        raise UsageError(f"this is not a regular expression: {wrong}") from wrong
    except IndexError as wrong:
        raise UsageError("the replacement names a group that the expression does not have") from wrong
    except TimeoutError as slow:
        raise UsageError(
            f"this expression takes more than {PATIENCE:g} s and was stopped",
            hint="Repetitions of repetitions, such as (a+)+, are slow.",
        ) from slow


def _repeats(expression: str) -> int:
    return math.prod(max(int(least or 1), int(most or 1), 1) for least, most in _COUNT.findall(expression))


def _match(match: re.Match[str], query: Query, replacement: str) -> Match:
    by = match.expand(replacement) if query.regex and replacement else replacement
    return Match(match.start(), match.end(), by)


def replaced(text: str, matches: Iterable[Match]) -> str:
    """Return the text with each of its matches replaced."""
    pieces: list[str] = []
    end = 0
    for match in matches:
        pieces += (text[end : match.start], match.replacement)
        end = match.end
    return "".join((*pieces, text[end:]))


class Lines:
    """Turns offsets in a text into rows and columns."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._starts = [0, *accumulate(len(line) + 1 for line in lines)]

    def spot(self, offset: int) -> Spot:
        """Return the row and column of an offset."""
        row = bisect_right(self._starts, offset) - 1
        return row, offset - self._starts[row]

    def offset(self, spot: Spot) -> int:
        """Return the offset of a row and column."""
        return self._starts[spot[0]] + spot[1]
