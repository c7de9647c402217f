"""Old runs, let go with all that only they hold."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from workbench.errors import StoreError
from workbench.store.database import Database
from workbench.store.indexing import compact, forget_contexts, forget_results
from workbench.store.live import LiveRuns

_RUNS = "(SELECT value FROM json_each(:runs))"

_ONLY_THEIRS = (
    f"SELECT DISTINCT context FROM cells WHERE run IN {_RUNS} AND NOT EXISTS "
    f"(SELECT 1 FROM cells AS others WHERE others.context = cells.context AND others.run NOT IN {_RUNS})"
)
_ONLY_THEIR_CASES = (
    f"SELECT DISTINCT case_hash FROM cells WHERE run IN {_RUNS} AND NOT EXISTS "
    f"(SELECT 1 FROM cells AS others WHERE others.case_hash = cells.case_hash AND others.run NOT IN {_RUNS}) "
    "AND NOT EXISTS (SELECT 1 FROM pairs WHERE pairs.case_hash = cells.case_hash)"
)

_SHOWN = (
    "SELECT left_result AS result, left_contender AS contender FROM pairs "
    "UNION SELECT right_result, right_contender FROM pairs"
)
_NEEDED = {
    "its answers were shown in a duel": (
        f"SELECT run FROM results WHERE id IN (SELECT result FROM ({_SHOWN})) UNION "
        f"SELECT MIN(cells.run) FROM ({_SHOWN}) AS shown CROSS JOIN cells "
        "ON cells.contender = shown.contender AND cells.result = shown.result "
        "GROUP BY shown.contender, shown.result"
    ),
    "an answer of it is marked good or bad": "SELECT DISTINCT run FROM results WHERE id IN "
    "(SELECT result FROM labels WHERE undone IS NULL)",
    "there is a note on an answer of it": "SELECT DISTINCT run FROM results WHERE id IN "
    "(SELECT result FROM notes WHERE undone IS NULL)",
}


@dataclass(frozen=True)
class Prunable:
    """Which runs may go: those to which all that is given applies.

    They were started before ``older_than`` (a time in UTC, as the store keeps it), are not among the newest
    ``keep`` of those of the ``prompt``, or of all, and are of one of the ``statuses``: by their own, such as
    ``interrupted``, or because every cell has such a one (``error``, or ``waiting`` where nothing was asked).
    """

    older_than: str | None = None
    keep: int | None = None
    prompt: str | None = None
    statuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pruned:
    """What goes: runs, and how many results and contexts with them, of about so many ``bytes``.

    ``kept`` are the runs that were chosen and stay, with the reason.
    """

    runs: tuple[int, ...]
    results: int
    contexts: int
    bytes: int
    kept: tuple[tuple[int, str], ...]


class Pruning:
    """Deletes runs whole, and none that somebody still needs.

    Versions and contenders stay: votes are about them, and every version can be restored.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._live = LiveRuns(database.path.parent)

    def preview(self, chosen: Prunable) -> Pruned:
        """Return what would go. Raises StoreError where nothing says which runs."""
        with self._database.searching() as connection:
            return self._weighed(connection, _chosen(connection, chosen))

    def prune(self, chosen: Prunable) -> Pruned:
        """Delete what ``preview`` tells, and return it; the file shrinks where nobody else is using it.

        It takes many small steps, between which others may write. Raises StoreError where nothing says which
        runs.
        """
        foreseen = self.preview(chosen)
        # Newest first: a run takes answers of earlier ones only.
        gone = [self._prune(run) for run in reversed(foreseen.runs)]
        if foreseen.runs:
            compact(self._database.writing)
            if not self._live.any_held():
                self._database.give_space_back()
        kept = [*foreseen.kept, *(kept for one in gone for kept in one.kept)]
        return Pruned(
            tuple(sorted(run for one in gone for run in one.runs)),
            sum(one.results for one in gone),
            sum(one.contexts for one in gone),
            sum(one.bytes for one in gone),
            tuple(sorted(kept)),
        )

    def _prune(self, run: int) -> Pruned:
        """Delete one run, unless it has come to be needed; returns what went."""
        with self._database.writing() as connection:
            pruned = self._weighed(connection, [run])
            _delete(connection, pruned.runs)
        return pruned

    def _weighed(self, connection: sqlite3.Connection, runs: Sequence[int]) -> Pruned:
        """Return which of these runs may go and which have to stay."""
        kept = _needed(connection, runs)
        kept |= {run: "it is going on" for run in runs if self._live.held(run)}
        kept |= _shared(connection, runs, kept)
        going = tuple(run for run in runs if run not in kept)
        results, of_results = connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(length(CAST(text AS BLOB)) "
            f"+ length(CAST(COALESCE(reasoning, '') AS BLOB))), 0) FROM results WHERE run IN {_RUNS}",
            {"runs": json.dumps(going)},
        ).fetchone()
        contexts, of_contexts = connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(length(CAST(messages AS BLOB))), 0) FROM contexts "
            f"WHERE hash IN ({_ONLY_THEIRS})",
            {"runs": json.dumps(going)},
        ).fetchone()
        return Pruned(going, results, contexts, of_results + of_contexts, tuple(sorted(kept.items())))


