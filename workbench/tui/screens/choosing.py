"""Choosing among what a prompt has, on whichever screen it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.bench.shown import one_line
from workbench.prompts.cases import Case
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.dialogs import Picker


async def pick_case(screen: WorkbenchScreen, cases: Sequence[Case]) -> str | None:
    """Let the person pick a case by its number, name or inputs; returns its name, None for Escape."""
    choices = [
        (str(number), f"{number} {case.name}", one_line(" ".join(map(str, case.inputs.values()))))
        for number, case in enumerate(cases, start=1)
    ]
    number = await screen.app.push_screen_wait(Picker("Choose a case", choices))
    return cases[int(number) - 1].name if number else None
