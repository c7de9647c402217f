from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.support.records import NOW, call_of, cell_of, result_of
from workbench.errors import StoreError
from workbench.models.correction import Observation
from workbench.store.database import Database
from workbench.store.store import Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.db"


@pytest.fixture
def store(path):
    made = Store(path)
    yield made
    made.close()


def pragma(database, name):
    with database.reading() as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_nothing_is_opened_until_it_is_needed(path, store):
    assert not path.exists()
    assert store.runs.newest() == []
    assert path.exists()


def test_a_new_database_is_migrated_and_kept_on_reopening(path, store):
    store.sources.keep_version("aaaa", "p", {"prompts/p.md": b"x"}, NOW)
    store.close()
    again = Store(path)
    assert again.sources.version_files("p", "aa")[1].files == {"prompts/p.md": b"x"}
    again.close()


def test_the_database_is_wal_with_foreign_keys_and_readable_by_its_owner_alone(path, store):
    assert pragma(store.database, "journal_mode") == "wal"
    assert pragma(store.database, "foreign_keys") == 1
    store.sources.keep_cases({"a": {}})
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_database_that_others_could_read_is_closed_to_them(path, store):
    path.touch(0o644)
    path.chmod(0o644)
    store.runs.newest()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_table_and_step_is_recorded(path, store):
    store.runs.newest()
    with store.database.reading() as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        applied = connection.execute("SELECT name FROM _sqlite_migrations ORDER BY name").fetchall()
    assert {
        "blobs",
        "versions",
        "version_files",
        "contexts",
        "cases",
        "contenders",
        "runs",
        "results",
    } <= tables
    assert {"cells", "pairs", "votes"} <= tables
    assert [row[0] for row in applied][:4] == [
        "m001_versions_and_contexts",
        "m002_runs",
        "m003_votes",
        "m004_counts_beside_reports",
    ]


def test_a_database_of_a_newer_workbench_is_refused_and_left_alone(path, store):
    store.runs.newest()
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('workbench', 'm999_future', 'x')"
        )
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer Workbench") as caught:
        store.runs.newest()
    assert "--upgrade" in caught.value.hint
    assert path.read_bytes() == before


def test_an_older_database_takes_only_the_steps_it_lacks(path, monkeypatch):
    import sqlite_utils

    from workbench.store.migrations import migrations

    older = sqlite_utils.Database(path)
    migrations.apply(older, stop_before="m003_votes")
    older["blobs"].insert({"hash": "kept", "content": b"x"})
    older.close()
    store = Store(path)
    assert store.votes.standing("p") == []
    with store.database.reading() as connection:
        assert connection.execute("SELECT hash FROM blobs").fetchone()[0] == "kept"
    store.close()


def test_what_was_run_before_counts_stood_beside_reports_teaches_too(path):
    import sqlite_utils

    from workbench.store.migrations import migrations

    older = sqlite_utils.Database(path)
    migrations.apply(older, stop_before="m004_counts_beside_reports")
    older["contexts"].insert({"hash": "c", "messages": '[{"role": "user"}, {"role": "assistant"}]'})
    older["cases"].insert({"hash": "h", "inputs": "{}"})
    older["contenders"].insert(
        {
            **{"id": 1, "prompt": "p", "version": "v", "model": "m", "string": "openai/m"},
            **{"api_base": "", "params": "{}"},
        }
    )
    older["runs"].insert({"id": 1, "started": "t", "status": "done", "prompt": "p"})
    older["results"].insert(
        {
            **{"id": 1, "run": 1, "call_key": "k", "context": "c", "string": "openai/m", "status": "ok"},
            **{"text": "", "estimated": 10, "input_tokens": 12, "output_tokens": 3},
        }
    )
    older["cells"].insert(
        {
            **{"run": 1, "position": 0, "contender": 1, "case_hash": "h", "sample": 1, "context": "c"},
            **{"call_key": "k", "cached": 0, "result": 1},
        }
    )
    older.close()
    store = Store(path)
    assert store.counts.observations("openai/m", None) == [Observation(10, 2, 12)]
    assert store.counts.typical_output("p", "openai/m", None) == (3.0, 1)
    assert store.counts.miscounts() == []
    store.close()


@pytest.mark.parametrize("content", [b"not a database" * 500, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_reported_and_moved_only_when_asked(path, store, content):
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged") as caught:
        store.runs.newest()
    assert caught.value.damaged
    assert "--move-aside" in caught.value.hint
    assert path.read_bytes() == content
    aside = store.database.move_aside()
    assert aside.read_bytes() == content
    assert store.runs.newest() == []


def test_moving_aside_never_replaces_what_was_moved_before(path, store):
    for content in (b"first" * 900, b"second" * 900):
        path.write_bytes(content)
        store.database.move_aside()
    kept = {file.read_bytes() for file in path.parent.glob("runs.db.damaged-*")}
    assert kept == {b"first" * 900, b"second" * 900}


def test_a_sound_database_has_nothing_wrong_with_it(store):
    assert store.database.check() == []


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened for writing"):
        Store(tmp_path / "none" / "runs.db").runs.newest()


def test_a_transaction_that_fails_leaves_nothing_behind(path):
    database = Database(path)
    with pytest.raises(RuntimeError), database.writing() as connection:
        connection.execute("INSERT INTO cases (hash, inputs) VALUES ('a', '{}')")
        raise RuntimeError
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM cases").fetchone()[0] == 0
    database.close()


def test_threads_share_one_store(store):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: store.sources.keep_cases({f"{n}": {"n": n}}), range(50)))
    assert [store.sources.inputs(f"{n}") for n in range(50)] == [{"n": n} for n in range(50)]


