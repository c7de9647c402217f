"""The context beside the text: its cursor, its marks, and what it is compared with."""

from __future__ import annotations

import asyncio
import threading

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import Desk, bench_of
from tests.tui.seeing import seen, told, until, until_seen
from workbench.bench.baseline import HEAD, LAST_SAVE, Based, Baseline
from workbench.bench.previewing import Previewing
from workbench.bench.versions import Target
from workbench.context.findings import Finding
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.context_side import Asked
from workbench.tui.widgets.context_view import ContextView, legend
from workbench.tui.widgets.layout import Layout
from workbench.tui.widgets.models_view import ModelsView
from workbench.tui.widgets.pointed_list import ARROW
from workbench.tui.widgets.segment_line import SegmentLine

TRIAGE = """\
---
inputs:
  ticket:
documents:
  rules: ../rules.txt
---
system:
You sort tickets.
{% include "_tone.md" %}
{{ documents.rules }}

user:
<ticket>{{ ticket }}</ticket>
"""


@pytest.fixture
def rich(desk: Desk) -> Desk:
    """A prompt with a partial and a document, committed."""
    desk.write("rules.txt", "Never guess.")
    desk.write("prompts/_tone.md", "Be brief.\n")
    desk.write("prompts/triage.md", TRIAGE)
    desk.commit()
    return desk


def view_of(app: WorkbenchApp) -> ContextView:
    return bench_of(app).query_one(ContextView)


def line_of(app: WorkbenchApp) -> str:
    """Return what is said at the foot of the context."""
    line = bench_of(app).query_one(SegmentLine)
    return str(line.content) if line.display else ""


def models_of(app: WorkbenchApp) -> str:
    """Return what is said of the models."""
    return str(bench_of(app).query_one(ModelsView).content)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> dict[str, asyncio.Event]:
    """Bases, each with what a changed text waits for before it is compared with that base."""
    whole, waited_for = Baseline.of, {}

    async def slow(self: Baseline, base: str, target: Target, *rest: object) -> Based:
        if base in waited_for and target.dirty:
            await waited_for[base].wait()
        return await whole(self, base, target, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Baseline, "of", slow)
    return waited_for


async def all_shown(app: WorkbenchApp) -> None:
    """Wait until what was asked for is shown, or was given up."""
    await app.workers.wait_for_complete([one for one in app.workers if one.group in ("preview", "base")])


async def focused(app: WorkbenchApp, pilot: Pilot[None]) -> ContextView:
    view = view_of(app)
    await until(pilot, lambda: view.fresh and bench_of(app).context_side.found)
    view.focus()
    await until(pilot, lambda: line_of(app))
    return view


async def test_the_cursor_goes_from_row_to_row_and_says_where_each_comes_from(rich: Desk):
    async with rich.open() as (app, pilot):
        await focused(app, pilot)
        assert "T template" in line_of(app) and "prompts/triage.md:8" in line_of(app)
        assert f"T  {ARROW}You sort tickets." in seen(app)
        await pilot.press("j")
        await until(pilot, lambda: "P partial" in line_of(app))
        assert "prompts/_tone.md:1" in line_of(app)
        await pilot.press("down")
        await until(pilot, lambda: "D document rules" in line_of(app))
        await pilot.press("k", "up")
        await until(pilot, lambda: "T template" in line_of(app))


async def test_segments_on_one_row_are_reached_one_by_one(rich: Desk):
    async with rich.open() as (app, pilot):
        await focused(app, pilot)
        await pilot.press("G")
        await until(pilot, lambda: "prompts/triage.md:13" in line_of(app) and "T template" in line_of(app))
        await pilot.press("l")
        await until(pilot, lambda: "I input ticket" in line_of(app))
        await pilot.press("right")
        await until(pilot, lambda: "T template" in line_of(app))
        await pilot.press("h", "left")
        await until(pilot, lambda: "T template" in line_of(app))
        assert view_of(app).pointed is not None and view_of(app).pointed.offset == 0


async def test_the_figures_of_a_segment_are_its_tokens_its_share_and_its_price(rich: Desk):
    async with rich.open() as (app, pilot):
        await focused(app, pilot)
        await pilot.press("j", "j")
        await until(pilot, lambda: "D document" in line_of(app))
        [part] = [one for one in line_of(app).split("  ") if "token" in one]
        found = bench_of(app).context_side.found[0]
        assert found.count is not None
        tokens = int(part.split()[0])
        assert tokens in found.count.segments[0]
        assert f"{tokens / found.count.total * 100:.0f} %" in line_of(app)
        assert "$0.00000" in line_of(app)


