"""Past results for ``workbench runs``: those that were searched for, and one with all that was kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from workbench.bench.bench import Bench
from workbench.bench.shown import NOTHING, age, short_version
from workbench.cli.output import print_json, print_note, print_table, print_text
from workbench.cli.results import result_value
from workbench.project.clock import utc_now
from workbench.project.yaml import Value
from workbench.store.records import Cell
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
        cells = await asyncio.to_thread(bench.recalling.cells, found)
        print_json(_found_values(found, cells))
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


async def show(bench: Bench, number: int, form: str | None) -> None:
    """Print one result: what is known of it, the exact messages that were sent, and what came back.

    ``form`` is ``json``, or one that a result can be copied in, and then it is all that is printed.
    """
    from workbench.bench.result_facts import answer_text, facts

    recalled = await asyncio.to_thread(bench.recalling.result, number)
    if form == "json":
        print_json(recalled_value(recalled))
        return
    if form is not None:
        print_text(bench.recalling.copied(recalled, form).removesuffix("\n"))
        return
    print_text(f"result {number} of run {recalled.cell.run}", bold=True)
    for name, fact in facts(recalled, utc_now()):
        print_text(f"{name}: {fact}")
    for message in recalled.messages:
        print_text(f"\n{message.role.upper()}", bold=True)
        print_text(message.content)
    print_text("\nCAME BACK", bold=True)
    print_text(answer_text(recalled.result))


def recalled_value(recalled: Recalled) -> dict[str, Value]:
    """Return one result in the shape that an export has a line of."""
    from workbench.bench.result_values import whole_value

    return whole_value(recalled.cell, recalled.result, recalled.inputs, recalled.messages, recalled.remark)


def _found_values(found: Sequence[Found], cells: Iterable[Cell]) -> list[Value]:
    """Return what was found in the shape of ``--json``, with the cells that it was found in."""
    by_place = {(one.run, one.position): one for one in found}
    values: list[Value] = []
    for cell in cells:
        one = by_place[cell.run, cell.position]
        if cell.result is not None:
            said = {"label": one.label, "where": one.where, "snippet": one.snippet.translate(_BARE)}
            values.append({**result_value(cell.run, cell, cell.result), **said})
    return values
