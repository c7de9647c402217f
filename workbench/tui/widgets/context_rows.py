"""The rows of a context as they are drawn: tinted by origin, with its letter and what changed beside them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from rich.segment import Segment as Piece
from rich.style import Style
from textual.events import Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.bench.shown import inert
from workbench.context.changes import NO_CHANGES, Changes
from workbench.context.messages import Context, Origin
from workbench.models.tokens import TokenCount
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.layout import GUTTER, LEAST, LETTERS, TAB, Layout, Row, wrapped
from workbench.tui.widgets.pointed_list import ARROW

AT_ONCE = 200_000
"""Characters that are laid out at once, in some 10 ms; a larger context is laid out in a thread."""

BAR = "│"
"""Stands before the rows of the segment under the cursor, except the one that the arrow points at."""


@dataclass(frozen=True)
class Pointed:
    """What the cursor is on: a segment by its number in its message, and the character there."""

    message: int
    segment: int
    offset: int


class ContextRows(TellsFailures, ScrollView):
    """Shows a context. Only the rows in sight are drawn, so that its size does not matter.

    A place in it is a message by its number and a character of its content.
    """

    DEFAULT_CSS = """
    ContextRows > .context--cursor { background: $foreground 12%; }
    """
    COMPONENT_CLASSES = {"context--cursor"}  # noqa: RUF012 - Textual's type

    class Moved(Message):
        """The cursor is on another segment, or what it is on changed."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Layout | None = None
        self._asked: Context | None = None
        self._changes = NO_CHANGES
        self._count: TokenCount | None = None
        self._fresh = True
        self._dimmed = False
        self._instead = ""
        self._why: list[str] = []
        self._drawn: dict[int, Strip] = {}
        self._at = (0, 0)
        self._change: int | None = None
        """The row of the change gone to last: the cursor cannot rest on what was removed."""
        self._waiting_for: tuple[tuple[object, ...], int] | None = None

    @property
    def fresh(self) -> bool:
        """Whether what is counted is what is on screen."""
        return self._fresh

    @property
    def dimmed(self) -> bool:
        """Whether the counts are dimmed, because they are not right and have not been for a while."""
        return self._dimmed

    @property
    def context(self) -> Context | None:
        """The context whose rows are on screen, to which every place in them belongs."""
        return self._rows.context if self._rows is not None else None

    @property
    def pointed(self) -> Pointed | None:
        """What the cursor is on, None where there is nothing."""
        layout = self._rows
        if layout is None:
            return None
        message, offset = self._at
        if message >= len(layout.context.segments) or not layout.context.segments[message]:
            return None
        return Pointed(message, layout.segment_at(message, offset), offset)

    def show(
        self,
        context: Context,
        count: TokenCount | None,
        *,
        fresh: bool = True,
        changes: Changes = NO_CHANGES,
    ) -> None:
        """Show a context, its tokens, and what changed in it; what is in sight stays in its place.

        Counts that are not ``fresh`` are those of an earlier text.
        """
        self._asked, self._changes, self._count, self._fresh = context, changes, count, fresh
        self._dimmed = self._dimmed and not fresh
        self._lay_out()

    def show_none(self, why: str) -> None:
        """Show no context, and say why."""
        self._asked, self._rows, self._count, self._instead = None, None, None, why
        self._change = None
        self._lay_out()

    def mark_stale(self) -> None:
        """Take note that what is counted is no longer what is on screen."""
        self._fresh = False

    def dim(self) -> None:
        """Dim the counts until they are right again."""
        self._dimmed = True
        self._draw_anew()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew at the new width."""
        self._drawn.clear()
        self._lay_out()

    def _lay_out(self) -> None:
        width, context = self.scrollable_content_region.width, self._asked
        if not width:
            return
        if context is None:
            self._why = list(wrapped(inert(self._instead), max(LEAST, width - GUTTER)))
            self._fit(len(self._why))
        elif sum(len(message.content) for message in context.messages) <= AT_ONCE or (
            self._rows is not None
            and (self._rows.context.messages, self._rows.width) == (context.messages, width)
        ):
            self._take(Layout.of(context, width, self._changes, self._rows))
        elif self._waiting_for is None or self._waiting_for != (context.messages, width):
            self._waiting_for = context.messages, width
            self._lay_out_slowly(context, width)

    @in_background(exclusive=True, group="layout")
    async def _lay_out_slowly(self, context: Context, width: int) -> None:
        """Lay out in a thread; the last layout stays until then."""
        wanted = context.messages, width
        try:
            layout = await asyncio.to_thread(Layout.of, context, width, self._changes, self._rows)
        finally:
            if self._waiting_for == wanted:  # and not already for another
                self._waiting_for = None
        asked = self._asked
        if asked is not None and asked.messages == context.messages:
            self._take(replace(layout, context=asked, changes=self._changes))

    def _take(self, layout: Layout) -> None:
        """Show a layout so that the first row in sight stays there, as far as it can."""
        before, self._rows, self._change = self._rows, layout, None
        top = self.scroll_offset.y
        if before is not None and len(before):
            message, offset = self._at
            self._at = layout.carried(before, message, max(offset, 0))
            if top:
                row = before.row(min(top, len(before) - 1))
                message, offset = layout.carried(before, row.message, -1 if row.heading else row.start)
                top = layout.row_at(message, offset)
        self._fit(len(layout), top)
        self.post_message(self.Moved())

    def _fit(self, rows: int, top: int = 0) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, rows)
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True, immediate=True)
        self._draw_anew()

    def _draw_anew(self) -> None:
        """Draw the rows in sight that are not what they were; most stay as they are when one types."""
        width = self.scrollable_content_region.width
        for y in range(self.scrollable_content_region.height):
            if self._drawn.get(y) != (strip := self._row_strip(y)):
                self._drawn[y] = strip
                self.refresh(Region(0, y, width, 1))

    # -- how it is drawn ------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        strip = self._drawn[y] = self._row_strip(y)
        return strip

    def _row_strip(self, y: int) -> Strip:
        index, width, base = y + self.scroll_offset.y, self.scrollable_content_region.width, self.rich_style
        layout = self._rows
        if layout is None:
            text = f"{' ' * GUTTER}{self._why[index]}" if index < len(self._why) else ""
            return Strip([Piece(text, base + Style(dim=True))]).adjust_cell_length(width, base)
        if index >= len(layout):
            return Strip.blank(width, base)
        row = layout.row(index)
        if row.heading:
            pieces = self._heading(row, width)
        elif row.removed:
            quiet = Style(dim=True, strike=True)
            pieces = [(f"{row.sign:<{GUTTER}}", Style(bold=True)), (row.text, quiet)]
        else:
            pieces = self._text(row, self.pointed if self.has_focus else None, index)
        return Strip([Piece(text, base + style) for text, style in pieces]).adjust_cell_length(width, base)

    def _heading(self, row: Row, width: int) -> list[tuple[str, Style]]:
        count = self._count
        known = count is not None and row.message < len(count.messages)
        tokens = f"{count.messages[row.message]:,}" if known and count else ""
        text = f"{row.sign if row.sign.strip() else ''}{row.text} "
        gap = max(1, width - len(text) - len(tokens) - 2)
        return [
            (text, Style(bold=True)),
            ("─" * gap, Style(dim=True)),
            (f" {tokens} ", Style(dim=self._dimmed)),
        ]

    def _text(self, row: Row, cursor: Pointed | None, index: int) -> list[tuple[str, Style]]:
        mine = cursor is not None and cursor.message == row.message
        chosen = {number for _, _, number in row.stretches if mine and cursor and number == cursor.segment}
        mark = " "
        if chosen and self._rows is not None:
            mark = ARROW if index == self._rows.row_at(*self._at) else BAR
        pieces = [
            (row.sign, Style(bold=True)),
            (f"{row.letters[:LETTERS]:<{LETTERS}}", Style(dim=not chosen, bold=bool(chosen))),
            (mark, Style(bold=True)),
        ]
        start = 0
        for end, origin, number in row.stretches:
            style = Style(color=self._tint(origin))
            if number in chosen:
                style += self._cursor_style + Style(underline=len(row.stretches) > 1 or None)
            pieces.append((row.text[start:end].replace("\t", " " * TAB), style))
            start = end
        pieces.append((row.text[start:].replace("\t", " " * TAB), Style(dim=True)))
        return pieces

    @property
    def _cursor_style(self) -> Style:
        return Style(bgcolor=self.get_component_rich_style("context--cursor").bgcolor)

    def _tint(self, origin: Origin) -> str | None:
        """Return the colour of an origin, or None in a theme that names none."""
        return self.app.theme_variables.get(f"origin-{origin.value}")
