"""What can stand in a duel: which results there are, and which of them say the same."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from workbench.store.database import Database
from workbench.store.records import JUDGED

_JUDGED = (
    "FROM cells WHERE contender IN (SELECT id FROM contenders WHERE prompt = ?) "
    # The few results with another status come from an index alone; each row of results has pages of text.
    f"AND result NOT IN (SELECT id FROM results WHERE status NOT IN ({', '.join('?' * len(JUDGED))}))"
)

State = tuple[float | None, ...]
"""What the results of a prompt are told from earlier ones by."""

_PAGE = 500
"""Texts read at once, between which others may use the store."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A result that can stand in a duel.

    ``wording`` is the same for two results on one case exactly where their texts are. It is empty where no
    other contender answered the case.
    """

    result: int
    contender: int
    case_hash: str
    sample: int
    wording: str


class Judging:
    """The results of a prompt as pairs are chosen from them, without their texts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Texts never change, but a number may be given anew after its result was pruned.
        self._wordings: dict[tuple[int, str], str] = {}

    def state(self, prompt: str) -> State:
        """Return a value that changes when results of a prompt come or go."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT COUNT(*), TOTAL(result), MAX(result), (SELECT MAX(id) FROM runs), "
                f"(SELECT COUNT(*) FROM runs) {_JUDGED}",
                (prompt, *JUDGED),
            ).fetchone()
        return tuple(row)

    def judged(self, prompt: str) -> list[Judged]:
        """Return the results of a prompt, oldest first, each once for each contender and case."""
        rows = {(row["contender"], row["case_hash"], row["result"]): row for row in self._rows(prompt)}
        answering: dict[str, set[int]] = {}
        for contender, case_hash, _ in rows:
            answering.setdefault(case_hash, set()).add(contender)
        compared = [row for row in rows.values() if len(answering[row["case_hash"]]) > 1]
        self._read_wordings({(row["result"], row["call_key"]) for row in compared})
        return [
            Judged(
                *(row["result"], row["contender"], row["case_hash"], row["sample"]),
                wording=self._wordings.get((row["result"], row["call_key"]), ""),
            )
            for row in rows.values()
        ]

    def contenders(self, prompt: str) -> set[int]:
        """Return the numbers of the contenders that have a result."""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT DISTINCT contender {_JUDGED}", (prompt, *JUDGED))
            return {row["contender"] for row in rows}

    def texts(self, results: Sequence[int]) -> dict[int, str]:
        """Return the texts of some results."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT id, text FROM results WHERE id IN ({_marks(results)})", tuple(results)
            )
            return {row["id"]: row["text"] for row in rows}

    def case_name(self, prompt: str, case_hash: str) -> str | None:
        """Return the name that a case had when it was last asked, None where it had none."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT case_name {_JUDGED} AND case_hash = ? ORDER BY result DESC LIMIT 1",
                (prompt, *JUDGED, case_hash),
            ).fetchone()
        name: str | None = row["case_name"] if row else None
        return name

    def case_names(self, prompt: str) -> dict[str, str | None]:
        """Return the name that each case had when it was last asked, by hash."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT case_hash, case_name, MAX(result) {_JUDGED} GROUP BY case_hash", (prompt, *JUDGED)
            )
            return {row["case_hash"]: row["case_name"] for row in rows}

    def lengths(self, results: Collection[int]) -> dict[int, int]:
        """Return the lengths of the texts of some results, in characters."""
        found: dict[int, int] = {}
        for page in _pages(sorted(results)):
            with self._database.reading() as connection:
                rows = connection.execute(
                    f"SELECT id, length(text) AS long FROM results WHERE id IN ({_marks(page)})",
                    page,
                )
                found.update((row["id"], row["long"]) for row in rows)
        return found

    def answers(self, prompt: str) -> list[tuple[int, str, int]]:
        """Return contender, hash of the case and number of each result of a prompt, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT DISTINCT contender, case_hash, result {_JUDGED} ORDER BY result", (prompt, *JUDGED)
            )
            return [tuple(row) for row in rows]

    def answering(self, call_key: str) -> dict[int, str]:
        """Return the texts of all results that answer a call, by number."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT id, text FROM results WHERE call_key = ? AND status IN ({_marks(JUDGED)})",
                (call_key, *JUDGED),
            )
            return {row["id"]: row["text"] for row in rows}

    def author(self, result: int, prompt: str, version: str, case_hash: str) -> int | None:
        """Return the contender of a prompt and version that gave a result on a case, None without one."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT contender FROM cells JOIN contenders ON contenders.id = contender "
                "WHERE result = ? AND prompt = ? AND version = ? AND case_hash = ? LIMIT 1",
                (result, prompt, version, case_hash),
            ).fetchone()
        number: int | None = row["contender"] if row else None
        return number

    def sample(self, result: int, contender: int) -> tuple[int, str]:
        """Return which sample of a contender a result is, and the key of the call that it answers."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT sample, call_key FROM cells WHERE result = ? AND contender = ? LIMIT 1",
                (result, contender),
            ).fetchone()
        return row["sample"], row["call_key"]

    def contexts(self, results: Collection[int]) -> dict[int, str]:
        """Return the hashes of the contexts that some results answer."""
        found: dict[int, str] = {}
        for page in _pages(sorted(results)):
            with self._database.reading() as connection:
                rows = connection.execute(
                    f"SELECT id, context FROM results WHERE id IN ({_marks(page)})", page
                )
                found.update((row["id"], row["context"]) for row in rows)
        return found

    def _rows(self, prompt: str) -> list[sqlite3.Row]:
        with self._database.reading() as connection:
            return connection.execute(
                f"SELECT result, contender, case_hash, sample, call_key {_JUDGED} "
                "ORDER BY result, run, position",
                (prompt, *JUDGED),
            ).fetchall()

    def _read_wordings(self, wanted: Iterable[tuple[int, str]]) -> None:
        """Read the texts that were not read before, and keep what tells them apart."""
        keys = {result: key for result, key in wanted if (result, key) not in self._wordings}
        for page in _pages(sorted(keys)):
            for result, text in self.texts(page).items():
                digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
                self._wordings[result, keys[result]] = digest


def _pages(results: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(results)
    while page := list(islice(rest, _PAGE)):
        yield page


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
