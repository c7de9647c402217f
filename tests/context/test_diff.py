"""What changed between two texts: faithful, word by word, and quick on whatever comes."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.context.diff import Kind, Row, diff, hunks, tally, unified, unified_text
from workbench.context.matching import Budget, matching

LINES = st.lists(
    st.sampled_from(["", "a", "b", "a b", "a  b c", "é", "\r", "x\ty", "word word"]), max_size=12
)
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n"]))


def side(rows: list[Row], which: str) -> str:
    """Return the text that one side of the rows stands for."""
    lines = [line for row in rows if (line := getattr(row, which))]
    return "".join(line.text + ("\n" if line.ended else "") for line in lines)


def changed(line) -> list[str]:
    return [line.text[start:end] for start, end in line.changed]


def pairs(before: str, after: str) -> list[tuple]:
    return [
        (row.kind.value, row.left and row.left.text, row.right and row.right.text)
        for row in diff(before, after)
    ]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_back_from_the_rows(before: str, after: str):
    rows = diff(before, after)
    assert (side(rows, "left"), side(rows, "right")) == (before, after)
    in_one_column = list(unified(rows))
    assert side(in_one_column, "left") == before and side(in_one_column, "right") == after
    for row in rows:
        assert (row.kind is Kind.SAME) == bool(
            row.left and row.right and (row.left.text, row.left.ended) == (row.right.text, row.right.ended)
        )


@given(TEXTS, TEXTS)
def test_lines_are_numbered_from_one_on_each_side(before: str, after: str):
    for which in ("left", "right"):
        numbers = [line.number for row in diff(before, after) if (line := getattr(row, which))]
        assert numbers == list(range(1, len(numbers) + 1))


@given(TEXTS, TEXTS)
def test_what_is_outside_the_stretches_is_the_same_on_both_sides(before: str, after: str):
    for row in diff(before, after):
        if row.kind is Kind.CHANGED:
            kept = []
            for line in (row.left, row.right):
                text, at = "", 0
                for start, end in (*line.changed, (len(line.text), len(line.text))):
                    assert at <= start <= end
                    text, at = text + line.text[at:start], end
                kept.append(text.split())
            assert kept[0] == kept[1]


@given(
    st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(0, 3), max_size=30), st.integers(1, 2000)
)
def test_runs_that_match_are_equal_and_in_order_however_little_may_be_spent(before, after, steps):
    x = y = 0
    for left, right, size in matching(before, after, Budget(steps)):
        assert size > 0 and left >= x and right >= y
        assert before[left : left + size] == after[right : right + size]
        x, y = left + size, right + size


@given(TEXTS)
def test_equal_texts_have_no_difference(text: str):
    assert hunks(diff(text, text)) == [] and unified_text(text, text, ("a", "b")) == ""


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("seed", range(12))
def test_git_applies_what_is_written(tmp_path: Path, seed: int):
    chance = random.Random(seed)
    before = [chance.choice(["one", "two", "three four", "", "five six seven"]) for _ in range(40)]
    after = [line for line in before if chance.random() > 0.1]
    for _ in range(5):
        after.insert(chance.randrange(len(after)), f"new {chance.randrange(9)}")
    old, new = ("\n".join(lines) + chance.choice(["", "\n"]) for lines in (before, after))
    (tmp_path / "p.md").write_text(old, newline="")
    (tmp_path / "patch").write_text(unified_text(old, new, ("a/p.md", "b/p.md")), newline="")
    subprocess.run(["git", "apply", "patch"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "p.md").read_text() == new


def test_a_line_that_changed_stands_beside_what_it_became_with_the_words_that_differ():
    rows = diff("You are a strict judge.\n", "You are a mild judge.\n")
    assert [row.kind for row in rows] == [Kind.CHANGED]
    assert (changed(rows[0].left), changed(rows[0].right)) == (["strict"], ["mild"])


def test_two_changed_words_with_a_space_between_are_one_stretch():
    rows = diff("keep one two keep too\n", "keep three four keep too\n")
    assert (changed(rows[0].left), changed(rows[0].right)) == (["one two"], ["three four"])


def test_a_line_put_before_one_that_changed_does_not_part_it_from_what_it_became():
    before = "You are a helpful assistant.\n"
    after = "Answer in one word only, please.\nYou are a very helpful assistant.\n"
    assert pairs(before, after) == [
        ("added", None, "Answer in one word only, please."),
        ("changed", "You are a helpful assistant.", "You are a very helpful assistant."),
    ]


def test_lines_that_have_nothing_in_common_are_removed_and_added():
    assert pairs("some words here\n", "nothing alike\n") == [
        ("removed", "some words here", None),
        ("added", None, "nothing alike"),
    ]


def test_in_one_column_what_is_removed_comes_before_what_is_added():
    rows = diff("a one\nb two\n", "a uno\nb dos\n")
    signs = [(row.kind.value, (row.left or row.right).text) for row in unified(rows)]
    assert signs == [("removed", "a one"), ("removed", "b two"), ("added", "a uno"), ("added", "b dos")]


def test_a_missing_last_newline_is_a_change_and_is_said():
    text = unified_text("a\nb", "a\nb\n", ("x", "y"))
    assert text == "--- x\n+++ y\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"


def test_only_lines_around_changes_are_shown_and_headings_count_as_git_does():
    before = "".join(f"{number}\n" for number in range(1, 31))
    after = before.replace("10\n", "ten\n", 1).replace("25\n", "25\nand\n", 1)
    assert [hunk.heading for hunk in hunks(diff(before, after))] == ["@@ -7,7 +7,7 @@", "@@ -23,6 +23,7 @@"]
    assert hunks(diff("", "a\n"))[0].heading == "@@ -0,0 +1 @@"
    assert hunks(diff("a\n", ""))[0].heading == "@@ -1 +0,0 @@"
    assert tally(diff(before, after)) == (2, 1)


def _texts() -> dict[str, tuple[str, str]]:
    chance = random.Random(1)
    words = [f"w{number}" for number in range(300)]

    def lines(count: int) -> list[str]:
        return [" ".join(chance.choices(words, k=12)) for _ in range(count)]

    some, others, few = lines(5000), lines(5000), lines(15)
    shuffled = chance.sample(some, len(some))
    return {
        "a word in every line": ("\n".join(some), "\n".join(line.replace("w1", "w_", 1) for line in some)),
        "nothing alike": ("\n".join(some), "\n".join(others)),
        "few lines, over and over": tuple("\n".join(chance.choices(few, k=5000)) for _ in range(2)),
        "another order": ("\n".join(some), "\n".join(shuffled)),
        "two lines in turn": ("\n".join("ab" * 3000), "\n".join("ba" * 3000)),
        "one line of many words": (" ".join(lines(1500)), " ".join(lines(1500))),
    }


@pytest.mark.parametrize("name", _texts())
def test_five_thousand_changed_lines_are_quick_whatever_they_hold(name: str):
    before, after = _texts()[name]
    least = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        rows = diff(before, after)
        least = min(least, time.perf_counter() - begun)
    assert least < 1.0
    assert (side(rows, "left"), side(rows, "right")) == (before, after)
