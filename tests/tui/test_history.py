"""History: what a person sees of a prompt's past, and does with it."""

from __future__ import annotations

import sqlite3
from random import Random

import pytest

from tests.tui.conftest import TRIAGE, Desk, bench_of, run_on
from tests.tui.seeing import seen, told, until, until_seen
from workbench.bench.dueling import Dueling
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.context_page import ContextPage
from workbench.tui.screens.duel import DuelScreen
from workbench.tui.screens.history import HistoryScreen
from workbench.tui.widgets.diff_view import DiffView
from workbench.tui.widgets.version_list import VersionList

LINES = ("You sort tickets.", "You sort all tickets.", "You sort every ticket at once.")


@pytest.fixture
def past(desk: Desk) -> Desk:
    """Three commits of ``triage``, and an edit that is not committed."""
    for line in LINES:
        desk.write("prompts/triage.md", TRIAGE.replace(LINES[0], line))
        desk.commit(line)
    desk.write("prompts/triage.md", TRIAGE.replace(LINES[0], "You sort letters."))
    return desk


def screen_of(app: WorkbenchApp) -> HistoryScreen:
    assert isinstance(app.screen, HistoryScreen)
    return app.screen


def rows(app: WorkbenchApp) -> list[str]:
    """Return what stands in the list of versions, line by line."""
    listed = app.screen.query_one(VersionList)
    return [listed.render_line(y).text.rstrip() for y in range(1, len(screen_of(app).listing.entries) + 1)]


def filled(app: WorkbenchApp) -> bool:
    """Whether nothing more will be found."""
    screen = app.screen
    return (
        isinstance(screen, HistoryScreen)
        and screen.listing is not None
        and bool(screen.listing.entries)
        and all(entry.counted for entry in screen.listing.entries)
    )


def target(app: WorkbenchApp) -> str:
    entry = screen_of(app).entry()
    assert entry is not None
    return entry.target


async def go(pilot, app: WorkbenchApp) -> None:
    await pilot.press("f5")
    await until(pilot, lambda: filled(app))


async def test_versions_are_listed_newest_first_with_their_change_and_the_diff_beside(past: Desk):
    async with past.open() as (app, pilot):
        await go(pilot, app)
        text = await until_seen(pilot, "+ You sort letters.", "- You sort every ticket at once.")
        assert "working tree" in rows(app)[0] and "not committed" in rows(app)[0]
        assert [line in rows(app)[at] for at, line in ((1, LINES[2]), (2, LINES[1]), (3, LINES[0]))] == [
            True
        ] * 3
        assert rows(app)[2].split()[-1] == "+1" and rows(app)[3].endswith(" t")
        assert "4 versions" in text.splitlines()[0]


async def test_moving_shows_the_diff_to_the_version_before(past: Desk):
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("j")
        await until_seen(pilot, "- You sort all tickets.", "+ You sort every ticket at once.")
        await pilot.press("down", "down")
        await until_seen(pilot, "nothing →", "+ You sort tickets.")
        await pilot.press("j", "j", "k")
        await until_seen(pilot, "- You sort tickets.", "+ You sort all tickets.")


async def test_the_diff_goes_through_its_kinds(past: Desk):
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("d")
        await until_seen(pilot, "Diff ─ side by side", "- You sort every ticket at once.")
        line = next(line for line in seen(app).splitlines() if "- You sort every" in line)
        assert "+ You sort letters." in line
        await pilot.press("d")
        await until_seen(pilot, "Diff ─ rendered", "── system ──", "case card", "lab -3 tokens")
        await pilot.press("d")
        await until_seen(pilot, "Diff ─ text", "{{ ticket }}")


async def test_on_a_narrow_screen_the_panes_stand_under_each_other_and_side_by_side_is_left_out(past: Desk):
    async with past.open((80, 24)) as (app, pilot):
        await go(pilot, app)
        await until_seen(pilot, "+ You sort letters.")
        diff, versions = app.screen.query_one(DiffView).region, app.screen.query_one(VersionList).region
        assert diff.y > versions.bottom - 1 and diff.width > 70
        await pilot.press("d")
        await until_seen(pilot, "Diff ─ rendered")


