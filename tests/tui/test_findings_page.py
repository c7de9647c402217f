"""Findings: each with its why and its place, to go to or to look for no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import TRIAGE, Desk, bench_of
from tests.tui.seeing import told, until, until_seen
from workbench.bench.previewing import Previewing
from workbench.context.findings import Finding
from workbench.errors import Place
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.pointed_list import ARROW

FOUND = (
    Finding("unused-input", "the input “tone” is never used", Place("prompts/triage.md", 3)),
    Finding("unclosed-tag", "<policy> is opened and never closed", Place("prompts/_tone.md", 2, 4)),
    Finding("near-window", "the context takes 84 % of the window"),
)


@asynccontextmanager
async def findings(
    desk: Desk, found: tuple[Finding, ...] = FOUND, size: tuple[int, int] = (120, 35)
) -> AsyncIterator[tuple[WorkbenchApp, Pilot[None]]]:
    """Open the page on a context in which these are found."""
    desk.write("prompts/_tone.md", "Be brief.\n<policy>\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Previewing, "findings", lambda *_: found)
        async with desk.open(size) as (app, pilot):
            side = bench_of(app).context_side
            await until_seen(pilot, "Context ─ lab ─ ")
            await until(pilot, lambda: side.preview is not None and side.preview.findings == found)
            await open_page(app, pilot)
            yield app, pilot


async def open_page(app: WorkbenchApp, pilot: Pilot[None]) -> None:
    await bench_of(app).run_action("findings")
    await until(pilot, lambda: app.screen is not bench_of(app))


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_each_finding_has_its_kind_its_why_and_its_place(desk: Desk, size: tuple[int, int]):
    async with findings(desk, size=size) as (_, pilot):
        await until_seen(
            pilot,
            "3 findings",
            *("unused-input  prompts/triage.md:3", "the input “tone” is never used"),
            *("unclosed-tag  prompts/_tone.md:2:4", "near-window"),
        )


async def test_enter_goes_to_the_place_of_a_finding(desk: Desk):
    async with findings(desk) as (app, pilot):
        await pilot.press("j", "enter")
        await until_seen(pilot, "Edit ─ prompts/_tone.md")
        assert bench_of(app).editor.cursor_location == (1, 3)
        assert app.focused is bench_of(app).editor


async def test_a_finding_about_the_whole_says_so(desk: Desk):
    async with findings(desk) as (app, pilot):
        await pilot.press("end", "enter")
        await until(pilot, lambda: "about the context as a whole" in told(app))


async def test_x_switches_a_kind_off_in_the_prompt_and_undo_takes_it_back(desk: Desk):
    async with findings(desk) as (app, pilot):
        await pilot.press("j", "x")
        await until(pilot, lambda: app.screen is bench_of(app))
        editor = bench_of(app).editor
        assert editor.written == TRIAGE.replace("  ticket:\n", "  ticket:\nfindings: {unclosed-tag: false}\n")
        assert "unclosed-tag is no longer looked for in prompts/triage.md" in told(app)
        assert desk.text("prompts/triage.md") == TRIAGE
        await pilot.press("ctrl+z")
        await until(pilot, lambda: editor.written == TRIAGE)


async def test_what_cannot_be_switched_here_is_told_with_what_to_write(desk: Desk):
    broken = TRIAGE.replace("inputs:", "findings: [repeat]\ninputs:")
    async with findings(desk, (Finding("repeat", "this stands twice"),)) as (app, pilot):
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is bench_of(app))
        bench_of(app).editor.insert("findings: [repeat]\n", (1, 0))
        await until_seen(pilot, "Context ─ the last good one")
        await open_page(app, pilot)
        await until_seen(pilot, "this stands twice")
        await pilot.press("x")
        await until(pilot, lambda: "findings: {repeat: false}" in told(app))
        assert bench_of(app).editor.written == broken


async def test_how_to_switch_a_kind_off_in_the_whole_project_is_said(desk: Desk):
    async with findings(desk) as (_, pilot):
        await until_seen(pilot, "In the whole project: findings: {unused-input: false} in .workbench.yml")
        await pilot.press("down")
        await until_seen(pilot, "In the whole project: findings: {unclosed-tag: false} in .workbench.yml")


async def test_nothing_found_is_said(desk: Desk):
    async with findings(desk, ()) as (app, pilot):
        await until_seen(pilot, "No findings", "Nothing was found")
        await pilot.press("x", "j", "enter", "q")
        await until(pilot, lambda: app.screen is bench_of(app))


async def test_words_of_a_finding_are_shown_and_not_obeyed(desk: Desk):
    nasty = Finding("repeat", "“[red]\x1b[31m” stands twice", Place("prompts/[b].md", 1))
    async with findings(desk, (nasty,)) as (app, pilot):
        await until_seen(pilot, "1 finding", "“[red]␛[31m” stands twice", "prompts/[b].md:1")
        assert "\x1b" not in app.export_screenshot()


@pytest.mark.parametrize("path", [".workbench.yml", "prompts/triage.cases.yml"])
async def test_a_finding_in_settings_or_cases_is_gone_to_as_well(desk: Desk, path: str):
    async with findings(desk, (Finding("unpinned-model", "not pinned", Place(path, 2)),)) as (app, pilot):
        await pilot.press("enter")
        await until_seen(pilot, f"Edit ─ {path}")
        assert bench_of(app).editor.cursor_location[0] == 1


async def test_on_a_small_screen_the_chosen_finding_and_the_keys_are_seen_however_many_there_are(desk: Desk):
    many = tuple(
        Finding("repeat", f"number {at} stands twice", Place("prompts/p.md", at)) for at in range(1, 13)
    )
    async with findings(desk, many, (80, 24)) as (_, pilot):
        for at in range(1, 13):
            await until_seen(
                pilot,
                *("12 findings", f"{ARROW}repeat  prompts/p.md:{at}", f"number {at} stands"),
                *("In the whole project", "Enter go there"),
            )
            await pilot.press("down")
