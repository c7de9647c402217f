"""The bench: write a prompt, see what the model will."""

from __future__ import annotations

import re

import pytest
from textual.widgets import OptionList

from tests.tui.conftest import Desk, bench_of, settled
from tests.tui.seeing import seen, told, until, until_seen
from workbench.tui.widgets.context_view import ContextView
from workbench.tui.widgets.pointed_list import ARROW


def total(text: str) -> int:
    """Return the tokens that the title of the context says."""
    found = re.search(r"Context ─ \S+ ─ ([\d,]+)", text)
    assert found, text
    return int(found[1].replace(",", ""))


async def test_the_first_prompt_is_open_with_its_first_case_rendered_and_counted(desk: Desk):
    async with desk.open() as (app, pilot):
        text = await until_seen(pilot, "<ticket>Card declined twice</ticket>", "Context ─ lab ─ ")
        assert "triage" in text and "case 1/3 card" in text
        assert app.focused is bench_of(app).editor


async def test_typing_changes_the_context_and_the_token_count(desk: Desk):
    async with desk.open() as (app, pilot):
        before = total(await until_seen(pilot, "Context ─ lab ─ "))
        bench_of(app).editor.cursor_location = (5, 0)
        await pilot.press(*"Kindly ", *"and ")
        await until_seen(pilot, "Kindly and You sort tickets.")
        await until(pilot, lambda: total(seen(app)) > before)
        text = seen(app)
        assert "triage ●" in text and "Edit ─ prompts/triage.md ●" in text


async def test_an_error_names_file_and_line_while_the_last_good_context_stays(desk: Desk):
    async with desk.open() as (app, pilot):
        bench_of(app).editor.cursor_location = (8, 11)
        await pilot.press("x")
        text = await until_seen(pilot, "prompts/triage.md:9", "Did you mean")
        assert "<ticket>Card declined twice</ticket>" in text
        assert not bench_of(app).query_one(ContextView).fresh
        await pilot.press("backspace")
        await until(pilot, lambda: not bench_of(app).query_one("#trouble").display)


async def test_saving_writes_the_file_keeps_a_backup_and_takes_the_mark_away(desk: Desk):
    before = desk.text("prompts/triage.md")
    async with desk.open() as (app, pilot):
        await pilot.press("a")
        await until_seen(pilot, "triage ●")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Saved prompts/triage.md" in told(app))
        await until(pilot, lambda: "●" not in seen(app))
        assert desk.text("prompts/triage.md") == "a" + before
        [backup] = bench_of(app).project.library.backups("prompts/triage.md")
        assert backup.raw.decode() == before
        assert [path.name for path in (desk.root / "prompts").iterdir() if path.name.startswith(".")] == []


async def test_line_endings_and_the_byte_order_mark_survive_an_edit(desk: Desk):
    raw = b"\xef\xbb\xbfone\r\ntwo\r\n"
    desk.write("prompts/triage.md", raw)
    async with desk.open() as (app, pilot):
        await pilot.press("x", "ctrl+s")
        await until(pilot, lambda: "Saved" in told(app))
    assert (desk.root / "prompts/triage.md").read_bytes() == b"\xef\xbb\xbfxone\r\ntwo\r\n"


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
async def test_what_python_takes_for_a_line_break_and_nobody_else_does_survives_an_edit(desk: Desk, odd: str):
    desk.write("prompts/triage.md", f"one{odd}two\n".encode())
    async with desk.open() as (app, pilot):
        assert not bench_of(app).edited
        await pilot.press("x", "ctrl+s")
        await until(pilot, lambda: "Saved" in told(app))
    assert (desk.root / "prompts/triage.md").read_bytes() == f"xone{odd}two\n".encode()


async def conflict(desk: Desk, app, pilot) -> None:
    """Edit on screen and on disk where nobody watches, and try to save."""
    await until(pilot, lambda: bench_of(app).is_watching)
    app.workers.cancel_group(bench_of(app), "watch")
    await until(pilot, lambda: not bench_of(app).is_watching)
    await pilot.press("a")
    desk.write("prompts/triage.md", "theirs\n")
    await pilot.press("ctrl+s")
    await until_seen(pilot, "changed on disk since it was read", "Go on editing", "Save over it")


async def test_a_file_changed_on_disk_is_not_overwritten_by_going_on_editing(desk: Desk):
    async with desk.open() as (app, pilot):
        await conflict(desk, app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is bench_of(app))
        assert desk.text("prompts/triage.md") == "theirs\n"
        assert bench_of(app).editor.text.startswith("a---")
        assert bench_of(app).edited


