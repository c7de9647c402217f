from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.records import NOW, cell_of, contender_of, result_of
from workbench.errors import StoreError
from workbench.models.calls import ToolCall, Usage
from workbench.store.search import Wanted


def test_a_run_comes_back_as_it_was_planned(store, begin):
    contender = contender_of(api_base="http://127.0.0.1/v1", params={"b": 1, "a": [None, 0.5]})
    cells = [
        cell_of(
            0,
            "a",
            contender,
            revision="c0ffee",
            dirty=True,
            expect="x",
            estimated=3,
            high=9,
            schema="{}",
            shown=4,
            exact=True,
            messages=1,
        ),
        cell_of(1, "b", contender_of("bbbb"), case=None),
    ]
    run = begin([cells[0], replace(cells[1], case="case b")])
    kept = store.runs.cells(run)
    assert [cell.position for cell in kept] == [0, 1]
    assert kept[0] == replace(cells[0], run=run, contender=replace(contender, id=kept[0].contender.id))
    assert store.runs.cost_limit(run) == 7
    record = store.runs.get(run)
    assert (record.prompt, record.contenders, record.cases, record.status) == ("p", 2, 2, "running")
    assert record.counts == {"waiting": 2}


def test_a_result_comes_back_as_it_was_stored(store, begin):
    result = result_of(
        api_base="http://127.0.0.1/v1",
        params={"temperature": 0},
        reasoning="because",
        refusal="no",
        finish="stop",
        error_kind="server",
        error="it broke",
        tries=3,
        usage=Usage(1, 2, 3, 4),
        estimated=5,
        prices="{}",
        ttft=0.25,
        total=1.5,
        answered_by="mini-2026",
        valid=False,
        invalid="$.a",
        tool_calls=(ToolCall("look_up", '{"id": 7}'), ToolCall("stop")),
        answer="\0 [red] \x1b[31m ünï 😀",
    )
    run = begin([cell_of()])
    (kept,) = store.runs.add_results(run, [result])
    assert kept == replace(result, id=kept.id)
    assert store.runs.answers([result.call_key]) == {result.call_key: kept}
    assert store.runs.cells(run)[0].result == replace(kept, estimated=None)


def test_half_a_surrogate_pair_from_a_server_is_stored_as_a_question_mark(store, begin):
    run = begin([cell_of()])
    store.runs.add_results(run, [result_of(answer="a\ud83db")])
    assert store.runs.cells(run)[0].result.text == "a?b"


def test_one_answer_fills_every_cell_that_asked_the_same_and_is_paid_for_once(store, begin):
    cells = [cell_of(0), cell_of(1, contender=contender_of("bbbb")), cell_of(2, "other")]
    run = begin(cells)
    store.runs.add_results(run, [result_of()])
    kept = store.runs.cells(run)
    assert kept[0].result == kept[1].result
    assert kept[2].result is None
    record = store.runs.get(run)
    assert record.counts == {"ok": 2, "waiting": 1}
    assert record.cost == 50


def test_an_answer_from_the_cache_costs_nothing_and_points_at_the_original(store, begin):
    first = begin([cell_of()])
    (original,) = store.runs.add_results(first, [result_of()])
    second = begin([cell_of(result=original, cached=True)])
    record = store.runs.get(second)
    assert (record.cost, record.counts) == (0, {"ok": 1})
    (cell,) = store.runs.cells(second)
    assert (cell.cached, cell.result.id) == (True, original.id)


def test_the_latest_answer_is_the_cached_one_and_failures_never_are(store, begin):
    run = begin([cell_of(0, "a"), cell_of(1, "b")])
    store.runs.add_results(run, [result_of("a", "old"), result_of("a", "new")])
    store.runs.add_results(
        run,
        [result_of("a", status="error"), result_of("a", status="cancelled"), result_of("b", status="error")],
    )
    keys = [result_of(text).call_key for text in ("a", "b", "never asked")]
    found = store.runs.answers(keys)
    assert {key: result.text for key, result in found.items()} == {keys[0]: "new"}


@pytest.mark.parametrize("status", ["ok", "empty", "cut", "refused"])
def test_every_kind_of_answer_may_come_from_the_cache(store, begin, status):
    store.runs.add_results(begin([cell_of()]), [result_of(status=status)])
    assert len(store.runs.answers([result_of().call_key])) == 1


def test_thousands_of_calls_are_looked_up_at_once(store, begin):
    store.runs.add_results(begin([cell_of()]), [result_of()])
    assert len(store.runs.answers([*map(str, range(3000)), result_of().call_key])) == 1


