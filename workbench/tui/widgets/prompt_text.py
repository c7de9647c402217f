"""The text of a prompt on screen: styled by what stands where, with a mark where something is wrong."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Span, Text
from textual.geometry import Offset
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, TextAreaTheme

from workbench.bench.shown import one_line
from workbench.prompts.language.edits import row_after, smallest_edit
from workbench.prompts.language.problems import Problem
from workbench.prompts.language.replacing import Lines, Spot
from workbench.prompts.language.stretches import BODY, START, Kind
from workbench.prompts.language.syntax import Source
from workbench.tui.widgets.stand_ins import as_shown, as_written, stood_in

UNDOS = 1_000
"""How many steps can be undone."""

MAX_ROWS = 1_000
"""How many rows are kept as they were drawn."""

LEAST_SAID = 16
"""Cells that must be free beside a line for what is wrong with it to be said there."""

_WORD = re.compile(r"[\w.]+|.")


_STYLED = frozenset(Kind) - {Kind.VALUE, Kind.PUNCTUATION}
_MARKS = ("match", "error", "warning", "said", "words", "chosen")


class PromptText(TextArea):
    """Holds the text of a file with LF line endings; ``written`` is what it is now."""

    COMPONENT_CLASSES = {f"text--{name}" for name in (*_STYLED, *_MARKS)}  # noqa: RUF012 - Textual's type
    DEFAULT_CSS = """
    PromptText {
        & .text--role { color: $accent; text-style: bold reverse; }
        & .text--escape, & .text--fence { color: $secondary; }
        & .text--key { color: $primary; }
        & .text--string, & .text--code { color: $success; }
        & .text--number { color: $warning; }
        & .text--comment { color: $secondary; text-style: italic; }
        & .text--delimiter { color: $accent; text-style: bold; }
        & .text--keyword { color: $primary; text-style: bold; }
        & .text--name { color: $accent; }
        & .text--filter { color: $warning; text-style: italic; }
        & .text--heading { color: $primary; text-style: bold; }
        & .text--emphasis { text-style: italic; }
        & .text--strong { text-style: bold; }
        & .text--list, & .text--quote { color: $accent; text-style: bold; }
        & .text--link { color: $primary; text-style: underline; }
        & .text--tag { color: $secondary; text-style: bold; }
        & .text--match { color: $foreground; background: $accent-muted; text-style: underline; }
        & .text--error { color: $text-error; text-style: bold underline; }
        & .text--warning { color: $text-warning; text-style: underline; }
        & .text--said { color: $text-error; text-style: italic; }
        & .text--words { color: $foreground; background: $panel; }
        & .text--chosen { color: $background; background: $accent; text-style: bold; }
    }
    """

    def __init__(self, *, id: str) -> None:
        self._source = Source()
        self._replaced = False
        self._styles: dict[str, Style] = {}
        self._rows: dict[Hashable, Strip] = {}
        self._problems: dict[int, Problem] = {}
        self._matches: Mapping[int, Sequence[tuple[int, int]]] = {}
        super().__init__(
            id=id, show_line_numbers=True, tab_behavior="focus", soft_wrap=True, max_checkpoints=UNDOS
        )
        self._catch_up()

    # --- the text

    def load(self, text: str, *, front_matter: bool = True) -> bool:
        """Put a text into the editor; returns False where it could not be saved as it was.

        Without ``front_matter`` the text is all template, as that of a partial is. Forgets what could be
        undone.
        """
        self._source = Source(START if front_matter else BODY)
        self._problems, self._matches = {}, {}
        replaced = stood_in(text)
        self._replaced = replaced != text
        self.load_text(replaced)
        return self.written == text

    @property
    def written(self) -> str:
        """The text as it is to be saved."""
        return as_written(self.text) if self._replaced else self.text

    def take(self, text: str) -> None:
        """Make the text another one, in one step that undo takes back; cursor and view stay in place."""
        replaced = stood_in(text)
        self._replaced = self._replaced or replaced != text
        edit = smallest_edit(self.text, replaced)
        if not edit.text and edit.start == edit.end:
            return
        old, scroll, cursor = list(self.document.lines), self.scroll_offset, self._cursor_row
        lines, (row, column) = Lines(old), self.cursor_location
        self.history.checkpoint()
        self.replace(edit.text, lines.spot(edit.start), lines.spot(edit.end))
        self.move_cursor((row_after(old, self.document.lines, row), column))
        self.scroll_to(scroll.x, scroll.y + self._cursor_row - cursor, animate=False)

    @property
    def _cursor_row(self) -> int:
        """The row of the view that the cursor is on, wrapped lines counted."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y

    def load_text(self, text: str) -> None:
        """Put a text into the area as it is."""
        super().load_text(text)
        self._catch_up()

    def edit(self, edit: Edit) -> EditResult:
        """Make an edit; what is pasted gets its stand-ins like what is read."""
        text = stood_in(edit.text.replace("\r\n", "\n").replace("\r", "\n"))
        self._replaced = self._replaced or text != edit.text
        edit.text = text
        result = super().edit(edit)
        self._catch_up()
        return result

    def undo(self) -> None:
        """Undo the last step."""
        super().undo()
        self._catch_up()

    def redo(self) -> None:
        """Redo the step that was undone last."""
        super().redo()
        self._catch_up()

    def _catch_up(self) -> None:
        """Take note of what an edit changed: the state of its lines, and where marks below it now are."""
        change = self._source.update(self.document.lines)
        if change is None:
            return
        first, added = change
        self._matches = {}
        if added and self._problems:
            self._problems = {
                row if row <= first else max(first, row + added): problem
                for row, problem in self._problems.items()
            }

    # --- the marks

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Mark the lines that something is wrong with; errors count before warnings on the same line."""
        marked: dict[int, Problem] = {}
        last = self.document.line_count - 1
        for problem in problems:
            row = min((problem.place.line or 1) - 1, last)
            if row not in marked or (marked[row].severity, problem.severity) == ("warning", "error"):
                marked[row] = problem
        if marked != self._problems:
            self._problems = marked
            self._draw_anew()

    def problem_at(self, row: int) -> Problem | None:
        """Return what is wrong with a row, from 0, or None."""
        return self._problems.get(row)

    def show_matches(self, matches: Iterable[tuple[Spot, Spot]]) -> None:
        """Highlight what was found, from and up to rows and columns."""
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for start, end in matches:
            for row in range(start[0], end[0] + 1):
                begin = start[1] if row == start[0] else 0
                found[row].append((begin, end[1] if row == end[0] else len(self.document.get_line(row))))
        if found != self._matches:
            self._matches = dict(found)
            self._draw_anew()

    # --- how it is drawn

    def notify_style_update(self) -> None:
        """Take note of another theme."""
        self._styles.clear()
        self._rows.clear()
        super().notify_style_update()

    def on_mount(self) -> None:
        """Keep the colours of the cursor's line: by itself a text area lays one colour over all of it."""
        self.watch(self.app, "theme", self._theme_changed)

    def _theme_changed(self) -> None:
        self.call_after_refresh(self._colour_cursor_line)  # only then are the new colours known

    def _colour_cursor_line(self) -> None:
        ground = self.get_component_rich_style("text-area--cursor-line").bgcolor
        self.register_theme(TextAreaTheme("workbench", cursor_line_style=Style(bgcolor=ground)))
        self.theme = "workbench"

    def _draw_anew(self) -> None:
        self.notify_style_update()  # the one public way to have lines drawn that did not change
        self.refresh()

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self.get_component_rich_style(f"text--{name}", partial=True)
        return style

    def get_line(self, line_index: int) -> Text:
        """Return a line as it is shown: nothing in it can act on a terminal."""
        plain = as_shown(self.document.get_line(line_index))
        spans = [
            Span(start, end, self._style(kind))
            for start, end, kind in self._source.stretches(line_index)
            if kind in _STYLED
        ]
        spans += (Span(start, end, self._style("match")) for start, end in self._matches.get(line_index, ()))
        if problem := self._problems.get(line_index):
            spans.append(Span(*_wrong(plain, problem), self._style(problem.severity)))
        return Text(plain, spans=spans, end="", no_wrap=True)

    def render_line(self, y: int) -> Strip:
        """Draw one row of the view, with the mark and the words of what is wrong there.

        Rows that neither cursor nor selection touch are drawn once and kept while they stay as they are: a
        text area draws all rows in sight at every key.
        """
        y_of_text = y + self.scroll_offset.y
        if y_of_text >= self.wrapped_document.height:
            return super().render_line(y)
        row, column = self.wrapped_document.offset_to_location(Offset(0, y_of_text))
        if self._is_touched(row):
            return self._marked(super().render_line(y), row, column)
        line, state = self.document.get_line(row), self._source.state(row)
        marks = self._problems.get(row), tuple(self._matches.get(row, ()))
        wrapped = tuple(self.wrapped_document.get_offsets(row))  # a row drawn before is stale
        key = row, column, line, state, marks, self.size, self.wrap_width, wrapped
        strip = self._rows.get(key)
        if strip is None:
            if len(self._rows) >= MAX_ROWS:
                self._rows.clear()
            strip = self._rows[key] = self._marked(super().render_line(y), row, column)
        return strip

    def _is_touched(self, row: int) -> bool:
        """Return whether the cursor, the selection or a bracket that belongs to the one there is on a row."""
        top, bottom = sorted(self.selection)
        bracket = self.matching_bracket_location
        return top[0] <= row <= bottom[0] or (bracket is not None and bracket[0] == row)

    def _marked(self, strip: Strip, row: int, column: int) -> Strip:
        problem = self._problems.get(row)
        if problem is None:
            return strip
        sections = self.wrapped_document.get_sections(row)
        last = column >= len(self.document.get_line(row)) - len(sections[-1])
        return self._beside(strip, problem, sections[-1] if last else None, first=column == 0)

    def _beside(self, strip: Strip, problem: Problem, text: str | None, *, first: bool) -> Strip:
        """Add to a row its mark where it is the line's first, and what is wrong where there is room."""
        mark = "✗" if problem.severity == "error" else "!"
        ground = next(iter(strip.crop(strip.cell_length - 1))).style or Style()
        if first:
            sign = Segment(mark, ground + self._style(problem.severity) + Style(underline=False))
            strip = overlaid(strip, self.gutter_width - 2, Strip([sign]))
        if text is None:
            return strip
        used = self.gutter_width + cell_len(text.expandtabs(self.indent_width))
        free = strip.cell_length - used - 3
        if free < LEAST_SAID:
            return strip
        said = Strip([Segment(f"{mark} {one_line(problem.message, free - 2)}", ground + self._style("said"))])
        return overlaid(strip, strip.cell_length - said.cell_length, said)


def overlaid(strip: Strip, x: int, over: Strip) -> Strip:
    """Return a row with another over it from column ``x`` on."""
    return Strip.join([strip.crop(0, x), over, strip.crop(x + over.cell_length)])


def _wrong(line: str, problem: Problem) -> tuple[int, int]:
    """Return the stretch of a line that a problem is about: the word at its column, or all that is there."""
    if problem.place.column is not None and (word := _WORD.match(line, problem.place.column - 1)):
        return word.span()
    return len(line) - len(line.lstrip()), max(1, len(line.rstrip()))
