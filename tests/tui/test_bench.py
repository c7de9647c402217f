"""The bench: write a prompt, see what the model will."""

from __future__ import annotations

from tests.tui.conftest import Desk, bench_of, settled
from tests.tui.seeing import seen, told, until, until_seen
from workbench.tui.widgets.context_view import ContextView


async def test_the_first_prompt_is_open_with_its_first_case_rendered_and_counted(desk: Desk):
    async with desk.open() as (app, pilot):
        text = await until_seen(pilot, "<ticket>Card declined twice</ticket>", "Context ─ lab ─ ")
        assert "triage" in text and "case 1/3 card" in text
        assert app.focused is bench_of(app).editor
