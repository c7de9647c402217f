"""What stands over the columns: every part that sets a contender apart has its share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.tui.widgets.column_heads import heads

LABELS = ["v:60c47d · mini", "v:60c47d · midi", "v:a1b2c3 · mini"]


def test_a_label_that_fits_stands_there_whole():
    assert heads(LABELS, 20) == LABELS


def test_without_room_what_all_have_in_common_is_left_out():
    assert heads(["v:60c47d · mini", "v:60c47d · large"], 8) == ["mini", "large"]


def test_each_part_that_differs_has_its_share_of_a_narrow_column():
    assert heads(LABELS, 9) == ["60c4·mini", "60c4·midi", "a1b2·mini"]
    assert heads(LABELS, 7) == ["60c·min", "60c·mid", "a1b·min"]


def test_parts_that_begin_alike_are_told_apart_by_their_ends():
    assert heads(["openai/gpt-4o-mini", "openai/gpt-4o-nano"], 8) == ["…4o-mini", "…4o-nano"]


def test_a_part_that_only_some_have_sets_these_apart():
    labels = ["v:60c47d · mini · temperature=0", "v:60c47d · mini · temperature=1", "v:60c47d · lab"]
    assert heads(labels, 9) == ["mini·…e=0", "mini·…e=1", "lab"]


@given(
    st.lists(st.text(st.sampled_from("ab:· 漢v"), max_size=12), min_size=1, max_size=5), st.integers(7, 20)
)
def test_no_head_takes_more_than_its_room(labels: list[str], width: int):
    found = heads(labels, width)
    assert len(found) == len(labels)
    assert all(cell_len(head) <= width for head in found if head.count("·") <= 2)
