"""The editor by itself: what it shows, offers, marks and takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.projects import tree
from tests.tui.seeing import seen, until
from workbench.errors import Place
from workbench.prompts.language.completing import Words
from workbench.prompts.language.problems import Problem, find_problems
from workbench.prompts.language.references import Reference
from workbench.tui.themes import DARK, LIGHT
from workbench.tui.widgets.editor import Editor
from workbench.tui.widgets.find_bar import FindBar, Switch

PROMPT = """\
---
models: [smol]
inputs:
  ticket:
  tone: friendly
---
system:
Be {{ tone }}.

user:
{{ ticket | upper }}
"""


class Desk(App[None]):
    """An editor and its bar, and nothing else."""

    CSS = "Editor, Editor:focus { border: none; padding: 0; height: 1fr; }"

    def compose(self) -> ComposeResult:
        editor = Editor(id="editor")
        yield editor
        yield FindBar(editor)

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name


@asynccontextmanager
async def desk(text=PROMPT, size=(80, 24)) -> AsyncIterator[tuple[Desk, Editor, Pilot[None]]]:
    """Open a text in an editor that has the focus."""
    app = Desk()
    async with app.run_test(size=size) as pilot:
        editor = app.query_one(Editor)
        assert editor.load(text)
        editor.words = Words(partials=("_tone.md", "_rules.md"), models=("smol", "mini"))
        editor.focus()
        await pilot.pause()
        yield app, editor, pilot


def look(editor, row, text):
    """Return the style of a text on a row."""
    line = editor.get_line(row)
    column = line.plain.index(text)
    return line.get_style_at_offset(editor.app.console, column)


# --- the text


async def test_what_stands_where_is_told_by_style_in_both_themes():
    async with desk() as (app, editor, pilot):
        for theme in (DARK, LIGHT):
            app.theme = theme.name
            await pilot.pause()
            role, plain = look(editor, 6, "system:"), look(editor, 7, "Be")
            assert role.bold and role.reverse  # stands out without colours as well
            styles = [look(editor, row, text) for row, text in ((1, "models"), (7, "{{"), (10, "upper"))]
            assert len({str(style.color) for style in (*styles, plain)}) == 4
            assert look(editor, 10, "{{").bold and look(editor, 10, "upper").italic


async def test_the_line_of_the_cursor_keeps_its_colours():
    async with desk() as (_, editor, pilot):
        before = colour_drawn(editor, 7, "{{")
        editor.jump_to(8)
        await pilot.pause()
        assert colour_drawn(editor, 7, "{{") == before != colour_drawn(editor, 7, ".")


def colour_drawn(editor, y, text):
    return next(segment.style.color for segment in editor.render_line(y) if text in segment.text)


async def test_a_line_drawn_before_it_was_wrapped_for_its_width_is_drawn_again():
    text = "short\n" + " ".join(f"word{number}" for number in range(30)) + "\n"
    async with desk(text, size=(60, 24)) as (_, editor, pilot):
        editor.wrapped_document.wrap(30)
        editor.notify_style_update()  # nothing that was drawn is kept
        for row in range(4):
            editor.render_line(row)
        editor.indent_width = 8  # the text area wraps anew
        await pilot.pause()
        drawn = " ".join(editor.render_line(row).text[editor.gutter_width :].strip() for row in range(1, 6))
        assert drawn.split() == text.split()[1:]


async def test_an_edit_restyles_the_lines_below_it_as_far_as_they_change():
    async with desk() as (_, editor, _):
        editor.insert("{#", (7, 0))
        assert look(editor, 9, "user:").italic and not look(editor, 9, "user:").reverse
        editor.undo()
        assert look(editor, 9, "user:").reverse
        editor.redo()
        assert look(editor, 9, "user:").italic


async def test_nothing_in_a_file_or_in_what_is_pasted_acts_on_the_terminal_or_is_changed():
    odd = "a\x1b[31mred\x07 \x0c b\u2028c\u202ed\x85 {{ x }}\n"
    async with desk(odd) as (app, editor, pilot):
        assert editor.written == odd
        assert editor.get_line(0).plain.startswith("a␛[31mred␇ ␌ b")
        assert "\x1b" not in "".join(segment.text for segment in editor.render_line(0))
        app.post_message(events.Paste("p\x1b]0;t\x07\x0cq\r\n"))
        await pilot.pause()
        assert editor.written == "p\x1b]0;t\x07\x0cq\n" + odd
        assert "\x1b" not in seen(app)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20), max_size=4))
async def test_taking_other_texts_is_taken_back_step_by_step(texts):
    async with desk() as (_, editor, _):
        taken = [PROMPT]
        for text in texts:
            editor.take(text)
            assert editor.written == text
            if text != taken[-1]:
                taken.append(text)
        for text in reversed(taken[:-1]):
            editor.undo()
            assert editor.written == text


async def test_taking_a_text_keeps_cursor_scroll_and_undo():
    lines = [f"line {number}" for number in range(200)]
    async with desk("\n".join(lines)) as (_, editor, pilot):
        editor.jump_to(100, 4)
        await pilot.press("x")
        await pilot.pause()
        before, top = editor.cursor_location, editor.scroll_offset.y
        editor.take("\n".join(["first", *editor.written.split("\n"), "last"]))
        await pilot.pause()
        assert editor.cursor_location == (before[0] + 1, before[1])
        assert editor.scroll_offset.y == top + 1
        editor.undo()
        editor.undo()
        assert editor.written == "\n".join(lines)


async def test_a_new_line_of_front_matter_is_indented_as_its_keys_are():
    async with desk() as (_, editor, pilot):
        editor.jump_to(3, 8)
        await pilot.press("enter", "a", ":", "enter")
        assert editor.written.split("\n")[2:5] == ["inputs:", "  a:", "    "]
        editor.jump_to(10, 20)
        await pilot.press("enter")
        assert editor.cursor_location == (10, 0)


# --- completion


async def test_words_are_offered_while_an_expression_is_typed_and_taken_by_a_key():
    async with desk() as (app, editor, pilot):
        editor.jump_to(9)
        await pilot.press(*"{{", "space", *"ti")
        assert "▸ticket" in seen(app)
        await pilot.press("tab")
        assert editor.written.split("\n")[8] == "{{ ticket"
        assert "▸" not in seen(app)
        await pilot.press("|")
        await pilot.press(*"upp", "enter")
        assert editor.written.split("\n")[8] == "{{ ticket|upper"
        assert app.focused is editor


async def test_the_words_offered_can_be_chosen_by_key_and_by_mouse_and_let_be():
    async with desk() as (app, editor, pilot):
        editor.jump_to(9)
        await pilot.press(*"{%", *" include ", "quotation_mark")
        assert "▸_tone.md" in seen(app)
        await pilot.press("down")
        assert "▸_rules.md" in seen(app)
        await pilot.press("down", "up", "up", "escape")
        assert "▸" not in seen(app) and app.focused is editor
        await pilot.press("ctrl+@")
        assert "▸_tone.md" in seen(app)
        column = next(line.index("_rules.md") for line in seen(app).split("\n") if "_rules.md" in line)
        await pilot.click(Editor, offset=(column, 10))
        assert editor.written.split("\n")[8] == '{% include "_rules.md'


async def test_enter_and_tab_keep_their_meaning_where_nothing_is_offered():
    async with desk() as (_, editor, pilot):
        editor.jump_to(2, 9)
        await pilot.press(*"smol")  # complete: nothing is left to be offered
        await pilot.press("enter")
        assert editor.written.split("\n")[1:3] == ["models: smol", "[smol]"]
        await pilot.press("tab")
        assert editor.written.split("\n")[1:3] == ["models: smol", "[smol]"]


async def test_a_key_of_front_matter_is_taken_with_its_colon():
    async with desk("---\n\n---\n") as (_, editor, pilot):
        editor.jump_to(2)
        await pilot.press(*"desc", "enter")
        assert editor.written == "---\ndescription: \n---\n"


async def test_moving_away_ends_the_offer():
    async with desk() as (app, editor, pilot):
        editor.jump_to(9)
        await pilot.press(*"{{", "space", "t")
        assert "▸" in seen(app)
        await pilot.press("left")
        assert "▸" not in seen(app)


@pytest.mark.parametrize("row", range(1, 12))
async def test_the_words_offered_never_cover_the_line_of_the_cursor_and_stay_on_screen(row):
    text = "\n".join(["words {{ ", *["."] * 10]) if row == 1 else "\n".join(["."] * (row - 1) + ["words {{ "])
    async with desk(text, size=(24, 11)) as (app, editor, pilot):
        editor.words = Words(inputs=tuple(f"input_with_a_long_name_{number}" for number in range(30)))
        editor.jump_to(row, 10)
        await pilot.press("i")
        lines = seen(app).split("\n")
        assert any("words {{ i" in line for line in lines)
        assert any("▸input" in line for line in lines)
        await pilot.press(*["down"] * 12)
        assert "_12" in seen(app) or "▸input" in seen(app)
        assert any("words {{ i" in line for line in seen(app).split("\n"))


async def test_a_read_only_text_is_offered_nothing():
    async with desk("{{ ") as (app, editor, pilot):
        editor.read_only = True
        editor.jump_to(1, 4)
        await pilot.press("t", "ctrl+@")
        assert "▸" not in seen(app) and editor.written == "{{ "


# --- problems


def wrong(line, column=None, message="this is wrong", severity="error"):
    return Problem(Place("p.md", line, column), message, severity=severity)


async def test_what_is_wrong_is_marked_underlined_and_said_beside_its_line():
    async with desk() as (app, editor, pilot):
        editor.show_problems([wrong(8, 7, "the input is “odd”"), wrong(11, None, "[red]no", "warning")])
        await pilot.pause()
        lines = seen(app).split("\n")
        assert lines[7].startswith(" 8✗ Be {{ tone }}.") and lines[7].endswith("✗ the input is “odd”")
        assert lines[10].startswith("11! ") and lines[10].endswith("! [red]no")
        assert look(editor, 7, "tone").underline and not look(editor, 7, "Be").underline
        assert look(editor, 10, "{{").underline
        found = editor.problem_at(7)
        assert found is not None and found.place.column == 7
        assert editor.problem_at(6) is None
        editor.show_problems([])
        await pilot.pause()
        assert "✗" not in seen(app)


async def test_what_does_not_fit_beside_a_line_is_left_to_the_mark():
    async with desk("x" * 70) as (app, editor, pilot):
        editor.show_problems([wrong(1)])
        await pilot.pause()
        assert "1✗" in seen(app) and "wrong" not in seen(app)


async def test_a_mark_moves_with_its_line_and_an_error_counts_before_a_warning():
    async with desk() as (_, editor, _):
        editor.show_problems([wrong(8, message="w", severity="warning"), wrong(8, message="e")])
        editor.insert("\n\n", (2, 0))
        found = editor.problem_at(9)
        assert found is not None and found.message == "e" and editor.problem_at(7) is None
        editor.undo()
        assert editor.problem_at(7) is not None


async def test_the_next_problem_is_one_key_away_and_after_the_last_comes_the_first():
    async with desk() as (_, editor, _):
        editor.action_next_problem()
        assert editor.cursor_location == (0, 0)
        editor.show_problems([wrong(4, 3), wrong(11), wrong(99)])
        places = []
        for _ in range(4):
            editor.action_next_problem()
            places.append(editor.cursor_location)
        assert places == [(3, 2), (10, 0), (11, 0), (3, 2)]


async def test_the_problems_of_a_prompt_are_shown_where_they_are():
    prompt = PROMPT.replace("{{ tone }}", "{{ toon }}")
    async with desk(prompt) as (app, editor, _):
        editor.show_problems(find_problems(tree({"prompts/p.md": prompt}), "p"))
        editor.action_next_problem()
        assert editor.cursor_location == (7, 6)
        assert "“toon” is not declared" in seen(app)


async def test_the_cursor_is_on_a_file_that_the_text_names():
    async with desk('{% include "_tone.md" %}') as (_, editor, _):
        editor.jump_to(1, 5)
        assert editor.reference_at_cursor() == Reference("partial", "_tone.md")


async def test_a_burst_of_keys_is_taken_in_order_whatever_they_are():
    async with desk("") as (app, editor, pilot):
        for key, letter in (
            *(("a", "a"), ("b", "b"), ("backspace", "\x7f"), ("c", "c")),
            *(("home", None), ("x", "x"), ("end", None), ("enter", "\r"), ("y", "y")),
        ):
            app.post_message(events.Key(key, letter))
        await until(pilot, lambda: "y" in editor.text)
        await pilot.pause()
        assert editor.text == "xac\ny"


async def test_the_ends_of_the_text_are_one_key_away():
    async with desk() as (_, editor, pilot):
        await pilot.press("ctrl+end")
        assert editor.cursor_location == editor.document.end
        await pilot.press("ctrl+shift+home")
        assert editor.selected_text == PROMPT


async def test_the_line_of_the_cursor_stays_in_sight_when_something_comes_up_below_the_text():
    async with desk("\n".join(f"line {number}" for number in range(1, 61)), size=(60, 20)) as (
        app,
        editor,
        pilot,
    ):
        editor.jump_to(60)
        await until(pilot, lambda: "line 60" in seen(app))
        app.query_one(FindBar).open()
        await until(pilot, lambda: "whole word" in seen(app))
        await until(pilot, lambda: "line 60" in seen(app))
        editor.scroll_home(animate=False)
        await until(pilot, lambda: "line 60" not in seen(app))
        app.query_one(FindBar).close()
        await until(pilot, lambda: "whole word" not in seen(app))
        await pilot.pause()
        assert "line 60" not in seen(app)


# --- find and replace


@asynccontextmanager
async def finding(query, text="one two\nTwo one\ntwofold\n", **switches):
    """Look for something in a text."""
    async with desk(text) as (app, editor, pilot):
        bar = app.query_one(FindBar)
        bar.open(editor)
        for switch in switches:
            bar.action_turn(switch)
        app.query_one("#find", Input).value = query
        await settled(app, pilot)
        yield app, editor, pilot


async def settled(app, pilot):
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def test_matches_are_counted_highlighted_and_gone_through_in_a_circle():
    async with finding("two") as (app, editor, pilot):
        assert "1 of 3" in seen(app)
        assert look(editor, 1, "Two").underline and look(editor, 2, "two").underline
        assert editor.selected_text == "two"
        places = []
        for key in ("enter", "down", "enter", "up"):
            await pilot.press(key)
            places.append(editor.selection.start)
        assert places == [(1, 0), (2, 0), (0, 4), (2, 0)]
        assert "3 of 3" in seen(app)
        await pilot.press("escape")
        assert app.focused is editor and editor.cursor_location == (2, 3)
        assert not app.query_one(FindBar).is_open and not look(editor, 1, "Two").underline


@pytest.mark.parametrize(
    ("switches", "count"),
    [({}, "3"), ({"case": True}, "2"), ({"word": True}, "2"), ({"case": 1, "word": 1}, "1")],
)
async def test_case_and_whole_words_can_be_asked_for(switches, count):
    async with finding("two", **switches) as (app, _, _):
        assert f"1 of {count}" in seen(app)


async def test_the_selected_text_is_what_is_looked_for():
    async with desk("one two one") as (app, editor, pilot):
        editor.jump_to(1)
        await pilot.press(*["shift+right"] * 3)
        app.query_one(FindBar).open(editor)
        await settled(app, pilot)
        assert app.query_one("#find", Input).value == "one"
        await pilot.press("enter")
        assert editor.selection.start == (0, 8)


async def test_an_expression_that_is_wrong_or_too_slow_is_said_to_be_and_nothing_stalls():
    async with finding("(", regex=True) as (app, editor, pilot):
        assert "not a regular expression" in seen(app)
        editor.load("a" * 5000 + "!")
        app.query_one("#find", Input).value = "(a+)+$"
        await until(pilot, lambda: "was stopped" in seen(app))
        app.query_one("#find", Input).value = "a!"
        await settled(app, pilot)
        assert "1 of 1" in seen(app) and "was stopped" not in seen(app)


async def test_one_match_is_replaced_and_the_next_is_gone_to():
    async with finding("two") as (app, editor, pilot):
        app.query_one("#replace", Input).value = "2"
        app.query_one("#replace", Input).focus()
        await settled(app, pilot)
        await pilot.press("enter")
        await settled(app, pilot)
        assert editor.written == "one 2\nTwo one\ntwofold\n" and editor.selected_text == "Two"
        await pilot.press("enter")
        await settled(app, pilot)
        assert editor.written == "one 2\n2 one\ntwofold\n"
        editor.undo()
        assert editor.written == "one 2\nTwo one\ntwofold\n"


async def test_replacing_all_is_one_step_that_undo_takes_back():
    async with finding(r"(\w)wo", regex=True) as (app, editor, pilot):
        app.query_one("#replace", Input).value = r"<\1>"
        await settled(app, pilot)
        await pilot.press("alt+a")
        await settled(app, pilot)
        assert editor.written == "one <t>\n<T> one\n<t>fold\n"
        editor.undo()
        assert editor.written == "one two\nTwo one\ntwofold\n"


async def test_what_matches_without_a_letter_is_replaced_once_a_line():
    async with finding("$", "a\nb", regex=True) as (app, editor, pilot):
        app.query_one("#replace", Input).value = ";"
        app.query_one("#replace", Input).focus()
        await settled(app, pilot)
        for _ in range(2):
            await pilot.press("enter")
            await settled(app, pilot)
        assert editor.written == "a;\nb;"


async def test_an_edit_meanwhile_is_looked_at_before_anything_is_replaced():
    async with finding("two") as (app, editor, pilot):
        editor.insert("two ", (0, 0))
        await pilot.press("enter")
        await settled(app, pilot)
        assert "of 4" in seen(app)


async def test_a_read_only_text_is_found_in_and_left_alone():
    async with finding("two") as (app, editor, pilot):
        editor.read_only = True
        app.query_one("#replace", Input).focus()
        await pilot.press("enter", "alt+a")
        await settled(app, pilot)
        assert editor.written == "one two\nTwo one\ntwofold\n"


@pytest.mark.parametrize(("letter", "switch"), [("c", "case"), ("w", "word"), ("r", "regex")])
async def test_a_letter_with_alt_turns_a_switch_and_is_not_typed(letter, switch):
    async with finding("two") as (app, _, pilot):
        app.post_message(events.Key(f"alt+{letter}", letter))
        await until(pilot, lambda: app.query_one(f"#{switch}", Switch).on)
        assert app.query_one("#find", Input).value == "two"
