"""A cell in words: its figures in full and in few letters, whether it fits its schema, what went wrong."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.records import cell_of, contender_of, result_of
from workbench.bench.grid import Arriving
from workbench.bench.result_facts import validity
from workbench.models.calls import Usage
from workbench.store.records import Cell
from workbench.tui.widgets.cell_words import brief, figures

ANSWERED = result_of(usage=Usage(214, 20), cost=210_000_000, total=0.31)


def cell(**result: object) -> Cell:
    return cell_of(result=result_of(**result))  # type: ignore[arg-type]


def at(cell: Cell, width: int) -> str:
    return brief(cell, None).at(width)


def test_a_cell_says_as_much_as_there_is_room_for_and_its_numbers_stand_under_each_other():
    one = cell_of(result=ANSWERED)
    other = cell_of(result=result_of(usage=Usage(1_214, 302), cost=99_000_000, total=12.5))
    assert at(one, 9) == "·  0.31 s"
    assert at(one, 20) == "·  0.31 s     214→20"
    assert at(one, 30) == "·  0.31 s     214→20  $0.00021"
    assert at(other, 30) == "· 12.50 s   1214→302 $0.000099"


def test_an_answer_against_its_schema_is_valid_invalid_with_the_path_or_not_json():
    path = result_of(valid=False, invalid="$.queue: 'sales' is not one of ['billing']")
    text = result_of(valid=False, invalid="not JSON: Expecting value: line 1 column 1 (char 0)")
    other = result_of(valid=False, invalid="the schema took too long to check")
    assert validity(result_of(valid=True)) == "valid"
    assert validity(result_of()) == ""
    assert validity(path) == "invalid $.queue"
    assert validity(path, why=True) == "invalid $.queue: 'sales' is not one of ['billing']"
    assert validity(text) == "not JSON"
    assert validity(text, why=True).startswith("not JSON: Expecting value")
    assert validity(other) == "invalid"
    assert validity(other, why=True) == "invalid: the schema took too long to check"


def test_validity_comes_before_tokens_and_cost_where_there_is_not_room_for_all():
    invalid = cell(valid=False, invalid="$.queue: no", usage=Usage(214, 20), total=0.31)
    assert at(invalid, 26) == "·  0.31 s invalid $.queue "
    assert brief(invalid, None).kind == "wrong"


def test_the_states_of_a_cell_can_be_told_apart_without_colours():
    right = cell_of(result=ANSWERED, expect="Hello")
    wrong = cell_of(result=ANSWERED, expect="Goodbye")
    failed = cell(answer="", status="error", error_kind="rate_limit", tries=3)
    signs = {
        at(right, 9)[0]: "right",
        at(wrong, 9)[0]: "wrong",
        at(cell_of(result=ANSWERED), 9)[0]: "there",
        at(failed, 30)[0]: "failed",
        brief(cell_of(), Arriving()).at(5)[0]: "under way",
        at(cell_of(), 5)[0]: "waiting",
    }
    assert len(signs) == 6
    assert at(failed, 20) == "! rate_limit ×3     "
    again = Arriving(tries=2, trouble="rate limited")
    assert brief(cell_of(), again).at(22) == "… try 2: rate limited "
    assert "cached" in at(cell_of(result=ANSWERED, cached=True), 20)
    assert at(cell(status="cut", total=0.31), 20).startswith("·  0.31 s cut")


def test_what_went_wrong_is_told_in_a_narrow_cell_too_and_cancelled_is_not_failed():
    narrow = {
        "cut": at(cell(status="cut", total=0.31), 9),
        "refused": at(cell(status="refused", total=0.31), 9),
        "empty": at(cell(status="empty", total=0.31), 9),
        "invalid": at(cell(valid=False, invalid="$.queue: no", total=0.31), 9),
        "not JS": at(cell(valid=False, invalid="not JSON: no", total=0.31), 9),
    }
    assert {word: line for word, line in narrow.items() if not line.startswith(f"· {word}")} == {}
    cancelled = cell(answer="", status="cancelled", total=0.31)
    assert at(cancelled, 9).startswith("- cancel") and at(cancelled, 20).startswith("-  0.31 s cancelled")
    assert at(cell(valid=True, total=0.31), 9) == "·  0.31 s"


def test_a_call_that_waits_for_its_first_token_says_how_long():
    one = Arriving(since=3)
    assert [brief(cell_of(), one, passed).instead for passed in (3.5, 4, 75)] == ["", "1 s", "72 s"]
    assert brief(cell_of(), one, 75).at(9) == "… 72 s   "
    one.texts.append("a")
    assert brief(cell_of(), one, 75).instead == ""


@given(st.text(max_size=20), st.integers(4, 60))
def test_a_cell_takes_exactly_its_room_whatever_a_server_says(said: str, width: int):
    failed = cell(answer="", status="error", error_kind=said)
    invalid = cell(valid=False, invalid=f"$.{said}: no")
    again = Arriving(tries=2, trouble=said)
    for words in (brief(failed, None), brief(invalid, None), brief(cell_of(), again), brief(None, None)):
        assert cell_len(words.at(width)) == width
        assert "\x1b" not in words.at(width)


def test_the_figures_of_a_column_begin_with_what_matters_most():
    result = result_of(
        status="cut", usage=Usage(214, 40, None, 12), total=2.5, ttft=0.5, cost=210_000_000, finish="length"
    )
    whole = figures(cell_of(result=result, shown=214, exact=True), result)
    assert whole == (
        "cut · 2.50 s · $0.00021 · first 0.50 s · 20 t/s · 214→40 (12 thought) · counted 214 = right · length"
    )
    local = contender_of(string="local/smol")
    assert "free" in figures(cell_of(contender=local, result=result), result)
