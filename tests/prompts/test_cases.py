from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.projects import tree
from workbench.errors import CasesError
from workbench.prompts.cases import Case, choose, hash_inputs, load_cases, select
from workbench.prompts.tree import MAX_BYTES


def cases_of(**files):
    """Return the cases of files given by their kind."""
    return load_cases(tree({f"prompts/p.cases.{kind}": content for kind, content in files.items()}), "p")


def refusal(**files):
    with pytest.raises(CasesError) as caught:
        cases_of(**files)
    return caught.value


def plain(cases):
    return [(case.name, dict(case.inputs), case.expect, case.tags, case.note) for case in cases]


def test_cases_in_yaml_have_names_inputs_expectations_tags_and_notes():
    cases = cases_of(
        yml="""
        - {name: card, inputs: {ticket: Declined}, expect: billing, tags: [a, b], note: why}
        - inputs: {ticket: no, count: 3}
          expect: {queue: bug}
    """
    )
    assert plain(cases) == [
        ("card", {"ticket": "Declined"}, "billing", ("a", "b"), "why"),
        ("2", {"ticket": "no", "count": 3}, '{"queue": "bug"}', (), ""),
    ]
    assert [str(case.place) for case in cases] == ["prompts/p.cases.yml:1", "prompts/p.cases.yml:2"]


def test_cases_in_json_lines_are_one_a_line_and_blank_lines_are_nothing():
    cases = cases_of(
        jsonl=b'{"name": "a", "inputs": {"x": "\\ud83d\\ude00 \xe2\x80\xa8"}}\r\n\r\n'
        b'{"inputs": {"x": [1, {"y": null}]}}'
    )
    assert plain(cases) == [
        ("a", {"x": "😀 \u2028"}, None, (), ""),
        ("2", {"x": [1, {"y": None}]}, None, (), ""),
    ]
    assert [case.place.line for case in cases] == [1, 3]


def test_cases_in_csv_are_texts_with_json_where_the_column_says_so():
    cases = cases_of(
        csv=b"\xef\xbb\xbfname,ticket,data:json,expect,tags,note\r\n"
        b'first,"two\r\nlines, ""quoted""","{""a"": [1]}",yes,a; b;,hm\r\n'
        b",007,,,,\r\n"
    )
    assert plain(cases) == [
        ("first", {"ticket": 'two\nlines, "quoted"', "data": {"a": [1]}}, "yes", ("a", "b"), "hm"),
        ("2", {"ticket": "007"}, None, (), ""),
    ]
    assert [case.place.line for case in cases] == [2, 4]


def test_empty_rows_and_rows_of_empty_cells_are_no_cases():
    cases = cases_of(csv="x,y\n\n1,2\n,\n\n3,\n")
    assert [(case.name, dict(case.inputs), case.place.line) for case in cases] == [
        ("1", {"x": "1", "y": "2"}, 3),
        ("2", {"x": "3"}, 6),
    ]


def test_a_cell_may_be_as_long_as_a_document():
    assert cases_of(csv="x\n" + "a" * 300_000)[0].inputs["x"] == "a" * 300_000


def test_files_are_joined_in_order_and_unnamed_cases_numbered_throughout():
    cases = cases_of(csv="x\n3", jsonl='{"inputs": {"x": "2"}}', yml="- inputs: {x: '1'}")
    assert [(case.name, case.inputs["x"]) for case in cases] == [("1", "1"), ("2", "2"), ("3", "3")]


def test_reading_a_small_csv_leaves_the_limit_for_others_that_are_being_read():
    before = csv.field_size_limit()
    cases_of(csv="x\n1\n")
    assert csv.field_size_limit() == before >= MAX_BYTES


def test_a_prompt_without_files_of_cases_has_none():
    assert cases_of() == ()
    assert cases_of(yml="", jsonl="\n", csv="") == ()


@pytest.mark.parametrize(
    ("kind", "content", "line", "words"),
    [
        ("yml", "name: a", 1, "must hold a list"),
        ("yml", "- {name: a}", 1, "needs “inputs”"),
        ("yml", "- inputs: {}\n- {inputs: {}, expct: x}", 2, "“expct” is not known"),
        ("yml", "- {inputs: [a]}", 1, "“inputs” must be a mapping"),
        ("yml", "- {inputs: {}, tags: a}", 1, "“tags” must be a list"),
        ("yml", "- {inputs: {}, name: [a]}", 1, "must be plain text"),
        ("yml", "- text", 1, "must be a mapping"),
        ("yml", "- {inputs: {a: 1, a: 2}}", 1, "twice"),
        ("jsonl", '{"inputs": {}}\n{"inputs": {"a": 1, "a": 2}}', 2, "twice"),
        ("jsonl", '{"inputs": {}}\n\n{inputs}', 3, "not valid JSON"),
        ("jsonl", "[1]", 1, "must be a mapping"),
        ("jsonl", '{"inputs": {"a": "\\ud83d"}}', 1, "surrogate"),
        ("csv", "x,x\n1,2", 1, "“x” stands twice"),
        ("csv", "x,x:json\n1,2", 1, "“x” stands twice"),
        ("csv", "x,\n1,2", 1, "has no name"),
        ("csv", 'x\n"a\nb"\n1,2', 4, "2 cells, more than the 1 columns"),
        ("csv", 'x\n1\n"open', 3, "not valid CSV"),
        ("csv", "x:json\n1\n{", 3, "not valid JSON"),
        ("csv", "x:json\nNaN", 2, "not JSON"),
        ("csv", b"x\ncaf\xe9", 2, "offset 5"),
    ],
)
def test_a_file_of_cases_that_is_wrong_names_file_and_line(kind, content, line, words):
    error = refusal(**{kind: content})
    assert words in error.message
    assert (error.place.path, error.place.line) == (f"prompts/p.cases.{kind}", line)


