"""Board: which contender is ahead, how sure that is, and what it costs."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import DataTable, Static

from workbench.bench.dueling import GROUPINGS, BoardRow, BoardView
from workbench.bench.shown import inert, money, percent, seconds, verdict
from workbench.tui.background import in_background
from workbench.tui.commands import bindings_for
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.widgets.pane import Pane


class BoardScreen(WorkbenchScreen):
    """Where the votes add up."""

    NAME = "board"
    BINDINGS = bindings_for(NAME)

    def __init__(self) -> None:
        super().__init__()
        self._by = GROUPINGS[0]

    def compose_body(self) -> ComposeResult:
        """Compose the table over a line about the votes."""
        with Pane(id="board"):
            yield DataTable(cursor_type="row")
            yield Static("", id="votes", markup=False)

    def on_mount(self) -> None:
        """Name the pane."""
        self.query_one("#board").border_title = "Rating"

    def on_screen_resume(self) -> None:
        """Read the votes anew."""
        self.action_refresh_board()

    def on_resize(self) -> None:
        """Show as many columns as fit now."""
        self.action_refresh_board()

    def action_group(self) -> None:
        """Rate by the next grouping."""
        self._by = GROUPINGS[(GROUPINGS.index(self._by) + 1) % len(GROUPINGS)]
        self.action_refresh_board()

    @in_background(exclusive=True)
    async def action_refresh_board(self) -> None:
        """Read the votes and show what they say."""
        prompt = self.workbench.prompt
        if prompt is None:
            return
        by = self._by
        view = await self.reading(lambda: self.workbench.bench.dueling.board(prompt, by))
        if view is not None:
            self._show(prompt, view)

    def _show(self, prompt: str, view: BoardView) -> None:
        table = self.query_one(DataTable)
        table.clear(columns=True)
        wide = self.size.width >= 110
        columns = [
            "",
            view.by,
            "rating",
            "95 % interval",
            "votes",
            "won",
            "lost",
            "tied",
            "bad",
            "cost",
            "time",
            "",
        ]
        if not wide:
            columns = ["", view.by, "rating", "95 % interval", "votes", "", "cost"]
        table.add_columns(*columns)
        for place, row in enumerate(view.rows, start=1):
            full = _cells(place, row, 30 if wide else 10)
            undecided = Text("undecided" if row.standing.undecided else "")
            table.add_row(*(full if wide else [*full[:5], undecided, full[9]]))
        lines = [f"{view.identical} identical answers counted as ties" if view.identical else ""]
        if not view.rows:
            lines = ["No results yet: ^r plans a run."]
        elif not view.votes:
            lines.append("No votes yet: F4 shows the first pair.")
        elif view.board.sign_test is not None:
            lines.append(f"exact sign test without ties: p = {view.board.sign_test:.3f}")
        elif not view.board.connected:
            lines.append("The votes do not join all contenders: separate groups cannot be compared.")
        if not wide and view.rows and view.rows[0].standing.votes_needed:
            lines.append(f"about {view.rows[0].standing.votes_needed} more votes to settle it")
        self.query_one("#votes", Static).update("   ".join(filter(None, lines)))
        self.show_where(prompt, f"by {view.by}", right=f"{view.votes} votes ({view.blind} blind)")


def _cells(place: int, row: BoardRow, width: int) -> list[Text]:
    standing = row.standing
    numbers = [standing.votes, standing.wins, standing.losses, standing.ties, standing.bad]
    return [
        Text(str(place), justify="right"),
        Text(inert(row.label)),
        Text(percent(standing.rating), style="bold", justify="right"),
        Text(interval(standing.low, standing.rating, standing.high, width)),
        *(Text(str(number), justify="right") for number in numbers),
        Text(money(row.cost, free=row.contender.local), justify="right"),
        Text(seconds(row.total), justify="right"),
        Text(verdict(standing)),
    ]


def interval(low: float, rating: float, high: float, width: int) -> str:
    """Return an interval drawn on a line from 0 to 100 %, with its ends as figures: ``57 ├──●──┤ 82``."""
    last = width - 1
    start, point, end = (round(share * last) for share in (low, rating, high))
    line = [" "] * width
    line[start : end + 1] = "─" * (end - start + 1)
    line[start], line[end] = "├", "┤"
    line[point] = "●"
    return f"{low * 100:>3.0f} {''.join(line)} {high * 100:<3.0f}"
