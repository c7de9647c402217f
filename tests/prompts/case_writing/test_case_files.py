from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.errors import CasesError
from workbench.prompts.case_writing.case_files import NEW_FILE, record_of, with_added, with_changed, without
from workbench.prompts.cases import Case, cases_in, records_in

YML, JSONL, CSV = (f"prompts/p.cases.{kind}" for kind in ("yml", "jsonl", "csv"))

BY_HAND = """\
# Tickets of the spring.

-   name: 'card'     # the classic
    inputs:
        ticket:   "Card declined twice"   # from a customer
        tone: friendly
    expect: billing
    # why: it is not a bug
    tags: [a,  b]

# These two are short.
- {name: crash,   inputs: {ticket: The app crashes, "tone": 'blunt' }}   # one line
- inputs:
    ticket: >-
      A long line that somebody broke by hand
      so that it can be read.
    tone: |+
      kept

  note: ends here
  # own comment

# The end.
"""

TEXTS = st.one_of(
    st.sampled_from(
        [
            *(
                "yes",
                "no",
                "on",
                "off",
                "y",
                "N",
                "True",
                "null",
                "Null",
                "~",
                "1e3",
                "0x1F",
                "1_000",
                "012",
                ".5",
            ),
            *(
                "",
                " ",
                "  lead",
                "trail ",
                ": ",
                "a: b",
                "a:",
                "#",
                "a #b",
                "- a",
                "? a",
                "[a",
                "{a}",
                "a, b",
            ),
            *(
                "|",
                ">",
                "!tag",
                "&anchor",
                "*alias",
                "%",
                "@",
                "`",
                "'",
                '"',
                "it's",
                'say "so"',
                "\\",
                "<<",
                "=",
            ),
            *(
                "a\n",
                "a\n\n",
                "\n",
                "\n\na",
                "  a\nb",
                "\ta\nb",
                "a\n  \nb",
                "a\n#b",
                "---\na",
                "...\n",
                "a\r\nb",
            ),
            *(
                "\x85",
                "a\x85b",
                "\u2028",
                "\ufeff",
                "a\ufeff\nb",
                "\x00",
                "\x1b[31m",
                "\x7f",
                "\t",
                "tab\there",
            ),
            *("😀", "ü\nß", "\u202e", "\xa0", "2024-01-01", "1:30", "user:\nHi", "{{ ticket }}", "x" * 5000),
            *("word " * 400, "line\n" * 300, "=1+1", "a;b", 'a"b,c', "\N{ZERO WIDTH SPACE}"),
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
KEYS = TEXTS.filter(lambda text: len(text) < 100)
NUMBERS = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), NUMBERS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), VALUES, max_size=4)


def canonical(value) -> str:
    return json.dumps(value, sort_keys=True)


def changed_lines(before: str, after: str) -> tuple[str, str]:
    """Return what differs: the text between the lines that are equal at both ends."""
    old, new = before.split("\n"), after.split("\n")
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return "\n".join(old), "\n".join(new)


def case(index: int, text: str = BY_HAND, path: str = YML):
    return records_in(text, path)[index]


@given(INPUTS)
@example({"a": "yes", "b": "1e3", "c": "line\n"})
def test_any_inputs_added_to_any_file_of_yaml_come_back_as_they_were(inputs):
    for text in ("", NEW_FILE, BY_HAND, "[]", "- {inputs: {}}", "- inputs: {}\n", "[{inputs: {}}]"):
        new = with_added(text, YML, [{"name": "new", "inputs": inputs, "note": "x"}])
        assert canonical(records_in(new, YML)[-1]["inputs"]) == canonical(inputs)
        if not text.startswith("["):
            assert new.startswith(text.removesuffix("\n# The end.\n"))


@given(INPUTS)
def test_any_inputs_added_to_json_lines_come_back_as_they_were(inputs):
    for text in ("", '{"inputs":{"a":1}}', '{"inputs": {"a": "\\u00fc"}}\n\n'):
        new = with_added(text, JSONL, [{"inputs": inputs}])
        assert canonical(records_in(new, JSONL)[-1]["inputs"]) == canonical(inputs)
        assert new.startswith(text.rstrip("\n"))


