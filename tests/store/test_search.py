from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.records import NOW, cell_of, contender_of, result_of
from workbench.context.messages import Message, context_hash
from workbench.models.calls import ToolCall
from workbench.store.search import Wanted
from workbench.store.words import CLOSED, OPENED, Words


def numbers(found):
    return [one.result for one in found]


def find(store, words="", **filters):
    return store.search.find(Wanted(words, **filters))


@pytest.fixture
def answered(store, begin):
    """Stores a run in which each of the texts is asked, and answered as said; returns the results."""

    def made(answers, prompt="p", contender=None, **more):
        cells = [cell_of(number, text, contender) for number, text in enumerate(answers)]
        run = begin(cells, prompt)
        results = [result_of(text, answer, **more) for text, answer in answers.items()]
        return [result.id for result in store.runs.add_results(run, results)]

    return made


def test_an_answer_is_found_by_its_words_whatever_their_case_and_accents(store, answered):
    first, second = answered({"a": "Die Rückerstattung ist BILLIG.", "b": "Nothing here"})
    for words in ("billig", "rückerstattung billig", "RUCKERSTATTUNG", "ist", '"ist billig"', "rück*"):
        assert numbers(find(store, words)) == [first], words
    for words in ("bill", '"billig ist"', "billig nothing", "gone*"):
        assert find(store, words) == [], words
    assert numbers(find(store, "not*")) == [second]


@pytest.mark.parametrize(
    "more",
    [
        {"reasoning": "because of the refund"},
        {"refusal": "no refund"},
        {"error": "refund: 500", "status": "error"},
        {"tool_calls": (ToolCall("refund", "{}"),)},
        {"tool_calls": (ToolCall("pay", '{"as": "refund"}'),)},
    ],
)
def test_everything_that_came_back_is_searched(store, answered, more):
    (result,) = answered({"a": "text"}, **more)
    (found,) = find(store, "refund")
    assert (found.result, found.where) == (result, "output")
    assert f"{OPENED}refund{CLOSED}" in found.snippet


def test_a_context_is_searched_in_all_its_messages_and_only_in_what_they_say(store):
    messages = (Message("system", 'Be "very" kind'), Message("user", "Where is my parcel?\nIt was blue."))
    store.sources.keep_contexts([messages])
    store.sources.keep_cases({"c": {}})
    context = context_hash(messages)
    run = store.runs.begin(
        [cell_of(context=context, case_hash="c")], prompt="p", samples=1, cost_limit=None, now=""
    )
    (result,) = store.runs.add_results(run, [result_of(context=context)])
    for words in ("kind", "very kind", "parcel blue"):
        assert [(one.result, one.where) for one in find(store, words)] == [(result.id, "context")], words
    for words in ("user", "role", "content", "system", "nparcel", "nIt"):
        assert find(store, words) == [], words
    assert find(store, "blue")[0].snippet == f'… "very" kind Where is my parcel? It was {OPENED}blue{CLOSED}.'


def test_a_result_is_found_once_and_its_answer_counts_before_its_note_and_its_context(store, answered):
    (result,) = answered({"refund": "refund"})
    store.remarks.note(result, "refund", "Ada", "t")
    assert [(one.result, one.where) for one in find(store, "refund")] == [(result, "output")]
    (other,) = answered({"refund": "no"})
    store.remarks.note(other, "refund!", "Ada", "t")
    newest = find(store, "refund")[0]
    assert (newest.result, newest.where, newest.snippet) == (other, "note", f"{OPENED}refund{CLOSED}!")


def test_a_note_is_found_until_it_is_replaced_or_taken_back(store, answered):
    (result,) = answered({"a": "x"})
    store.remarks.note(result, "too harsh", "Ada", "t")
    assert numbers(find(store, "harsh")) == [result]
    store.remarks.note(result, "too soft", "Ada", "t")
    assert (find(store, "harsh"), numbers(find(store, "soft"))) == ([], [result])
    store.remarks.note(result, None, "Ada", "t")
    assert find(store, "soft") == []


def test_without_words_the_newest_come_first_with_the_beginning_of_what_they_say(store, answered):
    results = answered({f"t{number}": f"answer {number} " + "x" * 500 for number in range(9)})
    found = store.search.find(Wanted(), 4)
    assert numbers(found) == results[:-5:-1]
    assert found[0].snippet.startswith("answer 8 xx")
    assert len(found[0].snippet) < 200
    assert {one.where for one in found} == {"output"}
    assert store.search.find(Wanted(), 0) == []


def test_without_words_what_has_no_answer_says_why(store, answered):
    answered({"a": ""}, error="overloaded", status="error")
    answered({"b": ""}, refusal="I had better not", status="refused")
    answered({"c": ""}, status="empty")
    assert [one.snippet for one in find(store)] == ["", "I had better not", "overloaded"]


