"""The inputs of a case: tried in place, and kept when they are good."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.events import Key
from textual.screen import Screen
from textual.widgets import TextArea

from tests.tui.seeing import seen, until, until_seen
from workbench.errors import Place
from workbench.prompts.cases import Case
from workbench.prompts.format import Input
from workbench.tui.themes import DARK
from workbench.tui.widgets.input_field import InputField
from workbench.tui.widgets.inputs_pane import InputsPane

DECLARED = {
    "ticket": Input("ticket", "The customer's [red]message[/red]."),
    "tone": Input("tone", required=False, default="friendly"),
    "limits": Input("limits", required=False, default={"words": 20}),
    "talk": Input("talk", kind="turns"),
}

CASE = Case(
    "card",
    {
        "ticket": "Card declined\ntwice",
        "talk": [{"role": "user", "content": "Hi\nthere"}, {"role": "assistant", "content": "Hello"}],
        "stray": 5,
    },
    place=Place("prompts/p.cases.yml", 1),
)


class InputsScreen(Screen[None]):
    """Nothing but the pane, and the actions of the bench that its keys name."""

    def compose(self) -> ComposeResult:
        yield InputsPane()

    def action_save_as_case(self) -> None:
        self.query_one(InputsPane).ask_save(as_new=True)

    def action_reset_inputs(self) -> None:
        self.query_one(InputsPane).reset()


class Bare(App[None]):
    """The pane, and what it said."""

    CSS_PATH = "../../workbench/tui/workbench.tcss"
    CSS = "#inputs-pane { height: 1fr; max-height: 100%; display: block; }"

    def __init__(self) -> None:
        super().__init__()
        self.said: list[InputsPane.Changed | InputsPane.SaveAsked | InputsPane.Left] = []
        self.register_theme(DARK)
        self.theme = DARK.name

    def get_default_screen(self) -> Screen[None]:
        return InputsScreen()

    def on_inputs_pane_changed(self, event: InputsPane.Changed) -> None:
        self.said.append(event)

    def on_inputs_pane_save_asked(self, event: InputsPane.SaveAsked) -> None:
        self.said.append(event)

    def on_inputs_pane_left(self, event: InputsPane.Left) -> None:
        self.said.append(event)

    def asked_to_save(self, *, as_new: bool) -> bool:
        last = self.said[-1]
        return isinstance(last, InputsPane.SaveAsked) and last.as_new is as_new

    @property
    def changes(self) -> list[InputsPane.Changed]:
        return [event for event in self.said if isinstance(event, InputsPane.Changed)]


@asynccontextmanager
async def showing(declared=DECLARED, case=CASE, size=(80, 24)):
    app = Bare()
    async with app.run_test(size=size, notifications=True) as pilot:
        pane = app.query_one(InputsPane)
        await pane.show(declared, case)
        pane.focus_first()
        await pilot.pause()
        yield app, pane, pilot


def area(pane: InputsPane, name: str) -> TextArea:
    return next(field for field in pane.query(InputField) if field.input_name == name).query_one(TextArea)


async def test_every_input_is_shown_with_what_it_is_for():
    async with showing() as (app, pane, pilot):
        text = await until_seen(pilot, "Inputs ─ card", "ticket *", "The customer's [red]message[/red].")
        assert "Card declined" in text and "friendly" in text and "words: 20" in text
        assert "talk *  [turns, YAML]" in text and "- role: user" in text
        assert "stray  [YAML]  ! the prompt does not declare it" in text
        assert pane.inputs == CASE.inputs and not pane.tried
        await pilot.pause(0.2)
        assert app.said == []


async def test_what_is_typed_is_tried_and_told_once_it_settles():
    async with showing() as (app, _, pilot):
        await pilot.press("O", "h", "space")
        typed = {**CASE.inputs, "ticket": "Oh Card declined\ntwice"}
        await until(pilot, lambda: app.changes and app.changes[-1].inputs == typed)
        assert app.changes[-1].tried and "tried ●" in seen(app)
        await pilot.press("backspace", "backspace", "backspace")
        await until(pilot, lambda: not app.changes[-1].tried)
        assert app.changes[-1].inputs == CASE.inputs and "tried" not in seen(app)


async def test_alt_r_shows_the_values_of_the_case_again():
    async with showing() as (app, pane, pilot):
        await pilot.press("x", "tab", *"blunt")
        await until(pilot, lambda: app.changes and app.changes[-1].inputs.get("tone") == "blunt")
        app.post_message(Key("alt+r", "r"))
        await until(pilot, lambda: not app.changes[-1].tried)
        assert pane.inputs == CASE.inputs


async def test_a_burst_of_keys_is_taken_in_order():
    async with showing() as (app, pane, pilot):
        for key, letter in (("a", "a"), ("b", "b"), ("backspace", "\x7f"), ("c", "c")):
            app.post_message(Key(key, letter))
        await until(pilot, lambda: pane.inputs["ticket"] == "acCard declined\ntwice")


async def test_tab_goes_from_field_to_field_and_escape_leaves():
    async with showing() as (app, pane, pilot):
        names = []
        for _ in range(5):
            names.append(pane.focused_input)
            await pilot.press("tab")
        assert names == ["ticket", "tone", "limits", "talk", "stray"]
        await pilot.press("escape")
        await until(pilot, lambda: app.said)
        assert isinstance(app.said[-1], InputsPane.Left)


async def test_a_value_that_cannot_be_read_says_so_and_the_last_good_one_stays():
    async with showing() as (app, pane, pilot):
        limits = area(pane, "limits")
        limits.focus()
        await pilot.press(*"{words: 5}")
        await until(pilot, lambda: pane.inputs.get("limits") == {"words": 5})
        await pilot.press("backspace")
        await until_seen(pilot, "this is not valid YAML")
        assert pane.inputs["limits"] == {"words": 5}
        await pilot.press("ctrl+s", "ctrl+n")
        await until_seen(pilot, "Not saved. limits:")
        assert not any(isinstance(event, InputsPane.SaveAsked) for event in app.said)
        await pilot.press("}")
        await until(pilot, lambda: not pane.errors)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.asked_to_save(as_new=False))


async def test_a_conversation_must_be_one():
    async with showing() as (_, pane, pilot):
        talk = area(pane, "talk")
        talk.load_text("- {role: user, content: Hi}")
        await until(pilot, lambda: pane.inputs["talk"] == [{"role": "user", "content": "Hi"}])
        talk.load_text("- {role: system, content: Hi}")
        await until(pilot, lambda: pane.errors)
        assert "conversation" in pane.errors[0]


async def test_ctrl_s_asks_to_save_the_case_and_ctrl_n_a_new_one():
    async with showing() as (app, _, pilot):
        await pilot.press("x", "ctrl+s")
        await until(pilot, lambda: app.asked_to_save(as_new=False))
        assert app.said[-1].case is CASE
        assert app.said[-1].inputs["ticket"] == "xCard declined\ntwice"
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.asked_to_save(as_new=True))


async def test_without_a_case_saving_is_saving_as_a_new_one():
    async with showing({"ticket": Input("ticket")}, None) as (app, pane, pilot):
        assert pane.inputs == {}
        await pilot.press("x", "ctrl+s")
        await until(pilot, lambda: app.asked_to_save(as_new=True))
        assert app.said[-1].inputs == {"ticket": "x"}


async def test_a_field_emptied_falls_back_to_its_default_and_a_needed_one_is_empty_text():
    case = Case("c", {"ticket": "x", "tone": "y"})
    async with showing({name: DECLARED[name] for name in ("ticket", "tone")}, case) as (_, pane, pilot):
        await pilot.press("delete", "tab", "delete")
        await until(pilot, lambda: pane.inputs == {"ticket": ""})
        assert "friendly" in seen(pilot.app)


ODD = "a\x1b[31m\r\nb\x85c\u2028d\x0ce\u202e \ufeff\t end \n"


@pytest.mark.parametrize(
    "text",
    [ODD, "", "x" * 100_000, "line\n" * 20_000, "\n\n", "  [red]  "],
    ids=["odd", "empty", "100 KB on one line", "20,000 lines", "newlines", "markup"],
)
async def test_any_value_is_kept_as_it_is_and_none_acts_on_the_terminal(text):
    case = Case("c", {"ticket": text})
    async with showing({"ticket": Input("ticket")}, case) as (app, pane, pilot):
        assert pane.inputs == {"ticket": text}
        assert area(pane, "ticket").size.height <= 6
        assert "\x1b[31m" not in seen(app) and "\u202e" not in seen(app)
        await pilot.press("ctrl+end", "x")
        await until(pilot, lambda: app.changes)
        assert sorted(pane.inputs["ticket"]) == sorted(text + "x")


async def test_a_value_with_the_fields_own_characters_can_be_seen_and_not_changed():
    case = Case("c", {"ticket": "a\U0010d000b"})
    async with showing({"ticket": Input("ticket")}, case) as (_, pane, pilot):
        await pilot.press("x")
        await until_seen(pilot, "change it in the file")
        assert pane.inputs == case.inputs


async def test_showing_the_same_case_again_leaves_what_is_typed():
    async with showing() as (_, pane, pilot):
        await pilot.press("x")
        await until(pilot, lambda: pane.tried)
        await pane.show(DECLARED, CASE)
        assert pane.inputs["ticket"].startswith("x")
        await pane.show({**DECLARED, "new": Input("new")}, CASE)
        await until_seen(pilot, "new *")
        assert pane.inputs["ticket"].startswith("x") and pane.tried
        await until(pilot, lambda: pane.focused_input == "ticket")


async def test_a_showing_that_is_interrupted_loses_nothing_that_was_typed():
    async with showing() as (_, pane, pilot):
        await pilot.press("x")
        await until(pilot, lambda: pane.tried)
        for number in range(6):
            showing_it = asyncio.create_task(pane.show({**DECLARED, f"new{number}": Input("new")}, CASE))
            for _ in range(number):
                await asyncio.sleep(0)
            showing_it.cancel()
            await asyncio.wait([showing_it])
        await pane.show(DECLARED, CASE)
        assert pane.inputs == {**CASE.inputs, "ticket": "xCard declined\ntwice"}
        assert [field.input_name for field in pane.query(InputField)] == [*DECLARED, "stray"]


async def test_once_saved_the_inputs_are_those_of_the_case_and_the_cursor_stays():
    async with showing() as (app, pane, pilot):
        await pilot.press("x", "y")
        await until(pilot, lambda: pane.tried)
        saved = Case("card", pane.inputs, place=CASE.place)
        await pane.show(DECLARED, saved)
        assert not pane.tried and pane.focused_input == "ticket"
        assert area(pane, "ticket").cursor_location == (0, 2)
        await pilot.press("z", "ctrl+s")
        await until(pilot, lambda: app.asked_to_save(as_new=False))
        assert app.said[-1].case is saved


async def test_a_case_that_changed_on_disk_takes_nothing_that_was_typed():
    async with showing() as (app, pane, pilot):
        await pilot.press("x")
        await until(pilot, lambda: pane.tried)
        await pane.show(DECLARED, Case("card", {**CASE.inputs, "ticket": "other"}, place=CASE.place))
        assert pane.inputs["ticket"].startswith("x")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.asked_to_save(as_new=False))
        assert app.said[-1].case is CASE  # so that saving sees that it is no longer what is on disk


async def test_a_case_that_changed_on_disk_is_shown_anew_where_nothing_is_tried():
    async with showing() as (_, pane, pilot):
        await pane.show(DECLARED, Case("card", {**CASE.inputs, "ticket": "other"}, place=CASE.place))
        await until_seen(pilot, "other")
        assert pane.inputs["ticket"] == "other" and not pane.tried


async def test_another_case_or_prompt_shows_its_own_inputs():
    async with showing() as (_, pane, pilot):
        await pilot.press("x")
        await pane.show(DECLARED, Case("other", {"ticket": "new", "talk": []}))
        assert pane.inputs == {"ticket": "new", "talk": []} and not pane.tried
        await pilot.press("y")
        await until(pilot, lambda: pane.tried)
        await pane.show(DECLARED, Case("other", {"ticket": "third"}), prompt="q")
        assert pane.inputs == {"ticket": "third"}
        await pane.show({}, None)
        await until_seen(pilot, "This prompt has no inputs.")


async def test_what_is_tried_can_be_let_go():
    async with showing() as (_, pane, pilot):
        await pilot.press("x")
        await until(pilot, lambda: pane.tried)
        pane.forget()
        await pane.show(DECLARED, CASE)
        assert pane.inputs == CASE.inputs and not pane.tried
