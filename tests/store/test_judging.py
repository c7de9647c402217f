"""The results of a prompt as pairs are chosen from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.records import cell_of, contender_of, result_of

OLD, NEW = contender_of("aaaa"), contender_of("bbbb")


@pytest.fixture
def answer(store, begin):
    """Stores a run of answers, each a contender, a case and a text; returns the numbers of the results."""

    def answered(*answers, **more):
        cells = [
            cell_of(number, case, contender, call_key=f"key {number}")
            for number, (contender, case, _) in enumerate(answers)
        ]
        run = begin(cells)
        results = [
            result_of(case, text, call_key=f"key {number}", **more)
            for number, (_, case, text) in enumerate(answers)
        ]
        return [result.id for result in store.runs.add_results(run, results)]

    return answered


def test_only_answers_that_can_be_judged_are_there_and_each_once(store, begin):
    cells = [cell_of(number, text) for number, text in enumerate("abcde")]
    run = begin(cells)
    statuses = dict(zip("abcde", ["ok", "cut", "empty", "refused", "error"], strict=True))
    store.runs.add_results(run, [result_of(text, status=status) for text, status in statuses.items()])
    begin([replace(store.runs.cells(run)[0], cached=True)])
    assert [judged.case_hash for judged in store.judging.judged("p")] == ["case-a", "case-b"]
    assert store.judging.contenders("p") == {contender.id for contender in store.runs.contenders("p")}
    assert store.judging.judged("other") == [] and store.judging.contenders("other") == set()


def test_wordings_are_the_same_exactly_where_texts_are(store, answer):
    numbers = answer((OLD, "a", "yes"), (NEW, "a", "yes"), (OLD, "b", "no"), (NEW, "b", "no "))
    wordings = {judged.result: judged.wording for judged in store.judging.judged("p")}
    assert sorted(wordings) == numbers
    one, same, other, another = wordings.values()
    assert one == same and len({one, other, another}) == 3


def test_what_nobody_else_answered_is_not_read_until_somebody_does(store, answer):
    answer((OLD, "a", "yes"))
    assert [judged.wording for judged in store.judging.judged("p")] == [""]
    answer((NEW, "a", "yes"))
    one, other = store.judging.judged("p")
    assert one.wording == other.wording != ""


def test_the_state_changes_when_results_come_and_only_then(store, answer):
    before = store.judging.state("p")
    answer((OLD, "a", "yes"))
    after = store.judging.state("p")
    assert before != after == store.judging.state("p")
    assert store.judging.state("other") != after


def test_texts_and_the_last_name_of_a_case_are_found(store, begin, answer):
    (first,) = answer((OLD, "a", "yes"))
    run = begin([cell_of(0, "a", NEW, call_key="later")])
    with store.database.writing() as connection:
        connection.execute("UPDATE cells SET case_name = 'renamed' WHERE run = ?", (run,))
    assert store.judging.case_name("p", "case-a") == "case a"
    (second,) = store.runs.add_results(run, [result_of("a", "no", call_key="later")])
    assert store.judging.case_name("p", "case-a") == "renamed"
    assert store.judging.case_name("p", "case-x") is None
    assert store.judging.texts([first, second.id]) == {first: "yes", second.id: "no"}
