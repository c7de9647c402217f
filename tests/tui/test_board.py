"""Board: which contender is ahead, and how sure that is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.tui.conftest import Desk, run_on
from tests.tui.seeing import seen, until, until_seen
from tests.tui.test_duel import by_model
from workbench.bench.dueling import Shown
from workbench.tui.screens.result_page import ResultPage
from workbench.tui.widgets.rating_table import RatingTable


async def judged(desk: Desk, ahead: str, number: int) -> None:
    """Vote for the contender whose answers begin with this, on so many pairs."""
    bench = desk.bench()
    for _ in range(number):
        shown = bench.dueling.next("triage")
        bench.dueling.vote(shown.pair.id, "left" if shown.left.startswith(ahead) else "right")  # type: ignore[union-attr]
    await bench.close()


async def test_the_board_ranks_by_the_votes_with_interval_and_verdict(desk: Desk):
    cases = "".join(f"- {{inputs: {{ticket: number {number}}}}}\n" for number in range(12))
    desk.write("prompts/triage.cases.yml", cases)
    async with desk.answering(by_model):
        await run_on(desk)
        await judged(desk, "Second", 12)
        async with desk.open((160, 40)) as (_app, pilot):
            await pilot.press("f6")
            text = await until_seen(pilot, "12 votes (12 blind)", "by contender", "mini", "lab")
            mini = next(line for line in text.splitlines() if "· mini" in line)
            lab = next(line for line in text.splitlines() if "· lab" in line)
            assert text.index("· mini") < text.index("· lab")
            # Wilson's 95 % interval of 12 of 12 is 75.7 to 100 %.
            assert "100 %" in mini and " 76 " in mini and "●" in mini and "├" in mini
            assert "0 %" in lab and " 24 " in lab
            assert "undecided" not in mini


async def test_few_votes_are_undecided_and_say_how_many_more(desk: Desk):
    async with desk.answering(by_model):
        await run_on(desk)
        await judged(desk, "First", 2)
        async with desk.open((160, 40)) as (_app, pilot):
            await pilot.press("f6")
            text = await until_seen(pilot, "2 votes", "undecided")
            assert "more" in text


async def test_b_goes_through_the_groupings(desk: Desk):
    async with desk.answering(by_model):
        await run_on(desk)
        await judged(desk, "First", 3)
        async with desk.open() as (_app, pilot):
            await pilot.press("f6")
            await until_seen(pilot, "by contender")
            await pilot.press("b")
            await until_seen(pilot, "by version")
            await pilot.press("b")
            await until_seen(pilot, "by model", "lab", "mini")
            await pilot.press("b")
            await until_seen(pilot, "by contender")


async def test_without_votes_or_results_the_next_step_is_said(desk: Desk):
    async with desk.answering(by_model):
        async with desk.open() as (_app, pilot):
            await pilot.press("f6")
            await until_seen(pilot, "No results yet: ^r plans a run.")
        await run_on(desk)
        async with desk.open() as (_app, pilot):
            await pilot.press("f6")
            await until_seen(pilot, "No votes yet: F4 shows the first pair.")


async def test_a_narrow_screen_leaves_columns_out_and_a_wide_one_brings_them_back(desk: Desk):
    async with desk.answering(by_model):
        await run_on(desk)
        await judged(desk, "First", 3)
        async with desk.open((80, 24)) as (app, pilot):
            await pilot.press("f6")
            text = await until_seen(pilot, "3 votes", "rating")
            assert "won" not in text
            await pilot.resize_terminal(160, 40)
            await until_seen(pilot, "won", "lost", "tied")
            await pilot.resize_terminal(80, 24)
            await until(pilot, lambda: "won" not in seen(app))


async def test_names_with_markup_are_text_on_the_board(desk: Desk):
    async with desk.answering(by_model) as server:
        desk.write(
            ".workbench.yml",
            (
                "models:\n  '[red]a': {model: openai/loopback-1, api_base: URL}\n"
                "  '[b]b': {model: openai/loopback-2, api_base: URL}\n"
                "defaults: {models: ['[red]a', '[b]b']}\n"
            ).replace("URL", server.url),
        )
        await run_on(desk, models=())
        async with desk.open((160, 40)) as (_app, pilot):
            await pilot.press("f3")
            text = await until_seen(pilot, "· [red]a", "· [b]b", "run 1 done")
            assert text.count("[red]a") == 2 and text.count("[b]b") == 2
            await pilot.press("f4")
            await until_seen(pilot, "blind")
            await pilot.press("N")
            await until_seen(pilot, "· [red]a", "· [b]b")
            await pilot.press("f6")
            await until_seen(pilot, "· [red]a", "· [b]b")


# What the board says beside the ratings.


def by_prompt(body: dict[str, Any], _: int) -> str:
    """Answer each case differently, and each version of the prompt."""
    quick = "quickly" in body["messages"][0]["content"]
    return f"{'First' if quick else 'Second'} thoughts: {body['messages'][-1]['content']}"


async def vote_as(desk: Desk, judge: str, choose: Callable[[Shown], str], number: int, **more: Any) -> None:
    """Vote on so many pairs in somebody's name."""
    bench = desk.bench()
    bench.judged_by = judge
    for _ in range(number):
        shown = bench.dueling.next("triage")
        assert isinstance(shown, Shown)
        bench.dueling.vote(shown.pair.id, choose(shown), **more)
    await bench.close()


