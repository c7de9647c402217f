"""Duel: which answer is better, without knowing who wrote it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest
from textual.widgets import Input

from tests.tui.conftest import Desk, bench_of, run_on
from tests.tui.seeing import picture, seen, told, until, until_seen
from workbench.bench.dueling import Dueling
from workbench.tui.screens.duel import DuelScreen


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
    return screen._shown.pair.left_result, screen._shown.pair.right_result


async def test_nothing_on_screen_tells_who_wrote_what_before_the_vote(desk: Desk):
    async with dueling(desk) as (app, pilot):
        shown = picture(app) + app.title + (app.sub_title or "") + told(app)
        for name in ("lab", "mini", "loopback", "v:", "openai", "unpriced", "$", " s ·"):
            assert name not in shown.partition('<g class="terminal-matrix">')[2], name
        await until_seen(pilot, "First thoughts", "Second thoughts", "blind")


async def test_the_same_pair_with_authorship_swapped_looks_the_same(tmp_path, desk: Desk):
    def swapped(body: dict, number: int) -> str:
        other = {"loopback-1": "loopback-2", "loopback-2": "loopback-1"}[body["model"]]
        return by_model({**body, "model": other}, number)

    pictures = set()
    for name, script in (("a", by_model), ("b", swapped)):
        other = Desk(tmp_path / name, tmp_path / "personal")
        other.triage()
        for seed in range(20):
            async with dueling(other, script, seed) as (app, pilot):
                await until_seen(pilot, "First", "Second")
                left = "First" in seen(app).splitlines()[2][:60]
                if left and "case card" in seen(app):
                    await pilot.pause()
                    pictures.add((name, picture(app)))
                    break
            (other.root / ".workbench/runs.db").unlink()
    assert len(pictures) == 2, "both were seen"
    assert len({drawn for _, drawn in pictures}) == 1


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
        await until(pilot, lambda: app.screen._shown and pair_of(app) != before)
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
        while app.screen._shown is not None:
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
