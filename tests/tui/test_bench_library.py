"""The library on the bench: new, copy, move and delete in the tree, with undo; and its states."""

from __future__ import annotations

from tests.tui.conftest import Desk, bench_of
from tests.tui.seeing import told, until, until_seen
from workbench.tui.screens.dialogs import Line


async def in_tree(app, pilot, path: str) -> None:
    """Put the cursor of the tree on a prompt."""
    tree = bench_of(app).prompt_tree
    await until(pilot, lambda: path in bench_of(app)._items)
    tree.focus()
    tree.go_to(path)
    await until(pilot, lambda: tree.path == path)


async def write_name(app, pilot, name: str) -> None:
    """Replace what a dialog proposes, and take it."""
    await until(pilot, lambda: isinstance(app.screen, Line))
    await pilot.press("home", "shift+end", "delete", *name, "enter")


async def test_a_new_prompt_is_made_and_opened(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        await in_tree(app, pilot, "prompts/triage.md")
        await pilot.press("a")
        await write_name(app, pilot, "notes/title")
        await until(pilot, lambda: app.prompt == "notes/title")
        assert (desk.root / "prompts/notes/title.md").exists()
        await until_seen(pilot, "title", "Created notes/title")


async def test_a_name_that_is_taken_is_refused_and_nothing_is_lost(desk: Desk):
    before = desk.text("prompts/triage.md")
    async with desk.open((160, 40)) as (app, pilot):
        await in_tree(app, pilot, "prompts/triage.md")
        await pilot.press("a")
        await write_name(app, pilot, "triage")
        await until(pilot, lambda: "exists already" in told(app))
    assert desk.text("prompts/triage.md") == before


async def test_a_prompt_is_renamed_with_its_cases_and_its_unsaved_edits_and_undo_brings_it_back(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        await pilot.press("z")
        await in_tree(app, pilot, "prompts/triage.md")
        await pilot.press("m")
        await write_name(app, pilot, "support/sort")
        await until(pilot, lambda: app.prompt == "support/sort")
        assert (desk.root / "prompts/support/sort.cases.yml").exists()
        assert not (desk.root / "prompts/triage.md").exists()
        assert bench_of(app).editor.text.startswith("z---") and bench_of(app).edited
        await in_tree(app, pilot, "prompts/support/sort.md")
        await pilot.press("u")
        await until(pilot, lambda: app.prompt == "triage")
        assert (desk.root / "prompts/triage.cases.yml").exists()
        assert bench_of(app).editor.text.startswith("z---")


async def test_a_prompt_is_deleted_and_undo_brings_it_back(desk: Desk):
    desk.write("prompts/other.md", "Hello.\n")
    before = desk.text("prompts/triage.md")
    async with desk.open((160, 40)) as (app, pilot):
        await in_tree(app, pilot, "prompts/triage.md")
        await pilot.press("D")
        await until(pilot, lambda: not (desk.root / "prompts/triage.md").exists())
        await until(pilot, lambda: app.prompt == "other")
        await pilot.press("u")
        await until(pilot, lambda: (desk.root / "prompts/triage.md").exists())
    assert desk.text("prompts/triage.md") == before


async def test_deleting_a_prompt_with_unsaved_edits_asks(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        await pilot.press("z")
        await in_tree(app, pilot, "prompts/triage.md")
        await pilot.press("D")
        await until_seen(pilot, "triage has unsaved edits.", "Keep it")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is bench_of(app))
        assert (desk.root / "prompts/triage.md").exists()
        await pilot.press("D")
        await until_seen(pilot, "triage has unsaved edits.", "Delete it all the same")
        await pilot.press("right", "enter")
        await until(pilot, lambda: not (desk.root / "prompts/triage.md").exists())
        await until(pilot, lambda: not bench_of(app).unsaved())


async def test_what_is_unsaved_in_a_file_that_another_program_deleted_stays_whatever_is_arranged(desk: Desk):
    desk.write("prompts/other.md", "Hello.\n")
    async with desk.open((160, 40)) as (app, pilot):
        bench_of(app).open("triage")
        await until(pilot, lambda: app.focused is bench_of(app).editor)
        await pilot.press("z")
        (desk.root / "prompts/triage.md").unlink()
        await in_tree(app, pilot, "prompts/other.md")
        await pilot.press("D")
        await until_seen(pilot, "Deleted other")
        assert bench_of(app).unsaved()["prompts/triage.md"].startswith(b"z---")
        assert app.prompt == "triage" and bench_of(app).editor.text.startswith("z---")
        await pilot.press("u")
        await until(pilot, lambda: (desk.root / "prompts/other.md").exists())
        assert bench_of(app).unsaved()["prompts/triage.md"].startswith(b"z---")


async def test_what_was_typed_into_a_new_prompt_outlives_the_undo_of_its_making(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        await in_tree(app, pilot, "prompts/triage.md")
        await pilot.press("a")
        await write_name(app, pilot, "fresh")
        await until(pilot, lambda: app.prompt == "fresh" and app.focused is bench_of(app).editor)
        await pilot.press("z")
        await in_tree(app, pilot, "prompts/fresh.md")
        await pilot.press("u")
        await until_seen(pilot, "Undone: fresh was created")
        assert not (desk.root / "prompts/fresh.md").exists()
        assert app.prompt == "fresh" and bench_of(app).editor.text.startswith("z---")
        bench_of(app).action_save()
        await until_seen(pilot, "Save over it")
        await pilot.press("right", "right", "enter")
        await until(pilot, lambda: (desk.root / "prompts/fresh.md").exists())
    assert desk.text("prompts/fresh.md").startswith("z---")


async def test_when_the_partial_on_screen_is_deleted_the_file_before_it_comes_up(desk: Desk):
    desk.write("prompts/_tone.md", "Be kind.\n")
    async with desk.open((160, 40)) as (app, pilot):
        bench_of(app).open_path("prompts/_tone.md")
        await in_tree(app, pilot, "prompts/_tone.md")
        await pilot.press("D")
        await until_seen(pilot, "Deleted _tone", "Edit ─ prompts/triage.md", "You sort tickets.")
        assert bench_of(app).editor.display


async def test_the_last_prompt_can_be_deleted_and_brought_back(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        await in_tree(app, pilot, "prompts/triage.md")
        await pilot.press("D")
        await until_seen(pilot, "There are no prompts")
        await pilot.press("u")
        await until(pilot, lambda: app.prompt == "triage" and (desk.root / "prompts/triage.md").exists())
        await until_seen(pilot, "Edit ─ prompts/triage.md")


async def test_states_of_prompts_stand_in_the_tree_and_follow_git(desk: Desk):
    desk.write("prompts/other.md", "Hello.\n")
    desk.commit()
    desk.write("prompts/other.md", "Hello there.\n")
    desk.write("prompts/fresh.md", "New.\n")
    desk.write("prompts/bad.md", "{% if %}\n")

    def state(path: str) -> str | None:
        bench = bench_of(app)
        found = bench.prompt_tree._states.get(path)
        return found.letter if found is not None else None

    async with desk.open((160, 40)) as (app, pilot):
        await until(pilot, lambda: state("prompts/bad.md") == "!")
        assert state("prompts/other.md") == "M"
        assert state("prompts/fresh.md") == "?"
        assert state("prompts/triage.md") is None
        await until(pilot, lambda: bench_of(app).is_watching)
        desk.git("add", "prompts/fresh.md")
        await until(pilot, lambda: state("prompts/fresh.md") == "S")


async def test_a_prompt_is_found_by_its_text_and_opened_at_the_line(desk: Desk):
    desk.write("prompts/other.md", "One.\nTwo.\nThe needle is here.\n")
    async with desk.open((160, 40)) as (app, pilot):
        await pilot.press("ctrl+o")
        await until_seen(pilot, "Find a prompt")
        await pilot.press(*"needle")
        await until_seen(pilot, "The needle is here.")
        await pilot.press("enter")
        await until(pilot, lambda: app.prompt == "other")
        assert bench_of(app).editor.cursor_location[0] == 2


async def test_a_prompt_is_committed_from_the_bench_and_the_rest_of_the_index_is_left_alone(desk: Desk):
    desk.write("prompts/other.md", "Hello.\n")
    desk.commit("first")
    desk.write("prompts/other.md", "Staged.\n")
    desk.git("config", "user.name", "A")
    desk.git("config", "user.email", "a@example.org")
    desk.git("add", "prompts/other.md")
    async with desk.open((160, 40)) as (app, pilot):
        await in_tree(app, pilot, "prompts/triage.md")
        await pilot.press("enter")
        await until(pilot, lambda: app.prompt == "triage")
        await pilot.press("a", "ctrl+s")
        await until(pilot, lambda: desk.text("prompts/triage.md").startswith("a---"))
        await pilot.press("ctrl+g")
        await until_seen(pilot, "Commit triage", "[x] M prompts/triage.md")
        await pilot.press(*"Say a", "ctrl+g")
        await until(pilot, lambda: desk.git("log", "-1", "--format=%s").strip() == "Say a")
        await until(pilot, lambda: app.screen is bench_of(app))
    assert desk.git("diff", "--cached", "--name-only").split() == ["prompts/other.md"]
    assert desk.git("show", "--name-only", "--format=", "HEAD").split() == ["prompts/triage.md"]


async def test_that_a_prompt_was_deleted_can_be_committed(desk: Desk):
    desk.write("prompts/other.md", "Hello.\n")
    desk.commit("first")
    desk.git("config", "user.name", "A")
    desk.git("config", "user.email", "a@example.org")
    async with desk.open((160, 40)) as (app, pilot):
        await in_tree(app, pilot, "prompts/triage.md")
        await pilot.press("D")
        await until(pilot, lambda: not (desk.root / "prompts/triage.md").exists())
        bench_of(app).action_commit_deleted()
        await until_seen(pilot, "Commit that this was deleted", "prompts/triage.md")
        await pilot.press("enter")
        await until_seen(pilot, "Commit triage", "[x] M prompts/triage.md", "[x] M prompts/triage.cases.yml")
        await pilot.press(*"Gone", "ctrl+g")
        await until(pilot, lambda: desk.git("log", "-1", "--format=%s").strip() == "Gone")
    assert desk.git("ls-files", "prompts").split() == ["prompts/other.md"]


async def test_a_prompt_whose_front_matter_is_half_typed_is_renamed_all_the_same(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        bench_of(app).editor.take("---\ninputs: [\n---\nhi\n")
        await in_tree(app, pilot, "prompts/triage.md")
        await pilot.press("m")
        await write_name(app, pilot, "support/sort")
        await until(pilot, lambda: app.prompt == "support/sort")
        await until_seen(pilot, "Edit ─ prompts/support/sort.md ●")
        assert bench_of(app).editor.text == "---\ninputs: [\n---\nhi\n"


async def test_a_repository_that_is_made_meanwhile_is_noticed(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        await pilot.press("ctrl+g")
        await until_seen(pilot, "not a git repository")
        await pilot.press("escape")
        desk.git("init", "-q")
        await until(pilot, lambda: app.screen is bench_of(app))
        await pilot.press("ctrl+g")
        await until_seen(pilot, "[x] ? prompts/triage.md")
        await until(
            pilot, lambda: "not a git repository" not in app.screen.query_one("#commit-problem").content
        )
