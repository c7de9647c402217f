"""Runs: answers side by side, while they arrive and afterwards."""

from __future__ import annotations

import sqlite3

from textual.widgets import DataTable

from tests.support.loopback import Reply, failing
from tests.tui.conftest import Desk, bench_of, run_on
from tests.tui.seeing import seen, told, until, until_seen
from workbench.tui.screens.runs import RunsScreen
from workbench.tui.widgets.result_column import ResultColumn

HOSTILE = "a [red]b[/red] [/] [bold]c \x1b[31md\x1b[0m\rgone? \x1b]0;title\x07 end"
SHOWN = "a [red]b[/red] [/] [bold]c ␛[31md␛[0m␍gone? ␛]0;title␇ end"


async def start(pilot, *keys: str) -> None:
    """Plan a run with both models, and start it."""
    await pilot.press("ctrl+r")
    await until_seen(pilot, "1 contender")
    await pilot.press("tab", "down", "space")
    await until_seen(pilot, "2 contenders")
    await pilot.press(*keys, "enter")


def running(app) -> RunsScreen:
    screen = app.get_screen("runs")
    assert isinstance(screen, RunsScreen)
    return screen


async def test_two_contenders_stream_side_by_side(desk: Desk):
    words = Reply(" ".join(f"word{number}" for number in range(300)), gap=0.05)
    async with desk.answering(words), desk.open() as (app, pilot):
        await start(pilot)

        def streaming() -> bool:
            lines = [line for line in seen(app).splitlines() if line.count("word0 ") == 2]
            return len(lines) == 1 and seen(app).count("▌") == 2

        await until(pilot, streaming)
        first = seen(app).count("word")
        await until(pilot, lambda: seen(app).count("word") > first + 4)
        assert "running" in seen(app)


async def test_a_finished_run_shows_signs_figures_and_a_row_for_each_case(desk: Desk):
    async with desk.answering("billing"), desk.open() as (app, pilot):
        await start(pilot)
        text = await until_seen(pilot, "run 1 done", "6 of 6")
        await until(pilot, lambda: seen(app).count("✗") >= 2)
        text = seen(app)
        card = next(line for line in text.splitlines() if line.startswith("│ card"))
        thanks = next(line for line in text.splitlines() if line.startswith("│ thanks"))
        assert card.count("✓") == 2 and thanks.count("·") == 2
        assert "lab" in text and "mini" in text and "unpriced" in text
        with sqlite3.connect(desk.root / ".workbench/runs.db") as database:
            assert database.execute("SELECT COUNT(*) FROM results").fetchone() == (6,)
        database.close()


async def test_what_was_counted_stands_beside_what_the_provider_reported(desk: Desk):
    async with desk.answering(Reply("billing", heard=1000)) as _:
        await run_on(desk)
        async with desk.open() as (_, pilot):
            await pilot.press("f3")
            text = await until_seen(pilot, "1000→1 · counted")
            shown = int(text.partition("· counted ")[2].split()[0])
            assert f"counted {shown} ≈ {(shown - 1000) / 10:+.1f} %" in text


async def test_j_and_k_step_through_the_cases(desk: Desk):
    async with desk.answering() as _:
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "case 1/3 card", "<ticket>Card declined twice</ticket>")
            await pilot.press("j")
            await until_seen(pilot, "case 2/3 crash", "<ticket>The app crashes</ticket>")
            await pilot.press("j", "j", "j", "k", "down", "up")
            await until_seen(pilot, "case 2/3 crash", "<ticket>The app crashes</ticket>")
            assert running(app).query_one(DataTable).cursor_row == 1


async def test_brackets_step_through_the_samples_of_one_case(desk: Desk):
    async with desk.answering(lambda body, number: f"answer {number}") as _:
        await run_on(desk, samples=2)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "case 1/6 card", "card #2")
            await pilot.press("right_square_bracket")
            await until_seen(pilot, "sample 2")
            await pilot.press("right_square_bracket")
            await pilot.pause()
            assert "sample 2" in seen(app)
            await pilot.press("left_square_bracket")
            await until(pilot, lambda: "sample 2" not in seen(app))


