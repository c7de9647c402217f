"""The words in which a line of a prompt file is described: stretches of it, and the state it begins in."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a stretch of a line is."""

    ROLE = "role"
    ESCAPE = "escape"
    FENCE = "fence"
    KEY = "key"
    VALUE = "value"
    STRING = "string"
    NUMBER = "number"
    COMMENT = "comment"
    PUNCTUATION = "punctuation"
    DELIMITER = "delimiter"
    KEYWORD = "keyword"
    NAME = "name"
    FILTER = "filter"
    HEADING = "heading"
    EMPHASIS = "emphasis"
    STRONG = "strong"
    CODE = "code"
    LIST = "list"
    QUOTE = "quote"
    LINK = "link"
    TAG = "tag"


class Stretch(NamedTuple):
    """Characters of a line from ``start`` up to ``end``; a later stretch lies over an earlier one."""

    start: int
    end: int
    kind: Kind


class Region(StrEnum):
    """The part of a file that a line belongs to."""

    START = "start"
    FRONT = "front matter"
    BODY = "body"


class State(NamedTuple):
    """What is open where a line begins.

    ``listing`` is the fence of a code listing; ``closes`` what ends the Jinja2 that is open: ``}}``, ``%}``,
    ``#}``, or ``endraw``; ``quote`` the quote of a text that goes on; ``depth`` how many brackets are open;
    ``block`` the indentation of the key whose block of text goes on, or -1.
    """

    region: Region
    listing: str = ""
    closes: str = ""
    quote: str = ""
    depth: int = 0
    block: int = -1


START = State(Region.START)
"""Before the first line of a prompt."""

BODY = State(Region.BODY)
"""In a template, with nothing open: where a partial begins."""

FRONT = State(Region.FRONT)
"""In front matter, with nothing open."""
