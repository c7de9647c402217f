from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.projects import version_of
from tests.support.templates import PIECES, TEMPLATES
from workbench.errors import PromptError
from workbench.prompts.cutting import SIZE, cut

SOURCES = st.lists(TEMPLATES | PIECES | st.just("\nplain words\nand more\n\nof them\n"), max_size=8).map(
    "".join
)
PROSE = "A paragraph of plain words, which says nothing in particular.\n\n" * (3 * SIZE // 60)


@given(before=SOURCES, source=SOURCES, size=st.sampled_from([1, 10, 100]))
def test_the_parts_of_a_source_are_the_source(before, source, size):
    parts = cut(source, cut(before, size=size), size)
    assert "".join(parts) == source
    assert parts[0] == source or all(parts)


def test_a_key_changes_one_part_and_leaves_the_others_as_they_were():
    before = cut(PROSE)
    assert len(before) > 2
    middle = len(before[0]) + 100
    after = cut(f"{PROSE[:middle]}x{PROSE[middle:]}", before)
    assert [old == new for old, new in zip(before, after, strict=True)] == [
        True,
        False,
        *[True] * (len(before) - 2),
    ]


@pytest.mark.parametrize(
    "held",
    ["{% if x %}#{% endif %}", "{# # #}", "{% raw %}#{% endraw %}", "{% set x %}#{% endset %}", "{{ '#' }}"],
)
def test_a_long_template_is_read_however_much_stands_in_one_block(held):
    version = version_of(
        (PROSE + held.replace("#", PROSE) + PROSE + "{% include '_p.md' %}").encode(), {"prompts/_p.md": "P"}
    )
    assert list(version.partials) == ["_p.md"]


def test_what_is_wrong_far_down_a_long_template_is_told_with_its_line():
    for wrong in ("{% include '_none.md' %}", "{% include name %}", "{% endif %}", "{{ 'a\nb"):
        with pytest.raises(PromptError) as caught:
            version_of((PROSE + wrong + "\n" + PROSE).encode())
        assert caught.value.place.line == PROSE.count("\n") + 1, wrong
