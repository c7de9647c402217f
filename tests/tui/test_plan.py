"""The plan dialog: what a run will be, before anything is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from tests.support.records import cell_of, contender_of, planned_of
from tests.tui.conftest import Desk, bench_of, run_on
from tests.tui.seeing import seen, told, until, until_seen
from workbench.bench.running import Prepared
from workbench.runs.plan import Plan
from workbench.tui.screens.plan import PlanDialog, figures_of


async def planned(pilot) -> PlanDialog:
    """Open the dialog and wait for its figures."""
    await pilot.press("ctrl+r")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanDialog))
    await until_seen(pilot, "cached")
    return pilot.app.screen


async def test_the_plan_says_how_many_calls_and_what_they_cost(desk: Desk):
    async with desk.open() as (_app, pilot):
        await planned(pilot)
        text = await until_seen(pilot, "1 contender · 3 calls · 0 cached")
        assert "$" in text and "[x] working tree" in text and "[x] lab" in text and "[ ] mini" in text


async def enter_does_nothing(pilot) -> None:
    """Press Enter, and see that the dialog takes the keys that follow."""
    dialog = pilot.app.screen
    await pilot.press("enter")
    dialog.query_one("#samples", Input).focus()
    await pilot.press("backspace", "7")
    await until_seen(pilot, "samples  7")
    assert pilot.app.screen is dialog


def test_what_will_be_sent_is_told_as_it_was_counted_and_contenders_as_the_store_tells_them_apart():
    contenders = (
        contender_of(),
        contender_of(prompt="q"),
        contender_of(api_base="http://127.0.0.1:9/v1"),
        contender_of(params={"a": 1, "b": 2}),
        contender_of(params={"b": 2, "a": 1}, model="another name"),
    )
    cells = [cell_of(at, contender=one, estimated=3, shown=50) for at, one in enumerate(contenders)]
    prepared = Prepared(Plan("p, q", 1, tuple(cells), (planned_of(),)), (), (), {})
    assert figures_of(prepared).startswith("4 contenders · 1 call · 0 cached · 50 tokens in\n")


async def test_models_cases_and_samples_are_chosen_by_keys(desk: Desk):
    async with desk.open() as (_app, pilot):
        await planned(pilot)
        await pilot.press("tab", "down", "space")
        await until_seen(pilot, "[x] mini", "2 contenders · 6 calls", "3 unpriced")
        await pilot.press("tab", "space", "down", "space")
        await until_seen(pilot, "[x] only card", "2 contenders · 2 calls")
        await pilot.press("tab", "tab", "tab", "backspace", "3")
        await until_seen(pilot, "2 contenders · 6 calls")


async def test_committed_versions_are_offered_and_chosen_by_keys(desk: Desk):
    desk.commit("say [bold]one[/] word")
    async with desk.open() as (_app, pilot):
        await pilot.press("x")
        await planned(pilot)
        await until_seen(pilot, "say [bold]one[/] word")
        await pilot.press("down", "space")
        await until_seen(pilot, "2 contenders · 6 calls")


async def test_another_version_and_any_model_string_can_be_typed(desk: Desk):
    desk.commit("first")
    async with desk.open() as (app, pilot):
        dialog = await planned(pilot)
        dialog.query_one("#more-versions", Input).value = "nothing-like-it"
        await until_seen(pilot, "nothing-like-it")
        await until(pilot, lambda: "cached" not in seen(app))
        dialog.query_one("#more-versions", Input).value = "HEAD"
        dialog.query_one("#more-models", Input).value = "mini"
        await until_seen(pilot, "2 contenders · 6 calls")


async def test_enter_runs_what_was_planned(desk: Desk):
    async with desk.answering("billing") as server, desk.open() as (_app, pilot):
        await planned(pilot)
        await pilot.press("enter")
        await until_seen(pilot, "run 1 done", "3 of 3")
        assert len(server.requests) == 3


async def test_escape_sends_nothing(desk: Desk):
    async with desk.answering("billing") as server, desk.open() as (app, pilot):
        await planned(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is bench_of(app))
        assert not server.requests


async def test_what_is_on_screen_is_run_and_not_what_is_on_disk(desk: Desk):
    async with desk.answering("billing") as server, desk.open() as (app, pilot):
        bench_of(app).editor.cursor_location = (5, 0)
        await pilot.press(*"Please. ")
        await planned(pilot)
        await pilot.press("enter")
        await until_seen(pilot, "run 1 done")
        assert server.requests[0].texts[0] == "Please. You sort tickets."


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ("-", "1 contender · 3 calls"),
        ("", "1 contender · 3 calls"),
        ("0", "samples must be a whole number from 1 to 100, not “0”"),
        ("9999999", "samples must be a whole number from 1 to 100, not “999”"),
    ],
)
async def test_a_number_of_samples_that_cannot_be_meant_is_none_or_is_said(
    desk: Desk, samples: str, said: str
):
    async with desk.open() as (_app, pilot):
        dialog = await planned(pilot)
        dialog.query_one("#samples", Input).focus()
        await pilot.press("backspace", "2")
        await until_seen(pilot, "1 contender · 6 calls")
        await pilot.press("backspace", *samples)
        await until_seen(pilot, said)


async def test_a_param_the_model_does_not_take_is_said_and_enter_does_nothing(desk: Desk):
    desk.write(".workbench.yml", "models: {five: openai/gpt-5-mini}\ndefaults: {models: [five]}\n")
    desk.write(".env", "OPENAI_API_KEY=sk-nothing\n")
    desk.write("prompts/triage.md", "---\nparams: {temperature: 0.5}\n---\nuser:\nHi\n")
    async with desk.open() as (_app, pilot):
        await pilot.press("ctrl+r")
        await until_seen(pilot, "temperature", "Nothing was sent.")
        await enter_does_nothing(pilot)


async def test_a_model_whose_key_is_missing_is_said_with_the_variable(desk: Desk):
    desk.write(".workbench.yml", "models: {five: openai/gpt-5-mini}\ndefaults: {models: [five]}\n")
    async with desk.open() as (_app, pilot):
        await pilot.press("ctrl+r")
        await until_seen(pilot, "OPENAI_API_KEY")
        await enter_does_nothing(pilot)


async def test_a_broken_prompt_is_said_in_the_dialog(desk: Desk):
    async with desk.open() as (app, pilot):
        bench_of(app).editor.load("---\nmodles: [a]\n---\nHi\n")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, PlanDialog))
        await until_seen(pilot, "Did you mean “models”?")


async def test_choosing_no_model_runs_nothing(desk: Desk):
    async with desk.open() as (_app, pilot):
        await planned(pilot)
        await pilot.press("tab", "space")
        await until_seen(pilot, "choose a version and a model")
        await enter_does_nothing(pilot)


@pytest.mark.parametrize(("keys", "sent"), [(["enter"], 0), (["right", "enter"], 3)], ids=["no", "yes"])
async def test_a_plan_over_the_limit_asks_first(desk: Desk, keys: list[str], sent: int):
    async with desk.answering("billing") as server:
        settings = desk.text(".workbench.yml").replace("limits: {", "limits: {cost: 0.0000001, ")
        desk.write(".workbench.yml", settings)
        async with desk.open() as (app, pilot):
            await planned(pilot)
            await until_seen(pilot, "! this run would typically cost", "0.0000001 USD: Enter asks first")
            await pilot.press("enter")
            await until_seen(pilot, "would typically cost", "0.0000001 USD", "Do not run")
            await pilot.press(*keys)
            if sent:
                await until_seen(pilot, "3 of 3")
            else:
                await until(pilot, lambda: isinstance(app.screen, PlanDialog))
                await pilot.pause(0.2)
                assert isinstance(app.screen, PlanDialog)
            assert len(server.requests) == sent


async def test_a_run_while_another_goes_on_is_refused_with_the_reason(desk: Desk):
    from tests.support.loopback import Reply

    async with desk.answering(Reply("billing", delay=30)) as server, desk.open() as (app, pilot):
        await planned(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: len(server.requests) == 3)
        await planned(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "A run goes on" in told(app))
        assert len(server.requests) == 3 and isinstance(app.screen, PlanDialog)


async def test_inputs_that_are_tried_on_the_bench_are_what_the_run_offers_first(desk: Desk):
    async with desk.answering("billing") as server, desk.open((160, 40)) as (_app, pilot):
        bench = bench_of(_app)
        await pilot.press("f7")
        await until(pilot, lambda: bench.inputs_pane.focused_input == "ticket")
        await pilot.press("home", *"My ")
        await until_seen(pilot, "tried ●", "My Card declined twice")
        await planned(pilot)
        await until_seen(pilot, "[x] inputs on screen", "1 contender · 1 call ·")
        await pilot.press("ctrl+r")
        await until_seen(pilot, "1 of 1")
        assert "My Card declined twice" in str(server.requests[-1].body)


async def test_a_revision_with_a_space_in_it_is_typed_in_quotes(desk: Desk):
    desk.commit("say one word")
    async with desk.open() as (_app, pilot):
        dialog = await planned(pilot)
        await pilot.press("x")
        dialog.query_one("#more-versions", Input).value = "'HEAD^{/one word}'"
        await until_seen(pilot, "1 contender · 3 calls")
        dialog.query_one("#more-versions", Input).value = "'HEAD"
        await until_seen(pilot, "cannot be read")


async def typed(pilot, dialog: PlanDialog, field: str, text: str) -> None:
    """Type a text into a field, in place of what it said."""
    dialog.query_one(f"#{field}", Input).value = ""
    dialog.query_one(f"#{field}", Input).focus()
    await pilot.press(*text)


async def test_params_are_swept_as_they_are_typed(desk: Desk):
    async with desk.answering("billing") as server, desk.open() as (_app, pilot):
        dialog = await planned(pilot)
        await typed(pilot, dialog, "params", "temperature=0,0.7 max_tokens=7")
        await until_seen(pilot, "2 contenders · 6 calls")
        await pilot.press("enter")
        await until_seen(pilot, "6 of 6")
        sent = [(request.body["temperature"], request.body["max_tokens"]) for request in server.requests]
        assert sorted(sent) == [(0, 7)] * 3 + [(0.7, 7)] * 3


async def test_params_that_cannot_be_read_are_said_and_enter_does_nothing(desk: Desk):
    async with desk.open() as (_app, pilot):
        dialog = await planned(pilot)
        await typed(pilot, dialog, "params", "temperature")
        await until_seen(pilot, "“temperature” is not a param")
        await enter_does_nothing(pilot)


async def test_patterns_choose_cases_in_place_of_all(desk: Desk):
    async with desk.answering("billing") as server, desk.open() as (_app, pilot):
        dialog = await planned(pilot)
        await typed(pilot, dialog, "patterns", "2-3")
        await until_seen(pilot, "[ ] all cases", "1 contender · 2 calls")
        await typed(pilot, dialog, "patterns", "c*")
        await until_seen(pilot, "1 contender · 2 calls")
        await pilot.press("enter")
        await until_seen(pilot, "2 of 2")
        said = sorted(str(request.body["messages"][-1]["content"]) for request in server.requests)
        assert said == ["<ticket>Card declined twice</ticket>", "<ticket>The app crashes</ticket>"]


async def test_without_a_pattern_all_cases_are_chosen_again_and_they_take_the_patterns_away(desk: Desk):
    async with desk.open() as (_app, pilot):
        dialog = await planned(pilot)
        await typed(pilot, dialog, "patterns", "card")
        await until_seen(pilot, "1 contender · 1 call ")
        await pilot.press(*["backspace"] * 4)
        await until_seen(pilot, "[x] all cases", "1 contender · 3 calls")
        await pilot.press(*"card")
        await until_seen(pilot, "[ ] all cases", "1 contender · 1 call ")
        dialog.query_one("#plan-cases").focus()
        await pilot.press("space")
        await until_seen(pilot, "[x] all cases", "1 contender · 3 calls")
        assert dialog.query_one("#patterns", Input).value == ""


async def test_a_pattern_that_no_case_fits_is_said(desk: Desk):
    async with desk.open() as (_app, pilot):
        dialog = await planned(pilot)
        await typed(pilot, dialog, "patterns", "glow*")
        await until_seen(pilot, "no case of triage fits “glow*”")


async def test_choosing_no_case_runs_nothing(desk: Desk):
    async with desk.open() as (_app, pilot):
        await planned(pilot)
        await pilot.press("tab", "tab", "space")
        await until_seen(pilot, "choose which cases to run")
        await enter_does_nothing(pilot)


WITH_EXAMPLES = """\
---
inputs:
  ticket:
