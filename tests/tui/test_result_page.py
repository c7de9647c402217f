"""The page of one result: the answer, what was asked, and what a person does about it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.loopback import Loopback, Reply
from tests.tui.conftest import Desk, run_on
from tests.tui.seeing import seen, told, until, until_seen
from workbench.bench.shown import short_version
from workbench.store.records import Remark
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.copy_as import LONG, CopyDialog
from workbench.tui.screens.dialogs import Ask, Line
from workbench.tui.screens.result_page import ResultPage
from workbench.tui.screens.runs import RunsScreen

HOSTILE = "a [red]b[/red] [/] \x1b]0;title\x07 end"
WIDE, NARROW = (160, 50), (80, 24)


@asynccontextmanager
async def page(
    desk: Desk, size: tuple[int, int] = WIDE
) -> AsyncIterator[tuple[WorkbenchApp, Pilot[Any], int]]:
    """Open the page of the first cell's result over the runs, and yield its number beside the app."""
    async with desk.open(size) as (app, pilot):
        await app.switch_mode("runs")
        (number, *_) = in_order(app)
        app.push_screen(ResultPage(number))
        await until_seen(pilot, f"result {number}", "Answer ─ ")
        yield app, pilot, number


def in_order(app: WorkbenchApp) -> list[int]:
    """The results of the first run in the order of its cells, which is not that of their arrival."""
    return [cell.result.id for cell in app.bench.store.runs.cells(1) if cell.result]


def remark_of(app: WorkbenchApp, result: int) -> Remark:
    return app.bench.recalling.result(result).remark


async def test_a_result_is_shown_whole_with_the_exact_context_it_answers(desk: Desk):
    async with desk.answering(Reply("billing", model="loopback-1-of-may")):
        await run_on(desk, models=("lab",))
        async with page(desk) as (_, pilot, _):
            text = await until_seen(pilot, "Answer ─ ok ✓", "Context ─ 2 messages")
            for part in (
                "billing",
                "── system ──",
                "You sort tickets.",
                "<ticket>Card declined twice</ticket>",
            ):
                assert part in text
            for fact in ("loopback-1-of-may", "max_tokens=20", "$1 in, $2 out", "✓ “billing”", "card"):
                assert fact in text


