"""Runs, their cells, and results."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from workbench.errors import StoreError
from workbench.models.calls import Usage
from workbench.store.database import Database
from workbench.store.records import ANSWERED, JUDGED, Cell, Contender, Result, Run

_RESULT_COLUMNS = (
    "run, call_key, context, string, api_base, params, status, text, reasoning, refusal, finish, error_kind, "
    "error, tries, input_tokens, output_tokens, cached_tokens, reasoning_tokens, estimated, cost, prices, "
    "ttft, total, answered_by, valid, invalid, started, ended"
)
_RESULT_MARKS = ", ".join("?" * len(_RESULT_COLUMNS.split(",")))

_CELLS = """
SELECT cells.*, contenders.prompt, contenders.version, contenders.model, contenders.string AS sent,
       contenders.api_base AS base, contenders.params AS contender_params, results.id AS result_id, results.*
FROM cells JOIN contenders ON contenders.id = cells.contender LEFT JOIN results ON results.id = cells.result
"""


class Runs:
    """What was run and what came back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, cells: Sequence[Cell], *, prompt: str, samples: int, cost_limit: int | None, now: str
    ) -> int:
        """Store a planned run with all its cells; returns the number of the run."""
        contenders = {_contender_key(cell.contender) for cell in cells}
        cases = {cell.case_hash for cell in cells}
        with self._database.writing() as connection:
            run = connection.execute(
                "INSERT INTO runs (started, status, prompt, contenders, cases, samples, cost_limit) "
                "VALUES (?, 'running', ?, ?, ?, ?, ?)",
                (now, prompt, len(contenders), len(cases), samples, cost_limit),
            ).lastrowid
            assert run is not None
            known: dict[tuple[str, ...], int] = {}
            for cell in cells:
                key = _contender_key(cell.contender)
                if key not in known:
                    known[key] = _contender_id(connection, cell.contender)
            connection.executemany(
                "INSERT INTO cells (run, position, contender, revision, dirty, case_name, case_hash, expect, "
                "sample, context, schema, call_key, estimated, high, shown, exact, messages, result, cached) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        *(
                            run,
                            cell.position,
                            known[_contender_key(cell.contender)],
                            cell.revision,
                            int(cell.dirty),
                        ),
                        *(cell.case, cell.case_hash, cell.expect, cell.sample, cell.context, cell.schema),
                        *(cell.call_key, cell.estimated, cell.high),
                        *(cell.shown, int(cell.exact), cell.messages),
                        *(cell.result.id if cell.result else None, int(cell.cached)),
                    )
                    for cell in cells
                ),
            )
            return run

    def add_results(self, run: int, results: Sequence[Result]) -> list[Result]:
        """Store results and put each into all the cells that asked for it; returns them with numbers."""
        stored = []
        with self._database.writing() as connection:
            for result in results:
                number = connection.execute(
                    f"INSERT INTO results ({_RESULT_COLUMNS}) VALUES ({_RESULT_MARKS})",
                    _result_row(run, result),
                ).lastrowid
                connection.execute(
                    "UPDATE cells SET result = ?, cached = 0 WHERE run = ? AND call_key = ?",
                    (number, run, result.call_key),
                )
                stored.append(replace(result, id=number or 0))
        return stored

    def end(self, run: int, status: str, now: str) -> None:
        """Note how a run ended: ``done``, ``interrupted`` or ``limit``."""
        with self._database.writing() as connection:
            connection.execute("UPDATE runs SET status = ?, ended = ? WHERE id = ?", (status, now, run))

    def reopen(self, run: int) -> None:
        """Note that a run goes on."""
        with self._database.writing() as connection:
            connection.execute("UPDATE runs SET status = 'running', ended = NULL WHERE id = ?", (run,))

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
                found.update((row["call_key"], _result(row)) for row in rows)
        return found

    def newest(self, limit: int = 50, prompt: str | None = None) -> list[Run]:
        """Return the newest runs, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM runs WHERE (? IS NULL OR prompt = ?) ORDER BY id DESC LIMIT ?",
                (prompt, prompt, limit),
            ).fetchall()
            return [_run(connection, row) for row in rows]

    def get(self, run: int | None = None) -> Run:
        """Return a run by its number, or the last one; raises StoreError where there is none."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM runs WHERE (? IS NULL OR id = ?) ORDER BY id DESC LIMIT 1", (run, run)
            ).fetchone()
            if row is None:
                raise StoreError(
                    "there are no runs yet" if run is None else f"there is no run {run}",
                    hint="“workbench runs” lists them.",
                )
            return _run(connection, row)

    def cost_limit(self, run: int) -> int | None:
        """Return the cost limit a run was planned with, in pico-dollars."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT cost_limit FROM runs WHERE id = ?", (run,)).fetchone()
        limit: int | None = row["cost_limit"]
        return limit

    def cells(self, run: int) -> list[Cell]:
        """Return all cells of a run in their order, with the results there are."""
        with self._database.reading() as connection:
            rows = connection.execute(f"{_CELLS} WHERE cells.run = ? ORDER BY position", (run,))
            return [_cell(row) for row in rows]

    def judged_cells(self, prompt: str) -> Iterator[Cell]:
        """Yield every cell of a prompt whose result can stand in a duel, each contender and result once."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_CELLS} WHERE contenders.prompt = ? AND results.status IN ({_marks(JUDGED)}) "
                "GROUP BY cells.contender, cells.case_hash, cells.result ORDER BY results.id",
                (prompt, *JUDGED),
            ).fetchall()
        return map(_cell, rows)

    def contenders(self, prompt: str) -> list[Contender]:
        """Return every contender of a prompt that was ever planned."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM contenders WHERE prompt = ? ORDER BY id", (prompt,))
            return [_contender(row, row["id"], row["string"], row["api_base"], row["params"]) for row in rows]

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


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _canonical(params: Mapping[str, object]) -> str:
    return json.dumps(params, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _contender_key(contender: Contender) -> tuple[str, ...]:
    params = _canonical(contender.params)
    return (contender.prompt, contender.version, contender.string, contender.api_base or "", params)


def _contender_id(connection: sqlite3.Connection, contender: Contender) -> int:
    """Return the number of a contender, stored where it is new; its model's name is the latest one used."""
    key = _contender_key(contender)
    row = connection.execute(
        "INSERT INTO contenders (prompt, version, string, api_base, params, model) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (prompt, version, string, api_base, params) DO UPDATE SET model = excluded.model "
        "RETURNING id",
        (*key, contender.model),
    ).fetchone()
    return int(row["id"])