examples:
  - {ticket: Charged twice, output: billing}
  - {ticket: A blank page, output: bug}
---
user:
<ticket>{{ ticket }}</ticket>
"""


async def test_examples_are_run_as_cases_alone_or_beside_all(desk: Desk):
    desk.write("prompts/triage.md", WITH_EXAMPLES)
    async with desk.answering("billing") as server, desk.open() as (_app, pilot):
        dialog = await planned(pilot)
        dialog.query_one("#plan-cases").focus()
        await pilot.press("down", "down", "space")
        await until_seen(pilot, "[x] all cases", "[x] examples", "1 contender · 5 calls")
        await pilot.press("up", "up", "space")
        await until_seen(pilot, "[ ] all cases", "[x] examples", "1 contender · 2 calls")
        await pilot.press("enter")
        await until_seen(pilot, "2 of 2")
        # Each is asked without being told the answer.
        for request in server.requests:
            asked = str(request.body["messages"][-1]["content"])
            assert asked not in str(request.body["messages"][:-1])


async def test_the_inputs_on_screen_run_alone(desk: Desk):
    async with desk.open((160, 40)) as (app, pilot):
        bench = bench_of(app)
        await pilot.press("f7")
        await until(pilot, lambda: bench.inputs_pane.focused_input == "ticket")
        await pilot.press("home", *"My ")
        await until_seen(pilot, "tried ●")
        dialog = await planned(pilot)
        dialog.query_one("#plan-cases").focus()
        await pilot.press("down", "space")
        await until_seen(pilot, "the inputs on screen run alone")
        await pilot.press("up", "space")
        await until_seen(pilot, "1 contender · 3 calls")


async def test_what_will_not_work_is_said_beside_the_figures_of_what_would(desk: Desk):
    models = "models: {five: openai/gpt-5-mini, mini: openai/gpt-4o-mini}\ndefaults: {models: [mini, five]}\n"
    desk.write(".workbench.yml", models)
    desk.write(".env", "OPENAI_API_KEY=sk-nothing\n")
    async with desk.open() as (app, pilot):
        dialog = await planned(pilot)
        await typed(pilot, dialog, "params", "temperature=0.5")
        text = await until_seen(pilot, "2 contenders · 6 calls", "✗ triage", "Nothing was sent.")
        assert text.count("✗") == 1 and "five temperature=0.5" in text
        await enter_does_nothing(pilot)
        await typed(pilot, dialog, "params", "max_tokens=9")
        await until(pilot, lambda: "✗" not in seen(app))


async def test_the_slowest_model_is_named_with_its_time_once_there_is_a_past(desk: Desk):
    async with desk.answering("billing"), desk.open() as (_app, pilot):
        await planned(pilot)
        await pilot.press("enter")
        await until_seen(pilot, "3 of 3")
        await pilot.press("f2")
        dialog = await planned(pilot)
        await typed(pilot, dialog, "params", "max_tokens=9")
        await until_seen(pilot, "slowest: lab, less than 1 s")


async def test_everything_fits_on_a_small_screen(desk: Desk):
    desk.write("prompts/triage.md", WITH_EXAMPLES)
    async with desk.open((80, 24)) as (_app, pilot):
        await planned(pilot)
        await until_seen(
            pilot,
            *("Versions", "Models", "Cases", "[ ] examples", "versions more:", "samples  1", "params temp"),
            "[ ] ask anew",
            *("1 contender · 3 calls · 0 cached", "Enter run"),
        )


async def test_only_what_there_is_is_offered(desk: Desk):
    desk.write(".gitignore", ".workbench/\nprompts/triage*\n")
    desk.commit("everything but the prompt")
    async with desk.open() as (_app, pilot):
        await planned(pilot)
        text = await until_seen(pilot, "[x] working tree", "[x] all cases")
        assert "HEAD" not in text.partition("versions ")[0] and "examples" not in text


async def test_a_plan_is_there_again_as_it_was_chosen_last(desk: Desk):
    desk.commit("first")
    async with desk.open() as (_app, pilot):
        dialog = await planned(pilot)
        await typed(pilot, dialog, "params", "temperature=0,0.7")
        await typed(pilot, dialog, "patterns", "card")
        dialog.query_one("#plan-models").focus()
        await pilot.press("down", "space")
        await until_seen(pilot, "4 contenders · 4 calls")
        await pilot.press("escape")
        again = await planned(pilot)
        await until_seen(pilot, "4 contenders · 4 calls", "[x] mini", "[ ] all cases", "temperature=0,0.7")
        assert again is not dialog


async def test_models_that_were_chosen_on_the_bench_since_take_the_place_of_those_of_the_plan(desk: Desk):
    async with desk.open() as (app, pilot):
        await planned(pilot)
        await pilot.press("escape")
        bench = bench_of(app)
        bench.opened = replace(bench.opened, models=("mini",))
        await planned(pilot)
        await until_seen(pilot, "[ ] lab", "[x] mini", "1 contender · 3 calls")


async def test_what_was_answered_before_can_be_asked_anew(desk: Desk):
    async with desk.answering("billing") as server:
        await run_on(desk, models=("lab",))
        async with desk.open() as (_app, pilot):
            dialog = await planned(pilot)
            await until_seen(pilot, "0 calls · 3 cached")
            dialog.query_one("#fresh").focus()
            await pilot.press("space")
            await until_seen(pilot, "3 calls · 0 cached", "[x] ask anew")
            await pilot.press("enter")
            await until_seen(pilot, "run 2 done", "3 of 3")
            assert len(server.requests) == 6


async def test_a_run_on_screen_is_planned_again_with_what_it_compared(desk: Desk):
    desk.write("prompts/other.md", "user:\nSay {{ word }}\n")
    desk.write("prompts/other.cases.yml", "- {inputs: {word: yes}}\n")
    async with desk.answering("billing"):
        await run_on(desk, "triage", params={"temperature": [0, 0.7], "stop": [["a"]]})
        async with desk.open() as (app, pilot):
            bench_of(app).open("other")
            await pilot.press("f3")
            await until_seen(pilot, "run 1 done")
            await planned(pilot)
            text = await until_seen(pilot, "Run triage", "[x] lab", "[x] mini", "4 contenders · 0 calls")
            assert "temperature=0,0.7" in text
            await pilot.press("escape", "f2")
            await planned(pilot)
            await until_seen(pilot, "Run other", "1 contender · 1 call")
