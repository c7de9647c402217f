"""The text of an answer, while it arrives and afterwards; only the rows in sight are drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Focus, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.answer_rows import MarkdownRows, Rows, Said, TextRows, rows_of

AT_ONCE = 500
"""Characters that are rendered as Markdown at once, in some 3 ms; more are, in a thread, a moment later."""

WRAPPED_AT_ONCE = 20_000
"""Characters that are cut into rows at once, in some 7 ms at worst; more are, in a thread, a moment later."""

BESIDE = " "
"""Stands on either side of the text; drawn with it, so that a row that stays is not drawn again."""


class AnswerView(TellsFailures, ScrollView, can_focus=True, inherit_bindings=False):
    """Shows one answer. Where it grows, its end stays in sight until someone scrolls."""

    DEFAULT_CSS = """
    AnswerView {
        height: 1fr; background: transparent; overflow-x: hidden; scrollbar-gutter: stable;
    }
    AnswerView > .answer--quiet { color: $text-muted; }
    AnswerView > .answer--error { color: $text-error; }
    AnswerView > .answer--warning { color: $text-warning; }
    AnswerView > .answer--removed { color: $text-error; text-style: strike; }
    AnswerView > .answer--added { color: $text-success; text-style: bold underline; }
    AnswerView > .answer--differs { color: $text-accent; text-style: bold underline; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "answer--quiet",
        "answer--error",
        "answer--warning",
        "answer--removed",
        "answer--added",
        "answer--differs",
    }
    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("down", "scroll_rows(1)", show=False),
        Binding("up", "scroll_rows(-1)", show=False),
        Binding("pagedown,space", "scroll_page(1)", show=False),
        Binding("pageup", "scroll_page(-1)", show=False),
        Binding("home,g", "scroll_to_end(-1)", show=False),
        Binding("end,G", "scroll_to_end(1)", show=False),
    ]

    class Scrolled(Message):
        """Someone scrolled this answer, to the row ``top``."""

        def __init__(self, view: AnswerView, top: int) -> None:
            super().__init__()
            self.view = view
            self.top = top

    class Focused(Message):
        """This answer got the focus."""

        def __init__(self, view: AnswerView) -> None:
            super().__init__()
            self.view = view

    def __init__(self) -> None:
        super().__init__()
        self._said = Said("")
        self._rows: Rows = TextRows.of(self._said, 1)
        self._laid_out_at = 0
        self._in_thread: Said | None = None
        """What is being laid out in a thread."""
        self._drawn: dict[int, Strip] = {}
        self._drawn_in: tuple[int, Style] | None = None
        self._measured = 0
        self._at_end = False
        self._by_itself = False

    @property
    def text(self) -> str:
        """What is shown, as text."""
        return self._said.text

    def show(self, said: Said, *, anew: bool) -> None:
        """Show what is said; from its beginning where it is of another cell than before (``anew``)."""
        if said == self._said and not anew:
            return
        if anew or said.growing != self._said.growing:
            # At its end a text stays where it is: someone reads there.
            self._at_end = said.growing
        self._said = said
        self._lay_out(0 if anew else None)

    def follow(self, top: int) -> None:
        """Scroll to a row because another answer was scrolled there."""
        self._at_end = False
        with self._moving_by_itself():
            self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def action_scroll_rows(self, by: int) -> None:
        """Scroll by rows."""
        self.scroll_to(y=self.scroll_offset.y + by, animate=False, force=True, immediate=True)

    def action_scroll_page(self, by: int) -> None:
        """Scroll by as many rows as are in sight."""
        self.action_scroll_rows(by * max(1, self.scrollable_content_region.height - 1))

    def action_scroll_to_end(self, which: int) -> None:
        """Scroll to the beginning, or to the end, which then stays in sight while the text grows."""
        self.scroll_to(y=0 if which < 0 else len(self._rows), animate=False, force=True, immediate=True)
        self._at_end = which > 0 and self._said.growing

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say that it was scrolled, unless it did so by itself."""
        super().watch_scroll_y(old_value, new_value)
        if not self._by_itself and round(old_value) != round(new_value):
            self._at_end = False
            self.post_message(self.Scrolled(self, round(new_value)))

    def on_focus(self, event: Focus) -> None:
        """Say so."""
        self.post_message(self.Focused(self))

    def on_resize(self, event: Resize) -> None:
        """Wrap anew at the new width."""
        if self.scrollable_content_region.width != self._laid_out_at:
            self._lay_out(None)

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        at, width, base = y + self.scroll_offset.y, self.scrollable_content_region.width, self.rich_style
        if at >= len(self._rows):
            return Strip.blank(width, base)
        if self._drawn_in != (width, base):
            self._drawn_in = width, base
            self._drawn.clear()
        if at not in self._drawn:
            pieces = [(BESIDE, ""), *self._rows.pieces(at)]
            strip = Strip([Segment(text, base + self._style(style)) for text, style in pieces])
            self._drawn[at] = strip.adjust_cell_length(width, base)
        return self._drawn[at]

    def _style(self, style: str | Style) -> Style:
        if isinstance(style, Style):
            return style
        # Not partial: quiet colours are shades of what lies behind them.
        return self.get_component_rich_style(f"answer--{style}") if style else Style()

    def _lay_out(self, top: int | None) -> None:
        at_width, self._laid_out_at = self._laid_out_at, self.scrollable_content_region.width
        width = self._laid_out_at - 2 * len(BESIDE)
        same = top is None and at_width == self._laid_out_at
        if same and self._in_thread is not None and _goes_on(self._in_thread, self._said):
            return  # once that is done, the rest comes after it
        self.workers.cancel_group(self, "rows")
        self._in_thread = None
        if width <= 0:
            return
        if self._said.is_marked_up and len(self._said.text) <= AT_ONCE:
            self._take(MarkdownRows.of(self._said, width), top)
            return
        before, said = self._rows, self._said
        known = 0
        if isinstance(before, TextRows) and at_width == self._laid_out_at and _goes_on(before.said, said):
            known = len(before.said.text)
        at_once = len(said.text) - known <= WRAPPED_AT_ONCE
        if at_once:
            self._take(TextRows.of(said, width, before), top, before)
        elif top is not None:
            self._take(TextRows.of(said.beginning(WRAPPED_AT_ONCE), width), top)
        if said.is_marked_up or not at_once:
            self._in_thread = said
            self._lay_out_slowly(said, width, self._laid_out_at)

    @in_background(exclusive=True, group="rows")
    async def _lay_out_slowly(self, said: Said, width: int, laid_out_at: int) -> None:
        rows = await asyncio.to_thread(rows_of, said, width)
        if self._in_thread is not said or laid_out_at != self._laid_out_at:
            return
        self._in_thread = None
        self._take(rows, None)
        if said != self._said:
            self._lay_out(None)

    def _take(self, rows: Rows, top: int | None, before: Rows | None = None) -> None:
        """Show rows; of a text that only grew, what stood above its old end is not drawn again."""
        self._rows = rows
        height = self.scrollable_content_region.height
        here = self.scroll_offset.y
        most = max(0, len(rows) - height)
        wanted = most if self._at_end else min(here if top is None else top, most)
        with self._moving_by_itself():
            self._measure(Size(self._laid_out_at, len(rows)), height)
            if wanted != here:
                self.scroll_to(y=wanted, animate=False, force=True, immediate=True)
        if before is None or not _grew(before, rows):
            self._drawn.clear()
            self.refresh()
            return
        old = max(0, len(before) - 1)
        for at in [at for at in self._drawn if at >= old or at < wanted]:
            del self._drawn[at]
        first = max(0, old - here) if wanted == here else 0
        self.refresh(Region(0, first, self.size.width, max(1, height - first)))

    def _measure(self, size: Size, height: int) -> None:
        """Say how large it is; while it grows once a screenful, for that lays out all of the screen."""
        known = self.virtual_size.height
        grows = self._said.growing and known < size.height and size.width == self.virtual_size.width
        if grows and (size.height <= height or height < size.height < self._measured + height):
            self.set_reactive(AnswerView.virtual_size, size)
            return
        self._measured = size.height
        if size == self.virtual_size:
            self.refresh(layout=True)
        self.virtual_size = size

    @contextmanager
    def _moving_by_itself(self) -> Iterator[None]:
        before, self._by_itself = self._by_itself, True
        try:
            yield
        finally:
            self._by_itself = before


def _goes_on(before: Said, said: Said) -> bool:
    """Return whether what is said is what was said before and more, but for its cursor, or the same."""
    return said.text.startswith(before.text[:-1]) and said.markdown == before.markdown


def _grew(before: Rows, rows: Rows) -> bool:
    """Return whether rows are those of the text before and more, but for its cursor."""
    if not (isinstance(before, TextRows) and isinstance(rows, TextRows)):
        return False
    old, new = before.said, rows.said
    return (
        before.wrapped.width == rows.wrapped.width
        and old.growing
        and old.parts[:1] != ()
        and new.text.startswith(old.text[: old.parts[0][0]])
        and old.parts[0][1] == new.parts[0][1] == ""
    )
