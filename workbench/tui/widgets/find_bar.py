"""Searching and replacing in the editor: a bar below the text."""

from __future__ import annotations

import asyncio
from bisect import bisect_left

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input, Static
from textual.widgets.text_area import Selection

from workbench.bench.shown import inert
from workbench.errors import UsageError
from workbench.prompts.language.replacing import MAX_MATCHES, Lines, Match, Query, find, replaced
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.editor import Editor

MAX_REPLACED = 1_000_000
"""How many matches are replaced at once."""


class Switch(Static, can_focus=True):
    """Something that is on or off, marked ``[x]`` or ``[ ]``."""

    BINDINGS = [Binding("space,enter", "turn", "turn", show=False)]  # noqa: RUF012 - Textual's type

    class Turned(Message):
        """It was turned on or off."""

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__("", id=id, markup=False)
        self._title = title
        self.on = False
        self._show()

    def action_turn(self) -> None:
        """Turn it on, or off."""
        self.on = not self.on
        self._show()
        self.post_message(self.Turned())

    def on_click(self) -> None:
        """Turn it on, or off."""
        self.action_turn()

    def _show(self) -> None:
        self.update(f"[{'x' if self.on else ' '}] {self._title}")


class FindBar(TellsFailures, Vertical):
    """Finds in an editor what is typed into it, and replaces it. It is not seen until it is opened."""

    DEFAULT_CSS = """
    FindBar {
        height: auto; display: none; background: $panel;
        Horizontal { height: 1; }
        Input { width: 1fr; }
        .label { width: 6; padding: 0 1 0 0; color: $foreground 70%; }
        #found { width: auto; min-width: 10; padding: 0 1; text-align: right; }
        Switch { width: auto; padding: 0 1; }
        Switch:focus { background: $accent; color: $background; text-style: bold; }
        Button { min-width: 8; }
        #find-trouble { height: auto; color: $text-error; display: none; padding: 0 1; }
    }
    """
    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape", "close", "close", show=False, priority=True),
        Binding("down", "step(1)", "next", show=False, priority=True),
        Binding("up,shift+enter", "step(-1)", "previous", show=False, priority=True),
        # A field takes a letter with Alt for the letter, unless these come first.
        Binding("alt+c", "turn('case')", "case", show=False, priority=True),
        Binding("alt+w", "turn('word')", "word", show=False, priority=True),
        Binding("alt+r", "turn('regex')", "regex", show=False, priority=True),
        Binding("alt+a", "replace_all", "replace all", show=False, priority=True),
    ]

    def __init__(self, editor: Editor | None = None) -> None:
        super().__init__()
        self._editor = editor
        self._matches: list[Match] = []
        self._searched = ""
        self._lines = Lines(())
        self._at: int | None = None

    def compose(self) -> ComposeResult:
        """Compose the fields and the switches."""
        with Horizontal():
            yield Static("find", classes="label")
            yield Input(id="find", compact=True)
            yield Static("", id="found", markup=False)
        with Horizontal():
            yield Static("with", classes="label")
            yield Input(id="replace", compact=True)
            yield Button("replace", id="replace-one", compact=True)
            yield Button("all", id="replace-all", compact=True)
        with Horizontal():
            yield Switch("Aa case", id="case")
            yield Switch("whole word", id="word")
            yield Switch(".* regex", id="regex")
        yield Static("", id="find-trouble", markup=False)

    @property
    def is_open(self) -> bool:
        """Whether the bar is seen."""
        return bool(self.display)

    def open(self, editor: Editor | None = None) -> None:
        """Show the bar, for another editor where one is given; what is selected there is looked for."""
        if editor is not None and editor is not self._editor:
            self._forget()
            self._editor = editor
        if self._editor is None:
            return
        self.display = True
        field, selected = self.query_one("#find", Input), self._editor.selected_text
        if selected and "\n" not in selected:
            field.value = selected
        field.focus()
        field.select_all()
        self._search()

    def close(self) -> None:
        """Hide the bar; the cursor stays on the match, and the editor has the focus again."""
        self._forget()
        self.display = False
        if self._editor is not None:
            self._editor.focus()

    def action_close(self) -> None:
        """Hide the bar."""
        self.close()

    def action_turn(self, switch: str) -> None:
        """Turn a switch."""
        self.query_one(f"#{switch}", Switch).action_turn()

    def action_step(self, by: int) -> None:
        """Go to the next match, or the one before; after the last comes the first."""
        if not self._is_fresh():
            self._search(go_on=True)
        elif self._at is not None:
            self._go_to(self._at + by)
        elif self._matches:
            self._go_to(self._first_from_cursor() - (by < 0))

    @on(Input.Submitted, "#find")
    def _find_next(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_step(1)

    @on(Input.Submitted, "#replace")
    @on(Button.Pressed, "#replace-one")
    def _replace_one(self, event: Input.Submitted | Button.Pressed) -> None:
        """Replace the match that the cursor is on and go to the next; without one, go to the next."""
        event.stop()
        if self._editor is None or self._editor.read_only or self._at is None or not self._is_fresh():
            self.action_step(1)
            return
        match = self._matches[self._at]
        start, end = self._lines.spot(match.start), self._lines.spot(match.end)
        self._editor.history.checkpoint()
        self._editor.replace(match.replacement, start, end, maintain_selection_offset=False)
        self._editor.history.checkpoint()
        # What matches without a letter, as $ does, would match again where it was.
        self._search(go_on=True, past=match.start == match.end)

    @on(Button.Pressed, "#replace-all")
    def _replace_all_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_replace_all()

    @in_background(exclusive=True, group="replace")
    async def action_replace_all(self) -> None:
        """Replace every match, in one step that undo takes back."""
        if self._editor is None or self._editor.read_only:
            return
        text = self._editor.written
        matches = await self._found_in(text, MAX_REPLACED)
        if not matches or self._editor.written != text:
            return
        self._editor.take(replaced(text, matches))
        more = " There may be more: replace again." if len(matches) == MAX_REPLACED else ""
        self.notify(f"Replaced {len(matches):,}.{more}", markup=False, timeout=3)
        self._search()

    @on(Input.Changed)
    def _asked_anew(self, event: Input.Changed) -> None:
        event.stop()
        self._search(go_on=True)

    @on(Switch.Turned)
    def _asked_otherwise(self) -> None:
        self._search(go_on=True)

    def look_again(self) -> None:
        """Look again after an edit of the text; whoever holds bar and editor calls this."""
        if self.is_open and not self._is_fresh():
            self._search()

    def _is_fresh(self) -> bool:
        """Return whether the matches are those of the text as it now is."""
        return self._editor is not None and self._searched == self._editor.written

    @in_background(exclusive=True, group="find")
    async def _search(self, *, go_on: bool = False, past: bool = False) -> None:
        """Look for what is asked; ``go_on`` to the first match from the cursor on, or ``past`` it."""
        if self._editor is None or not self.is_open:
            return
        editor, text = self._editor, self._editor.written
        matches = await self._found_in(text, MAX_MATCHES)
        if not self.is_open or editor is not self._editor or editor.written != text:
            return
        self._matches, self._searched, self._at = matches, text, None
        self._lines = Lines(text.split("\n"))
        editor.show_matches((self._lines.spot(match.start), self._lines.spot(match.end)) for match in matches)
        if go_on and matches:
            self._go_to(self._first_from_cursor(past=past))
        self._show_count()

    async def _found_in(self, text: str, limit: int) -> list[Match]:
        """Return the matches, looked for in a thread; none where the expression is wrong, which is told."""
        on = {name: self.query_one(f"#{name}", Switch).on for name in ("case", "word", "regex")}
        query = Query(self.query_one("#find", Input).value, **on)
        by, trouble = self.query_one("#replace", Input).value, ""
        try:
            matches = await asyncio.to_thread(find, text, query, by, limit=limit)
        except UsageError as wrong:
            matches, trouble = [], str(wrong)
        if self.is_attached:
            told = self.query_one("#find-trouble", Static)
            told.update(inert(trouble))
            told.display = bool(trouble)
        return matches

    def _first_from_cursor(self, *, past: bool = False) -> int:
        assert self._editor is not None
        cursor = self._lines.offset(min(self._editor.selection))
        return bisect_left(self._matches, cursor + past, key=lambda match: match.start)

    def _go_to(self, number: int) -> None:
        assert self._editor is not None
        self._at = number % len(self._matches)
        match = self._matches[self._at]
        start, end = self._lines.spot(match.start), self._lines.spot(match.end)
        self._editor.selection = Selection(start, end)
        self._editor.scroll_cursor_visible(center=True)
        self._show_count()

    def _show_count(self) -> None:
        count = len(self._matches)
        most = "+" if count == MAX_MATCHES else ""
        said = f"{count:,}{most}" if self._at is None else f"{self._at + 1:,} of {count:,}{most}"
        asked = bool(self.query_one("#find", Input).value)
        self.query_one("#found", Static).update((said if count else "none") if asked else "")

    def _forget(self) -> None:
        self._matches, self._searched, self._at = [], "", None
        if self._editor is not None and self._editor.is_attached:
            self._editor.show_matches(())
