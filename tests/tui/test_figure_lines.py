"""The figures below an answer: all of them are there, in as many lines as it takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.records import cell_of, contender_of, result_of
from tests.tui.conftest import Desk
from tests.tui.seeing import until_seen
from workbench.bench.grid import Grid
from workbench.models.calls import Usage
from workbench.tui.screens.runs import RunsScreen
from workbench.tui.widgets.figure_lines import packed

WHOLE = "cut · 2.50 s · $0.00021 · first 0.50 s · 20 t/s · 214→40 (12 thought) · length"


def test_lines_are_broken_between_two_figures():
    assert packed(WHOLE, 22) == [
        "cut · 2.50 s",
        "$0.00021",
        "first 0.50 s · 20 t/s",
        "214→40 (12 thought)",
        "length",
    ]
    assert packed(WHOLE, 200) == [WHOLE]
    assert packed("invalid $.queue: no such queue", 17) == ["invalid $.queue:", "no such queue"]


@given(st.lists(st.text(st.sampled_from("ab 漢1"), min_size=1, max_size=30), max_size=8), st.integers(4, 40))
def test_no_line_is_wider_than_there_is_room_and_nothing_is_lost(figures: list[str], width: int):
    lines = packed(" · ".join(figures), width)
    assert all(cell_len(line) <= width for line in lines)
    letters = [letter for letter in "".join(lines) if letter not in " ·"]
    assert letters == [letter for letter in "".join(figures) if letter != " "]


async def test_the_reason_why_an_answer_ended_is_on_a_small_screen_too(desk: Desk):
    async with desk.open((80, 24)) as (app, pilot):
        await app.switch_mode("runs")
        result = result_of(
            usage=Usage(214, 40, None, 12), total=2.5, ttft=0.5, cost=210_000_000, finish="stop"
        )
        contenders = [contender_of(id=number, model=f"m{number}") for number in (1, 2, 3)]
        cells = [
            cell_of(number, contender=one, call_key=str(number), result=result)
            for number, one in enumerate(contenders)
        ]
        screen = app.get_screen("runs")
        assert isinstance(screen, RunsScreen)
        screen.show_grid(Grid.of(1, cells, "done"), {one.id: one.model for one in contenders})
        text = await until_seen(pilot, "214→40 (12 thought)")
        assert text.count("stop") == 3