async def test_enter_opens_the_file_at_the_line_where_a_segment_was_written(rich: Desk):
    async with rich.open() as (app, pilot):
        await focused(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: bench_of(app).edit_pane.current.path == "prompts/_tone.md")
        assert app.focused is bench_of(app).editor


async def test_another_key_opens_what_holds_the_value(rich: Desk):
    async with rich.open() as (app, pilot):
        await focused(app, pilot)
        await pilot.press("w")
        await until(pilot, lambda: "no value from another place" in told(app))
        await pilot.press("j", "j", "w")
        await until(pilot, lambda: bench_of(app).edit_pane.current.path == "rules.txt")
        await focused(app, pilot)
        await pilot.press("G", "l", "w")
        await until(pilot, lambda: bench_of(app).edit_pane.current.path == "prompts/triage.cases.yml")


async def test_a_click_selects_a_segment_and_a_double_click_opens_its_file(rich: Desk):
    async with rich.open() as (app, pilot):
        view = await focused(app, pilot)
        await pilot.click(view, offset=(8, 2))
        await until(pilot, lambda: "P partial" in line_of(app))
        await pilot.click(view, offset=(8, 2), times=2)
        await until(pilot, lambda: bench_of(app).edit_pane.current.path == "prompts/_tone.md")


async def test_nothing_is_marked_and_nothing_differs_while_all_is_as_committed(rich: Desk):
    async with rich.open() as (_, pilot):
        await until_seen(pilot, "vs HEAD ±0 tokens", " T   You sort tickets.")


async def test_what_is_typed_is_marked_and_its_tokens_and_price_are_counted_against_head(rich: Desk):
    async with rich.open() as (app, pilot):
        await until_seen(pilot, "vs HEAD ±0 tokens")
        editor = bench_of(app).editor
        editor.insert("Think twice.\n", (7, 0))
        await until_seen(pilot, "+T   Think twice.", " T   You sort tickets.", "vs HEAD +")
        editor.insert("! ", (13, 0))
        await until_seen(pilot, "~TI  ! <ticket>")
        editor.replace("", (8, 0), (9, 0))
        text = await until_seen(pilot, "-    You sort tickets.")
        assert "tokens, +$0.00" in text or "tokens, -$0.00" in text or "±0 tokens" in text


async def test_a_commit_makes_the_new_head_what_is_compared_with(rich: Desk):
    async with rich.open() as (app, pilot):
        await until(pilot, lambda: bench_of(app).is_watching)
        await until_seen(pilot, "vs HEAD ±0 tokens")
        bench_of(app).editor.insert("Think twice.\n", (7, 0))
        await pilot.press("ctrl+s")
        await until_seen(pilot, "+T   Think twice.", "vs HEAD +")
        rich.commit("think")
        await until_seen(pilot, "vs HEAD ±0 tokens", " T   Think twice.")


async def test_changes_can_be_marked_since_the_last_save_or_any_revision(rich: Desk):
    first = rich.git("rev-parse", "HEAD").strip()
    rich.write("prompts/triage.md", TRIAGE.replace("You sort", "You quickly sort"))
    rich.commit("Quickly")
    async with rich.open() as (app, pilot):
        bench_of(app).editor.insert("New.\n", (7, 0))
        await until_seen(pilot, "+T   New.", " T   You quickly sort")
        await focused(app, pilot)
        await pilot.press("S")
        await until_seen(pilot, "Mark changes since", "what is on disk", "Quickly")
        await pilot.press(*"last", "enter")
        await until_seen(pilot, "vs last save +", "+T  │New.", f" T  {ARROW}You quickly sort")
        await pilot.press("S")
        await until_seen(pilot, "Mark changes since")
        await pilot.press(*first[:7], "enter")
        await until_seen(pilot, f"vs {first[:7]} +", "+T  │New.", f"~T  {ARROW}You quickly sort")