@given(st.integers(0, 2), INPUTS, TEXTS, st.lists(TEXTS, max_size=3))
def test_a_change_of_one_case_leaves_every_byte_of_the_others(index, inputs, note, tags):
    before = records_in(BY_HAND, YML)
    try:
        new = with_changed(BY_HAND, YML, index, {"inputs": inputs, "note": note, "tags": tags})
    except CasesError as refused:
        assert "by hand" in refused.hint
        return
    after = records_in(new, YML)
    assert canonical(after[index]["inputs"]) == canonical(inputs)
    assert after[index].get("note", "") == note and after[index].get("tags", []) == tags
    assert [canonical(one) for at, one in enumerate(after) if at != index] == [
        canonical(one) for at, one in enumerate(before) if at != index
    ]
    parts = [
        "# Tickets of the spring.\n\n-   name: 'card'     # the classic\n",
        "\n# These two are short.\n- {name: crash, ",
    ]
    parts += ["# one line\n- inputs:", "  # own comment\n\n# The end.\n"]
    assert all(part in new for part in parts)
    starts = [
        BY_HAND.index("-   name"),
        BY_HAND.index("- {name"),
        BY_HAND.index("- inputs"),
        BY_HAND.index("# The"),
    ]
    for at in range(3):
        if at != index:
            assert BY_HAND[starts[at] : starts[at + 1]] in new


@given(st.integers(0, 1), TEXTS)
def test_a_change_of_one_text_touches_no_other_line(index, value):
    new = with_changed(BY_HAND, YML, index, {"inputs": {**case(index)["inputs"], "ticket": value}})
    assert case(index, new)["inputs"]["ticket"] == value
    _, touched = changed_lines(BY_HAND, new)
    assert "tone: friendly" not in touched
    assert "# from a customer" in new and "# one line" in new


@pytest.mark.parametrize(
    ("index", "changes", "before", "after"),
    [
        (0, {"expect": "bug"}, "    expect: billing", "    expect: bug"),
        (
            0,
            {"inputs": {"ticket": "Gone: twice", "tone": "friendly"}},
            '        ticket:   "Card declined twice"   # from a customer',
            '        ticket:   "Gone: twice"   # from a customer',
        ),
        (0, {"name": "it's"}, "-   name: 'card'     # the classic", "-   name: 'it''s'     # the classic"),
        (
            0,
            {"inputs": {"ticket": "two\nlines", "tone": "friendly"}},
            '        ticket:   "Card declined twice"   # from a customer',
            "        ticket:   |-   # from a customer\n          two\n          lines",
        ),
        (0, {"tags": ["a", "c"]}, "    tags: [a,  b]", "    tags: [a,  c]"),
        (0, {"tags": []}, "    tags: [a,  b]\n", "\n"),
        (0, {"note": "new"}, "", "    note: new"),
        (
            1,
            {"inputs": {"ticket": "a, b", "tone": "yes"}},
            "- {name: crash,   inputs: {ticket: The app crashes, \"tone\": 'blunt' }}   # one line",
            '- {name: crash,   inputs: {ticket: "a, b", "tone": \'yes\' }}   # one line',
        ),
        (2, {"name": "third"}, "- inputs:", "- name: third\n  inputs:"),
        (2, {"note": "ends"}, "  note: ends here", "  note: ends"),
    ],
)
def test_a_change_writes_only_what_changes_in_the_style_that_is_there(index, changes, before, after):
    assert changed_lines(BY_HAND, with_changed(BY_HAND, YML, index, changes)) in (
        (before, after),
        (before.strip("\n"), after.strip("\n")),
    )


def test_a_broken_paragraph_stays_broken_at_its_width():
    ticket = case(2)["inputs"]["ticket"].replace("hand", "their own hands")
    new = with_changed(BY_HAND, YML, 2, {"inputs": {**case(2)["inputs"], "ticket": ticket}})
    before, after = changed_lines(BY_HAND, new)
    assert max(map(len, after.split("\n"))) <= max(map(len, before.split("\n")))
    assert case(2, new)["inputs"]["ticket"] == ticket


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("- {name: a, inputs: {x: 1}}\n", "- {name: new, inputs: {x: two words}, tags: [t]}\n"),
        ("- {name: a, inputs: {x: 1}}", "\n- {name: new, inputs: {x: two words}, tags: [t]}"),
        (
            "- name: a\n  inputs: {x: 1}\n\n- name: b\n  inputs: {x: 1}\n",
            "\n- name: new\n  inputs:\n    x: two words\n  tags: [t]\n",
        ),
        ("  -   inputs: {}\n", "  -   name: new\n      inputs:\n        x: two words\n      tags: [t]\n"),
        ("# none yet\n", "- name: new\n  inputs:\n    x: two words\n  tags: [t]\n"),
    ],
)
def test_a_case_is_added_in_the_style_of_the_list(text, after):
    record = {"name": "new", "inputs": {"x": "two words"}, "tags": ["t"]}
    assert with_added(text, YML, [record]) == text + after


