from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.records import cell_of, contender_of, result_of
from workbench.models.calls import Usage
from workbench.models.correction import Observation
from workbench.store.counts import NEWEST
from workbench.store.records import Renamed


def answered_run(store, begin, texts, prompt="p", contender=None, **more):
    """Store a run whose texts were estimated at 10 tokens a letter, shown as one more, and reported as 12."""
    run = begin(
        [
            cell_of(
                number,
                text,
                contender,
                estimated=10 * len(text),
                shown=10 * len(text) + 1,
                messages=1,
                **more,
            )
            for number, text in enumerate(texts)
        ],
        prompt,
    )
    string = contender.string if contender else "openai/mini"
    store.runs.add_results(
        run,
        [
            result_of(text, usage=Usage(12 * len(text), len(text)), estimated=10 * len(text), string=string)
            for text in texts
        ],
    )
    return run


def test_a_model_teaches_what_it_reported_of_each_context(store, begin):
    answered_run(store, begin, ["a", "bb"])
    run = begin([cell_of(0, "c"), cell_of(1, "d"), cell_of(2, "e")])
    store.runs.add_results(
        run,
        [
            result_of("a", usage=Usage(12, 1), estimated=10),  # the same context again
            result_of("c", usage=Usage(None, None), estimated=10),
            result_of("d", usage=Usage(12, 1), estimated=None),
            result_of("e", usage=Usage(12, 1), estimated=10, status="error"),
        ],
    )
    assert sorted(store.counts.observations("openai/mini", None)) == [
        Observation(10, 1, 12),
        Observation(20, 1, 24),
    ]
    assert store.counts.observations("openai/mini", "http://127.0.0.1") == []
    assert store.counts.observations("openai/maxi", None) == []


def test_what_was_reported_with_a_schema_teaches_nothing_about_calls_without_one(store, begin):
    answered_run(store, begin, ["a", "bb"])
    answered_run(store, begin, ["ccc"], schema="{}")
    with_schema = store.counts.observations("openai/mini", None, with_schema=True)
    assert [seen.estimated for seen in with_schema] == [30]
    assert sorted(seen.estimated for seen in store.counts.observations("openai/mini", None)) == [10, 20]


def test_only_the_newest_answers_teach(store, begin):
    answered_run(store, begin, ["old" * 9])
    answered_run(store, begin, [f"{number:03}" for number in range(NEWEST)])
    assert {seen.estimated for seen in store.counts.observations("openai/mini", None)} == {30}


def test_typical_output_is_of_one_prompt_and_of_one_model_as_it_was_reached(store, begin):
    answered_run(store, begin, ["a", "ccc"])
    answered_run(store, begin, ["a" * 9], contender=contender_of("bbbb", "q"))
    elsewhere = contender_of(api_base="http://127.0.0.1/v1")
    answered_run(store, begin, ["a" * 7], contender=elsewhere)
    assert store.counts.typical_output("p", "openai/mini", None) == (2.0, 2)
    assert store.counts.typical_output("p", "openai/mini", "http://127.0.0.1/v1") == (7.0, 1)
    assert store.counts.typical_output("q", "openai/mini", None) == (9.0, 1)
    assert store.counts.typical_output("p", "openai/maxi", None) == (None, 0)


def test_typical_output_is_over_all_versions_and_counts_a_shared_answer_once(store, begin):
    answered_run(store, begin, ["a"])
    answered_run(store, begin, ["ccc"], contender=contender_of("bbbb"))
    (original,) = [cell.result for cell in store.runs.cells(1)]
    begin([cell_of(result=original, cached=True)])
    begin([cell_of(contender=contender_of("never answered"))])
    assert store.counts.typical_output("p", "openai/mini", None) == (2.0, 2)


def test_a_failure_is_not_typical(store, begin):
    run = answered_run(store, begin, ["a", "b"])
    store.runs.add_results(run, [result_of("b", status="error", usage=Usage(12, 900))])
    assert store.counts.typical_output("p", "openai/mini", None) == (1.0, 1)


