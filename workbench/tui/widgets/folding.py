"""What the trees have alike: lines that fold, and a cursor that goes from line to line and stays in sight."""

from __future__ import annotations

from typing import ClassVar, Generic, Protocol, TypeVar

from textual.binding import Binding
from textual.events import Click, MouseMove, Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView

OPEN, CLOSED, LEAF = "▾", "▸", " "
"""Stand before what is unfolded, what is folded, and what cannot be folded."""


class Deep(Protocol):
    """A line of a tree; ``depth`` is 0 at the top."""

    @property
    def depth(self) -> int:
        """How many others it is in."""


LineType = TypeVar("LineType", bound=Deep)


class FoldingTree(Generic[LineType], ScrollView, can_focus=True):
    """Moves a cursor over lines and folds them. A tree lays its lines out and draws those in sight itself."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("space", "fold", show=False),
        Binding("right,l", "unfold", show=False),
        Binding("left,h", "fold_up", show=False),
    ]
    HEADING: ClassVar[int] = 0
    """Rows above the lines, that stay when these scroll."""

    def __init__(self, *, id: str, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[LineType] = []
        self._cursor = 0

    def _is_folded(self, line: LineType) -> bool | None:
        """Return whether a line is folded, None for one that has nothing in it."""
        raise NotImplementedError

    def _fold(self, line: LineType) -> None:
        """Fold a line that has something in it, or unfold it; the cursor stays on it."""
        raise NotImplementedError

    def _mark(self, line: LineType) -> str:
        """Return what stands before a line, by whether it is folded."""
        folded = self._is_folded(line)
        return LEAF if folded is None else CLOSED if folded else OPEN

    def action_move(self, by: int) -> None:
        """Move the cursor by so many lines."""
        self._move_to(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by so many screens."""
        self._move_to(self._cursor + by * max(1, self._height - 1))

    def action_fold(self) -> None:
        """Fold what is under the cursor, or unfold it."""
        line = self._line
        if line is not None and self._is_folded(line) is not None:
            self._fold(line)

    def action_unfold(self) -> None:
        """Unfold what is under the cursor, or step into it."""
        line = self._line
        folded = None if line is None else self._is_folded(line)
        if folded:
            self.action_fold()
        elif folded is not None:
            self.action_move(1)

    def action_fold_up(self) -> None:
        """Fold what is under the cursor, or go to what is around it."""
        line = self._line
        if line is None:
            return
        above = range(self._cursor - 1, -1, -1)
        if self._is_folded(line) is False:
            self.action_fold()
        elif line.depth:
            self._move_to(next(at for at in above if self._lines[at].depth < line.depth))

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in sight."""
        self._measure()
        self._move_to(self._cursor)

    def _measure(self) -> None:
        """Make room for the lines after they were laid out."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._lines) + self.HEADING)
        self.refresh()

    def _move_to(self, at: int) -> None:
        """Put the cursor on a line, or on the last one before it, and bring it into sight."""
        self._cursor = max(0, min(at, len(self._lines) - 1))
        top, height = self.scroll_offset.y, self._height
        if self._cursor < top:
            self._scroll(self._cursor)
        elif height and self._cursor >= top + height:
            self._scroll(self._cursor - height + 1)
        self.refresh()

    def _scroll(self, top: int) -> None:
        # Forced, because lines that were just laid out have no scroll bar yet.
        self.scroll_to(y=top, animate=False, force=True)

    @property
    def _height(self) -> int:
        """The lines that there is room for."""
        return max(0, self.scrollable_content_region.height - self.HEADING)

    @property
    def _line(self) -> LineType | None:
        """The line under the cursor, None where there is nothing."""
        return self._lines[self._cursor] if self._cursor < len(self._lines) else None

    def _line_at(self, event: Click | MouseMove) -> int | None:
        """Return the line that the mouse is on, None beside them."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self.HEADING:
            return None
        at = offset.y - self.HEADING + self.scroll_offset.y
        return at if at < len(self._lines) else None