async def test_a_run_can_be_paused_and_goes_on(desk: Desk):
    async with desk.answering(Reply("billing", delay=2)) as server:
        desk.write(".workbench.yml", desk.text(".workbench.yml").replace("concurrency: 4", "concurrency: 1"))
        async with desk.open() as (_app, pilot):
            await pilot.press("ctrl+r")
            await until_seen(pilot, "3 calls")
            await pilot.press("enter")
            await until(pilot, lambda: len(server.requests) == 1)
            await pilot.press("p")
            await until_seen(pilot, "paused", "1 of 3")
            await pilot.pause(0.5)
            assert len(server.requests) == 1
            await pilot.press("p")
            await until_seen(pilot, "3 of 3")


async def test_cancelling_asks_once_and_keeps_what_has_ended(desk: Desk):
    def script(body: dict, number: int) -> Reply:
        return Reply("billing", delay=0 if number == 0 else 60)

    async with desk.answering(script) as server, desk.open() as (app, pilot):
        await start(pilot)
        await until_seen(pilot, "1 of 6")
        await pilot.press("X")
        await until_seen(pilot, "Cancel this run?")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is running(app))
        assert "running" in seen(app)
        await pilot.press("X")
        await until_seen(pilot, "Cancel this run?")
        await pilot.press("right", "enter")
        await until_seen(pilot, "run 1 interrupted")
        await until(pilot, lambda: not running(app).running)
        assert all(request.dropped.is_set() for request in server.requests[1:])
        assert "cancelled" in seen(app)


async def test_an_interrupted_run_is_resumed_by_a_key(desk: Desk):
    delays = {0: 0}

    def script(body: dict, number: int) -> Reply:
        return Reply("billing", delay=delays.get(number, 60))

    async with desk.answering(script) as server, desk.open() as (app, pilot):
        await start(pilot)
        await until_seen(pilot, "1 of 6")
        await pilot.press("X")
        await until_seen(pilot, "Cancel this run?")
        await pilot.press("right", "enter")
        await until_seen(pilot, "run 1 interrupted")
        before = len(server.requests)
        delays.update(dict.fromkeys(range(99), 0))
        await pilot.press("e")
        await until_seen(pilot, "run 1 done", "6 of 6")
        assert len(server.requests) == before + 5
        await pilot.press("e")
        await until(pilot, lambda: "Nothing is left to do" in told(app))


async def test_failed_cells_say_what_failed(desk: Desk):
    async with desk.answering(failing(400, "a [red]bad[/] request \x1b[31m")), desk.open() as (_app, pilot):
        await start(pilot)
        text = await until_seen(pilot, "6 of 6", "a [red]bad[/] request", "! request ×1")
        assert "✓" not in text and "✗" not in text


async def test_the_same_again_is_answered_from_the_cache(desk: Desk):
    async with desk.answering("billing") as server:
        await run_on(desk)
        async with desk.open() as (_app, pilot):
            await start(pilot)
            await until_seen(pilot, "run 2 done", "cached", "6 of 6")
            assert len(server.requests) == 6


async def test_a_run_is_not_covered_by_the_past_run_that_is_shown_first(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("mini",))
        async with desk.open() as (app, pilot):
            await pilot.press("ctrl+r")
            await until_seen(pilot, "3 calls")
            await pilot.press("enter")
            await until_seen(pilot, "run 2 done", "3 of 3")
            await pilot.pause(0.3)
            assert "run 2 done" in seen(app) and len(app.screen.query(ResultColumn)) == 1


async def test_past_runs_are_listed_and_opened(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("mini",))
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "run 2 done")
            await pilot.press("O")
            await until_seen(pilot, "Open a past run", "1 contenders", "2 contenders")
            await pilot.press("down", "enter", "j", "j", "k")
            await until_seen(pilot, "run 1 done")
            await until(pilot, lambda: len(app.screen.query(ResultColumn)) == 1)


async def test_v_goes_to_the_duel(desk: Desk):
    async with desk.answering(lambda body, number: f"answer {number}"):
        await run_on(desk)
        async with desk.open() as (_app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "run 1 done")
            await pilot.press("v")
            await until_seen(pilot, "blind", "vote 1")


