import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.bench.inert import inert, inert_json, one_line
from workbench.bench.shown import (
    age,
    bar,
    cost_range,
    counted,
    lasting,
    money,
    percent,
    seconds,
    spent,
    things,
    tick,
    usd,
)


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_inert_text_holds_nothing_that_a_terminal_obeys(text):
    shown = inert(text)
    assert not any(ord(letter) < 0x20 and letter not in "\n\t" for letter in shown)
    assert not any(0x7F <= ord(letter) <= 0x9F for letter in shown)
    shown.encode()  # and nothing that cannot be sent
    assert inert(shown) == shown


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_inert_json_means_the_same_value(text):
    written = inert_json(json.dumps({"text": text}, ensure_ascii=False))
    assert json.loads(written) == {"text": text}
    assert inert(written) == written


def test_a_line_is_one_line_of_limited_length():
    assert one_line(" a\n\tb  c ") == "a b c"
    assert one_line("x" * 70) == "x" * 59 + "…"


@pytest.mark.parametrize(
    ("pico", "exact", "shown"),
    [
        (None, None, "unpriced"),
        (0, "0", "$0"),
        (1, "0.000000000001", "$0.000000000001"),
        (215_000_000, "0.000215", "$0.00022"),
        (50_000_000_000, "0.05", "$0.05"),
        (1_234_000_000_000, "1.234", "$1.23"),
        (10**14, "100", "$100.00"),
    ],
)
def test_money_is_exact_for_programs_and_short_for_people(pico, exact, shown):
    assert usd(pico) == exact
    assert money(pico) == shown


def test_what_was_spent_names_what_has_no_price_and_what_is_free():
    assert spent(8_300_000_000, 0) == "$0.0083"
    assert spent(8_300_000_000, 2) == "$0.0083 + unpriced"
    assert (spent(0, 2), spent(0, 0), spent(0, 0, free=True)) == ("unpriced", "$0", "free")


def test_a_range_of_costs_names_what_is_not_known():
    assert cost_range(0, 0, 0) == "$0"
    assert cost_range(0, 10**12, None) == "$0 – $1.00 – no limit known"


def test_what_is_not_known_has_a_sign_of_its_own():
    assert (seconds(None), percent(None), money(None, free=True)) == ("-", "-", "free")
    assert (seconds(0.314), percent(0.714)) == ("0.31 s", "71 %")


def test_shares_are_told_with_as_many_digits_as_are_wanted():
    assert (percent(0.0714), percent(0.0714, 1), percent(None, 1)) == ("7 %", "7.1 %", "-")
    assert (percent(0.01, 1, signed=True), percent(-0.057, 1, signed=True)) == ("+1.0 %", "-5.7 %")


def test_one_thing_is_not_called_several():
    assert [things(number, "call") for number in (0, 1, 1234)] == ["0 calls", "1 call", "1,234 calls"]


def test_an_answer_has_a_sign_where_something_is_expected():
    assert [tick(expected) for expected in (True, False, None)] == ["✓", "✗", ""]


def test_a_count_says_whether_it_is_exact():
    assert (counted(1234, exact=True), counted(1234, exact=False)) == ("1,234 =", "1,234 ≈")
    assert counted(None, exact=True) == "-"


@given(st.none() | st.floats(0, 3), st.integers(1, 20))
def test_a_bar_is_as_long_as_its_share_and_empty_for_less_than_half_a_step(share, width):
    drawn = bar(share, width)
    assert len(drawn) == width
    assert drawn == "▰" * drawn.count("▰") + "▱" * drawn.count("▱")
    if share:
        assert min(round(share * width), width) == drawn.count("▰")
    else:
        assert "▰" not in drawn


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("2026-01-31T11:59:30.000Z", "now"),
        ("2026-01-31T11:00:00.000Z", "1 h"),
        ("2026-01-31T11:15:00.000Z", "45 min"),
        ("2026-01-26T11:00:00.000Z", "5 d"),
        ("2026-01-01T11:00:00.000Z", "4 w"),
        ("2024-01-01T11:00:00.000Z", "2 y"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(then, said):
    assert age(then, "2026-01-31T12:00:00.000Z") == said


@pytest.mark.parametrize(
    ("duration", "shown"),
    [(0.2, "less than 1 s"), (1, "1 s"), (59.6, "60 s"), (100, "2 min"), (5999, "100 min"), (9000, "2.5 h")],
)
def test_how_long_something_lasts_is_told_in_the_unit_that_suits(duration, shown):
    assert lasting(duration) == shown
