"""What was counted before calls, and what providers reported after them."""

from __future__ import annotations

import heapq
import sqlite3
from itertools import islice, pairwise

from workbench.models.correction import Observation
from workbench.store.database import Database
from workbench.store.records import ANSWERED, Miscount, Renamed

NEWEST = 200
"""Answers that a correction or a typical output is learnt from: a model behind a name may change."""

_VERSIONS = 50
"""Contenders among which the newest answers to a prompt are sought: each edit makes another."""

_COMPARED = 1000
"""Answers among which the largest errors are sought, and the ones to learn from."""

_ANSWERED = "status IN ('" + "', '".join(ANSWERED) + "')"

# The very words of the partial index, without which SQLite would not take it.
_REPORTED = f"input_tokens > 0 AND estimated > 0 AND {_ANSWERED}"

_NEWEST = f"WITH newest AS (SELECT id, input_tokens FROM results WHERE {_REPORTED} ORDER BY id DESC LIMIT ?) "


class Counts:
    """Estimates of tokens beside what became of them, over the newest answers alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def observations(
        self, string: str, api_base: str | None, *, with_schema: bool = False
    ) -> list[Observation]:
        """Return what a model reported in its newest answers, each context once.

        They are of calls with a schema or of calls without one: a provider counts a schema as it likes, and
        reports of the ones say nothing of the others.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT context, estimated, input_tokens AS reported, "
                "(SELECT messages FROM cells WHERE cells.result = results.id LIMIT 1) AS messages, "
                "(SELECT schema IS NOT NULL FROM cells WHERE cells.result = results.id LIMIT 1) AS schema "
                f"FROM results WHERE string = ? AND api_base IS ? AND {_REPORTED} ORDER BY id DESC LIMIT ?",
                (string, api_base, _COMPARED),
            )
            # Rows are made as they are taken, so that most often no more than these are read.
            alike = list(islice((row for row in rows if bool(row["schema"]) is with_schema), NEWEST))
        newest = {row["context"]: row for row in reversed(alike)}
        return [
            Observation(row["estimated"], row["messages"] or 1, row["reported"]) for row in newest.values()
        ]

    def typical_output(self, prompt: str, string: str, api_base: str | None) -> tuple[float | None, int]:
        """Return the mean output, in tokens, of a model's newest answers to a prompt, and their number."""
        with self._database.reading() as connection:
            results = _newest_results(connection, prompt, string, api_base)
            row = connection.execute(
                "SELECT AVG(output_tokens), COUNT(output_tokens) FROM results "
                f"WHERE id IN ({', '.join('?' * len(results))}) AND {_ANSWERED}",
                results,
            ).fetchone()
        return row[0], row[1]

    def typical_seconds(self, string: str, api_base: str | None) -> float | None:
        """Return how many seconds a model's newest answers took on average, None where there are none."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT AVG(total) AS mean FROM (SELECT total FROM results "
                f"WHERE string = ? AND api_base IS ? AND {_REPORTED} ORDER BY id DESC LIMIT ?)",
                (string, api_base, NEWEST),
            ).fetchone()
        mean: float | None = row["mean"]
        return mean

    def renamed(self, string: str, api_base: str | None) -> Renamed | None:
        """Return the last change of the name that a model's server answered with, from one run to the next.

        A server that answers with several names in one run has changed none of them in the next. None where
        there was no change, or not among the newest answers.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT run, answered_by FROM results WHERE string = ? AND api_base IS ? "
                f"AND answered_by IS NOT NULL AND {_REPORTED} ORDER BY id DESC LIMIT ?",
                (string, api_base, NEWEST),
            ).fetchall()
        provider = f"{string.partition('/')[0]}/"
        names: dict[int, list[str]] = {}
        for row in rows:
            names.setdefault(row["run"], []).append(row["answered_by"].removeprefix(provider))
        runs = sorted(names, reverse=True)
        for since, earlier in pairwise(runs):
            now = names[runs[0]][0]
            if now not in names[earlier]:
                return Renamed(names[earlier][0], now, since)
        return None

    def miscounts(self, most: int = 5) -> list[Miscount]:
        """Return the largest errors of the counts that were shown before the newest answers, largest first.

        Errors are shares of what was reported; each prompt, case and model is there once, with its worst run.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_NEWEST}SELECT model, prompt, case_name, run, shown, input_tokens AS reported, exact, "
                "MAX(ABS(shown - input_tokens) * 1.0 / input_tokens) AS off "
                "FROM newest JOIN cells ON cells.result = newest.id "
                "JOIN contenders ON contenders.id = cells.contender "
                "WHERE cells.cached = 0 AND shown != input_tokens "
                "GROUP BY string, api_base, prompt, case_hash ORDER BY off DESC LIMIT ?",
                (_COMPARED, most),
            ).fetchall()
        return [
            Miscount(
                model=row["model"],
                prompt=row["prompt"],
                case=row["case_name"],
                run=row["run"],
                shown=row["shown"],
                reported=row["reported"],
                exact=bool(row["exact"]),
            )
            for row in rows
        ]

    def reported(self) -> bool:
        """Return whether any of the newest answers came with a report that a count can be held against."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"{_NEWEST}SELECT EXISTS (SELECT 1 FROM newest JOIN cells ON cells.result = newest.id "
                "WHERE shown IS NOT NULL)",
                (_COMPARED,),
            ).fetchone()
        return bool(row[0])


def _newest_results(
    connection: sqlite3.Connection, prompt: str, string: str, api_base: str | None
) -> list[int]:
    """Return the numbers of a model's newest results for a prompt, by the index of each contender's."""
    contenders = connection.execute(
        "SELECT id FROM contenders WHERE prompt = ? AND string = ? AND api_base = ? AND EXISTS "
        "(SELECT 1 FROM cells WHERE contender = contenders.id AND result IS NOT NULL) "
        "ORDER BY id DESC LIMIT ?",
        (prompt, string, api_base or "", _VERSIONS),
    ).fetchall()
    found: set[int] = set()
    for contender in contenders:
        rows = connection.execute(
            "SELECT DISTINCT result FROM cells WHERE contender = ? AND result IS NOT NULL "
            "ORDER BY result DESC LIMIT ?",
            (contender["id"], NEWEST),
        )
        found.update(row["result"] for row in rows)
    return heapq.nlargest(NEWEST, found)
