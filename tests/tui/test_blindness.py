"""Blindness: what a person sees before they judge is the same whoever wrote which."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from textual.pilot import Pilot

from tests.tui.conftest import TRIAGE, Desk, run_on
from tests.tui.seeing import at_rest, picture, seen, told, until, until_seen
from workbench.bench.dueling import Dueling, Shown
from workbench.store.store import Store
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.review import ReviewPage
from workbench.verdicts.pairs import NoPair

AUTHORS = ("lab", "mini", "loopback", "v:", "openai", "unpriced", "$", " s ·", "tokens")
"""What would tell who wrote an answer, or help to guess."""

SHORT = "A short answer to"
LONG = "# A longer one\n\n" + "".join(f"- it says **more {number}**\n" for number in range(40)) + "\nabout"


def by_model(body: dict, number: int) -> str:
    said = body["messages"][-1]["content"].removeprefix("<ticket>").removesuffix("</ticket>")
    return f"{SHORT if body['model'] == 'loopback-1' else LONG} {said}"


def swapped(body: dict, number: int) -> str:
    other = {"loopback-1": "loopback-2", "loopback-2": "loopback-1"}[body["model"]]
    return by_model({**body, "model": other}, number)


def drawn_by(store: Store, wanted: Callable[[Shown], bool]) -> Random:
    """Return chance that draws a pair as wanted first; the texts decide, and not who wrote them."""
    for seed in range(1000):
        drawn = Dueling(store, lambda: "Ada", Random(seed)).draw("triage", checking=True)
        if isinstance(drawn, Shown) and wanted(drawn):
            return Random(seed)
    raise AssertionError("no seed draws this pair")


@asynccontextmanager
async def dueling(desk: Desk, script: Any) -> AsyncIterator[tuple[WorkbenchApp, Pilot[None]]]:
    """Open the duel on the case card, with the short answer on the left."""
    async with desk.answering(script):
        await run_on(desk)
        async with desk.open((100, 30)) as (app, pilot):
            store = app.bench.store
            chance = drawn_by(store, lambda shown: shown.case == "card" and shown.left.startswith(SHORT))
            app.bench.__dict__["dueling"] = Dueling(store, lambda: "Ada", chance)
            await pilot.press("f4")
            await until_seen(pilot, "vote 1", "case card")
            yield app, pilot


def state(app: WorkbenchApp) -> tuple[object, ...]:
    """Return all that could reach a person: the picture, the DOM, titles and notifications."""
    dom = [
        (
            type(node).__name__,
            node.id,
            sorted(node.classes),
            str(node.border_title),
            str(node.border_subtitle),
            str(node.tooltip),
            node.size,
            node.virtual_size,
            node.has_focus,
        )
        for node in app.screen.walk_children(with_self=False)
    ]
    return picture(app), dom, app.title, app.sub_title, str(app.screen.title), told(app)


WAYS = (
    ((), "more 0"),
    (("d",), "«only here»"),
    (("d", "M"), "# A longer one"),
    (("M", "space"), "more 30"),
    (("home", "i"), "Card declined twice"),
    (("escape", "n"), "A note on this vote"),
    (("escape", "question_mark"), "Keys on duel"),
    (("escape", "f6", "f4"), "more 0"),
)
"""What one may do before a vote, one after another, and what is then seen."""


async def test_the_same_texts_by_the_other_author_are_the_same_picture_and_dom_until_names_are_asked_for(
    tmp_path: Path,
):
    states: dict[str, list[tuple[object, ...]]] = {}
    for name, script in (("a", by_model), ("b", swapped)):
        desk = Desk(tmp_path / name, tmp_path / "personal")
        desk.triage()
        async with dueling(desk, script) as (app, pilot):
            await at_rest(pilot)
            states[name] = []
            for keys, text in WAYS:
                for key in keys:
                    await pilot.press(key)
                    await pilot.pause()
                await until_seen(pilot, text)
                states[name].append(state(app))
            await pilot.press("N")
            await until(pilot, lambda app=app: "lab" in seen(app) and "mini" in seen(app))
            states[name].append(state(app))
    assert states["a"][:-1] == states["b"][:-1]
    assert states["a"][-1] != states["b"][-1], "this would have been noticed"


async def test_nothing_on_screen_tells_who_wrote_what_before_the_vote(desk: Desk):
    async with dueling(desk, by_model) as (app, pilot):
        for number in (1, 2, 3):
            await until_seen(pilot, f"vote {number}", "A short answer", "blind")
            shown = picture(app) + app.title + (app.sub_title or "") + told(app)
            for name in AUTHORS:
                assert name not in shown.partition('<g class="terminal-matrix">')[2], name
            await pilot.press("equals_sign")


class Marking(Dueling):
    """Says of every pair whether it is a check."""

    repeat = False

    def draw(self, *what: Any, **how: Any) -> Shown | NoPair:
        drawn = super().draw(*what, **how)
        return replace(drawn, repeat=self.repeat) if isinstance(drawn, Shown) else drawn


async def test_a_pair_that_is_shown_again_to_see_how_steady_one_is_looks_like_any_other(desk: Desk):
    states = []
    async with desk.answering(by_model):
        await run_on(desk)
        for repeat in (False, True):
            async with desk.open((100, 30)) as (app, pilot):
                app.bench.__dict__["dueling"] = room = Marking(app.bench.store, lambda: "Ada", Random(1))
                room.repeat = repeat
                await pilot.press("f4")
                await until_seen(pilot, "vote 1", "case ")
                await at_rest(pilot)
                states.append(state(app))
                assert app.screen.shown.repeat == repeat
    assert states[0] == states[1]


async def test_an_answer_under_review_looks_the_same_whoever_wrote_it(tmp_path: Path):
    states = []
    for name, script in (("a", by_model), ("b", swapped)):
        desk = Desk(tmp_path / name, tmp_path / "personal")
        desk.write("prompts/triage.md", TRIAGE)
        desk.write("prompts/triage.cases.yml", "- {name: card, inputs: {ticket: Card declined twice}}\n")
        async with desk.answering(script):
            await run_on(desk)
            async with desk.open((100, 30)) as (app, pilot):
                labelling = app.bench.labelling
                seed = next(
                    seed
                    for seed in range(100)
                    if (one := labelling.next("triage", Random(seed))) and one.text.startswith(SHORT)
                )
                app.push_screen(ReviewPage("triage", Random(seed)))
                text = await until_seen(pilot, "A short answer", "blind")
                assert not any(author in text for author in AUTHORS)
                states.append(state(app))
                await pilot.press("N")
                await until(
                    pilot, lambda: "loopback" in seen(app) or "lab" in seen(app) or "mini" in seen(app)
                )
    assert states[0] == states[1]
