"""The ratings as a table: who is ahead, how sure that is, what it is made of, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.binding import Binding
from textual.widgets import DataTable

from workbench.bench.board_views import BoardRow, BoardView
from workbench.bench.shown import inert, money, percent, seconds, verdict

NAMED = 2
"""Columns that stay in sight: the place and the name."""

WIDE = 110
"""Columns of the screen from which on all figures have room."""


INTERVALS = ((170, 30), (150, 24), (WIDE, 14), (0, 10))
"""From which width of the screen on how many columns an interval is drawn on."""


class RatingTable(DataTable[Text]):
    """Shows the rows of a board, and points at one of them.

    What there is no room for stands on the right, where the arrow keys lead.
    """

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", fixed_columns=NAMED)
        self._rows_shown: tuple[BoardRow, ...] = ()

    @property
    def pointed(self) -> BoardRow | None:
        """The row that is pointed at, None where there are none."""
        at = self.cursor_row
        return self._rows_shown[at] if at < len(self._rows_shown) else None

    def show_ratings(self, view: BoardView, width: int) -> None:
        """Show the rows of a board on a screen of a width; who was pointed at still is, if still on it."""
        before = self.pointed
        self.clear(columns=True)
        self._rows_shown = view.rows
        columns = _columns(view, wide=width >= WIDE)
        drawn = next(drawn for least, drawn in INTERVALS if width >= least)
        for title, _ in columns:
            self.add_column(title)
        for place, row in enumerate(view.rows, start=1):
            cells = _cells(place, row, drawn)
            self.add_row(*(cells[name] for _, name in columns))
        known = [row.key for row in view.rows]
        if before is not None and before.key in known:
            self.move_cursor(row=known.index(before.key))


def _columns(view: BoardView, *, wide: bool) -> Sequence[tuple[str, str]]:
    """Return the title of each column, and what stands in it."""
    first = [("", "place"), (view.by, "name"), ("rating", "rating"), ("95 % interval", "interval")]
    good = [("good", "good")] if any(row.passed for row in view.rows) else []
    counts = [(name, name) for name in ("won", "lost", "tied", "bad")]
    price, time = ("cost", "cost"), ("time", "time")
    if wide:
        return [*first, ("votes", "votes"), *counts, *good, price, time, ("", "verdict")]
    return [*first, ("votes", "votes"), ("undecided", "more"), price, *good, *counts, time, ("", "verdict")]


def _cells(place: int, row: BoardRow, width: int) -> dict[str, Text]:
    standing = row.standing
    bad = f"{standing.bad} ({percent(standing.bad_share)})" if standing.bad else "0"
    good = f"{percent(row.passed.rate.rate)} of {row.passed.results}" if row.passed else "-"
    figures = {
        "place": str(place),
        "votes": str(row.votes),
        "won": str(standing.wins),
        "lost": str(standing.losses),
        "tied": str(row.ties),
        "bad": bad,
        "good": good,
        "cost": money(row.cost, free=row.contender.local),
        "time": seconds(row.total),
    }
    return {name: Text(figure, justify="right") for name, figure in figures.items()} | {
        "name": Text(" ".join(inert(row.label).split())),
        "rating": Text(percent(standing.rating), style="bold", justify="right"),
        "interval": Text(interval(standing.low, standing.rating, standing.high, width)),
        "more": Text(_more(row), justify="right"),
        "verdict": Text(verdict(standing)),
    }


def _more(row: BoardRow) -> str:
    """Return about how many votes are missing for a place to be settled, in few letters."""
    if not row.standing.undecided:
        return ""
    needed = row.standing.votes_needed
    return f"{needed} more" if needed else "yes"


def interval(low: float, rating: float, high: float, width: int) -> str:
    """Return an interval drawn on a line from 0 to 100 %, with its ends as figures: ``57 ├──●──┤ 82``."""
    last = width - 1
    start, point, end = (round(share * last) for share in (low, rating, high))
    line = [" "] * width
    line[start : end + 1] = "─" * (end - start + 1)
    line[start], line[end] = "├", "┤"
    line[point] = "●"
    return f"{low * 100:>3.0f} {''.join(line)} {high * 100:<3.0f}"