async def test_a_file_changed_on_disk_can_be_taken_instead_of_what_is_on_screen(desk: Desk):
    async with desk.open() as (app, pilot):
        await conflict(desk, app, pilot)
        await pilot.press("right", "enter")
        await until(pilot, lambda: bench_of(app).editor.text == "theirs\n")
        assert not bench_of(app).edited


async def test_a_file_changed_on_disk_is_saved_over_when_the_person_says_so(desk: Desk):
    async with desk.open() as (app, pilot):
        await conflict(desk, app, pilot)
        await pilot.press("right", "right", "enter")
        await until(pilot, lambda: desk.text("prompts/triage.md").startswith("a---"))
        await until(pilot, lambda: not bench_of(app).edited)
        [backup] = bench_of(app).project.library.backups("prompts/triage.md")
        assert backup.raw == b"theirs\n"


async def test_a_prompt_deleted_while_it_is_open_is_said_and_the_text_is_kept(desk: Desk):
    async with desk.open() as (app, pilot):
        (desk.root / "prompts/triage.md").unlink()
        await pilot.press("a", "ctrl+s")
        await until_seen(pilot, "was deleted since it was read")
        for way in ("Save over it", "Take what is on disk"):
            from textual.widgets import Button

            await pilot.click(next(button for button in app.screen.query(Button) if str(button.label) == way))
            await until(pilot, lambda: app.screen is bench_of(app))
            await pilot.pause()
            assert bench_of(app).editor.text.startswith("a---")
            if way == "Save over it" and (desk.root / "prompts/triage.md").exists():
                break
            await pilot.press("ctrl+s")
            await until_seen(pilot, "was deleted since it was read")


async def test_a_prompt_that_is_not_utf8_opens_read_only_and_names_the_offset(desk: Desk):
    desk.write("prompts/triage.md", b"caf\xe9\n")
    async with desk.open() as (app, pilot):
        await until_seen(pilot, "prompts/triage.md", "UTF-8", "offset 3")
        await pilot.press("x", "ctrl+s")
        await until(pilot, lambda: "read-only" in told(app))
        assert bench_of(app).editor.read_only
    assert (desk.root / "prompts/triage.md").read_bytes() == b"caf\xe9\n"


async def choose_prompt(app, pilot, name: str) -> None:
    await pilot.press("ctrl+o")
    await until_seen(pilot, "Find a prompt")
    await pilot.press(*name, "enter")


async def test_unsaved_edits_stay_with_their_undo_while_another_prompt_is_open(desk: Desk):
    desk.write("prompts/other.md", "Hello.\n")
    async with desk.open() as (app, pilot):
        await choose_prompt(app, pilot, "triage")
        await until(pilot, lambda: app.prompt == "triage")
        await pilot.press("a")
        await choose_prompt(app, pilot, "other")
        await until(pilot, lambda: app.prompt == "other")
        await until_seen(pilot, "Edit ─ prompts/other.md")
        await choose_prompt(app, pilot, "triage")
        await until(pilot, lambda: bench_of(app).editor.text.startswith("a---"))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: not bench_of(app).edited)
        await pilot.press("ctrl+y", "ctrl+s")
        await until(pilot, lambda: desk.text("prompts/triage.md").startswith("a---"))


async def test_undo_survives_a_save(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("a", "ctrl+s")
        await until(pilot, lambda: desk.text("prompts/triage.md").startswith("a---"))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: bench_of(app).editor.text.startswith("---") and bench_of(app).edited)


async def test_saving_all_at_the_end_saves_every_open_file(desk: Desk):
    desk.write("prompts/other.md", "Hello.\n")
    async with desk.open() as (app, pilot):
        for name in ("triage", "other"):
            await choose_prompt(app, pilot, name)
            await until(pilot, lambda name=name: app.prompt == name)
            await pilot.press("b")
        await pilot.press("ctrl+q")
        await until_seen(pilot, "2 files have unsaved edits.")
        await pilot.press("enter")
        await until(pilot, lambda: app._exit)
    assert desk.text("prompts/triage.md").startswith("b---")
    assert desk.text("prompts/other.md") == "bHello.\n"


async def test_quitting_asks_for_unsaved_edits_and_escape_stays(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("a", "ctrl+q")
        await until_seen(pilot, "prompts/triage.md has unsaved edits.")
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app.is_running and len(app.screen_stack) == 2, "one question is enough"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is bench_of(app))
        assert app.is_running
        await pilot.press("ctrl+q")
        await until_seen(pilot, "prompts/triage.md has unsaved edits.")
        await pilot.press("right", "enter")
        await until(pilot, lambda: not app.is_running or app._exit)
    assert app.return_code == 0


