"""The index of words, filled by hand beside what it is of, since triggers of a database are not trusted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from workbench.store.words import plain_context

_PAGE = 500
"""Contexts read at once: they may be long."""

_MERGED = 500
"""Pages of an index, of 4 kB each, that are rewritten in one transaction."""

SEARCHED = "text, reasoning, refusal, tool_calls, error"
"""What of a result is searched."""


def index_results(connection: sqlite3.Connection, first: int) -> None:
    """Make the results from this number on findable."""
    connection.execute(
        f"INSERT INTO results_fts (rowid, {SEARCHED}) SELECT id, {SEARCHED} FROM results WHERE id >= ?",
        (first,),
    )


def index_contexts(connection: sqlite3.Connection, after: int) -> None:
    """Make the contexts whose numbers are above this one findable."""
    while True:
        rows = connection.execute(
            "SELECT id, messages FROM context_numbers JOIN contexts ON hash = context WHERE id > ? "
            "ORDER BY id LIMIT ?",
            (after, _PAGE),
        ).fetchall()
        if not rows:
            return
        connection.executemany(
            "INSERT INTO contexts_fts (rowid, text) VALUES (?, ?)",
            ((number, plain_context(messages)) for number, messages in rows),
        )
        after = rows[-1][0]


def forget_results(connection: sqlite3.Connection, results: Iterable[int]) -> None:
    """Take results out of the index, which has to happen while they are still there."""
    connection.executemany(
        f"INSERT INTO results_fts (results_fts, rowid, {SEARCHED}) "
        f"SELECT 'delete', id, {SEARCHED} FROM results WHERE id = ?",
        ((result,) for result in results),
    )


def forget_contexts(connection: sqlite3.Connection, contexts: Iterable[str]) -> None:
    """Take contexts and their numbers out of the index, which has to happen while they are still there."""
    for context in contexts:
        number, messages = connection.execute(
            "SELECT id, messages FROM context_numbers JOIN contexts ON hash = context WHERE context = ?",
            (context,),
        ).fetchone()
        connection.execute(
            "INSERT INTO contexts_fts (contexts_fts, rowid, text) VALUES ('delete', ?, ?)",
            (number, plain_context(messages)),
        )
        connection.execute("DELETE FROM context_numbers WHERE id = ?", (number,))


def compact(writing: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
    """Let go of the words themselves of what was taken out, which the index until then only passes over.

    ``writing`` gives a transaction: many small ones are made, between which others may write
    (https://sqlite.org/fts5.html#the_merge_command).
    """
    for index in ("results_fts", "contexts_fts", "notes_fts"):
        pages = -_MERGED
        while True:
            with writing() as connection:
                before = connection.total_changes
                connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('merge', ?)", (pages,))
                if connection.total_changes - before < 2:  # the row of the command itself is one
                    break
            pages = _MERGED
