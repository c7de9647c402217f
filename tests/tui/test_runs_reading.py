"""Reading while a run goes on and after it: nothing jumps away, and the keys are those that help."""

from __future__ import annotations

import pytest

from tests.support.loopback import Reply, failing
from tests.tui.conftest import Desk, bench_of, run_on
from tests.tui.seeing import seen, told, until, until_seen
from tests.tui.test_runs import columns_of, running, start
from workbench.tui.screens.history import HistoryScreen
from workbench.tui.widgets.cell_table import CellTable


def keys(app) -> str:
    """The line of keys."""
    return seen(app).splitlines()[-1]


def one_by_one(desk: Desk) -> None:
    """Ask one call at a time, of several that each take a while."""
    desk.write(".workbench.yml", desk.text(".workbench.yml").replace("concurrency: 4", "concurrency: 1"))


HANGS = Reply("billing", delay=60)


@pytest.mark.parametrize("key", ["h", "l", "d", "less_than_sign", "M", "ctrl+d", "ctrl+u", "enter", "j"])
async def test_any_key_for_reading_stops_following_the_answers_that_arrive(desk: Desk, key: str):
    async with desk.answering(HANGS):
        one_by_one(desk)
        async with desk.open() as (app, pilot):
            await start(pilot)
            await until_seen(pilot, "run 1 running", "following")
            await pilot.press(key)
            await until(pilot, lambda: "following" not in seen(app))


async def test_nobody_who_reads_is_carried_off_and_until_then_the_row_is_followed(desk: Desk):
    cases = "".join(f"- {{name: c{at}, inputs: {{ticket: t{at}}}}}\n" for at in range(30))
    desk.write("prompts/triage.cases.yml", cases)
    async with desk.answering(Reply("billing", delay=0.3)):
        one_by_one(desk)
        async with desk.open() as (app, pilot):
            await start(pilot)
            await until(pilot, lambda: running(app).at_row > 1)
            await pilot.press("l")
            row = running(app).at_row
            done = running(app).grid.done
            await until(pilot, lambda: running(app).grid.done > done + 8)
            assert running(app).at_row == row and "following" not in seen(app)
            await pilot.press("X", "right", "enter")
            await until(pilot, lambda: not running(app).running)


async def test_asking_again_what_failed_keeps_the_place_and_the_difference(desk: Desk):
    broken = {"lab"}

    def script(body: dict, number: int) -> Reply:
        failed = "Thank" in body["messages"][-1]["content"] and broken
        return failing(400, "no such thing") if failed else Reply("billing", delay=0.1)

    async with desk.answering(script), desk.open() as (app, pilot):
        await start(pilot)
        await until_seen(pilot, "4 of 6 answered")
        await pilot.press("j", "l", "d")
        await until_seen(pilot, "case 2/3", "words against")
        broken.clear()
        await pilot.press("R")
        await until_seen(pilot, "run 1 done", "6 of 6", "case 2/3", "words against")
        assert (running(app).at_row, running(app).at_column) == (1, 1)
        assert running(app).query_one(CellTable).cursor_row == 1


async def test_the_line_of_keys_shows_what_the_run_leaves_to_do(desk: Desk):
    delays = {0: 0.0}

    def script(body: dict, number: int) -> Reply:
        if number == 1:
            return failing(400, "no such thing")
        return Reply("billing", delay=delays.get(number, 60))

    async with desk.answering(script), desk.open((80, 24)) as (app, pilot):
        await start(pilot)
        await until_seen(pilot, "1 of 6", "1 failed")
        assert all(key in keys(app) for key in ("p pause", "X cancel", "! failed", "Enter open"))
        assert "R retry" not in keys(app) and "e resume" not in keys(app)
        await pilot.press("X", "right", "enter")
        await until(
            pilot, lambda: "R retries the 1 that failed. e goes on with the 4 that are left." in told(app)
        )
        assert all(key in keys(app) for key in ("e resume", "R retry", "! failed", "Enter open", "d diff"))
        assert "pause" not in keys(app) and "cancel" not in keys(app)
        delays.update(dict.fromkeys(range(99), 0.0))
        await pilot.press("e")
        await until_seen(pilot, "run 1 done", "6 of 6")
        assert not any(key in keys(app) for key in ("e resume", "R retry", "! failed", "p pause"))
        await pilot.press("p")
        await until(pilot, lambda: told(app) == "No run goes on.")
        await pilot.press("R")
        await until(pilot, lambda: told(app) == "Nothing has failed in this run.")


