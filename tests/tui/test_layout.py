"""A context in rows: nothing is lost, and an edit changes only the rows that it touches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.context.changes import find_changes
from workbench.context.messages import Context, Message, Origin, Segment, with_engine
from workbench.tui.widgets.layout import GUTTER, Layout, wrap

TEXT = st.text(alphabet="ab \n\té漢", max_size=60)
CONTENTS = st.lists(TEXT, min_size=1, max_size=4)
WIDTH = 12 + GUTTER


def context(*contents: str) -> Context:
    segments = tuple(
        (
            Segment(Origin.TEMPLATE, "t", 0, len(text) // 2),
            Segment(Origin.INPUT, "i", len(text) // 2, len(text)),
        )
        if len(text) > 1
        else ((Segment(Origin.TEMPLATE, "t", 0, len(text)),) if text else ())
        for text in contents
    )
    return Context(tuple(Message("user", text) for text in contents), segments)


def rows(layout: Layout) -> list[str]:
    return [layout.row(at).text for at in range(len(layout))]


@given(TEXT, st.integers(4, 20))
def test_every_character_is_on_one_row(text: str, width: int):
    wrapped = wrap(text, width)
    joined = "".join(wrapped.row(at) for at in range(len(wrapped.starts)))
    assert joined == text.replace("\n", "")
    for at, start in enumerate(wrapped.starts):
        assert wrapped.at(start) == at


@given(TEXT, TEXT, TEXT, TEXT, st.integers(4, 20))
def test_an_edit_is_wrapped_like_the_whole(head: str, old: str, new: str, tail: str, width: int):
    before = wrap(head + old + tail, width)
    assert wrap(head + new + tail, width, before) == wrap(head + new + tail, width)


@given(CONTENTS, CONTENTS)
def test_a_layout_made_from_an_earlier_one_is_the_same_as_one_made_anew(old: list[str], new: list[str]):
    before = Layout.of(context(*old), WIDTH)
    changes = find_changes(context(*old), context(*new))
    again, anew = Layout.of(context(*new), WIDTH, changes, before), Layout.of(context(*new), WIDTH, changes)
    assert [again.row(at) for at in range(len(again))] == [anew.row(at) for at in range(len(anew))]


@given(CONTENTS, CONTENTS)
def test_each_row_is_found_by_where_it_begins(old: list[str], new: list[str]):
    layout = Layout.of(context(*new), WIDTH, find_changes(context(*old), context(*new)))
    for at in range(len(layout)):
        row = layout.row(at)
        if not row.removed:
            assert layout.row_at(row.message, -1 if row.heading else row.start) == at
    assert all(0 <= at < len(layout) for at in layout.changed_rows())
    assert bool(layout.changed_rows()) == (old != new)


@given(CONTENTS, CONTENTS)
def test_every_place_of_an_earlier_layout_is_somewhere_in_the_next(old: list[str], new: list[str]):
    before, after = Layout.of(context(*old), WIDTH), Layout.of(context(*new), WIDTH)
    for at in range(len(before)):
        row = before.row(at)
        message, offset = after.carried(before, row.message, -1 if row.heading else row.start)
        assert 0 <= after.row_at(message, offset) < len(after)
        assert offset <= len(new[message])


def test_what_stands_below_an_edit_is_carried_along_with_its_text():
    before, after = Layout.of(context("one\ntwo\nthree"), 40), Layout.of(context("one\nnew\ntwo\nthree"), 40)
    message, offset = after.carried(before, 0, len("one\ntwo\n"))
    assert after.row(after.row_at(message, offset)).text == "three"


def test_what_was_removed_has_a_row_of_its_own_where_it_stood():
    before, after = context("one\ntwo two\nthree"), context("one\nthree")
    layout = Layout.of(after, 40, find_changes(before, after))
    assert rows(layout) == ["USER", "one", "two two", "three"]
    assert [layout.row(at).sign for at in range(4)] == [" ", " ", "-", " "]


def test_a_message_that_is_gone_is_told_before_the_next():
    before, after = context("first", "second"), context("second")
    layout = Layout.of(after, 40, find_changes(before, after))
    assert rows(layout) == ["USER first", "USER", "second"]
    layout = Layout.of(context("first"), 40, find_changes(before, context("first")))
    assert rows(layout) == ["USER", "first", "USER second"]


def test_what_the_engine_inserted_last_stands_there_until_it_has_been_asked_again():
    inserted = Segment(Origin.ENGINE, "chat template", 0, 4)
    own = context("Hello.")
    before = Context((Message("system", "Help"), *own.messages), ((inserted,), *own.segments))
    received = with_engine(context("Hello you."), before)
    assert received.messages == (Message("system", "Help"), Message("user", "Hello you."))
    assert received.segments[0] == (inserted,)
    assert with_engine(context("Hello you."), own) == context("Hello you.")
