"""The blank page: a text character for character, of any size."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.tui.seeing import seen, until, until_seen
from workbench.tui.screens.dialogs import Page
from workbench.tui.widgets.plain_text import PlainText


class PageApp(App[None]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.closed = False

    def on_mount(self) -> None:
        self.push_screen(Page(self.text), self.close)

    def close(self, _: None) -> None:
        self.closed = True


def rows(pilot: Pilot[None]) -> list[str]:
    return [line.strip() for line in seen(pilot.app).splitlines() if line.strip()]  # type: ignore[arg-type]


async def test_a_text_is_shown_and_not_obeyed():
    async with PageApp("[red]one[/]\n\x1b]52;c;eA==\x07two\n{{ three }} \u202efour").run_test(
        size=(60, 20)
    ) as pilot:
        await until_seen(pilot, "three")
        assert rows(pilot) == ["[red]one[/]", "␛]52;c;eA==␇two", "{{ three }} �four"]


async def test_a_long_line_is_wrapped_and_nothing_of_it_is_lost():
    words = " ".join(f"wörd{at}" for at in range(60))
    async with PageApp(words).run_test(size=(50, 24)) as pilot:
        await until_seen(pilot, "wörd59")
        assert " ".join(rows(pilot)) == words


async def test_wide_characters_take_their_room():
    async with PageApp("漢字" * 40).run_test(size=(50, 10)) as pilot:
        await until_seen(pilot, "漢字")
        assert "".join(rows(pilot)) == "漢字" * 40


@pytest.mark.parametrize("line", ["word " * 20 + "\n", "wörd " * 20, "漢" * 100])
async def test_five_megabytes_are_there_to_their_end_and_only_what_is_in_sight_is_drawn(
    line: str, monkeypatch: pytest.MonkeyPatch
):
    drawn: list[int] = []
    whole = PlainText.render_line
    monkeypatch.setattr(PlainText, "render_line", lambda self, y: (drawn.append(y), whole(self, y))[1])
    text = "BEGIN " + line * (5_000_000 // len(line.encode())) + " END"
    async with PageApp(text).run_test(size=(80, 24)) as pilot:
        await until_seen(pilot, "BEGIN")
        page = pilot.app.screen.query_one(PlainText)
        await until(pilot, lambda: page.virtual_size.height > 50_000 or "漢" in line)
        await pilot.press("end")
        await until(pilot, lambda: (page.scroll_end(animate=False), "END" in seen(pilot.app))[1])
        assert drawn and max(drawn) < 24


async def test_it_scrolls_like_a_pager():
    async with PageApp("\n".join(map(str, range(100)))).run_test(size=(40, 10)) as pilot:
        await until_seen(pilot, "9")
        await pilot.press("j")
        await until(pilot, lambda: rows(pilot)[0] == "1")
        await pilot.press("k")
        await until(pilot, lambda: rows(pilot)[0] == "0")
        await pilot.press("pagedown")
        await until(pilot, lambda: rows(pilot)[0] == "10")


@pytest.mark.parametrize("key", ["escape", "q", "f12"])
async def test_it_closes(key: str):
    app = PageApp("text")
    async with app.run_test() as pilot:
        await until_seen(pilot, "text")
        await pilot.press(key)
        await until(pilot, lambda: app.closed)