@pytest.mark.parametrize("over", ["ctrl+r", "ctrl+o", "ctrl+p", "f1"])
async def test_quitting_from_any_dialog_does_not_lose_unsaved_edits(desk: Desk, over: str):
    async with desk.open() as (app, pilot):
        await pilot.press("a", over)
        await until(pilot, lambda: app.screen is not bench_of(app))
        await pilot.press("ctrl+q")
        await until_seen(pilot, "prompts/triage.md has unsaved edits.")


async def test_quitting_with_nothing_unsaved_leaves_at_once(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app._exit)


async def test_another_case_is_chosen_by_key_and_rendered(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("ctrl+t")
        await until_seen(pilot, "Choose a case", f"{ARROW}1 card")
        await pilot.press(*"crash")
        await until_seen(pilot, f"{ARROW}2 crash")
        await pilot.press("enter")
        await until_seen(pilot, "<ticket>The app crashes</ticket>", "case 2/3 crash")
        assert bench_of(app).query_one("#cases", OptionList).highlighted == 1


async def test_a_case_is_chosen_in_the_sidebar(desk: Desk):
    async with desk.open() as (app, pilot):
        bench_of(app).query_one("#cases").focus()
        await pilot.press("down", "down", "enter")
        await until_seen(pilot, "<ticket>Thank you</ticket>", "case 3/3 thanks")


@pytest.mark.parametrize("string", ["openai/gpt-5-mini", "gpt-4o-mini", "openai/loopback"])
async def test_any_model_string_can_be_typed_also_one_that_is_like_a_configured_name(desk: Desk, string: str):
    async with desk.open() as (app, pilot):
        await pilot.press("ctrl+l")
        await until_seen(pilot, "Count for a model")
        await pilot.press(*string)
        await until_seen(pilot, string)
        options = app.screen.query_one(OptionList)
        while options.highlighted != options.option_count - 1:
            await pilot.press("down")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is bench_of(app))
        assert bench_of(app).opened.models == (string,)


