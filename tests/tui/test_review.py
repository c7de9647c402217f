"""Review: single answers, good or bad, without knowing who wrote them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.conftest import Desk, run_on
from tests.tui.seeing import seen, told, until, until_seen
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.dialogs import Line
from workbench.tui.screens.review import ReviewPage


def by_model(body: dict, number: int) -> str:
    said = body["messages"][-1]["content"].removeprefix("<ticket>").removesuffix("</ticket>")
    return f"{'First' if body['model'] == 'loopback-1' else 'Second'} thoughts: {said}"


@asynccontextmanager
async def reviewing(
    desk: Desk, script: Any = by_model, size: tuple[int, int] = (100, 30), **more: object
) -> AsyncIterator[tuple[WorkbenchApp, Pilot[None], ReviewPage]]:
    """Answer every case with both models, and open the review on that."""
    async with desk.answering(script):
        await run_on(desk, **more)
        async with desk.open(size) as (app, pilot):
            page = ReviewPage("triage", Random(1))
            app.push_screen(page)
            await until_seen(pilot, "review", "0 today")
            yield app, pilot, page


def labels(desk: Desk) -> list[tuple[int, str, int]]:
    """Return the labels that were ever given: result, label, and whether it stands."""
    database = sqlite3.connect(desk.root / ".workbench/runs.db")
    rows = database.execute("SELECT result, label, undone IS NULL FROM labels ORDER BY id").fetchall()
    database.close()
    return rows


@pytest.mark.parametrize(("key", "label"), [("g", "good"), ("b", "bad")])
async def test_one_key_labels_and_the_next_answer_is_there(desk: Desk, key: str, label: str):
    async with reviewing(desk) as (app, pilot, _):
        before = seen(app)
        await until_seen(pilot, "0 today, 6 left")
        await pilot.press(key)
        text = await until_seen(pilot, "1 today, 5 left")
        assert [said for _, said, _ in labels(desk)] == [label]
        assert text.splitlines()[2] != before.splitlines()[2]


async def test_how_many_pass_is_told_only_after_a_label(desk: Desk):
    async with reviewing(desk) as (app, pilot, _):
        assert "% good" not in seen(app)
        await pilot.press("g")
        await until_seen(pilot, "1 today", "100 % good")
        await pilot.press("b")
        await until_seen(pilot, "2 today", "50 % good")


async def test_all_answers_come_once_and_the_end_is_said(desk: Desk):
    async with reviewing(desk) as (app, pilot, _):
        for number in range(6):
            await until_seen(pilot, f"{number} today", "thoughts")
            await pilot.press("g")
        await until_seen(pilot, "6 today, 0 left", "Every answer to this prompt has a label.")
        await pilot.press("g", "b", "s", "n", "i", "N")
        await pilot.pause()
        assert len({result for result, _, _ in labels(desk)}) == len(labels(desk)) == 6
        assert isinstance(app.screen, ReviewPage)


async def test_a_skipped_answer_has_no_label_and_does_not_come_again_while_others_do(desk: Desk):
    async with reviewing(desk) as (app, pilot, _):
        skipped = seen(app).splitlines()[2]
        await pilot.press("s")
        await until(pilot, lambda: seen(app).splitlines()[2] != skipped)
        for number in range(5):
            await until_seen(pilot, f"{number} today", "thoughts")
            assert seen(app).splitlines()[2] != skipped
            await pilot.press("b")
        await until_seen(pilot, "5 today, 1 left", "The skipped ones come again next time.")
        assert len(labels(desk)) == 5


async def test_undo_takes_the_label_back_and_shows_the_answer_again(desk: Desk):
    async with reviewing(desk) as (app, pilot, _):
        first = seen(app).splitlines()[2]
        await pilot.press("g")
        await until_seen(pilot, "1 today")
        await pilot.press("u")
        await until_seen(pilot, "0 today, 6 left")
        await until(pilot, lambda: "Taken back: good" in told(app))
        assert seen(app).splitlines()[2] == first
        await pilot.press("b")
        await until_seen(pilot, "1 today")
        assert [(label, stands) for _, label, stands in labels(desk)] == [("good", 0), ("bad", 1)]


async def test_without_a_label_there_is_none_to_take_back(desk: Desk):
    async with reviewing(desk) as (app, pilot, _):
        await pilot.press("u")
        await until(pilot, lambda: "There is no label to take back." in told(app))


async def test_a_note_is_kept_with_the_answer(desk: Desk):
    async with reviewing(desk) as (app, pilot, _):
        for text in ("terse", "terse but right"):
            await pilot.press("n")
            await until(pilot, lambda: isinstance(app.screen, Line))
            if text != "terse":
                await until_seen(pilot, "terse")
            app.screen.query_one(Input).value = text
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ReviewPage))
        await pilot.press("g")
        await until_seen(pilot, "1 today")
        (result,) = [result for result, _, _ in labels(desk)]
        await until(pilot, lambda: app.bench.recalling.result(result).remark.note == "terse but right")


async def test_the_author_is_told_on_a_key_and_not_of_the_next_answer(desk: Desk):
    async with reviewing(desk) as (app, pilot, _):
        assert "lab" not in seen(app) and "mini" not in seen(app)
        await pilot.press("N")
        await until(pilot, lambda: "· lab" in seen(app) or "· mini" in seen(app))
        assert "blind" not in seen(app)
        await pilot.press("g")
        await until_seen(pilot, "1 today", "blind")
        assert "lab" not in seen(app) and "mini" not in seen(app)


async def test_the_inputs_are_shown_whole_and_escape_leads_back(desk: Desk):
    long = "word " * 300 + "END"
    desk.write("prompts/triage.cases.yml", f"- {{inputs: {{ticket: {long}}}}}\n")
    async with reviewing(desk, "an answer") as (app, pilot, _):
        assert "END" not in seen(app)
        await pilot.press("i")
        await until_seen(pilot, "END")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ReviewPage))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ReviewPage))


async def test_a_long_answer_scrolls_and_the_next_one_begins_at_its_top(desk: Desk):
    def script(body: dict, number: int) -> str:
        return "\n\n".join(f"line {n} of {number}" for n in range(60))

    async with reviewing(desk, script, (80, 24)) as (app, pilot, _):
        await until_seen(pilot, "line 0 of")
        await pilot.press("space")
        await until(pilot, lambda: "line 0 of" not in seen(app))
        await pilot.press("g")
        await until_seen(pilot, "1 today", "line 0 of")


async def test_markup_and_escape_sequences_in_answers_are_text(desk: Desk):
    async with reviewing(desk, "[red]x[/] \x1b[31m [/]") as (_, pilot, _):
        await until_seen(pilot, "[red]x[/] ␛[31m")
        await pilot.press("M")
        await until_seen(pilot, "[red]x[/] ␛[31m [/]")


@pytest.mark.parametrize("screen", ["f4", "f6"])
async def test_the_review_is_a_key_away_from_the_duel_and_the_board(desk: Desk, screen: str):
    async with desk.answering(by_model):
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press(screen)
            await until(pilot, lambda: app.current_mode in ("duel", "board"))
            await pilot.press("L")
            await until_seen(pilot, "review", "0 today, 6 left")
            await pilot.press("g")
            await until_seen(pilot, "1 today, 5 left")


async def test_without_answers_that_is_said(desk: Desk):
    async with desk.open() as (app, pilot):
        app.push_screen(ReviewPage("triage"))
        await until_seen(pilot, "Nothing to review", "0 today, 0 left")
