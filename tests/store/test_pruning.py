from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.records import NOW, call_of, cell_of, contender_of, result_of
from workbench.errors import StoreError
from workbench.store.live import LiveRuns
from workbench.store.pruning import Prunable
from workbench.store.records import Pair
from workbench.store.search import Wanted
from workbench.store.store import Store

EVERYTHING = Prunable(keep=0)


@pytest.fixture
def answered(store, begin):
    """Stores a run in which each of the texts is asked and answered; returns its number."""

    def made(*texts, prompt="p", status="ok", contender=None):
        run = begin([cell_of(number, text, contender) for number, text in enumerate(texts)], prompt)
        store.runs.add_results(run, [result_of(text, f"re {text}", status=status) for text in texts])
        store.runs.end(run, "done", NOW)
        return run

    return made


def count(store, table):
    with store.database.reading() as connection:
        return connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]


def is_sound(store):
    with store.database.writing() as connection:
        for index in ("results_fts", "contexts_fts", "notes_fts"):
            connection.execute(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')")
    return store.database.check() == []


def cached_run(begin, store, run, contender=None):
    """Store a run that takes all its answers from an earlier one; returns its number."""
    cells = store.runs.cells(run)
    return begin([replace(cell, cached=True, contender=contender or cell.contender) for cell in cells])


def test_a_run_goes_with_all_that_only_it_holds_and_nothing_else(store, answered):
    first, second = answered("a", "shared"), answered("shared", "b")
    preview = store.pruning.preview(Prunable(keep=1))
    assert (preview.runs, preview.results, preview.contexts, preview.kept) == ((first,), 2, 1, ())
    assert preview.bytes == len("re a") + len("re shared") + len('[{"role":"user","content":"a"}]')
    assert count(store, "results") == 4
    assert store.pruning.prune(Prunable(keep=1)) == preview
    assert [run.id for run in store.runs.newest()] == [second]
    assert [cell.result.text for cell in store.runs.cells(second)] == ["re shared", "re b"]
    assert store.sources.context(store.runs.cells(second)[0].context) == call_of("shared").messages
    assert [
        count(store, table) for table in ("results", "cells", "contexts", "cases", "context_numbers")
    ] == [2] * 5
    assert is_sound(store)


def test_words_of_what_went_are_found_no_more(store, answered):
    answered("gone")
    answered("here")
    store.pruning.prune(Prunable(keep=1))
    assert store.search.find(Wanted("gone")) == []
    assert len(store.search.find(Wanted("here"))) == 1
    again = answered("gone")
    assert [found.run for found in store.search.find(Wanted("gone"))] == [again]


def test_nothing_of_what_went_is_left_in_the_file(store, answered, tmp_path):
    answered("xylophone" * 3)
    answered("stays")
    store.pruning.prune(Prunable(keep=1))
    store.close()
    assert b"xylophone" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_the_file_shrinks(store, begin, tmp_path):
    for _ in range(2):
        run = begin([cell_of()])
        store.runs.add_results(run, [result_of(answer="x" * 3_000_000)])
    pruned = store.pruning.prune(Prunable(keep=1))
    assert pruned.bytes == 3_000_000
    assert (tmp_path / "runs.db").stat().st_size < 4_000_000


def test_runs_are_chosen_by_age_by_number_by_prompt_and_by_status(store, begin, answered):
    a, q = answered("a"), answered("b", prompt="q")
    failed = answered("c", status="error")
    stopped = begin([cell_of()])
    store.runs.end(stopped, "interrupted", NOW)
    for chosen, runs in [
        (Prunable(older_than=NOW), ()),
        (Prunable(older_than="2026-02"), (a, q, failed, stopped)),
        (Prunable(keep=3), (a,)),
        (Prunable(keep=9), ()),
        (Prunable(prompt="q"), (q,)),
        (Prunable(prompt="p", keep=2), (a,)),
        (Prunable(statuses=("error",)), (failed,)),
        (Prunable(statuses=("interrupted",)), (stopped,)),
        (Prunable(statuses=("waiting", "error")), (failed, stopped)),
        (Prunable(statuses=("error",), older_than=NOW), ()),
    ]:
        assert store.pruning.preview(chosen).runs == runs, chosen


def test_without_a_word_about_which_nothing_goes(store, answered):
    answered("a")
    with pytest.raises(StoreError, match="nothing says which runs"):
        store.pruning.prune(Prunable())
    assert store.pruning.prune(Prunable(prompt="of no such name")).runs == ()
    assert len(store.runs.newest()) == 1


def test_what_people_judged_stays_with_the_reason(store, answered):
    paired, marked, noted, taken_back, plain = (answered(text) for text in "abcde")
    pair, good, note, back, _ = (
        store.runs.cells(run)[0] for run in (paired, marked, noted, taken_back, plain)
    )
    store.votes.show(
        Pair("p", "h", pair.result.id, pair.result.id, pair.contender.id, pair.contender.id), NOW
    )
    store.remarks.label(good.result.id, "good", "Ada", NOW)
    store.remarks.note(note.result.id, "harsh", "Ada", NOW)
    store.remarks.note(back.result.id, "harsh", "Ada", NOW)
    store.remarks.note(back.result.id, None, "Ada", NOW)
    pruned = store.pruning.prune(EVERYTHING)
    assert pruned.runs == (taken_back, plain)
    assert pruned.kept == (
        (paired, "its answers were shown in a duel"),
        (marked, "an answer of it is marked good or bad"),
        (noted, "there is a note on an answer of it"),
    )
    assert is_sound(store)


def test_a_run_stays_where_a_contender_got_the_answer_that_it_was_judged_by(store, begin, answered):
    first = answered("a")
    second = cached_run(begin, store, first, contender_of("bbbb"))
    third = cached_run(begin, store, first, contender_of("bbbb"))
    (cell,) = store.runs.cells(second)
    result = cell.result.id
    store.votes.show(Pair("p", "h", result, result, cell.contender.id, cell.contender.id), NOW)
    pruned = store.pruning.prune(EVERYTHING)
    assert (pruned.runs, [run for run, _ in pruned.kept]) == ((third,), [first, second])


def test_a_run_whose_answers_are_shared_stays_as_long_as_one_that_takes_them(store, begin, answered):
    first = answered("a")
    second = cached_run(begin, store, first)
    pruned = store.pruning.prune(Prunable(keep=1))
    assert (pruned.runs, pruned.kept) == ((), ((first, f"run {second} shares its answers"),))
    assert store.pruning.prune(EVERYTHING).runs == (first, second)
    assert [count(store, table) for table in ("results", "cells", "contexts", "runs")] == [0] * 4
    assert is_sound(store)


def test_what_stays_for_another_keeps_those_that_it_shares_in_turn(store, begin, answered):
    first = answered("a")
    run = begin([replace(store.runs.cells(first)[0], cached=True), cell_of(1, "b")])
    store.runs.add_results(run, [result_of("b")])
    (marked,) = [cell.result.id for cell in store.runs.cells(run) if not cell.cached]
    store.remarks.label(marked, "bad", "Ada", NOW)
    assert [number for number, _ in store.pruning.preview(EVERYTHING).kept] == [first, run]


HOLDER = """
import sys
from pathlib import Path
from workbench.store.live import LiveRuns

with LiveRuns(Path(sys.argv[1])).hold(int(sys.argv[2])):
    print("held", flush=True)
    input()
"""


def test_a_run_that_goes_on_stays_and_one_that_was_killed_goes(store, answered, tmp_path):
    killed, going = answered("a"), answered("b")
    store.runs.reopen(killed)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path), str(going)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    pruned = store.pruning.prune(EVERYTHING)
    holder.communicate("\n")
    assert (pruned.runs, pruned.kept) == ((killed,), ((going, "it is going on"),))