async def test_on_a_narrow_screen_tab_goes_from_view_to_view(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",))
        async with page(desk, NARROW) as (app, pilot, _):
            await until_seen(pilot, "Answer ─ ok ✓")
            for shown in ("You sort tickets.", "answered by", "Answer ─ ok ✓"):
                await pilot.press("tab")
                await until_seen(pilot, shown)
                assert sum(title in seen(app) for title in ("Answer ─", "Context ─", "─ Facts ─")) == 1
            await pilot.press("c")
            await until_seen(pilot, "You sort tickets.")
            await pilot.press("c")
            await until_seen(pilot, "Answer ─ ok ✓")


async def test_one_view_takes_the_whole_screen_and_gives_it_back(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",))
        async with page(desk) as (app, pilot, _number):
            await pilot.press("f", "plus")
            await until(pilot, lambda: "Answer ─" not in seen(app))
            assert "─ Facts ─" in seen(app)
            await pilot.press("plus")
            await until_seen(pilot, "Answer ─", "Context ─", "─ Facts ─")


async def test_what_a_model_says_does_nothing_to_the_screen(desk: Desk):
    async with desk.answering(HOSTILE):
        await run_on(desk, models=("lab",))
        async with page(desk) as (_, pilot, _):
            await until_seen(pilot, "a [red]b[/red] [/] ␛]0;title␇ end")


async def test_an_error_is_shown_with_its_words(desk: Desk):
    async with desk.answering(Reply("no luck [today]", status=400)):
        await run_on(desk, models=("lab",))
        async with page(desk) as (_, pilot, _):
            text = await until_seen(pilot, "Answer ─ error", "no luck [today]", "── error ──")
            assert "unpriced" not in text  # there was nothing to pay for


@pytest.mark.parametrize(("key", "label", "sign"), [("g", "good", "+ good"), ("b", "bad", "- bad")])
async def test_a_result_is_marked_by_one_key_and_the_same_key_takes_it_back(
    desk: Desk, key: str, label: str, sign: str
):
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",))
        async with page(desk) as (app, pilot, number):
            await pilot.press(key)
            await until_seen(pilot, sign)
            assert remark_of(app, number).label == label
            await pilot.press(key)
            await until(pilot, lambda: sign not in seen(app))
            assert remark_of(app, number).label is None


async def test_good_and_bad_take_the_place_of_each_other(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",))
        async with page(desk) as (app, pilot, number):
            await pilot.press("g")
            await until_seen(pilot, "+ good")
            await pilot.press("b")
            await until_seen(pilot, "- bad")
            assert remark_of(app, number) == Remark("bad", None)


async def test_a_note_is_written_changed_and_taken_away(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",))
        async with page(desk) as (app, pilot, number):
            for typed, wanted in (("too [b]short", "too [b]short"), (" indeed", "too [b]short indeed")):
                await pilot.press("n")
                await until(pilot, lambda: isinstance(app.screen, Line))
                await pilot.press(*typed, "enter")
                await until_seen(pilot, wanted)
                assert remark_of(app, number).note == wanted
            await pilot.press("n")
            await until(pilot, lambda: isinstance(app.screen, Line))
            app.screen.query_one(Input).value = ""
            await pilot.press("enter")
            await until(pilot, lambda: "too [b]" not in seen(app))
            assert remark_of(app, number).note is None


async def test_one_goes_through_the_results_of_the_run(desk: Desk):
    async with desk.answering(lambda body, _: str(body["messages"][-1]["content"]).upper()):
        await run_on(desk, models=("lab",))
        async with page(desk) as (app, pilot, number):
            results = in_order(app)
            await pilot.press("right")
            await until_seen(pilot, f"result {results[1]}", "2 of 3", "THE APP CRASHES")
            await pilot.press("left", "left")
            await until_seen(pilot, f"result {number}", "1 of 3", "CARD DECLINED TWICE")


async def test_a_result_is_asked_once_more_and_the_new_run_is_shown(desk: Desk):
    async with desk.answering("billing") as server:
        await run_on(desk, models=("lab",))
        desk.write("prompts/triage.md", "user:\nSomething else\n")
        async with page(desk) as (app, pilot, number):
            before = app.bench.recalling.result(number).messages
            await pilot.press("r")
            await until_seen(pilot, "Ask again? About $0.0000")
            await pilot.press("right", "enter")
            await until_seen(pilot, "run 2 done", "1 of 1")
            assert isinstance(app.screen, RunsScreen)
            assert len(server.requests) == 4
            again = server.requests[3].body["messages"]
            assert again == [{"role": one.role, "content": one.content} for one in before]


async def test_nothing_is_paid_for_that_was_not_agreed_to(desk: Desk):
    async with desk.answering("billing") as server:
        await run_on(desk, models=("lab",))
        async with page(desk) as (app, pilot, _number):
            for answer in ("enter", "escape"):
                await pilot.press("r")
                await until_seen(pilot, "Ask again?")
                await pilot.press(answer)
                await until(pilot, lambda: isinstance(app.screen, ResultPage))
            assert len(server.requests) == 3


async def test_escape_leads_back_to_the_result_that_was_asked_again(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("mini",))
        async with page(desk) as (app, pilot, number):
            await pilot.press("r")
            await until_seen(pilot, "What it costs is not known.")
            await pilot.press("right", "enter")
            await until_seen(pilot, "run 2 done", "Esc back")
            await pilot.press("escape")
            await until_seen(pilot, "run 1", f"result {number}", "Answer ─ ok")
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, RunsScreen))
            await pilot.press("escape")
            assert isinstance(app.screen, RunsScreen)


async def test_the_page_says_which_contender_and_which_of_how_many_it_is(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",), params={"temperature": [0.5]}, samples=2)
        async with page(desk, NARROW) as (app, pilot, _number):
            version = short_version(app.bench.store.runs.cells(1)[0].contender.version)
            await until_seen(pilot, "triage  card  run 1  result ", "  1 of 6", f"lab · {version} · ")
            assert "sample" not in seen(app)
            await pilot.press("right")
            await until_seen(pilot, "  2 of 6", f"lab · {version} · sample 2 · ", "temperature=0.5")


async def test_the_grid_points_at_the_result_that_was_left(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",))
        async with desk.open(WIDE) as (app, pilot):
            await app.switch_mode("runs")
            await until_seen(pilot, "run 1 done")
            await pilot.press("enter")
            await until_seen(pilot, "1 of 3", "Answer ─ ok")
            await pilot.press("right", "right")
            await until_seen(pilot, "3 of 3", "Answer ─ ok")
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.screen.at_row == 2)


async def test_a_failure_that_was_tried_again_is_read_and_leads_to_what_replaced_it(desk: Desk):
    mended: list[bool] = []
    async with desk.answering(lambda *_: "billing" if mended else Reply("no luck", status=400)):
        await run_on(desk, models=("lab",), cases=("card",))
        mended.append(True)
        async with desk.open(WIDE) as (app, pilot):
            await app.switch_mode("runs")
            await until_seen(pilot, "run 1 done")
            await pilot.press("R")
            await until_seen(pilot, "billing")
            app.push_screen(ResultPage(1))
            await until_seen(pilot, "result 1  replaced by result 2", "Answer ─ error", "no luck")
            await pilot.press("g")
            await until(pilot, lambda: "result 2 is in its place" in told(app))
            await pilot.press("right")
            await until_seen(pilot, "result 2", "Answer ─ ok")


async def test_nothing_is_asked_while_a_run_goes_on(desk: Desk):
    async with Loopback(Reply("billing", delay=30)) as slow, desk.answering("billing"):
        await run_on(desk, models=("lab",))
        desk.settings(slow.url)
        async with desk.open() as (app, pilot):
            await pilot.press("ctrl+r")
            await until_seen(pilot, "1 contender")
            app.screen.query_one("#params", Input).value = "max_tokens=7"
            await until_seen(pilot, "0 cached")
            await pilot.press("enter")
            await until(pilot, lambda: slow.requests)
            app.push_screen(ResultPage(1))
            await until_seen(pilot, "result 1")
            await pilot.press("r")
            await until(pilot, lambda: "A run goes on" in told(app))
            assert isinstance(app.screen, ResultPage)


async def test_a_plan_over_the_limit_asks_before_it_is_asked_once_more(desk: Desk):
    async with desk.answering("billing") as server:
        await run_on(desk, models=("lab",))
        settings = desk.text(".workbench.yml").replace("limits: {", "limits: {cost: 0.0000001, ")
        desk.write(".workbench.yml", settings)
        async with page(desk) as (app, pilot, _number):
            await pilot.press("r")
            await until_seen(pilot, "would typically cost")
            assert isinstance(app.screen, Ask)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, RunsScreen))
            assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("downs", "part"),
    [(0, "billing"), (1, "── user ──"), (2, '"role": "user"'), (3, "curl "), (4, "from openai import")],
)
async def test_the_answer_and_what_was_asked_are_copied_in_each_form(desk: Desk, downs: int, part: str):
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",))
        async with page(desk) as (app, pilot, _number):
            await pilot.press("y")
            await until(pilot, lambda: isinstance(app.screen, CopyDialog))
            await until_seen(pilot, "the answer alone, as it came: 7 characters")
            await pilot.press(*["down"] * downs, "enter")
            await until(pilot, lambda: isinstance(app.screen, ResultPage))
            assert part in app.clipboard