async def test_two_marked_versions_are_compared_wherever_the_highlight_is(past: Desk):
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("j", "space")
        await until_seen(pilot, "marked: ")
        await pilot.press("j", "j", "space")
        await until_seen(pilot, "- You sort tickets.", "+ You sort every ticket at once.")
        await pilot.press("k", "k", "k")
        await pilot.pause(0.2)
        assert "- You sort tickets." in seen(app) and [row[1] for row in rows(app)] == [" ", "●", " ", "●"]
        await pilot.press("space")
        await until(pilot, lambda: [row[1] for row in rows(app)] == ["●", " ", " ", "●"])


async def test_one_marked_version_is_compared_with_the_highlighted_one_the_older_first(past: Desk):
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("space", "j", "j")
        await until_seen(pilot, "- You sort all tickets.", "+ You sort letters.")


async def test_filling_never_moves_the_highlight(past: Desk):
    async with past.answering("billing"):
        past.write("prompts/triage.md", TRIAGE.replace(LINES[0], "You sort what was tried."))
        await run_on(past, models=("lab",))
        past.git("checkout", "--quiet", "prompts/triage.md")
        async with past.open() as (app, pilot):
            await pilot.press("f5")
            await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.listing)
            await pilot.press("j")
            before = target(app)
            await until(pilot, lambda: filled(app))
            assert len(screen_of(app).listing.entries) == 4 and target(app) == before
            text = await until_seen(pilot, "run, never committed")
            assert (
                next(line for line in text.splitlines() if "run, never" in line).split("│")[1].split()[-1]
                == "3"
            )


async def test_a_version_that_was_never_committed_is_compared_and_restored_from_the_store(past: Desk):
    tried = TRIAGE.replace(LINES[0], "You sort what was tried.")
    async with past.answering("billing"):
        past.write("prompts/triage.md", tried)
        await run_on(past, models=("lab",))
        past.git("checkout", "--quiet", "prompts/triage.md")
        async with past.open() as (app, pilot):
            await go(pilot, app)
            await pilot.press("k")
            await until_seen(pilot, "+ You sort what was tried.")
            await pilot.press("o")
            await until(pilot, lambda: past.text("prompts/triage.md") == tried)
            await until(pilot, lambda: "u takes it back" in told(app))
            assert "what was tried" in bench_of(app).editor.text


async def test_restoring_is_taken_back_by_one_key_and_the_bench_follows(past: Desk):
    before = past.text("prompts/triage.md")
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("j", "j", "j", "o")
        await until(pilot, lambda: past.text("prompts/triage.md") == TRIAGE)
        await until(pilot, lambda: bench_of(app).editor.text == TRIAGE)
        await pilot.press("u")
        await until(pilot, lambda: past.text("prompts/triage.md") == before)
        await until(pilot, lambda: bench_of(app).editor.text == before)
        await pilot.press("u")
        await until(pilot, lambda: "no restoration to take back" in told(app))


async def test_restoring_over_unsaved_edits_asks(past: Desk):
    async with past.open() as (app, pilot):
        await pilot.press("x")
        await go(pilot, app)
        await pilot.press("j", "j", "o")
        await until_seen(pilot, "Unsaved edits of prompts/triage.md")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        assert bench_of(app).editor.text.startswith("x") and "letters" in past.text("prompts/triage.md")
        await pilot.press("o")
        await until_seen(pilot, "Unsaved edits of prompts/triage.md")
        await pilot.press("right", "enter")
        await until(pilot, lambda: LINES[1] in past.text("prompts/triage.md"))
        await until(pilot, lambda: not bench_of(app).editor.text.startswith("x"))


@pytest.mark.parametrize(
    ("answer", "tone"), [("own", "Be kind.\n"), ("all", "Be brief.\n"), ("stop", "Be kind.\n")]
)
async def test_partials_are_restored_only_where_that_is_chosen(desk: Desk, answer: str, tone: str):
    old = TRIAGE.replace("You sort tickets.", '{% include "_tone.md" %}')
    desk.write("prompts/_tone.md", "Be brief.\n")
    desk.write("prompts/triage.md", old)
    desk.commit("old")
    desk.write("prompts/_tone.md", "Be kind.\n")
    desk.write("prompts/triage.md", old + "Thanks.\n")
    async with desk.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("j", "o")
        await until_seen(pilot, "This version read prompts/_tone.md", "prompts may read too")
        app.screen.query_one(f"#{answer}").press()
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        if answer != "stop":
            await until(pilot, lambda: "u takes it back" in told(app))
        assert desk.text("prompts/_tone.md") == tone
        assert (desk.text("prompts/triage.md") == old) == (answer != "stop")


