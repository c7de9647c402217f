"""Results found by words in what was asked and answered, and by who answered."""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from workbench.store.database import Database
from workbench.store.indexing import SEARCHED
from workbench.store.records import Run
from workbench.store.rows import RUNS, read_run, storable
from workbench.store.words import Words, plain_context

_OFTEN = 0.1
"""Share of all contexts from which on a word counts as one that is in most of them."""

_IN_OUTPUT = "SELECT rowid FROM results_fts WHERE results_fts MATCH ?"
_IN_NOTE = "SELECT result FROM notes WHERE id IN (SELECT rowid FROM notes_fts WHERE notes_fts MATCH ?)"
_IN_CONTEXT = (
    "SELECT results.id FROM contexts_fts "
    "CROSS JOIN context_numbers ON context_numbers.id = contexts_fts.rowid "
    "CROSS JOIN results ON results.context = context_numbers.context WHERE contexts_fts MATCH ?"
)

_Part: TypeAlias = tuple[str, tuple[object, ...]]
"""A piece of SQL with the values for its marks."""


@dataclass(frozen=True)
class Wanted:
    """Which results: those that hold all the words and pass every filter that is given.

    ``words`` are as typed: words that all have to be in the answer, or all in the context, or all in the
    note; ``"phrases in quotes"``, and beginnings (``refund*``). ``prompt``, ``model`` (the entry's name, or
    the model string) and ``case`` (its name) may be patterns with ``*`` and ``?``. ``version`` is the
    beginning of a hash, ``label`` is ``good`` or ``bad``, ``since`` a time in UTC as the store keeps it.
    ``run_status`` is how the run stands. Without words and filters all results are wanted.
    """

    words: str = ""
    prompt: str | None = None
    model: str | None = None
    status: str | None = None
    version: str | None = None
    case: str | None = None
    label: str | None = None
    run: int | None = None
    since: str | None = None
    run_status: str | None = None


@dataclass(frozen=True)
class Found:
    """A result that was found, and the first place in a run that it fills and that is wanted.

    ``where`` the words are is ``output``, ``context`` or ``note``. ``snippet`` is what is around them, on one
    line, each hit between OPENED and CLOSED of the module for words; without words it is the beginning of
    the output. ``cost`` is in pico-dollars, None where it is not known.
    """

    run: int
    position: int
    result: int
    prompt: str
    version: str
    model: str
    case: str | None
    status: str
    ended: str
    cost: int | None
    label: str | None
    where: str
    snippet: str


@dataclass(frozen=True)
class _Source:
    """Where results are taken from, newest first: tables, what holds their number, and what must hold."""

    tables: str = "results"
    number: str = "results.id"
    condition: _Part = ("1", ())


