"""The versions of a prompt under each other. It fills while it is read, and what is highlighted stays put."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.bench.entries import Entry
from workbench.bench.shown import age, change, one_line, win_rate
from workbench.tui.commands import bindings_for
from workbench.tui.widgets.pointed_list import ARROW

AGE, TOKENS, WON, RESULTS = 6, 8, 11, 8
"""Columns that figures take."""

LABEL = 14

DOT = "●"


class VersionList(ScrollView, can_focus=True):
    """A row a version: an arrow highlights, a dot marks, ``!`` is broken. Only rows in sight are drawn."""

    DEFAULT_CSS = """
    VersionList { height: 1fr; background: transparent; overflow-x: hidden; }
    VersionList > .versions--cursor { background: $foreground 12%; text-style: bold; }
    VersionList > .versions--heading { color: $text-muted; }
    VersionList > .versions--quiet { color: $text-muted; }
    VersionList > .versions--trouble { color: $text-warning; }
    """
    COMPONENT_CLASSES = {  # noqa: RUF012 - Textual's type
        "versions--cursor",
        "versions--heading",
        "versions--quiet",
        "versions--trouble",
    }
    BINDINGS = bindings_for("history", "versions")

    class Highlighted(Message):
        """Another version is highlighted."""

    class Chosen(Message):
        """A version was clicked that was highlighted already."""

    def __init__(self, now: Callable[[], str], *, id: str) -> None:
        super().__init__(id=id)
        self._now = now
        self._entries: tuple[Entry, ...] = ()
        self._at = 0
        self._marked: frozenset[str] = frozenset()

    @property
    def highlighted(self) -> int | None:
        """The place of the highlighted version, None where there are none."""
        return self._at if self._entries else None

    def show(self, entries: Sequence[Entry], marked: Sequence[str]) -> None:
        """Show versions; the one that was highlighted still is, and on the same row of the screen."""
        before = self._entries[self._at].target if self._entries else None
        targets = [entry.target for entry in entries]
        place = targets.index(before) if before in targets else min(self._at, max(0, len(entries) - 1))
        moved = place - self._at
        self._entries, self._marked, self._at = tuple(entries), frozenset(marked), place
        self.virtual_size = Size(self.scrollable_content_region.width, len(entries) + 1)
        if moved and self.scroll_offset.y:
            self.scroll_to(y=self.scroll_offset.y + moved, animate=False, force=True)
        self.refresh()

    def move(self, by: int) -> None:
        """Move the highlight."""
        self.go_to(self._at + by)

    def go_to(self, place: int) -> None:
        """Highlight the version at a place, and bring it into sight."""
        place = min(max(place, 0), len(self._entries) - 1)
        if not self._entries or place == self._at:
            return
        self._at = place
        height, top = max(1, self.scrollable_content_region.height - 1), self.scroll_offset.y
        if place < top or place >= top + height:
            self.scroll_to(y=place if place < top else place - height + 1, animate=False, force=True)
        self.refresh()
        self.post_message(self.Highlighted())

    def in_sight(self) -> list[str]:
        """Return the targets of the versions on screen."""
        top = self.scroll_offset.y
        return [entry.target for entry in self._entries[top : top + self.scrollable_content_region.height]]

    def on_resize(self, event: Resize) -> None:
        """Draw at the new width."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._entries) + 1)

    def on_click(self, event: Click) -> None:
        """Highlight the version that is clicked, or choose it."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < 1:
            return
        place = offset.y - 1 + self.scroll_offset.y
        if place == self._at:
            self.post_message(self.Chosen())
        else:
            self.go_to(place)

    def render_line(self, y: int) -> Strip:
        """Draw one row; the first is the heading, and stays."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        if y == 0:
            cells = heading(width)
            return self._strip([(text, "heading") for text in cells], width, base)
        place = y - 1 + self.scroll_offset.y
        if place >= len(self._entries):
            return Strip.blank(width, base)
        entry = self._entries[place]
        if place == self._at:
            base += self._style("cursor")
        mark = f"{ARROW if place == self._at else ' '}{DOT if entry.target in self._marked else ' '}"
        label, subject, *figures = cells_of(entry, self._now(), width)
        kind = "trouble" if entry.trouble else "quiet" if entry.commit is None else ""
        pieces = [(mark, ""), (label, ""), (subject, kind), *((figure, "") for figure in figures)]
        return self._strip(pieces, width, base)

    def _strip(self, pieces: Sequence[tuple[str, str]], width: int, base: Style) -> Strip:
        segments = [Segment(text, base + self._style(kind) if kind else base) for text, kind in pieces]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, name: str) -> Style:
        """Return a style; of all but the highlight its colour alone, so that this shows behind it."""
        style = self.get_component_rich_style(f"versions--{name}")
        return style if name == "cursor" else Style(color=style.color)


def heading(width: int) -> list[str]:
    """Return the heading over the columns, as wide as they are."""
    return ["  ", *_laid(("version", "subject", "age", "tokens", "won", "results"), width)]


def cells_of(entry: Entry, now: str, width: int) -> list[str]:
    """Return a version's label, subject and figures, padded to their columns."""
    subject = entry.subject or ("not committed" if entry.dirty else "run, never committed")
    if entry.trouble:
        subject = f"! {subject}" if entry.version else f"! broken: {subject}"
    figures = (
        age(entry.date, now) if entry.date else "",
        tokens_of(entry),
        win_rate(entry.win_rate) if entry.win_rate else "",
        str(entry.results) if entry.results else "",
    )
    return _laid((entry.label, subject, *figures), width)


def tokens_of(entry: Entry) -> str:
    """Return the change in tokens; the tokens themselves of the first version; what is not known yet as …."""
    if entry.delta is not None:
        return change(entry.delta)
    if entry.tokens is not None:
        return f"{entry.tokens:,} t"
    return "–" if entry.counted else "…"


def _laid(cells: tuple[str, str, str, str, str, str], width: int) -> list[str]:
    label, subject, *figures = cells
    room = max(8, width - 2 - LABEL - AGE - TOKENS - WON - RESULTS - 1)
    text = one_line(subject, room - 1)
    return [
        set_cell_size(one_line(label, LABEL - 1), LABEL),
        set_cell_size(text, room),
        *(
            " " * max(0, size - cell_len(figure)) + figure
            for figure, size in zip(figures, (AGE, TOKENS, WON, RESULTS), strict=True)
        ),
    ]
