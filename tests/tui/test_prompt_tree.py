"""The tree of prompts: what there is, how it stands, and that nothing moves which need not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.seeing import seen, until
from workbench.bench.shelving import State
from workbench.tui.commands import COMMANDS
from workbench.tui.themes import DARK
from workbench.tui.widgets.prompt_tree import HERE, PromptTree

ITEMS = (
    "prompts/_tone.md",
    "prompts/plain.md",
    "prompts/reviews/deep/nested.md",
    "prompts/reviews/sentiment.md",
    "prompts/support/_shared/footer.md",
    "prompts/support/triage.md",
)


class TreeScreen(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def compose(self) -> ComposeResult:
        yield PromptTree()

    def action_open_here(self) -> None:
        self.query_one(PromptTree).choose()

    def on_prompt_tree_chosen(self, event: PromptTree.Chosen) -> None:
        self.asked.append(event.path)


for command in COMMANDS:
    if command.within == "prompts" and command.action != "open_here":
        setattr(
            TreeScreen,
            f"action_{command.action}",
            lambda self, named=command.action: self.asked.append(
                f"{named} {self.query_one(PromptTree).path}"
            ),
        )


class TreeApp(App[None]):
    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.theme = DARK.name
        self.push_screen(TreeScreen())

    @property
    def tree(self) -> PromptTree:
        return self.screen.query_one(PromptTree)

    @property
    def asked(self) -> list[str]:
        assert isinstance(self.screen, TreeScreen)
        return self.screen.asked


@asynccontextmanager
async def shown(
    items: tuple[str, ...] = ITEMS, states: dict[str, State] | None = None, size: tuple[int, int] = (30, 16)
) -> AsyncIterator[tuple[TreeApp, Pilot[None]]]:
    app = TreeApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TreeScreen) and app.screen.is_mounted)
        app.tree.show(items, states or {})
        app.tree.focus()
        await pilot.pause()
        yield app, pilot


def lines(app: TreeApp) -> list[str]:
    """Return what stands on screen, without the scroll bar."""
    return [line.rstrip(" ▁▂▃▄▅▆▇█") for line in seen(app).splitlines() if line.strip()]  # type: ignore[arg-type]


async def test_folders_come_first_then_prompts_then_partials():
    async with shown() as (app, _):
        assert lines(app) == [
            "▾reviews",
            "  ▾deep",
            "     nested",
            "   sentiment",
            "▾support",
            "  ▾_shared",
            "     footer",
            "   triage",
            " plain",
            " _tone",
        ]
        assert app.tree.border_subtitle == "4", "partials are no prompts"


async def test_each_row_ends_with_its_letter_and_folders_with_the_most_urgent_inside():
    states = {
        "prompts/plain.md": State.UNTRACKED,
        "prompts/reviews/sentiment.md": State.MODIFIED,
        "prompts/reviews/deep/nested.md": State.BROKEN,
        "prompts/support/triage.md": State.STAGED,
        "prompts/_tone.md": State.CONFLICTING,
    }
    async with shown(states=states) as (app, _):
        ends = {line.split()[0].lstrip("▾"): line[-1] for line in lines(app)}
        assert ends == {
            "reviews": "!",
            "deep": "!",
            "nested": "!",
            "sentiment": "M",
            "support": "S",
            "_shared": "d",
            "footer": "r",
            "triage": "S",
            "plain": "?",
            "_tone": "U",
        }
        assert len({len(line) for line in lines(app) if line[-1] in "!MSU?"}) == 1, (
            "letters stand under each other"
        )


async def test_what_is_unsaved_carries_a_mark_and_so_does_the_closed_folder_around_it():
    async with shown() as (app, pilot):
        app.tree.show(ITEMS, {}, {"prompts/reviews/sentiment.md"})
        await pilot.pause()
        assert [line.split() for line in lines(app) if "●" in line] == [["sentiment", "●"]]
        await pilot.press("space")
        assert [line.split() for line in lines(app) if "●" in line] == [["▸reviews", "●"]]


async def test_an_update_keeps_cursor_folders_and_scroll():
    items = tuple(f"prompts/f{number:03}/p.md" for number in range(100))
    async with shown(items) as (app, pilot):
        tree = app.tree
        tree.go_to("prompts/f050/p.md")
        await pilot.press("left", "left")  # to the folder, and closed
        await pilot.pause()
        before, scroll = lines(app), tree.scroll_offset
        assert scroll.y
        tree.show(items, {})
        await pilot.pause()
        assert (lines(app), tree.scroll_offset) == (before, scroll)
        assert tree.folder == "f050/" and tree.folded == {"prompts/f050"}
        tree.show(("prompts/a/new.md", "prompts/a/other.md", *items), {})
        await pilot.pause()
        assert lines(app) == before, "what came above moves nothing on screen"
        assert tree.scroll_offset == scroll + Offset(0, 3)


async def test_where_the_prompt_under_the_cursor_is_gone_the_next_one_is_under_it():
    async with shown() as (app, pilot):
        app.tree.go_to("prompts/plain.md")
        app.tree.show(tuple(path for path in ITEMS if path != "prompts/plain.md"), {})
        await pilot.pause()
        assert app.tree.path == "prompts/_tone.md"
        app.tree.show((), {})
        await pilot.press("down", "up", "enter", "space", "left", "right")
        assert app.tree.path is None and app.tree.folder == ""


async def test_enter_and_a_click_open_a_prompt_and_fold_a_folder():
    async with shown() as (app, pilot):
        await pilot.press("enter")
        assert lines(app)[0] == "▸reviews" and app.asked == []
        await pilot.press("enter", "down", "down", "enter")
        assert app.asked == ["prompts/reviews/deep/nested.md"]
        await pilot.click(PromptTree, offset=(8, 8))  # inside the border, if there is one
        await pilot.pause()
        assert app.asked[-1] == app.tree.path


@pytest.mark.parametrize(
    "command", [row for row in COMMANDS if row.within == "prompts"], ids=lambda row: row.id
)
async def test_every_key_of_the_pane_reaches_the_screen(command):
    async with shown() as (app, pilot):
        app.tree.go_to("prompts/plain.md")
        for key in command.keys.split(","):
            app.asked.clear()
            await pilot.press(key)
            await until(pilot, lambda: app.asked)
            named = "" if command.action == "open_here" else f"{command.action} "
            assert app.asked == [f"{named}prompts/plain.md"]


async def test_names_are_text_and_nothing_else():
    items = ("prompts/[red]x[_].md", "prompts/a\x1b[31m.md", "prompts/ctrl\r.md", "prompts/two\nlines.md")
    async with shown(items) as (app, pilot):
        text = "\n".join(lines(app))
        assert "[red]x[_]" in text and "␛[31m" in text and "two␊lines" in text and "\x1b" not in text
        for offset in range(4):
            await pilot.hover(PromptTree, offset=(5, offset))
            await pilot.pause()


async def test_a_name_too_long_is_cut_and_its_letter_stays():
    items = ("prompts/" + "long-" * 20 + ".md", "prompts/" + "漢字" * 20 + ".md")
    async with shown(items, dict.fromkeys(items, State.MODIFIED)) as (app, _):
        assert [line.endswith("M") and "…" in line for line in lines(app)] == [True, True]


async def test_what_is_open_is_marked_and_brought_into_sight():
    items = tuple(f"prompts/f/p{number:03}.md" for number in range(100))
    async with shown(items) as (app, pilot):
        await pilot.press("space")
        app.tree.mark_open("prompts/f/p070.md")
        await pilot.pause()
        assert [line.split() for line in lines(app) if HERE in line] == [[f"{HERE}p070"]]
        assert app.tree.path == "prompts/f/p070.md" in app.tree.in_sight()


async def test_a_thousand_prompts_are_shown_as_fast_as_ten():
    def took(tree: PromptTree, count: int) -> float:
        items = tuple(f"prompts/folder{number % 20}/prompt{number:04}.md" for number in range(count))
        states = {path: State.MODIFIED for path in items[::3]}
        start = perf_counter()
        tree.show(items, states)
        for line in range(14):
            tree.render_line(line)
        return perf_counter() - start

    async with shown(()) as (app, _):
        few = min(took(app.tree, 10 + at % 2) for at in range(6))
        many = min(took(app.tree, 1000 + at % 2) for at in range(6))
        print(f"ten {few * 1000:.2f} ms, a thousand {many * 1000:.2f} ms")
        assert many < 0.016
