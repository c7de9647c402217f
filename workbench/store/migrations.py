"""How the database came to be, step by step. A step that has been released is never edited."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from workbench.store.indexing import index_contexts
from workbench.store.tallies import counted

migrations = Migrations("workbench")


@migrations()
def m001_versions_and_contexts(db: Database) -> None:
    """What was asked, each once: the files of versions, the rendered contexts, and the inputs of cases."""
    db.table("blobs").create({"hash": str, "content": bytes}, pk="hash", not_null={"content"}, strict=True)
    db.table("versions").create(
        {"hash": str, "prompt": str, "created": str}, pk=("hash", "prompt"), not_null={"created"}, strict=True
    )
    db.table("version_files").create(
        {"version": str, "prompt": str, "path": str, "blob": str},
        pk=("version", "prompt", "path"),
        not_null={"blob"},
        foreign_keys=[("blob", "blobs", "hash")],
        strict=True,
    )
    db.table("contexts").create({"hash": str, "messages": str}, pk="hash", not_null={"messages"}, strict=True)
    db.table("cases").create({"hash": str, "inputs": str}, pk="hash", not_null={"inputs"}, strict=True)


@migrations()
def m002_runs(db: Database) -> None:
    """Who was asked and what came back: contenders, runs, their cells, and results."""
    db.table("contenders").create(
        {
            "id": int,
            "prompt": str,
            "version": str,
            "model": str,
            "string": str,
            "api_base": str,
            "params": str,
        },
        pk="id",
        not_null={"prompt", "version", "model", "string", "api_base", "params"},
        strict=True,
    )
    db.table("contenders").create_index(["prompt", "version", "string", "api_base", "params"], unique=True)
    db.table("runs").create(
        {
            "id": int,
            "started": str,
            "ended": str,
            "status": str,
            "prompt": str,
            "contenders": int,
            "cases": int,
            "samples": int,
            "cost_limit": int,
        },
        pk="id",
        not_null={"started", "status", "prompt"},
        strict=True,
    )
    db.table("results").create(
        {
            "id": int,
            "run": int,
            "call_key": str,
            "context": str,
            "string": str,
            "api_base": str,
            "params": str,
            "status": str,
            "text": str,
            "reasoning": str,
            "refusal": str,
            "finish": str,
            "error_kind": str,
            "error": str,
            "tries": int,
            "input_tokens": int,
            "output_tokens": int,
            "cached_tokens": int,
            "reasoning_tokens": int,
            "estimated": int,
            "cost": int,
            "prices": str,
            "ttft": float,
            "total": float,
            "answered_by": str,
            "valid": int,
            "invalid": str,
            "started": str,
            "ended": str,
        },
        pk="id",
        not_null={"run", "call_key", "context", "string", "status", "text"},
        foreign_keys=[("run", "runs", "id"), ("context", "contexts", "hash")],
        strict=True,
    )
    db.table("results").create_index(["run"])
    db.table("results").create_index(["call_key", "status"])
    db.table("results").create_index(["string", "api_base", "status"])
    db.table("cells").create(
        {
            "run": int,
            "position": int,
            "contender": int,
            "revision": str,
            "dirty": int,
            "case_name": str,
            "case_hash": str,
            "expect": str,
            "sample": int,
            "context": str,
            "schema": str,
            "call_key": str,
            "estimated": int,
            "high": int,
            "result": int,
            "cached": int,
        },
        pk=("run", "position"),
        not_null={"contender", "case_hash", "sample", "context", "call_key", "cached"},
        foreign_keys=[
            ("run", "runs", "id"),
            ("contender", "contenders", "id"),
            ("case_hash", "cases", "hash"),
            ("context", "contexts", "hash"),
            ("result", "results", "id"),
        ],
        strict=True,
    )
    db.table("cells").create_index(["contender", "result"])
    db.table("cells").create_index(["result"])
    db.table("cells").create_index(["run", "call_key"])


@migrations()
def m003_votes(db: Database) -> None:
    """What people thought of it: pairs as shown, and votes, which are undone but never deleted."""
    db.table("pairs").create(
        {
            "id": int,
            "prompt": str,
            "case_hash": str,
            "left_result": int,
            "right_result": int,
            "left_contender": int,
            "right_contender": int,
            "shown": str,
        },
        pk="id",
        not_null={"prompt", "case_hash", "shown"},
        foreign_keys=[
            ("left_result", "results", "id"),
            ("right_result", "results", "id"),
            ("left_contender", "contenders", "id"),
            ("right_contender", "contenders", "id"),
        ],
        strict=True,
    )
    db.table("pairs").create_index(["prompt"])
    db.table("votes").create(
        {
            "id": int,
            "pair": int,
            "choice": str,
            "judge": str,
            "blind": int,
            "note": str,
            "seconds": float,
            "created": str,
            "undone": str,
        },
        pk="id",
        not_null={"pair", "choice", "judge", "blind", "created"},
        foreign_keys=[("pair", "pairs", "id")],
        strict=True,
    )
    db.table("votes").create_index(["pair"])


@migrations()
def m004_counts_beside_reports(db: Database) -> None:
    """What was shown before a call, to stand beside what the provider reported, and to learn from it.

    The new index is the reports alone, in order for each model, without the pages of text between them; it
    answers what the old one was for.
    """
    cells = db.table("cells")
    cells.add_column("shown", int)
    cells.add_column("exact", int)
    cells.add_column("messages", int)
    db.execute(
        "UPDATE cells SET messages = "
        "(SELECT json_array_length(contexts.messages) FROM contexts WHERE hash = cells.context)"
    )
    db.execute(
        "CREATE INDEX idx_results_reported ON results (string, api_base, id, estimated, input_tokens) "
        "WHERE input_tokens > 0 AND estimated > 0 AND status IN ('ok', 'empty', 'cut', 'refused')"
    )
    db.execute("DROP INDEX idx_results_string_api_base_status")


@migrations()
def m005_search_and_remarks(db: Database) -> None:
    """Words of answers, contexts and notes to search in, what is said of a result, and a tally of each run.

    Contexts are numbered apart: an index needs a number for each, and the hidden one that a table with
    another key has may change when space is given back.
    """
    db.table("results").add_column("tool_calls", str)
    for said in ("label", "note"):
        table = db.table(f"{said}s")
        table.create(
            {"id": int, "result": int, said: str, "judge": str, "created": str, "undone": str},
            pk="id",
            not_null={"result", said, "judge", "created"},
            foreign_keys=[("result", "results", "id")],
            strict=True,
        )
        table.create_index(["result"])
        db.execute(f"CREATE UNIQUE INDEX idx_{said}s_standing ON {said}s (result) WHERE undone IS NULL")
    db.table("context_numbers").create(
        {"id": int, "context": str},
        pk="id",
        not_null={"context"},
        foreign_keys=[("context", "contexts", "hash")],
        strict=True,
    )
    db.table("context_numbers").create_index(["context"], unique=True)
    _index_words(db)
    _index_lists(db)
    for column in ("spent", "unpriced"):
        db.table("runs").add_column(column, int, not_null_default=0)
    db.table("runs").add_column("counts", str, not_null_default="{}")
    for (run,) in db.execute("SELECT id FROM runs").fetchall():
        counted(db.conn, run).keep(db.conn, run)


@migrations()
def m006_unsure_costs(db: Database) -> None:
    """What calls may have cost of which nobody said so, to count against the limit when a run goes on."""
    db.table("results").add_column("unsure", int, not_null_default=0)


def _index_words(db: Database) -> None:
    words = "tokenize = 'unicode61 remove_diacritics 2'"
    db.execute(
        "CREATE VIRTUAL TABLE results_fts USING fts5 "
        f"(text, reasoning, refusal, tool_calls, error, content = 'results', content_rowid = 'id', {words})"
    )
    db.execute(
        f"CREATE VIRTUAL TABLE notes_fts USING fts5 (note, content = 'notes', content_rowid = 'id', {words})"
    )
    db.execute(f"CREATE VIRTUAL TABLE contexts_fts USING fts5 (text, content = '', {words})")
    db.execute("INSERT INTO results_fts (results_fts) VALUES ('rebuild')")
    db.execute("INSERT INTO context_numbers (context) SELECT hash FROM contexts ORDER BY rowid")
    index_contexts(db.conn, 0)


def _index_lists(db: Database) -> None:
    """Make what finds results by what is asked of them, and what refers to a row that is to be deleted."""
    db.execute("CREATE INDEX idx_results_status ON results (status)")
    db.execute("CREATE INDEX idx_results_ended ON results (ended)")
    db.execute("CREATE INDEX idx_results_context ON results (context)")
    db.execute("CREATE INDEX idx_cells_context ON cells (context)")
    db.execute("CREATE INDEX idx_cells_case_hash ON cells (case_hash)")
    db.execute("CREATE INDEX idx_pairs_left_result ON pairs (left_result)")
    db.execute("CREATE INDEX idx_pairs_right_result ON pairs (right_result)")


NAMES = frozenset(step.name for step in migrations.pending(Database(memory=True)))
"""The steps this version knows; a database with any other was made by a newer one."""