def test_a_case_is_added_to_a_list_in_brackets():
    record = {"name": "b", "inputs": {"x": "y"}}
    text = "[\n  {name: a, inputs: {}}, # first\n  {inputs: {}} # last\n]\n"
    assert with_added(text, YML, [record, {"inputs": {}}]) == (
        "[\n  {name: a, inputs: {}}, # first\n  {inputs: {}}, # last\n"
        '  {name: b, inputs: {x: "y"}},\n  {inputs: {}}\n]\n'
    )


def test_comments_below_the_last_case_stay_below_it_or_with_it():
    new = with_added(BY_HAND, YML, [{"inputs": {"ticket": "x"}}])
    assert new.endswith("  # own comment\n- inputs:\n    ticket: x\n\n# The end.\n")


@pytest.mark.parametrize(
    ("index", "gone"),
    [(0, "-   name: 'card'"), (1, "- {name: crash"), (2, "- inputs:")],
)
def test_a_case_is_removed_and_the_comments_between_the_others_stay(index, gone):
    new = without(BY_HAND, YML, index)
    assert gone not in new and gone in BY_HAND
    assert [canonical(one) for one in records_in(new, YML)] == [
        canonical(one) for at, one in enumerate(records_in(BY_HAND, YML)) if at != index
    ]
    assert all(
        comment in new for comment in ("# Tickets of the spring.", "# These two are short.", "# The end.")
    )


def test_cases_can_be_removed_until_none_is_left():
    for text, path in (
        (BY_HAND, YML),
        ("[{inputs: {}}, {inputs: {}},\n {inputs: {}}]", YML),
        ('{"inputs": {}}\n{"inputs": {}}\n{"inputs": {}}', JSONL),
        ("x\n1\n2\n3\n", CSV),
    ):
        for left in (2, 1, 0):
            text = without(text, path, left // 2)
            assert len(records_in(text, path)) == left


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("- inputs: &i {x: 1}\n- inputs: *i\n", {"inputs": {"x": 2}}),
        ("- inputs: {x: &v 1}\n- inputs: {x: *v}\n", {"inputs": {"x": 2}}),
        ("- inputs: {x: &v 1, y: *v}\n", {"inputs": {"x": 1, "y": 2}}),
        ("- &c {inputs: {x: 1}, note: a}\n- {<<: *c, expect: b}\n", {"note": "c"}),
        ("- inputs:\n    x: [1, # one\n      2]\n", {"inputs": {"x": "none"}}),
        ("- inputs:\n    x:\n    - 1\n    # two\n    - 2\n", {"inputs": {"x": [1]}}),
    ],
)
def test_what_cannot_be_changed_alone_is_refused_with_file_and_line(text, changes):
    outcomes = set()
    for index in range(len(records_in(text, YML))):
        try:
            new = with_changed(text, YML, index, changes)
        except CasesError as refused:
            assert refused.place.path == YML and refused.place.line
            assert "by hand" in refused.hint
            outcomes.add("refused")
        else:
            others = [canonical(one) for at, one in enumerate(records_in(new, YML)) if at != index]
            before = [canonical(one) for at, one in enumerate(records_in(text, YML)) if at != index]
            assert others == before
    assert outcomes == {"refused"}


def test_a_merged_value_may_be_overridden_but_the_rest_of_it_stays():
    text = "- &c\n  inputs: {x: 1}\n  expect: a\n- <<: *c\n  note: n\n"
    assert with_changed(text, YML, 1, {"note": "m"}).endswith("- <<: *c\n  note: m\n")


JSON_LINES = (
    '{"name":"a","inputs":{"x":1.0}}\n\n  {"inputs": {"x": "\\u00fc"}, "note": "n"}\n{"inputs": {"x": "ü"}}'
)