async def test_five_columns_fit_side_by_side_or_scroll(desk: Desk):
    more = "".join(
        f"  m{number}: {{model: openai/loopback-1{number}, api_base: URL}}\n" for number in range(5)
    )
    async with desk.answering("billing") as server:
        desk.write(
            ".workbench.yml", f"models:\n{more}defaults: {{models: [m0]}}\n".replace("URL", server.url)
        )
        await run_on(desk, models=tuple(f"m{number}" for number in range(5)))
        for size in ((80, 24), (160, 40)):
            async with desk.open(size) as (app, pilot):
                await pilot.press("f3")
                await until_seen(pilot, "run 1 done")
                columns = app.screen.query(ResultColumn)
                assert len(columns) == 5
                assert all(column.size.width >= 20 for column in columns)


async def test_nothing_in_an_answer_acts_on_the_screen(desk: Desk):
    desk.write("prompts/triage.cases.yml", "- {name: '[bold]c[/]', inputs: {ticket: '[/] x'}}\n")
    async with desk.answering(HOSTILE):
        async with desk.open((160, 40)) as (app, pilot):
            await start(pilot)
            await until_seen(pilot, "2 of 2", SHOWN, "case 1/1 [bold]c[/]", "│ [bold]c[/]")
            assert "\x1b" not in app.export_screenshot()
            assert app.title == "Workbench"


async def test_streaming_text_is_inert_while_it_arrives(desk: Desk):
    async with desk.answering(Reply(HOSTILE + " more" * 99, pieces=[HOSTILE] + [" more"] * 99, gap=0.1)):
        async with desk.open((160, 40)) as (app, pilot):
            await start(pilot)
            await until(pilot, lambda: SHOWN in seen(app) and "▌" in seen(app))
            assert "\x1b" not in app.export_screenshot()


async def test_other_screens_can_be_used_while_a_run_goes_on(desk: Desk):
    async with desk.answering(Reply("billing " * 30, gap=0.02)), desk.open() as (_app, pilot):
        await start(pilot)
        for key in ("f2", "f3", "f4", "f6", "f3", "f2", "f6", "f3") * 2:
            await pilot.press(key)
            await pilot.resize_terminal(*((80, 24) if key == "f2" else (150, 40)))
        await until_seen(pilot, "run 1 done", "6 of 6")


async def test_leaving_during_a_run_asks_and_keeps_what_has_ended(desk: Desk):
    def script(body: dict, number: int) -> Reply:
        return Reply("billing", delay=0 if number == 0 else 60)

    async with desk.answering(script), desk.open() as (app, pilot):
        await start(pilot)
        await until_seen(pilot, "1 of 6")
        await pilot.press("ctrl+q")
        await until_seen(pilot, "A run goes on")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is running(app))
        await pilot.press("f2", "ctrl+q")
        await until_seen(pilot, "A run goes on")
        await pilot.press("right", "enter")
        await until(pilot, lambda: app._exit)
    store = desk.bench().store
    run = store.runs.get(1)
    store.close()
    assert run.status == "interrupted" and run.counts["ok"] == 1 and run.counts["cancelled"] == 4


async def test_no_runs_yet_is_said(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("f3")
        await until_seen(pilot, "No runs yet: press ^r to plan one.")
        await pilot.press(*"jkpXe[]", "v")
        assert app.is_running
        assert bench_of(app).is_running


async def test_the_input_of_a_result_is_kept_as_a_case(desk: Desk):
    async with desk.answering() as _:
        await run_on(desk, inputs={"ticket": "Refund me"})
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "case 1/1 inputs")
            await pilot.press("K")
            await until_seen(pilot, "Keep this input as a case named")
            await pilot.press(*"refund", "enter")
            await until(pilot, lambda: "Kept as “refund” at prompts/triage.cases.yml:4" in told(app))
            assert desk.text("prompts/triage.cases.yml").endswith(
                "- {name: refund, inputs: {ticket: Refund me}}\n"
            )
            await pilot.press("K")
            await until(pilot, lambda: "This input is the case “refund” already" in told(app))
