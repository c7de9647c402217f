"""The files on the bench: what other programs write, and what survives when the workbench does not."""

from __future__ import annotations

import pytest
from textual.widgets import Button

from tests.tui.conftest import Desk, bench_of
from tests.tui.seeing import seen, told, until, until_seen
from workbench.prompts.disk.drafts import Drafts
from workbench.tui.screens import bench_files
from workbench.tui.screens.dialogs import Ask


async def press_button(app, pilot, label: str) -> None:
    await until(pilot, lambda: isinstance(app.screen, Ask))
    await pilot.click(next(button for button in app.screen.query(Button) if str(button.label) == label))


async def test_a_file_that_another_program_writes_is_reloaded_and_undo_brings_the_old_text_back(desk: Desk):
    async with desk.open() as (app, pilot):
        await until(pilot, lambda: bench_of(app).is_watching)
        desk.write("prompts/triage.md", "system:\nTheirs.\n")
        await until(pilot, lambda: bench_of(app).editor.text == "system:\nTheirs.\n")
        assert not bench_of(app).edited
        await until_seen(pilot, "T   Theirs.")
        await pilot.press("ctrl+z")
        await until(pilot, lambda: bench_of(app).editor.text.startswith("---\ninputs:"))
        assert bench_of(app).edited


async def test_a_file_changed_on_disk_asks_with_a_diff_where_there_are_unsaved_edits(desk: Desk):
    async with desk.open() as (app, pilot):
        await until(pilot, lambda: bench_of(app).is_watching)
        await pilot.press("a")
        desk.write("prompts/triage.md", "theirs\n")
        await until_seen(pilot, "changed on disk, and has unsaved edits", "theirs", "a---")
        await press_button(app, pilot, "Take what is on disk")
        await until(pilot, lambda: bench_of(app).editor.text == "theirs\n")
        await pilot.press("ctrl+z")
        await until(pilot, lambda: bench_of(app).editor.text.startswith("a---"))


async def test_who_goes_on_editing_is_not_asked_again_until_the_disk_changes_again(desk: Desk):
    async with desk.open() as (app, pilot):
        await until(pilot, lambda: bench_of(app).is_watching)
        await pilot.press("a")
        desk.write("prompts/triage.md", "theirs\n")
        await press_button(app, pilot, "Go on editing")
        await until(pilot, lambda: app.screen is bench_of(app))
        desk.write("prompts/other.md", "More.\n")
        await until_seen(pilot, "other")
        assert app.screen is bench_of(app)
        desk.write("prompts/triage.md", "theirs again\n")
        await until_seen(pilot, "changed on disk, and has unsaved edits", "theirs again")


async def test_a_partial_that_another_program_writes_shows_in_the_context(desk: Desk):
    desk.write("prompts/_tone.md", "Be kind.\n")
    desk.write("prompts/triage.md", 'system:\n{% include "_tone.md" %}\n')
    async with desk.open() as (app, pilot):
        await until(pilot, lambda: bench_of(app).is_watching)
        await until_seen(pilot, "P   Be kind.")
        desk.write("prompts/_tone.md", "Be brief.\n")
        await until_seen(pilot, "P   Be brief.")


async def test_cases_that_another_program_writes_are_listed(desk: Desk):
    async with desk.open() as (app, pilot):
        await until(pilot, lambda: bench_of(app).is_watching)
        desk.write("prompts/triage.cases.yml", "- {name: brandnew, inputs: {ticket: Hello there}}\n")
        await until_seen(pilot, "brandnew", "Hello there")


async def test_a_save_of_our_own_is_no_news(desk: Desk):
    async with desk.open() as (app, pilot):
        await until(pilot, lambda: bench_of(app).is_watching)
        await pilot.press("a", "ctrl+s")
        await until(pilot, lambda: desk.text("prompts/triage.md").startswith("a---"))
        desk.write("prompts/other.md", "More.\n")
        await until_seen(pilot, "other")
        assert "Reloaded" not in told(app)


async def test_unsaved_text_that_a_crash_left_is_offered_and_taken(desk: Desk):
    left = Drafts(desk.root)
    left.keep("prompts/triage.md", "Typed before the crash.\n", b"whatever")
    left.close()
    async with desk.open() as (app, pilot):
        await until_seen(pilot, "was not saved when the workbench ended", "Typed before the crash.")
        assert "What is on disk has" in " ".join(seen(app).split())
        await press_button(app, pilot, "Go on with this text")
        await until(pilot, lambda: bench_of(app).editor.text == "Typed before the crash.\n")
        assert bench_of(app).edited
        assert desk.text("prompts/triage.md").startswith("---\ninputs:")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: desk.text("prompts/triage.md") == "Typed before the crash.\n")
        await until(pilot, lambda: not list((desk.root / ".workbench/drafts").rglob("*.json")))


@pytest.mark.parametrize(("answer", "again"), [("Ask again later", True), ("Discard", False)])
async def test_unsaved_text_can_wait_or_be_discarded(desk: Desk, answer: str, again: bool):
    left = Drafts(desk.root)
    left.keep("prompts/triage.md", "Typed before the crash.\n", b"whatever")
    left.close()
    async with desk.open() as (app, pilot):
        await press_button(app, pilot, answer)
        await until(pilot, lambda: app.screen is bench_of(app))
        assert bench_of(app).editor.text.startswith("---\ninputs:")
    assert bool(Drafts(desk.root).left()) is again


async def test_typing_is_kept_as_a_draft_and_the_draft_goes_when_it_is_saved(desk: Desk):
    def kept() -> list[str]:
        return [file.name for file in (desk.root / ".workbench/drafts").rglob("*.json")]

    async with desk.open() as (_app, pilot):
        await pilot.press("a")
        await until(pilot, kept)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not kept())
        await pilot.press("b")
        await until(pilot, kept)
        await pilot.press("backspace")
        await until(pilot, lambda: not kept())


async def test_a_draft_is_gone_where_the_person_discards_at_the_end(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("a")
        await until(pilot, lambda: list((desk.root / ".workbench/drafts").rglob("*.json")))
        await pilot.press("ctrl+q")
        await press_button(app, pilot, "Discard")
        await until(pilot, lambda: app._exit)
    assert Drafts(desk.root).left() == []


async def test_what_a_save_replaced_can_be_restored(desk: Desk):
    before = desk.text("prompts/triage.md")
    async with desk.open() as (app, pilot):
        await pilot.press("a", "ctrl+s")
        await until(pilot, lambda: desk.text("prompts/triage.md") != before)
        bench_of(app).action_restore_backup()
        await until_seen(pilot, "Restore prompts/triage.md as it was", "ago")
        await pilot.press("enter")
        await until(pilot, lambda: bench_of(app).editor.text == before)


async def test_what_is_typed_is_no_answer_to_a_question_that_comes_up_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bench_files, "ASK_PAUSE", 2.0)  # a stall of the machine is no pause in typing
    async with desk.open() as (app, pilot):
        await until(pilot, lambda: bench_of(app).is_watching)
        await pilot.press("a")
        desk.write("prompts/triage.md", "theirs\n")
        await until(pilot, lambda: bench_of(app)._changed)
        for letter in "space enter b c d e f g h i j".split():
            await pilot.press(letter)
            await pilot.pause(0.25)
            assert app.screen is bench_of(app)
        await until_seen(pilot, "changed on disk, and has unsaved edits", "theirs")
        assert bench_of(app).editor.text.startswith("a \nbcdefghij---")
