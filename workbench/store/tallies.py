"""What a run amounts to, kept with it, so that a list of runs need not look at their results."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping

from workbench.store.records import ANSWERED, Result

MOST_COST = 2**63 - 1
"""Pico-dollars that a column can hold: nine million USD."""

_ANSWERED = "status IN ('" + "', '".join(ANSWERED) + "')"


class Tally:
    """The cells of a run by what became of them, and what its own results cost, in pico-dollars."""

    def __init__(self, counts: Mapping[str, int], spent: int = 0, unpriced: int = 0) -> None:
        self._counts = Counter(counts)
        self._spent = spent
        self._unpriced = unpriced

    def add(self, result: Result, filled: Mapping[str, int]) -> None:
        """Count a new result; ``filled`` are the cells it fills, by what had become of them before."""
        self._counts.subtract(filled)
        self._counts[result.status] += sum(filled.values())
        self._spent += result.cost or 0
        self._unpriced += result.cost is None and result.status in ANSWERED

    def keep(self, connection: sqlite3.Connection, run: int) -> None:
        """Write it to the run."""
        counts = {status: number for status, number in sorted(self._counts.items()) if number}
        connection.execute(
            "UPDATE runs SET counts = ?, spent = ?, unpriced = ? WHERE id = ?",
            (json.dumps(counts), min(self._spent, MOST_COST), self._unpriced, run),
        )


def kept_tally(connection: sqlite3.Connection, run: int) -> Tally | None:
    """Return the tally that a run has, None where there is no such run."""
    row = connection.execute("SELECT counts, spent, unpriced FROM runs WHERE id = ?", (run,)).fetchone()
    return None if row is None else Tally(json.loads(row["counts"]), row["spent"], row["unpriced"])


def counted(connection: sqlite3.Connection, run: int) -> Tally:
    """Return the tally of a run as its cells and results say it."""
    cells = connection.execute(
        "SELECT COALESCE(status, 'waiting'), COUNT(*) FROM cells "
        "LEFT JOIN results ON results.id = cells.result WHERE cells.run = ? GROUP BY 1",
        (run,),
    ).fetchall()
    # Over results, not cells: one that fills several cells was paid for once.
    spent, unpriced = connection.execute(
        f"SELECT COALESCE(SUM(cost), 0), COALESCE(SUM(cost IS NULL AND {_ANSWERED}), 0) "
        "FROM results WHERE run = ?",
        (run,),
    ).fetchone()
    return Tally({status: number for status, number in cells}, spent, unpriced)


def filled_by(connection: sqlite3.Connection, run: int, call_key: str) -> dict[str, int]:
    """Return the cells of a run that ask a call, by what has become of them so far."""
    rows = connection.execute(
        "SELECT COALESCE(status, 'waiting'), COUNT(*) FROM cells "
        "LEFT JOIN results ON results.id = cells.result "
        "WHERE cells.run = ? AND cells.call_key = ? GROUP BY 1",
        (run, call_key),
    )
    return {status: number for status, number in rows}