async def test_a_configured_model_is_chosen_by_a_few_letters(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("ctrl+l")
        await until_seen(pilot, "Count for a model")
        await pilot.press(*"min", "enter")
        await until_seen(pilot, "Context ─ mini ─ ")
        assert "unpriced" in seen(app)


async def test_the_blank_page_shows_the_context_and_nothing_else(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("f12")
        await until(pilot, lambda: app.screen is not bench_of(app))
        text = [line.strip() for line in seen(app).splitlines() if line.strip()]
        assert text == ["You sort tickets.", "<ticket>Card declined twice</ticket>"]
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is bench_of(app))


async def test_the_sidebar_is_there_on_a_wide_screen_and_comes_by_f9_on_a_narrow_one(desk: Desk):
    for width, there in ((80, False), (160, True)):
        async with desk.open((width, 30)) as (app, pilot):
            sidebar = bench_of(app).query_one("#sidebar")
            assert sidebar.display is there
            await pilot.press("f9")
            assert sidebar.display is not there
            await pilot.press("f9")
            assert sidebar.display is there


async def test_zoom_gives_the_focused_pane_the_whole_screen_and_takes_it_back(desk: Desk):
    async with desk.open((100, 30)) as (app, pilot):
        await until_seen(pilot, "Models")
        await pilot.press("f11")
        await until(pilot, lambda: "Models" not in seen(app))
        await pilot.press("f11")
        await until_seen(pilot, "Models")


async def test_a_project_without_prompts_says_how_to_make_one(blank: Desk):
    async with blank.open() as (app, pilot):
        await until(pilot, lambda: "There are no prompts yet" in told(app))
        await pilot.press("a")
        await until_seen(pilot, "New prompt")
        await pilot.press(
            "escape", "ctrl+s", "ctrl+r", "ctrl+t", "ctrl+l", "f8", "f12", "f3", "f4", "f6", "f2"
        )
        await pilot.press("ctrl+o")
        await until_seen(pilot, "Find a prompt")
        await pilot.press("escape", "ctrl+q")
        await until(pilot, lambda: app._exit)


async def test_broken_cases_are_said_and_the_prompt_is_there_to_edit(desk: Desk):
    desk.write("prompts/triage.cases.yml", "- {name: a\n")
    async with desk.open() as (app, pilot):
        await until(pilot, lambda: "prompts/triage.cases.yml" in told(app))
        assert "You sort tickets." in seen(app)
        await until_seen(pilot, "triage.cases.yml")


async def test_names_with_markup_in_them_are_shown_as_they_are(desk: Desk):
    desk.write("prompts/[bold]loud[/].md", "user:\n{{ x }}\n")
    desk.write("prompts/[bold]loud[/].cases.yml", "- {name: '[red]a[/red]', inputs: {x: '[/]'}}\n")
    desk.write("prompts/[blink]/[red]b.md", "Hello.\n")
    async with desk.open((160, 40)) as (app, pilot):
        names = "[bold]loud[/]", "[blink]", "[red]b", "1 [red]a[/red]"
        await choose_prompt(app, pilot, "loud")
        await until(pilot, lambda: app.prompt == "[bold]loud[/]")
        await until_seen(pilot, *names, "case 1/1 [red]a[/red]")
        await pilot.press("ctrl+t")
        await until_seen(pilot, "1 [red]a[/red]", "[/]")
        await pilot.press("escape", "ctrl+s")
        await until(pilot, lambda: "Saved prompts/[bold]loud[/].md" in seen(app))


async def test_model_names_with_markup_in_them_are_shown_as_they_are(desk: Desk):
    desk.write(
        ".workbench.yml",
        "models:\n  '[red]m': {model: openai/loopback-1, api_base: http://127.0.0.1:9/v1}\n"
        "defaults: {models: ['[red]m']}\n",
    )
    async with desk.open() as (_app, pilot):
        text = await until_seen(pilot, "Context ─ [red]m ─ ")
        assert text.count("[red]m") == 3


async def test_escape_sequences_in_a_prompt_are_shown_and_not_obeyed(desk: Desk):
    desk.write("prompts/triage.md", b"red \x1b[31m text\n")
    async with desk.open() as (app, pilot):
        await until_seen(pilot, "red ␛[31m text")
        assert "\x1b" not in app.export_screenshot()


async def test_a_line_of_tabs_is_wrapped_and_nothing_of_it_is_lost(desk: Desk):
    desk.write("prompts/triage.md", "\t".join(f"w{number}" for number in range(40)) + " END\n")
    async with desk.open((100, 40)) as (app, pilot):
        await until(pilot, lambda: len(bench_of(app).query_one(ContextView)._rows) > 1)
        context = "\n".join(line[50:] for line in seen(app).splitlines())
        assert all(f"w{number}" in context for number in range(40)) and "END" in context


async def test_a_large_prompt_is_shown_and_counted_and_can_be_written_in(desk: Desk):
    desk.write("prompts/triage.md", ("Sort the ticket at hand, and be quick. " * 2 + "\n") * 4_000)
    async with desk.open() as (app, pilot):
        before = total(await until_seen(pilot, "Context ─ lab ─ "))
        await pilot.press(*"abc")
        await until(pilot, lambda: total(seen(app)) > before)


async def test_the_prompts_are_listed_by_folder_and_opened_from_the_list(desk: Desk):
    desk.write("prompts/notes/title.md", "Hello.\n")
    async with desk.open((160, 40)) as (app, pilot):
        tree = bench_of(app).prompt_tree
        tree.focus()
        await until_seen(pilot, "notes", "title", "triage")
        tree.go_to("prompts/notes/title.md")
        await pilot.press("enter")
        await until(pilot, lambda: app.prompt == "notes/title")
        await until(pilot, lambda: settled(app))


async def test_a_prompt_that_cannot_be_written_says_so_and_keeps_the_text(desk: Desk, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with desk.open() as (app, pilot):
        await pilot.press("a")
        monkeypatch.setattr("workbench.prompts.disk.saving.exchange", refuse)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "cannot be written" in told(app))
        assert bench_of(app).edited


async def test_f9_goes_to_the_prompts_and_escape_back_to_the_text(desk: Desk):
    async with desk.open((80, 24)) as (app, pilot):
        await pilot.press("f9")
        await until(pilot, lambda: app.focused is bench_of(app).prompt_tree)
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is bench_of(app).editor)
        await pilot.press("f9")
        await until(pilot, lambda: not bench_of(app).query_one("#sidebar").display)
        assert app.focused is bench_of(app).editor


async def test_escape_leaves_zoom_before_it_leaves_the_pane(desk: Desk):
    async with desk.open() as (app, pilot):
        bench_of(app).prompt_tree.focus()
        await pilot.press("f11")
        await until(pilot, lambda: app.screen.maximized is not None)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.maximized is None)
        assert app.focused is bench_of(app).prompt_tree


async def test_a_prompt_that_never_rendered_shows_no_context_and_not_that_of_another(desk: Desk):
    desk.write("prompts/worse.md", "Hello {{ nobody }}\n")
    async with desk.open() as (app, pilot):
        await until_seen(pilot, "You sort tickets.", "Context ─ lab ─ ")
        bench_of(app).open("worse")
        text = await until_seen(pilot, "There is nothing to show yet", "nobody")
        assert "T   You sort tickets." not in text and "no model" not in text
        await pilot.press("f12")
        await until(pilot, lambda: "no context to read" in told(app))
        bench_of(app).open("triage")
        await until_seen(pilot, "T   You sort tickets.", "Context ─ lab ─ ")
