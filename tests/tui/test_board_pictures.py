"""Pictures of the board with its plots and pages, on votes in which nothing varies.

After a change that is meant: ``pytest tests/tui/test_board_pictures.py --snapshot-update``; look at them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from random import Random
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.conftest import Desk, settled
from tests.tui.seeing import at_rest, until, until_seen
from tests.tui.test_history_pictures import commit
from tests.tui.test_pictures import SENTIMENT, SETTINGS, app_on
from workbench.bench.bench import Bench
from workbench.bench.dueling import Dueling, Shown
from workbench.bench.running import Request
from workbench.models.calls import Answer, Call, CallEvent, Usage
from workbench.tui.screens import board_commits, board_votes

NOW = "2026-02-05T12:00:00.000Z"
NAME = "reviews/sentiment"
CASES = "".join(f"- {{name: film {number}, inputs: {{review: Film {number}.}}}}\n" for number in range(12))
SKILLS = {("small", False): 0, ("small", True): 2, ("large", False): 1, ("large", True): 2}
"""How good a model's answers are, without and with the words of the second commit."""


@pytest.fixture
def past(blank: Desk) -> Desk:
    """A prompt with two commits."""
    blank.write(".workbench.yml", SETTINGS)
    blank.write(".gitignore", ".workbench/\n")
    blank.write("prompts/_tone.md", "Be brief.\n")
    blank.write(f"prompts/{NAME}.md", SENTIMENT.replace("Answer with one word: ", "Say "))
    blank.write(f"prompts/{NAME}.cases.yml", CASES)
    blank.git("init", "-q", "-b", "main")
    commit(blank, "First version", "2026-01-20")
    blank.write(f"prompts/{NAME}.md", SENTIMENT)
    commit(blank, "Answer with one word", "2026-01-31")
    return blank


async def run_and_vote(bench: Bench) -> None:
    """Answer all cases with both versions and models, and let two people judge."""
    asked = 0

    async def ask(call: Call) -> AsyncIterator[CallEvent]:
        nonlocal asked
        asked += 1
        skill = SKILLS[call.model.name, "one word" in call.messages[0].content]
        small = call.model.name == "small"
        usage = Usage(input=70, output=4 + skill)
        yield Answer(
            f"{skill} of 2, answer {asked}", finish="stop", usage=usage, total=0.25 if small else 0.74
        )

    bench.gateway.ask = ask  # type: ignore[method-assign]
    prepared = await bench.running.prepare(Request((NAME, f"{NAME}@HEAD~1")))
    async with aclosing(bench.running.start(prepared).events()) as events:
        async for _ in events:
            pass
    chance = Random(5)
    for judge, votes in (("Ada", 40), ("Ben", 10)):
        dueling = Dueling(bench.store, lambda judge=judge: judge, Random(3))  # type: ignore[misc]
        for _ in range(votes):
            shown = dueling.next(NAME)
            assert isinstance(shown, Shown)
            ahead = int(shown.left[0]) - int(shown.right[0]) + chance.choice((-1, 0, 0, 0, 1))
            choice = "left" if ahead > 0 else "right" if ahead < 0 else chance.choice(("tie", "tie", "bad"))
            dueling.vote(shown.pair.id, choice)
    for number in range(1, 13):
        bench.recalling.label(number, "bad" if number % 4 == 0 else "good")


async def plotted(pilot: Pilot[Any]) -> None:
    if pilot.app.size.width < 110:
        await pilot.press("P")
    await until_seen(pilot, "Quality and cost")


async def ratings(pilot: Pilot[Any]) -> None:
    await pilot.press(*["P"] * (3 if pilot.app.size.width < 110 else 1))
    await until_seen(pilot, "Ratings ─ 95 %")


async def filtering(pilot: Pilot[Any]) -> None:
    await pilot.press("slash", *"judge:Ben")
    await until_seen(pilot, "10 votes")


async def matrix(pilot: Pilot[Any]) -> None:
    await pilot.press("H", "down")
    await until_seen(pilot, "row against column")


async def votes(pilot: Pilot[Any]) -> None:
    await pilot.press("enter", "j")
    await until_seen(pilot, "─ better", "answer ")


async def judges(pilot: Pilot[Any]) -> None:
    await pilot.press("J")
    await until_seen(pilot, "asked again")


async def commits(pilot: Pilot[Any]) -> None:
    await pilot.press("C")
    await until_seen(pilot, "2 of 2 with votes")


STATES = {
    function.__name__: function for function in (plotted, ratings, filtering, matrix, votes, judges, commits)
}
SIZES = {"small": (80, 24), "large": (160, 50)}
PICTURES = [
    *((state, "small", "dark") for state in STATES),
    *((state, "large", "dark") for state in ("plotted", "votes")),
    ("plotted", "large", "light"),
]


@pytest.mark.parametrize(("state", "size", "theme"), PICTURES, ids=["-".join(each) for each in PICTURES])
def test_picture(
    past: Desk,
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    size: str,
    theme: str,
):
    for page in (board_commits, board_votes):
        monkeypatch.setattr(page, "utc_now", lambda: NOW)
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)

    async def reach(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: settled(pilot.app))
        await run_and_vote(pilot.app.bench)
        await pilot.press("f6")
        await until_seen(pilot, "50 votes", "95 % interval")
        await STATES[state](pilot)
        await at_rest(pilot)
        pilot.app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app_on(past, theme), terminal_size=SIZES[size], run_before=reach)