async def test_the_working_tree_and_what_it_holds_already_are_not_restored(past: Desk):
    past.git("checkout", "--quiet", "prompts/triage.md")
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("o")
        await until(pilot, lambda: "already" in told(app))


async def test_marked_versions_are_run_on_all_cases_at_once(past: Desk):
    async with past.answering("billing"), past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("j", "space", "j", "space", "r")
        await until_seen(pilot, "run 1 done", deadline=30)
        run = app.bench.store.runs.get(1)
        assert (run.contenders, run.cases) == (2, 3)


async def test_two_marked_versions_meet_in_the_duel_and_no_others(past: Desk):
    def script(body: dict, number: int) -> str:
        return f"{body['messages'][0]['content']} {body['model']} {number}"

    async with past.answering(script):
        commits = past.git("log", "--format=%H").split()
        await run_on(past, "triage", *(f"triage@{commit}" for commit in commits))
        async with past.open() as (app, pilot):
            app.bench.__dict__["dueling"] = Dueling(app.bench.store, lambda: "Ada", Random(1))
            await go(pilot, app)
            await pilot.press("v")
            await until(pilot, lambda: "Mark two versions first" in told(app))
            await pilot.press("j", "space", "j", "space", "v")
            labels = f"only {commits[1][:7]} and {commits[0][:7]}"
            await until_seen(pilot, labels, "vote 1")
            wanted = {app.bench.versions.load(f"triage@{commit}").version.hash for commit in commits[:2]}
            for number in range(2, 8):
                await pilot.press("left")
                await until(
                    pilot,
                    lambda number=number: f"vote {number}" in seen(app) or "F6 shows the board" in seen(app),
                )
            await until_seen(pilot, "F6 shows the board")
            database = sqlite3.connect(past.root / ".workbench/runs.db")
            voted = database.execute(
                "SELECT a.version, b.version, a.model = b.model FROM votes JOIN pairs ON pairs.id = pair "
                "JOIN contenders a ON a.id = left_contender JOIN contenders b ON b.id = right_contender"
            ).fetchall()
            database.close()
            assert len(voted) == 6 and all({one, other} == wanted and alike for one, other, alike in voted)
            await pilot.press("escape")
            await until(pilot, lambda: "only" not in seen(app).splitlines()[0])
            assert isinstance(app.screen, DuelScreen)
            await until_seen(pilot, "case ")


async def test_going_to_the_duel_by_its_key_offers_all_pairs_again(past: Desk):
    async with past.answering("billing"), past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("j", "space", "j", "space", "v")
        await until_seen(pilot, "Esc for all", "no model has answered both versions alike")
        await pilot.press("f5", "f4")
        await until_seen(pilot, "no contender has answers")
        assert "Esc for all" not in seen(app)


async def test_scores_stand_beside_the_version_they_are_of(past: Desk):
    async with past.answering(lambda body, number: f"{body['messages'][0]['content']} {number}"):
        commits = past.git("log", "--format=%H").split()
        await run_on(past, *(f"triage@{commit}" for commit in commits[:2]), models=("lab",))
        bench = past.bench()
        for _ in range(3):
            shown = bench.dueling.next("triage")
            bench.dueling.vote(shown.pair.id, "left" if "every" in shown.left else "right")
        await bench.close()
        async with past.open() as (app, pilot):
            await go(pilot, app)
            assert rows(app)[1].split()[-4:] == ["100", "%", "±28", "3"]
            assert rows(app)[2].split()[-4:] == ["0", "%", "±28", "3"]


async def test_the_hash_is_copied_with_the_name_of_the_prompt(past: Desk):
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("j", "y")
        head = past.git("rev-parse", "HEAD")
        await until(pilot, lambda: f"triage@{head[:12]}" in told(app))
        assert app.clipboard == f"triage@{head[:12]}"


async def test_the_whole_context_of_a_version_opens_and_closes(past: Desk):
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, ContextPage))
        await until_seen(
            pilot, "You sort every ticket at once.", "Card declined twice", "case card", "I input"
        )
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))