def longest(shown: Shown) -> str:
    return "left" if len(shown.left) > len(shown.right) else "right"


def first_thoughts(shown: Shown) -> str:
    return "left" if shown.left.startswith("First") else "right"


@asynccontextmanager
async def board_of_two(desk: Desk, size: tuple[int, int] = (160, 40)) -> AsyncIterator[Any]:
    """Open the board on eight votes of Ada and three of Ben, on two models and twelve cases."""
    cases = "".join(f"- {{name: c{number}, inputs: {{ticket: number {number}}}}}\n" for number in range(12))
    desk.write("prompts/triage.cases.yml", cases)
    async with desk.answering(by_model):
        await run_on(desk)
        await vote_as(desk, "Ada", first_thoughts, 8, note="[b]terse\x1b")
        await vote_as(desk, "Ben", lambda _: "bad", 3, blind=False)
        async with desk.open(size) as (app, pilot):
            await pilot.press("f6")
            await until_seen(pilot, "11 votes (8 blind)", "by contender", "lab", "mini")
            yield app, pilot


async def test_the_plots_stand_below_the_ratings_and_name_the_cheapest_that_does_the_job(desk: Desk):
    async with board_of_two(desk) as (app, pilot):
        await until_seen(pilot, "Quality and cost", "Quality and time ─ enough: ", "◆", "beaten")
        assert "both bad 27 % of 11" in seen(app)
        await pilot.press("P")
        await until_seen(pilot, "Ratings ─ 95 % interval, even at 50")
        assert "Quality and" not in seen(app)
        await pilot.press("P")
        await until(pilot, lambda: "Ratings ─" not in seen(app))
        await pilot.press("P")
        await until_seen(pilot, "Quality and cost")


async def test_on_a_narrow_screen_one_key_goes_through_the_plots(desk: Desk):
    async with board_of_two(desk, (80, 24)) as (app, pilot):
        assert "Quality and" not in seen(app)
        for title in ("Quality and cost", "Quality and time", "Ratings ─ 95 %"):
            await pilot.press("P")
            text = await until_seen(pilot, title, "· lab")
            assert "rating" in text
        await pilot.press("P")
        await until(pilot, lambda: "Ratings ─" not in seen(app))


async def test_what_has_no_room_stands_to_the_right_and_the_name_stays(desk: Desk):
    async with board_of_two(desk, (80, 24)) as (app, pilot):
        assert "lost" not in seen(app)
        await pilot.press(*["right"] * 50)
        await until_seen(pilot, "won", "lost", "tied", "· lab")


async def test_a_line_of_filters_narrows_the_votes_as_one_types(desk: Desk):
    async with board_of_two(desk) as (app, pilot):
        await pilot.press("slash", *"judge:Ben")
        await until_seen(pilot, "3 votes (0 blind)", "judge:Ben")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, RatingTable))
        assert "judge:Ben" in seen(app).splitlines()[0]
        await pilot.press("b", "b")
        await until_seen(pilot, "by model", "judge:Ben")
        await pilot.press("slash", *["backspace"] * 20, *"blind:yes", "enter")
        await until_seen(pilot, "8 votes (8 blind)", "blind:yes")


async def test_a_filter_that_no_vote_can_be_of_is_said_and_the_board_stays(desk: Desk):
    async with board_of_two(desk) as (app, pilot):
        await pilot.press("slash", *"judge:Eve")
        await until_seen(pilot, "no vote on this prompt is by “Eve”", "11 votes")
        await pilot.press("enter")
        await until_seen(pilot, "no vote on this prompt is by “Eve”", "11 votes")
        await pilot.press("x", "space", "x")
        await until_seen(pilot, "“x” is no filter")
        await pilot.press("escape")
        await until(pilot, lambda: "is no filter" not in seen(app))
        assert "11 votes" in seen(app) and isinstance(app.focused, RatingTable)


async def test_escape_goes_back_to_the_votes_that_counted_before(desk: Desk):
    async with board_of_two(desk) as (_, pilot):
        await pilot.press("slash", *"judge:Ben")
        await until_seen(pilot, "3 votes")
        await pilot.press("escape")
        await until_seen(pilot, "11 votes (8 blind)")


async def test_votes_of_nobody_are_said_and_filtered_ones_can_be_none(desk: Desk):
    async with board_of_two(desk) as (_, pilot):
        await pilot.press("slash", *"until:2020-01-01", "enter")
        await until_seen(pilot, "No votes are like that: / chooses others.", "0 votes")