async def test_the_passages_that_changed_are_gone_through_by_key(rich: Desk):
    async with rich.open() as (app, pilot):
        view = await focused(app, pilot)
        await pilot.press("}")
        await until(pilot, lambda: "Nothing differs from HEAD" in told(app))
        bench_of(app).editor.insert("! ", (12, 0))
        bench_of(app).editor.insert("New.\n", (7, 0))
        await until_seen(pilot, "+T  │New.", "~TI  ! <ticket>")
        await pilot.press("}")
        await until(pilot, lambda: view.pointed is not None and view.pointed.message == 1)
        await pilot.press("}")
        await until(pilot, lambda: view.pointed is not None and view.pointed.message == 0)


async def test_a_passage_removed_at_the_end_is_gone_past_like_any_other(rich: Desk):
    rich.write("prompts/triage.md", TRIAGE + "Bye.\n")
    rich.commit()
    async with rich.open() as (app, pilot):
        view = await focused(app, pilot)
        editor = bench_of(app).editor
        editor.replace("", (12, len("<ticket>{{ ticket }}</ticket>")), (13, len("Bye.")))
        editor.insert("New.\n", (9, 0))
        editor.insert("All: ", (7, 0))
        await until_seen(pilot, f"~T  {ARROW}All: You sort", "+T   New.", "-    Bye.")

        async def press(key: str) -> str:
            """Return what the row of the cursor begins with."""
            await pilot.press(key)
            await pilot.pause()
            assert view.pointed is not None and view.context is not None
            return view.context.messages[view.pointed.message].content[view.pointed.offset :][:4]

        # The cursor cannot rest on what is no longer there.
        assert [await press("}") for _ in range(4)] == ["New.", "New.", "All:", "New."]
        assert [await press("{") for _ in range(3)] == ["All:", "<tic", "New."]


async def test_a_difference_is_told_only_once_it_is_known(rich: Desk, held: dict[str, asyncio.Event]):
    async with rich.open() as (app, pilot):
        await until_seen(pilot, "vs HEAD ±0 tokens")
        held[HEAD] = asyncio.Event()
        bench_of(app).editor.insert("Think twice.\n", (7, 0))
        await until(pilot, lambda: "Think twice." in seen(app) and view_of(app).fresh)
        assert "vs HEAD" not in models_of(app)
        held[HEAD].set()
        await until(pilot, lambda: "vs HEAD +" in models_of(app))


async def test_the_title_does_not_wait_for_what_is_compared_with(rich: Desk, held: dict[str, asyncio.Event]):
    held[HEAD] = asyncio.Event()
    async with rich.open() as (app, pilot):
        bench_of(app).editor.insert("Think twice.\n", (7, 0))
        await until_seen(pilot, "changed since HEAD")


async def test_a_base_chosen_while_another_is_read_stays(rich: Desk, held: dict[str, asyncio.Event]):
    held[HEAD] = asyncio.Event()
    async with rich.open() as (app, pilot):
        bench_of(app).editor.insert("Think twice.\n", (7, 0))
        await until(pilot, lambda: "Think twice." in seen(app) and view_of(app).fresh)
        bench_of(app).context_side.compare_with(LAST_SAVE)
        await until(pilot, lambda: "vs last save +" in models_of(app))
        held[HEAD].set()
        await all_shown(app)
        assert "vs last save +" in models_of(app)


async def test_findings_that_come_while_a_base_is_read_do_not_lose_it(
    rich: Desk, held: dict[str, asyncio.Event], monkeypatch: pytest.MonkeyPatch
):
    released = threading.Event()

    def slow(*_: object) -> tuple[Finding, ...]:
        released.wait(20)
        return (Finding("repeat", "this stands twice"),)

    monkeypatch.setattr(Previewing, "findings", slow)
    async with rich.open() as (app, pilot):
        bench_of(app).editor.insert("Think twice.\n", (7, 0))
        await until(pilot, lambda: "vs HEAD +" in models_of(app))
        held[LAST_SAVE] = asyncio.Event()
        bench_of(app).context_side.compare_with(LAST_SAVE)
        await until(pilot, lambda: bench_of(app).context_side.base == LAST_SAVE)
        released.set()
        await until(pilot, lambda: "this stands twice" in models_of(app))
        held[LAST_SAVE].set()
        await until(pilot, lambda: "vs last save +" in models_of(app))
        assert "this stands twice" in models_of(app)


