from __future__ import annotations

import json
import os

import pytest

from workbench.prompts.case_writing.case_files import NEW_FILE

EXPORT = 'id;body;answer\nfirst;"Where is; my order?";shipping\nsecond;Card declined twice;\nthird;;x\n'


@pytest.fixture(autouse=True)
def triage(project):
    project.settings("http://127.0.0.1:9/v1")
    project.triage()


def text_of(project, path="prompts/triage.cases.yml"):
    return (project.root / path).read_text()


def test_the_cases_of_a_prompt_are_listed_for_people_and_for_programs(workbench):
    for words in (("triage",), ("list", "triage")):
        listed = workbench("cases", *words)
        assert listed.code == 0
        assert "ticket=Card declined twice" in listed.out and "prompts/triage.cases.yml:1" in listed.out
    assert workbench("cases", "triage", "--json").json[1] == {
        "name": "crash",
        "number": 2,
        "inputs": {"ticket": "The app crashes"},
        "expect": "bug",
        "tags": [],
        "note": None,
        "place": {"path": "prompts/triage.cases.yml", "line": 2},
    }


def test_a_prompt_there_is_not_has_no_cases(workbench):
    missing = workbench("cases", "triag")
    assert missing.code == 2 and "Did you mean “triage”?" in missing.err
    assert workbench("cases", "add", "triag", "x", "-i", "ticket=x").code == 2


def test_a_case_is_added_and_the_rest_of_the_file_stays(workbench, project):
    before = text_of(project)
    more = ("--expect", "bug", "--tag", "a", "--tag", "no", "--note", "why")
    added = workbench("cases", "add", "triage", "new", "-i", "ticket=It: crashes", *more)
    assert added.code == 0 and added.err == "added “new” at prompts/triage.cases.yml:4\n"
    assert text_of(project) == before + (
        '- {name: new, inputs: {ticket: "It: crashes"}, expect: bug, tags: [a, "no"], note: why}\n'
    )
    again = workbench("cases", "add", "triage", "new", "-i", "ticket=x")
    assert again.code == 2 and "has a case “new” already" in again.err


def test_the_first_case_makes_the_file(workbench, project):
    (project.root / "prompts/triage.cases.yml").unlink()
    none = workbench("cases", "triage")
    assert none.code == 0 and "no cases yet" in none.err
    added = workbench("cases", "add", "triage", "new", "-i", "ticket=two\nlines", "--json")
    assert added.json["added"] and added.json["name"] == "new"
    assert text_of(project) == NEW_FILE + "- name: new\n  inputs:\n    ticket: |-\n      two\n      lines\n"


def test_an_input_that_the_prompt_does_not_declare_is_a_warning(workbench):
    added = workbench("cases", "add", "triage", "new", "-i", "tickt=x")
    assert added.code == 0 and "declares no input “tickt”" in added.err


def test_a_table_is_imported_by_its_columns(workbench, project):
    before = text_of(project)
    (project.root / "export.csv").write_text(EXPORT)
    dry = workbench("cases", "import", "triage", "export.csv", "--dry-run")
    assert dry.code == 1 and text_of(project) == before
    assert "body    inputs.ticket" in dry.out and "id      name" in dry.out
    assert "row 3, line 4: the input “ticket” is missing" in dry.err
    assert "1 cases would be imported, 1 there already, 1 left out" in dry.err
    done = workbench("cases", "import", "triage", "export.csv", "--json")
    assert done.code == 1
    assert done.json["mapping"] == {"id": "name", "body": "inputs.ticket", "answer": "expect"}
    assert (done.json["duplicates"], done.json["path"]) == (1, "prompts/triage.cases.yml")
    assert [problem["line"] for problem in done.json["problems"]] == [4]
    assert text_of(project) == before + (
        "- {name: first, inputs: {ticket: Where is; my order?}, expect: shipping}\n"
    )
    again = workbench("cases", "import", "triage", "export.csv")
    assert "0 cases imported, 2 there already" in again.err


def test_columns_are_mapped_otherwise_on_demand(workbench, project):
    rows = [{"subject": "a", "text": "b", "meta": {"id": 1}}]
    (project.root / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    said = workbench(
        "cases", "import", "triage", "rows.jsonl", "--map", "subject=ticket", "--map", "meta.id=name"
    )
    assert said.code == 0
    assert workbench("cases", "triage", "--json").json[-1]["inputs"] == {"ticket": "a"}
    unknown = workbench("cases", "import", "triage", "rows.jsonl", "--map", "subjct=ticket")
    assert unknown.code == 2 and "Did you mean “subject”?" in unknown.err
    wrong = workbench("cases", "import", "triage", "rows.jsonl", "--map", "subject=tickt")
    assert wrong.code == 2 and "Did you mean “ticket”?" in wrong.err
    none = workbench("cases", "import", "triage", "rows.jsonl")
    assert none.code == 2 and "none of the columns is for an input" in none.err


def test_the_input_of_a_result_is_kept_as_a_case(workbench, project, serve):
    serve("billing")
    [result] = workbench("run", "triage", "-i", "ticket=Refund me", "--json").results
    kept = workbench("cases", "keep", str(result["result"]), "refund")
    assert kept.code == 0 and "added “refund” at prompts/triage.cases.yml:4" in kept.err
    assert workbench("cases", "triage", "--json").json[-1]["inputs"] == {"ticket": "Refund me"}
    again = workbench("cases", "keep", str(result["result"]), "--json")
    assert again.json["name"] == "refund" and again.json["added"] is False
    missing = workbench("cases", "keep", "999")
    assert missing.code == 2 and "there is no result 999" in missing.err


def test_a_file_that_cannot_be_changed_alone_stays_as_it_is(workbench, project):
    odd = "- inputs: {ticket: a}\n- inputs: {ticket: b}\n# \u00fc\n...\n"
    project.write("prompts/triage.cases.yml", odd.encode())
    workbench("cases", "add", "triage", "x", "-i", "ticket=c")
    project.write("prompts/triage.cases.yml", b"- inputs: {ticket: caf\xe9}\n")
    refused = workbench("cases", "add", "triage", "x", "-i", "ticket=c")
    assert refused.code == 2 and "not UTF-8" in refused.err


def test_what_never_ends_is_read_no_further_than_can_be_used(workbench):
    if not os.path.exists("/dev/zero"):
        pytest.skip("there is no such device here")
    for words in (
        ["cases", "import", "triage", "/dev/zero"],
        ["cases", "add", "triage", "z", "-i", "ticket=@/dev/zero"],
    ):
        done = workbench(*words)
        assert done.code == 2 and "/dev/zero: is too large" in done.err


def test_an_import_says_what_is_wrong_with_its_only_rows_and_with_half_a_mapping(workbench, project):
    project.write("odd.jsonl", '{"ticket": 1e999}\n{bad\n')
    done = workbench("cases", "import", "triage", "odd.jsonl")
    assert done.code == 2 and "odd.jsonl:1: none of its rows can be read; row 1, line 1: " in done.err
    project.write("good.csv", "ticket\nx\n")
    done = workbench("cases", "import", "triage", "good.csv", "--map", "ticket")
    assert done.code == 2 and "“ticket” does not say what the column is for" in done.err