def _result_row(run: int, result: Result) -> tuple[object, ...]:
    usage = result.usage
    row = (
        *(run, result.call_key, result.context, result.string, result.api_base, _canonical(result.params)),
        *(result.status, result.text, result.reasoning, result.refusal, result.finish),
        *(result.error_kind, result.error, result.tries),
        *(usage.input, usage.output, usage.cached, usage.reasoning, result.estimated),
        *(result.cost, result.prices, result.ttft, result.total, result.answered_by),
        *(None if result.valid is None else int(result.valid), result.invalid, result.started, result.ended),
    )
    return tuple(_storable(item) if isinstance(item, str) else item for item in row)


def _storable(text: str) -> str:
    """Return the text with ``?`` for halves of surrogate pairs, which servers may send and SQLite refuses."""
    return text.encode("utf-8", "replace").decode()


def _result(row: sqlite3.Row) -> Result:
    return Result(
        id=row["result_id"],
        call_key=row["call_key"],
        context=row["context"],
        string=row["string"],
        api_base=row["api_base"],
        params=json.loads(row["params"] or "{}"),
        status=row["status"],
        text=row["text"],
        reasoning=row["reasoning"] or "",
        refusal=row["refusal"],
        finish=row["finish"],
        error_kind=row["error_kind"],
        error=row["error"],
        tries=row["tries"],
        usage=Usage(row["input_tokens"], row["output_tokens"], row["cached_tokens"], row["reasoning_tokens"]),
        estimated=row["estimated"],
        cost=row["cost"],
        prices=row["prices"],
        ttft=row["ttft"],
        total=row["total"],
        answered_by=row["answered_by"],
        valid=None if row["valid"] is None else bool(row["valid"]),
        invalid=row["invalid"],
        started=row["started"],
        ended=row["ended"],
    )


def _contender(row: sqlite3.Row, number: int, string: str, api_base: str, params: str) -> Contender:
    return Contender(
        prompt=row["prompt"],
        version=row["version"],
        model=row["model"],
        string=string,
        api_base=api_base or None,
        params=json.loads(params),
        id=number,
    )


def _cell(row: sqlite3.Row) -> Cell:
    return Cell(
        run=row["run"],
        position=row["position"],
        contender=_contender(row, row["contender"], row["sent"], row["base"], row["contender_params"]),
        case=row["case_name"],
        case_hash=row["case_hash"],
        sample=row["sample"],
        context=row["context"],
        call_key=row["call_key"],
        revision=row["revision"],
        dirty=bool(row["dirty"]),
        expect=row["expect"],
        estimated=row["estimated"],
        high=row["high"],
        schema=row["schema"],
        result=None if row["result"] is None else _result(row),
        cached=bool(row["cached"]),
        shown=row["shown"],
        exact=bool(row["exact"]),
        messages=row["messages"],
    )


def _run(connection: sqlite3.Connection, row: sqlite3.Row) -> Run:
    counts = connection.execute(
        "SELECT COALESCE(status, 'waiting') AS status, COUNT(*) AS number FROM cells "
        "LEFT JOIN results ON results.id = cells.result WHERE cells.run = ? GROUP BY 1 ORDER BY 1",
        (row["id"],),
    ).fetchall()
    # Over results, not cells: one that fills several cells was paid for once.
    spent = connection.execute(
        "SELECT COALESCE(SUM(cost), 0) AS cost, "
        f"COALESCE(SUM(cost IS NULL AND status IN ({_marks(ANSWERED)})), 0) AS unpriced "
        "FROM results WHERE run = ?",
        (*ANSWERED, row["id"]),
    ).fetchone()
    return Run(
        id=row["id"],
        started=row["started"],
        ended=row["ended"],
        status=row["status"],
        prompt=row["prompt"],
        contenders=row["contenders"],
        cases=row["cases"],
        samples=row["samples"],
        counts={part["status"]: part["number"] for part in counts},
        cost=None if spent["unpriced"] else spent["cost"],
    )
