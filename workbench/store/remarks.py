"""What people said of single results: good or bad, and notes."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from workbench.errors import StoreError
from workbench.store.database import Database
from workbench.store.records import Remark
from workbench.store.rows import replaced_by, storable


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label that stands, ``good`` or ``bad``, on what a contender answered to a case."""

    contender: int
    case_hash: str
    result: int
    label: str
    judge: str


class Remarks:
    """Labels and notes, one of each a result. What is replaced or taken back keeps its trace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def label(self, result: int, label: str | None, judge: str, now: str) -> None:
        """Say that a result is ``good`` or ``bad``, or with None neither.

        Raises StoreError where there is no such result, and where another one is in its place by now.
        """
        with self._database.writing() as connection:
            _check(connection, result, label)
            _say(connection, "label", (result, label, judge, now))

    def note(self, result: int, note: str | None, judge: str, now: str) -> None:
        """Write a note on a result in place of the one it has, or with None take that back.

        Raises StoreError where there is no such result, and where another one is in its place by now.
        """
        note = None if note is None else storable(note)
        with self._database.writing() as connection:
            _check(connection, result, note)
            standing = connection.execute(
                "SELECT id, note FROM notes WHERE result = ? AND undone IS NULL", (result,)
            ).fetchone()
            if standing is not None and standing["note"] != note:
                connection.execute(
                    "INSERT INTO notes_fts (notes_fts, rowid, note) VALUES ('delete', ?, ?)", tuple(standing)
                )
            number = _say(connection, "note", (result, note, judge, now))
            if number is not None:
                connection.execute(
                    "INSERT INTO notes_fts (rowid, note) SELECT id, note FROM notes WHERE id = ?", (number,)
                )

    def of(self, results: Collection[int]) -> dict[int, Remark]:
        """Return what is said of those of these results that anything is said of."""
        wanted = list(results)
        labels: dict[int, str] = {}
        notes: dict[int, str] = {}
        with self._database.reading() as connection:
            for start in range(0, len(wanted), 500):
                some = wanted[start : start + 500]
                marks = ", ".join("?" * len(some))
                for what, found in (("label", labels), ("note", notes)):
                    rows = connection.execute(
                        f"SELECT result, {what} FROM {what}s WHERE undone IS NULL AND result IN ({marks})",
                        some,
                    )
                    found.update((row[0], row[1]) for row in rows)
        return {
            result: Remark(labels.get(result), notes.get(result)) for result in labels.keys() | notes.keys()
        }

    def labels(self, prompt: str) -> list[Labelled]:
        """Return the labels that stand on a prompt's results, once for each contender and case, in order."""
        with self._database.reading() as connection:
            rows = connection.execute(
                # From the few labels to their cells, and not through all cells of the prompt.
                "SELECT DISTINCT contender, case_hash, labels.result, label, judge, labels.id FROM labels "
                "CROSS JOIN cells ON cells.result = labels.result "
                "CROSS JOIN contenders ON contenders.id = contender "
                "WHERE undone IS NULL AND prompt = ? ORDER BY labels.id",
                (prompt,),
            )
            return [Labelled(*tuple(row)[:5]) for row in rows]

    def unlabel(self, judge: str, now: str, prompt: str | None = None) -> tuple[int, str] | None:
        """Take back the last label of a judge that stands, on a prompt or on any.

        Returns the result and what it was called; None where there is none.
        """
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT id, result, label FROM labels WHERE undone IS NULL AND judge = ? AND (? IS NULL OR "
                "EXISTS (SELECT 1 FROM cells JOIN contenders ON contenders.id = contender "
                "WHERE cells.result = labels.result AND prompt = ?)) ORDER BY id DESC LIMIT 1",
                (storable(judge), prompt, prompt),
            ).fetchone()
            if row is None:
                return None
            connection.execute("UPDATE labels SET undone = ? WHERE id = ?", (now, row["id"]))
            return row["result"], row["label"]

    def labelled_since(self, judge: str, since: str, prompt: str | None = None) -> int:
        """Return how many results have a label that a judge gave at this time or later."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT COUNT(*) FROM labels WHERE undone IS NULL AND judge = ? AND created >= ? AND "
                "(? IS NULL OR EXISTS (SELECT 1 FROM cells JOIN contenders ON contenders.id = contender "
                "WHERE cells.result = labels.result AND prompt = ?))",
                (storable(judge), since, prompt, prompt),
            ).fetchone()
            return int(row[0])


def _check(connection: sqlite3.Connection, result: int, said: str | None) -> None:
    """Refuse to say what nobody would find: something of a failure that was tried again.

    What was said before that can be taken back.
    """
    successor = replaced_by(connection, result)
    if successor is not None and said is not None:
        raise StoreError(
            f"result {result} was tried again, and result {successor} is in its place",
            hint=f"Mark or note result {successor}.",
        )


def _say(connection: sqlite3.Connection, what: str, said: tuple[int, str | None, str, str]) -> int | None:
    """Let this label or note stand in place of the one that does; returns its number where it is new."""
    result, text, judge, now = said
    standing = connection.execute(
        f"SELECT {what} FROM {what}s WHERE result = ? AND undone IS NULL", (result,)
    ).fetchone()
    if (standing[0] if standing else None) == text:
        return None
    connection.execute(f"UPDATE {what}s SET undone = ? WHERE result = ? AND undone IS NULL", (now, result))
    if text is None:
        return None
    return connection.execute(
        f"INSERT INTO {what}s (result, {what}, judge, created) VALUES (?, ?, ?, ?)",
        (result, text, storable(judge), now),
    ).lastrowid
