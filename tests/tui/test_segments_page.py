"""The tree of segments: what each part of a context costs, and the way to where it was written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot

import workbench.tui.app
from tests.tui.conftest import Desk, bench_of
from tests.tui.seeing import seen, until, until_seen
from workbench.bench.breakdown import Part
from workbench.bench.previews import ModelPreview
from workbench.context.messages import Context, Message, Origin, Segment
from workbench.errors import Place
from workbench.models.estimate import CostEstimate
from workbench.models.model import Model, Prices
from workbench.models.tokens import TokenCount
from workbench.tui.screens.segments_page import SegmentsPage, parts_of
from workbench.tui.themes import DARK
from workbench.tui.widgets.context_view import ContextView
from workbench.tui.widgets.folding import CLOSED, OPEN
from workbench.tui.widgets.part_tree import PartTree
from workbench.tui.widgets.pointed_list import ARROW

STYLES = Path(workbench.tui.app.__file__).parent / "workbench.tcss"

Piece = tuple[Origin, str, str, int, str | None]
"""Origin, name, text, tokens, and the path of the file that it was written in."""

POLICY = (Origin.DOCUMENT, "policy", "No refunds after 30 days.", 60, "docs/policy.md")
CONTEXT: dict[str, Sequence[Piece]] = {
    "system": [(Origin.TEMPLATE, "", "You sort tickets. ", 20, "prompts/p.md"), POLICY],
    "user": [(Origin.INPUT, "ticket", "Card declined", 10, "prompts/p.md"), POLICY],
}


def preview_of(context: dict[str, Sequence[Piece]], *, price: int | None = 1_000_000) -> ModelPreview:
    """Return what a model makes of these messages, with 50 tokens of overhead, 30 of them for a schema."""
    messages, segments, tokens = [], [], []
    for role, pieces in context.items():
        text, own = "", []
        for origin, name, piece, _, path in pieces:
            end = len(text) + len(piece)
            own.append(Segment(origin, name, len(text), end, Place(path, 7) if path else None))
            text += piece
        messages.append(Message(role, text))
        segments.append(tuple(own))
        tokens.append(tuple(count for *_, count, _ in pieces))
    sums = tuple(map(sum, tokens))
    total = sum(sums) + 50
    count = TokenCount(total, sums, tuple(tokens), 50, True, 0, total, schema=30)
    prices = None if price is None else Prices(price, price)
    model = Model("lab", "openai/lab", prices=prices, window=1_000)
    cost = None if price is None else CostEstimate(price * total, 0, 0, 0)
    return ModelPreview(model, {}, Context(tuple(messages), tuple(segments)), count, cost)


class PageApp(App[None]):
    CSS_PATH = STYLES

    def __init__(self, found: ModelPreview) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.found = found
        self.taken: list[Place | None] = []

    def on_mount(self) -> None:
        page = SegmentsPage("triage   case card", self.found, *parts_of(self.found))
        self.push_screen(page, self.taken.append)


@asynccontextmanager
async def page(
    found: ModelPreview, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[PageApp, Pilot[None]]]:
    app = PageApp(found)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until_seen(pilot, "triage", "protocol overhead")
        yield app, pilot


def lines(app: App[None]) -> list[str]:
    """Return the labels that stand in the tree, from the top."""
    text = seen(app).splitlines()  # type: ignore[arg-type]
    heading = next(at for at, line in enumerate(text) if "tokens" in line and "share" in line)
    return [label(line) for line in text[heading + 1 : -1] if line.strip()]


def label(line: str) -> str:
    """Return what a line is called, without its fold and its figures."""
    return line.lstrip(f" {ARROW}{OPEN}{CLOSED}").split("  ")[0]


async def test_every_part_has_its_tokens_its_share_and_its_money_under_the_totals():
    async with page(preview_of(CONTEXT)) as (app, _):
        text = seen(app)
        assert "200 = tokens   20 % of 1,000   $0.0002 input" in text
        rows = {label(line): line.split() for line in text.splitlines()}
        assert rows["system"][-4:] == ["▰▰▰▱▱▱▱▱", "40.0", "%", "$0.00008"]
        assert rows["I input ticket"][-5:] == ["10", "▱▱▱▱▱▱▱▱", "5.0", "%", "$0.00001"]
        assert rows["schema"][-5:] == ["30", "▰▱▱▱▱▱▱▱", "15.0", "%", "$0.00003"]
        assert rows["protocol overhead"][-5:-3] == ["20", "▰▱▱▱▱▱▱▱"]


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 50)])
async def test_figures_end_in_the_same_column_on_every_line(size: tuple[int, int]):
    async with page(preview_of(CONTEXT), size) as (app, _):
        rows = [line for line in seen(app).splitlines() if "▱" in line]
        assert len(rows) == 8 and len({len(line) for line in rows}) == 1
        assert all(len(line) <= size[0] for line in rows)


async def test_the_text_of_a_segment_begins_beside_its_name():
    async with page(preview_of(CONTEXT)) as (app, _):
        assert "T template  You sort tickets." in seen(app)


async def test_s_puts_what_costs_most_first_and_s_again_what_was_sent_first():
    async with page(preview_of(CONTEXT)) as (app, pilot):
        sent = ["system", "T template", "D document policy", "user", "I input ticket", "D document policy"]
        assert lines(app) == [*sent, "schema", "protocol overhead"]
        await pilot.press("s")
        await until_seen(pilot, "most expensive first")
        costly = ["system", "D document policy", "T template", "user", "D document policy", "I input ticket"]
        assert lines(app) == [*costly, "schema", "protocol overhead"]
        await pilot.press("s")
        await until_seen(pilot, "as sent")
        assert lines(app) == [*sent, "schema", "protocol overhead"]


async def test_g_shows_each_source_once_over_all_messages():
    async with page(preview_of(CONTEXT)) as (app, pilot):
        await pilot.press("g")
        await until_seen(pilot, "sources, most expensive first")
        assert lines(app)[:2] == ["D document policy", "schema"]
        assert "120 ▰▰▰▰▰▱▱▱  60.0 %" in seen(app)
        await pilot.press("g")
        await until_seen(pilot, "messages, as sent")


async def test_the_cursor_stays_on_its_part_when_the_order_changes():
    async with page(preview_of(CONTEXT)) as (app, pilot):
        await pilot.press("down", "down", "s")
        await until_seen(pilot, "most expensive first")
        tree = app.screen.query_one(PartTree)
        assert tree.part is not None and tree.part.label == "policy"


async def test_a_message_is_folded_and_unfolded():
    async with page(preview_of(CONTEXT)) as (app, pilot):
        await pilot.press("h")
        await until(pilot, lambda: lines(app)[:2] == ["system", "user"])
        await pilot.press("l")
        await until(pilot, lambda: lines(app)[1] == "T template")
        await pilot.press("j", "left", "left")
        await until(pilot, lambda: lines(app)[:2] == ["system", "user"])


async def test_enter_leads_to_where_a_part_was_written_and_says_so_where_that_is_nowhere():
    async with page(preview_of(CONTEXT)) as (app, pilot):
        await pilot.press("end", "enter")
        await until_seen(pilot, "is written in no file")
        await pilot.press("home", "j", "j", "enter")
        await until(pilot, lambda: app.taken)
        assert app.taken == [Place("docs/policy.md", 7)]


async def test_escape_closes_the_page():
    async with page(preview_of(CONTEXT)) as (app, pilot):
        await pilot.press("escape")
        await until(pilot, lambda: app.taken == [None])


async def test_a_model_without_a_price_is_unpriced_and_never_costs_nothing():
    async with page(preview_of(CONTEXT, price=None)) as (app, _):
        assert "unpriced input" in seen(app) and "$0" not in seen(app)


async def test_a_free_model_is_free():
    found = preview_of(CONTEXT)
    free = Model("smol", "local/smollm2-135m", free=True, window=8192)
    async with page(ModelPreview(free, {}, found.context, found.count, found.cost)) as (app, _):
        assert "200 = tokens   2 % of 8,192   free" in seen(app)


async def test_what_cannot_be_counted_is_shown_without_figures_and_says_why():
    found = preview_of(CONTEXT)
    blind = ModelPreview(found.model, {}, found.context, None, None, unready="“lab” needs trust")
    async with page(blind) as (app, _):
        assert "tokens not known" in seen(app) and "! “lab” needs trust" in seen(app)
        assert lines(app)[0] == "system"


async def test_names_and_texts_are_shown_and_not_obeyed():
    nasty = {"user": [(Origin.DOCUMENT, "[red]\x1b[31ma\nb", "[bold]\x1b]0;x\x07", 3, None)]}
    async with page(preview_of(nasty), (160, 30)) as (app, _):
        text = seen(app)
        assert "D document [red]␛[31ma␊b  [bold]␛]0;x␇" in text
        assert "\x1b" not in app.export_screenshot()


async def test_of_thousands_of_segments_only_those_in_sight_are_drawn():
    drawn: list[Part] = []

    def excerpt(part: Part) -> str:
        drawn.append(part)
        return ""

    parts = tuple(Part(f"{at}", Origin.INPUT, at, at / 10_000, at, None) for at in range(5_000))

    class TreeApp(App[None]):
        def on_mount(self) -> None:
            tree = PartTree(id="parts")
            self.mount(tree)
            tree.show(
                Part("whole", None, 1, 1.0, 1, None, parts),
                "",
                model=Model("lab", "openai/lab"),
                excerpt=excerpt,
            )
            tree.focus()

    app = TreeApp()
    async with app.run_test(size=(100, 30)) as pilot:
        await until_seen(pilot, "input 28")
        await pilot.press("end")
        await until_seen(pilot, ARROW, "input 4999")
        beginning, end = range(30), range(5_000 - 30, 5_000)
        assert drawn and all(part.tokens in beginning or part.tokens in end for part in drawn)


async def test_thousands_of_segments_are_sorted_grouped_and_left_again():
    many = {"user": [(Origin.INPUT, f"i{at}", "word ", at, "prompts/p.md") for at in range(5_000)]}
    app = PageApp(preview_of(many))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_seen(pilot, "I input i0")
        await pilot.press("s", "j")
        await until_seen(pilot, "I input i4999")
        await pilot.press("g")
        await until_seen(pilot, "sources, most expensive first", "I input i4999")
        await pilot.press("end", "q")
        await until(pilot, lambda: app.taken == [None])


async def test_from_the_context_a_segment_is_found_in_the_tree_and_gone_to_in_the_editor(desk: Desk):
    desk.write("prompts/_tone.md", "Be brief.\nAnd kind.\n")
    desk.write("prompts/triage.md", 'system:\nYou sort.\n{% include "_tone.md" %}\n\nuser:\n{{ ticket }}\n')
    async with desk.open() as (app, pilot):
        await until_seen(pilot, "Card declined twice", "Context ─ lab ─ ")
        await pilot.press("ctrl+p", *"what each segment costs")
        await until_seen(pilot, "as a tree")
        await pilot.press("enter")
        await until_seen(pilot, "messages, as sent", "P partial _tone.md")
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: app.screen is bench_of(app))
        await until_seen(pilot, "Edit ─ prompts/_tone.md")
        assert app.focused is bench_of(app).editor and bench_of(app).editor.cursor_location[0] == 0
        bench_of(app).action_back()
        await until_seen(pilot, "Edit ─ prompts/triage.md")


async def test_the_keys_say_what_they_do_now():
    async with page(preview_of(CONTEXT)) as (_, pilot):
        await until_seen(pilot, "s by cost", "g by source")
        await pilot.press("s")
        await until_seen(pilot, "s in order", "g by source")
        await pilot.press("s", "g")
        await until_seen(pilot, "g by message")


async def test_the_tree_opens_on_the_segment_under_the_cursor_of_the_context(desk: Desk):
    async with desk.open() as (app, pilot):
        await until_seen(pilot, "Card declined twice", "Context ─ lab ─ ")
        view = bench_of(app).query_one(ContextView)
        view.focus()
        await pilot.press("G", "l", "t")
        await until_seen(pilot, "messages, as sent", f"{ARROW}  ")
        part = app.screen.query_one(PartTree).part
        assert part is not None and part.label == "ticket"
