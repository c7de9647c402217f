"""The registry of commands: what feeds keys, footer, palette and help is whole and without clashes."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.widgets import OptionList

from tests.tui.conftest import Desk, bench_of, run_on
from tests.tui.seeing import seen, until, until_seen
from workbench.tui.app import WorkbenchApp
from workbench.tui.commands import COMMANDS, PAGES, SCREENS, Command, commands_on
from workbench.tui.keys import key_names
from workbench.tui.screens.past_runs import PastRuns
from workbench.tui.screens.result_page import ResultPage


def test_every_command_has_an_id_of_its_own_a_title_and_a_line_of_help():
    assert all(count == 1 for count in Counter(command.id for command in COMMANDS).values())
    assert all(command.title and command.help for command in COMMANDS)
    assert all(screen in (*SCREENS, *PAGES) for command in COMMANDS for screen in command.screens)


@pytest.mark.parametrize("screen", (*SCREENS, *PAGES))
def test_no_two_commands_of_a_screen_share_a_key_unless_each_is_of_a_pane_of_its_own(screen: str):
    commands = commands_on(screen)
    keys = Counter((command.within, key) for command in commands for key in command.keys.split(",") if key)
    assert [key for key, count in keys.items() if count > 1] == []
    everywhere = {key for within, key in keys if not within}
    assert [key for within, key in keys if within and key in everywhere] == []


ALIKE = {"Read": "Open", "Mark": "Show", "The": "Point", "Count": "Find", "Offer": "Go"}
"""Words for the same deed on different screens; to read on a page is to open it."""


def deed(command: Command) -> str:
    """Return what a command does, by the first word of its help."""
    word = command.help.split()[0]
    return ALIKE.get(word, word)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_key_means_the_same_on_every_screen_where_it_means_anything(screen: str):
    del screen  # a key with two meanings would be listed under two ids
    meanings: dict[str, set[str]] = {}
    for command in (command for command in COMMANDS if not set(command.screens) & set(PAGES)):
        for key in filter(None, command.keys.split(",")):
            meanings.setdefault(key, set()).add(f"{command.title}: {deed(command)}")
    assert {key: titles for key, titles in meanings.items() if len(titles) > 1} == {}


@pytest.mark.parametrize("screen", SCREENS)
def test_every_command_reaches_an_action(screen: str):
    for command in commands_on(screen):
        name = command.action.partition("(")[0]
        owner = WorkbenchApp if name.startswith("app.") else WorkbenchApp.SCREENS[screen]
        assert hasattr(owner, f"action_{name.removeprefix('app.')}"), command.id


@pytest.mark.parametrize("page", [ResultPage, PastRuns])
async def test_a_page_has_its_own_keys_in_its_help_and_in_the_palette(
    desk: Desk, page: type[ResultPage | PastRuns]
):
    assert page.NAME in PAGES
    async with desk.answering("billing"):
        await run_on(desk)
        async with desk.open((120, 60)) as (app, pilot):
            over = ResultPage(1) if page is ResultPage else PastRuns()
            app.push_screen(over)
            await until(pilot, lambda: app.screen is over)
            bound = {binding.id for _, binding in over._bindings}
            commands = commands_on(page.NAME)
            for command in commands:
                assert command.id in bound
                if not command.action.startswith("app."):
                    assert hasattr(page, f"action_{command.action.partition('(')[0]}"), command.id
            await pilot.press("f1")
            text = await until_seen(pilot, f"Keys on {page.NAME}")
            for command in commands:
                assert f"{key_names(command.keys)}  {command.help}" in text
            await pilot.press("escape", "ctrl+p")
            await until_seen(pilot, *(f"{command.help}  (" for command in commands))


@pytest.mark.parametrize("screen", SCREENS)
async def test_every_command_is_bound_and_in_the_help_of_its_screen(desk: Desk, screen: str):
    async with desk.open((120, 100)) as (app, pilot):
        await app.switch_mode(screen)
        bound = {
            binding.id
            for node in (app.screen, *app.screen.walk_children(with_self=False))
            for bindings in node._bindings.key_to_bindings.values()
            for binding in bindings
        }
        app.action_help()
        text = await until_seen(pilot, f"Keys on {screen}")
        for command in (command for command in commands_on(screen) if command.keys):
            assert command.id in bound
            assert f"{key_names(command.keys)}  {command.help}" in text


@pytest.mark.parametrize("screen", SCREENS)
async def test_every_command_is_in_the_palette_of_its_screen(desk: Desk, screen: str):
    async with desk.open((120, 50)) as (app, pilot):
        await app.switch_mode(screen)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) == 2)

        def offered() -> set[str]:
            options = app.screen.query_one(OptionList)
            prompts = [options.get_option_at_index(at).prompt for at in range(options.option_count)]
            return {str(getattr(prompt, "plain", prompt)) for prompt in prompts}

        wanted = [
            f"{command.help}  ({key_names(command.keys)})" if command.keys else command.help
            for command in commands_on(screen)
        ]
        await until(pilot, lambda: all(any(text in line for line in offered()) for text in wanted))


async def test_the_palette_runs_a_command(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press(*"Board")
        await until_seen(pilot, "Board: which contender is ahead  (F6)")
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "board")


async def test_the_palette_runs_a_command_of_the_screen_one_is_on(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("a", "ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press(*"save the")
        await until_seen(pilot, "Save the prompt  (^s)")
        await pilot.press("enter")
        await until(pilot, lambda: desk.text("prompts/triage.md").startswith("a---"))


@pytest.mark.parametrize("start", SCREENS)
async def test_function_keys_reach_every_screen_from_every_screen(desk: Desk, start: str):
    async with desk.open() as (app, pilot):
        await app.switch_mode(start)
        for key, screen in (("f3", "runs"), ("f4", "duel"), ("f6", "board"), ("f2", "bench")):
            await pilot.press(key)
            await until(pilot, lambda screen=screen: app.current_mode == screen)


async def test_function_keys_and_chords_work_while_the_editor_has_the_focus(desk: Desk):
    async with desk.open() as (app, pilot):
        before = bench_of(app).editor.text
        for key, screen in (("f3", "runs"), ("f4", "duel"), ("f6", "board")):
            await pilot.press("f2")
            await until(pilot, lambda: app.focused is bench_of(app).editor)
            await pilot.press(key)
            await until(pilot, lambda screen=screen: app.current_mode == screen)
        await pilot.press("f2")
        for key, text in (
            ("f1", "Keys on bench"),
            ("ctrl+o", "Find a prompt"),
            ("ctrl+t", "Choose a case"),
            ("ctrl+l", "Count for a model"),
            ("ctrl+r", "Run triage"),
        ):
            await until(pilot, lambda: app.focused is bench_of(app).editor)
            await pilot.press(key)
            await until_seen(pilot, text)
            await pilot.press("escape")
        assert bench_of(app).editor.text == before


async def test_a_question_mark_is_help_outside_the_editor_and_text_within(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("question_mark")
        assert bench_of(app).editor.text.startswith("?")
        await pilot.press("f3")
        await until(pilot, lambda: app.current_mode == "runs")
        await pilot.press("question_mark")
        await until_seen(pilot, "Keys on runs")


async def test_a_click_on_the_line_of_keys_does_what_the_key_does(desk: Desk):
    async with desk.open((120, 30)) as (app, pilot):
        line = seen(app).splitlines()[-1]
        await pilot.click("KeyLine", offset=(line.index("F6 board") + 4, 0))
        await until(pilot, lambda: app.current_mode == "board")


async def test_the_line_of_keys_and_the_help_begin_with_the_pane_that_has_the_focus(desk: Desk):
    async with desk.open((80, 24)) as (app, pilot):
        assert "D delete" not in seen(app) and "^s save" in seen(app)
        await pilot.press("f9")
        await until_seen(pilot, " Enter open  a new  c copy  m move")
        await pilot.press("f1")
        await until_seen(pilot, "In the prompts", "Make a new prompt or partial")
        await pilot.press("escape", "escape")
        await until_seen(pilot, "^s save")
        await pilot.press("f7")
        await until_seen(pilot, "^n new case  Alt-r reset")
