"""What changed between two contexts: passages, messages, and what was taken away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.context.changes import NO_CHANGES, find_changes
from workbench.context.diff import Kind
from workbench.context.messages import Context, Message

LINES = st.lists(st.sampled_from(["", "a", "b b", "c c c", "d d d d e"]), max_size=6).map("\n".join)
MESSAGES = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), LINES), max_size=5)


def context(*messages: Message) -> Context:
    return Context(tuple(messages), ((),) * len(messages))


def within(before: str, after: str) -> list[tuple[Kind, str, str]]:
    """Return what changed in a message: its kind, the lines as they are now, and what was taken away."""
    found = find_changes(context(Message("user", before)), context(Message("user", after)))
    return [(one.kind, f"{after}\n"[one.start : one.end], one.text) for one in found.messages[0].changes]


def test_equal_contexts_have_no_changes():
    one = context(Message("user", "Hello.\nYou."))
    assert not find_changes(one, one)
    assert not NO_CHANGES


def test_an_added_line_and_a_changed_one_are_told_apart():
    assert within("You sort tickets.\nBye.", "You quickly sort tickets.\nNew.\nBye.") == [
        (Kind.CHANGED, "You quickly sort tickets.\n", ""),
        (Kind.ADDED, "New.\n", ""),
    ]


def test_a_removed_passage_stands_before_the_line_that_followed_it():
    assert within("a\nx y z\nu v w\nb", "a\nb") == [(Kind.REMOVED, "", "x y z\nu v w")]
    found = find_changes(context(Message("user", "a\nx y z")), context(Message("user", "a")))
    assert [one.start for one in found.messages[0].changes] == [len("a\n")], "past the end"


def test_the_kind_of_a_line_is_found_by_any_character_in_it():
    after = "one two\nnew\nthree"
    changes = find_changes(context(Message("user", "one\nthree")), context(Message("user", after))).messages[
        0
    ]
    kinds = [changes.kind_at(at) for at in (0, 6, 8, 10, 12, len(after))]
    assert kinds == [Kind.CHANGED] * 2 + [Kind.ADDED] * 2 + [Kind.SAME] * 2


def test_a_new_message_and_one_that_is_gone_do_not_make_all_others_change():
    system, ask, answer = (
        Message("system", "Sort."),
        Message("user", "Card?"),
        Message("assistant", "billing"),
    )
    found = find_changes(context(system, ask), context(system, Message("user", "First?"), answer, ask))
    assert [each.new for each in found.messages] == [False, True, True, False]
    found = find_changes(context(system, Message("user", "Old?"), answer, ask), context(system, ask))
    assert found.messages[1].gone == (Message("user", "Old?"), answer)
    assert find_changes(context(system, ask), context(system)).gone == (ask,)


@given(MESSAGES, MESSAGES)
def test_what_did_not_change_and_what_was_taken_away_make_up_the_earlier_context(
    before: list[Message], after: list[Message]
):
    found = find_changes(context(*before), context(*after))
    assert len(found.messages) == len(after)
    assert bool(found) == (before != after)
    gone = sum(len(each.gone) for each in found.messages) + len(found.gone)
    assert len(before) - gone == len(after) - sum(each.new for each in found.messages)


@given(LINES, LINES)
def test_the_lines_that_stayed_are_lines_of_both(before: str, after: str):
    [own] = find_changes(context(Message("user", before)), context(Message("user", after))).messages
    at, stayed = 0, []
    for line in after.split("\n"):
        if own.kind_at(at) is Kind.SAME:
            stayed.append(line)
        at += len(line) + 1
    rest = iter(before.split("\n"))
    assert all(line in rest for line in stayed), "in this order"
    removed = sum(len(one.text.split("\n")) for one in own.removed)
    changed = sum(own.kind_at(one.start) is Kind.CHANGED for one in own.changes if one.kind is Kind.CHANGED)
    assert len(before.split("\n")) >= len(stayed) + removed + changed


def test_huge_texts_that_differ_in_one_word_are_compared_at_once():
    text = "Say what is known, and no more.\n" * 100_000
    found = find_changes(context(Message("user", f"{text}end")), context(Message("user", f"{text}the end")))
    [change] = found.messages[0].changes
    assert (change.kind, change.start) == (Kind.CHANGED, len(text))
