"""Head to head: how each two contenders fared against each other."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.bench.board_views import BoardView
from workbench.bench.shown import one_line, percent
from workbench.tui.screens.board_votes import Behind, VotesPage
from workbench.tui.widgets.board_words import meeting_words, named
from workbench.tui.widgets.matrix_table import MatrixTable
from workbench.verdicts.intervals import EVEN
from workbench.verdicts.matrix import Meeting

BETTER, WORSE, OPEN = "+", "-", "·"
"""Stand before a rate that is surely above even, surely below, and neither."""

LEGEND = f"row against column: {BETTER} surely better  {WORSE} surely worse  {OPEN} undecided  (votes)"
KEYS = "↑↓←→ meeting   Enter the votes behind it   Esc close"

NAME = 26
"""Columns that a name has at most."""


class MatrixPage(ModalScreen[None]):
    """Shows what each row did against each column."""

    BINDINGS = [Binding("escape,q,H", "dismiss(None)", "Close", show=False)]  # noqa: RUF012 - Textual's type

    def __init__(self, prompt: str, view: BoardView) -> None:
        super().__init__()
        self._prompt = prompt
        self._view = view
        self._labels = {row.key: row.label for row in view.rows}

    def compose(self) -> ComposeResult:
        """Compose the matrix over what is said of the meeting that is pointed at."""
        with Vertical(classes="whole matrix-page"):
            about = f"{named(self._prompt)}   head to head   by {self._view.by}"
            yield Static(Content.styled(about, "bold"), classes="title", markup=False)
            yield MatrixTable(
                [one_line(row.label, NAME) for row in self._view.rows],
                [
                    [_cell(self._view.matrix.meetings.get((row.key, other.key))) for other in self._view.rows]
                    for row in self._view.rows
                ],
            )
            yield Static("", id="meeting", markup=False)
            yield Static(Content.styled(self._below(), "$text-muted"), classes="title", markup=False)
            yield Static(KEYS, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Let the matrix have the focus."""
        self.query_one(MatrixTable).focus()

    @on(MatrixTable.Pointed)
    def _say(self) -> None:
        meeting = self._pointed()
        said = meeting_words(meeting, self._labels) if meeting else "nobody meets themself"
        self.query_one("#meeting", Static).update(said)

    @on(MatrixTable.Chosen)
    def _open(self) -> None:
        meeting = self._pointed()
        if meeting is None:
            return
        first, second = named(self._labels[meeting.first]), named(self._labels[meeting.second])
        asked = Behind(self._prompt, self._view.by, meeting.first, meeting.second, self._view.filter)
        self.app.push_screen(VotesPage(f"{first} against {second}", asked))

    def _pointed(self) -> Meeting | None:
        """Return the meeting that is pointed at, None where it is one with oneself."""
        table, keys = self.query_one(MatrixTable), [row.key for row in self._view.rows]
        return self._view.matrix.meetings.get((keys[table.cursor_row], keys[table.cursor_column]))

    def _below(self) -> str:
        circles = (" > ".join(self._place(key) for key in (*circle, circle[0])) for circle in self._circles)
        return "\n".join([LEGEND, *(f"! in a circle: {circle}" for circle in circles)])

    @property
    def _circles(self) -> tuple[tuple[str, str, str], ...]:
        return self._view.matrix.circles[:3]

    def _place(self, key: str) -> str:
        return str([row.key for row in self._view.rows].index(key) + 1)


def _cell(meeting: Meeting | None) -> str:
    if meeting is None:
        return "      —"
    votes = meeting.wins + meeting.losses + meeting.ties + meeting.identical
    if meeting.rate is None:
        return f"        ({votes})" if votes else ""
    mark = OPEN if meeting.undecided else BETTER if meeting.rate.low > EVEN else WORSE
    return f" {mark} {percent(meeting.rate.rate):>5} {f'({votes})':>4}"