def _chosen(connection: sqlite3.Connection, chosen: Prunable) -> list[int]:
    """Return the runs that are chosen, in their order."""
    if chosen == Prunable():
        raise StoreError(
            "nothing says which runs to let go", hint="Say how old they are, or how many of the newest stay."
        )
    rows = connection.execute(
        "SELECT id, started, status, counts FROM runs WHERE (:prompt IS NULL OR prompt = :prompt) "
        "ORDER BY id DESC LIMIT -1 OFFSET :keep",
        {"prompt": chosen.prompt, "keep": max(0, chosen.keep or 0)},
    )
    return sorted(
        row["id"]
        for row in rows
        if (chosen.older_than is None or row["started"] < chosen.older_than)
        and (not chosen.statuses or _is_of(row, chosen.statuses))
    )


def _is_of(row: sqlite3.Row, statuses: Collection[str]) -> bool:
    return row["status"] in statuses or json.loads(row["counts"]).keys() <= set(statuses)


def _needed(connection: sqlite3.Connection, runs: Collection[int]) -> dict[int, str]:
    """Return those of the runs whose own results people have judged, with the reason to keep them.

    A pair also needs the first run in which a contender was given the result that it was shown with.
    """
    kept: dict[int, str] = {}
    for reason, query in _NEEDED.items():
        for (run,) in connection.execute(query):
            if run in runs:
                kept.setdefault(run, reason)
    return kept


def _shared(connection: sqlite3.Connection, runs: Collection[int], kept: Collection[int]) -> dict[int, str]:
    """Return those of the other runs whose results fill cells of runs that stay, with that reason."""
    rows = connection.execute(
        "SELECT DISTINCT results.run, cells.run FROM results JOIN cells ON cells.result = results.id "
        f"WHERE results.run IN {_RUNS} AND cells.run != results.run",
        {"runs": json.dumps(list(runs))},
    )
    uses = sorted((of, by) for of, by in rows)
    going = set(runs) - set(kept)
    found: dict[int, str] = {}
    while new := {of: by for of, by in uses if of in going and by not in going}:
        found |= {of: f"run {by} shares its answers" for of, by in new.items()}
        going -= new.keys()
    return found


def _delete(connection: sqlite3.Connection, runs: Collection[int]) -> None:
    """Delete runs with their results and remarks, and the contexts and cases that only they asked."""
    going = {"runs": json.dumps(list(runs))}
    contexts = [row["context"] for row in connection.execute(_ONLY_THEIRS, going)]
    cases = [row["case_hash"] for row in connection.execute(_ONLY_THEIR_CASES, going)]
    theirs = f"SELECT id FROM results WHERE run IN {_RUNS}"
    forget_results(connection, [row["id"] for row in connection.execute(theirs, going)])
    for said in ("labels", "notes"):  # those that were taken back; with one that stands a run stays
        connection.execute(f"DELETE FROM {said} WHERE result IN ({theirs})", going)
    connection.execute(f"DELETE FROM cells WHERE run IN {_RUNS}", going)
    connection.execute(f"DELETE FROM results WHERE run IN {_RUNS}", going)
    connection.execute(f"DELETE FROM runs WHERE id IN {_RUNS}", going)
    forget_contexts(connection, contexts)
    connection.executemany("DELETE FROM contexts WHERE hash = ?", ((context,) for context in contexts))
    connection.executemany("DELETE FROM cases WHERE hash = ?", ((case,) for case in cases))
