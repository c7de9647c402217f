"""What was asked, byte for byte: versions with their files, contexts, and the inputs of cases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from workbench.context.messages import Message, context_hash, wire_json
from workbench.errors import RevisionError
from workbench.project.yaml import Value
from workbench.prompts.tree import Files
from workbench.store.database import Database
from workbench.store.indexing import index_contexts
from workbench.store.rows import no_result


class UnknownVersionError(RevisionError):
    """A version of a prompt that the store does not hold."""


class Sources:
    """Versions, contexts and cases, each stored once under its hash."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep_version(self, version: str, prompt: str, files: Mapping[str, bytes], now: str) -> None:
        """Keep a version's files, so that it can be restored whatever becomes of them."""
        with self._database.writing() as connection:
            new = connection.execute(
                "INSERT OR IGNORE INTO versions (hash, prompt, created) VALUES (?, ?, ?)",
                (version, prompt, now),
            )
            if not new.rowcount:
                return
            for path, raw in files.items():
                blob = hashlib.sha256(raw).hexdigest()
                connection.execute("INSERT OR IGNORE INTO blobs (hash, content) VALUES (?, ?)", (blob, raw))
                connection.execute(
                    "INSERT INTO version_files (version, prompt, path, blob) VALUES (?, ?, ?, ?)",
                    (version, prompt, path, blob),
                )

    def keep_contexts(self, contexts: Iterable[tuple[Message, ...]]) -> None:
        """Keep rendered contexts, each once, and make them findable."""
        with self._database.writing() as connection:
            last = connection.execute("SELECT COALESCE(MAX(id), 0) FROM context_numbers").fetchone()[0]
            for messages in contexts:
                new = connection.execute(
                    "INSERT OR IGNORE INTO contexts (hash, messages) VALUES (?, ?)",
                    (key := context_hash(messages), wire_json(messages)),
                )
                if new.rowcount:
                    connection.execute("INSERT INTO context_numbers (context) VALUES (?)", (key,))
            index_contexts(connection, last)

    def keep_cases(self, cases: Mapping[str, Mapping[str, Value]]) -> None:
        """Keep the inputs of cases by their hash."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO cases (hash, inputs) VALUES (?, ?)",
                ((key, json.dumps(inputs)) for key, inputs in cases.items()),
            )

    def version_files(self, prompt: str, prefix: str) -> tuple[str, Files]:
        """Return the full hash and the files of the version of a prompt whose hash begins so.

        Raises UnknownVersionError where there is none, RevisionError where there are several.
        """
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT hash FROM versions WHERE prompt = ? AND substr(hash, 1, ?) = ? AND ? != ''",
                (prompt, len(prefix), prefix.lower(), prefix),
            ).fetchall()
            if len(found) != 1:
                problem = "several versions begin so" if found else "the store holds no such version"
                kind = RevisionError if found else UnknownVersionError
                raise kind(
                    f"{prompt}@v:{prefix}: {problem}",
                    hint="“workbench runs” lists what was run; give more of the hash.",
                )
            version = str(found[0]["hash"])
            rows = connection.execute(
                "SELECT path, content FROM version_files JOIN blobs ON blobs.hash = blob "
                "WHERE version = ? AND prompt = ?",
                (version, prompt),
            )
            return version, Files({row["path"]: row["content"] for row in rows})

    def context(self, key: str) -> tuple[Message, ...]:
        """Return the messages of a stored context; raises KeyError where there is none."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT messages FROM contexts WHERE hash = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return tuple(Message(message["role"], message["content"]) for message in json.loads(row["messages"]))

    def inputs(self, case_hash: str) -> Mapping[str, Value]:
        """Return the inputs of a stored case; raises KeyError where there is none."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT inputs FROM cases WHERE hash = ?", (case_hash,)).fetchone()
        if row is None:
            raise KeyError(case_hash)
        inputs: Mapping[str, Value] = json.loads(row["inputs"])
        return inputs

    def case_of_result(self, result: int) -> tuple[str, str, str | None]:
        """Return the prompt, the hash and the name of the case that a result answers.

        Raises StoreError where there is no such result.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT prompt, case_hash, case_name FROM cells JOIN contenders ON contenders.id = contender "
                # By what was asked, and not by the result, which an error that was tried again fills no more.
                "WHERE (run, call_key) = (SELECT run, call_key FROM results WHERE id = ?) "
                "ORDER BY position LIMIT 1",
                (result,),
            ).fetchone()
        if row is None:
            raise no_result(result)
        return row["prompt"], row["case_hash"], row["case_name"]
