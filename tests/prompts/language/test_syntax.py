"""What stands where in a prompt file, line by line."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.prompts.language.stretches import BODY, FRONT, START, Kind, Region
from workbench.prompts.language.syntax import Source, lex


def kinds(line, state=BODY):
    """Return the texts of a line's stretches with their kinds."""
    return [(line[start:end], kind.value) for start, end, kind in lex(line, state)[0]]


def source_of(text, first=START):
    source = Source(first)
    source.update(text.split("\n"))
    return source


def rows_of(text, kind, first=START):
    """Return the rows that hold a stretch of this kind."""
    source = source_of(text, first)
    return [
        row
        for row in range(text.count("\n") + 1)
        if any(stretch.kind is kind for stretch in source.stretches(row))
    ]


def test_front_matter_lies_between_two_lines_of_dashes_at_the_top_and_nowhere_else():
    assert rows_of("---\na: 1\n---\na: 1\n---\nb: 1\n", Kind.KEY) == [1]
    assert rows_of("\n---\na: 1\n---\n", Kind.KEY) == []
    assert rows_of("---\na: 1\n---\n", Kind.KEY, BODY) == []


@pytest.mark.parametrize("role", ["system", "user", "assistant", "developer"])
def test_a_role_line_is_one_that_is_exactly_that(role):
    assert kinds(f"{role}:") == [(f"{role}:", "role")]
    for line in (f" {role}:", f"{role}: ", f"{role}:x", f"{role.title()}:"):
        assert "role" not in [kind for _, kind in kinds(line)]


def test_an_escaped_role_line_is_text_but_for_its_backslash():
    assert kinds("\\user:") == [("\\", "escape")]


def test_role_lines_count_inside_loops_and_listings_but_not_inside_comments():
    text = "{% for a in b %}\nuser:\n{% endfor %}\n```\nuser:\n```\n{#\nuser:\n#}\nuser:"
    assert rows_of(text, Kind.ROLE) == [1, 4, 9]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("key: value # why", [("key", "key"), ("value", "value"), ("# why", "comment")]),
        ("a: the customer's word", [("a", "key"), ("the customer's word", "value")]),
        ("'a b': \"c # d\"", [("'a b'", "key"), ('"c # d"', "string")]),
        ("- {n: -1.5, on: true}", [("-", "list"), ("n", "key"), ("-1.5", "number"), ("on", "key")]),
        ("url: http://a.b/c#d", [("url", "key"), ("http://a.b/c#d", "value")]),
    ],
)
def test_yaml_reads_as_keys_values_texts_numbers_and_comments(line, found):
    seen = [pair for pair in kinds(line, FRONT) if pair[1] != "punctuation"]
    assert seen[: len(found)] == found


def test_a_block_of_text_ends_where_its_indentation_does():
    text = "---\na: |\n  key: no\n\n  # nor this\nb: 1\n---"
    assert rows_of(text, Kind.KEY) == [1, 5]
    assert rows_of(text, Kind.COMMENT) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("{{ a }}", [("{{", "delimiter"), ("a", "name"), ("}}", "delimiter")]),
        ("{{- a -}}", [("{{-", "delimiter"), ("a", "name"), ("-}}", "delimiter")]),
        ("{{ a.b | trim }}", [("{{", "delimiter"), ("a", "name"), ("trim", "filter"), ("}}", "delimiter")]),
        ('{{ "}} {#" }}', [("{{", "delimiter"), ('"}} {#"', "string"), ("}}", "delimiter")]),
        ("{{ {'a': {}}}} b", [("{{", "delimiter"), ("'a'", "string"), ("}}", "delimiter")]),
        ("{# {{ a }} #} b", [("{# {{ a }} #}", "comment")]),
        (
            "{%if a is not none%}",
            [
                *(("{%", "delimiter"), ("if", "keyword"), ("a", "name"), ("is", "keyword")),
                *(("not", "keyword"), ("none", "keyword"), ("%}", "delimiter")),
            ],
        ),
        ("{% raw %}{{ a }}{% endraw %}", [("{% raw %}", "keyword"), ("{% endraw %}", "keyword")]),
    ],
)
def test_template_code_reads_as_delimiters_names_keywords_filters_texts_and_comments(line, found):
    assert kinds(line) == found


