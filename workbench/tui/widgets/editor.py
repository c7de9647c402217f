"""The editor of a prompt: its text, the words that fit where one types, and the way to what is wrong."""

from __future__ import annotations

from dataclasses import replace

from textual.binding import Binding
from textual.events import Key, MouseDown, Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from workbench.prompts.language.completing import Words, asked_at, candidates
from workbench.prompts.language.references import Reference, reference_at
from workbench.prompts.language.stretches import Region as Part
from workbench.tui.widgets.completions import Completions
from workbench.tui.widgets.in_order import obeyed, own_keys
from workbench.tui.widgets.prompt_text import PromptText, overlaid


class Editor(PromptText):
    """Holds the text of a file with LF line endings; ``written`` is what it is now.

    ``words`` is what there is to be completed, besides what the text itself declares.
    """

    BINDINGS = [  # noqa: RUF012 - Textual's type
        # How terminals say ctrl+space, without and with the protocol of Kitty.
        Binding("ctrl+@,ctrl+space", "complete", "complete", show=False),
        Binding("ctrl+home", "go_to_end(-1)", "top", show=False),
        Binding("ctrl+end", "go_to_end(1)", "bottom", show=False),
        Binding("ctrl+shift+home", "go_to_end(-1, True)", "select to the top", show=False),
        Binding("ctrl+shift+end", "go_to_end(1, True)", "select to the bottom", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        self.words = Words()
        self._offer: Completions | None = None
        self._typing = False
        self._height = 0
        super().__init__(id=id)

    def reference_at_cursor(self) -> Reference | None:
        """Return the file that what is under the cursor names, or None."""
        row, column = self.cursor_location
        return reference_at(self.document.lines, row, column, self._source.state(row))

    def jump_to(self, line: int, column: int = 1) -> None:
        """Put the cursor on a line and a column, both from 1."""
        self.move_cursor((line - 1, column - 1), center=True)

    def action_go_to_end(self, which: int, select: bool = False) -> None:
        """Put the cursor at the beginning of the text, or at its end."""
        self.move_cursor((0, 0) if which < 0 else self.document.end, select=select)

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in sight where it was, while what stands below the text comes and goes."""
        if self.scroll_offset.y <= self._cursor_row < self.scroll_offset.y + self._height:
            self.call_after_refresh(self.scroll_cursor_visible, animate=False)
        self._height = event.size.height

    def action_next_problem(self) -> None:
        """Go to the next line that something is wrong with; after the last comes the first."""
        rows = sorted(self._problems)
        if not rows:
            return
        row = next((row for row in rows if row > self.cursor_location[0]), rows[0])
        # The line may have moved since the problem was found; its column has not.
        self.jump_to(row + 1, self._problems[row].place.column or 1)

    def action_complete(self) -> None:
        """Offer the words that fit where the cursor is."""
        self._offer_words(asked_for=True)

    # --- completion

    def edit(self, edit: Edit) -> EditResult:
        """Make an edit; offers words where it was typed."""
        result = super().edit(edit)
        if self._typing:
            self._typing = False
            self._offer_words()
        return result

    async def on_key(self, event: Key) -> None:
        """Take the keys that choose a word while words are offered."""
        if self._offer is not None and self._chose(event.key):
            event.stop()
            event.prevent_default()
            return
        self._typing = event.is_printable or (event.key == "backspace" and self._offer is not None)
        if await obeyed(self, event, KEYS):
            return
        if event.key == "enter" and not self.read_only:
            row, column = self.cursor_location
            line = self.document.get_line(row)[:column]
            if self._source.state(row).region is Part.FRONT and line.strip():
                event.stop()
                event.prevent_default()
                self.replace(f"\n{_indent_after(line)}", *self.selection, maintain_selection_offset=False)

    def on_mouse_down(self, event: MouseDown) -> None:
        """Take a click on a word that is offered."""
        at, region = event.get_content_offset(self), self._offered_at
        if self._offer is None or at is None or region is None or not region.contains_point(at):
            return
        event.stop()
        event.prevent_default()
        chosen = self._offer.first(region.height) + at.y - region.y
        self._offer = replace(self._offer, chosen=chosen)
        self._take_word()

    def on_text_area_selection_changed(self) -> None:
        """Offer nothing any more once the cursor is elsewhere."""
        if self._offer is not None and self._offer.at != self.cursor_location:
            self._let_be()

    def on_blur(self) -> None:
        """Offer nothing any more."""
        self._let_be()

    def _chose(self, key: str) -> bool:
        """Do what a key means while words are offered; returns False where it means nothing then."""
        if self._offer is None:
            return False
        match key:
            case "up" | "down":
                step = 1 if key == "down" else -1
                chosen = (self._offer.chosen + step) % len(self._offer.words)
                self._offer = replace(self._offer, chosen=chosen)
                self.refresh()
            case "tab" | "enter":
                self._take_word()
            case "escape":
                self._let_be()
            case _:
                return False
        return True

    def _take_word(self) -> None:
        offer = self._offer
        self._let_be()
        if offer is not None:
            row, column = offer.at
            word = f"{offer.word}{offer.asked.after}"
            start = row, offer.asked.start
            self.replace(word, start, (row, column), maintain_selection_offset=False)

    def _let_be(self) -> None:
        if self._offer is not None:
            self._offer = None
            self.refresh()

    def _offer_words(self, *, asked_for: bool = False) -> None:
        """Offer what fits where the cursor is, if anything does.

        Unless it is ``asked_for``, nothing is offered in the midst of a word, before one is begun, or when it
        is complete, so that Enter and Tab keep their meaning wherever they may be meant.
        """
        self._let_be()
        (row, column), lines = self.cursor_location, self.document.lines
        asked = asked_at(lines, row, column, self._source.state(row)) if self.selection.is_empty else None
        if asked is None or self.read_only:
            return
        in_word = lines[row][column : column + 1].isalnum()
        if not asked_for and (in_word or not (asked.prefix or asked.eager)):
            return
        # A file's name may hold what cannot be typed.
        words = tuple(word for word in candidates(asked, self.words, lines) if word.isprintable())
        if words and (asked_for or asked.prefix not in words):
            self._offer = Completions(asked, words, (row, column))
            self.refresh()

    @property
    def _offered_at(self) -> Region | None:
        """Where in the view the words that are offered are drawn."""
        if self._offer is None:
            return None
        cursor = self.cursor_screen_offset - self.content_region.offset
        return self._offer.region(cursor, self.scrollable_content_region.size)

    def render_line(self, y: int) -> Strip:
        """Draw one row of the view, with the words that are offered over it."""
        strip, region = super().render_line(y), self._offered_at
        if self._offer is None or region is None or not region.y <= y < region.bottom:
            return strip
        styles = self._style("words"), self._style("chosen")
        return overlaid(strip, region.x, self._offer.row(y - region.y, region, styles))


KEYS = own_keys(TextArea.BINDINGS, Editor.BINDINGS)
"""What keys do in the text."""


def _indent_after(line: str) -> str:
    """Return the indentation of a new line of front matter after this one."""
    indent = line[: len(line) - len(line.lstrip())]
    return f"{indent}  " if line.rstrip().endswith(":") else indent
