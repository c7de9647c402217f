"""The board drawn with characters: ratings with their intervals, and quality against cost and time."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.bench.board_views import BoardRow, BoardView
from workbench.bench.shown import bar, inert, money, percent, seconds
from workbench.cli.board_tables import print_heading
from workbench.cli.output import print_text
from workbench.verdicts.frontier import Frontier

WIDTH = 41
"""Characters of an axis from 0 to 100 %: an odd number, so that even has a place of its own."""

WIDEST = 36
"""Characters of a label."""


def print_plots(view: BoardView) -> None:
    """Print the ratings on one axis, and contenders by what they cost and how long they take."""
    rows = {row.key: row for row in view.rows}
    wide = min(WIDEST, max((len(inert(row.label)) for row in view.rows), default=0))
    print_heading("RATING  ● with its 95 % interval, │ even")
    for row in view.rows:
        drawn = interval(row.standing.rating, row.standing.low, row.standing.high)
        print_text(f"{_cut(row.label, wide)}  {drawn}  {percent(row.standing.rating):>5}")
    costs: Mapping[str, str] = {key: money(row.cost, free=row.contender.local) for key, row in rows.items()}
    times = {key: seconds(row.total) for key, row in rows.items()}
    for title, found, prices, less in (
        ("COST", view.by_cost, costs, "cheap"),
        ("TIME", view.by_time, times, "quick"),
    ):
        if found.points:
            print_heading(f"QUALITY AGAINST {title}  * nobody is better for less")
            _print_frontier(found, rows, prices, wide)
            print_text(_enough(found, rows, less))


def interval(rating: float, low: float, high: float) -> str:
    """Return a rating and its interval, all from 0 to 1, on an axis of ``WIDTH`` characters."""
    begin, middle, end = (round(share * (WIDTH - 1)) for share in (low, rating, high))
    drawn = ["·"] * WIDTH
    drawn[WIDTH // 2] = "│"
    drawn[begin : end + 1] = "━" * (end + 1 - begin)
    if begin < WIDTH // 2 < end:
        drawn[WIDTH // 2] = "┿"
    drawn[middle] = "●"
    return "".join(drawn)


def _print_frontier(
    found: Frontier, rows: Mapping[str, BoardRow], prices: Mapping[str, str], wide: int
) -> None:
    widest = max(len(prices[point.contender]) for point in found.points)
    for point in found.points:
        mark = "*" if point.beaten_by is None else " "
        price, label = prices[point.contender], _cut(rows[point.contender].label, wide)
        print_text(f"{price:>{widest}} {mark} {label}  {bar(point.rating, 20)} {percent(point.rating):>5}")
    if found.unpriced:
        print_text(f"not known: {', '.join(rows[key].label for key in found.unpriced)}")


def _enough(found: Frontier, rows: Mapping[str, BoardRow], less: str) -> str:
    """Return which contender does the job for the least, and how much worse it may be."""
    if found.enough is None or found.shortfall is None:
        return "Of none that may be the best is this known."
    name = rows[found.enough].label
    if found.enough == found.leader:
        return f"{name} does the job: the best, and none that is {less}er may be as good."
    return (
        f"{name} does the job: the {less}est that may be as good as the best, "
        f"and at most {percent(found.shortfall)} below it."
    )


def _cut(label: str, wide: int) -> str:
    label = inert(label)
    return f"{label if len(label) <= wide else label[: wide - 1] + '…':<{wide}}"