WRITER = """
import sys
from pathlib import Path
from tests.support.records import NOW, call_of, cell_of, result_of
from workbench.store.store import Store

store = Store(Path(sys.argv[1]))
texts = [f"{sys.argv[2]}-{number}" for number in range(40)]
cells = [cell_of(position, text) for position, text in enumerate(texts)]
store.sources.keep_cases({cell.case_hash: {} for cell in cells})
store.sources.keep_contexts([call_of(text).messages for text in texts])
run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
for text in texts:
    store.runs.add_results(run, [result_of(text)])
store.runs.end(run, "done", NOW)
store.close()
"""


def test_two_workbenches_may_make_and_fill_one_database_at_once(path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], stderr=subprocess.PIPE, text=True)
        for name in ("one", "two", "three")
    ]
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [("", 0)] * 3
    store = Store(path)
    assert [(run.status, run.counts) for run in store.runs.newest()] == [("done", {"ok": 40})] * 3
    store.close()


OPENER = """
import sys, time
import sqlite_utils, workbench.store.migrations
from pathlib import Path
from workbench.errors import StoreError
from workbench.store.store import Store

print("ready", flush=True)
for line in sys.stdin:
    start, path = line.split()
    while time.time() < float(start):
        pass
    try:
        Store(Path(path)).runs.newest()
        print("opened", flush=True)
    except StoreError as error:
        print(error.message, flush=True)
"""


def test_many_workbenches_may_open_a_new_store_at_once(tmp_path):
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        for _ in range(6)
    ]
    try:
        assert [opener.stdout.readline() for opener in openers] == ["ready\n"] * 6
        for number in range(60):
            start = time.time() + 0.005
            for opener in openers:
                opener.stdin.write(f"{start} {tmp_path / f'{number}.db'}\n")
            assert [opener.stdout.readline() for opener in openers] == ["opened\n"] * 6
    finally:
        for opener in openers:
            opener.communicate()


def test_a_store_that_another_workbench_is_just_making_is_waited_for(path, store):
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = threading.Timer(0.2, other.execute, ["COMMIT"])
        done.start()
        assert store.runs.newest() == []
        done.join()


def test_a_store_that_somebody_keeps_locked_is_a_clear_error_in_the_end(path, store, monkeypatch):
    monkeypatch.setattr("workbench.store.database.BUSY_TIMEOUT", 0.1)
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("CREATE TABLE x (y)")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="cannot be used now: database is locked"):
            store.runs.newest()


@pytest.mark.parametrize("there", [True, False])
def test_a_database_that_is_a_link_is_refused_and_what_it_leads_to_left_alone(path, store, tmp_path, there):
    target = tmp_path / "elsewhere"
    if there:
        target.write_bytes(b"")
        target.chmod(0o644)
    path.symlink_to(target)
    with pytest.raises(StoreError, match="symbolic link") as caught:
        store.runs.newest()
    assert (caught.value.place.path, caught.value.hint[:15]) == (str(path), "Remove the link")
    assert target.exists() == there
    assert not there or (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"", 0o644)


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_a_journal_that_is_a_link_is_never_written_through(path, store, tmp_path, suffix):
    target = tmp_path / "elsewhere"
    path.with_name(path.name + suffix).symlink_to(target)
    with contextlib.suppress(StoreError):
        store.sources.keep_cases({"a": {}})
    assert not target.exists()


def test_what_was_written_survives_a_kill(path):
    program = WRITER.replace('store.runs.end(run, "done", NOW)', "print(run, flush=True); input()")
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(path), "one"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    run = int(writer.stdout.readline())
    writer.kill()
    writer.communicate()
    store = Store(path)
    assert store.database.check() == []
    assert store.runs.get(run).counts == {"ok": 40}
    store.close()


def test_the_tables_read_well_by_hand(path, store):
    store.sources.keep_cases({"case-Hi": {"ticket": "x"}})
    store.sources.keep_contexts([call_of().messages])
    run = store.runs.begin([cell_of()], prompt="p", samples=1, cost_limit=None, now=NOW)
    store.runs.add_results(run, [result_of()])
    with closing(sqlite3.connect(path)) as raw:
        row = raw.execute(
            "SELECT json_extract(messages, '$[0].content'), text, cost "
            "FROM results JOIN contexts ON hash = context"
        )
        assert row.fetchone() == ("Hi", "Hello", 50)
        assert json.loads(raw.execute("SELECT inputs FROM cases").fetchone()[0]) == {"ticket": "x"}


def test_a_read_only_folder_is_a_clear_error_where_permissions_hold(path):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    path.parent.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(path).runs.newest()
    path.parent.chmod(0o700)
