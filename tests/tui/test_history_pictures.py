"""Pictures of the history, on commits in which nothing varies: no ages, no hashes of the day.

After a change that is meant: ``pytest tests/tui/test_history_pictures.py --snapshot-update``; look at them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import Desk, settled
from tests.tui.seeing import at_rest, until, until_seen
from tests.tui.test_history import filled
from tests.tui.test_pictures import CASES, SENTIMENT, SETTINGS, app_on, store_run
from workbench.tui.screens import history

NOW = "2026-02-05T12:00:00.000Z"
NAME = "reviews/sentiment"


def commit(desk: Desk, subject: str, date: str) -> None:
    """Commit everything at a time that never varies."""
    fixed = {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": f"{date}T12:00:00+0000"}
    own = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in fixed.items()}
    desk.git("add", "--all")
    subprocess.run(
        ["git", "commit", "-q", "-m", subject], cwd=desk.root, env={**os.environ, **own}, check=True
    )


@pytest.fixture
def past(blank: Desk) -> Desk:
    """A prompt with three commits, one of its partial and one in which it was broken, and edited since."""
    blank.write(".workbench.yml", SETTINGS)
    blank.write(".gitignore", ".workbench/\n")
    blank.write("prompts/_tone.md", "Be brief.\n")
    blank.write(f"prompts/{NAME}.md", SENTIMENT.replace("Answer with one word: ", "Say "))
    blank.write(f"prompts/{NAME}.cases.yml", CASES)
    blank.git("init", "-q", "-b", "main")
    commit(blank, "First version", "2026-01-20")
    blank.write(f"prompts/{NAME}.md", SENTIMENT + "{% if %}")
    commit(blank, "Half an idea", "2026-01-28")
    blank.write(f"prompts/{NAME}.md", SENTIMENT)
    commit(blank, "Answer with one word", "2026-01-31")
    blank.write("prompts/_tone.md", "Be brief and literal.\n")
    commit(blank, "A literal tone", "2026-02-03")
    blank.write(f"prompts/{NAME}.md", SENTIMENT.replace("You label film reviews.", "You are a film critic."))
    return blank


async def text(pilot: Pilot[Any]) -> None:
    await until_seen(pilot, "- You label film reviews.")


async def side_by_side(pilot: Pilot[Any]) -> None:
    await pilot.press("d")
    await until_seen(pilot, "side by side")


async def rendered(pilot: Pilot[Any]) -> None:
    await pilot.press(
        "j", "space", "j", "j", "j", "space", "d", *(["d"] if pilot.app.size.width > 100 else [])
    )
    await until_seen(pilot, "── user ──", "marked: ")


KINDS = {function.__name__: function for function in (text, side_by_side, rendered)}
SIZES = {"small": (80, 24), "medium": (120, 36), "large": (160, 50)}
PICTURES = [
    ("text", "small", "dark"),
    ("rendered", "small", "dark"),
    ("side_by_side", "medium", "dark"),
    ("text", "large", "dark"),
    ("text", "medium", "light"),
]


@pytest.mark.parametrize(("kind", "size", "theme"), PICTURES, ids=["-".join(each) for each in PICTURES])
def test_picture(
    past: Desk,
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    size: str,
    theme: str,
):
    monkeypatch.setattr(history, "utc_now", lambda: NOW)

    async def reach(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: settled(pilot.app))
        await store_run(pilot.app.bench)
        await pilot.press("f5")
        await until(pilot, lambda: filled(pilot.app))
        await KINDS[kind](pilot)
        await at_rest(pilot)
        pilot.app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app_on(past, theme), terminal_size=SIZES[size], run_before=reach)
