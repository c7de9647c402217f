"""Plots of the board: quality against a price, ratings with their intervals, and the way of a win rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from textual.app import RenderResult
from textual_plotext import Plot, PlotextPlot

from workbench.bench.shown import inert

FRAME = 7
"""Columns that the axis on the left with its figures takes."""

RULES = 2
"""Rows that the axis below with its figures takes."""

SCALES = 20.0
"""From how many times the lowest price on the highest needs a scale of powers, or all others share a spot."""

EDGE = 0.04
"""The share of the width that stays free on either side, so that no mark stands on the frame."""

LINE, POINT = "─", "●"

PLAIN = "default"
"""The colour of whatever stands around the plot; without it each mark gets one of plotext's own."""


@dataclass(frozen=True)
class Spot:
    """Something with a rating, from 0 to 1.

    ``place`` names it shortly and ``name`` in full; ``at`` is its price, in any unit, ``mark`` what stands
    for it. ``best`` says that the line of the best goes through it.
    """

    place: int
    name: str
    at: float
    rating: float
    mark: str = POINT
    best: bool = False


@dataclass(frozen=True)
class Span:
    """A rate from 0 to 1 with its interval, and a name."""

    name: str
    rate: float
    low: float
    high: float


class PlotView(PlotextPlot):
    """Draws anew at each size; in the colours of the terminal alone, so that it fits every theme."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.theme = "clear"

    def draw(self, plot: Plot) -> None:
        """Put what there is on an empty plot."""
        raise NotImplementedError

    def render(self) -> RenderResult:
        """Return the plot at the size there is."""
        self.plt.clear_figure()
        self.plt.xaxes(True, False)
        self.plt.yaxes(True, False)
        self.draw(self.plt)
        return super().render()

    @property
    def columns(self) -> int:
        """The columns for what is plotted."""
        return max(1, self.size.width - FRAME)

    @property
    def rows(self) -> int:
        """The rows for what is plotted."""
        return max(1, self.size.height - RULES)


class QualityPlot(PlotView):
    """Ratings upwards against prices to the right: what is good and cheap stands above on the left."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spots: tuple[Spot, ...] = ()
        self._as_price: Callable[[float], str] = str

    def show(self, spots: Iterable[Spot], as_price: Callable[[float], str]) -> None:
        """Show other spots; ``as_price`` puts a price into words."""
        self._spots = tuple(spots)
        self._as_price = as_price
        self.refresh()

    def draw(self, plot: Plot) -> None:
        """Draw the spots, and a line through those that nothing beats."""
        _percents(plot, self.rows)
        if not self._spots:
            return
        scaled = _scale([spot.at for spot in self._spots])
        places = [scaled(spot.at) for spot in self._spots]
        left, right = _roomy(min(places), max(places))
        plot.xlim(left, right)
        self._price_axis(plot, places)
        best = [(scaled(spot.at), spot.rating * 100) for spot in self._spots if spot.best]
        if len(best) > 1:
            plot.plot(*zip(*best, strict=True), marker="braille", color=PLAIN)
        for words, x, y, at_right in _labelled(
            [
                (spot, (place - left) / (right - left))
                for spot, place in zip(self._spots, places, strict=True)
            ],
            self.columns,
            self.rows,
        ):
            side: Literal["left", "right"] = "right" if at_right else "left"
            plot.text(
                words, left + x * (right - left), y * 100, color=PLAIN, background=PLAIN, alignment=side
            )

    def _price_axis(self, plot: Plot, places: Sequence[float]) -> None:
        prices = {place: spot.at for place, spot in zip(places, self._spots, strict=True)}
        lowest, highest = min(prices), max(prices)
        ends = [lowest] if math.isclose(lowest, highest) else [lowest, highest]
        plot.xticks(ends, [self._as_price(prices[end]) for end in ends])


