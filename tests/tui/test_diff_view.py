"""The widget that shows a difference: faithful at any width, inert, and quick on large texts."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.worker import WorkerCancelled

from tests.tui.seeing import until
from workbench.context.diff import Kind
from workbench.tui.widgets.diff_layout import MOST_ROWS, Compared, Drawn, lay_out_diff
from workbench.tui.widgets.diff_view import DiffView

TEXTS = st.text(st.sampled_from("ab \n\t漢é\x1b[\r\u202e"), max_size=60)


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield DiffView(id="diff", same="Nothing changed.")


def lines(app: Shown) -> list[str]:
    view = app.query_one(DiffView)
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def text_of(row: Drawn) -> str:
    parts = (part for part in row.parts if part)
    return row.heading or "".join(
        part.gutter + "".join(piece.text for piece in part.pieces) for part in parts
    )


def laid(before: str, after: str, width: int, split: bool) -> list[Drawn]:
    compared = Compared(before, after, ("a", "b"))
    return lay_out_diff([(compared, compared.hunks())], width, split=split)


@given(TEXTS, TEXTS, st.sampled_from([(30, False), (80, False), (120, True)]))
def test_every_row_fits_and_holds_nothing_a_terminal_obeys(before: str, after: str, how: tuple[int, bool]):
    for row in laid(before, after, *how):
        assert cell_len(text_of(row)) <= how[0]
        assert not any(letter in text_of(row) for letter in "\x1b\r\t\u202e")


@given(TEXTS, TEXTS)
def test_no_changed_character_is_lost_however_narrow_it_is(before: str, after: str):
    removed = "".join(
        piece.text
        for row in laid(before, after, 20, False)
        for part in row.parts
        if part and "-" in part.gutter
        for piece in part.pieces
    )
    compared = Compared(before, after, ("a", "b"))
    wanted = [
        row.left.text
        for hunk in compared.hunks()
        for row in hunk.rows
        if row.left and row.kind.value in ("removed", "changed")
    ]
    assert removed.count("漢") == "".join(wanted).count("漢") and removed.count("␛") == "".join(wanted).count(
        "\x1b"
    )


async def test_signs_and_underlines_tell_what_changed_without_colour():
    async with Shown().run_test(size=(60, 10)) as pilot:
        pilot.app.query_one(DiffView).show(
            "You are strict.\n", "You are mild.\n", titles=("HEAD", "working tree")
        )
        await pilot.pause()
        assert lines(pilot.app)[:5] == [
            "--- HEAD",
            "+++ working tree",
            "@@ -1 +1 @@",
            "1 - You are strict.",
            "1 + You are mild.",
        ]
        strip = pilot.app.query_one(DiffView).render_line(4)
        assert [segment.text for segment in strip if segment.style and segment.style.underline] == ["mild"]


async def test_side_by_side_needs_the_room_for_it():
    for width, divided in ((90, False), (120, True)):
        async with Shown().run_test(size=(width, 10)) as pilot:
            view = pilot.app.query_one(DiffView)
            view.show("You are strict.\n", "You are mild.\n")
            view.focus()
            await pilot.press("d")
            await pilot.pause()
            assert view.is_split is divided
            assert any("strict" in line and "mild" in line for line in lines(pilot.app)) is divided
            await pilot.press("d")
            await pilot.pause()
            assert not view.is_split


async def test_a_text_that_is_the_same_says_so_and_a_message_stands_alone():
    async with Shown().run_test(size=(60, 10)) as pilot:
        view = pilot.app.query_one(DiffView)
        view.show("same\n", "same\n")
        await pilot.pause()
        assert lines(pilot.app)[0] == "Nothing changed."
        view.say("It cannot be read.\n[red]\x1b")
        await pilot.pause()
        assert lines(pilot.app)[:2] == ["It cannot be read.", "[red]␛"]


async def test_markup_and_escape_sequences_are_text():
    async with Shown().run_test(size=(60, 10)) as pilot:
        pilot.app.query_one(DiffView).show("[b]a[/]\n", "[b]a[/] \x1b[31m\tb\n", titles=("[x]", "\x1b[1m"))
        await pilot.pause()
        shown = "\n".join(lines(pilot.app))
        assert "--- [x]" in shown and "+++ ␛[1m" in shown and "+ [b]a[/] ␛[31m    b" in shown


@pytest.mark.parametrize("split", [False, True])
async def test_a_large_text_is_compared_beside_the_screen_and_drawn_only_in_sight(split: bool):
    before = "".join(f"line {number} of the old text\n" for number in range(20_000))
    old = before.splitlines(keepends=True)
    after = "".join(
        line.replace("old", "new") if not 2_000 <= at < 18_000 else line for at, line in enumerate(old)
    )
    async with Shown().run_test(size=(120, 30)) as pilot:
        view = pilot.app.query_one(DiffView)
        view.show_split(split)
        begun = time.monotonic()
        view.show(before, after)
        assert time.monotonic() - begun < 0.05
        await until(pilot, lambda: "line 0 of" in "\n".join(lines(pilot.app)))
        begun = time.monotonic()
        for _ in range(20):
            lines(pilot.app)
        assert (time.monotonic() - begun) / 20 < 0.05
        await pilot.press("end")
        await until(pilot, lambda: "line 19999 of" in "\n".join(lines(pilot.app)))


@pytest.mark.parametrize(
    ("split", "lines_shown"),
    [(False, MOST_ROWS - len(["---", "+++", "@@"])), (True, 2 * (MOST_ROWS - len(["--- | +++", "@@"])))],
)
async def test_of_a_very_large_difference_the_first_rows_are_drawn_and_the_rest_is_counted(
    split: bool, lines_shown: int
):
    before = "".join(f"line {number} of the old text\n" for number in range(20_000))
    async with Shown().run_test(size=(120, 30)) as pilot:
        view = pilot.app.query_one(DiffView)
        view.show_split(split)
        view.show_all([Compared(before, before.replace("old", "new"), ("a", "b"))], note="! A note.")
        await until(pilot, lambda: "line 0 of" in "\n".join(lines(pilot.app)))
        view.focus()
        await pilot.press("end")
        more = f"… {40_000 - lines_shown:,} more lines are not shown."
        await until(pilot, lambda: lines(pilot.app)[-3:] == [more, "", "! A note."])


@pytest.mark.parametrize("split", [False, True])
def test_of_a_line_that_is_too_long_to_be_drawn_the_first_rows_are(split: bool):
    rows = laid("", "漢" * 1_000_000, 120, split)
    assert len(rows) == MOST_ROWS + 1
    assert rows[-1].heading == "… the rest of this line is not shown."


@given(TEXTS, TEXTS, st.booleans())
def test_each_line_is_counted_on_the_row_where_it_begins(before: str, after: str, split: bool):
    changed = [row for hunk in Compared(before, after, ("a", "b")).hunks() for row in hunk.rows]
    there = sum(1 if row.kind is Kind.SAME else bool(row.left) + bool(row.right) for row in changed)
    assert sum(row.lines for row in laid(before, after, 20, split)) == there


async def test_a_newer_difference_is_never_covered_by_an_older_one_that_took_longer():
    before = "".join(f"line {number}\n" for number in range(20_000))
    async with Shown().run_test(size=(80, 10)) as pilot:
        view = pilot.app.query_one(DiffView)
        view.show(before, before.replace("line", "row"))
        view.show("a\n", "b\n")
        with suppress(WorkerCancelled):
            await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.3)
        assert "1 + b" in lines(pilot.app)