def test_the_largest_errors_come_first_each_case_once(store, begin):
    answered_run(store, begin, ["a", "bb", "cccc"])
    again = answered_run(store, begin, ["a"], exact=True)
    found = store.counts.miscounts()
    assert [(one.case, one.shown, one.reported) for one in found] == [
        ("case cccc", 41, 48),
        ("case bb", 21, 24),
        ("case a", 11, 12),
    ]
    assert found[0].off == pytest.approx(-7 / 48)
    assert (found[0].model, found[0].prompt, found[0].run, found[0].exact) == ("mini", "p", 1, False)
    assert [one.case for one in store.counts.miscounts(1)] == ["case cccc"]
    assert again == 2


def test_a_count_that_was_right_or_never_shown_is_no_error(store, begin):
    run = begin([cell_of(0, "a", shown=12), cell_of(1, "b"), cell_of(2, "c", shown=5)])
    results = [result_of(text, usage=Usage(12, 1), estimated=9) for text in "ab"]
    store.runs.add_results(run, [*results, result_of("c", usage=Usage(None, 1), estimated=5)])
    assert store.counts.miscounts() == []
    kept = store.runs.cells(run)
    assert [cell.off for cell in kept] == [0, None, None]


def test_an_answer_from_the_cache_confirms_nothing_anew(store, begin):
    run = begin([cell_of(shown=12)])
    (answer,) = store.runs.add_results(run, [result_of(usage=Usage(12, 1), estimated=9)])
    begin([cell_of(shown=99, result=answer, cached=True)])
    assert store.counts.miscounts() == []


def test_a_cell_tells_how_far_its_count_was_off():
    cell = cell_of(shown=110, result=result_of(usage=Usage(100, 1)))
    assert cell.off == pytest.approx(0.1)
    assert replace(cell, result=None).off is None
    assert replace(cell, result=result_of(usage=Usage(None, 1))).off is None


@pytest.mark.parametrize(
    ("runs", "changed"),
    [
        ([], None),
        ([["a"], ["a"]], None),
        ([["a"], ["b"]], Renamed("a", "b", 2)),
        ([["a"], ["b"], ["b"]], Renamed("a", "b", 2)),
        ([["a"], ["b"], ["a"]], Renamed("b", "a", 3)),
        ([["a", "b"], ["b", "a"], ["a", "b"]], None),
        ([["a"], ["a", "b"]], Renamed("a", "b", 2)),
        ([["a"], [None]], None),
        ([["openai/a"], ["a"]], None),
    ],
    ids=str,
)
def test_another_name_that_a_server_answers_with_is_a_change_from_one_run_to_the_next(
    store, begin, runs, changed
):
    for names in runs:
        texts = [str(number) for number in range(len(names))]
        run = begin([cell_of(number, text) for number, text in enumerate(texts)])
        answers = [
            result_of(text, answered_by=name, estimated=3) for text, name in zip(texts, names, strict=True)
        ]
        store.runs.add_results(run, answers)
    assert store.counts.renamed("openai/mini", None) == changed
    assert store.counts.renamed("openai/mini", "http://127.0.0.1") is None


def test_how_long_a_model_takes_is_the_mean_of_its_newest_answers(store, begin):
    assert store.counts.typical_seconds("openai/mini", None) is None
    texts = [str(number) for number in range(NEWEST + 2)]
    run = begin([cell_of(number, text) for number, text in enumerate(texts)])
    took = [900.0, 1.0, 3.0] * (NEWEST // 3 + 1)
    answers = [
        result_of(text, total=total, estimated=3, status="error" if total == 900 else "ok")
        for text, total in zip(texts, took, strict=False)
    ]
    store.runs.add_results(run, answers)
    assert store.counts.typical_seconds("openai/mini", None) == pytest.approx(2, abs=0.02)
    assert store.counts.typical_seconds("openai/mini", "http://127.0.0.1") is None
