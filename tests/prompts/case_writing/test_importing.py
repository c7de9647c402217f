from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import CasesError
from workbench.prompts.case_writing.importing import MAX_COLUMNS, guess, make_cases, read_mapping, read_table
from workbench.prompts.cases import Case
from workbench.prompts.format import Input

DECLARED = {"ticket": Input("ticket"), "tone": Input("tone", required=False, default="friendly")}


def table(content: str | bytes, path: str = "rows.csv"):
    return read_table(content if isinstance(content, bytes) else content.encode(), path)


def imported(content: str | bytes, path: str = "rows.csv", declared=None, existing=()):
    rows = table(content, path)
    wanted = DECLARED if declared is None else declared
    return make_cases(rows, guess(rows.columns, wanted), wanted, existing)


def plain(cases):
    return [(case.name, dict(case.inputs), case.expect, case.tags, case.note) for case in cases]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_with_commas_semicolons_or_tabs_is_read(mark):
    rows = [["ticket", "note"], [f"a{mark}b", "x,y;z"], ["two\nlines", 'say "so"']]
    stream = io.StringIO()
    csv.writer(stream, delimiter=mark).writerows(rows)
    found = table("\ufeff" + stream.getvalue())
    assert found.columns == ("ticket", "note")
    assert [list(row.values.values()) for row in found.rows] == rows[1:]
    assert [(row.number, row.line) for row in found.rows] == [(1, 2), (2, 3)]


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1),
            min_size=2,
            max_size=2,
        ),
        min_size=1,
    )
)
def test_any_table_comes_back_cell_by_cell(rows):
    stream = io.StringIO()
    csv.writer(stream).writerows([["ticket", "tone"], *rows])
    assert [list(row.values.values()) for row in table(stream.getvalue()).rows] == rows


def test_json_lines_and_a_json_list_keep_nested_values():
    rows = [{"ticket": {"from": "me", "lines": [1, None]}, "tone": True}, {"ticket": 5}]
    for content, path in (
        ("\n".join(map(json.dumps, rows)), "rows.jsonl"),
        (json.dumps(rows, indent=2), "rows.json"),
        (json.dumps(rows), "rows"),
    ):
        came = imported(content, path)
        assert [dict(case.inputs) for case in came.cases] == [
            {"ticket": {"from": "me", "lines": [1, None]}, "tone": True},
            {"ticket": 5},
        ]


def test_what_an_object_holds_are_columns_too():
    found = table('{"vars": {"ticket": "a"}, "id": 1}\n{"vars": {"ticket": "b", "tone": "c"}}', "rows.jsonl")
    assert found.columns == ("vars", "id", "vars.ticket", "vars.tone")
    assert guess(found.columns, DECLARED) == {
        "vars": "",
        "id": "name",
        "vars.ticket": "inputs.ticket",
        "vars.tone": "inputs.tone",
    }


def test_cases_written_for_another_prompt_can_be_imported():
    line = '{"name": "a", "inputs": {"ticket": "x"}, "expect": "y", "tags": ["t", "u"], "note": "n"}'
    assert plain(imported(line, "p.cases.jsonl").cases) == [("a", {"ticket": "x"}, "y", ("t", "u"), "n")]


@pytest.mark.parametrize(
    ("columns", "guessed"),
    [
        (["Ticket", "TONE"], ["inputs.ticket", "inputs.tone"]),
        (["the_ticket", "tones"], ["inputs.ticket", "inputs.tone"]),
        (["ticket:json", "Expected", "Labels", "Comments"], ["inputs.ticket", "expect", "tags", "note"]),
        (["id", "name", "ticket"], ["", "name", "inputs.ticket"]),
        (["body", "id", "answer"], ["inputs.ticket", "name", "expect"]),
        (["body", "text"], ["", ""]),
        ([], []),
    ],
)
def test_columns_are_guessed_by_equal_and_by_near_names(columns, guessed):
    assert guess(columns, DECLARED) == dict(zip(columns, guessed, strict=True))


@given(
    st.lists(st.text(max_size=8), unique=True),
    st.lists(st.sampled_from("abc ticket tone name note".split()), unique=True),
)
def test_a_guess_gives_each_column_one_purpose_and_each_purpose_one_column(columns, names):
    mapping = guess(columns, {name: Input(name) for name in names})
    purposes = [target for target in mapping.values() if target]
    assert list(mapping) == columns and len(set(purposes)) == len(purposes)


