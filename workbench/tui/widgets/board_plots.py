"""The plots beside the ratings: quality against cost, against time, and the ratings drawn large."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.app import ComposeResult
from textual.containers import Horizontal

from workbench.bench.board_views import BoardView
from workbench.bench.shown import money, seconds
from workbench.tui.widgets.board_words import enough_words, named
from workbench.tui.widgets.pane import FRAME, Pane
from workbench.tui.widgets.plot import POINT, QualityPlot, Span, SpanPlot, Spot
from workbench.verdicts.frontier import Frontier

BEATEN, ENOUGH = "○", "◆"
"""Stand for a contender that another one beats, and for the cheapest that does the job."""

LEGEND = f"{ENOUGH} cheapest that does the job   {POINT} best at its price   {BEATEN} beaten"
LEGEND_SHORT = f"{ENOUGH} enough  {POINT} best  {BEATEN} beaten"

WIDE_VIEWS: tuple[tuple[str, ...], ...] = (("cost", "time"), ("spans",), ())
NARROW_VIEWS: tuple[tuple[str, ...], ...] = ((), ("cost",), ("time",), ("spans",))
"""The plots that stand side by side, in the order in which one key goes through them."""


class BoardPlots(Horizontal):
    """Shows some of the plots of a board; which, one key goes through."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._turn = 0

    def compose(self) -> ComposeResult:
        """Compose a pane for each plot."""
        with Pane(id="cost-plot"):
            yield QualityPlot()
        with Pane(id="time-plot"):
            yield QualityPlot()
        with Pane(id="spans-plot"):
            yield SpanPlot()

    def turn(self) -> None:
        """Show the next plots, or none."""
        self._turn += 1

    def show(self, view: BoardView, *, wide: bool) -> None:
        """Plot another board; ``wide`` says that there is room for two side by side."""
        views = WIDE_VIEWS if wide else NARROW_VIEWS
        shown = views[self._turn % len(views)]
        for name in ("cost", "time", "spans"):
            self.query_one(f"#{name}-plot").display = name in shown and bool(view.rows)
        self.display = bool(shown) and bool(view.rows)
        self._show_prices("cost", view, view.by_cost, lambda price: money(round(price)), wide=wide)
        self._show_prices("time", view, view.by_time, seconds, wide=wide)
        self.query_one("#spans-plot", Pane).entitle("Ratings ─ 95 % interval, even at 50")
        self.query_one(SpanPlot).show(spans(view))

    def _show_prices(
        self, name: str, view: BoardView, found: Frontier, as_price: Callable[[float], str], *, wide: bool
    ) -> None:
        pane = self.query_one(f"#{name}-plot", Pane)
        pane.query_one(QualityPlot).show(spots(view, found), as_price)
        said = enough_words(view, found)
        pane.entitle(f"Quality and {name}{f' ─ {said}' if said else ''}")
        apart = len(found.unpriced)
        legend = LEGEND if self.app.size.width // (2 if wide else 1) - FRAME > len(LEGEND) else LEGEND_SHORT
        pane.subtitle(f"{legend}{f'   {apart} unpriced' if apart else ''}")


def spots(view: BoardView, found: Frontier) -> Iterator[Spot]:
    """Yield a spot for each contender that has a rating and a price."""
    places = {row.key: place for place, row in enumerate(view.rows, start=1)}
    for point in found.points:
        best = point.beaten_by is None
        mark = ENOUGH if point.contender == found.enough else POINT if best else BEATEN
        label = named(view.row(point.contender).label)
        yield Spot(places[point.contender], label, point.price, point.rating, mark, best)


def spans(view: BoardView) -> Iterator[Span]:
    """Yield the rating of each contender with its interval, the best first."""
    for place, row in enumerate(view.rows, start=1):
        standing = row.standing
        yield Span(f"{place} {named(row.label)}", standing.rating, standing.low, standing.high)