class Search:
    """Finds results, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, wanted: Wanted, limit: int = 50) -> list[Found]:
        """Return the newest results that are wanted, each once."""
        wanted = _storable(wanted)
        words = Words(wanted.words)
        with self._database.searching() as connection:
            if not words.typed:
                rows = _newest(connection, _Source(), wanted, limit)
                return [_found(row, "output", words.snippet(row["text"])) for row in rows]
            if not words.query:
                return []
            hits: dict[int, tuple[sqlite3.Row, str]] = {}
            for where, source in _sources(connection, words, wanted):
                rows = _newest(connection, source, wanted, limit)
                hits.update((row["result"], (row, where)) for row in rows)
            return [
                _found(row, where, words.snippet(_said(connection, row, where, words)))
                for row, where in map(hits.__getitem__, heapq.nlargest(limit, hits))
            ]

    def runs(self, wanted: Wanted, limit: int = 200) -> list[Run]:
        """Return the newest runs that ask for such a result, be it one that an earlier run made.

        A run that has no result yet is found by what it asks, and is of the time at which it began.
        """
        wanted = _storable(wanted)
        words = Words(wanted.words)
        if words.typed and not words.query:
            return []
        conditions = [*_of_place(wanted), *_of_result(replace(wanted, since=None)), *_with_words(words)]
        if wanted.since is not None:
            conditions.append(("(runs.started >= ? OR results.ended >= ?)", (wanted.since, wanted.since)))
        condition, values = _all_of(conditions)
        with self._database.searching() as connection:
            rows = connection.execute(
                f"{RUNS} WHERE EXISTS (SELECT 1 FROM cells "
                "JOIN contenders ON contenders.id = cells.contender "
                "LEFT JOIN results ON results.id = cells.result "
                f"WHERE cells.run = runs.id AND {condition}) ORDER BY id DESC LIMIT ?",
                (*values, limit),
            )
            return [read_run(row) for row in rows]

    def places(self, wanted: Wanted, runs: Collection[int] = ()) -> list[tuple[int, int]]:
        """Return where in runs the results stand that are wanted, as the number of a run and a position.

        They are in the order of the runs. Unlike in what ``find`` returns, a result is there once for every
        place that it fills and that is wanted. Without ``runs`` they are those of all runs.
        """
        wanted = _storable(wanted)
        words = Words(wanted.words)
        if words.typed and not words.query:
            return []
        conditions = [*_of_place(wanted), *_of_result(wanted), *_with_words(words)]
        if runs:
            conditions.append(
                ("cells.run IN (SELECT value FROM json_each(?))", (json.dumps(list(runs)),)),
            )
        condition, values = _all_of(conditions)
        with self._database.searching() as connection:
            rows = connection.execute(
                "SELECT cells.run, position FROM cells JOIN contenders ON contenders.id = cells.contender "
                f"JOIN results ON results.id = cells.result WHERE {condition} ORDER BY cells.run, position",
                values,
            )
            return [(row["run"], row["position"]) for row in rows]


def _storable(wanted: Wanted) -> Wanted:
    texts: dict[str, Any] = {
        key: storable(text) for key, text in vars(wanted).items() if isinstance(text, str)
    }
    return replace(wanted, **texts)


def _sources(connection: sqlite3.Connection, words: Words, wanted: Wanted) -> Iterator[tuple[str, _Source]]:
    """Yield where results with these words are found, and from which source; what counts more comes later."""
    query = (words.query,)
    found, among = connection.execute(
        "SELECT (SELECT COUNT(*) FROM contexts_fts WHERE contexts_fts MATCH ?), "
        "(SELECT COALESCE(MAX(id), 0) FROM context_numbers)",
        query,
    ).fetchone()
    if found > among * _OFTEN and not words.prefix and wanted == Wanted(wanted.words):
        # To look at the newest results until enough are found is quicker than to put so many in order.
        yield (
            "context",
            _Source(
                "results CROSS JOIN context_numbers ON context_numbers.context = results.context",
                condition=(
                    "EXISTS (SELECT 1 FROM contexts_fts WHERE contexts_fts MATCH ? "
                    "AND contexts_fts.rowid = context_numbers.id)",
                    query,
                ),
            ),
        )
    else:
        yield "context", _Source(condition=(f"results.id IN ({_IN_CONTEXT})", query))
    yield "note", _Source(condition=(f"results.id IN ({_IN_NOTE})", query))
    yield (
        "output",
        _Source(
            "results_fts CROSS JOIN results ON results.id = results_fts.rowid",
            "results_fts.rowid",
            ("results_fts MATCH ?", query),
        ),
    )


def _newest(connection: sqlite3.Connection, source: _Source, wanted: Wanted, limit: int) -> list[sqlite3.Row]:
    """Return the newest results of a source that pass the filters; of their texts only the beginning."""
    place, of_place = _all_of(_of_place(wanted))
    condition, of_result = _all_of([source.condition, *_narrowed(wanted), *_of_result(wanted)])
    return connection.execute(
        "SELECT results.id AS result, results.status, results.ended, results.cost, results.context, "
        "substr(COALESCE(NULLIF(results.text, ''), results.refusal, results.error, ''), 1, 400) AS text, "
        "(SELECT label FROM labels WHERE labels.result = results.id AND undone IS NULL) AS label, "
        "cells.run, position, case_name, prompt, version, model "
        f"FROM {source.tables} CROSS JOIN cells ON cells.rowid = (SELECT cells.rowid FROM cells "
        "JOIN contenders ON contenders.id = cells.contender "
        f"WHERE cells.result = results.id AND {place} ORDER BY cells.run, position LIMIT 1) "
        "CROSS JOIN contenders ON contenders.id = cells.contender "
        f"WHERE {condition} ORDER BY {source.number} DESC LIMIT ?",
        (*of_place, *of_result, limit),
    ).fetchall()


def _narrowed(wanted: Wanted) -> list[_Part]:
    """Return what spares a look at every result where only those of a few cells matter."""
    conditions = []
    if named := _of_contender(wanted):
        condition, values = _all_of(named)
        conditions.append((f"contender IN (SELECT id FROM contenders WHERE {condition})", values))
    if wanted.case is not None:
        conditions.append(_like("case_name", wanted.case))
    if wanted.run is not None:
        conditions.append(("run = ?", (wanted.run,)))
    if wanted.run_status is not None:
        conditions.append(("run IN (SELECT id FROM runs WHERE status = ?)", (wanted.run_status,)))
    if not conditions:
        return []
    condition, values = _all_of(conditions)
    return [(f"results.id IN (SELECT result FROM cells WHERE {condition})", values)]


def _of_contender(wanted: Wanted) -> list[_Part]:
    conditions: list[_Part] = []
    if wanted.prompt is not None:
        conditions.append(_like("prompt", wanted.prompt))
    if wanted.model is not None:
        (name, names), (string, strings) = (
            _like("model", wanted.model),
            _like("contenders.string", wanted.model),
        )
        conditions.append((f"({name} OR {string})", (*names, *strings)))
    if wanted.version is not None:
        conditions.append(("substr(version, 1, ?) = ?", (len(wanted.version), wanted.version)))
    return conditions


def _of_place(wanted: Wanted) -> list[_Part]:
    """Return what is asked of a cell and its contender."""
    conditions = _of_contender(wanted)
    if wanted.case is not None:
        conditions.append(_like("case_name", wanted.case))
    if wanted.run is not None:
        # The plus keeps SQLite from going through the whole run for each result.
        conditions.append(("+cells.run = ?", (wanted.run,)))
    if wanted.run_status is not None:
        conditions.append(("+cells.run IN (SELECT id FROM runs WHERE status = ?)", (wanted.run_status,)))
    return conditions


def _with_words(words: Words) -> list[_Part]:
    """Return what is asked of the result of a cell where words are sought."""
    if not words.query:
        return []
    everywhere = " UNION ALL ".join((_IN_OUTPUT, _IN_NOTE, _IN_CONTEXT))
    return [(f"cells.result IN ({everywhere})", (words.query,) * 3)]


def _of_result(wanted: Wanted) -> list[_Part]:
    """Return what is asked of a result itself."""
    conditions: list[_Part] = []
    if wanted.status is not None:
        conditions.append(("results.status = ?", (wanted.status,)))
    if wanted.label is not None:
        standing = "SELECT result FROM labels WHERE undone IS NULL AND label = ?"
        conditions.append((f"results.id IN ({standing})", (wanted.label,)))
    if wanted.since is not None:
        # Numbers grow with time but for a clock that was set back: the first one spares all before it.
        first = "SELECT MIN(id) FROM results WHERE ended >= ?"
        conditions.append((f"results.id >= ({first}) AND +results.ended >= ?", (wanted.since, wanted.since)))
    return conditions


def _like(column: str, pattern: str) -> _Part:
    return f"({column} = ? OR {column} GLOB ?)", (pattern, pattern)


def _all_of(conditions: Iterable[_Part]) -> _Part:
    parts = [("1", ()), *conditions]
    return " AND ".join(sql for sql, _ in parts), tuple(value for _, values in parts for value in values)


def _said(connection: sqlite3.Connection, row: sqlite3.Row, where: str, words: Words) -> str:
    """Return the text that words were found in."""
    if where == "note":
        query = "SELECT note FROM notes WHERE result = ? AND undone IS NULL"
        return str(connection.execute(query, (row["result"],)).fetchone()[0])
    if where == "context":
        query = "SELECT messages FROM contexts WHERE hash = ?"
        return plain_context(connection.execute(query, (row["context"],)).fetchone()[0])
    texts = connection.execute(f"SELECT {SEARCHED} FROM results WHERE id = ?", (row["result"],)).fetchone()
    return next((str(text) for text in texts if text and words.hit(text)), str(row["text"]))


def _found(row: sqlite3.Row, where: str, snippet: str) -> Found:
    return Found(
        run=row["run"],
        position=row["position"],
        result=row["result"],
        prompt=row["prompt"],
        version=row["version"],
        model=row["model"],
        case=row["case_name"],
        status=row["status"],
        ended=row["ended"],
        cost=row["cost"],
        label=row["label"],
        where=where,
        snippet=snippet,
    )
