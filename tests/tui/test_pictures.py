"""Pictures of every screen on a project in which nothing varies: no times, no ages, no ports.

After a change that is meant: ``pytest tests/tui/test_pictures.py --snapshot-update``, and look at them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from random import Random
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from tests.tui.conftest import Desk, bench_of
from tests.tui.seeing import at_rest, until, until_seen
from workbench.bench.bench import Bench
from workbench.bench.dueling import Dueling
from workbench.bench.running import Request
from workbench.models.calls import Answer, Call, CallEvent, Usage
from workbench.tui.app import WorkbenchApp

SETTINGS = """\
models:
  small:
    model: openai/qwen3
    api_base: http://127.0.0.1:9/v1
    price: {input: 0.1, output: 0.4}
    context_window: 8192
  large:
    model: openai/qwen9
    api_base: http://127.0.0.1:9/v1
    price: {input: 1, output: 4}
    context_window: 32768
defaults: {models: [small, large], params: {max_tokens: 60}}
limits: {concurrency: 1}
"""

SENTIMENT = """\
---
description: Label a film review.
inputs:
  review: {description: The review.}
examples:
  - {review: A triumph from its first frame., output: positive}
---
system:
You label film reviews. Answer with one word: positive, negative or mixed.
{% include "_tone.md" %}