async def test_after_a_cancel_retrying_nothing_points_to_resuming(desk: Desk):
    def script(body: dict, number: int) -> Reply:
        return Reply("billing", delay=0 if number == 0 else 60)

    async with desk.answering(script), desk.open() as (app, pilot):
        await start(pilot)
        await until_seen(pilot, "1 of 6")
        await pilot.press("X", "right", "enter")
        await until_seen(pilot, "run 1 interrupted")
        await pilot.press("R")
        said = "Nothing has failed in this run. e goes on with the 5 that are left."
        await until(pilot, lambda: told(app) == said)


async def test_a_past_run_is_read_while_another_goes_on_and_a_key_leads_back(desk: Desk):
    late = {"delay": 0.0}

    async with desk.answering(lambda body, number: Reply("billing", delay=late["delay"])) as server:
        await run_on(desk, models=("mini",))
        late["delay"] = 60
        async with desk.open() as (app, pilot):
            await start(pilot)
            await until_seen(pilot, "run 2 running")
            await pilot.press("O")
            await until_seen(pilot, "Past runs", "1 × 3: 3 ok")
            await pilot.press("down", "enter")
            await until_seen(pilot, "run 1 done", "run 2 goes on, 3 of 6", "Esc back")
            assert len(columns_of(app)) == 1
            await pilot.press("R")
            await until(pilot, lambda: "A run goes on" in told(app))
            await pilot.press("X")
            await until_seen(pilot, "Cancel run 2?", "Enter take")
            await pilot.press("escape", "escape")
            await until_seen(pilot, "run 2 running")
            assert len(columns_of(app)) == 2 and "Esc back" not in keys(app)
            await pilot.press("X", "right", "enter")
            await until_seen(pilot, "run 2 interrupted")
            assert len(server.requests) == 6


async def test_the_prompt_of_the_run_on_screen_is_the_one_to_judge_and_the_bench_keeps_its_own(desk: Desk):
    desk.write("prompts/other.md", "user:\nSay {{ word }}\n")
    async with desk.answering(lambda body, number: f"answer {number}"):
        await run_on(desk, "triage")
        async with desk.open() as (app, pilot):
            bench_of(app).open("other")
            await pilot.press("f3")
            await until_seen(pilot, "run 1 done")
            await pilot.press("v")
            await until_seen(pilot, " triage ", "blind", "vote 1")
            await pilot.press("f2", "f4")
            await until_seen(pilot, " other ")


async def test_what_has_no_price_is_no_sum_of_nothing(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("mini",))
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            text = await until_seen(pilot, "run 2 done")
            assert "+ unpriced" not in text.splitlines()[0] and "$" in text.splitlines()[0]
            await pilot.press("O")
            await until_seen(pilot, "Past runs", "1 × 3: 3 ok")
            await pilot.press("down", "enter")
            await until_seen(pilot, "run 1 done")
            await until(pilot, lambda: seen(app).splitlines()[0].endswith("unpriced"))
            assert "$" not in seen(app).splitlines()[0]


async def test_f5_again_reads_the_history_anew(desk: Desk):
    desk.commit("first")
    async with desk.open() as (app, pilot):
        await pilot.press("f5")
        await until_seen(pilot, "first")
        desk.write("prompts/triage.md", "user:\nHi\n")
        desk.commit("second, meanwhile")
        await pilot.press("f5")
        await until_seen(pilot, "second, meanwhile")
        assert isinstance(app.screen, HistoryScreen)
