"""What the store knows of a prompt's versions: when each was first run, and how many results it has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from workbench.store.database import Database


@dataclass(frozen=True)
class KeptVersion:
    """A version that was run: its full hash, the prompt's name then, and when it was first run.

    ``committed`` says that a run of it was made exactly from a commit.
    """

    version: str
    prompt: str
    created: str
    committed: bool


class Scores:
    """Figures by version. ``prompts`` are all the names that a prompt has had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def versions(self, prompts: Collection[str]) -> list[KeptVersion]:
        """Return the versions that were run, each once, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT hash, prompt, MIN(created) AS created, EXISTS (SELECT 1 FROM contenders JOIN cells "
                "ON cells.contender = contenders.id WHERE contenders.prompt = versions.prompt "
                "AND contenders.version = hash AND revision IS NOT NULL AND dirty = 0) AS committed "
                f"FROM versions WHERE prompt IN ({_marks(prompts)}) GROUP BY hash "
                "ORDER BY created DESC, hash",
                tuple(prompts),
            )
            return [
                KeptVersion(row["hash"], row["prompt"], row["created"], bool(row["committed"]))
                for row in rows
            ]

    def results(self, prompts: Collection[str]) -> dict[str, int]:
        """Return, for each version that was run, how many results it has."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT version, COUNT(DISTINCT result) AS number FROM contenders "
                "JOIN cells ON cells.contender = contenders.id "
                f"WHERE prompt IN ({_marks(prompts)}) AND result IS NOT NULL GROUP BY version",
                tuple(prompts),
            )
            return {row["version"]: row["number"] for row in rows}


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
