"""Models side by side: what each makes of the same context, and choosing among them."""

from __future__ import annotations

import asyncio

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import Desk, bench_of
from tests.tui.seeing import seen, told, until, until_seen
from workbench.bench.previewing import Previewing
from workbench.bench.previews import ModelPreview
from workbench.context.messages import Context
from workbench.models.estimate import CostEstimate
from workbench.models.model import Model, Prices
from workbench.models.tokens import TokenCount
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.models_page import ModelsPage
from workbench.tui.widgets.model_rows import ModelRow, drawn
from workbench.tui.widgets.pointed_list import ARROW, PointedList

SETTINGS = """\
models:
  lab: {model: openai/loopback-1, api_base: http://127.0.0.1:9/v1, price: {input: 1, output: 2}}
  mini: openai/gpt-4o-mini-2024-07-18
  old: openai/gpt-4o
defaults: {models: [lab], params: {max_tokens: 20}}
"""


async def side_by_side(pilot: Pilot[None], *texts: str) -> str:
    """Open the page and wait until it says so much."""
    await pilot.press("ctrl+l")
    return await until_seen(pilot, "Count for a model", *texts)


def line(app: WorkbenchApp, name: str, mark: str = "[ ]") -> str:
    """Return the line of a model with this mark, empty where there is none."""
    return next((line for line in seen(app).splitlines() if f"{mark} {name}" in line), "")


@pytest.fixture
def several(desk: Desk) -> Desk:
    """A desk with three models."""
    desk.write(".workbench.yml", SETTINGS)
    return desk


async def test_every_configured_model_is_there_with_its_count_and_its_prices(several: Desk):
    async with several.open((160, 40)) as (app, pilot):
        await side_by_side(pilot, "lab", "mini", "old", "OPENAI_API_KEY", "not pinned")
        await until_seen(pilot, "openai/loopback-1", "no server answers")
        # Five prices: of input, three of output, of cached input.
        await until(pilot, lambda: line(app, "mini").count("$") == 5 and "≈" in line(app, "lab"))
        assert "●" in line(app, "lab") and "$0" in line(app, "lab")
        assert "=" in line(app, "mini")
        text = seen(app)
        assert text.index("[ ] lab") < text.index("[ ] mini") < text.index("[ ] old")


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 50)])
async def test_its_lines_fit_the_screen(several: Desk, size: tuple[int, int]):
    async with several.open(size) as (_, pilot):
        text = await side_by_side(pilot, "$0.0000", "OPENAI_API_KEY")
        assert all(len(line) <= size[0] for line in text.splitlines())


async def test_the_models_of_the_prompt_come_first(several: Desk):
    several.write("prompts/triage.md", "---\nmodels: [old]\n---\nHello {{ ticket }}\n")
    async with several.open() as (_, pilot):
        text = await side_by_side(pilot, "● [ ] old", "[ ] lab")
        assert text.index("[ ] old") < text.index("[ ] lab")


async def test_what_a_model_does_not_support_is_said(several: Desk):
    several.write("prompts/triage.md", "user:\nHello {{ ticket }}\n\nassistant:\nAnswer:\n")
    async with several.open() as (_, pilot):
        await side_by_side(pilot, "mini does not continue a prefill")


async def test_a_model_that_does_not_answer_holds_up_no_other(several: Desk, monkeypatch: pytest.MonkeyPatch):
    released, whole = asyncio.Event(), Previewing.for_model

    async def slow(self: Previewing, version: object, context: object, model: object) -> object:
        if getattr(model, "name", "") == "mini":
            await released.wait()
        return await whole(self, version, context, model)  # type: ignore[arg-type]

    async with several.open((160, 40)) as (app, pilot):
        monkeypatch.setattr(Previewing, "for_model", slow)
        await side_by_side(pilot)
        await until(pilot, lambda: "$" in line(app, "old") and "…" in line(app, "mini"))
        released.set()
        await until(pilot, lambda: "$" in line(app, "mini"))


async def test_enter_takes_the_highlighted_model(several: Desk):
    async with several.open() as (app, pilot):
        await side_by_side(pilot)
        await pilot.press("down", "enter")
        await until_seen(pilot, "Context ─ mini ─ ")
        assert bench_of(app).opened.models == ("mini",)


async def test_space_marks_several_and_enter_takes_them(several: Desk):
    async with several.open() as (app, pilot):
        await side_by_side(pilot)
        await pilot.press("down", "down", "space", "up", "up", "space", "down")
        await until_seen(pilot, "[x] lab", "[ ] mini", "[x] old", "Enter take the 2 marked")
        await pilot.press("enter")
        await until(
            pilot, lambda: [one.model.name for one in bench_of(app).context_side.found] == ["lab", "old"]
        )


async def test_space_on_a_marked_model_takes_the_mark_away(several: Desk):
    async with several.open() as (_, pilot):
        await side_by_side(pilot)
        await pilot.press("space")
        await until_seen(pilot, "[x] lab")
        await pilot.press("space")
        await until_seen(pilot, "[ ] lab", "Enter take it")


