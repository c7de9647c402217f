"""The database file: opened, migrated and guarded; everything else in this room goes through it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import Place, StoreError

FILE_NAME = "runs.db"

MOVE_ASIDE = "“workbench doctor --move-aside” keeps it under another name and begins a new one."
"""What mends a damaged database."""

BUSY_TIMEOUT = 10.0
"""Seconds to wait for another workbench that is writing."""


_LATER = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)
"""Why a file cannot be shrunk now, though it may be used."""


class Database:
    """One connection, safe to use from several threads, opened and migrated when first needed.

    A second one is for searching alone, so that a long search holds up nobody who writes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._searching_lock = threading.RLock()
        self._searching: sqlite3.Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for queries; raises StoreError where the file cannot be used."""
        with self._lock, self._translated():
            yield self._opened()

    @contextmanager
    def searching(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for queries that may take long; it sees all that was written before."""
        with self._searching_lock, self._translated():
            if self._connection is None:
                with self.reading():
                    pass  # opened and migrated; from then on no search waits for who writes
            if self._searching is None:
                self._searching = self._connect()
                self._searching.execute("PRAGMA query_only = ON")
            yield self._searching

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one transaction, which is rolled back where the block raises."""
        with self._lock, self._translated():
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    def close(self) -> None:
        """Close the file, and break off a search that is under way; the next use opens it again."""
        while not self._searching_lock.acquire(timeout=0.02):
            # Again and again: what is interrupted is one query, and a search may be several.
            if (searching := self._searching) is not None:
                searching.interrupt()
        try:
            with self._lock:
                for connection in (self._searching, self._connection):
                    if connection is not None:
                        connection.close()
                self._searching = self._connection = None
        finally:
            self._searching_lock.release()

    def move_aside(self) -> Path:
        """Rename a damaged file and its journals so that a new one can begin; returns the new name."""
        self.close()
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        return aside

    def check(self) -> list[str]:
        """Return what SQLite finds wrong with the file; nothing where all is well."""
        with self.reading() as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def give_space_back(self) -> bool:
        """Shrink the file to what it holds; returns False where that has to wait.

        It waits for others who are using the file, or for room on the disk, of which it takes as much again
        as the file has. What was deleted is gone all the same, and its space is used again.
        """
        with self.reading() as connection:
            connection.execute("PRAGMA busy_timeout = 200")
            try:
                connection.execute("VACUUM")
                return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()["busy"]
            except sqlite3.OperationalError as waits:
                if waits.sqlite_errorcode & 0xFF not in _LATER:
                    raise
                return False
            finally:
                connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}")

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = self._connect()
            try:
                _migrate(connection, self.path)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        try:
            # Made by hand so that nobody else can read it, not even for a moment. Not through a link, which a
            # cloned project may hold; to the journals SQLite itself follows none.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
            if self.path.stat().st_mode & 0o077:
                self.path.chmod(0o600)
        except OSError as broken:
            if self.path.is_symlink():
                raise StoreError(
                    "is a symbolic link, and Workbench writes to none",
                    place=Place(str(self.path)),
                    hint="Remove the link; Workbench makes a file of that name.",
                ) from broken
            raise StoreError(
                f"cannot be opened for writing: {broken.strerror}",
                place=Place(str(self.path)),
                hint="Runs and votes are kept there; make the folder writable.",
            ) from broken
        connection = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        try:
            _switch_to_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            # A database that came with a cloned project may hold triggers and views of anyone's making.
            connection.execute("PRAGMA trusted_schema = OFF")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as broken:
            # What Python's own module raises has no code.
            if getattr(broken, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise StoreError("the search was broken off, since the database was closed") from broken
            raise StoreError(
                f"the database cannot be used now: {broken}",
                place=Place(str(self.path)),
                hint="Is the disk full, the folder read-only, or another program holding the file?",
            ) from broken
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a mistake of this program, not of the file
        except sqlite3.DatabaseError as broken:
            error = StoreError(
                f"the database is damaged: {broken}",
                place=Place(str(self.path)),
                hint=MOVE_ASIDE,
            )
            error.damaged = True
            raise error from broken


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work at once, which a database is told once.

    SQLite's own waiting does not cover this step (https://sqlite.org/c3ref/busy_handler.html: the handler is
    not invoked where it could deadlock), so two workbenches that make a database together wait here.
    """
    give_up = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as broken:
            busy = broken.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > give_up:
                raise
        time.sleep(0.01)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to date; raises StoreError for a database from a newer version."""
    # 0.17 s to import, and not needed before the store is.
    import sqlite_utils

    from workbench.store.migrations import NAMES, migrations

    database = sqlite_utils.Database(connection)
    if {step.name for step in migrations.applied(database)} - NAMES:
        raise StoreError(
            "the database was made by a newer Workbench",
            place=Place(str(path)),
            hint="Upgrade with: pip install --upgrade prompt-workbench",
        )
    if migrations.pending(database):
        connection.execute("BEGIN IMMEDIATE")  # so that two workbenches do not both take a step
        try:
            migrations.apply(database)
        except BaseException:
            connection.rollback()
            raise
        connection.commit()