async def test_enter_opens_the_votes_behind_a_row_and_from_there_the_results(desk: Desk):
    async with board_of_two(desk) as (app, pilot):
        await pilot.press("enter")
        text = await until_seen(pilot, "─ 11 votes", "Ben", "both bad", "seen", "First thoughts: number")
        assert text.index("Ben") < text.index("Ada")  # the newest first
        assert "[b]terse␛" in text
        await pilot.press("j", "j", "j")
        await until_seen(pilot, "lab ─ better", "First thoughts", "Second thoughts")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ResultPage))
        await until_seen(pilot, "First thoughts", "of 2")
        await pilot.press("right", "left", "escape")
        await until_seen(pilot, "─ 11 votes")
        await pilot.press("escape")
        await until_seen(pilot, "by contender")


async def test_the_matrix_says_who_won_against_whom_and_opens_the_votes_of_a_meeting(desk: Desk):
    async with board_of_two(desk, (120, 24)) as (_, pilot):
        await pilot.press("H")
        await until_seen(
            pilot,
            "head to head",
            "+ 100 %  (8)",
            "-   0 %  (8)",
            "8 won, 0 lost, 0 tied, 3 both bad, rate 100 %",
        )
        await pilot.press("down", "left")
        await until_seen(pilot, "0 won, 8 lost")
        await pilot.press("right")
        await until_seen(pilot, "nobody meets themself")
        await pilot.press("enter", "left", "enter")
        await until_seen(pilot, " against ", "─ 11 votes")
        await pilot.press("escape", "escape")
        await until_seen(pilot, "by contender")


async def test_the_judges_page_says_how_far_the_votes_can_be_trusted(desk: Desk):
    cases = "".join(f"- {{name: c{number}, inputs: {{ticket: number {number}}}}}\n" for number in range(3))
    desk.write("prompts/triage.cases.yml", cases)
    async with desk.answering(by_model):
        await run_on(desk)
        await vote_as(desk, "Ada", longest, 3)
        await vote_as(desk, "Ben", longest, 3)
        async with desk.open((80, 24)) as (_, pilot):
            await pilot.press("f6")
            await until_seen(pilot, "6 votes", "Ada and Ben agree on 100 % of 3")
            await pilot.press("J")
            await until_seen(
                pilot,
                "6, 6 of them blind, on 3 cases",
                "the longer one won 6 of 6: 100 %",
                "the left one won",
                "no pair was judged twice",
                "the same on 100 % (44–100) of 3 pairs",
            )
            await pilot.press("escape")
            await until_seen(pilot, "by contender")


async def test_the_win_rate_is_plotted_along_the_commits_each_with_its_votes(desk: Desk):
    desk.commit("Say so")
    desk.write("prompts/triage.md", desk.text("prompts/triage.md").replace("You sort", "You quickly sort"))
    second = desk.commit("Say it quickly")
    async with desk.answering(by_prompt):
        await run_on(desk, "triage", "triage@HEAD~1", models=("lab",))
        await vote_as(desk, "Ada", first_thoughts, 3)
        async with desk.open((100, 30)) as (_, pilot):
            await pilot.press("f6")
            await until_seen(pilot, "3 votes")
            await pilot.press("C")
            text = await until_seen(pilot, "win rate along its commits", "2 of 2 with votes", "●")
            lines = text.splitlines()
            newest = next(number for number, line in enumerate(lines) if "Say it quickly" in line)
            assert "Say so" in lines[newest + 1]
            assert second[:7] in lines[newest] and "100 %" in lines[newest] and " 0 %" in lines[newest + 1]
            await pilot.press("enter")
            await until_seen(pilot, f"{second[:7]} ─ 3 votes", f"{second[:7]} · lab ─ better")


async def test_marked_results_give_a_pass_rate(desk: Desk):
    async with desk.answering(by_model):
        await run_on(desk)
        await judged(desk, "First", 1)
        bench = desk.bench()
        for number, label in ((1, "good"), (2, "bad")):
            bench.recalling.label(number, label)
        await bench.close()
        async with desk.open((160, 40)) as (_, pilot):
            await pilot.press("f6")
            text = await until_seen(pilot, "1 vote (1 blind)", "good", "% of ")
            assert "50 % of 2" in text or text.count("% of 1") == 2


async def test_another_prompt_is_shown_with_all_its_votes(desk: Desk):
    desk.write("prompts/zebra.md", "Say something.\n")
    async with board_of_two(desk) as (app, pilot):
        await pilot.press("slash", *"judge:Ben", "enter")
        await until_seen(pilot, "3 votes")
        await pilot.press("ctrl+o", *"zebra", "enter")
        await until(pilot, lambda: app.prompt == "zebra")
        await pilot.press("f2", "f6")
        await until_seen(pilot, "zebra", "No results yet: ^r plans a run.", "0 votes")
