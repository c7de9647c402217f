"""Plots: every spot can be told from the others and lies where its figures say, at any size."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.app import App, ComposeResult

from tests.tui.seeing import seen
from workbench.bench.shown import seconds
from workbench.tui.widgets.plot import QualityPlot, Span, SpanPlot, Spot, WayPlot


async def drawn(
    plot: QualityPlot | SpanPlot | WayPlot, show: Callable[[], None], size: tuple[int, int]
) -> str:
    """Return what a plot draws at a size."""

    class Only(App[None]):
        def compose(self) -> ComposeResult:
            yield plot

    app = Only()
    async with app.run_test(size=size) as pilot:
        show()
        await pilot.pause()
        return seen(app)  # type: ignore[arg-type]


def line_of(text: str, word: str) -> int:
    return next(number for number, line in enumerate(text.splitlines()) if word in line)


THREE = (
    Spot(1, "a1 · large", 0.9, 0.8, "●", best=True),
    Spot(2, "a1 · small", 0.2, 0.6, "◆", best=True),
    Spot(3, "b2 · large", 1.0, 0.3, "○"),
)


@pytest.mark.parametrize("size", [(70, 16), (76, 12)])
async def test_what_is_better_stands_higher_and_what_costs_more_further_to_the_right(size: tuple[int, int]):
    plot = QualityPlot()
    text = await drawn(plot, lambda: plot.show(THREE, seconds), size)
    first, second, third = "1 a1 · large ●", "◆ 2 a1 · small", "3 b2 · large ○"
    assert line_of(text, first) < line_of(text, second) < line_of(text, third)
    lines = text.splitlines()
    assert lines[line_of(text, second)].index("◆") < lines[line_of(text, first)].index("●")
    assert "0.20 s" in text and "1.00 s" in text


async def test_spots_that_share_a_line_are_told_by_their_place_and_none_is_lost():
    plot = QualityPlot()
    many = [
        Spot(place, f"name {place}", price, 0.5) for place, price in ((1, 1.0), (2, 1.01), (3, 1.5), (4, 2.0))
    ]
    text = await drawn(plot, lambda: plot.show(many, seconds), (60, 12))
    assert "●1 ●2" in text and "● 3" in text and "4 ●" in text
    assert "name" not in text


@pytest.mark.parametrize("prices", [(0.0,), (0.0, 0.0), (0.0, 5.0), (1e-9, 1.0), (3.0, 3.0)])
async def test_prices_that_are_free_equal_or_far_apart_are_plotted(prices: tuple[float, ...]):
    plot = QualityPlot()
    spots = [Spot(place, "x", at, place / 10, best=True) for place, at in enumerate(prices, start=1)]
    text = await drawn(plot, lambda: plot.show(spots, seconds), (60, 16))
    assert all(f" {place}" in text for place in range(1, len(prices) + 1))


async def test_an_interval_reaches_from_its_low_end_to_its_high_one():
    plot = SpanPlot()
    spans = [Span("1 first", 0.75, 0.5, 1.0), Span("2 second", 0.25, 0.0, 0.5)]
    text = await drawn(plot, lambda: plot.show(spans), (80, 8))
    first, second = (text.splitlines()[line_of(text, name)] for name in ("1 first", "2 second"))
    assert first.index("●") > second.index("●")
    assert line_of(text, "1 first") < line_of(text, "2 second")
    assert first.rindex("│") - first.index("●") == pytest.approx(
        first.index("●") - first.rindex("│", 0, first.index("●")), abs=2
    )


async def test_of_more_ratings_than_lines_the_best_are_shown():
    plot = SpanPlot()
    spans = [Span(f"{place} name", 0.5, 0.4, 0.6) for place in range(1, 30)]
    text = await drawn(plot, lambda: plot.show(spans), (80, 12))
    assert "1 name" in text and "10 name" in text and "11 name" not in text


@pytest.mark.parametrize("count", [0, 1, 2, 200])
async def test_a_way_of_any_length_ends_with_the_newest(count: int):
    plot = WayPlot()
    spans = [Span(f"c{number}", 0.5, 0.4, 0.6) for number in range(count)]
    text = await drawn(plot, lambda: plot.show(spans), (80, 12))
    assert text.count("●") == min(count, 24)  # a third of the columns that the figures leave
    assert not count or f"c{count - 1}" in text


async def test_names_with_wide_letters_and_escapes_move_nothing_and_do_nothing():
    plot = SpanPlot()
    text = await drawn(plot, lambda: plot.show([Span("日本\x1b[31m", 0.5, 0.4, 0.6)]), (60, 8))
    assert "??␛[31m" in text


@pytest.mark.parametrize("size", [(8, 3), (12, 4), (20, 2)])
async def test_a_plot_without_room_breaks_nothing(size: tuple[int, int]):
    plot = QualityPlot()
    assert isinstance(await drawn(plot, lambda: plot.show(THREE, seconds), size), str)
