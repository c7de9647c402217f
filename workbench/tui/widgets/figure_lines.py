"""The figures below an answer, in as many lines as they take; none is cut in two where it fits a line."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from workbench.tui.widgets.layout import wrapped

BETWEEN = " · "
"""Stands between two figures."""

MORE = "…"
"""Stands at the end where there is no room for all of them."""


class FigureLines(Widget):
    """Shows figures that stand in one line, with a sign between them."""

    def __init__(self) -> None:
        super().__init__(classes="figures")
        self._line = ""

    @property
    def line(self) -> str:
        """What it shows, as one line."""
        return self._line

    def show(self, line: str) -> None:
        """Show other figures."""
        if line != self._line:
            self._line = line
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines they take."""
        return len(packed(self._line, width))

    def render(self) -> Content:
        """Draw them."""
        lines, height = packed(self._line, self.size.width), self.size.height
        if len(lines) > height > 0:
            last = lines[height - 1]
            room = self.size.width - len(MORE)
            lines = [*lines[: height - 1], f"{last if cell_len(last) <= room else last[:room]}{MORE}"]
        return Content("\n".join(lines))


def packed(line: str, width: int) -> list[str]:
    """Return figures in lines of a width, each broken between two of them where that is possible."""
    lines: list[str] = []
    for figure in line.split(BETWEEN) if width > 0 else ():
        joined = f"{lines[-1]}{BETWEEN}{figure}" if lines else figure
        if cell_len(joined) <= width:
            lines[-1:] = [joined]
        else:
            lines += [piece.rstrip() for piece in wrapped(figure, width)]
    return lines
