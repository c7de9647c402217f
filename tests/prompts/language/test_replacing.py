"""Searching and replacing in a text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.prompts.language.edits import row_after, smallest_edit
from workbench.prompts.language.replacing import Lines, Query, find, replaced


def found(text, query, **how):
    return [text[match.start : match.end] for match in find(text, Query(query, **how))]


def changed(text, query, by, **how):
    return replaced(text, find(text, Query(query, **how), by))


def test_plain_text_is_found_as_it_is_in_any_case_unless_asked():
    assert found("a.b A.B axb", "a.b") == ["a.b", "A.B"]
    assert found("a.b A.B axb", "a.b", case=True) == ["a.b"]
    assert found("cat category", "cat", word=True) == ["cat"]
    assert found("$5 and $", "$") == ["$", "$"]
    assert found("anything", "") == []


def test_an_expression_is_found_over_lines_and_at_their_ends():
    assert found("ab\nac", "^a.$", regex=True) == ["ab", "ac"]
    assert found("ab\nac", r"b\na", regex=True) == ["b\na"]
    assert len(find("a\nb", Query("^", regex=True))) == 2


def test_replacing_takes_plain_text_as_it_is_and_lets_expressions_name_groups():
    assert changed("a b", "a", r"\1$&") == r"\1$& b"
    assert changed("ab ab", "(a)(b)", r"\2\1", regex=True) == "ba ba"
    assert changed("a\nb", "^", "- ", regex=True) == "- a\n- b"
    assert changed("a  b", " +", "", regex=True) == "ab"


@pytest.mark.parametrize(
    ("query", "by"), [("(", ""), ("[z-a]", ""), ("a", r"\2"), ("a", r"\g<n>"), ("((a{999}){999}){999}", "")]
)
def test_an_expression_that_is_wrong_is_said_to_be(query, by):
    with pytest.raises(UsageError):
        find("a", Query(query, regex=True), by)


@pytest.mark.parametrize("query", ["(a+)+$", "(a|aa)+$"])
def test_an_expression_that_would_never_end_is_given_up(query):
    begun = time.monotonic()
    with pytest.raises(UsageError, match="was stopped"):
        find("a" * 5000 + "!", Query(query, regex=True))
    assert time.monotonic() - begun < 10


def test_no_more_is_found_than_asked_for():
    assert len(find("a" * 50, Query("a"), limit=7)) == 7


@given(st.text("ab\n"), st.text("ab\n", min_size=1, max_size=2), st.text("ab\\\n", max_size=3))
def test_replacing_plain_text_is_what_python_does(text, query, by):
    assert changed(text, query, by, case=True) == text.replace(query, by)


@given(st.text("ab\n"), st.data())
def test_offsets_and_rows_with_columns_are_the_same_places(text, data):
    offset = data.draw(st.integers(0, len(text)))
    lines = Lines(text.split("\n"))
    row, column = lines.spot(offset)
    assert (row, column) == (text[:offset].count("\n"), len(text[:offset].rpartition("\n")[2]))
    assert lines.offset((row, column)) == offset


@given(st.text("ab"), st.text("ab"))
def test_the_smallest_edit_makes_one_text_of_the_other_and_touches_no_more(old, new):
    edit = smallest_edit(old, new)
    assert old[: edit.start] + edit.text + old[edit.end :] == new
    assert (edit.start == edit.end and not edit.text) == (old == new)
    replaced_part = old[edit.start : edit.end]
    if replaced_part and edit.text:
        assert replaced_part[0] != edit.text[0] and replaced_part[-1] != edit.text[-1]


@given(
    st.lists(st.integers().map(str), unique=True, min_size=1), st.lists(st.text("ab", max_size=2)), st.data()
)
def test_a_line_that_only_moved_is_followed_to_where_it_is(old, others, data):
    kept = [line for line in old if data.draw(st.booleans())]
    new = list(kept)
    for other in others:
        new.insert(data.draw(st.integers(0, len(new))), other)
    for row, line in enumerate(old):
        after = row_after(old, new, row)
        assert 0 <= after < max(1, len(new))
        if line in kept:
            assert new[after] == line