@given(st.integers(0, 2), INPUTS)
def test_a_change_in_json_lines_touches_one_line(index, inputs):
    new = with_changed(JSON_LINES, JSONL, index, {"inputs": inputs})
    lines, old = new.split("\n"), JSON_LINES.split("\n")
    assert [line for at, line in enumerate(lines) if at != (0, 2, 3)[index]] == [
        line for at, line in enumerate(old) if at != (0, 2, 3)[index]
    ]
    assert canonical(records_in(new, JSONL)[index]["inputs"]) == canonical(inputs)


def test_a_changed_line_of_json_keeps_its_blanks_and_escapes():
    assert with_changed(JSON_LINES, JSONL, 0, {"note": "ü"}).startswith(
        '{"name":"a","inputs":{"x":1.0},"note":"ü"}\n'
    )
    assert '{"inputs": {"x": "\\u00fc"}, "note": "\\u00df"}\n' in with_changed(
        JSON_LINES, JSONL, 1, {"note": "ß"}
    )


TABLE = (
    'name,ticket,n:json,expect,tags\n"card","Card, declined",1,billing,a;b\n\ncrash,"two\nlines",,\nlast,x\n'
)


@pytest.mark.parametrize(
    ("index", "changes", "before", "after"),
    [
        (
            0,
            {"expect": "a,b"},
            '"card","Card, declined",1,billing,a;b',
            '"card","Card, declined",1,"a,b",a;b',
        ),
        (0, {"name": "new"}, '"card","Card, declined",1,billing,a;b', '"new","Card, declined",1,billing,a;b'),
        (1, {"expect": "bug"}, 'lines",,', 'lines",,bug'),
        (2, {"inputs": {"ticket": "x", "n": [1, "ü"]}}, "last,x", 'last,x,"[1, ""ü""]",,'),
        (2, {"inputs": {"ticket": 'a "b"\n '}}, "last,x", 'last,"a ""b""\n "'),
    ],
)
def test_a_change_in_csv_writes_one_record_and_keeps_its_other_cells(index, changes, before, after):
    assert changed_lines(TABLE, with_changed(TABLE, CSV, index, changes)) == (before, after)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1),
    st.integers(0, 2),
)
def test_any_text_in_a_csv_comes_back_and_leaves_the_other_records(value, index):
    new = with_changed(TABLE, CSV, index, {"inputs": {**case(index, TABLE, CSV)["inputs"], "ticket": value}})
    now, before = records_in(new, CSV), records_in(TABLE, CSV)
    assert now[index]["inputs"]["ticket"] == value
    assert [one for at, one in enumerate(now) if at != index] == [
        one for at, one in enumerate(before) if at != index
    ]


def test_a_case_is_added_to_csv_below_the_last_record():
    new = with_added(TABLE, CSV, [{"name": "n", "inputs": {"ticket": "a,b", "n": None}, "tags": ["x", "y"]}])
    assert new == TABLE + 'n,"a,b",null,,x;y\n'
    assert with_added("x\n", CSV, [{"inputs": {"x": "1"}}]) == "x\n1\n"


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"inputs": {"other": "x"}}, "no column for “other”"),
        ({"inputs": {"ticket": 5}}, "cannot hold this value"),
        ({"inputs": {"ticket": ""}}, "cannot hold this value"),
        ({"inputs": {"ticket": "x"}, "note": "n"}, "no column for “note”"),
        ({"inputs": {"ticket": "x"}, "tags": ["a;b"]}, "no longer say"),
        ({"inputs": {"ticket": "a\rb"}}, "no longer say"),
        ({"inputs": {"ticket": "a\0b"}}, "NUL"),
    ],
)
def test_what_a_csv_cannot_hold_is_refused_with_a_hint(record, words):
    with pytest.raises(CasesError, match=words) as caught:
        with_added(TABLE, CSV, [record])
    assert caught.value.hint and caught.value.place.path == CSV


def test_half_a_surrogate_pair_is_refused_in_every_kind_of_file():
    for text, path in (("", YML), ("", JSONL), ("x\n", CSV)):
        with pytest.raises(CasesError):
            with_added(text, path, [{"inputs": {"x": "\ud83d"}}])


def test_a_case_is_a_record_of_what_it_says():
    case = cases_in(BY_HAND, YML)[0]
    assert record_of(case) == {
        "name": "card",
        "inputs": {"ticket": "Card declined twice", "tone": "friendly"},
        "expect": "billing",
        "tags": ["a", "b"],
    }
    assert record_of(Case("", {})) == {"inputs": {}}