async def test_a_key_that_comes_right_after_the_text_was_taken_leaves_its_counts_stale(rich: Desk):
    async with rich.open() as (app, pilot):
        await focused(app, pilot)
        side = bench_of(app).context_side
        side.ask(lambda: Asked("triage", None, {"ticket": "Another"}))
        side.mark_stale()
        await all_shown(app)
        assert side.shown is not None and "Another" in side.shown.messages[1].content
        assert not view_of(app).fresh


async def test_before_a_text_is_counted_its_segments_have_their_places_and_no_figures(
    rich: Desk, monkeypatch: pytest.MonkeyPatch
):
    released, whole = asyncio.Event(), Previewing.for_model

    async def slow(self: Previewing, *what: object) -> object:
        await released.wait()
        return await whole(self, *what)  # type: ignore[arg-type]

    async with rich.open() as (app, pilot):
        await focused(app, pilot)
        await pilot.press("G")
        await until(pilot, lambda: "prompts/triage.md:13" in line_of(app) and "token" in line_of(app))
        monkeypatch.setattr(Previewing, "for_model", slow)
        bench_of(app).editor.insert("Think twice.\n", (7, 0))
        await until(pilot, lambda: "prompts/triage.md:14" in line_of(app))
        assert "token" not in line_of(app)
        released.set()
        await until(pilot, lambda: "prompts/triage.md:14" in line_of(app) and "token" in line_of(app))


async def test_a_context_whose_layout_failed_is_laid_out_when_it_is_shown_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object) -> Layout:
        raise RuntimeError("out of luck")

    desk.write("rules.txt", "Rule: be brief and say what is known.\n" * 20_000)
    desk.write("prompts/triage.md", TRIAGE.replace('{% include "_tone.md" %}\n', ""))
    with monkeypatch.context() as patched:
        patched.setattr(Layout, "of", broken)
        async with desk.open() as (app, pilot):
            await until(pilot, lambda: "out of luck" in told(app) and view_of(app).fresh)
            patched.undo()
            side = bench_of(app).context_side
            assert side.shown is not None
            view_of(app).show(side.shown, None)
            await until(pilot, lambda: view_of(app).virtual_size.height > 20_000)


async def test_the_figures_of_a_segment_among_thousands_are_found_behind_the_screen(desk: Desk):
    loop = "{% for one in range(3000) %}{{ ticket }}.{% endfor %}"
    desk.write("prompts/triage.md", TRIAGE[: TRIAGE.index("documents:")] + f"---\nuser:\n{loop}\n")
    async with desk.open() as (app, pilot):
        await focused(app, pilot)
        await until(pilot, lambda: "I input ticket" in line_of(app) and "token" in line_of(app))
        await pilot.press("l")
        await until(pilot, lambda: "T template" in line_of(app) and "1 token " in line_of(app))


async def test_without_git_it_is_said_why_there_is_nothing_to_compare_with(desk: Desk):
    async with desk.open() as (_, pilot):
        await until_seen(pilot, "vs HEAD: ")


async def test_a_prompt_that_is_not_in_git_yet_says_so(desk: Desk):
    desk.commit()
    desk.write("prompts/another.md", "Hello.\n")
    async with desk.open() as (app, pilot):
        bench_of(app).open("another")
        await until_seen(pilot, "vs HEAD: not committed yet")


async def test_a_head_that_cannot_be_rendered_says_so_and_the_context_is_there(desk: Desk):
    good = desk.text("prompts/triage.md")
    desk.write("prompts/triage.md", good.replace("{{ ticket }}", "{{ tickt }}"))
    desk.commit()
    desk.write("prompts/triage.md", good)
    async with desk.open() as (_, pilot):
        await until_seen(pilot, "vs HEAD: cannot be rendered", "<ticket>Card declined twice</ticket>")


async def test_the_last_good_context_keeps_its_marks_beside_an_error(rich: Desk):
    async with rich.open() as (app, pilot):
        bench_of(app).editor.insert("Think twice.\n", (7, 0))
        await until_seen(pilot, "+T   Think twice.")
        bench_of(app).editor.insert("{{ nobody }}", (8, 0))
        await until_seen(pilot, "Context ─ the last good one", "+T   Think twice.")
        await until(pilot, lambda: view_of(app).dimmed)


