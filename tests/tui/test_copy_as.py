"""Copy as: the context goes to the clipboard in a form that another program takes, and no key with it."""

from __future__ import annotations

import json

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import Desk, bench_of
from tests.tui.seeing import told, until, until_seen
from workbench.bench.copying import FORMATS, copied
from workbench.tui.screens.copy_as import LONG
from workbench.tui.widgets.context_view import ContextView
from workbench.tui.widgets.pointed_list import ARROW

KEY = "sk-planted-1234567890"


async def copy_page(pilot: Pilot[None], *texts: str) -> None:
    """Open the page from the context, by its key, and wait until it says so much."""
    await until_seen(pilot, "Context ─ lab ─ ")
    bench_of(pilot.app).query_one(ContextView).focus()  # type: ignore[arg-type]
    await pilot.press("y")
    await until_seen(pilot, "Copy what lab receives as", "Plain text", *(texts or ("OSC 52",)))


@pytest.mark.parametrize(("downs", "form"), list(enumerate(FORMATS)))
async def test_each_form_is_copied_as_it_is_made_and_its_length_is_told(desk: Desk, downs: int, form: str):
    async with desk.open() as (app, pilot):
        await copy_page(pilot)
        await pilot.press(*["down"] * downs, "enter")
        await until(pilot, lambda: app.screen is bench_of(app))
        (found,) = bench_of(app).context_side.found
        assert app.clipboard == copied(form, found.context, found.model, found.params, None)
        assert f"Copied {len(app.clipboard):,} characters" in told(app)


async def test_what_will_be_copied_is_seen_before(desk: Desk):
    async with desk.open((100, 30)) as (_, pilot):
        await copy_page(pilot)
        await pilot.press("j")
        await until_seen(pilot, '"role": "system"')
        await pilot.press("j")
        await until_seen(pilot, "curl http://127.0.0.1:9/v1/chat/completions")
        await pilot.press("j")
        await until_seen(pilot, "from openai import OpenAI")


async def test_messages_are_copied_as_json_that_another_program_reads(desk: Desk):
    async with desk.open() as (app, pilot):
        await copy_page(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.clipboard)
        user = {"role": "user", "content": "<ticket>Card declined twice</ticket>"}
        assert json.loads(app.clipboard)[-1] == user


async def test_the_key_of_an_api_is_never_copied(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LAB_KEY", KEY)
    desk.write(
        ".workbench.yml",
        "models:\n  lab: {model: openai/m, api_base: http://127.0.0.1:9/v1, api_key_env: LAB_KEY}\n"
        "defaults: {models: [lab]}\n",
    )
    async with desk.open((140, 50)) as (app, pilot):
        for downs, form in enumerate(FORMATS):
            await copy_page(pilot)
            await pilot.press(*["down"] * downs)
            await until(pilot, lambda: app.screen is not bench_of(app))
            assert KEY not in await until_seen(pilot, f"{FORMATS[form]}: ", "characters")
            await pilot.press("enter")
            await until(pilot, lambda: app.screen is bench_of(app))
            assert app.clipboard and KEY not in app.clipboard
        assert "LAB_KEY" in app.clipboard


async def test_more_than_terminals_take_is_told_with_another_way(desk: Desk):
    desk.write("prompts/triage.md", "word " * (LONG // 5) + "{{ ticket }}\n")
    async with desk.open() as (_, pilot):
        await copy_page(pilot, "More than many terminals take", "--format text")


async def test_escape_copies_nothing(desk: Desk):
    async with desk.open() as (app, pilot):
        await copy_page(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is bench_of(app))
        assert app.clipboard == ""


async def test_without_a_context_there_is_nothing_to_copy_and_that_is_said(desk: Desk):
    desk.write("prompts/triage.md", "Hello {{ nobody }}\n")
    async with desk.open() as (app, pilot):
        await until_seen(pilot, "There is nothing to show yet", "nobody")
        assert bench_of(app).query_one("#trouble").display
        await bench_of(app).run_action("copy_as")
        await until(pilot, lambda: "no context to read" in told(app))


async def test_what_is_copied_broken_down_or_read_of_a_broken_text_is_said_to_be_older(desk: Desk):
    async with desk.open() as (app, pilot):
        await until_seen(pilot, "Context ─ lab ─ ")
        bench_of(app).editor.insert("{{ ", (5, 0))
        await until_seen(pilot, "Context ─ the last good one")
        await bench_of(app).run_action("copy_as")
        await until_seen(pilot, "Copy what lab receives as, of the last good context", "OSC 52")
        await pilot.press("enter")
        await until(pilot, lambda: "Plain text, of the last good context" in told(app))
        app.clear_notifications()
        await bench_of(app).run_action("segments")
        await until_seen(pilot, "messages, as sent", "the last good context")
        await pilot.press("escape")
        await bench_of(app).run_action("blank_page")
        await until(pilot, lambda: "This is the last good context" in told(app))
        app.clear_notifications()
        await pilot.press("escape", "ctrl+z")
        await until(pilot, lambda: not bench_of(app).context_side.broken)
        await bench_of(app).run_action("copy_as")
        assert "last good" not in await until_seen(pilot, "Copy what lab receives as", "OSC 52")


async def test_the_form_that_enter_takes_is_pointed_at(desk: Desk):
    async with desk.open() as (_, pilot):
        await copy_page(pilot, f"{ARROW}Plain text")
        await pilot.press("j")
        await until_seen(pilot, f"{ARROW}Messages as JSON", " Plain text")