def test_a_mapping_is_said_otherwise_column_by_column():
    columns = ["a", "b=c", "name"]
    guessed = {"a": "inputs.ticket", "b=c": "", "name": "name"}
    said = read_mapping(["b=c=ticket", "name=note"], columns, DECLARED, guessed)
    assert said == {"a": "", "b=c": "inputs.ticket", "name": "note"}
    assert read_mapping(["name="], columns, DECLARED, guessed)["name"] == ""
    with pytest.raises(CasesError, match="no column “x”"):
        read_mapping(["x=ticket"], columns, DECLARED, guessed)
    with pytest.raises(CasesError, match="declares no input “tikket”"):
        read_mapping(["a=tikket"], columns, DECLARED, guessed)


def test_an_input_called_like_a_key_of_a_case_is_the_input():
    declared = {"name": Input("name")}
    assert guess(["name"], declared) == {"name": "inputs.name"}
    assert read_mapping(["x=name"], ["x"], declared, {"x": ""}) == {"x": "inputs.name"}


def test_rows_that_are_wrong_are_told_by_row_and_line_and_the_others_come():
    content = 'name,ticket,tone:json\na,"two\nlines",1\nb,,2\nc,x\nd,y,{\ne,z,\n'
    came = imported(content)
    assert plain(came.cases) == [
        ("a", {"ticket": "two\nlines", "tone": 1}, None, (), ""),
        ("e", {"ticket": "z"}, None, (), ""),
    ]
    told = [(problem.row, problem.line, problem.skipped) for problem in came.problems]
    assert told == [(2, 4, True), (3, 5, True), (4, 6, True)]
    words = " ".join(problem.message for problem in came.problems)
    assert (
        "“ticket” is missing" in words
        and "2 cells where the header has 3" in words
        and "not valid JSON" in words
    )


def test_lines_of_json_that_are_wrong_are_told_and_the_others_come():
    came = imported('{"ticket": "a"}\n{ticket}\n[1]\n\n{"ticket": null}\n{"ticket": "b"}', "rows.jsonl")
    assert [case.inputs["ticket"] for case in came.cases] == ["a", "b"]
    assert [(problem.row, problem.line) for problem in came.problems] == [(2, 2), (3, 3), (4, 5)]


def test_inputs_that_are_there_already_are_counted_and_left_out():
    existing = [Case("old", {"ticket": "a"})]
    came = imported("name,ticket\nx,a\ny,b\nz,b\n", existing=existing)
    assert [case.name for case in came.cases] == ["y"] and came.duplicates == 2


def test_a_name_that_is_taken_gets_a_number_and_that_is_told():
    came = imported("name,ticket\nold,a\nold,b\n", existing=[Case("old", {}), Case("old 3", {})])
    assert [case.name for case in came.cases] == ["old 2", "old 4"]
    assert [(problem.row, problem.skipped) for problem in came.problems] == [(1, False), (2, False)]


def test_a_conversation_must_be_one():
    declared = {"talk": Input("talk", kind="turns")}
    came = imported('{"talk": [{"role": "user", "content": "x"}]}\n{"talk": "x"}', "rows.jsonl", declared)
    assert len(came.cases) == 1 and "conversation" in came.problems[0].message


def test_tags_are_a_list_or_split_at_commas_and_semicolons():
    came = imported("ticket,tags,expect\na,x; y,\n", declared={"ticket": Input("ticket")})
    assert came.cases[0].tags == ("x", "y")
    came = imported('{"ticket": "a", "tags": ["x", 1], "expect": {"queue": "b"}}', "rows.jsonl")
    assert came.cases[0].tags == ("x", "1") and came.cases[0].expect == '{"queue": "b"}'


@pytest.mark.parametrize(
    ("content", "path", "words"),
    [
        (b"ticket\ncaf\xe9\n", "rows.csv", "offset 10"),
        (b"ticket\n\x00\n", "rows.csv", "NUL"),
        ("", "rows.csv", "no rows"),
        ("ticket\n", "rows.csv", "no rows"),
        ("[]", "rows.json", "no rows"),
        ("[1", "rows.json", "not valid JSON"),
        ('a,b\n"x', "rows.csv", "not valid CSV"),
        (",".join(map(str, range(MAX_COLUMNS + 1))), "rows.csv", "columns"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_why(content, path, words):
    with pytest.raises(CasesError, match=words) as caught:
        table(content, path)
    assert caught.value.place.path == path


def test_columns_without_a_name_and_of_the_same_name_can_be_told_apart():
    assert table("a,,a,\n1,2,3,4\n").columns == ("a", "column 2", "a 2", "column 4")