@pytest.mark.parametrize("many", [3, 40])
def test_the_newest_come_first_wherever_the_words_are(store, answered, many):
    old = answered({f"{number} green": "x" for number in range(many)})
    new = answered({f"{number} green": "y" for number in range(many)}, contender=contender_of("bbbb"))
    mixed = answered({f"{number} other": "green" for number in range(many)})
    assert numbers(store.search.find(Wanted("green"), 3 * many)) == [*mixed[::-1], *new[::-1], *old[::-1]]
    assert numbers(store.search.find(Wanted("green"), 2)) == mixed[: -3 if many > 2 else None : -1]


def test_filters_narrow_down_alone_together_and_with_words(store, answered):
    big = contender_of("bbcc", "support/reviews", model="maxi", string="openai/maxi-2026")
    a, b = answered({"a": "red", "b": "blue"})
    c, d = answered({"a": "red", "d": "red"}, "support/reviews", big, status="cut", string="openai/maxi-2026")
    e = answered({"e": "red"}, ended="2026-06-01T00:00:00.000Z", status="error")[0]
    store.remarks.label(d, "bad", "Ada", "t")
    for filters, expected in [
        ({"prompt": "p"}, [e, b, a]),
        ({"prompt": "support/*"}, [d, c]),
        ({"model": "maxi"}, [d, c]),
        ({"model": "openai/maxi-2026"}, [d, c]),
        ({"model": "*mi?i*"}, [e, b, a]),
        ({"version": "bb"}, [d, c]),
        ({"case": "case a"}, [c, a]),
        ({"case": "*e ?"}, [e, d, c, b, a]),
        ({"status": "cut"}, [d, c]),
        ({"label": "bad"}, [d]),
        ({"label": "good"}, []),
        ({"run": 1}, [b, a]),
        ({"since": "2026-05-01"}, [e]),
        ({"since": "2027"}, []),
        ({"prompt": "p", "status": "error"}, [e]),
        ({"run": 2, "case": "case d"}, [d]),
        ({"prompt": "nothing of that name"}, []),
    ]:
        assert numbers(find(store, **filters)) == expected, filters
        reds = [result for result in expected if result != b]
        assert numbers(find(store, "red", **filters)) == reds, filters
        runs = sorted({1 if result in (a, b) else 2 if result in (c, d) else 3 for result in expected})
        assert [run.id for run in store.search.runs(Wanted(**filters))] == runs[::-1], filters


def test_what_is_found_says_where_it_stands(store, answered):
    (result,) = answered({"a": "red"}, contender=contender_of("abcd"), cost=7)
    store.remarks.label(result, "good", "Ada", "t")
    (found,) = find(store, "red")
    assert (found.run, found.prompt, found.version, found.model, found.case) == (
        1,
        "p",
        "abcd",
        "mini",
        "case a",
    )
    assert found.position == 0
    assert (found.status, found.ended, found.cost, found.label) == ("ok", result_of().ended, 7, "good")


def test_an_answer_that_a_later_run_took_from_the_cache_is_of_the_run_that_is_asked_for(
    store, begin, answered
):
    answered({"a": "red"})
    (cell,) = store.runs.cells(1)
    begin([replace(cell, contender=contender_of("bbbb"), cached=True)])
    assert [(one.run, one.version) for one in find(store, "red")] == [(1, "aaaa")]
    assert [(one.run, one.version) for one in find(store, "red", run=2)] == [(2, "bbbb")]
    assert [(one.run, one.version) for one in find(store, version="bb")] == [(2, "bbbb")]
    assert [run.id for run in store.search.runs(Wanted("red"))] == [2, 1]


def test_a_failure_that_was_tried_again_stands_nowhere_and_is_not_found(store, begin):
    run = begin([cell_of()])
    store.runs.add_results(run, [result_of(status="error", error="overloaded")])
    assert len(find(store, "overloaded")) == 1
    store.runs.add_results(run, [result_of()])
    assert find(store, "overloaded") == []


def test_a_run_that_has_no_result_yet_is_found_by_what_it_asks(store, begin, answered):
    answered({"a": "red"})
    begin([cell_of(0, "a")])
    asks = ({"prompt": "p"}, {"model": "mini"}, {"version": "aa"}, {"case": "case a"}, {"since": NOW})
    for filters in asks:
        assert [run.id for run in store.search.runs(Wanted(**filters))] == [2, 1], filters
    for filters in ({"status": "ok"}, {"words": "red"}, {"prompt": "p", "words": "red"}, {"label": "good"}):
        assert 2 not in [run.id for run in store.search.runs(Wanted(**filters))], filters
    assert [run.id for run in store.search.runs(Wanted(since="2999"))] == []


def test_runs_and_results_are_found_by_how_the_run_itself_stands(store, begin, answered):
    (first,) = answered({"a": "red"})
    answered({"a": "red"})
    store.runs.end(1, "interrupted", NOW)
    begin([cell_of(0, "a")])
    assert [run.id for run in store.search.runs(Wanted(run_status="running"))] == [3, 2]
    assert [run.id for run in store.search.runs(Wanted(run_status="running", prompt="p"), 1)] == [3]
    assert [run.id for run in store.search.runs(Wanted("red", run_status="interrupted"))] == [1]
    assert numbers(find(store, run_status="interrupted")) == [first]
    assert numbers(find(store, "red", run_status="done")) == []