def test_while_any_run_goes_on_the_file_keeps_its_size_and_what_went_is_gone(store, begin, tmp_path):
    for answer in ("x" * 2_000_000, "y"):
        store.runs.add_results(begin([cell_of()]), [result_of(answer=answer)])
    with LiveRuns(tmp_path).hold(2):
        assert store.pruning.prune(Prunable(keep=1)).runs == (1,)
        assert (tmp_path / "runs.db").stat().st_size > 2_000_000
    assert [cell.result.text for cell in store.runs.cells(2)] == ["y"]
    assert store.database.give_space_back()
    assert (tmp_path / "runs.db").stat().st_size < 1_000_000


def test_a_run_that_came_to_be_needed_since_it_was_chosen_stays(store, answered, monkeypatch):
    marked, other = answered("a"), answered("b")
    result = store.runs.cells(marked)[0].result.id
    foreseen = store.pruning.preview(EVERYTHING)
    store.remarks.label(result, "good", "Ada", NOW)
    monkeypatch.setattr(store.pruning, "preview", lambda chosen: foreseen)
    pruned = store.pruning.prune(EVERYTHING)
    assert (pruned.runs, pruned.kept) == ((other,), ((marked, "an answer of it is marked good or bad"),))
    assert store.runs.cell_of_result(result).run == marked


def test_a_run_of_this_very_process_stays_while_it_goes_on(store, answered, tmp_path):
    run = answered("a")
    with LiveRuns(tmp_path).hold(run):
        assert store.pruning.preview(EVERYTHING).runs == ()
    assert store.pruning.preview(EVERYTHING).runs == (run,)


def test_a_run_that_went_meanwhile_cannot_go_on(store, answered):
    run = answered("a")
    store.pruning.prune(EVERYTHING)
    with pytest.raises(StoreError, match=f"there is no run {run}"):
        store.runs.reopen(run)
    with pytest.raises(StoreError, match=f"there is no run {run}"):
        store.runs.add_results(run, [result_of("a")])


def test_the_space_is_given_back_later_where_somebody_reads(store, answered, tmp_path):
    answered("a")
    other = Store(tmp_path / "runs.db")
    with other.database.reading() as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM runs").fetchall()
        assert store.pruning.prune(EVERYTHING).results == 1
        assert not store.database.give_space_back()
        connection.execute("COMMIT")
    other.close()
    assert store.database.give_space_back()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=7),
    st.integers(0, 4),
    st.sets(st.integers(0, 6), max_size=2),
)
def test_whatever_shares_with_whatever_the_rest_stays_whole(tmp_path_factory, plan, keep, marked):
    store = Store(tmp_path_factory.mktemp("prune") / "runs.db")
    for number, (text, cached) in enumerate(plan):
        cell = cell_of(0, text)
        answer = store.runs.answers([cell.call_key]).get(cell.call_key) if cached else None
        store.sources.keep_contexts([call_of(text).messages])
        store.sources.keep_cases({cell.case_hash: {}})
        cells = [replace(cell, result=answer, cached=answer is not None)]
        run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
        if answer is None:
            (answer,) = store.runs.add_results(run, [result_of(text)])
        if number in marked:
            store.remarks.label(answer.id, "good", "Ada", NOW)
    runs = {run.id: store.runs.cells(run.id) for run in store.runs.newest()}
    pruned = store.pruning.prune(Prunable(keep=keep))
    left = {run.id: store.runs.cells(run.id) for run in store.runs.newest()}
    assert left == {run: cells for run, cells in runs.items() if run not in pruned.runs}
    assert set(pruned.runs).isdisjoint(run for run, _ in pruned.kept)
    assert is_sound(store)
    store.close()
