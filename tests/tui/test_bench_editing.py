"""Writing on the bench: problems in place, completion from the project, following names, $EDITOR."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.message import Message

from tests.tui.conftest import Desk, bench_of
from tests.tui.seeing import seen, told, until, until_seen
from workbench.tui.outside import Outside
from workbench.tui.widgets.edit_pane import EditPane

TONED = """\
---
inputs: {ticket: }
documents: {policy: policy.txt}
---
system:
{% include "_tone.md" %}
{{ documents.policy }}

user:
{{ ticket }}
"""


def toned(desk: Desk) -> None:
    desk.write("prompts/triage.md", TONED)
    desk.write("prompts/_tone.md", "Be kind.\n")
    desk.write("prompts/policy.txt", "Refunds take a week.\n")


async def test_every_problem_is_marked_and_f8_goes_from_one_to_the_next(desk: Desk):
    desk.write("prompts/triage.md", "system:\n{{ tickt }}\n\nuser:\n{{ ticket | uper }}\n")
    async with desk.open((160, 40)) as (app, pilot):
        await until_seen(pilot, "✗")
        await pilot.press("f8")
        await until(pilot, lambda: bench_of(app).editor.cursor_location[0] == 1)
        await until_seen(pilot, "“tickt”")
        await pilot.press("f8")
        await until(pilot, lambda: bench_of(app).editor.cursor_location[0] == 4)
        await until_seen(pilot, "uper")


async def test_a_name_is_followed_to_its_file_and_back(desk: Desk):
    toned(desk)
    async with desk.open((160, 40)) as (app, pilot):
        bench_of(app).editor.cursor_location = (5, 15)
        await pilot.press("ctrl+right_square_bracket")
        await until_seen(pilot, "Edit ─ prompts/_tone.md", "Be kind.")
        assert app.prompt == "triage", "the prompt on the bench stays, to be seen with its partial"
        await pilot.press("end", *" And brief.")
        await until_seen(pilot, "P   Be kind. And brief.")
        await pilot.press("ctrl+underscore")
        await until_seen(pilot, "Edit ─ prompts/triage.md")
        assert bench_of(app).editor.cursor_location == (5, 15)
        assert set(bench_of(app).unsaved()) == {"prompts/_tone.md"}
        bench_of(app).editor.cursor_location = (6, 10)
        await pilot.press("ctrl+right_square_bracket")
        await until_seen(pilot, "Edit ─ prompts/policy.txt", "Refunds take a week.")


async def test_following_nothing_and_going_back_to_nowhere_say_so(desk: Desk):
    async with desk.open() as (app, pilot):
        await pilot.press("ctrl+right_square_bracket", "ctrl+underscore")
        await until(pilot, lambda: "is named here" in told(app) and "nowhere" in told(app))


async def test_a_partial_of_the_project_is_completed(desk: Desk):
    toned(desk)
    async with desk.open((160, 40)) as (app, pilot):
        await until(pilot, lambda: "_tone.md" in bench_of(app).editor.words.partials)
        bench_of(app).editor.cursor_location = (4, 7)
        await pilot.press("enter", *'{% include "_t')
        await until_seen(pilot, "_tone.md")
        await pilot.press("tab")
        await until(pilot, lambda: '{% include "_tone.md' in bench_of(app).editor.document.get_line(5))


async def test_find_and_replace_in_the_text_is_one_undo(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        before = bench_of(app).editor.text
        await pilot.press("ctrl+f")
        await pilot.press(*"ticket", "tab", *"case", "alt+a")
        await until(pilot, lambda: "<case>{{ case }}</case>" in bench_of(app).editor.text)
        await pilot.press("escape", "ctrl+z")
        await until(pilot, lambda: bench_of(app).editor.text == before)
        assert app.focused is bench_of(app).editor


async def test_the_persons_own_editor_changes_the_file_and_undo_brings_it_back(desk: Desk):
    async def edit(_app, command) -> int:
        path = Path(command[-1])
        path.write_text(path.read_text().replace("You sort", "You file"))
        return 0

    async with desk.open((160, 40)) as (app, pilot):
        bench_of(app).outside = Outside({"EDITOR": "true"}, edit)
        await pilot.press("a", "backspace", "z", "f10")
        await until(pilot, lambda: "You file tickets." in bench_of(app).editor.text)
        assert desk.text("prompts/triage.md").startswith("z---"), "what was unsaved was saved first"
        assert not bench_of(app).edited
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "You sort tickets." in bench_of(app).editor.text)


async def test_an_editor_that_fails_says_so_and_the_text_is_unharmed(desk: Desk):
    async def fail(_app, _command) -> int:
        return 3

    async with desk.open((160, 40)) as (app, pilot):
        bench_of(app).outside = Outside({"EDITOR": "true"}, fail)
        await pilot.press("f10")
        await until(pilot, lambda: "3" in told(app))
        assert "You sort tickets." in seen(app)
        bench_of(app).outside = Outside({"EDITOR": "no-such-editor"}, fail)
        await pilot.press("f10")
        await until(pilot, lambda: "no-such-editor" in told(app))


async def test_a_partial_that_another_program_writes_can_be_completed(desk: Desk):
    async with desk.open() as (app, pilot):
        await until(pilot, lambda: bench_of(app).is_watching)
        desk.write("prompts/_tone.md", "Be kind.\n")
        await until(pilot, lambda: "_tone.md" in bench_of(app).editor.words.partials)


async def test_a_mark_is_told_when_the_first_key_sets_it_and_when_the_last_takes_it_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    async with desk.open() as (app, pilot):
        pane, marked = bench_of(app).edit_pane, []
        tell = pane.post_message

        def telling(message: Message) -> bool:
            if isinstance(message, EditPane.Marked):
                marked.append(pane.marked)
            return tell(message)

        monkeypatch.setattr(pane, "post_message", telling)
        await pilot.press("a", "b", "c")
        await until_seen(pilot, "triage ●", "Edit ─ prompts/triage.md ●")
        assert marked == [{"prompts/triage.md"}]
        await pilot.press("backspace", "backspace", "backspace")
        await until(pilot, lambda: "●" not in seen(app))
        assert marked == [{"prompts/triage.md"}, set()]


async def test_that_a_prompt_changed_since_head_stays_said_while_one_types(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    desk.commit()
    desk.write("prompts/triage.md", "system:\nBe brief.\n")
    async with desk.open() as (app, pilot):
        await until_seen(pilot, "changed since HEAD")
        bench, said = bench_of(app), []
        monkeypatch.setattr(bench, "show_where", lambda *parts, right="": said.append(parts))
        await pilot.press("end", *" Or {{ x")  # what cannot be rendered tells nothing of HEAD
        await until_seen(pilot, "this is not a valid template")
        assert said and all("changed since HEAD" in parts for parts in said)
