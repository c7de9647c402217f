"""Duel: which answer is better, without knowing who wrote it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

import pytest
from textual.widgets import Input

from tests.tui.conftest import Desk, bench_of, run_on
from tests.tui.seeing import seen, told, until, until_seen
from workbench.bench.dueling import Dueling
from workbench.project.clock import utc_now
from workbench.tui.screens import duel
from workbench.tui.screens.dialogs import Page
from workbench.tui.screens.duel import DuelScreen
from workbench.tui.widgets.answer_view import AnswerView


def by_model(body: dict, number: int) -> str:
    """Answer each case differently, and each model differently."""
    said = body["messages"][-1]["content"].removeprefix("<ticket>").removesuffix("</ticket>")
    return f"{'First' if body['model'] == 'loopback-1' else 'Second'} thoughts: {said}"


@asynccontextmanager
async def dueling(desk: Desk, script=by_model, seed: int = 1, size=(140, 40)) -> AsyncIterator[tuple]:
    """Answer every case with both models, and open the duel on that."""
    async with desk.answering(script):
        await run_on(desk)
        async with desk.open(size) as (app, pilot):
            app.bench.__dict__["dueling"] = Dueling(app.bench.store, lambda: "Ada", Random(seed))
            await pilot.press("f4")
            await until_seen(pilot, "vote 1", "case ")
            yield app, pilot


def votes(desk: Desk) -> list[tuple]:
    """Return what was voted and stands, oldest first."""
    database = sqlite3.connect(desk.root / ".workbench/runs.db")
    rows = database.execute(
        "SELECT choice, blind, note, judge FROM votes WHERE undone IS NULL ORDER BY id"
    ).fetchall()
    database.close()
    return rows


def pair_of(app) -> tuple[int, int]:
    screen = app.screen
    assert isinstance(screen, DuelScreen)
    return screen.shown.pair.left_result, screen.shown.pair.right_result


@pytest.mark.parametrize(
    ("key", "choice"),
    [
        ("left", "left"),
        ("right", "right"),
        ("h", "left"),
        ("l", "right"),
        ("equals_sign", "tie"),
        ("x", "bad"),
        ("s", "skip"),
    ],
)
async def test_one_key_votes_and_the_next_pair_is_there(desk: Desk, key: str, choice: str):
    async with dueling(desk) as (app, pilot):
        before = pair_of(app)
        await pilot.press(key)
        await until(pilot, lambda: len(votes(desk)) == 1)
        await until(pilot, lambda: app.screen.shown and pair_of(app) != before)
        assert votes(desk) == [(choice, 1, None, "Ada")]


async def test_undo_takes_the_last_vote_back(desk: Desk):
    async with dueling(desk) as (app, pilot):
        await pilot.press("left")
        await until_seen(pilot, "vote 2")
        await pilot.press("u")
        await until_seen(pilot, "vote 1")
        assert votes(desk) == []
        await pilot.press("u")
        await until(pilot, lambda: "There is no vote to take back." in told(app))


async def test_what_was_taken_back_is_on_screen_again_with_its_note_and_what_made_way_comes_after_it(
    desk: Desk,
):
    async with dueling(desk) as (app, pilot):
        first = pair_of(app)
        await pilot.press("n")
        await until_seen(pilot, "A note on this vote")
        await pilot.press(*"slip", "enter")
        await until(pilot, lambda: isinstance(app.screen, DuelScreen))
        await pilot.press("left")
        await until_seen(pilot, "vote 2")
        second = pair_of(app)
        await pilot.press("u")
        await until_seen(pilot, "vote 1")
        await until(pilot, lambda: "Taken back: left" in told(app) and pair_of(app) == first)
        await pilot.press("right")
        await until_seen(pilot, "vote 2")
        assert pair_of(app) == second
        assert votes(desk) == [("right", 1, "slip", "Ada")]


async def test_undo_right_after_a_vote_takes_that_vote_back(desk: Desk):
    async with dueling(desk) as (app, pilot):
        first = pair_of(app)
        await pilot.press("left", "u")
        await until(pilot, lambda: "Taken back: left" in told(app))
        await until(pilot, lambda: app.screen.shown and pair_of(app) == first)
        assert votes(desk) == []


async def test_time_spent_on_another_screen_is_not_time_spent_on_the_pair(desk: Desk, monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(duel, "time", clock)
    async with dueling(desk) as (app, pilot):
        clock.now += 3
        await pilot.press("f6")
        await until(pilot, lambda: app.current_mode == "board")
        await pilot.pause()
        clock.now += 500
        await pilot.press("f4")
        await until(pilot, lambda: app.current_mode == "duel")
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, Page))
        clock.now += 4
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DuelScreen))
        await pilot.press("left")
        await until_seen(pilot, "vote 2")
        database = sqlite3.connect(desk.root / ".workbench/runs.db")
        taken = database.execute("SELECT seconds FROM votes").fetchall()
        database.close()
        assert taken == [(7.0,)]


@pytest.mark.parametrize("width", [80, 81, 160])
async def test_both_answers_have_the_same_width_and_neither_has_the_focus(desk: Desk, width: int):
    async with dueling(desk, size=(width, 24)) as (app, _):
        left, right = app.screen.query(AnswerView)
        assert left.size == right.size and left.size.width > 30
        assert app.focused is None


def long_and_short(body: dict, number: int) -> str:
    """Answer at length as the first model, and briefly as the second."""
    if body["model"] == "loopback-1":
        return "\n\n".join(f"line {n}" for n in range(60))
    return "\n\n".join(f"word {n}" for n in range(40))


async def test_both_answers_scroll_together(desk: Desk):
    async with dueling(desk, long_and_short, size=(80, 24)) as (app, pilot):
        left, right = app.screen.query(AnswerView)
        await pilot.press("down", "down")
        await until(pilot, lambda: left.scroll_offset.y == right.scroll_offset.y == 2)
        await pilot.press("space")
        await until(pilot, lambda: left.scroll_offset.y == right.scroll_offset.y > 10)
        await pilot.press("ctrl+u")
        await until(pilot, lambda: left.scroll_offset.y == right.scroll_offset.y < 15)
        right.action_scroll_to_end(1)
        await until_seen(pilot, "line 59" if "line" in right.text else "word 39")
        await until(pilot, lambda: left.scroll_offset.y > 15)
        await pilot.press("s")
        await until_seen(pilot, "vote 2", "line 0", "word 0")


async def test_both_answers_are_rendered_as_markdown_or_both_as_written(desk: Desk):
    def script(body: dict, number: int) -> str:
        return f"**bold** {body['model']}"

    async with dueling(desk, script) as (app, pilot):
        assert seen(app).count("bold loopback-") == 2
        await pilot.press("M")
        text = await until_seen(pilot, "**bold** loopback-1", "**bold** loopback-2")
        await pilot.press("right")
        text = await until_seen(pilot, "vote 2")
        assert text.count("**bold**") == 2


async def test_the_words_that_only_one_answer_has_are_marked_alike_on_both_sides(desk: Desk):
    async with dueling(desk) as (app, pilot):
        await pilot.press("d")
        text = await until_seen(pilot, "«First» thoughts", "«Second» thoughts")
        assert text.count("«only here»") == 2
        await pilot.press("left")
        await until_seen(pilot, "vote 2", "«First» thoughts", "«Second» thoughts")
        await pilot.press("d")
        await until(pilot, lambda: "«" not in seen(app))


async def test_how_far_one_is_is_told_without_a_name(desk: Desk):
    cases = "".join(f"- {{inputs: {{ticket: Number {n}}}}}\n" for n in range(8))
    desk.write("prompts/triage.cases.yml", cases)
    async with dueling(desk) as (app, pilot):
        await until_seen(pilot, "vote 1", "undecided")
        for number in range(8):
            first_on_left = "First" in app.screen.shown.left
            await pilot.press("left" if first_on_left == (number != 3) else "right")
            await until_seen(pilot, f"vote {number + 2}")
            if number == 3:
                await until_seen(pilot, "undecided, about")
            if number < 7:
                assert "lab" not in seen(app) and "mini" not in seen(app)


async def test_how_steady_one_was_is_told_when_all_pairs_are_judged_and_not_before(desk: Desk):
    async with dueling(desk) as (app, pilot):
        for number in (2, 3):
            await pilot.press("left")
            await until_seen(pilot, f"vote {number}")
        again = app.bench.store.votes.standing("triage")[0].pair
        swapped = replace(
            again,
            left_result=again.right_result,
            right_result=again.left_result,
            left_contender=again.right_contender,
            right_contender=again.left_contender,
        )
        app.bench.dueling.vote(app.bench.store.votes.show(swapped, utc_now()), "right")
        assert "judged 1 pair" not in seen(app)
        await pilot.press("equals_sign")
        await until_seen(pilot, "F6 shows the board.", "Ada judged 1 pair twice, 100 % alike")


async def test_a_note_is_stored_with_its_vote_and_not_with_the_next(desk: Desk):
    async with dueling(desk) as (app, pilot):
        await pilot.press("n")
        await until_seen(pilot, "A note on this vote")
        await pilot.press(*"terse", "enter")
        await until(pilot, lambda: isinstance(app.screen, DuelScreen))
        await pilot.press("n")
        await until_seen(pilot, "A note on this vote", "terse")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DuelScreen))
        await pilot.press("left")
        await until_seen(pilot, "vote 2")
        await pilot.press("right")
        await until_seen(pilot, "vote 3")
        assert [note for _, _, note, _ in votes(desk)] == ["terse", None]


async def test_a_note_can_be_taken_away_again(desk: Desk):
    async with dueling(desk) as (app, pilot):
        for text in ("terse", ""):
            await pilot.press("n")
            await until_seen(pilot, "A note on this vote")
            app.screen.query_one(Input).value = text
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, DuelScreen))
        await pilot.press("left")
        await until_seen(pilot, "vote 2")
        assert [note for _, _, note, _ in votes(desk)] == [None]


async def test_after_names_were_shown_the_vote_is_not_blind_and_the_next_one_is(desk: Desk):
    async with dueling(desk) as (app, pilot):
        await pilot.press("N")
        text = await until_seen(pilot, "not blind", "lab", "mini")
        assert "v:" in text
        await pilot.press("left")
        await until_seen(pilot, "vote 2", "blind")
        assert "not blind" not in seen(app) and "lab" not in seen(app) and "mini" not in seen(app)
        await pilot.press("right")
        await until_seen(pilot, "vote 3")
        assert [blind for _, blind, _, _ in votes(desk)] == [0, 1]


async def test_names_asked_for_just_before_a_vote_are_not_shown_on_the_next_pair(desk: Desk):
    async with dueling(desk) as (app, pilot):
        await pilot.press("N", "left")
        await until_seen(pilot, "vote 2")
        await pilot.pause(0.2)
        assert "lab" not in seen(app) and "mini" not in seen(app)


async def test_a_pair_whose_names_were_seen_is_not_blind_when_it_comes_again(desk: Desk):
    desk.write("prompts/triage.cases.yml", "- {inputs: {ticket: Only one}}\n")
    async with dueling(desk) as (_app, pilot):
        await pilot.press("N")
        await until_seen(pilot, "not blind", "lab")
        await pilot.press("s")
        await until_seen(pilot, "vote 2")
        await pilot.press("left")
        await until(pilot, lambda: len(votes(desk)) == 2)
        assert [(choice, blind) for choice, blind, _, _ in votes(desk)] == [("skip", 0), ("left", 0)]


async def test_a_key_held_down_votes_once_on_each_pair(desk: Desk):
    async with dueling(desk) as (app, pilot):
        await pilot.press(*["left"] * 30)
        while app.screen.shown is not None:
            await pilot.press(*["left"] * 5)
        database = sqlite3.connect(desk.root / ".workbench/runs.db")
        most = database.execute("SELECT MAX(n) FROM (SELECT COUNT(*) n FROM votes GROUP BY pair)").fetchone()
        database.close()
        assert most == (1,) and len(votes(desk)) == 3
        assert "already has a vote" not in told(app)


async def test_when_every_pair_has_been_judged_that_is_said_and_keys_do_nothing(desk: Desk):
    async with dueling(desk) as (app, pilot):
        for number in (2, 3, 4):
            await pilot.press("right")
            await until_seen(pilot, f"vote {number}")
        await until_seen(pilot, "F6 shows the board.")
        await pilot.press("left", "n", "i", "N")
        await pilot.pause()
        assert isinstance(app.screen, DuelScreen) and len(votes(desk)) == 3


async def test_without_answers_the_reason_is_said(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("f4")
        await until_seen(pilot, "nothing to compare: no contender has answers")
        await pilot.press("left", "u")
        await until(pilot, lambda: "There is no vote to take back." in told(app))


async def test_identical_answers_are_never_shown_and_count_as_ties(desk: Desk):
    def script(body: dict, number: int) -> str:
        return "same" if "crash" not in body["messages"][-1]["content"] else by_model(body, number)

    async with dueling(desk, script) as (app, pilot):
        assert "case crash" in seen(app)
        await pilot.press("left")
        await until_seen(pilot, "F6 shows the board.")
        await pilot.press("f6")
        await until_seen(pilot, "2 identical answers counted as ties")


async def test_the_inputs_are_shown_whole(desk: Desk):
    long = "word " * 200 + "END"
    desk.write("prompts/triage.cases.yml", f"- {{inputs: {{ticket: {long}}}}}\n")
    async with dueling(desk, lambda body, number: f"answer {number}") as (app, pilot):
        assert "END" not in seen(app)
        await pilot.press("i")
        await until_seen(pilot, "END")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DuelScreen))


async def test_markup_and_escape_sequences_in_answers_and_cases_are_text(desk: Desk):
    desk.write(
        "prompts/triage.cases.yml",
        '- {name: "[bold]c[/]", inputs: {ticket: "[red]t[/] \\e[1m"}}\n',
    )
    async with dueling(desk, lambda body, number: f"[red]{number}[/] \x1b[31m \r [/]") as (app, pilot):
        text = await until_seen(
            pilot, "[red]0[/] ␛[31m ␍ [/]", "[red]1[/]", "case [bold]c[/]: [red]t[/] ␛[1m"
        )
        assert "\x1b" not in app.export_screenshot() + text
        await pilot.press("i")
        await until_seen(pilot, "[red]t[/] ␛[1m")


async def test_another_prompt_on_the_bench_brings_its_own_pairs(desk: Desk):
    desk.write("prompts/zoo.md", "Hello.\n")
    async with dueling(desk) as (app, pilot):
        await pilot.press("f2")
        await until(pilot, lambda: app.screen is bench_of(app))
        bench_of(app).open("zoo")
        await pilot.press("f4")
        await until(
            pilot, lambda: "only one contender" in seen(app) or "no contender has answers" in seen(app)
        )
        assert "zoo" in seen(app)