def test_the_cost_of_a_run_is_unknown_where_one_answer_had_no_price(store, begin):
    run = begin([cell_of(0, "a"), cell_of(1, "b")])
    store.runs.add_results(run, [result_of("a", cost=50), result_of("b", status="error", cost=None)])
    assert store.runs.get(run).cost == 50
    store.runs.add_results(run, [result_of("b", cost=None)])
    assert store.runs.get(run).cost is None


def test_a_run_that_goes_on_replaces_failures_by_answers(store, begin):
    run = begin([cell_of()])
    store.runs.add_results(run, [result_of(status="error", cost=None)])
    store.runs.end(run, "interrupted", NOW)
    assert store.runs.get(run).status == "interrupted"
    store.runs.reopen(run)
    assert (store.runs.get(run).status, store.runs.get(run).ended) == ("running", None)
    store.runs.add_results(run, [result_of()])
    store.runs.end(run, "done", NOW)
    record = store.runs.get(run)
    assert (record.status, record.ended, record.counts) == ("done", NOW, {"ok": 1})


def test_runs_are_listed_newest_first_and_by_prompt(store, begin):
    first, second, third = begin([cell_of()]), begin([cell_of()], "q"), begin([cell_of()])
    assert [run.id for run in store.runs.newest()] == [third, second, first]
    assert [run.id for run in store.runs.newest(1)] == [third]
    assert [run.id for run in store.runs.newest(prompt="p")] == [third, first]
    assert store.runs.get().id == third


def test_a_run_that_there_is_not_is_a_clear_error(store, begin):
    with pytest.raises(StoreError, match="there are no runs yet"):
        store.runs.get()
    with pytest.raises(StoreError, match="there is no run 9"):
        store.runs.get(9)


def test_a_contender_is_one_whatever_its_entry_is_called(store, begin):
    begin([cell_of(contender=contender_of(model="old", params={"a": 1, "b": 2}))])
    begin([cell_of(contender=contender_of(model="new", params={"b": 2, "a": 1}))])
    (contender,) = store.runs.contenders("p")
    assert (contender.model, contender.params) == ("new", {"a": 1, "b": 2})
    begin([cell_of(contender=contender_of(params={"a": 2}))])
    begin([cell_of(contender=contender_of(api_base="http://127.0.0.1"))])
    assert len(store.runs.contenders("p")) == 3


def test_only_answers_that_can_be_judged_come_to_a_duel_and_each_once(store, begin):
    cells = [cell_of(number, text) for number, text in enumerate("abcde")]
    run = begin(cells)
    statuses = dict(zip("abcde", ["ok", "cut", "empty", "refused", "error"], strict=True))
    store.runs.add_results(run, [result_of(text, status=status) for text, status in statuses.items()])
    kept = store.runs.cells(run)
    begin([replace(kept[0], cached=True)])
    assert [cell.case for cell in store.runs.judged_cells("p")] == ["case a", "case b"]
    assert list(store.runs.judged_cells("other")) == []


def test_a_contenders_mean_cost_and_time_are_those_of_its_answers(store, begin):
    run = begin([cell_of(0, "a"), cell_of(1, "b"), cell_of(2, "c")])
    store.runs.add_results(
        run,
        [
            result_of("a", cost=10, total=1.0),
            result_of("b", cost=20, total=2.0),
            result_of("c", status="error", cost=None, total=9.0),
        ],
    )
    (contender,) = store.runs.contenders("p")
    assert store.runs.costs([contender.id, 99]) == {contender.id: (15, 1.5)}
    assert store.runs.costs([]) == {}


@pytest.mark.parametrize(
    "more",
    [
        {"usage": Usage(2**70, 1)},
        {"usage": Usage(1.5, 1)},
        {"tries": "many"},
        {"total": "long"},
        {"answered_by": ["a", "list"]},
        {"text": None},
    ],
)
def test_a_result_that_cannot_be_stored_says_so_and_takes_no_other_along(store, begin, more):
    run = begin([cell_of(number, text) for number, text in enumerate("abc")])
    results = [result_of("a"), replace(result_of("b", tool_calls=(ToolCall("x"),)), **more), result_of("c")]
    kept = store.runs.add_results(run, results)
    assert [result.status for result in kept] == ["ok", "error", "ok"]
    assert (kept[1].error_kind, kept[1].text, kept[1].call_key) == ("unstorable", "", results[1].call_key)
    assert kept[1].error.startswith("the answer could not be stored: ")
    assert [cell.result.id for cell in store.runs.cells(run)] == [result.id for result in kept]
    assert store.runs.get(run).counts == {"error": 1, "ok": 2}
    assert store.search.find(Wanted("stored"))[0].result == kept[1].id


