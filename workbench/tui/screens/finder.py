"""The finder: any prompt or partial in a few letters of its name, its description or its text."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from workbench.bench.searching import Entry, Found, Searching, Where, find
from workbench.bench.shown import inert, one_line
from workbench.errors import Place
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.pointed_list import PointedList

LIMIT = 50
"""Results that are listed: who needs more types another letter."""

AT_A_TIME = 100
"""Files that are read before what was found so far is shown."""

ABOVE = 3
"""Lines of the preview above the one that matches."""

WIDEST = 300
"""Characters of a line that the preview shows."""


class Finder(TellsFailures, ModalScreen[Place | None]):
    """Finds a prompt or a partial while one types. Returns its path and a line, or None for Escape."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape", "dismiss(None)", "Close", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's type

    def __init__(self, searching: Searching, items: Sequence[str], query: str = "") -> None:
        """``items`` are the paths of what may be found."""
        super().__init__()
        self._searching = searching
        self._items = items
        self._typed = query
        self._entries: list[Entry] = []
        self._found: list[Found] = []
        self._asked: str | None = None
        self._turn = self._shown_turn = 0

    def compose(self) -> ComposeResult:
        """Compose a field over what is found, with a preview beside it where there is room."""
        with Vertical(classes="dialog finder"):
            yield Label("Find a prompt", classes="dialog-title", markup=False)
            yield Input(self._typed, placeholder="name, description or text")
            with Horizontal():
                yield PointedList(markup=False, compact=True)
                yield Static("", id="finder-preview", markup=False)
            yield Static("", id="finder-count", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Read what there is, and show it as it comes."""
        self.query_one(Input).focus()
        self._read_all()

    def on_resize(self) -> None:
        """Show as much of the file as there is room for."""
        self._preview()

    def action_move(self, by: int) -> None:
        """Move the highlight while the field keeps the focus."""
        options = self.query_one(OptionList)
        if self._found:
            options.highlighted = max(0, min((options.highlighted or 0) + by, len(self._found) - 1))

    @in_background()
    async def _read_all(self) -> None:
        """Read every item, from what is kept where it did not change."""
        entries = self._searching.entries(self._items)
        while batch := await asyncio.to_thread(_some, entries):
            self._entries += batch
            await self._look()

    @on(Input.Changed)
    @in_background(exclusive=True, group="find")
    async def _narrow(self) -> None:
        await self._look()

    async def _look(self) -> None:
        """Show what the words in the field find."""
        query = self.query_one(Input).value
        self._turn = turn = self._turn + 1
        found = await asyncio.to_thread(find, query, tuple(self._entries), LIMIT)
        if self.is_current and turn > self._shown_turn and query == self.query_one(Input).value:
            self._shown_turn = turn
            self._show(query, found)

    def _show(self, query: str, found: list[Found]) -> None:
        """List what was found; while more is read, the highlight stays on what the person chose."""
        options = self.query_one(OptionList)
        chosen = self._chosen().entry.path if query == self._asked and options.highlighted else None
        self._asked, self._found = query, found
        with self.prevent(OptionList.OptionHighlighted):
            options.clear_options()
            options.add_options(Option(_line(one)) for one in found)
            paths = [one.entry.path for one in found]
            options.highlighted = paths.index(chosen) if chosen in paths else (0 if found else None)
        more = "the first " if len(found) == LIMIT else ""
        self.query_one("#finder-count", Static).update(
            f"{more}{len(found)} of {len(self._entries):,}   Enter open   ↑↓ move   Escape close"
        )
        self._preview()

    def _chosen(self) -> Found:
        return self._found[self.query_one(OptionList).highlighted or 0]

    @on(OptionList.OptionHighlighted)
    def _preview(self) -> None:
        preview = self.query_one("#finder-preview", Static)
        if self._found and preview.display:
            preview.update(_excerpt(self._chosen(), (self._asked or "").split(), preview.content_size.height))
        else:
            preview.update("")

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _take(self) -> None:
        query = self.query_one(Input).value
        if query != self._asked:  # Enter came before what the last letter finds
            self._show(query, find(query, self._entries, LIMIT))
        if self._found:
            found = self._chosen()
            self.dismiss(Place(found.entry.path, found.line))


def _some(entries: Iterator[Entry]) -> list[Entry]:
    return list(islice(entries, AT_A_TIME))


def _line(found: Found) -> Content:
    """Return a result on a line: its name with what matches of it, and the excerpt that matches."""
    name = Content(inert(found.entry.name).replace("\n", "␊"))
    for at in found.at:
        name = name.stylize("bold $text-accent underline", at, at + 1)
    prefix = {Where.TEXT: f"{found.line}: ", Where.CASE: "case "}.get(found.where, "")
    return Content.assemble(name, "  ", (f"{prefix}{one_line(found.excerpt, 100)}", "$text-muted"))


def _excerpt(found: Found, words: Sequence[str], height: int) -> Content:
    """Return so many lines of a file, around the one that matches, with what matches marked."""
    lines = found.entry.text.split("\n")
    start = max(0, min(found.line - 1 - ABOVE, len(lines) - height))
    shown = lines[start : start + height]
    width = len(str(start + len(shown)))
    text = Content("\n").join(
        Content.assemble((f"{number:>{width}} ", "$text-muted"), _cut(line))
        for number, line in enumerate(shown, start=start + 1)
    )
    if words and found.where is not Where.NAME:
        said = "|".join(re.escape(word) for word in words)
        text = text.highlight_regex(re.compile(said, re.IGNORECASE), style="bold $text-accent underline")
    return text


def _cut(line: str) -> str:
    return inert(line[:WIDEST]).expandtabs(4)
