"""The context as the model receives it: every stretch tinted by its origin, and marked with its letter."""

from __future__ import annotations

from rich.segment import Segment as Piece
from rich.style import Style
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.context.messages import Context, Origin
from workbench.models.tokens import TokenCount
from workbench.tui.widgets.layout import GUTTER, TAB, Row, lay_out, wrapped


def legend(context: Context) -> str:
    """Return what the letters of a context mean."""
    there = {segment.origin for segments in context.segments for segment in segments}
    return "  ".join(f"{origin.letter} {origin.value}" for origin in Origin if origin in there)


class ContextView(ScrollView, can_focus=True):
    """Shows a context. Only the rows in sight are drawn, so that its size does not matter."""

    def __init__(self) -> None:
        super().__init__()
        self._shown_context: Context | None = None
        self._count: TokenCount | None = None
        self._fresh = True
        self._rows: list[Row] = []
        self._instead = ""

    def show(self, context: Context, count: TokenCount | None, *, fresh: bool = True) -> None:
        """Show a context and its tokens; counts that are not ``fresh`` are dimmed."""
        self._shown_context, self._count, self._fresh = context, count, fresh
        self._lay_out()

    def show_none(self, why: str) -> None:
        """Show no context, and say why."""
        self._shown_context, self._count, self._instead = None, None, why
        self._lay_out()

    def mark_stale(self) -> None:
        """Dim the counts, because they are about to change."""
        self._fresh = False
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew at the new width."""
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        base = self.rich_style
        if index >= len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[index]
        pieces = self._heading(row, width) if row.heading else self._text(row)
        return Strip([Piece(text, base + style) for text, style in pieces]).adjust_cell_length(width, base)

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if self._shown_context is not None and width:
            self._rows = lay_out(self._shown_context, self._count, width)
        elif width:
            self._rows = [Row(text) for text in wrapped(self._instead, max(8, width - GUTTER))]
        self.virtual_size = Size(width, len(self._rows))
        self.refresh()

    def _heading(self, row: Row, width: int) -> list[tuple[str, Style]]:
        tokens = "" if row.tokens is None else f"{row.tokens:,}"
        gap = max(1, width - len(row.text) - len(tokens) - 3)
        return [
            (f"{row.text} ", Style(bold=True)),
            ("─" * gap, Style(dim=True)),
            (f" {tokens} ", Style(dim=not self._fresh)),
        ]

    def _text(self, row: Row) -> list[tuple[str, Style]]:
        pieces = [(f"{row.letters[: GUTTER - 1]:<{GUTTER}}", Style(dim=True))]
        start = 0
        for end, origin in row.stretches:
            pieces.append((row.text[start:end].replace("\t", " " * TAB), Style(color=self._tint(origin))))
            start = end
        pieces.append((row.text[start:], Style(dim=True)))
        return pieces

    def _tint(self, origin: Origin) -> str | None:
        """Return the colour of an origin, or None in a theme that names none."""
        return self.app.theme_variables.get(f"origin-{origin.value}")
