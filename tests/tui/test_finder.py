"""The finder: any prompt in a few letters, however many there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

import workbench.tui.app
from tests.support.projects import Project
from tests.tui.seeing import seen, until
from workbench.bench.searching import Searching
from workbench.errors import Place
from workbench.prompts.library import Library
from workbench.tui.screens.finder import Finder
from workbench.tui.themes import DARK

STYLES = Path(workbench.tui.app.__file__).parent / "workbench.tcss"


class FinderApp(App[None]):
    CSS_PATH = STYLES

    def __init__(self, project: Project) -> None:
        super().__init__()
        library = Library(project.root)
        self.items = [path for path in library.tree.paths("prompts") if path.endswith(".md")]
        self.searching = Searching(library)
        self.taken: list[Place | None] = []
        self.register_theme(DARK)
        self.theme = DARK.name

    def on_mount(self) -> None:
        self.push_screen(Finder(self.searching, self.items), self.taken.append)


@asynccontextmanager
async def finder(
    project: Project, size: tuple[int, int] = (140, 30)
) -> AsyncIterator[tuple[FinderApp, Pilot[None]]]:
    app = FinderApp(project)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: f"of {len(app.items):,} " in seen(app))  # type: ignore[arg-type]
        yield app, pilot


def offered(app: FinderApp) -> list[str]:
    options = app.screen.query_one(OptionList)
    return [str(options.get_option_at_index(at).prompt) for at in range(options.option_count)]


@pytest.fixture
def shelf(project: Project) -> Project:
    project.write("prompts/support/triage.md", "---\ndescription: Sort a ticket\n---\nuser:\n{{ ticket }}\n")
    project.write("prompts/support/triage.cases.yml", "- {name: card-declined, inputs: {ticket: x}}\n")
    project.write(
        "prompts/reviews/sentiment.md", "system:\nLabel it.\n" + "filler\n" * 40 + "one odd word here\n"
    )
    project.write("prompts/_tone.md", "Be [red]kind[/red] \x1b[31mand literal.\n")
    return project


async def test_typing_narrows_down_and_enter_opens(shelf: Project):
    async with finder(shelf) as (app, pilot):
        assert len(offered(app)) == 3
        await pilot.press(*"sutri")
        await until(pilot, lambda: [line.split()[0] for line in offered(app)] == ["support/triage"])
        await pilot.press("enter")
        await until(pilot, lambda: app.taken == [Place("prompts/support/triage.md", 1)])


async def test_a_text_is_found_by_its_line_which_the_preview_shows_and_enter_opens(shelf: Project):
    async with finder(shelf) as (app, pilot):
        await pilot.press(*"odd word")
        await until(pilot, lambda: "43: one odd word here" in "".join(offered(app)))
        await until(pilot, lambda: "43 one odd word here" in seen(app))  # type: ignore[arg-type]
        await pilot.press("enter")
        await until(pilot, lambda: app.taken == [Place("prompts/reviews/sentiment.md", 43)])


async def test_cases_and_descriptions_are_found_and_partials_too(shelf: Project):
    async with finder(shelf) as (app, pilot):
        for typed, shown in (
            ("declined", "support/triage  case card-declined"),
            ("ticket", "support/triage  Sort a ticket"),
            ("tone", "_tone"),
        ):
            app.screen.query_one(Input).value = typed
            await until(pilot, lambda shown=shown: [line.strip() for line in offered(app)] == [shown])


async def test_arrows_move_while_one_types_and_escape_gives_nothing(shelf: Project):
    async with finder(shelf) as (app, pilot):
        await pilot.press("down", "down", "down", "up")
        assert app.screen.query_one(OptionList).highlighted == 1
        assert app.focused is app.screen.query_one(Input)
        await pilot.press("escape")
        await until(pilot, lambda: app.taken == [None])


async def test_enter_right_after_a_letter_opens_what_the_letter_finds(shelf: Project):
    async with finder(shelf) as (app, pilot):
        field = app.screen.query_one(Input)
        with app.prevent(Input.Changed):  # as if nothing had been looked for yet
            field.value = "sentiment"
        await pilot.press("enter")
        await until(pilot, lambda: app.taken == [Place("prompts/reviews/sentiment.md", 1)])


async def test_nothing_found_opens_nothing(shelf: Project):
    async with finder(shelf) as (app, pilot):
        await pilot.press(*"zzz")
        await until(pilot, lambda: offered(app) == [])
        await pilot.press("enter", "down", "up")
        assert app.taken == [] and "0 of 3" in seen(app)  # type: ignore[arg-type]


async def test_text_of_files_is_inert_in_the_list_and_in_the_preview(shelf: Project):
    async with finder(shelf) as (app, pilot):
        await pilot.press(*"literal")
        await until(pilot, lambda: "[red]kind[/red]" in "".join(offered(app)))
        text = seen(app)  # type: ignore[arg-type]
        assert text.count("[red]kind[/red]") == 2 and text.count("␛[31m") == 2


async def test_on_a_narrow_screen_the_list_has_all_the_room(shelf: Project):
    async with finder(shelf, (80, 24)) as (app, pilot):
        await pilot.press(*"odd")
        await until(pilot, lambda: "43: one odd word" in seen(app))  # type: ignore[arg-type]
        assert not app.screen.query_one("#finder-preview").display


async def test_a_thousand_prompts_stall_no_key(project: Project):
    for number in range(1000):
        project.write(
            f"prompts/folder{number % 20}/prompt{number:04}.md",
            f"---\ndescription: Number {number}\n---\nuser:\n" + f"Line {number} of what is said.\n" * 30,
        )
    async with finder(project) as (app, pilot):
        lags: list[float] = []

        async def watch() -> None:
            while True:
                start = perf_counter()
                await asyncio.sleep(0.001)
                lags.append(perf_counter() - start)

        watching = asyncio.create_task(watch())
        for letter in "line 777":
            await pilot.press("space" if letter == " " else letter)
        await until(pilot, lambda: "5: Line 777 of" in offered(app)[0])
        watching.cancel()
        lags.sort()
        print(f"lag: median {lags[len(lags) // 2] * 1000:.1f} ms, worst {lags[-1] * 1000:.1f} ms")
        assert lags[len(lags) // 2] < 0.016 and lags[-1] < 0.5