async def test_counts_that_are_late_are_dimmed_until_they_are_right_again(desk: Desk, monkeypatch):
    async with desk.open() as (app, pilot):
        side, view, models = bench_of(app).context_side, view_of(app), bench_of(app).query_one(ModelsView)
        await until(pilot, lambda: view.fresh)
        side.mark_stale()
        assert not view.fresh and not view.dimmed, "at once they would flicker at each key"
        bench_of(app).editor.insert("x")
        await until(pilot, lambda: view.fresh and not view.dimmed)
        with monkeypatch.context() as patched:
            patched.setattr("workbench.tui.widgets.context_side.SETTLE", 3600.0)
            bench_of(app).editor.insert("y")
            await until(pilot, lambda: not view.fresh)
            await until(pilot, lambda: view.dimmed and models.dimmed)
            assert any("dim" in str(span.style) for span in models.content.spans)
        bench_of(app).editor.insert("z")
        await until(pilot, lambda: view.fresh and not view.dimmed)
        assert not any("dim" in str(span.style) for span in models.content.spans)


async def test_what_is_in_sight_stays_where_it_is_while_text_above_it_changes(desk: Desk):
    desk.write("prompts/triage.md", "First.\n\n" + "".join(f"Line {number}.\n" for number in range(200)))
    async with desk.open() as (app, pilot):
        view = view_of(app)
        await until(pilot, lambda: view.fresh and bench_of(app).context_side.found)
        view.scroll_to(y=100, animate=False, force=True, immediate=True)
        await until(pilot, lambda: "Line 110." in seen(app))
        before = next(line for line in seen(app).splitlines() if "T   Line" in line).split("T   ")[1]
        bench_of(app).editor.insert("Much more.\nAnd more.\n", (0, 0))
        await until(pilot, lambda: view.scroll_offset.y == 102)
        after = next(line for line in seen(app).splitlines() if "T   Line" in line).split("T   ")[1]
        assert after.split()[:2] == before.split()[:2]


async def test_a_large_context_is_laid_out_behind_the_screen_and_can_be_gone_through(desk: Desk):
    desk.write("rules.txt", "Rule: be brief and say what is known.\n" * 20_000)
    desk.write("prompts/triage.md", TRIAGE.replace('{% include "_tone.md" %}\n', ""))
    async with desk.open() as (app, pilot):
        await focused(app, pilot)
        await until(pilot, lambda: view_of(app).virtual_size.height > 20_000)
        await pilot.press("G")
        await until_seen(pilot, f" TI {ARROW}<ticket>Card declined twice</ticket>")


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_legend_and_title_fit_into_a_narrow_pane(rich: Desk, size: tuple[int, int]):
    async with rich.open(size) as (app, pilot):
        await until_seen(pilot, "Context ─ lab ─ ")
        shown = bench_of(app).context_side.shown
        pane = bench_of(app).query_one("#context-pane")
        assert shown is not None
        await until_seen(pilot, legend(shown, pane.size.width - 6))
        assert "…" not in next(line for line in seen(app).splitlines() if "╰" in line)


async def test_a_model_with_a_price_shows_input_and_output_and_others_are_told_apart(desk: Desk):
    async with desk.open((160, 40)) as (_, pilot):
        text = await until_seen(pilot, "in $0.0000", "out $0 – $0.0000")
        assert "≈" in text
    desk.write(".workbench.yml", desk.text(".workbench.yml").replace("models: [lab]", "models: [mini]"))
    async with desk.open((160, 40)) as (_, pilot):
        await until_seen(pilot, "Context ─ mini ─ ", "unpriced")


async def test_the_number_of_findings_and_the_words_of_the_first_are_on_one_line(desk: Desk):
    triage = desk.text("prompts/triage.md")
    desk.write("prompts/triage.md", triage.replace("You sort", "<rules>You sort"))
    async with desk.open((160, 40)) as (app, pilot):
        await until_seen(pilot, "finding", "<rules>")
        preview = bench_of(app).context_side.preview
        assert preview is not None and any(one.code == "unclosed-tag" for one in preview.findings)
        bench_of(app).editor.insert("</rules>", (5, len("<rules>You sort tickets.")))
        await until(pilot, lambda: "unclosed-tag" not in [one.code for one in found(app)])


def found(app: WorkbenchApp) -> tuple[Finding, ...]:
    preview = bench_of(app).context_side.preview
    return preview.findings if preview is not None else ()
