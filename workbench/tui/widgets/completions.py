"""The words that are offered while one types: what is drawn over the text, near the cursor."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.strip import Strip

from workbench.bench.shown import one_line
from workbench.prompts.language.completing import Asked

MAX_ROWS = 8
"""How many words are seen at once."""

MIN_WIDTH, MAX_WIDTH = 14, 48


@dataclass(frozen=True)
class Completions:
    """Words on offer for a place of the text, one of them chosen; ``at`` is where the cursor then was."""

    asked: Asked
    words: tuple[str, ...]
    at: tuple[int, int]
    chosen: int = 0

    @property
    def word(self) -> str:
        """The word that is chosen."""
        return self.words[self.chosen]

    def region(self, cursor: Offset, size: Size) -> Region:
        """Return where the words are drawn in a view of a size, given where the cursor is in it.

        It is below the cursor's line, or above it where there is more room, and never on it.
        """
        below, above = size.height - cursor.y - 1, cursor.y
        wanted = min(MAX_ROWS, len(self.words))
        height = min(wanted, max(below, above))
        y = cursor.y + 1 if below >= min(wanted, above) else cursor.y - min(height, above)
        longest = max(len(word) for word in self.words) + len(self.asked.kind) + 4
        width = max(0, min(max(MIN_WIDTH, longest), MAX_WIDTH, size.width))
        x = max(0, min(cursor.x - len(self.asked.prefix) - 1, size.width - width))
        return Region(x, y, width, height)

    def row(self, number: int, region: Region, styles: tuple[Style, Style]) -> Strip:
        """Draw one row; the second of the two styles is that of the chosen word, which has a mark as well."""
        index = self.first(region.height) + number
        chosen = index == self.chosen
        mark, kind = "▸" if chosen else " ", str(self.asked.kind) if chosen else ""
        room = region.width - len(kind) - 2
        word = set_cell_size(one_line(self.words[index], max(1, room)), room)
        return Strip([Segment(f"{mark}{word}{kind} ", styles[chosen])]).adjust_cell_length(
            region.width, styles[chosen]
        )

    def first(self, height: int) -> int:
        """Return the number of the first word in sight."""
        return max(0, min(self.chosen - height // 2, len(self.words) - height))
