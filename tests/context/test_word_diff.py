"""What changed between two texts word by word: nothing is lost, and what stayed the same is not marked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.context.diff import Kind
from workbench.context.word_diff import changed_words, word_diff

TEXTS = st.text(st.sampled_from("ab ,\n\t漢é"), max_size=80)


def marked(before: str, after: str) -> str:
    """The difference with marks, as ``git diff --word-diff`` writes it."""
    marks = {Kind.SAME: "%s", Kind.REMOVED: "[-%s-]", Kind.ADDED: "{+%s+}"}
    return "".join(marks[change.kind] % change.text for change in word_diff(before, after))


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_their_difference(before: str, after: str):
    changes = word_diff(before, after)
    assert "".join(change.text for change in changes if change.kind is not Kind.ADDED) == before
    assert "".join(change.text for change in changes if change.kind is not Kind.REMOVED) == after
    assert all(change.text for change in changes)


@given(TEXTS)
def test_equal_texts_differ_nowhere(text: str):
    assert all(change.kind is Kind.SAME for change in word_diff(text, text))


def test_only_the_words_that_changed_are_marked():
    assert marked("It says no, twice.", "It says yes, twice.") == "It says [-no-]{+yes+}, twice."
    assert marked("one two", "one two three") == "one two{+ three+}"


def test_words_that_changed_side_by_side_are_one_change():
    assert marked("a red car went", "a blue bike went") == "a [-red car-]{+blue bike+} went"


def test_the_ends_of_lines_hold_changes_apart():
    assert marked("one\ntwo", "eins\nzwei") == "[-one-]{+eins+}\n[-two-]{+zwei+}"


def test_words_that_changed_are_counted():
    assert changed_words(word_diff("a red car went", "a blue bike and trailer went")) == (4, 2)


def test_texts_with_nothing_in_common_are_one_change_however_long():
    before, after = ("".join(f"{name}{number} " for number in range(20_000)) for name in "ab")
    kinds = [change.kind for change in word_diff(before, after)]
    assert kinds[:2] == [Kind.REMOVED, Kind.ADDED] and len(kinds) <= 3
