"""Pairs as they were shown, and the votes on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import replace

from workbench.errors import StoreError
from workbench.store.database import Database
from workbench.store.records import Pair, Vote

_VOTES = """
SELECT votes.*, votes.id AS vote_id, pairs.prompt, pairs.case_hash, left_result, right_result, left_contender,
       right_contender, pairs.id AS pair_id
FROM votes JOIN pairs ON pairs.id = votes.pair
"""


class Votes:
    """What people said of pairs. A vote that is undone keeps its trace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def show(self, pair: Pair, now: str) -> int:
        """Store a pair as it is about to be shown; returns its number."""
        with self._database.writing() as connection:
            return _insert_pair(connection, pair, now)

    def pair(self, number: int) -> Pair:
        """Return a pair by its number; raises StoreError where there is none."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT *, id AS pair_id FROM pairs WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise StoreError(f"there is no pair {number}", hint="“workbench duel next PROMPT” gives one.")
        return _pair(row)

    def add(self, vote: Vote) -> int:
        """Store one vote on a pair that was shown; returns its number.

        Raises StoreError where that pair already has a vote of this judge that stands.
        """
        with self._database.writing() as connection:
            standing = connection.execute(
                "SELECT 1 FROM votes WHERE pair = ? AND judge = ? AND undone IS NULL",
                (vote.pair.id, vote.judge),
            ).fetchone()
            if standing:
                raise StoreError(
                    f"pair {vote.pair.id} already has a vote", hint="“workbench duel undo” takes it back."
                )
            return _insert_vote(connection, vote)

    def add_identical(self, pairs: Iterable[Pair], now: str) -> int:
        """Store a tie by the judge ``identical`` for each of the pairs; returns how many.

        A result is matched once with each other contender. Pairs that would match it again are passed over:
        another workbench stored its tie since they were found.
        """
        count = 0
        with self._database.writing() as connection:
            matched: set[tuple[int, int, int]] = set()
            for row in connection.execute(f"{_VOTES} WHERE judge = 'identical' AND undone IS NULL"):
                matched.update(_matches(_pair(row)))
            for pair in pairs:
                if not matched.isdisjoint(_matches(pair)):
                    continue
                matched.update(_matches(pair))
                number = _insert_pair(connection, pair, now)
                shown = replace(pair, id=number)
                _insert_vote(connection, Vote(shown, "tie", "identical", blind=True, created=now))
                count += 1
        return count

    def undo(self, now: str, prompt: str | None = None, judge: str | None = None) -> Vote | None:
        """Take back the last standing vote of a judge, or of any person; returns it, or None without."""
        with self._database.writing() as connection:
            row = connection.execute(
                f"{_VOTES} WHERE undone IS NULL AND judge != 'identical' AND (? IS NULL OR prompt = ?) "
                "AND (? IS NULL OR judge = ?) ORDER BY votes.created DESC, votes.id DESC LIMIT 1",
                (prompt, prompt, judge, judge),
            ).fetchone()
            if row is None:
                return None
            connection.execute("UPDATE votes SET undone = ? WHERE id = ?", (now, row["vote_id"]))
            return _vote(row)

    def standing(self, prompt: str, judges: Collection[str] = ()) -> list[Vote]:
        """Return all votes on a prompt that were not undone, in the order they were given.

        Where ``judges`` are given, theirs alone.
        """
        by = f"AND judge IN ({', '.join('?' * len(judges))}) " if judges else ""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_VOTES} WHERE prompt = ? AND undone IS NULL {by}ORDER BY votes.created, votes.id",
                (prompt, *judges),
            )
            return [_vote(row) for row in rows]

    def ever(self, prompt: str) -> list[Vote]:
        """Return all votes that people gave on a prompt, undone ones too, in the order they were given."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_VOTES} WHERE prompt = ? AND judge != 'identical' ORDER BY votes.created, votes.id",
                (prompt,),
            )
            return [_vote(row) for row in rows]

    def prompts(self) -> list[str]:
        """Return the names of the prompts on which somebody voted."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT DISTINCT prompt FROM pairs WHERE EXISTS "
                "(SELECT 1 FROM votes WHERE pair = pairs.id AND judge != 'identical') ORDER BY prompt"
            )
            return [row["prompt"] for row in rows]

    def merge(self, votes: Iterable[Vote]) -> list[Vote | None]:
        """Store votes that were given elsewhere, with their traces, all or none; what is here stays.

        A vote is the same as one that is here where judge, time and both results are. Returns for each vote
        the one that was here, None where it is new. The numbers of votes and pairs are given anew.
        """
        merged: list[Vote | None] = []
        with self._database.writing() as connection:
            kept = {_identity(vote): vote for vote in map(_vote, connection.execute(_VOTES))}
            for vote in votes:
                known = kept.get(_identity(vote))
                merged.append(known)
                if known is None:
                    pair = replace(vote.pair, id=_insert_pair(connection, vote.pair, vote.created))
                    kept[_identity(vote)] = vote
                    _insert_vote(connection, replace(vote, pair=pair))
        return merged


def _identity(vote: Vote) -> tuple[str, str, int, int]:
    return (vote.judge, vote.created, vote.pair.left_result, vote.pair.right_result)


def _matches(pair: Pair) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return, for each side of a pair, its contender, its result, and the contender it is matched with."""
    return (
        (pair.left_contender, pair.left_result, pair.right_contender),
        (pair.right_contender, pair.right_result, pair.left_contender),
    )


def _insert_pair(connection: sqlite3.Connection, pair: Pair, now: str) -> int:
    try:
        number = connection.execute(
            "INSERT INTO pairs "
            "(prompt, case_hash, left_result, right_result, left_contender, right_contender, shown) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(pair.prompt, pair.case_hash, pair.left_result, pair.right_result),
                *(pair.left_contender, pair.right_contender, now),
            ),
        ).lastrowid
    except sqlite3.IntegrityError as gone:
        raise StoreError("an answer of this pair was removed meanwhile", hint="Try again.") from gone
    assert number is not None
    return number


def _insert_vote(connection: sqlite3.Connection, vote: Vote) -> int:
    number = connection.execute(
        "INSERT INTO votes (pair, choice, judge, blind, note, seconds, created, undone) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(vote.pair.id, vote.choice, vote.judge, int(vote.blind)),
            *(vote.note, vote.seconds, vote.created, vote.undone),
        ),
    ).lastrowid
    assert number is not None
    return number


def _pair(row: sqlite3.Row) -> Pair:
    return Pair(
        prompt=row["prompt"],
        case_hash=row["case_hash"],
        left_result=row["left_result"],
        right_result=row["right_result"],
        left_contender=row["left_contender"],
        right_contender=row["right_contender"],
        id=row["pair_id"],
    )


def _vote(row: sqlite3.Row) -> Vote:
    return Vote(
        pair=_pair(row),
        choice=row["choice"],
        judge=row["judge"],
        blind=bool(row["blind"]),
        created=row["created"],
        note=row["note"],
        seconds=row["seconds"],
        id=row["vote_id"],
        undone=row["undone"],
    )
