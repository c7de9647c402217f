"""From pieces of output to messages whose every stretch knows where it comes from."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from workbench.context.messages import Message, Segment
from workbench.context.origins import Reads, Source
from workbench.context.pieces import Piece, Tag
from workbench.errors import Place
from workbench.project.yaml import Value
from workbench.prompts.format import ROLES


@dataclass
class Building:
    """A message while it grows. One that no role line opened is ``implicit``."""

    role: str
    implicit: bool = False
    written: list[tuple[int, Place]] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _starts: list[tuple[int, Source, Place]] = field(default_factory=list)
    _length: int = 0

    def append(self, text: str, source: Source, place: Place, *, is_text: bool = False) -> None:
        """Add a stretch; ``is_text`` says that its lines were written one after the other, from ``place``."""
        if not text:
            return
        start, self._length = self._length, self._length + len(text)
        self._parts.append(text)
        if not self._starts or self._starts[-1][1] != source:
            self._starts.append((start, source, place))
        self.written.append((start, place))
        if not is_text and source[0].is_own and "\n" in text:
            # Counting on over the lines would be wrong here: each begins where the expression is.
            self.written += [(start + newline.end(), place) for newline in re.finditer(r"\n(?!\Z)", text)]

    @property
    def content(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    def close(self) -> None:
        """Drop the newlines at the end, and the stretches that were nothing else."""
        content = self.content.rstrip("\r\n")
        self._parts, self._length = [content], len(content)
        for stretches in (self._starts, self.written):
            del stretches[bisect_left(stretches, self._length, key=itemgetter(0)) :]

    def message(self) -> Message:
        """Return the message as it is sent."""
        return Message(self.role, self.content)

    def segments(self, source_of: Callable[[Source, Place], Place | None]) -> tuple[Segment, ...]:
        """Return the segments, which cover the content without gap or overlap."""
        ends = [*(start for start, _, _ in self._starts), self._length][1:]
        return tuple(
            Segment(*source, start, end, place, source_of(source, place))
            for (start, source, place), end in zip(self._starts, ends, strict=True)
        )


class Builder:
    """Turns pieces of output into messages.

    ``marker`` finds what stands in place of a role line, or of one of ``turns``, the conversations to place
    by their names, and holds its number. ``source_of`` gives the source of what reads these names in a
    template; ``place_of`` the place of a line of a template.
    """

    def __init__(
        self,
        marker: re.Pattern[str],
        turns: Sequence[tuple[Source, Value]],
        source_of: Callable[[str, Reads], Source],
        place_of: Callable[[str, int], Place],
    ) -> None:
        self._marker = marker
        self._turns = turns
        self._source_of = source_of
        self._place_of = place_of
        self._sources: dict[tuple[str, Reads], Source] = {}
        self._messages: list[Building] = []
        self._current = Building("user", implicit=True)
        self._tag: Tag | None = None

    def add(self, piece: str) -> None:
        """Take the next piece; one without a tag of its own belongs to the tag before it."""
        if isinstance(piece, Piece):
            self._tag = piece.tag
        at = 0
        for found in self._marker.finditer(piece):
            self._text(piece, at, found.start())
            self._open(int(found[1]), self._place(piece, found.start()))
            at = found.end()
        self._text(piece, at, len(piece))

    def finished(self) -> list[Building]:
        """Return the messages, at least one."""
        self._close()
        return self._messages or [self._current]

    def _text(self, piece: str, start: int, end: int) -> None:
        if start == end:
            return
        tag = self._tag
        assert tag is not None  # whatever yields text of its own has an empty piece before it
        key = tag.template, tag.reads  # thousands of tags read the same few names
        source = self._sources.get(key)
        if source is None:
            source = self._sources[key] = self._source_of(*key)
        self._current.append(piece[start:end], source, self._place(piece, start), is_text=tag.is_text)

    def _place(self, piece: str, at: int) -> Place:
        tag = self._tag
        assert tag is not None
        return self._place_of(tag.template, tag.line + (piece.count("\n", 0, at) if tag.is_text else 0))

    def _open(self, index: int, place: Place) -> None:
        self._close()
        if index < len(ROLES):
            self._current = Building(ROLES[index])
            return
        source, turns = self._turns[index - len(ROLES)]
        for turn in turns:
            message = Building(turn["role"])
            message.append(turn["content"], source, place)
            self._messages.append(message)
        self._current = Building("user", implicit=True)

    def _close(self) -> None:
        self._current.close()
        if not self._current.implicit or self._current.content.strip():
            self._messages.append(self._current)
