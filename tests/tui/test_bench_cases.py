"""Cases on the bench: other inputs tried, saved, kept as a new case, imported."""

from __future__ import annotations

from tests.tui.conftest import Desk, bench_of
from tests.tui.seeing import until, until_seen


async def test_other_inputs_are_tried_without_saving_and_forgotten(desk: Desk):
    before = desk.text("prompts/triage.cases.yml")
    async with desk.open((160, 40)) as (app, pilot):
        await pilot.press("f7")
        await until_seen(pilot, "Inputs ─ card", "ticket")
        await until(pilot, lambda: bench_of(app).inputs_pane.focused_input == "ticket")
        await pilot.press("home", *"My ")
        await until_seen(pilot, "<ticket>My Card declined twice</ticket>", "tried ●", "other inputs tried")
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is bench_of(app).editor)
        await pilot.press("f7")
        await until_seen(pilot, "<ticket>Card declined twice</ticket>")
    assert desk.text("prompts/triage.cases.yml") == before


async def test_tried_inputs_are_saved_to_the_case_and_everything_else_in_the_file_stays(desk: Desk):
    desk.write(
        "prompts/triage.cases.yml",
        "# mine\n- name: card   # the usual\n  inputs:\n    ticket: Card declined twice\n"
        "- {name: b, inputs: {ticket: x}}\n",
    )
    async with desk.open((160, 40)) as (app, pilot):
        await pilot.press("f7")
        await until(pilot, lambda: bench_of(app).inputs_pane.focused_input == "ticket")
        await pilot.press("home", *"My ", "ctrl+s")
        await until(pilot, lambda: "My Card declined twice" in desk.text("prompts/triage.cases.yml"))
        await until(pilot, lambda: bench_of(app).opened.tried is None)
        bench_of(app).action_undo_case()
        await until(pilot, lambda: "My Card" not in desk.text("prompts/triage.cases.yml"))
    text = desk.text("prompts/triage.cases.yml")
    assert (
        text.startswith("# mine\n- name: card   # the usual\n") and "- {name: b, inputs: {ticket: x}}" in text
    )


async def test_tried_inputs_become_a_new_case_that_is_then_chosen(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        await pilot.press("f7")
        await until(pilot, lambda: bench_of(app).inputs_pane.focused_input == "ticket")
        await pilot.press("home", *"My ", "ctrl+n")
        await until_seen(pilot, "Keep these inputs as the case")
        await pilot.press("home", "shift+end", "delete", *"mine", "enter")
        await until_seen(pilot, "case 4/4 mine")
        assert bench_of(app).opened.case == "mine"
    assert "My Card declined twice" in desk.text("prompts/triage.cases.yml")


async def test_another_case_takes_the_place_of_what_was_tried(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        await pilot.press("f7")
        await until(pilot, lambda: bench_of(app).inputs_pane.focused_input == "ticket")
        await pilot.press("home", *"My ")
        await until_seen(pilot, "tried ●")
        bench_of(app).choose_case("crash")
        await until_seen(pilot, "<ticket>The app crashes</ticket>", "Inputs ─ crash")


async def test_cases_are_imported_into_the_prompt_on_the_bench(desk: Desk):
    desk.write("more.csv", "name,ticket\nrefund,Where is my money\nlogin,I cannot log in\n")
    async with desk.open((160, 40)) as (app, pilot):
        bench_of(app).action_import_cases()
        await until_seen(pilot, "Import")
        await pilot.press(*str(desk.root / "more.csv"), "enter")
        await until_seen(pilot, "refund")
        await pilot.press("enter")
        await until_seen(pilot, "case 1/5 card")
    assert "Where is my money" in desk.text("prompts/triage.cases.yml")
