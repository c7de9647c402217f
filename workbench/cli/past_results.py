"""Past results for ``workbench runs``: those that were searched for, and one with all that was kept of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from workbench.bench.bench import Bench
from workbench.bench.shown import NOTHING, age, short_version
from workbench.cli.output import print_json, print_note, print_table, print_text
from workbench.cli.results import result_value
from workbench.project.clock import utc_now
from workbench.project.yaml import Value
from workbench.store.words import CLOSED, OPENED

if TYPE_CHECKING:
    from workbench.bench.recalling import Recalled
    from workbench.store.search import Found, Wanted

_QUOTED = str.maketrans({OPENED: "“", CLOSED: "”"})
_BARE = str.maketrans({OPENED: None, CLOSED: None})


async def search(bench: Bench, wanted: Wanted, limit: int, as_json: bool) -> None:
    """Print the results that are wanted, newest first, each with the place and the words that were found."""
    found = await asyncio.to_thread(bench.recalling.search, wanted, limit)
    if as_json:
        print_json(await asyncio.to_thread(lambda: [_found_value(bench, one) for one in found]))
        return
    if not found:
        print_note("No result is like that.")
        return
    now = utc_now()
    rows = [
        (
            *(str(one.result), str(one.run), age(one.ended, now) if one.ended else NOTHING),
            *(one.prompt, short_version(one.version), one.model, one.case or NOTHING, one.status),
            *(one.label or "", one.where, one.snippet.translate(_QUOTED)),
        )
        for one in found
    ]
    headers = ("RESULT", "RUN", "AGE", "PROMPT", "VERSION", "MODEL", "CASE", "STATUS", "", "IN", "TEXT")
    print_table(headers, rows, right=(0, 1, 2))


async def show(bench: Bench, number: int, as_json: bool) -> None:
    """Print one result: what is known of it, the exact messages that were sent, and what came back."""
    from workbench.bench.result_facts import answer_text, facts

    recalled = await asyncio.to_thread(bench.recalling.result, number)
    if as_json:
        print_json(recalled_value(recalled))
        return
    cell = recalled.cell
    assert cell.result is not None
    print_text(f"result {number} of run {cell.run}", bold=True)
    for name, fact in facts(recalled, utc_now()):
        print_text(f"{name}: {fact}")
    for message in recalled.messages:
        print_text(f"\n{message.role.upper()}", bold=True)
        print_text(message.content)
    print_text("\nCAME BACK", bold=True)
    print_text(answer_text(cell.result))


def recalled_value(recalled: Recalled) -> dict[str, Value]:
    """Return one result in the shape that an export has a line of."""
    from workbench.bench.result_values import whole_value

    cell = recalled.cell
    assert cell.result is not None
    return whole_value(cell, cell.result, recalled.inputs, recalled.messages, recalled.remark)


def _found_value(bench: Bench, found: Found) -> dict[str, Value]:
    cell = bench.store.runs.cell_of_result(found.result)
    assert cell.result is not None
    return {
        **result_value(found.run, cell, cell.result),
        "label": found.label,
        "where": found.where,
        "snippet": found.snippet.translate(_BARE),
    }
