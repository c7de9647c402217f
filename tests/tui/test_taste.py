"""Keys, theme and editor as a person likes them."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Desk, bench_of, run_on, settled
from tests.tui.seeing import seen, until, until_seen
from workbench.errors import SettingsError
from workbench.project.taste import parse
from workbench.tui.app import WorkbenchApp
from workbench.tui.keymap import rebound
from workbench.tui.screens.past_runs import PastRuns
from workbench.tui.screens.result_page import ResultPage


async def test_a_rebound_key_works_and_is_shown_wherever_keys_are(desk: Desk):
    app = WorkbenchApp(desk.bench(), parse("theme: light\nkeys: {save: F9, sidebar: '^n'}\n", "config.yml"))
    async with app.run_test(size=(140, 70), notifications=True) as pilot:
        await until(pilot, lambda: settled(app))
        assert app.theme == "workbench-light"
        assert "F9 save" in seen(app).splitlines()[-1]
        await pilot.press("a", "f9")
        await until(pilot, lambda: desk.text("prompts/triage.md").startswith("a---"))
        await pilot.press("b", "ctrl+s")
        await pilot.pause()
        assert bench_of(app).edited, "the old key is free"
        await pilot.press("f1")
        await until_seen(pilot, "F9  Save the prompt")
        await pilot.press("escape")


async def test_a_key_of_a_page_is_rebound_there_and_free_to_mean_something_else_on_a_screen(desk: Desk):
    async with desk.answering("billing"):
        await run_on(desk)
        app = WorkbenchApp(desk.bench(), parse("keys: {result-good: R, list-results: F7}", "config.yml"))
        async with app.run_test(size=(140, 40), notifications=True) as pilot:
            await until(pilot, lambda: settled(app))
            app.push_screen(ResultPage(1))
            await until_seen(pilot, "R good", "Answer ─ ok")
            await pilot.press("R")
            await until_seen(pilot, "+ good")
            app.push_screen(PastRuns())
            await until_seen(pilot, "F7 results")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keys: {sav: F9}", "there is no command “sav”.*save"),
        ("keys: {result-good: b}", "b is the key of “result-bad” already"),
        ("keys: {save: ^r}", r"\^r is the key of “run” already"),
        ("theme: lite", "there is no theme “lite”.*light"),
    ],
)
async def test_what_cannot_be_is_told_before_the_screen_opens(desk: Desk, text: str, said: str):
    with pytest.raises(SettingsError, match=f"(?s){said}"):
        WorkbenchApp(desk.bench(), parse(text, "config.yml"))


def test_two_commands_may_exchange_their_keys():
    taste = parse("keys: {save: ^r, run: ^s}", "config.yml")
    keys = {command.id: command.keys for command in rebound(taste)}
    assert (keys["save"], keys["run"]) == ("ctrl+r", "ctrl+s")


async def test_the_editor_of_config_yml_goes_before_the_environment(desk: Desk, monkeypatch):
    monkeypatch.setenv("EDITOR", "one")
    monkeypatch.setenv("VISUAL", "two")
    app = WorkbenchApp(desk.bench(), parse("editor: no-such-editor -x", "config.yml"))
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await until(pilot, lambda: settled(app))
        await pilot.press("f10")
        await until_seen(pilot, "no-such-editor", "config.yml names")