user:
<review>{{ review }}</review>
"""

CASES = """\
- {name: glowing, inputs: {review: "Go and see it twice."}, expect: positive}
- {name: furious, inputs: {review: "Two hours I will never get back."}, expect: negative}
- {name: sarcastic, inputs: {review: "Oh great, another sequel nobody asked for."}, expect: negative}
- {name: quiet, inputs: {review: "It is a film. It has a beginning."}}
"""

REVIEWS = ("Go and see", "Two hours", "Oh great", "It is a film")

ANSWERS = {
    "small": [
        "positive",
        "negative",
        "positive",
        "It *is* a film,\nand [red]no more[/].",
    ],
    "large": ["positive", "negative", "negative", "mixed"],
}


@pytest.fixture
def gallery(blank: Desk) -> Desk:
    """A project with three prompts, one of them committed, run on two models and judged."""
    blank.write(".workbench.yml", SETTINGS)
    blank.write(".gitignore", ".workbench/\n")
    blank.write("prompts/_tone.md", "Be brief and literal.\n")
    blank.write("prompts/reviews/sentiment.md", SENTIMENT)
    blank.write("prompts/reviews/sentiment.cases.yml", CASES)
    blank.write("prompts/support/triage.md", "Sort this ticket: {{ ticket }}\n")
    blank.write("prompts/support/summary.md", "Sum this up.\n")
    blank.git("init", "-q", "-b", "main")
    blank.git("config", "user.name", NOBODY["NAME"])
    blank.git("config", "user.email", NOBODY["EMAIL"])
    blank.git("add", "--all")
    fixed = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in NOBODY.items()}
    subprocess.run(
        ["git", "commit", "-q", "-m", "Examples as turns"],
        cwd=blank.root,
        env={**os.environ, **fixed},
        check=True,
    )
    return blank


NOBODY = {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": "2026-01-31T12:00:00+0000"}


async def store_run(bench: Bench) -> None:
    """Run the prompt on a gateway whose answers and figures never vary."""

    async def ask(call: Call) -> AsyncIterator[CallEvent]:
        place = next(at for at, ticket in enumerate(REVIEWS) if ticket in call.messages[-1].content)
        text, small = ANSWERS[call.model.name][place], call.model.name == "small"
        usage = Usage(input=70, output=len(text.split()) + 1)
        ttft, total = (0.12, 0.25) if small else (0.31, 0.74)
        yield Answer(text, finish="stop", usage=usage, ttft=ttft, total=total, model="qwen")

    bench.gateway.ask = ask  # type: ignore[method-assign]
    prepared = await bench.running.prepare(Request(("reviews/sentiment",)))
    async with aclosing(bench.running.start(prepared).events()) as events:
        async for _ in events:
            pass


def seeded(bench: Bench) -> Dueling:
    bench.__dict__["dueling"] = Dueling(bench.store, lambda: "Ada", Random(3))
    return bench.dueling


def app_on(desk: Desk, theme: str) -> WorkbenchApp:
    app = WorkbenchApp(desk.bench())
    seeded(app.bench)
    app.theme = f"workbench-{theme}"
    app.animation_level = "none"
    return app


async def settle(pilot: Pilot[Any]) -> None:
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    await until(
        pilot, lambda: bench_of(app).context_side.found and bench_of(app).query_one("ContextView").fresh
    )


async def bench(pilot: Pilot[Any]) -> None:
    await settle(pilot)


async def broken(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    bench_of(pilot.app).editor.insert("{{ reviw }}", (12, 0))
    await until_seen(pilot, "Did you mean")


async def plan(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await pilot.press("ctrl+r")
    await until_seen(pilot, "contenders")


async def runs(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await store_run(pilot.app.bench)
    await pilot.press("f3")
    await until_seen(pilot, "run 1 done")
    await pilot.press("j", "j")
    await until_seen(pilot, "case 3/4 sarcastic")


async def duel(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await store_run(pilot.app.bench)
    await pilot.press("f4")
    await until_seen(pilot, "vote 1")


async def board(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await store_run(pilot.app.bench)
    dueling = pilot.app.bench.dueling
    for _ in range(2):
        shown = dueling.next("reviews/sentiment")
        dueling.vote(shown.pair.id, "left" if shown.left in ("negative", "mixed") else "right")
    await pilot.press("f6")
    await until_seen(pilot, "2 votes", "95 % interval")


async def help_page(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await pilot.press("f1")
    await until_seen(pilot, "Keys on bench")


async def models(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await pilot.press("ctrl+l")
    await until_seen(pilot, "Count for a model")
    await pilot.press("e")
    await until_seen(pilot, "as typed")


async def offering(pilot: Pilot[Any]) -> None:
    """Something is wrong, and words are offered for what is being typed."""
    await settle(pilot)
    editor = bench_of(pilot.app).editor
    editor.insert("Be {{ tine }}.\n", (8, 0))
    await until_seen(pilot, "9✗")
    editor.move_cursor((11, 0))
    await pilot.press(*"{{ re")
    await until_seen(pilot, "▸review")


async def finding(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await pilot.press("ctrl+f", *"review", "down")
    await until_seen(pilot, "whole word", "2 of ")


async def trying(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await pilot.press("f7")
    await until_seen(pilot, "Inputs ─ glowing")
    await pilot.press(*"Never. ")
    await until_seen(pilot, "tried ●", "Never. Go and see it twice.")
    await settle(pilot)


async def committing(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    bench_of(pilot.app).editor.insert("Think first. ", (8, 0))
    await pilot.press("ctrl+s")
    await until(pilot, lambda: not bench_of(pilot.app).edited)
    await until_seen(pilot, "changed since HEAD")
    await settle(pilot)
    await pilot.press("ctrl+g")
    await until_seen(pilot, "[x] M prompts/reviews/sentiment.md")
    await pilot.press(*"Think first")
    await until_seen(pilot, "11/50")


async def finder(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await pilot.press("ctrl+o", *"tone")
    await until_seen(pilot, "_tone", "2 of 4")


async def conflict(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    screen = bench_of(pilot.app)
    await until(pilot, lambda: screen.is_watching)
    screen.editor.insert("Mine. ", (8, 0))
    path = screen.project.root / "prompts/reviews/sentiment.md"
    path.write_text(SENTIMENT.replace("You label", "Theirs. You label"), encoding="utf-8")
    await until_seen(pilot, "changed on disk", "+++ on screen", "Theirs.")


WRITING = (offering, finding, trying, committing, finder, conflict)

STATES = {
    function.__name__: function
    for function in (bench, broken, plan, runs, duel, board, help_page, models, *WRITING)
}
SIZES = {"small": (80, 24), "medium": (120, 36), "large": (160, 50)}
PICTURES = [
    *((state, size, "dark") for state in STATES for size in ("small", "medium")),
    *((state, "large", "dark") for state in ("bench", "runs", "board")),
    *((state, "medium", "light") for state in ("bench", "runs")),
]


@pytest.mark.parametrize(("state", "size", "theme"), PICTURES, ids=["-".join(each) for each in PICTURES])
def test_picture(
    gallery: Desk,
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    size: str,
    theme: str,
):
    # A cursor that blinks would be there in one picture and not in the next.
    monkeypatch.setattr(TextArea, "_draw_cursor", property(lambda _: False))
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)

    async def reach(pilot: Pilot[Any]) -> None:
        await STATES[state](pilot)
        await at_rest(pilot)
        pilot.app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app_on(gallery, theme), terminal_size=SIZES[size], run_before=reach)
