"""What people said of single results: good or bad, and notes."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from workbench.errors import StoreError
from workbench.store.database import Database
from workbench.store.records import Remark
from workbench.store.rows import storable


class Remarks:
    """Labels and notes, one of each a result. What is replaced or taken back keeps its trace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def label(self, result: int, label: str | None, judge: str, now: str) -> None:
        """Say that a result is ``good`` or ``bad``, or with None neither.

        Raises StoreError where there is no such result.
        """
        with self._database.writing() as connection:
            _check(connection, result)
            _say(connection, "label", (result, label, judge, now))

    def note(self, result: int, note: str | None, judge: str, now: str) -> None:
        """Write a note on a result in place of the one it has, or with None take that back.

        Raises StoreError where there is no such result.
        """
        note = None if note is None else storable(note)
        with self._database.writing() as connection:
            _check(connection, result)
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


def _check(connection: sqlite3.Connection, result: int) -> None:
    if connection.execute("SELECT 1 FROM results WHERE id = ?", (result,)).fetchone() is None:
        raise StoreError(f"there is no result {result}", hint="“workbench runs show” lists those of a run.")


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
