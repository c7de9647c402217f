"""An answer in rows of a given width: as it was written, with some stretches marked, or as Markdown."""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from rich.theme import Theme

from workbench.bench.shown import inert
from workbench.tui.widgets.layout import LEAST, TAB, Wrapped, wrap

MOST_MARKDOWN = 100_000
"""Characters of an answer that are rendered as Markdown; a longer one is shown as it was written."""

_MARKED_UP = re.compile(r"[*_`#|~<\[]|^ {0,3}(?:[-+>=]|\d+[.)] )|^(?: {4}|\t)|&\w+;|\\[^\w\s]", re.MULTILINE)
"""What any Markdown needs to look different from plain text."""

_STYLES = Theme(
    {
        "markdown.code": Style(bold=True),
        "markdown.code_block": Style(),
        "markdown.item.bullet": Style(bold=True),
        "markdown.item.number": Style(bold=True),
        "markdown.block_quote": Style(italic=True),
        "markdown.hr": Style(dim=True),
        "markdown.s": Style(strike=True),
        "markdown.table.header": Style(bold=True),
        "markdown.table.border": Style(dim=True),
    }
)
"""Without colours, which belong to states and not to what a model emphasises."""


class Rows(Protocol):
    """Rows on screen."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def pieces(self, at: int) -> Sequence[tuple[str, str | Style]]:
        """Return the pieces of a row, each with its style or the name of one."""
        ...


@dataclass(frozen=True)
class Said:
    """What is to be shown of an answer.

    ``parts`` say where each stretch ends, in characters of the text, and what it is: a style's name, empty
    for plain. ``growing`` says that more is to come.
    """

    text: str
    parts: tuple[tuple[int, str], ...] = ()
    markdown: bool = False
    growing: bool = False

    @classmethod
    def of(cls, *stretches: tuple[str, str]) -> Said:
        """Return stretches of text, each with the name of its style, as one text that cannot act."""
        text, parts = "", []
        for stretch, name in stretches:
            text += inert(stretch)
            parts.append((len(text), name))
        return cls(text, tuple(parts))

    def beginning(self, length: int) -> Said:
        """Return no more than so many characters of it, as they are written."""
        return Said(self.text[:length], self.parts, growing=self.growing)

    @property
    def is_marked_up(self) -> bool:
        """Whether it is to be rendered as Markdown, and would look different then."""
        return self.markdown and len(self.text) <= MOST_MARKDOWN and bool(_MARKED_UP.search(self.text))


@dataclass(frozen=True)
class TextRows:
    """A text as it was written."""

    said: Said
    wrapped: Wrapped

    @classmethod
    def of(cls, said: Said, width: int, before: Rows | None = None) -> TextRows:
        """Return a text in rows; quick where it only grew."""
        known = before.wrapped if isinstance(before, TextRows) else None
        return cls(said, wrap(said.text, max(LEAST, width), known))

    def __len__(self) -> int:
        return len(self.wrapped.starts)

    def pieces(self, at: int) -> Sequence[tuple[str, str | Style]]:
        """Return the stretches of a row."""
        text, start = self.wrapped.row(at), self.wrapped.starts[at]
        found: list[tuple[str, str | Style]] = []
        for end, name in self.said.parts[bisect_right(self.said.parts, start, key=lambda part: part[0]) :]:
            found.append((text[: end - start], name))
            text, start = text[end - start :], end
            if not text:
                break
        if text:
            found.append((text, ""))
        return [(piece.replace("\t", " " * TAB), name) for piece, name in found]


@dataclass(frozen=True)
class MarkdownRows:
    """A text rendered as Markdown."""

    lines: Sequence[Sequence[Segment]]

    @classmethod
    def of(cls, said: Said, width: int) -> MarkdownRows:
        """Return a text in rows. No link can be followed, no HTML is hidden, and lines stay lines."""
        console = Console(
            file=io.StringIO(),
            width=max(LEAST, width),
            theme=_STYLES,
            color_system=None,
            legacy_windows=False,
        )
        return cls(console.render_lines(_Markdown(said.text), pad=False))

    def __len__(self) -> int:
        return len(self.lines)

    def pieces(self, at: int) -> Sequence[tuple[str, str | Style]]:
        """Return the segments of a row."""
        return [(one.text, one.style or Style()) for one in self.lines[at] if not one.control]


class _Heading(Heading):
    """A heading with its marks, so that its level can be seen without a box or a colour."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        self.text.stylize(Style(bold=True))
        yield Text.assemble((f"{'#' * int(self.tag[1:])} ", Style(dim=True)), self.text)


class _CodeBlock(CodeBlock):
    """Code as it is, set in by two columns; highlighting it would load a library for each language."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in str(self.text).rstrip("\n").split("\n"):
            yield Text(f"  {line}", style=Style(bold=True), tab_size=TAB, overflow="fold")


class _Markdown(Markdown):
    elements: ClassVar = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _CodeBlock,
        "code_block": _CodeBlock,
    }

    def __init__(self, text: str) -> None:
        super().__init__("", hyperlinks=False)
        # Without HTML its tags are text: an answer full of XML must not look empty.
        parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
        self.parsed = parser.parse(text)
        for token in self.parsed:
            if token.children:
                token.children = _as_text(token.children)


def _as_text(tokens: Sequence[Token]) -> list[Token]:
    """Return inline tokens with links and pictures as text, with their addresses, and lines as lines."""
    found: list[Token] = []
    addresses: list[str] = []
    for token in tokens:
        if token.type == "link_open":
            addresses.append(str(token.attrs.get("href", "")))
        elif token.type == "link_close":
            address = addresses.pop()
            if not found or found[-1].content != address:
                found.append(Token("text", "", 0, content=f" ({address})"))
        elif token.type == "image":
            found.append(Token("text", "", 0, content=f"[{token.content}] ({token.attrs.get('src', '')})"))
        elif token.type == "softbreak":
            found.append(Token("hardbreak", "br", 0))
        else:
            found.append(token)
    return found


def rows_of(said: Said, width: int, before: Rows | None = None) -> Rows:
    """Return the rows of an answer at a width."""
    return MarkdownRows.of(said, width) if said.is_marked_up else TextRows.of(said, width, before)
