"""Recalling: queries read, results found and read whole, marked and noted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.records import NOW, call_of, cell_of, contender_of, result_of
from workbench.bench.bench import Bench
from workbench.bench.recalling import FILTERS, FORMS, read_query, read_since
from workbench.bench.result_facts import answer_text, facts
from workbench.errors import StoreError, UsageError
from workbench.models.calls import ToolCall, Usage
from workbench.store.pruning import Prunable
from workbench.store.records import LABELS, STATUSES, Remark
from workbench.store.search import Wanted

SETTINGS = "models:\n  mini: openai/mini\n  now: openai/gpt-4o-mini\n"


@pytest.fixture
async def bench(project, tmp_path):
    project.write(".workbench.yml", SETTINGS)
    opened = Bench(project.root, {}, tmp_path / "personal")
    yield opened
    await opened.close()


def kept(bench: Bench, *pairs, prompt: str = "p") -> list[int]:
    """Keep a run of these cells and their results; returns the numbers of the results."""
    cells = [replace(cell, position=position) for position, (cell, _) in enumerate(pairs)]
    store = bench.store
    store.sources.keep_contexts([call_of(cell.case.removeprefix("case ")).messages for cell in cells])
    store.sources.keep_cases({cell.case_hash: {"case": cell.case} for cell in cells})
    run = store.runs.begin(cells, prompt=prompt, samples=1, cost_limit=None, now=NOW)
    results = store.runs.add_results(run, [result for _, result in pairs])
    store.runs.end(run, "done", NOW)
    return [result.id for result in results]


def one(bench: Bench, **more: object) -> int:
    """Keep a run of one result, with what it says beside the usual; returns its number."""
    (number,) = kept(bench, (cell_of(), result_of(**more)))
    return number


# Queries.


def test_a_query_is_words_and_filters_in_any_order():
    query = 'refund prompt:reviews "in these words" status:error model:smol label:bad run:3 case:"only one"'
    assert read_query(query) == Wanted(
        words='refund "in these words"',
        prompt="reviews",
        status="error",
        model="smol",
        label="bad",
        run=3,
        case="only one",
    )


@pytest.mark.parametrize("typed", ["v:1F3a9c", "version:v:1f3a9c", "version:1f3a9c"])
def test_a_version_is_typed_as_it_is_shown(typed: str):
    assert read_query(typed) == Wanted(version="1f3a9c")


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_that_has_no_value_yet_says_nothing(name: str):
    assert read_query(f"{name}: refund") == Wanted(words="refund")


def test_a_word_with_a_colon_that_is_no_filter_is_a_word():
    assert read_query("http://x.example time:12:30").words == "http://x.example time:12:30"


def test_of_a_filter_given_twice_the_last_counts_and_one_beside_the_line_before_all():
    assert read_query("status:ok status:error").status == "error"
    beside = {"status": "cut", "version": "v:1F3A", "since": "7d", "run": "9223372036854775807"}
    assert read_query("refund status:ok status:error", NOW, beside) == Wanted(
        "refund", status="cut", version="1f3a", since="2026-01-24T12:00:00.000Z", run=2**63 - 1
    )


def test_a_status_is_of_a_result_or_of_a_run():
    assert read_query("status:error") == Wanted(status="error")
    assert read_query("status:running") == Wanted(run_status="running")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("status:eror", "status: is one of ok, empty"),
        ("label:great", "label: is one of good, bad"),
        ("run:last", "takes the number of a run"),
        ("run:²", "takes the number of a run"),
        ("run:99999999999999999999", "takes the number of a run"),
        ("run:9223372036854775808", "takes the number of a run"),
        ("since:yesterday", "“yesterday” is no time"),
    ],
)
def test_a_value_that_a_filter_cannot_have_is_said(query: str, said: str):
    with pytest.raises(UsageError, match=said):
        read_query(query)


@given(st.text(st.sampled_from("abr :\"'*²3\n\x00") | st.characters()))
def test_any_line_is_read_or_refused_with_the_reason(text: str):
    try:
        assert isinstance(read_query(text, NOW), Wanted)
    except UsageError as refused:
        assert refused.message


@pytest.mark.parametrize(
    ("typed", "time"),
    [
        ("7d", "2026-01-24T12:00:00.000Z"),
        ("90min", "2026-01-31T10:30:00.000Z"),
        ("2w", "2026-01-17T12:00:00.000Z"),
        ("2026-01-02", "2026-01-02T00:00:00.000Z"),
        ("2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05.000Z"),
    ],
)
def test_a_time_is_how_long_ago_or_a_date(typed: str, time: str):
    assert read_since(typed, NOW) == time


@pytest.mark.parametrize("typed", ["", "7", "d", "999999y", "2026-13-01"])
def test_what_is_no_time_is_refused_with_an_example(typed: str):
    with pytest.raises(UsageError, match="is no time") as refused:
        read_since(typed, NOW)
    assert "7d" in str(refused.value)


# Results.


async def test_a_result_is_recalled_with_its_context_its_inputs_and_what_was_said_of_it(bench):
    number = one(bench)
    bench.recalling.label(number, "bad")
    bench.recalling.note(number, "  says too little ")
    recalled = bench.recalling.result(number)
    assert recalled.result.text == "Hello"
    assert recalled.messages == call_of().messages
    assert recalled.inputs == {"case": "case Hi"}
    assert recalled.remark == Remark("bad", "says too little")
    assert recalled.cell.run == 1


async def test_a_result_there_is_not_is_said(bench):
    one(bench)
    with pytest.raises(StoreError, match="there is no result 77"):
        bench.recalling.result(77)


async def test_a_result_whose_run_goes_while_it_is_read_is_not_there(bench, monkeypatch):
    number = one(bench)
    context = bench.store.sources.context

    def pruned_before(key):
        bench.store.pruning.prune(Prunable(keep=0))
        return context(key)

    monkeypatch.setattr(bench.store.sources, "context", pruned_before)
    with pytest.raises(StoreError, match=f"there is no result {number}"):
        bench.recalling.result(number)


async def test_a_mark_and_a_note_are_taken_back(bench):
    number = one(bench)
    for label, note in (("good", "a note"), (None, " ")):
        bench.recalling.label(number, label)
        bench.recalling.note(number, note)
    assert bench.recalling.result(number).remark == Remark()


async def test_a_result_is_marked_with_known_words_alone(bench):
    number = one(bench)
    with pytest.raises(UsageError, match="“fine” is no label: good or bad"):
        bench.recalling.label(number, "fine")
    assert bench.recalling.result(number).remark == Remark()
    for label in LABELS:
        bench.recalling.label(number, label)


async def test_all_results_of_a_run_are_gone_through_in_its_order(bench):
    pairs = [(cell_of(text=text), result_of(text)) for text in ("a", "b", "c")]
    numbers = kept(bench, *pairs)
    one(bench)
    assert [bench.recalling.beside(number) for number in numbers] == [tuple(numbers)] * 3


async def test_results_are_found_by_words_and_filters(bench):
    failed = result_of("b", "", status="error", error="no refund today", error_kind="error")
    first, second = kept(
        bench, (cell_of(text="a"), result_of("a", "a refund is due")), (cell_of(text="b"), failed)
    )
    found = bench.recalling.search(read_query("refund"))
    assert {one.result for one in found} == {first, second}
    (only,) = bench.recalling.search(read_query("refund status:error"))
    assert only.result == second


async def test_what_was_found_has_the_cell_it_was_found_in(bench):
    one(bench)
    (first,) = bench.store.runs.cells(1)
    taken = replace(first, case="uno", cached=True)
    bench.store.runs.begin([taken], prompt="p", samples=1, cost_limit=None, now=NOW)
    for query, run, case in (("run:2", 2, "uno"), ("case:uno", 2, "uno"), ("", 1, "case Hi")):
        (cell,) = bench.recalling.cells(bench.recalling.search(read_query(query)))
        assert (cell.run, cell.case, cell.cached) == (run, case, run == 2), query


async def test_every_status_can_be_asked_for(bench):
    for status in STATUSES:
        number = one(bench, status=status)
        assert [found.result for found in bench.recalling.search(read_query(f"status:{status}"))] == [number]


async def test_without_a_query_the_newest_runs_come_also_those_without_a_result(bench):
    one(bench)
    bench.store.runs.begin([cell_of()], prompt="p", samples=1, cost_limit=None, now=NOW)
    assert [run.id for run in bench.recalling.runs(Wanted())] == [2, 1]
    assert [run.id for run in bench.recalling.runs(read_query("status:ok"))] == [1]
    assert [run.id for run in bench.recalling.runs(read_query("prompt:p status:running"))] == [2]


async def test_what_was_asked_is_copied_as_it_was_sent_to_the_model_of_then(bench):
    # The entry “now” is another model than it was when this was asked.
    cell = cell_of(contender=contender_of(model="now", string="openai/gpt-4o"))
    (number,) = kept(bench, (cell, result_of()))
    recalled = bench.recalling.result(number)
    messages = json.loads(bench.recalling.copied(recalled, "messages"))
    assert messages == [{"role": "user", "content": "Hi"}]
    assert bench.recalling.copied(recalled, "answer") == "Hello"
    assert all(bench.recalling.copied(recalled, form) for form in FORMS)
    curl = bench.recalling.copied(recalled, "curl")
    assert '"gpt-4o"' in curl and "$OPENAI_API_KEY" in curl


# In words.


async def told(bench: Bench, number: int) -> dict[str, str]:
    return dict(facts(bench.recalling.result(number), NOW))


async def test_an_answer_alone_is_shown_as_it_is():
    assert answer_text(result_of(answer="── error ──\nHi ")) == "── error ──\nHi "


async def test_what_came_beside_an_answer_stands_under_headings_after_it():
    result = result_of(answer="Hi", reasoning="Hm.", tool_calls=(ToolCall("find", '{"q": 1}'),))
    text = '── answer ──\nHi\n\n── tools asked for ──\nfind {"q": 1}\n\n── reasoning ──\nHm.'
    assert answer_text(result) == text


async def test_facts_say_what_it_took_and_cost(bench):
    prices = {
        "input_usd_per_million": "1",
        "output_usd_per_million": "2",
        "cached_input_usd_per_million": None,
        "source": ".workbench.yml",
    }
    usage = Usage(1200, 30, 1000, 12)
    number = one(bench, usage=usage, cost=1_260_000_000, prices=json.dumps(prices), total=1.5, ttft=0.25)
    said = await told(bench, number)
    assert said["tokens in"] == "1,200, 1,000 of them cached"
    assert said["tokens out"] == "30, 12 of them reasoning"
    assert said["cost"] == "$0.0013"
    assert said["prices"] == "$1 in, $2 out a million tokens (.workbench.yml)"
    assert said["time"] == "1.50 s, first token after 0.25 s"
    assert said["ended"] == f"{NOW}, just now"


async def test_facts_say_which_model_was_asked_and_which_one_answered(bench):
    cell = cell_of(contender=contender_of(api_base="http://127.0.0.1:9/v1"))
    result = result_of(api_base="http://127.0.0.1:9/v1", answered_by="mini-2026-01-01", params={"top_p": 0.5})
    (number,) = kept(bench, (cell, result))
    said = await told(bench, number)
    assert said["model"] == "mini"
    assert said["sent to"] == "openai/mini at http://127.0.0.1:9/v1"
    assert said["answered by"] == "mini-2026-01-01"
    assert said["params"] == "top_p=0.5"


@pytest.mark.parametrize(
    ("valid", "invalid", "said"),
    [
        (True, None, "valid"),
        (False, "$.queue: 'x' is not one of", "invalid $.queue: 'x' is not one of"),
        (False, "not JSON: Expecting value", "not JSON: Expecting value"),
        (False, "the schema cannot be checked: x", "invalid: the schema cannot be checked: x"),
    ],
)
async def test_facts_say_whether_the_answer_fits_its_schema(bench, valid, invalid, said: str):
    assert (await told(bench, one(bench, valid=valid, invalid=invalid)))["schema"] == said


async def test_facts_of_an_error_say_its_kind_and_no_cost(bench):
    error = {"status": "error", "error": "no luck", "error_kind": "timeout", "cost": None, "tries": 3}
    said = await told(bench, one(bench, answer="", **error))
    assert (said["status"], said["cost"], said["tries"]) == ("error: timeout", "-", "3")