async def test_a_typed_model_string_is_counted_for_and_can_be_marked_beside_others(several: Desk):
    async with several.open() as (app, pilot):
        await side_by_side(pilot)
        await pilot.press("space", *"gpt-4.1-mini")
        await until_seen(pilot, "openai/gpt-4.1-mini", "as typed", "not pinned")
        await pilot.press("space")
        await until_seen(pilot, "[x] gpt-4.1-mini", "[x] lab")
        await pilot.press("enter")
        await until(pilot, lambda: bench_of(app).opened.models == ("lab", "gpt-4.1-mini"))


async def test_a_typed_string_that_is_no_model_says_so(several: Desk):
    async with several.open() as (_, pilot):
        await side_by_side(pilot)
        await pilot.press(*"nosuchmodel")
        await until_seen(pilot, "there is no model “nosuchmodel”")


async def test_what_the_prompt_says_can_be_chosen_again(several: Desk):
    async with several.open() as (app, pilot):
        await side_by_side(pilot)
        await pilot.press("down", "enter")
        await until_seen(pilot, "Context ─ mini ─ ")
        await side_by_side(pilot, "as the prompt says", "● [ ] mini")
        await pilot.press("home", "up", "up", "enter")
        await until(pilot, lambda: bench_of(app).opened.models == ())
        await until_seen(pilot, "Context ─ lab ─ ")


async def test_escape_leaves_the_models_as_they_are(several: Desk):
    async with several.open() as (app, pilot):
        await side_by_side(pilot)
        await pilot.press("down", "space", "escape")
        await until(pilot, lambda: app.screen is bench_of(app))
        assert bench_of(app).opened.models == ()


async def test_without_a_context_there_are_still_the_models_and_what_they_need(several: Desk):
    several.write("prompts/triage.md", "Hello {{ nobody }}\n")
    async with several.open() as (_, pilot):
        await side_by_side(pilot, "openai/gpt-4o-mini-2024-07-18", "OPENAI_API_KEY")


async def test_model_names_with_markup_are_shown_as_they_are(desk: Desk):
    desk.write(".workbench.yml", "models:\n  '[red]m': {model: gpt-4o}\ndefaults: {models: ['[red]m']}\n")
    async with desk.open() as (_, pilot):
        await side_by_side(pilot, "● [ ] [red]m")


@pytest.mark.parametrize("how", ["enter", "space", "click"])
async def test_a_model_that_does_not_exist_can_be_neither_marked_nor_taken(several: Desk, how: str):
    async with several.open() as (app, pilot):
        await side_by_side(pilot)
        await pilot.press(*"nonsense/model")
        await until_seen(pilot, "there is no model “nonsense/model”")
        if how == "click":
            await pilot.click(PointedList, offset=(10, 0))
        else:
            await pilot.press(how)
        await until(pilot, lambda: "there is no model “nonsense/model”" in told(app))
        assert isinstance(app.screen, ModelsPage) and "[x]" not in seen(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is bench_of(app))
        assert bench_of(app).opened.models == ()


async def test_what_is_taken_before_it_was_looked_up_is_looked_up_first(several: Desk):
    async with several.open() as (app, pilot):
        await side_by_side(pilot)
        await pilot.press(*"nonsense/model", "enter")
        await until(pilot, lambda: "there is no model “nonsense/model”" in told(app))
        assert isinstance(app.screen, ModelsPage)


async def test_what_is_marked_before_it_was_looked_up_is_counted_for_as_well(several: Desk):
    async with several.open((160, 40)) as (app, pilot):
        await side_by_side(pilot)
        await pilot.press(*"gpt-4.1-mini", "space")
        await until_seen(pilot, "[x] gpt-4.1-mini")
        await until(pilot, lambda: "$" in line(app, "gpt-4.1-mini", "[x]"))


async def test_on_a_small_screen_the_chosen_row_and_the_keys_are_seen_however_many_there_are(desk: Desk):
    names = [f"m{at:02}" for at in range(12)]
    models = "".join(
        f"  {name}: {{model: openai/gpt-4o, price: {{input: 1, output: 2}}}}\n" for name in names
    )
    desk.write(".workbench.yml", f"models:\n{models}defaults: {{models: [m00]}}\n")
    async with desk.open((80, 24)) as (app, pilot):
        await side_by_side(pilot, f"{ARROW}● [ ] m00", "Enter take it")
        for name in names[1:]:
            await pilot.press("down")
            await until_seen(pilot, f"{ARROW}  [ ] {name}", "Count for a model", "tokens", "Enter take it")
        assert seen(app).count(ARROW) == 1


@pytest.mark.parametrize("width", [60, 69, 90, 120])
def test_no_figure_of_a_model_is_wrapped_into_another_column(width: int):
    prices = Prices(10**6, 10**6)
    model = Model("lab", "openai/lab", prices=prices, window=1_000)
    cost = CostEstimate(123_456_789, 12_345_678_901, 1_234_567_890_123, 9_876_543_210, input_cached=12_345)
    count = TokenCount(900_000, (), (), 0, False, 0, 900_000)
    found = ModelPreview(model, {}, Context((), ()), count, cost)
    lines = drawn(ModelRow("lab", model=model, found=found), width, marked=False).plain.split("\n")
    assert all(len(line) <= width for line in lines if "$" in line)
    assert all(line.startswith("      ") for line in lines[1:])
