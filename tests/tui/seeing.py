"""Reading a screen as a person does, and waiting for what it is to show."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable
from html import unescape
from time import monotonic
from typing import Any

from rich.cells import cell_len
from textual.pilot import Pilot

from workbench.tui.app import WorkbenchApp

DEADLINE = 20.0
"""Seconds after which something that is waited for will not come; much more than two busy cores need."""

PAUSES = 0.5
"""Seconds after which everything that waits for a pause in typing has begun."""

_WORKING = frozenset(
    "base breakdown cases compare copying diff find findings history inputs layout preview problems reckon "
    "read rows show states words".split()
)
"""The groups of work whose outcome is drawn; others may be waiting for an answer, or for ever."""

_TEXT = re.compile(r'<text [^>]*?x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', re.DOTALL)
_CELL, _LINE = 12.2, 24.4


def picture(app: WorkbenchApp) -> str:
    """Return the screen as SVG, the same for the same picture."""
    return re.sub(r"terminal-\d+", "terminal", app.export_screenshot())


def seen(app: WorkbenchApp) -> str:
    """Return what stands on the screen, line by line."""
    body = picture(app).rpartition('<g class="terminal-matrix">')[2]
    lines: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for x, y, text in _TEXT.findall(body):
        lines[round(float(y) / _LINE)].append((round(float(x) / _CELL), unescape(text).replace("\xa0", " ")))
    drawn = []
    for _, pieces in sorted(lines.items()):
        line = ""
        for column, text in sorted(pieces):
            line += " " * (column - cell_len(line)) + text
        drawn.append(line.rstrip())
    return "\n".join(drawn)


async def until(pilot: Pilot[Any], condition: Callable[[], object], deadline: float = DEADLINE) -> None:
    """Let the app go on until the condition holds; a test that waits in vain shows the screen."""
    end = monotonic() + deadline
    await pilot.pause()  # what was just mounted has no styles yet, and could not be drawn
    while not condition():
        if monotonic() > end:
            raise AssertionError(f"waited in vain; on screen:\n{seen(pilot.app)}")  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        await pilot.pause()


async def until_seen(pilot: Pilot[Any], *texts: str, deadline: float = DEADLINE) -> str:
    """Wait until every text stands on the screen; returns what stands there."""
    await until(pilot, lambda: all(text in seen(pilot.app) for text in texts), deadline)  # type: ignore[arg-type]
    return seen(pilot.app)  # type: ignore[arg-type]


async def at_rest(pilot: Pilot[Any]) -> None:
    """Wait until nothing works in the background any more, and nothing that waits for a pause begins to.

    The longest such pause is a quarter of a second. What waits for a person's answer may go on waiting.
    """
    app = pilot.app
    quiet_since, before = monotonic(), ""

    def rests() -> bool:
        nonlocal quiet_since, before
        now = seen(app)  # type: ignore[arg-type]
        if now != before or any(not one.is_finished and one.group in _WORKING for one in app.workers):
            quiet_since, before = monotonic(), now
        return monotonic() - quiet_since > PAUSES

    await until(pilot, rests)


def told(app: WorkbenchApp) -> str:
    """Return everything that notifications on screen say."""
    return "\n".join(notification.message for notification in app._notifications)