def test_template_code_goes_on_over_lines():
    source = source_of("{{ a\n| trim }} b\n{#\nc\n#} d", BODY)
    assert [source.state(row).closes for row in range(5)] == ["", "}}", "", "#}", "#}"]


def test_an_expression_whose_end_is_not_typed_yet_spoils_no_more_than_its_paragraph():
    source = source_of("{{ \nwords\n\nuser:\n{{ a }}", BODY)
    assert [source.state(row).closes for row in range(5)] == ["", "}}", "}}", "", ""]
    assert kinds("{{ a {{ b }} **c**")[-2:] == [("b", "name"), ("}}", "delimiter")]
    assert ("**c**", "strong") in kinds("{{ a {{ b }} **c**")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("## A *b*", [("## A *b*", "heading"), ("*b*", "emphasis")]),
        ("- **a** `b`", [("-", "list"), ("**a**", "strong"), ("`b`", "code")]),
        ("1. _a_ snake_case_name", [("1.", "list"), ("_a_", "emphasis")]),
        ("<policy kind='x'>a</policy>", [("<policy kind='x'>", "tag"), ("</policy>", "tag")]),
        ("> see [a](b)", [(">", "quote"), ("[a](b)", "link")]),
        ("2 * 3 * 4 < 5 and 6 > 5", []),
        ("***", [("***", "fence")]),
    ],
)
def test_markdown_reads_as_headings_emphasis_code_lists_links_and_tags(line, found):
    assert kinds(line) == found


def test_markdown_around_an_expression_is_seen():
    assert kinds("*{{ a }}*")[0] == ("*{{ a }}*", "emphasis")


def test_a_listing_ends_at_a_fence_like_its_own():
    text = "~~~~\n# a\n~~~\n# b\n~~~~\n# c"
    assert rows_of(text, Kind.CODE, BODY) == [0, 1, 2, 3, 4]
    assert rows_of(text, Kind.HEADING, BODY) == [5]


PIECES = ["---", "a: |", " b", "{{", "}}", "{%", "%}", "{#", "#}", '"', "'", "`", "```", "~~~", "{", "}"]
PIECES += ["user:", "\\user:", "{% raw %}", "{% endraw %}", "- x", "*", "[", "]", ":", "#", "\\", ""]
LINES = st.lists(st.lists(st.sampled_from(PIECES), max_size=4).map("".join), min_size=1, max_size=12)


@given(st.lists(LINES, min_size=2, max_size=5))
def test_edit_by_edit_the_source_stays_what_it_would_be_read_afresh(texts):
    source = Source()
    for lines in texts:
        source.update(lines)
        fresh = Source()
        fresh.update(lines)
        for row in range(len(lines)):
            assert source.state(row) == fresh.state(row)
            assert source.stretches(row) == fresh.stretches(row)


@given(LINES, st.integers(0, 11), st.sampled_from(PIECES))
def test_an_edit_of_one_line_says_which_row_changed_and_how_many_came(lines, row, piece):
    source = Source()
    source.update(lines)
    row = min(row, len(lines) - 1)
    edited = [*lines[:row], lines[row] + piece, *lines[row + 1 :]]
    assert source.update(edited) == (None if not piece else (row, 0))


@given(st.text(st.sampled_from("{}%#-\"'`*_<>[](): abc|\\")), st.sampled_from([START, FRONT, BODY]))
def test_stretches_lie_within_their_line(line, state):
    found, after = lex(line, state)
    assert all(0 <= start <= end <= len(line) for start, end, _ in found)
    assert after.region is not Region.START


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(["*a ", "`", "<a ", "[", "_a", "{", '"', "|", "{{", "'a", "#", "- ", "a: ", "**"]))
def test_no_line_takes_long_however_long_it_is(piece):
    line = piece * (100_000 // len(piece))
    for state in (BODY, FRONT):
        begun = time.process_time()
        lex(line, state)
        assert time.process_time() - begun < 1
