"""The parts of a context as a tree: what each costs, in columns that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment as Piece
from rich.style import Style
from textual.binding import Binding
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from workbench.bench.breakdown import Part
from workbench.bench.figures import price
from workbench.bench.shown import NOTHING, bar, inert, one_line, percent
from workbench.models.model import Model
from workbench.tui.background import TellsFailures
from workbench.tui.widgets.folding import FoldingTree
from workbench.tui.widgets.pointed_list import ARROW

TOKENS, BAR, SHARE, COST = 11, 9, 8, 12
"""Columns that figures take, with the gap before them."""

PLACE, WITH_PLACE = 34, 104
"""Columns that the place of a part takes, on a screen that has at least so many."""

LEAST = 8
"""Columns that must be free beside a label for its text to be begun there."""


@dataclass(frozen=True)
class Line:
    """A part on a line of the tree, so deep in it."""

    part: Part
    depth: int


class PartTree(TellsFailures, FoldingTree[Line]):
    """Shows the parts below a whole. Only the lines in sight are drawn, of however many."""

    BINDINGS = [Binding("enter", "choose", show=False)]  # noqa: RUF012 - Textual's type
    HEADING = 1
    COMPONENT_CLASSES = {"part-tree--cursor", "part-tree--heading"}  # noqa: RUF012 - Textual's type
    DEFAULT_CSS = """
    PartTree {
        background: transparent; overflow-x: hidden; scrollbar-gutter: stable;
        & > .part-tree--cursor { background: $foreground 12%; text-style: bold; }
        & > .part-tree--heading { color: $text-muted; }
    }
    """

    class Chosen(Message):
        """A part is to be looked at where it was written."""

        def __init__(self, part: Part) -> None:
            super().__init__()
            self.part = part

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._whole: Part | None = None
        self._heading = ""
        self._excerpt: Callable[[Part], str] = lambda _: ""
        self._model: Model | None = None
        self._by_cost = False
        self._folded: set[int] = set()

    def show(
        self,
        whole: Part,
        heading: str,
        *,
        model: Model,
        by_cost: bool = False,
        excerpt: Callable[[Part], str] = lambda _: "",
        start: Part | None = None,
    ) -> None:
        """Show what a whole is made of, in the order of sending or what is most expensive first.

        ``heading`` stands over it; ``model`` is the one that it costs, ``excerpt`` how a part begins. The
        cursor stays on its part where the whole is the same one, and else begins on ``start``.
        """
        here = self.part if whole is self._whole else start
        if whole is not self._whole:
            self._folded = set()
        self._whole, self._heading, self._excerpt = whole, heading, excerpt
        self._model, self._by_cost = model, by_cost
        self._lay_out(here)

    @property
    def part(self) -> Part | None:
        """The part under the cursor, or None where there is nothing."""
        line = self._line
        return None if line is None else line.part

    def action_choose(self) -> None:
        """Ask for the part under the cursor, where it was written."""
        if self.part is not None:
            self.post_message(self.Chosen(self.part))

    def on_click(self, event: Click) -> None:
        """Put the cursor on what is clicked on; a second click is Enter."""
        at = self._line_at(event)
        if at is not None:
            again = at == self._cursor
            self._move_to(at)
            if again:
                self.action_choose()

    def render_line(self, y: int) -> Strip:
        """Draw the heading, or one line."""
        width, base = self.scrollable_content_region.width, self.rich_style
        if y < self.HEADING:
            style = base + self.get_component_rich_style("part-tree--heading", partial=True)
            return Strip([Piece(_headings(self._heading, width), style)]).adjust_cell_length(width, style)
        at = y - self.HEADING + self.scroll_offset.y
        if at >= len(self._lines):
            return Strip.blank(width, base)
        here = at == self._cursor
        if here:
            base += self.get_component_rich_style("part-tree--cursor", partial=True)
        pieces = [(ARROW if here else " ", Style()), *self._pieces(self._lines[at], width)]
        return Strip([Piece(text, base + style) for text, style in pieces]).adjust_cell_length(width, base)

    def _pieces(self, line: Line, width: int) -> Iterator[tuple[str, Style]]:
        """Yield the text of a line with its styles: the fold and the letter, the label, and the figures."""
        part, strong = line.part, Style(bold=bool(line.part.children))
        letter = part.origin.letter if part.origin is not None else ""
        lead = f"{'  ' * line.depth}{self._mark(line)} " + (f"{letter} " if line.depth or letter else "")
        tint = (
            self.app.theme_variables.get(f"origin-{part.origin.value}") if part.origin is not None else None
        )
        room = max(0, _label_room(width) - cell_len(lead))
        label = called(part)
        rest = max(0, room - cell_len(label) - 2)
        yield lead, strong
        yield cut(label, room - rest), strong + Style(color=tint)
        yield cut(one_line(self._excerpt(part), rest) if rest > LEAST else "", rest), Style(dim=True)
        if width >= WITH_PLACE:
            place = "" if part.place is None else inert(str(part.place))
            yield f"  {cut(place, PLACE - 2, from_end=True)}", Style(dim=True)
        yield f"{NOTHING if part.tokens is None else f'{part.tokens:,}':>{TOKENS}}", Style()
        yield f" {bar(part.share, BAR - 1)}", Style(dim=part.share is None)
        yield f"{percent(part.share, 1):>{SHARE}}", Style()
        yield f"{price(self._model, part.cost) if self._model else NOTHING:>{COST}}", Style()

    def _is_folded(self, line: Line) -> bool | None:
        return id(line.part) in self._folded if line.part.children else None

    def _fold(self, line: Line) -> None:
        self._folded ^= {id(line.part)}
        self._lay_out(line.part)

    def _lay_out(self, stay: Part | None) -> None:
        """Lay the lines out anew, with the cursor on a part where it is among them."""
        self._lines = []
        if self._whole is not None:
            _add_lines(self._lines, self._whole, self._folded, self._by_cost, 0)
        at = next((at for at, line in enumerate(self._lines) if line.part is stay), 0)
        self._measure()
        self._move_to(at)


def _add_lines(lines: list[Line], whole: Part, folded: Collection[int], by_cost: bool, depth: int) -> None:
    parts = sorted(whole.children, key=lambda part: -(part.tokens or 0)) if by_cost else whole.children
    for part in parts:
        lines.append(Line(part, depth))
        if id(part) not in folded:
            _add_lines(lines, part, folded, by_cost, depth + 1)


def _label_room(width: int) -> int:
    return max(8, width - len(ARROW) - TOKENS - BAR - SHARE - COST - (PLACE if width >= WITH_PLACE else 0))


def _headings(heading: str, width: int) -> str:
    place = f"  {'written in':<{PLACE - 2}}" if width >= WITH_PLACE else ""
    figures = f"{'tokens':>{TOKENS}}{'share':>{BAR + SHARE}}{'input':>{COST}}"
    return f" {cut(heading, _label_room(width))}{place}{figures}"


def called(part: Part) -> str:
    """Return what a part is called: a segment by what it is and its name, such as ``input review``."""
    label = inert(part.label).replace("\n", "␊")
    kind = part.origin.value if part.origin is not None else label
    return label if label.startswith(kind) else f"{kind} {label}"


def cut(text: str, width: int, *, from_end: bool = False) -> str:
    """Return a text in so many cells: where it is longer, its beginning, or with ``from_end`` its end."""
    width = max(0, width)
    if cell_len(text) <= width or not width:
        return set_cell_size(text, width)
    if not from_end:
        return set_cell_size(f"{set_cell_size(text, width - 1).rstrip()}…", width)
    while cell_len(text) >= width:
        text = text[1:]
    return set_cell_size(f"…{text}", width)