async def test_tokens_and_contexts_follow_the_case_that_is_chosen(past: Desk):
    async with past.open() as (app, pilot):
        await go(pilot, app)
        before = rows(app)[-1].split()[-2:]
        await pilot.press("ctrl+t")
        await until_seen(pilot, "Choose a case")
        await pilot.press("down", "down", "enter")
        await until_seen(pilot, "case thanks")
        await until(pilot, lambda: filled(app))
        assert rows(app)[-1].split()[-2:] != before


async def test_a_broken_version_is_marked_and_the_reason_stands_under_its_text(past: Desk):
    past.write("prompts/triage.md", TRIAGE + "{% if %}")
    past.commit("broken")
    past.git("checkout", "--quiet", "HEAD~1", "--", "prompts/triage.md")
    async with past.open() as (app, pilot):
        await go(pilot, app)
        assert "! broken: broken" in rows(app)[1]
        await pilot.press("j")
        await until_seen(pilot, "+ {% if %}", "not a valid template")
        await pilot.press("d", "d")
        await until_seen(pilot, "cannot be shown", "not a valid template")
        await pilot.press("enter")
        await until(pilot, lambda: "not a valid template" in told(app))


async def test_what_git_holds_is_shown_as_text(past: Desk):
    past.write("prompts/triage.md", TRIAGE + "[red]x[/] \x1b[31m [/]\n")
    past.commit("[bold]s[/] \x1b[32m")
    async with past.open() as (app, pilot):
        await go(pilot, app)
        text = await until_seen(pilot, "[bold]s[/] ␛[32m", "+ [red]x[/] ␛[31m [/]")
        assert "\x1b" not in text


async def test_what_was_committed_meanwhile_is_there_on_coming_back_or_refreshing(past: Desk):
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("j")
        before = target(app)
        past.commit("Letters now")
        await pilot.press("f5")
        await until_seen(pilot, "Letters now")
        assert target(app) == before
        await pilot.press("f2", "f5")
        await until(pilot, lambda: filled(app))
        assert target(app) == before


async def test_another_prompt_on_the_bench_brings_its_own_history(past: Desk):
    past.write("prompts/zoo.md", "Hello.\n")
    past.commit("a zoo")
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.press("space")
        bench_of(app).open("zoo")
        await pilot.press("f2", "f5")
        text = await until_seen(pilot, "a zoo", "1 version")
        assert "marked" not in text and LINES[0] not in text


@pytest.mark.parametrize(
    ("commit", "says"),
    [(False, "not a git repository"), (True, "never been committed")],
)
async def test_where_nothing_is_committed_it_says_why_and_what_to_do(desk: Desk, commit: bool, says: str):
    if commit:
        triage = desk.root / "prompts/triage.md"
        text = triage.read_text()
        triage.unlink()
        (desk.root / "prompts/triage.cases.yml").unlink()
        desk.commit("nothing")
        triage.write_text(text)
    async with desk.open() as (_app, pilot):
        await pilot.press("f5")
        await until_seen(pilot, says, "Commit" if commit else "git init", "working tree")


async def test_without_any_prompt_nothing_is_asked_for(blank: Desk):
    async with blank.open() as (app, pilot):
        await pilot.press("f5")
        await until_seen(pilot, "no prompt is open")
        await pilot.press("j", "space", "d", "r", "v", "o", "u", "y", "enter", "R", "ctrl+t")
        await pilot.pause()
        assert isinstance(app.screen, HistoryScreen)


async def test_a_click_highlights_a_version_and_a_second_one_opens_it(past: Desk):
    async with past.open() as (app, pilot):
        await go(pilot, app)
        await pilot.click(VersionList, offset=(8, 3))
        await until(pilot, lambda: screen_of(app).versions.highlighted == 2)
        await pilot.click(VersionList, offset=(8, 3))
        await until(pilot, lambda: isinstance(app.screen, ContextPage))


async def test_a_long_history_scrolls_with_the_highlight(desk: Desk):
    for number in range(60):
        desk.write("prompts/triage.md", f"{TRIAGE}{number}\n")
        desk.commit(f"commit {number}")
    async with desk.open((100, 24)) as (app, pilot):
        await go(pilot, app)
        await pilot.press(*["j"] * 45)
        await until_seen(pilot, "commit 14")
        assert "version       subject" in seen(app)
        await pilot.press(*["k"] * 45)
        await until_seen(pilot, "commit 59")
