"""Runs, their cells, and results."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from workbench.errors import StoreError
from workbench.store.database import Database
from workbench.store.indexing import index_results
from workbench.store.records import ANSWERED, JUDGED, Cell, Contender, Result, Run
from workbench.store.rows import (
    CELL_COLUMNS,
    CELLS,
    RESULT_COLUMNS,
    RUNS,
    cell_row,
    contender_key,
    no_result,
    read_cell,
    read_contender,
    read_result,
    read_run,
    replaced_by,
    result_row,
)
from workbench.store.tallies import MOST_COST, Tally, filled_by, kept_tally

_CELL_MARKS, _RESULT_MARKS = (
    ", ".join("?" * len(columns.split(","))) for columns in (CELL_COLUMNS, RESULT_COLUMNS)
)

_UNSTORABLE = (
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    sqlite3.DataError,
    OverflowError,
)
"""What SQLite says of a value that a column cannot hold, such as a count of tokens beyond 64 bits."""


class Runs:
    """What was run and what came back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, cells: Sequence[Cell], *, prompt: str, samples: int, cost_limit: int | None, now: str
    ) -> int:
        """Store a planned run with all its cells; returns the number of the run.

        Raises StoreError, and stores nothing of it, where an answer that a cell holds is no longer there.
        """
        contenders = {contender_key(cell.contender): cell.contender for cell in cells}
        cases = {cell.case_hash for cell in cells}
        with _all_there(), self._database.writing() as connection:
            run = connection.execute(
                "INSERT INTO runs (started, status, prompt, contenders, cases, samples, cost_limit) "
                "VALUES (?, 'running', ?, ?, ?, ?, ?)",
                (now, prompt, len(contenders), len(cases), samples, cost_limit),
            ).lastrowid
            assert run is not None
            numbers = {key: _contender_id(connection, one) for key, one in contenders.items()}
            rows = (cell_row(run, numbers[contender_key(cell.contender)], cell) for cell in cells)
            connection.executemany(f"INSERT INTO cells ({CELL_COLUMNS}) VALUES ({_CELL_MARKS})", rows)
            counts = Counter(cell.result.status if cell.result else "waiting" for cell in cells)
            Tally(counts).keep(connection, run)
            return run

    def add_results(self, run: int, results: Sequence[Result]) -> list[Result]:
        """Store results and put each into all the cells that asked for it; returns them with numbers.

        One that cannot be stored is recorded as an error that says so, and takes no other along. Raises
        StoreError where there is no such run.
        """
        stored = []
        with self._database.writing() as connection:
            tally = kept_tally(connection, run)
            if tally is None:
                raise _no_run(run)
            for result in results:
                kept = _insert_result(connection, run, result)
                tally.add(kept, filled_by(connection, run, kept.call_key))
                connection.execute(
                    "UPDATE cells SET result = ?, cached = 0 WHERE run = ? AND call_key = ?",
                    (kept.id, run, kept.call_key),
                )
                stored.append(kept)
            if stored:
                index_results(connection, stored[0].id)
            tally.keep(connection, run)
        return stored

    def end(self, run: int, status: str, now: str) -> None:
        """Note how a run ended: ``done``, ``interrupted`` or ``limit``."""
        with self._database.writing() as connection:
            connection.execute("UPDATE runs SET status = ?, ended = ? WHERE id = ?", (status, now, run))

    def reopen(self, run: int) -> None:
        """Note that a run goes on; raises StoreError where there is none."""
        with self._database.writing() as connection:
            reopened = connection.execute(
                "UPDATE runs SET status = 'running', ended = NULL WHERE id = ?", (run,)
            )
            if not reopened.rowcount:
                raise _no_run(run)

    def answers(self, call_keys: Collection[str]) -> dict[str, Result]:
        """Return, for each of the calls that was ever answered, its latest answer."""
        found: dict[str, Result] = {}
        keys = list(call_keys)
        with self._database.reading() as connection:
            for start in range(0, len(keys), 500):
                some = keys[start : start + 500]
                rows = connection.execute(
                    "SELECT *, id AS result_id, string AS sent FROM results "
                    f"WHERE call_key IN ({_marks(some)}) AND status IN ({_marks(ANSWERED)}) ORDER BY id",
                    (*some, *ANSWERED),
                )
                found.update((row["call_key"], read_result(row)) for row in rows)
        return found

    def newest(self, limit: int = 50, prompt: str | None = None) -> list[Run]:
        """Return the newest runs, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{RUNS} WHERE (? IS NULL OR prompt = ?) ORDER BY id DESC LIMIT ?",
                (prompt, prompt, limit),
            )
            return [read_run(row) for row in rows]

    def get(self, run: int | None = None) -> Run:
        """Return a run by its number, or the last one; raises StoreError where there is none."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"{RUNS} WHERE (? IS NULL OR id = ?) ORDER BY id DESC LIMIT 1", (run, run)
            ).fetchone()
            if row is None:
                raise _no_run(run)
            return read_run(row)

    def cost_limit(self, run: int) -> int | None:
        """Return the cost limit a run was planned with, in pico-dollars."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT cost_limit FROM runs WHERE id = ?", (run,)).fetchone()
        limit: int | None = row["cost_limit"]
        return limit

    def spent(self, run: int) -> tuple[int, int]:
        """Return what a run has cost as far as is known, and what it may have cost at most beyond that.

        Both are in pico-dollars.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT spent, (SELECT COALESCE(SUM(unsure), 0) FROM results WHERE run = :run) AS unsure "
                "FROM runs WHERE id = :run",
                {"run": run},
            ).fetchone()
        return row["spent"], row["unsure"]

    def cells(self, run: int) -> list[Cell]:
        """Return all cells of a run in their order, with the results there are."""
        with self._database.reading() as connection:
            rows = connection.execute(f"{CELLS} WHERE cells.run = ? ORDER BY position", (run,))
            return [read_cell(row) for row in rows]

    def cell_of_result(self, result: int) -> Cell:
        """Return the first cell that asked for a result, with the number of its run, and this result in it.

        An error that was tried again fills no cell any more, and is returned in the one that it filled (see
        ``replaced_by``). Raises StoreError where there is no such result.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                f"{CELLS} WHERE (cells.run, cells.call_key) = (SELECT run, call_key FROM results "
                "WHERE id = ?) ORDER BY position LIMIT 1",
                (result,),
            ).fetchone()
            if row is None:
                raise no_result(result)
            cell = read_cell(row)
            if row["result"] == result:
                return cell
            own = connection.execute("SELECT *, id AS result_id FROM results WHERE id = ?", (result,))
            return replace(cell, result=read_result(own.fetchone()), cached=False)

    def replaced_by(self, result: int) -> int | None:
        """Return which result fills the cells of one that was tried again, None where it fills them itself.

        Raises StoreError where there is no such result.
        """
        with self._database.reading() as connection:
            return replaced_by(connection, result)

    def cells_at(self, places: Sequence[tuple[int, int]]) -> list[Cell]:
        """Return the cells that have these numbers of runs and positions, in this order, while they last."""
        with self._database.searching() as connection:
            rows = connection.execute(
                f"{CELLS} WHERE (cells.run, cells.position) IN "
                "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))",
                (json.dumps(places),),
            )
            cells = {(row["run"], row["position"]): read_cell(row) for row in rows}
        return [cells[place] for place in places if place in cells]

    def judged_cells(self, prompt: str) -> Iterator[Cell]:
        """Yield every cell of a prompt whose result can stand in a duel, each contender and result once."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{CELLS} WHERE contenders.prompt = ? AND results.status IN ({_marks(JUDGED)}) "
                "GROUP BY cells.contender, cells.case_hash, cells.result ORDER BY results.id",
                (prompt, *JUDGED),
            ).fetchall()
        return map(read_cell, rows)

    def prompts(self) -> list[str]:
        """Return the names of all prompts that were ever run."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT DISTINCT prompt FROM contenders ORDER BY prompt")
            return [row["prompt"] for row in rows]

    def contenders(self, prompt: str) -> list[Contender]:
        """Return every contender of a prompt that was ever planned."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM contenders WHERE prompt = ? ORDER BY id", (prompt,))
            return [
                read_contender(row, row["id"], row["string"], row["api_base"], row["params"]) for row in rows
            ]

    def commits(self, contenders: Collection[int]) -> dict[int, str]:
        """Return, for each contender that was run exactly as committed, the last such commit."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT contender, revision FROM cells WHERE revision IS NOT NULL AND dirty = 0 "
                f"AND contender IN ({_marks(contenders)}) GROUP BY contender HAVING run = MAX(run)",
                tuple(contenders),
            )
            return {row["contender"]: row["revision"] for row in rows}

    def costs(self, contenders: Iterable[int]) -> dict[int, tuple[int | None, float | None]]:
        """Return, for each contender, the mean cost of its answers in pico-dollars and their mean seconds."""
        found: dict[int, tuple[int | None, float | None]] = {}
        wanted = list(contenders)
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT cells.contender, AVG(cost) AS cost, AVG(total) AS total FROM cells "
                f"JOIN results ON results.id = cells.result WHERE cells.contender IN ({_marks(wanted)}) "
                f"AND status IN ({_marks(ANSWERED)}) GROUP BY cells.contender",
                (*wanted, *ANSWERED),
            )
            for row in rows:
                found[row["contender"]] = (None if row["cost"] is None else round(row["cost"]), row["total"])
        return found


@contextmanager
def _all_there() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as missing:
        raise StoreError(
            "answers of this plan were removed meanwhile", hint="Plan again: they will be asked anew."
        ) from missing


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _no_run(run: int | None) -> StoreError:
    return StoreError(
        "there are no runs yet" if run is None else f"there is no run {run}",
        hint="“workbench runs” lists them.",
    )


def _insert_result(connection: sqlite3.Connection, run: int, result: Result) -> Result:
    """Return the result with its number, or in its place an error that says why it could not be stored."""
    insert = f"INSERT INTO results ({RESULT_COLUMNS}) VALUES ({_RESULT_MARKS})"
    try:
        number = connection.execute(insert, result_row(run, result)).lastrowid
    except _UNSTORABLE as broken:
        result = _unstorable(result, broken)
        number = connection.execute(insert, result_row(run, result)).lastrowid
    return replace(result, id=number or 0)


def _unstorable(result: Result, broken: Exception) -> Result:
    """Return the record of an answer that cannot be stored: what was asked, and what was paid."""
    cost = result.cost if isinstance(result.cost, int) and result.cost <= MOST_COST else None
    return Result(
        **{key: getattr(result, key) for key in ("call_key", "context", "string", "api_base", "params")},
        status="error",
        error_kind="unstorable",
        error=f"the answer could not be stored: {broken}",
        cost=cost,
        unsure=result.unsure,
        started=result.started,
        ended=result.ended,
    )


def _contender_id(connection: sqlite3.Connection, contender: Contender) -> int:
    """Return the number of a contender, stored where it is new; its model's name is the latest one used."""
    key = contender_key(contender)
    row = connection.execute(
        "INSERT INTO contenders (prompt, version, string, api_base, params, model) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (prompt, version, string, api_base, params) DO UPDATE SET model = excluded.model "
        "RETURNING id",
        (*key, contender.model),
    ).fetchone()
    return int(row["id"])
