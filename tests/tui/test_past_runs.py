"""Past runs: found by filters and by words as one types, and opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.loopback import Reply
from tests.tui.conftest import Desk, bench_of, run_on
from tests.tui.seeing import seen, until, until_seen
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.past_runs import PastRuns
from workbench.tui.screens.result_page import ResultPage
from workbench.tui.widgets.pointed_list import ARROW, PointedList

SAYING = {
    "Card declined twice": "billing, and a refund is due",
    "The app crashes": "bug [bold]\x1b]0;title\x07",
    "Thank you": "other",
}
WIDE, NARROW = (140, 40), (80, 24)


def saying(body: dict[str, Any], _: int) -> str | Reply:
    """Answer each ticket with what is said of it."""
    asked = str(body["messages"][-1]["content"])
    if "please fail" in asked:
        return Reply("no luck", status=400)
    return next((answer for ticket, answer in SAYING.items() if ticket in asked), "other")


@asynccontextmanager
async def finding(
    desk: Desk, query: str = "", size: tuple[int, int] = WIDE
) -> AsyncIterator[tuple[WorkbenchApp, Pilot[Any], list[object]]]:
    """Open the page over two runs, one of them with an error; what it gives back comes into the list."""
    async with desk.answering(saying):
        await run_on(desk)
        await run_on(desk, models=("lab",), inputs={"ticket": "please fail"})
        async with desk.open(size) as (app, pilot):
            given: list[object] = []
            app.push_screen(PastRuns(query), given.append)
            await until_seen(pilot, "Past runs ─ ")
            yield app, pilot, given


async def ask(pilot: Pilot[Any], query: str) -> None:
    """Type a query in place of the one that is there."""
    pilot.app.screen.query_one(Input).value = ""
    for letter in query:
        await pilot.press(letter)


def listed(app: WorkbenchApp) -> str:
    """What stands in the list."""
    options = app.screen.query_one(PointedList)
    return "\n".join(
        str(options.get_option_at_index(number).prompt) for number in range(options.option_count)
    )


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_the_newest_runs_stand_there_at_first(desk: Desk, size: tuple[int, int]):
    async with finding(desk, size=size) as (_, pilot, _given):
        text = await until_seen(pilot, "Past runs ─ 2 runs", "1 × 1: 1 error", "2 × 3: 6 ok")
        lines = [line for line in text.splitlines() if "triage" in line and " done " in line]
        assert "1 error" in lines[0] and ARROW in lines[0]
        assert "6 ok" in lines[1]


async def test_enter_gives_the_run_that_is_pointed_at(desk: Desk):
    async with finding(desk) as (_, pilot, given):
        await until_seen(pilot, "2 runs")
        await pilot.press("down", "enter")
        await until(pilot, lambda: given == [("run", 1)])


async def test_escape_gives_nothing(desk: Desk):
    async with finding(desk) as (app, pilot, given):
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is bench_of(app))
        assert given == [None]


async def test_words_find_results_in_answers_and_contexts_with_what_is_around_them(desk: Desk):
    async with finding(desk) as (app, pilot, _):
        await ask(pilot, "refund")
        await until_seen(pilot, "Past runs ─ 2 results", "billing, and a refund is due")
        await ask(pilot, "crashes")
        await until_seen(pilot, "2 results", "context: ", "<ticket>The app crashes</ticket>")
        assert "refund" not in listed(app)


async def test_a_word_is_found_before_it_is_all_written(desk: Desk):
    async with finding(desk) as (_, pilot, _given):
        await ask(pilot, "refu")
        await until_seen(pilot, "2 results", "a refund is due")


async def test_a_filter_narrows_the_runs_and_words_with_it_the_results(desk: Desk):
    async with finding(desk) as (app, pilot, _):
        await ask(pilot, "status:error")
        await until_seen(pilot, "Past runs ─ 1 run", "1 × 1: 1 error")
        await ask(pilot, "refund model:mini")
        await until_seen(pilot, "Past runs ─ 1 result", "mini")
        assert "lab" not in listed(app)


async def test_tab_shows_the_results_of_the_runs_that_a_filter_found_and_back(desk: Desk):
    async with finding(desk, "status:error") as (_, pilot, _given):
        await until_seen(pilot, "1 run")
        await pilot.press("tab")
        await until_seen(pilot, "Past runs ─ 1 result", "inputs  lab  error", "Tab runs")
        await pilot.press("tab")
        await until_seen(pilot, "Past runs ─ 1 run", "Tab results")


async def test_a_filter_that_cannot_be_meant_is_said_and_what_was_found_stays(desk: Desk):
    async with finding(desk) as (app, pilot, _):
        await until_seen(pilot, "2 runs")
        await ask(pilot, "status:fine")
        await until_seen(pilot, "status: is one of ok, empty, cut, refused, error, cancelled")
        assert "6 ok" in listed(app)
        await ask(pilot, "status:ok")
        await until_seen(pilot, "Past runs ─ 1 run")
        assert "status: is one of" not in seen(app)


async def test_what_is_not_found_is_said(desk: Desk):
    async with finding(desk) as (_, pilot, given):
        await ask(pilot, "nowhere")
        await until_seen(pilot, "Past runs ─ no results")
        await pilot.press("enter")
        assert given == []


async def test_what_was_found_does_nothing_to_the_screen(desk: Desk):
    async with finding(desk) as (_, pilot, _given):
        await ask(pilot, "bug")
        await until_seen(pilot, "bug [bold]␛]0;title␇")


async def test_a_result_opens_on_top_and_its_mark_stands_in_the_list_afterwards(desk: Desk):
    async with finding(desk) as (app, pilot, given):
        await ask(pilot, "refund")
        await until_seen(pilot, "2 results")
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ResultPage))
        await until_seen(pilot, "billing, and a refund is due", "2 of 2")
        await pilot.press("b")
        await until_seen(pilot, "- bad")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PastRuns))
        await until(pilot, lambda: "- bad" in listed(app))
        options = app.screen.query_one(PointedList)
        assert options.highlighted == 1
        assert "- bad" in str(options.get_option_at_index(1).prompt)
        assert given == []


async def test_what_was_marked_is_found_by_its_mark(desk: Desk):
    async with finding(desk) as (app, pilot, _):
        app.bench.recalling.label(1, "bad")
        await ask(pilot, "label:bad")
        await until_seen(pilot, "Past runs ─ 1 run")
        await pilot.press("tab")
        await until_seen(pilot, "Past runs ─ 1 result", "- bad")


async def test_the_line_may_say_something_from_the_start(desk: Desk):
    async with finding(desk, "run:2") as (_, pilot, _given):
        await until_seen(pilot, "Past runs ─ 1 run", "run:2")


async def test_enter_opens_what_was_typed_last_and_nothing_that_an_earlier_query_found(desk: Desk):
    async with finding(desk) as (app, pilot, given):
        await until_seen(pilot, "2 runs")
        app.screen.query_one(Input).value = "run:1"
        await pilot.press("enter")
        await until(pilot, lambda: given == [("run", 1)])


async def test_a_run_says_what_is_known_of_its_cost_and_that_more_came_without_a_price(desk: Desk):
    async with finding(desk) as (app, pilot, _):
        await until_seen(pilot, "2 runs")
        (mixed,) = [line for line in listed(app).splitlines() if "2 × 3: 6 ok" in line]
        assert " + unpriced " in mixed and "$0.0000" in mixed
