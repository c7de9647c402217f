"""The context as the model receives it, and a cursor that goes from segment to segment."""

from __future__ import annotations

from rich.cells import cell_len
from textual.binding import Binding
from textual.events import Click, Resize
from textual.message import Message

from workbench.context.messages import Context, Origin, Segment
from workbench.tui.commands import bindings_for
from workbench.tui.widgets.context_rows import ContextRows
from workbench.tui.widgets.layout import GUTTER, TAB


def legend(context: Context, room: int = 1_000) -> str:
    """Return what the letters of a context mean, in words as long as there is room for."""
    there = {segment.origin for segments in context.segments for segment in segments}
    for gap, length in (("  ", None), (" ", None), ("  ", 5), (" ", 4), (" ", 3)):
        said = gap.join(f"{one.letter} {one.value[:length]}" for one in Origin if one in there)
        if len(said) <= room:
            return said
    return " ".join(one.letter for one in Origin if one in there)[:room]


class ContextView(ContextRows, can_focus=True):
    """Shows a context, and while it has the focus a cursor in it."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        *bindings_for("bench", "context"),
        Binding("j,down", "move_row(1)", show=False),
        Binding("k,up", "move_row(-1)", show=False),
        Binding("pagedown", "move_page(1)", show=False),
        Binding("pageup", "move_page(-1)", show=False),
        Binding("l,right", "move_segment(1)", show=False),
        Binding("h,left", "move_segment(-1)", show=False),
        Binding("g,home", "move_to_end(-1)", show=False),
        Binding("G,end", "move_to_end(1)", show=False),
    ]

    class Chosen(Message):
        """A segment was clicked twice."""

    @property
    def segment(self) -> Segment | None:
        """The segment under the cursor."""
        at, layout = self.pointed, self._rows
        return layout.context.segments[at.message][at.segment] if at and layout else None

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in sight where there is less room now, as when a line comes up below."""
        if self.has_focus and self._rows is not None and len(self._rows):
            self._see(self._rows.row_at(*self._at))

    def on_focus(self) -> None:
        """Show the cursor, where it can be seen."""
        layout = self._rows
        if layout is not None and len(layout):
            top, height = self.scroll_offset.y, self.scrollable_content_region.height
            if not top <= layout.row_at(*self._at) < top + height:
                self._go_to_row(top, 1)
        self._pointed_elsewhere()

    def on_blur(self) -> None:
        """Show no cursor."""
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Put the cursor on the segment that is clicked; a second click chooses it."""
        offset, layout = event.get_content_offset(self), self._rows
        if offset is None or layout is None:
            return
        index = offset.y + self.scroll_offset.y
        row = layout.row(index) if index < len(layout) else None
        if row is not None and row.stretches:
            self._at = row.message, row.start + _character(row.text, offset.x - GUTTER)
            self._change = None
            self._pointed_elsewhere()
            if event.chain == 2:
                self.post_message(self.Chosen())

    def action_move_row(self, by: int) -> None:
        """Move to the next row of text, or the one before."""
        layout = self._rows
        if layout is not None and len(layout):
            self._go_to_row(layout.row_at(*self._at) + by, by)

    def action_move_page(self, by: int) -> None:
        """Move by as many rows as are in sight."""
        layout = self._rows
        if layout is not None and len(layout):
            rows = by * max(1, self.scrollable_content_region.height - 1)
            row = min(max(layout.row_at(*self._at) + rows, 0), len(layout) - 1)
            self.scroll_to(y=self.scroll_offset.y + rows, animate=False, force=True, immediate=True)
            self._go_to_row(row, -1 if row == len(layout) - 1 else 1)

    def action_move_to_end(self, which: int) -> None:
        """Move to the beginning of the context, or to its end."""
        layout = self._rows
        if layout is not None and len(layout):
            self.scroll_to(y=0 if which < 0 else len(layout), animate=False, force=True, immediate=True)
            self._go_to_row(0 if which < 0 else len(layout) - 1, -which)

    def action_move_segment(self, by: int) -> None:
        """Move to the next segment, or to the beginning of this one, or of the one before."""
        at, layout = self.pointed, self._rows
        if at is None or layout is None:
            return self.action_move_row(by)
        segments = layout.context.segments[at.message]
        if by < 0 and at.offset > segments[at.segment].start:
            return self._go_to(at.message, segments[at.segment].start)
        if 0 <= at.segment + by < len(segments):
            return self._go_to(at.message, segments[at.segment + by].start)
        message = at.message + by
        while 0 <= message < len(layout.context.segments):
            if there := layout.context.segments[message]:
                return self._go_to(message, there[0 if by > 0 else -1].start)
            message += by
        return None

    def move_to_change(self, by: int) -> bool:
        """Move to the next passage that changed, or to the one before; returns False where there is none."""
        layout = self._rows
        changed = layout.changed_rows() if layout is not None else []
        if layout is None or not changed:
            return False
        here = self._change if self._change is not None else layout.row_at(*self._at)
        ahead = [row for row in changed if (row > here if by > 0 else row < here)]
        # After the last comes the first.
        target = (ahead or changed)[0 if by > 0 else -1]
        self._go_to_row(target, by)
        self._see(target)
        self._change = target
        return True

    def _go_to_row(self, index: int, by: int) -> None:
        """Go to a row, or to the next one in a direction that has text."""
        layout = self._rows
        assert layout is not None, "there are no rows"
        while 0 <= index < len(layout):
            row = layout.row(index)
            if not (row.heading or row.removed):
                return self._go_to(row.message, row.start)
            index += 1 if by > 0 else -1
        return self._see(min(max(index, 0), len(layout) - 1))

    def _go_to(self, message: int, offset: int) -> None:
        layout = self._rows
        assert layout is not None, "there are no rows"
        self._at = message, offset
        self._change = None
        index = layout.row_at(message, offset)
        self._see(index - 1 if index and layout.row(index - 1).heading else index)
        self._see(index)
        self._pointed_elsewhere()

    def _see(self, index: int) -> None:
        """Bring a row into sight."""
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if index < top:
            self.scroll_to(y=index, animate=False, force=True, immediate=True)
        elif index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False, force=True, immediate=True)

    def _pointed_elsewhere(self) -> None:
        self.refresh()
        self.post_message(self.Moved())


def _character(text: str, column: int) -> int:
    """Return which character of a row is drawn at a column."""
    used = 0
    for at, character in enumerate(text):
        used += TAB if character == "\t" else cell_len(character)
        if used > column:
            return at
    return max(0, len(text) - 1)
