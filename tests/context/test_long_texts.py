from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.context.long_texts import Remembered, chunks


def counted(most):
    """A function that remembers lengths, and the texts that it was really asked about."""
    asked = []

    def length(text):
        asked.append(text)
        return len(text)

    return Remembered(length, most), asked


def test_what_is_asked_again_is_not_worked_out_again():
    remembered, asked = counted(1000)
    assert [remembered("a" * 3), remembered("b"), remembered("a" * 3)] == [3, 1, 3]
    assert asked == ["aaa", "b"]


def test_what_was_asked_for_longest_ago_is_forgotten_first():
    remembered, asked = counted(1000)
    for text in ("a" * 300, "b" * 300, "a" * 300, "c" * 300, "a" * 300, "b" * 300):
        remembered(text)
    assert [text[0] for text in asked] == ["a", "b", "c", "b"]


def test_the_last_answer_is_kept_however_long_its_text():
    remembered, asked = counted(10)
    assert [remembered("a" * 50), remembered("a" * 50)] == [50, 50]
    assert len(asked) == 1


@given(st.text(st.sampled_from("ab \n"), max_size=30), st.integers(1, 40_000))
def test_pieces_follow_on_each_other_and_cut_no_word(text, times):
    whole = text * times if len(text) * times < 300_000 else text
    pieces = [whole[begin:end] for begin, end in chunks(whole)]
    assert "".join(pieces) == whole
    assert [word for piece in pieces for word in piece.split()] == whole.split()
