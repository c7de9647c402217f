"""The parts of a context as a tree: what each costs, in columns that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment as Piece
from rich.style import Style
from textual.binding import Binding
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.bench.breakdown import Part
from workbench.bench.figures import price
from workbench.bench.shown import NOTHING, bar, inert, one_line, percent
from workbench.models.model import Model
from workbench.tui.background import TellsFailures

TOKENS, BAR, SHARE, COST = 11, 9, 8, 12
"""Columns that figures take, with the gap before them."""

PLACE, WITH_PLACE = 34, 104
"""Columns that the place of a part takes, on a screen that has at least so many."""

LEAST = 8
"""Columns that must be free beside a label for its text to be begun there."""

ARROW, OPEN, CLOSED, LEAF = "\u203a", "▾", "▸", " "


@dataclass(frozen=True)
class Line:
    """A part on a line of the tree, so deep in it."""

    part: Part
    depth: int
    parent: int | None


class PartTree(TellsFailures, ScrollView, can_focus=True):
    """Shows the parts below a whole. Only the lines in sight are drawn, of however many."""

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
        Binding("enter", "choose", show=False),
    ]
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
        self._lines: list[Line] = []
        self._cursor = 0

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
        self._arrange(here)

    @property
    def part(self) -> Part | None:
        """The part under the cursor, or None where there is nothing."""
        return self._lines[self._cursor].part if self._lines else None

    def action_move(self, by: int) -> None:
        """Move the cursor by so many lines."""
        self._move_to(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by so many screens."""
        self._move_to(self._cursor + by * max(1, self._height - 1))

    def action_fold(self) -> None:
        """Fold the part under the cursor, or unfold it."""
        part = self.part
        if part is not None and part.children:
            self._folded ^= {id(part)}
            self._arrange(part)

    def action_unfold(self) -> None:
        """Unfold the part under the cursor, or step into it."""
        part = self.part
        if part is not None and id(part) in self._folded:
            self.action_fold()
        elif part is not None and part.children:
            self.action_move(1)

    def action_fold_up(self) -> None:
        """Fold the part under the cursor, or go to the one around it."""
        part = self.part
        if part is None:
            return
        parent = self._lines[self._cursor].parent
        if part.children and id(part) not in self._folded:
            self.action_fold()
        elif parent is not None:
            self._move_to(parent)

    def action_choose(self) -> None:
        """Ask for the part under the cursor, where it was written."""
        if self.part is not None:
            self.post_message(self.Chosen(self.part))

    def on_click(self, event: Click) -> None:
        """Put the cursor on what is clicked on; a second click is Enter."""
        offset = event.get_content_offset(self)
        at = offset.y - 1 + self.scroll_offset.y if offset is not None and offset.y else len(self._lines)
        if at < len(self._lines):
            again = at == self._cursor
            self._move_to(at)
            if again:
                self.action_choose()

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in sight."""
        self._measure()
        self._move_to(self._cursor)

    def render_line(self, y: int) -> Strip:
        """Draw the heading, or one line."""
        width, base = self.scrollable_content_region.width, self.rich_style
        if y == 0:
            style = base + self.get_component_rich_style("part-tree--heading", partial=True)
            return Strip([Piece(_headings(self._heading, width), style)]).adjust_cell_length(width, style)
        at = y - 1 + self.scroll_offset.y
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
        fold = (CLOSED if id(part) in self._folded else OPEN) if part.children else LEAF
        letter = part.origin.letter if part.origin is not None else ""
        lead = f"{'  ' * line.depth}{fold} " + (f"{letter} " if line.depth or letter else "")
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

    def _arrange(self, stay: Part | None) -> None:
        """Lay the lines out anew, with the cursor on a part where it is among them."""
        self._lines = []
        if self._whole is not None:
            _add_lines(self._lines, self._whole, self._folded, self._by_cost, 0, None)
        at = next((at for at, line in enumerate(self._lines) if line.part is stay), 0)
        self._measure()
        self._move_to(at)

    def _measure(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._lines) + 1)
        self.refresh()

    def _move_to(self, at: int) -> None:
        self._cursor = max(0, min(at, len(self._lines) - 1))
        top, height = self.scroll_offset.y, self._height
        # Forced, because lines that were just laid out have no scroll bar yet.
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif height and self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, force=True)
        self.refresh()

    @property
    def _height(self) -> int:
        """The lines that there is room for below the heading."""
        return max(0, self.scrollable_content_region.height - 1)


def _add_lines(
    lines: list[Line],
    whole: Part,
    folded: Collection[int],
    by_cost: bool,
    depth: int,
    parent: int | None,
) -> None:
    parts = sorted(whole.children, key=lambda part: -(part.tokens or 0)) if by_cost else whole.children
    for part in parts:
        lines.append(Line(part, depth, parent))
        if id(part) not in folded:
            _add_lines(lines, part, folded, by_cost, depth + 1, len(lines) - 1)


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