def test_every_place_of_what_is_wanted_is_told_in_the_order_of_runs(store, begin, answered):
    answered({"a": "red", "b": "blue"})
    one, two = store.runs.cells(1)
    begin(
        [
            replace(one, position=0, contender=contender_of("bbbb"), cached=True),
            replace(two, position=1, cached=True, case="another"),
            replace(one, position=2, result=None),
        ]
    )
    for wanted, runs, expected in [
        (Wanted(), (), [(1, 0), (1, 1), (2, 0), (2, 1)]),
        (Wanted(), (2,), [(2, 0), (2, 1)]),
        (Wanted("red"), (), [(1, 0), (2, 0)]),
        (Wanted("red"), (2, 1), [(1, 0), (2, 0)]),
        (Wanted("red", version="bb"), (), [(2, 0)]),
        (Wanted(case="another"), (), [(2, 1)]),
        (Wanted(case="[a]nother"), (), [(2, 1)]),
        (Wanted(run=2), (1,), []),
        (Wanted("---"), (), []),
        (Wanted(), (7,), []),
    ]:
        assert store.search.places(wanted, runs) == expected, (wanted, runs)
    assert store.search.places(Wanted("red")) == [(1, 0), (2, 0)]


def test_runs_are_found_by_their_results_newest_first(store, answered):
    for word in ("red", "blue", "red"):
        answered({"a": word})
    assert [run.id for run in store.search.runs(Wanted("red"))] == [3, 1]
    assert [run.id for run in store.search.runs(Wanted("red"), 1)] == [3]
    assert store.search.runs(Wanted("red"))[0] == store.runs.get(3)
    assert store.search.runs(Wanted("---")) == []


@pytest.mark.parametrize("words", ["---", "!", '""', "*", "“”", "😀", "\0", "( ) : ^"])
def test_what_is_no_word_finds_nothing(store, answered, words):
    answered({"a": "red"})
    assert find(store, words) == []


@pytest.mark.parametrize(
    "words",
    [
        *('red"', '"red', "red AND", "NOT red", "OR red", "text:red", "-red", "^red", "(red", "red)"),
        *("red*", "red**", '"red"*', "{text} : red", "red + red", "NEAR(red red)", "red\0", "\ud800 red"),
        *("'; drop table results; --red", "red\\", "%red%", '"""red', "red'"),
    ],
)
def test_nothing_that_is_typed_is_an_operator_or_a_mistake(store, answered, words):
    answered({"a": "a red and not text or near drop table results colour"})
    assert len(find(store, words)) in (0, 1)


@given(st.text(max_size=40))
def test_no_words_are_a_mistake_of_syntax(kept, words):
    kept.search.find(Wanted(words))
    kept.search.runs(Wanted(words))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    from workbench.store.store import Store

    store = Store(tmp_path_factory.mktemp("words") / "runs.db")
    store.runs.newest()
    yield store
    store.close()


@given(st.text(max_size=60), st.text(max_size=300))
def test_a_snippet_is_one_line_of_the_text_with_marks_in_pairs(words, text):
    snippet = Words(words).snippet(text)
    assert len(snippet.splitlines()) <= 1
    assert snippet.count(OPENED) == snippet.count(CLOSED)
    bare = snippet.replace(OPENED, "").replace(CLOSED, "").strip("…").split()
    said = text.replace(OPENED, " ").replace(CLOSED, " ").split()
    assert "".join(bare) in "".join(said)


def test_a_snippet_marks_every_hit_that_is_in_it_and_leaves_accents_in_place():
    text = "x " * 300 + "Das CAFÉ und das Cafe\u0301, nicht die Cafés." + " y" * 300
    assert Words('cafe "nicht die"').snippet(text).strip("… xy") == (
        f"Das {OPENED}CAFÉ{CLOSED} und das {OPENED}Cafe{CLOSED}\u0301, {OPENED}nicht die{CLOSED} Cafés."
    )


@pytest.mark.parametrize("many", [300, 3000])
def test_very_many_words_are_no_mistake_either(store, answered, many):
    (result,) = answered({"a": " ".join(f"w{number}" for number in range(many))})
    assert numbers(find(store, " ".join(f"w{number}" for number in range(many)))) == [result]
    assert find(store, " ".join(f"w{number}" for number in range(many + 1))) == []


def test_a_word_that_is_itself_very_long_is_cut_in_a_snippet(store, answered):
    answered({"a": "ab " + "x" * 100_000 + " cd"})
    (found,) = find(store, "x*")
    assert found.snippet.startswith(f"ab {OPENED}xxx")
    assert len(found.snippet) < 400


def test_half_a_character_in_a_filter_finds_nothing(store, answered):
    answered({"a": "red"})
    assert find(store, prompt="no\ud800") == []
    assert store.search.runs(Wanted(case="\udcff", words="red")) == []


def test_a_word_in_a_very_long_answer_is_shown_where_it_is(store, answered):
    answered({"a": "x " * 200_000 + "needle" + " y" * 200_000})
    (found,) = find(store, "needle")
    assert f"{OPENED}needle{CLOSED}" in found.snippet
    assert len(found.snippet) < 250
