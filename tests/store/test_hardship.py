"""The file in trouble: no room, no right to write, two who write at once, and damage."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.records import cell_of, result_of
from workbench.errors import StoreError
from workbench.store.search import Wanted
from workbench.store.store import Store

NOBODY = 65534


def fill(store, begin, number=60):
    """Store a run of long answers; returns its number."""
    texts = [f"t{each}" for each in range(number)]
    run = begin([cell_of(position, text) for position, text in enumerate(texts)])
    store.runs.add_results(run, [result_of(text, f"{text} word " * 300) for text in texts])
    return run


def is_sound(store):
    with store.database.writing() as connection:
        for index in ("results_fts", "contexts_fts", "notes_fts"):
            connection.execute(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')")
    return store.database.check() == []


def test_a_full_disk_is_a_clear_error_that_costs_nothing_that_was_written(store, begin):
    texts = [f"t{number}" for number in range(50)]
    run = begin([cell_of(number, text) for number, text in enumerate(texts)])
    with store.database.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 60}")
    written = 0
    with pytest.raises(StoreError, match="database or disk is full") as caught:
        for text in texts:
            store.runs.add_results(run, [result_of(text, f"{text} word " * 3000)])
            written += 1
    assert "Is the disk full" in caught.value.hint
    assert 0 < written < 50
    assert store.runs.get(run).counts == {"ok": written, "waiting": 50 - written}
    assert len(store.search.find(Wanted("word"), 99)) == written
    assert is_sound(store)
    with store.database.reading() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    store.runs.add_results(run, [result_of(text) for text in texts[written:]])
    assert store.runs.get(run).counts == {"ok": 50}


FILLER = """
import resource, sys
from pathlib import Path
from tests.support.records import NOW, call_of, cell_of, result_of
from workbench.errors import StoreError
from workbench.store.store import Store

store = Store(Path(sys.argv[1]))
texts = [f"t{number}" for number in range(200)]
cells = [cell_of(position, text) for position, text in enumerate(texts)]
store.sources.keep_cases({cell.case_hash: {} for cell in cells})
store.sources.keep_contexts([call_of(text).messages for text in texts])
run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, resource.RLIM_INFINITY))
written = 0
try:
    for text in texts:
        store.runs.add_results(run, [result_of(text, f"{text} word " * 3000)])
        written += 1
except StoreError as error:
    print(written, error.message)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.runs.add_results(run, [result_of(texts[-1])])
store.close()
"""


def test_where_the_system_lets_the_file_grow_no_more_all_that_was_written_is_there(tmp_path):
    path = tmp_path / "runs.db"
    filler = subprocess.run(
        [sys.executable, "-c", FILLER, str(path)], capture_output=True, text=True, check=True
    )
    number, _, message = filler.stdout.partition(" ")
    assert message.startswith("the database cannot be used now: "), filler
    with closing(Store(path)) as store:
        written = int(number)
        assert 0 < written < 200
        assert store.runs.get().counts == {"ok": written + 1, "waiting": 199 - written}
        assert is_sound(store)


@contextmanager
def unprivileged():
    """Be somebody to whom the rights of files apply, which are nothing to root."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def readable():
    """A folder that anybody may read and nobody else may write to, with a store in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder / "runs.db")
        store.sources.keep_cases({"a": {}})
        store.close()
        (folder / "runs.db").chmod(0o644)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


@pytest.mark.parametrize("name", ["runs.db", "new.db"])
def test_a_read_only_folder_is_a_clear_error_and_nothing_is_changed(readable, name):
    before = {path.name: path.read_bytes() for path in readable.iterdir()}
    (readable / "runs.db").chmod(0o444)
    with unprivileged(), pytest.raises(StoreError, match="cannot be opened for writing: ") as caught:
        Store(readable / name).runs.newest()
    assert caught.value.place.path == str(readable / name)
    assert "make the folder writable" in caught.value.hint
    assert {path.name: path.read_bytes() for path in readable.iterdir()} == before


def test_a_file_that_may_be_written_in_a_folder_that_may_not_is_a_clear_error(readable):
    (readable / "runs.db").chmod(0o666)
    with unprivileged(), pytest.raises(StoreError, match=r"cannot be (opened|used)") as caught:
        Store(readable / "runs.db").runs.newest()
    assert "folder" in caught.value.hint
    assert [path.name for path in readable.iterdir()] == ["runs.db"]


def test_a_search_holds_up_nobody_who_writes(store, begin):
    fill(store, begin, 1)
    with store.database.searching() as connection:
        rows = connection.execute("SELECT * FROM results, cells, contexts_fts")
        with ThreadPoolExecutor(1) as writer:
            writer.submit(store.sources.keep_cases, {"new": {}}).result(timeout=5)
        assert rows.fetchone() is not None
    assert store.sources.inputs("new") == {}


def test_a_search_waits_for_nobody_who_writes(store, begin):
    store.runs.add_results(begin([cell_of()]), [result_of(answer="word")])
    with ThreadPoolExecutor(1) as others:
        for found in range(2):
            with store.database.writing() as connection:
                connection.execute("UPDATE runs SET status = 'done'")
                asked = others.submit(store.search.find, Wanted("word" if found else ""))
                assert len(asked.result(10)) == 1


def test_closing_breaks_off_a_search_that_is_under_way(store):
    begun = threading.Event()

    def search():
        with store.database.searching() as connection:
            begun.set()
            numbers = "WITH numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)"
            connection.execute(f"{numbers} SELECT COUNT(*) FROM numbers").fetchone()

    with ThreadPoolExecutor(1) as others:
        searching = others.submit(search)
        assert begun.wait(10)
        store.close()
        with pytest.raises(StoreError, match="the search was broken off"):
            searching.result(10)
    assert store.search.find(Wanted()) == []


def test_what_searches_cannot_write(store):
    with pytest.raises(StoreError, match="readonly"), store.database.searching() as connection:
        connection.execute("DELETE FROM runs")


WRITER = """
import sys
from pathlib import Path
from tests.support.records import NOW, call_of, cell_of, contender_of, result_of
from workbench.store.search import Wanted
from workbench.store.store import Store

