"""A key that a server sends back is on no screen, and in no file behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.loopback import Reply, unauthorized
from tests.tui.conftest import Desk
from tests.tui.seeing import at_rest, picture, seen, until_seen
from workbench.tui.screens.past_runs import PastRuns
from workbench.tui.screens.result_page import ResultPage

KEY = "sk-planted-7f3a9c2e41d8"
SETTINGS = """\
models:
  lab: {model: openai/loopback-1, api_base: %s, api_key_env: LAB_KEY}
defaults: {models: [lab], params: {max_tokens: 20}}
limits: {retries: 1, timeout: 10, concurrency: 1}
"""


async def test_a_key_that_streams_back_in_pieces_is_on_no_screen_and_in_no_file(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LAB_KEY", KEY)
    pieces = ["Yours is ", KEY[:4], KEY[4:11], KEY[11:] + ", is it ", "not?"]
    told = Reply("".join(pieces), pieces=pieces, reasoning=f"I was sent {KEY}", model=f"m-{KEY}")
    async with desk.answering([told, unauthorized()]) as server:
        desk.write(".workbench.yml", SETTINGS % server.url)
        async with desk.open() as (app, pilot):
            await pilot.press("ctrl+r")
            await until_seen(pilot, "contender")
            await pilot.press("enter")
            shown = [await until_seen(pilot, "run 1 done")]
            await at_rest(pilot)
            shown += [seen(app), picture(app)]
            for page, words in (
                (ResultPage(1), "Yours is [key], is it not?"),
                (ResultPage(2), "[key] (error"),
                (PastRuns("key"), "3 results"),
            ):
                await app.push_screen(page)
                await until_seen(pilot, words)
                await at_rest(pilot)
                shown += [seen(app), picture(app)]
                await app.pop_screen()
        assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"
        assert server.requests[0].body["stream"]
    for text in shown:
        assert KEY not in text and KEY[:11] not in text
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()
