from __future__ import annotations

import pytest

from tests.support.records import cell_of, result_of
from workbench.errors import StoreError
from workbench.store.records import Remark
from workbench.store.search import Wanted


@pytest.fixture
def results(store, begin):
    run = begin([cell_of(number, text) for number, text in enumerate("abc")])
    return [result.id for result in store.runs.add_results(run, [result_of(text) for text in "abc"])]


def rows(store, table):
    with store.database.reading() as connection:
        return [tuple(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY id")]


def test_a_result_is_good_or_bad_until_somebody_says_otherwise(store, results):
    first, second, third = results
    store.remarks.label(first, "good", "Ada", "t1")
    store.remarks.label(second, "bad", "Ada", "t1")
    assert store.remarks.of(results) == {first: Remark("good"), second: Remark("bad")}
    store.remarks.label(first, "bad", "Bob", "t2")
    store.remarks.label(second, None, "Bob", "t2")
    store.remarks.label(third, None, "Bob", "t2")
    assert store.remarks.of(results) == {first: Remark("bad")}


def test_a_label_that_is_replaced_or_taken_back_keeps_its_trace(store, results):
    for label, judge, now in [
        ("good", "Ada", "1"),
        ("good", "Bob", "2"),
        ("bad", "Bob", "3"),
        (None, "Ada", "4"),
    ]:
        store.remarks.label(results[0], label, judge, now)
    assert rows(store, "labels") == [
        (1, results[0], "good", "Ada", "1", "3"),
        (2, results[0], "bad", "Bob", "3", "4"),
    ]


def test_a_note_stands_beside_a_label_and_keeps_its_trace(store, results):
    store.remarks.label(results[0], "bad", "Ada", "1")
    for note, now in [("harsh", "1"), ("harsh", "2"), ("too harsh\n[red]", "3")]:
        store.remarks.note(results[0], note, "Ada", now)
    assert store.remarks.of(results) == {results[0]: Remark("bad", "too harsh\n[red]")}
    store.remarks.label(results[0], None, "Ada", "4")
    assert store.remarks.of(results) == {results[0]: Remark(None, "too harsh\n[red]")}
    store.remarks.note(results[0], None, "Ada", "5")
    assert store.remarks.of(results) == {}
    assert [row[2:] for row in rows(store, "notes")] == [
        ("harsh", "Ada", "1", "3"),
        ("too harsh\n[red]", "Ada", "3", "5"),
    ]


def test_half_a_character_in_a_note_is_kept_as_a_question_mark_and_said_again_changes_nothing(store, results):
    for now in "12":
        store.remarks.note(results[0], "so \ud83d harsh", "\udcff", now)
    assert store.remarks.of(results) == {results[0]: Remark(None, "so ? harsh")}
    assert rows(store, "notes") == [(1, results[0], "so ? harsh", "?", "1", None)]
    assert [found.result for found in store.search.find(Wanted("harsh"))] == [results[0]]


def test_remarks_of_thousands_are_read_at_once(store, results):
    store.remarks.label(results[2], "good", "Ada", "t")
    assert store.remarks.of(range(5000)) == {results[2]: Remark("good")}
    assert store.remarks.of([]) == {}


def test_a_result_that_there_is_not_cannot_be_remarked_upon(store):
    with pytest.raises(StoreError, match="there is no result 9"):
        store.remarks.label(9, "good", "Ada", "t")
    with pytest.raises(StoreError, match="there is no result 9"):
        store.remarks.note(9, "x", "Ada", "t")


def test_a_failure_that_was_tried_again_takes_no_new_mark_or_note_and_gives_back_those_it_has(store, begin):
    run = begin([cell_of()])
    (failed,) = store.runs.add_results(run, [result_of(status="error")])
    store.remarks.label(failed.id, "bad", "Ada", "1")
    store.remarks.note(failed.id, "flaky", "Ada", "1")
    (answer,) = store.runs.add_results(run, [result_of()])
    for say in (store.remarks.label, store.remarks.note):
        with pytest.raises(StoreError, match=f"result {answer.id} is in its place"):
            say(failed.id, "good", "Ada", "2")
    assert store.remarks.of([failed.id]) == {failed.id: Remark("bad", "flaky")}
    store.remarks.label(failed.id, None, "Ada", "3")
    store.remarks.note(failed.id, None, "Ada", "3")
    assert store.remarks.of([failed.id]) == {}