def test_two_cases_of_one_name_are_an_error_that_names_both_places():
    error = refusal(yml="- {name: a, inputs: {}}", csv="name,x\nb,1\na,2\n")
    assert str(error.place) == "prompts/p.cases.csv:3"
    assert "prompts/p.cases.yml:1" in error.message


def test_a_case_is_chosen_by_name_before_number():
    cases = cases_of(yml="- {name: a, inputs: {}}\n- {name: '1', inputs: {}}\n- inputs: {}")
    assert choose(cases, "1", "p") is cases[1]
    assert choose(cases, "3", "p") is cases[2]


@pytest.mark.parametrize("name", ["crd", "0", "3", "²", "٣", "-1", "9" * 5000, ""])
def test_a_case_that_there_is_not_suggests_the_nearest(name):
    cases = (Case("card"), Case("crash"))
    with pytest.raises(CasesError, match="has no case") as caught:
        choose(cases, name, "p")
    assert "card" in caught.value.hint


NAMED = (
    Case("glow red", tags=("hard",)),
    Case("glow blue", tags=("easy", "short")),
    Case("3"),
    Case("a, b", tags=("hardly",)),
    Case("2-4"),
    Case("tag:hard"),
)


@pytest.mark.parametrize(
    ("patterns", "numbers"),
    [
        (["glow red"], [1]),
        (["2"], [2]),
        (["1-2"], [1, 2]),
        (["4-"], [4, 5, 6]),
        (["5-99"], [5, 6]),
        (["glow*"], [1, 2]),
        (["glow ?ed"], [1]),
        (["*"], [1, 2, 3, 4, 5, 6]),
        (["tag:easy"], [2]),
        (["tag:hard*"], [1, 4]),
        (["2, glow red"], [1, 2]),
        (["6", "1", "1-2"], [1, 2, 6]),
        # What is the name of a case means that case, whatever else it might mean.
        (["3"], [3]),
        (["a, b"], [4]),
        (["2-4"], [5]),
        (["tag:hard"], [6]),
    ],
)
def test_cases_are_selected_by_patterns_and_come_in_their_order(patterns, numbers):
    assert select(NAMED, patterns) == [NAMED[number - 1] for number in numbers]


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("glow rod", "glow red"),
        ("tag:hrd", "hard"),
        ("7", "numbered from 1 to 6"),
        ("0", "numbered from 1 to 6"),
        ("9-7", "numbered from 1 to 6"),
        ("glow red,nothing*", "Known:"),
        (",", "Known:"),
        ("", "Known:"),
    ],
)
def test_a_pattern_that_no_case_fits_is_an_error_that_says_what_there_is(pattern, hint):
    with pytest.raises(CasesError, match="no case of p fits") as caught:
        select(NAMED, ["1", pattern], "p")
    assert hint in caught.value.hint


def test_a_tag_is_not_sought_where_no_case_has_one():
    with pytest.raises(CasesError, match="no case fits “tag:hard”") as caught:
        select([Case("a")], ["tag:hard"])
    assert caught.value.hint == "No case has a tag."


@given(st.lists(st.sampled_from("abcd"), unique=True), st.integers(1, 9), st.integers(1, 9))
def test_a_range_selects_what_its_numbers_do_one_by_one(names, low, high):
    cases = [Case(name) for name in names]
    numbers = [str(number) for number in range(low, high + 1) if number <= len(names)]
    if numbers:
        assert select(cases, [f"{low}-{high}"]) == select(cases, numbers)
    else:
        with pytest.raises(CasesError):
            select(cases, [f"{low}-{high}"])


def test_cases_are_the_same_when_their_inputs_are_whatever_they_are_called():
    assert Case("a", {"x": 1, "y": 2}).hash == Case("b", {"y": 2, "x": 1}, expect="z").hash
    assert hash_inputs({"x": 1}) != hash_inputs({"x": "1"})
