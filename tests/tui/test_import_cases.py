"""Importing cases on screen: a file, its columns, and what comes of it."""

from __future__ import annotations

from contextlib import asynccontextmanager

from tests.tui.conftest import Desk
from tests.tui.seeing import seen, until, until_seen
from workbench.tui.screens.import_cases import CasesCame, ImportCases

EXPORT = "id,body,lang\nfirst,Where is my order?,en\nsecond,Card declined twice,de\nthird,,en\n"


@asynccontextmanager
async def importing(desk: Desk, size=(80, 24)):
    """Open the dialog over the bench; what it returned is put into the list."""
    came: list[CasesCame | None] = []
    async with desk.open(size) as (app, pilot):
        app.push_screen(ImportCases("triage", app.bench.cases, desk.root), came.append)
        await until_seen(pilot, "Import cases into triage")
        yield app, pilot, came


async def test_a_file_is_imported_in_a_few_keys_and_can_be_taken_back(desk: Desk):
    before = desk.text("prompts/triage.cases.yml")
    desk.write("export.csv", EXPORT)
    async with importing(desk) as (app, pilot, came):
        await pilot.press(*"exp")
        await pilot.pause(0.2)
        await pilot.press("right")
        await until_seen(pilot, "export.csv", "0 new · 0 there already · 3 left out", "◂ name ▸")
        await pilot.press("enter")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "mapping")
        await pilot.press("down", "right")
        text = await until_seen(pilot, "1 new · 1 there already · 1 left out", "◂ ticket ▸ input")
        assert "+ first  ticket: Where is my order?" in text
        assert "! row 3, line 4: the input “ticket” is missing" in text
        await pilot.press("enter")
        await until(pilot, lambda: came)
        assert desk.text("prompts/triage.cases.yml") == before + (
            "- {name: first, inputs: {ticket: Where is my order?}}\n"
        )
        assert came[0] is not None and came[0].count == 1
        app.bench.cases.undo(came[0].undo)
        assert desk.text("prompts/triage.cases.yml") == before


async def test_what_a_column_is_for_can_be_changed(desk: Desk):
    desk.write("export.csv", "a,b\nx,y\n")
    async with importing(desk) as (app, pilot, came):
        await pilot.press(*"export.csv", "enter")
        await until_seen(pilot, "0 new", "1 left out")
        await pilot.press("down", "right")
        await until_seen(pilot, "1 new", "ticket: y")
        await pilot.press("up", "right")  # an input has one column
        await until_seen(pilot, "ticket: x")
        assert "ticket: y" not in seen(app)
        await pilot.press("left")
        await until_seen(pilot, "0 new")
        await pilot.press("enter")
        await until_seen(pilot, "Nothing new would come.")
        assert not came


async def test_a_file_that_cannot_be_read_says_why(desk: Desk):
    desk.write("bad.csv", b"ticket\ncaf\xe9\n")
    async with importing(desk) as (app, pilot, came):
        await pilot.press(*"nowhere.csv", "enter")
        await until_seen(pilot, "cannot", "such", "directory")  # the path may be long, and wrap them
        app.screen.query_one("#import-path").value = "bad.csv"  # type: ignore[attr-defined]
        await until_seen(pilot, "UTF-8", "0xe9")
        await pilot.press("escape")
        await until(pilot, lambda: came == [None])


async def test_names_and_values_of_a_file_are_inert(desk: Desk):
    desk.write("odd.csv", "[red]ti\x1b[31mcket,ticket\nx,[bold]\x1b]0;t\x07y\n")
    async with importing(desk) as (_, pilot, _came):
        await pilot.press(*"odd.csv", "enter")
        text = await until_seen(pilot, "1 new", "[red]ti␛[31mcket")
        assert "[bold]␛]0;t␇y" in text
