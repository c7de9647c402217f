"""What changed between two texts, in one column or side by side; only the rows in sight are drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.bench.shown import inert
from workbench.context.diff import Kind
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.diff_layout import (
    DIVIDER,
    SPLIT_WIDTH,
    Compared,
    Drawn,
    Found,
    Part,
    half,
    lay_out_diff,
)


class DiffView(TellsFailures, ScrollView, can_focus=True):
    """Shows diffs. Removed is ``-`` and added ``+``; changed words are underlined, so colour is no need."""

    DEFAULT_CSS = """
    DiffView { height: 1fr; background: transparent; scrollbar-gutter: stable; }
    DiffView > .diff--removed { color: $text-error; }
    DiffView > .diff--added { color: $text-success; }
    DiffView > .diff--removed-word { color: $text-error; background: $error-muted; }
    DiffView > .diff--added-word { color: $text-success; background: $success-muted; }
    DiffView > .diff--removed-word, DiffView > .diff--added-word { text-style: bold underline; }
    DiffView > .diff--heading { color: $text-accent; }
    DiffView > .diff--gutter { color: $text-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "diff--removed",
        "diff--added",
        "diff--removed-word",
        "diff--added-word",
        "diff--heading",
        "diff--gutter",
    }
    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("d", "toggle_split", "side by side", show=False),
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
    ]

    def __init__(self, *, id: str | None = None, same: str = "No differences.") -> None:
        """``same`` is what is said where the texts are equal."""
        super().__init__(id=id)
        self.split = False
        self._same = same
        self._found: Found = ()
        self._message = ""
        self._drawn: list[Drawn] = []

    def show(self, before: str, after: str, *, titles: tuple[str, str] = ("before", "after")) -> None:
        """Show the difference between two texts."""
        self.show_all([Compared(before, after, titles)])

    def show_all(self, compared: Sequence[Compared], *, note: str = "") -> None:
        """Show the differences of several pairs of texts under each other; ``note`` stands below them all.

        What is on screen stays until they are there.
        """
        self._compare(compared, note)

    def say(self, message: str) -> None:
        """Show a message in place of a diff."""
        self.workers.cancel_group(self, "compare")
        self._found, self._message = (), message
        self.scroll_home(animate=False)
        self._lay_out()

    @property
    def is_split(self) -> bool:
        """Whether the texts stand side by side: asked for, and wide enough."""
        return self.split and self.scrollable_content_region.width >= SPLIT_WIDTH

    def action_toggle_split(self) -> None:
        """Show the texts side by side, or in one column again; side by side needs 100 columns."""
        self.show_split(not self.split)

    def show_split(self, split: bool) -> None:
        """Show the texts side by side where there is room, or in one column."""
        self.split = split
        self._lay_out()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew at the new width."""
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        base = self.rich_style
        if index >= len(self._drawn):
            return Strip.blank(width, base)
        row = self._drawn[index]
        if not row.parts:
            pieces = [Segment(row.heading, base + self._style("heading") + Style(bold=row.strong))]
            return Strip(pieces).adjust_cell_length(width, base)
        if len(row.parts) == 1:
            return self._part(row.parts[0], width, base)
        side = half(width)
        divider = Strip([Segment(DIVIDER, base + self._style("gutter"))])
        strips = [self._part(part, side, base) for part in row.parts]
        return Strip.join([strips[0], divider, strips[1]]).adjust_cell_length(width, base)

    @in_background(exclusive=True, group="compare")
    async def _compare(self, compared: Sequence[Compared], note: str) -> None:
        self._take(await asyncio.to_thread(lambda: [(one, one.hunks()) for one in compared]), note)

    def _take(self, found: Found, note: str) -> None:
        self._found = found
        same = "" if any(parts for _, parts in found) else self._same
        self._message = "\n".join(filter(None, (same, note)))
        self.scroll_home(animate=False)
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width:
            self._drawn = lay_out_diff(self._found, width, split=self.is_split)
            lines = inert(self._message).split("\n") if self._message else []
            gap = [Drawn()] if self._drawn and lines else []
            self._drawn += [*gap, *(Drawn(heading=line) for line in lines)]
            self.virtual_size = Size(width, len(self._drawn))
        self.refresh()

    def _part(self, part: Part | None, width: int, base: Style) -> Strip:
        if part is None:
            return Strip.blank(width, base)
        name = {Kind.REMOVED: "removed", Kind.ADDED: "added"}.get(part.kind)
        segments = [Segment(part.gutter, base + self._style(name or "gutter"))]
        for piece in part.pieces:
            style = self._style(f"{name}-word" if piece.word else name) if name else Style()
            segments.append(Segment(piece.text, base + style))
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, name: str) -> Style:
        # Not partial: quiet colours are shades of what lies behind them.
        return self.get_component_rich_style(f"diff--{name}")
