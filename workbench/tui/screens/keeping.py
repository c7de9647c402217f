"""Keeping the input of a result as a case of its prompt, from any screen."""

from __future__ import annotations

import asyncio

from textual.app import App

from workbench.bench.case_keeping import CaseKeeping
from workbench.bench.previews import NO_CASE
from workbench.bench.shown import inert
from workbench.tui.screens.dialogs import Line


async def keep_input(
    app: App[None], cases: CaseKeeping, prompt: str, case_hash: str, case: str | None
) -> None:
    """Keep inputs by their hash, under a name that is asked for; call it in a worker.

    ``case`` is the name that they were run under, None where they had none. Raises CasesError, StoreError and
    whatever else keeps them from being written.
    """
    if case_hash == NO_CASE.hash:
        app.notify("There is no input here that could be kept.", markup=False)
        return
    there = await asyncio.to_thread(cases.kept_already, prompt, case_hash)
    if there is not None:
        app.notify(inert(f"This input is the case “{there.name}” already, at {there.place}"), markup=False)
        return
    name = await asyncio.to_thread(cases.free_name, prompt, case or "kept")
    typed = await app.push_screen_wait(Line("Keep this input as a case named", name))
    if typed and typed.strip():
        kept = await asyncio.to_thread(cases.keep, prompt, case_hash, typed.strip())
        app.notify(inert(f"Kept as “{kept.case.name}” at {kept.case.place}"), markup=False)