async def test_an_answer_longer_than_terminals_take_is_told_with_the_command_that_keeps_it(desk: Desk):
    async with desk.answering("word " * (LONG // 5 + 1)):
        await run_on(desk, models=("lab",))
        async with page(desk) as (_, pilot, number):
            await pilot.press("y")
            command = f"“workbench runs result {number} --format answer > FILE”"
            await until_seen(pilot, f"More than many terminals take: {command} keeps it.")


async def test_curl_asks_what_was_asked_then_whatever_the_prompt_says_now(desk: Desk):
    async with desk.answering("billing") as server:
        await run_on(desk, models=("lab",))
        desk.write("prompts/triage.md", "user:\nSomething else\n")
        async with page(desk) as (app, pilot, number):
            recalled = app.bench.recalling.result(number)
            sent = [{"role": one.role, "content": one.content} for one in recalled.messages]
            assert sent in [request.body["messages"] for request in server.requests]
            await pilot.press("y")
            await until_seen(pilot, "Messages as JSON")
            await pilot.press("down", "down", "enter")
            await until(pilot, lambda: app.clipboard)
            assert json.loads(app.clipboard) == sent


async def test_its_input_is_kept_as_a_case_under_the_name_that_is_typed(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",), inputs={"ticket": "Where is my parcel?"})
        async with page(desk) as (app, pilot, _number):
            await pilot.press("K")
            await until_seen(pilot, "Keep this input as a case named")
            app.screen.query_one(Input).value = "parcel"
            await pilot.press("enter")
            await until(pilot, lambda: "Kept as “parcel”" in told(app))
            assert "Where is my parcel?" in desk.text("prompts/triage.cases.yml")


async def test_an_input_that_is_a_case_already_is_not_kept_twice(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",))
        before = desk.text("prompts/triage.cases.yml")
        async with page(desk) as (app, pilot, _number):
            await pilot.press("K")
            await until(pilot, lambda: "already, at prompts/triage.cases.yml" in told(app))
            assert desk.text("prompts/triage.cases.yml") == before


async def test_a_result_there_is_not_is_told_and_closes_the_page(desk: Desk):
    async with desk.open() as (app, pilot):
        app.push_screen(ResultPage(99))
        await until(pilot, lambda: "there is no result 99" in told(app))
        await until(pilot, lambda: not isinstance(app.screen, ResultPage))


async def test_a_fact_of_a_megabyte_is_cut_and_the_others_stay_in_sight(desk: Desk):
    case = f"- {{name: card, inputs: {{ticket: a}}, expect: {'x' * 1_000_000}}}\n"
    desk.write("prompts/triage.cases.yml", case)
    async with desk.answering("billing"):
        await run_on(desk, models=("lab",))
        async with page(desk) as (_, pilot, _number):
            await until_seen(pilot, "“xxxx", "xxx…", "answered by", "just now")
