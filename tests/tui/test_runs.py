"""Runs: answers side by side, while they arrive and afterwards."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from tests.support.loopback import Reply, failing, rate_limited
from tests.support.records import cell_of, contender_of, result_of
from tests.tui.conftest import Desk, bench_of, run_on
from tests.tui.seeing import seen, told, until, until_seen
from workbench.bench.grid import Grid
from workbench.bench.running import Request
from workbench.models.calls import ToolCall
from workbench.runs.events import Finished, Started
from workbench.tui.screens.result_page import ResultPage
from workbench.tui.screens.runs import RunsScreen
from workbench.tui.widgets.cell_table import CellTable
from workbench.tui.widgets.pointed_list import ARROW
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


def columns_of(app) -> list[ResultColumn]:
    """The columns that stand side by side."""
    return [column for column in app.screen.query(ResultColumn) if column.display]


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
            assert running(app).query_one(CellTable).cursor_row == 1


async def test_brackets_step_through_the_samples_of_one_case(desk: Desk):
    async with desk.answering(lambda body, number: f"answer {number}") as _:
        await run_on(desk, samples=2)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "case 1/6 card", "card #2")
            await pilot.press("right_square_bracket")
            await until_seen(pilot, "sample 2")
            # There is no third, and from another case one would not come back to this.
            await pilot.press("right_square_bracket", "left_square_bracket")
            await until(pilot, lambda: "case 1/6 card" in seen(app) and "sample 2" not in seen(app))


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


async def test_a_run_that_is_paused_before_it_has_begun_is_not_timed_until_it_goes_on(desk: Desk):
    async with desk.answering("billing") as server, desk.open() as (app, pilot):
        bench = app.bench
        await pilot.press("f3")
        screen = running(app)
        screen.begin(bench.running.start(await bench.running.prepare(Request(("triage",)))))
        screen.action_pause()
        await until_seen(pilot, "run 1 running paused", "0 of 3")
        assert screen.stopwatch is not None and screen.stopwatch.paused_at is not None
        assert not server.requests
        await pilot.press("p")
        await until_seen(pilot, "run 1 done", "3 of 3")


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
        text = await until_seen(pilot, "0 of 6 answered", "a [red]bad[/] request", "! request ×1")
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
            assert "run 2 done" in seen(app) and len(columns_of(app)) == 1


async def test_past_runs_are_listed_and_opened(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk, models=("mini",))
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "run 2 done")
            await pilot.press("O")
            await until_seen(pilot, "Past runs", "1 × 3: 3 ok", "2 × 3: 6 ok")
            await pilot.press("down", "enter", "j", "j", "k")
            await until_seen(pilot, "run 1 done")
            await until(pilot, lambda: len(columns_of(app)) == 1)


async def test_v_goes_to_the_duel(desk: Desk):
    async with desk.answering(lambda body, number: f"answer {number}"):
        await run_on(desk)
        async with desk.open() as (_app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "run 1 done")
            await pilot.press("v")
            await until_seen(pilot, "blind", "vote 1")


async def test_five_columns_fit_side_by_side_or_on_pages(desk: Desk):
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
                pages = [columns_of(app)]
                assert all(column.size.width >= 20 for column in pages[0])
                if size[0] == 80:
                    await until_seen(pilot, "columns 1–3 of 5")
                    await pilot.press("greater_than_sign")
                    await until_seen(pilot, "columns 4–5 of 5")
                    pages.append(columns_of(app))
                    assert all(column.size.width >= 20 for column in pages[1])
                    await pilot.press("greater_than_sign", "less_than_sign")
                    await until_seen(pilot, "columns 1–3 of 5")
                assert sum(map(len, pages)) == 5


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


async def test_where_there_is_no_input_none_is_kept(desk: Desk):
    desk.write("prompts/triage.md", "Say hello\n")
    desk.write("prompts/triage.cases.yml", "")
    async with desk.answering():
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "run 1 done")
            await pilot.press("K")
            await until(pilot, lambda: "There is no input here that could be kept." in told(app))
            assert app.screen is running(app)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ResultPage))
            await pilot.press("K")
            await until(pilot, lambda: told(app).count("There is no input here that could be kept.") == 2)


ANSWERS = {
    "lab": "# Verdict\n\nThe queue is **billing**, for <policy>cards</policy>:\n- see [the rules](http://127.0.0.1/x)",
    "mini": "# Verdict\n\nThe queue is **sales**, for <policy>cards</policy>:\n- see [the rules](http://127.0.0.1/x)",
}


def by_model(answers: dict[str, str]):
    """A script that answers for ``lab`` and ``mini`` apart."""
    return lambda body, number: answers["lab" if body["model"] == "loopback-1" else "mini"]


async def test_an_answer_is_rendered_as_markdown_and_a_key_shows_it_as_it_was_written(desk: Desk):
    async with desk.answering(by_model(ANSWERS)):
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(
                pilot, "The queue is billing, for <policy>cards</policy>:", "• see the rules (http"
            )
            await pilot.press("M")
            text = await until_seen(
                pilot, "The queue is **billing**, for", "- see [the rules](http", "as written"
            )
            assert "• see" not in text
            await pilot.press("M")
            await until(pilot, lambda: "**" not in seen(app) and "• see the rules" in seen(app))


async def test_d_marks_the_words_in_which_each_answer_differs_from_the_first(desk: Desk):
    async with desk.answering(by_model(ANSWERS)):
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "The queue is sales")
            await pilot.press("d")
            text = await until_seen(pilot, "**[-billing-]{+sales+}**", "+1 -1 words", "words against")
            assert "The queue is **billing**, for" in text
            await pilot.press("j")
            await until_seen(pilot, "case 2/3", "**[-billing-]{+sales+}**")
            await pilot.press("d")
            await until(pilot, lambda: "{+" not in seen(app) and "The queue is sales" in seen(app))


async def test_scrolling_one_answer_scrolls_all(desk: Desk):
    long = "\n".join(f"line {number}" for number in range(200))
    async with desk.answering(long):
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "line 0 ")
            await pilot.press("ctrl+d", "ctrl+d")
            await until(pilot, lambda: "line 0 " not in seen(app) and tops(app)[0] > 0)
            assert len(set(tops(app))) == 1 and len(tops(app)) == 2
            columns_of(app)[1].answer.focus()
            await pilot.press("end")
            await until(pilot, lambda: seen(app).count("line 199") == 2)
            await pilot.press("home")
            await until(pilot, lambda: tops(app) == [0, 0])


def tops(app) -> list[int]:
    return [column.answer.scroll_offset.y for column in columns_of(app)]


async def test_an_answer_that_arrives_stays_in_sight_at_its_end_until_someone_scrolls(desk: Desk):
    pieces = [f"line {number}\n" for number in range(400)]
    async with desk.answering(Reply("".join(pieces), pieces=pieces, gap=0.02)), desk.open() as (app, pilot):
        await start(pilot)
        await until(pilot, lambda: len(tops(app)) == 2 and min(tops(app)) > 5)
        columns_of(app)[0].answer.focus()
        await pilot.press("home")
        await until(pilot, lambda: tops(app) == [0, 0])
        before = columns_of(app)[0].answer.text
        await until(pilot, lambda: len(columns_of(app)[0].answer.text) > len(before) + 20)
        assert tops(app) == [0, 0]


async def test_only_what_failed_is_asked_again(desk: Desk):
    broken = {"lab"}

    def script(body: dict, number: int) -> Reply:
        failed = "crash" in body["messages"][-1]["content"] and broken
        return failing(400, "no such thing") if failed else Reply("billing")

    async with desk.answering(script) as server, desk.open() as (app, pilot):
        await start(pilot)
        await until_seen(pilot, "4 of 6 answered", "2 failed", "! request ×1")
        await pilot.press("exclamation_mark")
        await until_seen(pilot, "case 2/3 crash", "no such thing")
        before = len(server.requests)
        broken.clear()
        await pilot.press("R")
        await until(pilot, lambda: "6 of 6" in seen(app) and "failed" not in seen(app))
        assert len(server.requests) == before + 2
        await pilot.press("R")
        await until(pilot, lambda: "Nothing has failed in this run." in told(app))
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: "No answer in this run has failed." in told(app))


async def test_a_call_that_is_made_again_says_why(desk: Desk):
    desk.write("prompts/triage.cases.yml", "- {inputs: {ticket: x}}\n")

    def script(body: dict, number: int) -> Reply:
        return rate_limited(retry_after=0) if number == 0 else Reply("billing", delay=60)

    async with desk.answering(script):
        desk.write(".workbench.yml", desk.text(".workbench.yml").replace("retries: 1", "retries: 2"))
        async with desk.open() as (_app, pilot):
            await pilot.press("ctrl+r")
            await until_seen(pilot, "1 contender")
            await pilot.press("enter")
            await until_seen(pilot, "try 2, after:", "… try 2:")


async def test_whether_an_answer_fits_its_schema_is_in_column_and_table(desk: Desk):
    schema = "{type: object, properties: {queue: {enum: [billing, bug]}}, required: [queue]}"
    front = desk.text("prompts/triage.md").replace("inputs:", f"output: {{schema: {schema}}}\ninputs:", 1)
    desk.write("prompts/triage.md", front)
    answers = ['{"queue": "billing"}', '{"queue": "sales"}', "I cannot say"]

    def script(body: dict, number: int) -> str:
        asked = body["messages"][-1]["content"]
        return answers["Card" not in asked and ("crash" not in asked) + 1]

    async with desk.answering(script):
        await run_on(desk, models=("mini",))
        async with desk.open() as (_app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "valid · ", "s invalid $.queue", "s not JSON")
            await pilot.press("j")
            await until_seen(pilot, "invalid $.queue: 'sales' is not one of ['billing', 'bug']")
            await pilot.press("j")
            await until_seen(pilot, "not JSON: Expecting value")


async def test_enter_opens_the_result_that_is_pointed_at(desk: Desk):
    async with desk.answering(by_model(ANSWERS)):
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "run 1 done")
            await pilot.press("j", "l", "enter")
            await until(pilot, lambda: isinstance(app.screen, ResultPage))
            await until_seen(pilot, "crash", "mini")
            await pilot.press("escape")
            await until_seen(pilot, "case 2/3 crash")


async def test_five_thousand_cells_can_be_gone_through_while_they_change(desk: Desk):
    async with desk.open((160, 50)) as (app, pilot):
        await app.switch_mode("runs")
        contenders = [contender_of(id=number, model=f"m{number}") for number in range(1, 11)]
        answered = cell_of(result=result_of(total=0.31))
        cells = [
            replace(
                answered,
                position=at,
                case=f"case {at // 10}",
                case_hash=str(at // 10),
                contender=contenders[at % 10],
                call_key=str(at),
            )
            for at in range(5_000)
        ]
        grid = Grid.of(1, cells, "running")
        running(app).show_grid(grid, {one.id: f"v:aaaa · {one.model}" for one in contenders})
        await until_seen(pilot, "case 1/500 case 0", "Cells 500 × 10", "columns 1–6 of 10")
        running(app).query_one(CellTable).focus()
        await pilot.press("G")
        await until_seen(pilot, "case 500/500 case 499", "│ case 499")
        await pilot.press("pageup", "up")
        await until(pilot, lambda: "case 500/500" not in seen(app))
        row = running(app).at_row
        changed = grid.take(Started(f"{row}0"))
        running(app).changed.update(changed)
        await until_seen(pilot, f"{ARROW}…")
        text = result_of(call_key=f"{row}0", status="error", error_kind="server", tries=3, answer="")
        running(app).changed.update(grid.take(Finished(f"{row}0", text)))
        await until_seen(pilot, f"{ARROW}! server ×3", "1 failed")
        await pilot.press("g", *"l" * 9)
        await until_seen(pilot, "case 1/500 case 0", "columns 7–10 of 10")


async def test_a_click_points_at_a_cell(desk: Desk):
    async with desk.answering(by_model(ANSWERS)):
        await run_on(desk)
        async with desk.open() as (app, pilot):
            await pilot.press("f3")
            text = await until_seen(pilot, "run 1 done", "thanks")
            lines = text.splitlines()
            row = next(at for at, line in enumerate(lines) if line.startswith("│ thanks"))
            await pilot.click(offset=(lines[row].rindex("·"), row))
            await until_seen(pilot, "case 3/3 thanks")
            assert running(app).at_column == 1


async def test_a_tool_that_was_asked_for_is_part_of_the_answer(desk: Desk):
    async with desk.open() as (app, pilot):
        await app.switch_mode("runs")
        calls = (ToolCall("find_order", '{"id": 7}'),)
        cell = cell_of(0, contender=contender_of(id=1), result=result_of(answer="", tool_calls=calls))
        running(app).show_grid(Grid.of(1, [cell], "done"), {1: "v:aaaa · mini"})
        await until_seen(pilot, '→ find_order({"id": 7})')


async def test_an_answer_that_has_the_whole_screen_is_the_one_pointed_at_at_any_size(desk: Desk):
    more = "".join(f"  m{at}: {{model: openai/loopback-1{at}, api_base: URL}}\n" for at in range(8))
    async with desk.answering("billing") as server:
        settings = f"models:\n{more}defaults: {{models: [m0]}}\n".replace("URL", server.url)
        desk.write(".workbench.yml", settings)
        await run_on(desk, models=tuple(f"m{at}" for at in range(8)))
        async with desk.open((80, 24)) as (app, pilot):
            await pilot.press("f3")
            await until_seen(pilot, "run 1 done")
            await pilot.press("greater_than_sign", "j", "tab", "f11")
            await until(pilot, lambda: app.screen.maximized and " m3 " in seen(app).splitlines()[0])
            await pilot.resize_terminal(160, 50)
            await until(pilot, lambda: len(seen(app).splitlines()[0]) > 100)
            assert " m3 " in seen(app).splitlines()[0]
            await pilot.press("l", *"l" * 9)
            await until(pilot, lambda: " m7 " in seen(app).splitlines()[0])
            await pilot.press("f11")
            await until_seen(pilot, "columns 7–8 of 8", "case 2/3 crash")
            await pilot.resize_terminal(80, 24)
            await until_seen(pilot, "columns 7–8 of 8", "case 2/3 crash")