def test_what_a_run_amounts_to_is_right_at_every_step(store, begin):
    earlier = begin([cell_of(0, "a")])
    (answer,) = store.runs.add_results(earlier, [result_of("a", cost=None)])
    twice = [cell_of(1, "b"), cell_of(2, "b", contender_of("bbbb"))]
    run = begin([cell_of(0, "a", result=answer, cached=True), *twice, cell_of(3, "c")])
    seen = []
    for results in (
        [],
        [result_of("b", status="error", cost=None)],
        [result_of("b"), result_of("c", cost=7)],
    ):
        store.runs.add_results(run, results)
        seen.append((dict(store.runs.get(run).counts), store.runs.get(run).cost))
    assert seen == [
        ({"ok": 1, "waiting": 3}, 0),
        ({"error": 2, "ok": 1, "waiting": 1}, 0),
        ({"ok": 4}, 57),
    ]
    assert store.runs.get(earlier).cost is None
    assert store.runs.newest() == [store.runs.get(run), store.runs.get(earlier)]


def test_the_first_place_that_a_result_fills_is_found_by_its_number(store, begin):
    run = begin([cell_of(0, "a"), cell_of(1, "b"), cell_of(2, "b", contender_of("bbbb"))])
    first, second = store.runs.add_results(run, [result_of("a"), result_of("b")])
    begin([cell_of(0, "b", result=second, cached=True)])
    assert store.runs.cell_of_result(second.id) == store.runs.cells(run)[1]
    assert store.runs.cell_of_result(first.id).run == run


def test_a_failure_that_was_tried_again_is_read_in_the_place_it_had_and_names_what_replaced_it(store, begin):
    run = begin([cell_of(0, "a"), cell_of(1, "b"), cell_of(2, "b", contender_of("bbbb"))])
    (failed,) = store.runs.add_results(run, [result_of("b", status="error", error="no luck")])
    assert store.runs.replaced_by(failed.id) is None
    before = store.runs.cell_of_result(failed.id)
    store.runs.add_results(run, [result_of("b", status="error")])
    (answer,) = store.runs.add_results(run, [result_of("b")])
    assert store.runs.cell_of_result(failed.id) == before
    assert (before.run, before.position, before.result) == (run, 1, failed)
    assert store.runs.replaced_by(failed.id) == answer.id
    assert store.runs.replaced_by(answer.id) is None


def test_a_result_there_is_not_is_a_clear_error(store, begin):
    run = begin([cell_of()])
    store.runs.add_results(run, [result_of()])
    for ask in (store.runs.cell_of_result, store.runs.replaced_by):
        with pytest.raises(StoreError, match="there is no result 99") as caught:
            ask(99)
        assert caught.value.hint


def test_the_cells_of_places_are_read_in_the_order_in_which_they_are_asked_for(store, begin):
    texts = [f"t{number}" for number in range(450)]
    runs = [begin([cell_of(number, text) for number, text in enumerate(texts)]) for _ in range(2)]
    store.runs.add_results(runs[0], [result_of(text) for text in texts])
    places = [(run, position) for run in (runs[1], runs[0]) for position in range(449, -1, -1)]
    cells = store.runs.cells_at([*places, (runs[0], 450), (99, 0)])
    assert [(cell.run, cell.position) for cell in cells] == places
    assert cells[:449:-1] == store.runs.cells(runs[0])
    assert store.runs.cells_at([]) == []


def test_whether_an_answer_is_the_expected_one_ignores_space_around_it():
    cell = cell_of(expect="billing\n")
    assert cell.expected is None
    assert replace(cell, result=result_of(answer=" billing ")).expected is True
    assert replace(cell, result=result_of(answer="bug")).expected is False
    assert replace(cell, result=result_of(answer="billing", status="error")).expected is None
    assert replace(cell, expect=None, result=result_of()).expected is None


def test_a_run_says_what_was_spent_what_had_no_price_and_whether_its_models_are_all_local(store, begin):
    local = contender_of(string="local/smol")
    runs = [
        begin([cell_of(0, "a"), cell_of(1, "b")]),
        begin([cell_of(0, "a", local), cell_of(1, "b", local)]),
        begin([cell_of(0, "a", local), cell_of(1, "b")]),
    ]
    store.runs.add_results(runs[0], [result_of("a", cost=7), result_of("b", cost=None)])
    for run in runs[1:]:
        store.runs.add_results(run, [result_of("a", cost=0), result_of("b", cost=0)])
    found = [store.runs.get(run) for run in runs]
    assert [(run.spent, run.unpriced, run.local) for run in found] == [
        (7, 1, False),
        (0, 0, True),
        (0, 0, False),
    ]
    assert store.search.runs(Wanted(prompt="p")) == store.runs.newest() == found[::-1]
