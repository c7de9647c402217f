"""Board: which contender is ahead, and how sure that is."""

from __future__ import annotations

from tests.tui.conftest import Desk, run_on
from tests.tui.seeing import seen, until, until_seen
from tests.tui.test_duel import by_model


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