store = Store(Path(sys.argv[1]))
for number in range(12):
    texts = [f"{number} {each}" for each in range(8)]
    cells = [cell_of(position, text, contender_of(sys.argv[2])) for position, text in enumerate(texts)]
    store.sources.keep_cases({cell.case_hash: {} for cell in cells})
    store.sources.keep_contexts([call_of(text).messages for text in texts])
    run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
    kept = store.runs.add_results(run, [result_of(text, f"by {sys.argv[2]}") for text in texts])
    store.remarks.note(kept[0].id, f"noted by {sys.argv[2]}", sys.argv[2], NOW)
    assert len(store.search.find(Wanted(f"by {sys.argv[2]}"), 1000)) == (number + 1) * 8
    store.runs.end(run, "done", NOW)
store.close()
"""


def test_two_who_write_at_once_find_all_of_their_own_and_of_the_other(tmp_path):
    path = tmp_path / "runs.db"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], stderr=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [("", 0)] * 2
    with closing(Store(path)) as store:
        for words, number in (("by one", 96), ("by two", 96), ("noted", 24), ("7", 38)):
            assert len(store.search.find(Wanted(words), 1000)) == number, words
        assert {tuple(run.counts.items()) for run in store.runs.newest()} == {(("ok", 8),)}
        assert is_sound(store)


@pytest.mark.parametrize("page", [2, 5, 9, 20, 40])
def test_damage_anywhere_is_reported_as_damage_and_nothing_is_lost_to_it(store, begin, tmp_path, page):
    run = fill(store, begin)
    store.close()
    path = tmp_path / "runs.db"
    raw = bytearray(path.read_bytes())
    raw[page * 4096 : page * 4096 + 4096] = b"\xa5" * 4096
    path.write_bytes(raw)
    found = []
    for use in (
        store.database.check,
        lambda: store.runs.cells(run) and [],
        lambda: store.search.find(Wanted("word")) and [],
        lambda: store.runs.add_results(run, []) and [],
    ):
        try:
            found += use()
        except StoreError as error:
            assert error.damaged
            assert "--move-aside" in error.hint
            found.append(error.message)
    assert found
    aside = store.database.move_aside()
    assert len(aside.read_bytes()) >= len(raw)
    assert store.runs.newest() == []


def test_a_file_that_was_cut_short_is_reported_as_damaged(store, begin, tmp_path):
    fill(store, begin)
    store.close()
    path = tmp_path / "runs.db"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreError, match="damaged") as caught:
        store.runs.cells(1)
        store.search.find(Wanted("word"))
        assert store.database.check() == []
    assert caught.value.damaged
