"""Going from the context to where something was written or changed, and back again."""

from __future__ import annotations

import asyncio

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import Desk, bench_of
from tests.tui.seeing import told, until, until_seen
from workbench.bench.baseline import Based, Baseline
from workbench.errors import Place
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.context_view import ContextView

TRIAGE = "prompts/triage.md"


async def in_context(app: WorkbenchApp, pilot: Pilot[None]) -> ContextView:
    """Put the focus on the context once it has been counted."""
    view = bench_of(app).query_one(ContextView)
    await until_seen(pilot, "Context ─ lab ─ ")
    view.focus()
    await until(pilot, lambda: app.focused is view)
    return view


async def test_a_jump_within_the_file_on_screen_is_gone_back_from(desk: Desk):
    async with desk.open() as (app, pilot):
        await in_context(app, pilot)
        bench_of(app).editor.cursor_location = (1, 2)
        await pilot.press("G", "enter")
        await until(pilot, lambda: bench_of(app).editor.cursor_location[0] == 8)
        await pilot.press("ctrl+underscore")
        await until(pilot, lambda: bench_of(app).editor.cursor_location == (1, 2))
        assert app.focused is bench_of(app).editor


async def test_a_jump_to_where_one_is_leaves_nothing_to_go_back_to(desk: Desk):
    async with desk.open() as (app, pilot):
        bench_of(app).editor.cursor_location = (4, 0)
        bench_of(app).jump_to(Place(TRIAGE, 5))
        await pilot.press("ctrl+underscore")
        await until(pilot, lambda: "nowhere to go back to" in told(app))


async def test_where_there_is_nothing_to_go_back_to_the_focus_stays(desk: Desk):
    async with desk.open() as (app, pilot):
        view = await in_context(app, pilot)
        await pilot.press("ctrl+underscore")
        await until(pilot, lambda: "nowhere to go back to" in told(app))
        assert app.focused is view


async def test_another_prompt_leaves_nothing_to_go_back_to_in_the_one_before(desk: Desk):
    desk.write("prompts/_tone.md", "Be brief.\n")
    desk.write("prompts/another.md", "Hello.\n")
    async with desk.open() as (app, pilot):
        bench_of(app).open("triage")
        bench_of(app).jump_to(Place("prompts/_tone.md", 1))
        await until_seen(pilot, "Edit ─ prompts/_tone.md")
        bench_of(app).open("another")
        await until_seen(pilot, "Edit ─ prompts/another.md")
        await pilot.press("ctrl+underscore")
        await until(pilot, lambda: "nowhere to go back to" in told(app))
        await until_seen(pilot, "Edit ─ prompts/another.md")


async def test_without_git_the_next_change_says_that_there_is_nothing_to_compare_with(desk: Desk):
    async with desk.open() as (app, pilot):
        await in_context(app, pilot)
        await until_seen(pilot, "vs HEAD: ")
        await pilot.press("}")
        await until(pilot, lambda: "There is nothing to compare with at HEAD: " in told(app))
        assert "Nothing differs" not in told(app)


async def test_before_it_was_compared_the_next_change_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    released, whole = asyncio.Event(), Baseline.of

    async def slow(self: Baseline, *rest: object) -> Based:
        await released.wait()
        return await whole(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Baseline, "of", slow)
    desk.commit()
    async with desk.open() as (app, pilot):
        await in_context(app, pilot)
        await pilot.press("}")
        await until(pilot, lambda: "Still comparing with HEAD." in told(app))
        released.set()
        await until_seen(pilot, "vs HEAD ±0")
        await pilot.press("}")
        await until(pilot, lambda: "Nothing differs from HEAD." in told(app))