class SpanPlot(PlotView):
    """Rates as lines from the low end of their interval to the high one, under each other."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spans: tuple[Span, ...] = ()

    def show(self, spans: Iterable[Span]) -> None:
        """Show other rates, the first one above; those that there is no room for are left out below."""
        self._spans = tuple(spans)
        self.refresh()

    def draw(self, plot: Plot) -> None:
        """Draw the lines, and one for even."""
        shown = self._spans[: self.rows]
        plot.xlim(0, 100)
        plot.xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
        plot.vertical_line(50, color=PLAIN)
        if not shown:
            return
        count, most = len(shown), max(8, self.size.width // 3)
        plot.ylim(0.5, count + 0.5)
        heights = [float(count - number) for number in range(count)]
        plot.yticks(heights, [_cut(span.name, most) for span in shown])
        for span, height in zip(shown, heights, strict=True):
            low, rate, high = (share * 100 for share in (span.low, span.rate, span.high))
            plot.plot([low, high], [height, height], marker=LINE, color=PLAIN)
            plot.scatter([low, high], [height, height], marker="│", color=PLAIN)
            plot.scatter([rate], [height], marker=POINT, color=PLAIN)


class WayPlot(PlotView):
    """How a rate moved from one thing to the next, each with its interval."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spans: tuple[Span, ...] = ()

    def show(self, spans: Iterable[Span]) -> None:
        """Show other rates, the first one on the left; of more than there is room for the last ones."""
        self._spans = tuple(spans)
        self.refresh()

    def draw(self, plot: Plot) -> None:
        """Draw the way, and at each of its points the interval."""
        _percents(plot, self.rows)
        shown = self._spans[-max(1, self.columns // 3) :]
        if not shown:
            return
        along = [float(number) for number in range(len(shown))]
        plot.xlim(-0.5, len(shown) - 0.5)
        width = max(cell_len(span.name) for span in shown) + 2
        step = max(1, math.ceil(len(shown) * width / self.columns))
        # Counted from the end: the newest is always named.
        plot.xticks(along[::-step], [_cut(span.name, width) for span in shown[::-step]])
        if len(shown) > 1:
            plot.plot(along, [span.rate * 100 for span in shown], marker="braille", color=PLAIN)
        for place, span in zip(along, shown, strict=True):
            plot.plot([place, place], [span.low * 100, span.high * 100], marker="│", color=PLAIN)
        plot.scatter(along, [span.rate * 100 for span in shown], marker=POINT, color=PLAIN)


def _percents(plot: Plot, rows: int) -> None:
    """Let the way up go from nothing to all, with as many figures as there is room for."""
    plot.ylim(0, 100)
    ticks = [0.0, 25.0, 50.0, 75.0, 100.0] if rows > 5 else [0.0, 50.0, 100.0]
    plot.yticks(ticks, [f"{tick:.0f} %" for tick in ticks])


def _scale(prices: Sequence[float]) -> Callable[[float], float]:
    """Return where a price stands: as it is, or by its power of ten where they differ much and none is 0."""
    lowest, highest = min(prices), max(prices)
    return math.log10 if lowest > 0 and highest / lowest > SCALES else float


def _roomy(lowest: float, highest: float) -> tuple[float, float]:
    """Return the ends of an axis, a little apart from what stands outermost on it."""
    apart = highest - lowest
    if math.isclose(lowest, highest):
        apart = abs(highest) or 1.0
        return lowest - apart * EDGE, highest + apart
    return lowest - apart * EDGE, highest + apart * EDGE


def _labelled(
    spots: Sequence[tuple[Spot, float]], columns: int, rows: int
) -> list[tuple[str, float, float, bool]]:
    """Return what is written where: words, shares of the width and the height, and whether they end there.

    Names are written out where no two spots share a row. Else the place of each stands for it, and those too
    close to be told apart stand side by side.
    """
    height = [round(spot.rating * (rows - 1)) for spot, _ in spots]
    alone = len(set(height)) == len(height)
    written: list[tuple[str, float, float, bool]] = []
    by_row: dict[int, list[tuple[Spot, float]]] = {}
    for row, (spot, along) in sorted(zip(height, spots, strict=True), key=lambda of: (of[0], of[1][1])):
        by_row.setdefault(row, []).append((spot, along))
    for beside in by_row.values():
        clusters: list[list[tuple[Spot, float]]] = []
        for spot, along in beside:
            close = clusters and (along - clusters[-1][0][1]) * columns < 4 * len(clusters[-1]) + 1
            if close:
                clusters[-1].append((spot, along))
            else:
                clusters.append([(spot, along)])
        written += [_words(cluster, columns, whole=alone) for cluster in clusters]
    return written


def _words(
    cluster: Sequence[tuple[Spot, float]], columns: int, *, whole: bool
) -> tuple[str, float, float, bool]:
    """Return the words for spots that stand together, where they stand, and whether they end there."""
    (first, along), at_right = cluster[0], cluster[0][1] > 0.5
    room = int((along if at_right else 1 - along) * columns)
    name = inert(first.name).replace("\n", " ")
    named = f"{first.place} {name}"
    if not whole or len(named) + 2 > room or cell_len(name) != len(name):
        named = str(first.place)
    if len(cluster) > 1:
        return " ".join(f"{spot.mark}{spot.place}" for spot, _ in cluster), along, first.rating, at_right
    return (f"{named} {first.mark}" if at_right else f"{first.mark} {named}"), along, first.rating, at_right


def _cut(name: str, width: int) -> str:
    """Return a name on one line, inert, with ``?`` for each wide character: a plot counts them as narrow."""
    line = " ".join(inert(name).split())
    if cell_len(line) != len(line):
        line = "".join(character if cell_len(character) == 1 else "?" for character in line)
    return line if len(line) <= width else f"{line[: width - 1]}…"
