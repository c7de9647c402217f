from __future__ import annotations

import asyncio
import os

import pytest

from tests.support.projects import Project
from workbench.bench.bench import Bench
from workbench.errors import CasesError, PromptError, SaveConflictError, StoreError
from workbench.prompts.case_writing.case_files import NEW_FILE
from workbench.prompts.cases import Case, hash_inputs

PROMPT = "---\ninputs: {ticket: , tone: friendly}\n---\n{{ ticket }} {{ tone }}\n"
YAML = (
    b"\xef\xbb\xbf# by hand\r\n- name: a # first\r\n  inputs: {ticket: x}\r\n- inputs:\r\n    ticket: y\r\n"
)
LINES = b'{"inputs":{"ticket":"z"}}\n'


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "project")
    project.write(".workbench.yml", "models: {}\n")
    project.write("prompts/p.md", PROMPT)
    return project


@pytest.fixture
async def bench(project, tmp_path):
    bench = Bench(project.root, os.environ, tmp_path / "personal")
    yield bench
    await bench.close()


def raw(project, path="prompts/p.cases.yml"):
    return (project.root / path).read_bytes()


def named(bench):
    return [(case.name, dict(case.inputs)) for case in bench.cases.of("p")]


async def test_the_first_case_makes_a_file_and_taking_it_back_removes_it(project, bench):
    kept = bench.cases.add("p", Case("new", {"ticket": "x"}))
    assert raw(project) == NEW_FILE.encode() + b"- name: new\n  inputs:\n    ticket: x\n"
    assert kept.case.name == "new" and str(kept.case.place) == "prompts/p.cases.yml:3"
    bench.cases.undo(kept.undo)
    assert not (project.root / "prompts/p.cases.yml").exists()


async def test_a_prompt_there_is_not_gets_no_file_of_cases(project, bench):
    with pytest.raises(PromptError):
        bench.cases.add("q", Case("new", {}))
    assert not (project.root / "prompts/q.cases.yml").exists()


async def test_every_write_keeps_bom_and_line_endings_and_can_be_taken_back(project, bench):
    project.write("prompts/p.cases.yml", YAML)
    undos = [bench.cases.add("p", Case("new", {"ticket": "two\nlines"}, "e", ("t",), "why")).undo]
    assert raw(project) == YAML + (
        b"- name: new\r\n  inputs:\r\n    ticket: |-\r\n      two\r\n      lines\r\n"
        b"  expect: e\r\n  tags: [t]\r\n  note: why\r\n"
    )
    undos.append(bench.cases.change("p", "a", inputs={"ticket": "x", "tone": "blunt"}).undo)
    undos.append(bench.cases.change("p", "2", inputs={"ticket": "yes"}, name="second", tags=("u",)).undo)
    undos.append(bench.cases.remove("p", "new"))
    assert named(bench) == [("a", {"ticket": "x", "tone": "blunt"}), ("second", {"ticket": "yes"})]
    assert raw(project) == (
        b"\xef\xbb\xbf# by hand\r\n- name: a # first\r\n  inputs: {ticket: x, tone: blunt}\r\n"
        b'- name: second\r\n  inputs:\r\n    ticket: "yes"\r\n  tags: [u]\r\n'
    )
    for undo in reversed(undos):
        bench.cases.undo(undo)
    assert raw(project) == YAML


async def test_taking_back_what_somebody_changed_since_is_refused(project, bench):
    project.write("prompts/p.cases.yml", YAML)
    undo = bench.cases.remove("p", "a")
    project.write("prompts/p.cases.yml", b"# mine\n")
    with pytest.raises(SaveConflictError):
        bench.cases.undo(undo)
    assert raw(project) == b"# mine\n"
    made = bench.cases.add("p", Case("new", {"ticket": "x"})).undo
    (project.root / "prompts/p.cases.yml").unlink()
    with pytest.raises(SaveConflictError):
        bench.cases.undo(made)


async def test_a_change_of_nothing_writes_nothing(project, bench):
    project.write("prompts/p.cases.yml", YAML)
    kept = bench.cases.change("p", "a", inputs={"ticket": "x"})
    assert kept.undo is None and raw(project) == YAML


async def test_a_case_that_changed_on_disk_since_it_was_shown_is_not_written_over(project, bench):
    project.write("prompts/p.cases.yml", YAML)
    shown = bench.cases.of("p")[0]
    project.write("prompts/p.cases.yml", YAML.replace(b"ticket: x", b"ticket: changed"))
    with pytest.raises(SaveConflictError, match="changed on disk"):
        bench.cases.change("p", "a", was=shown, inputs={"ticket": "mine"})
    project.write("prompts/p.cases.yml", b"# moved down\n" + YAML.removeprefix(b"\xef\xbb\xbf"))
    bench.cases.change("p", "a", was=shown, inputs={"ticket": "mine"})
    assert named(bench)[0] == ("a", {"ticket": "mine"})


async def test_cases_of_several_files_are_each_changed_in_their_own(project, bench):
    project.write("prompts/p.cases.jsonl", LINES)
    project.write("prompts/p.cases.csv", b"name,ticket\nc,w\n")
    project.write("prompts/p.cases.yml", YAML)
    bench.cases.change("p", "3", inputs={"ticket": "Z"})
    bench.cases.change("p", "c", inputs={"ticket": "W"})
    bench.cases.add("p", Case("new", {"ticket": "n"}))
    assert raw(project, "prompts/p.cases.jsonl") == b'{"inputs":{"ticket":"Z"}}\n'
    assert raw(project, "prompts/p.cases.csv") == b"name,ticket\nc,W\n"
    assert [name for name, _ in named(bench)] == ["a", "2", "new", "4", "c"]


async def test_without_yaml_a_case_is_added_where_the_others_are(project, bench):
    project.write("prompts/p.cases.jsonl", LINES)
    bench.cases.add("p", Case("new", {"ticket": "n"}))
    assert raw(project, "prompts/p.cases.jsonl") == LINES + b'{"name":"new","inputs":{"ticket":"n"}}\n'


async def test_a_name_that_is_taken_is_refused(project, bench):
    project.write("prompts/p.cases.yml", YAML)
    for taken in ("a", "2"):
        with pytest.raises(CasesError, match="already"):
            bench.cases.add("p", Case(taken, {}))
    with pytest.raises(CasesError, match="two cases are named"):
        bench.cases.change("p", "2", name="a")
    assert raw(project) == YAML and bench.cases.free_name("p", "a") == "a 2"


async def test_a_case_that_there_is_not_is_an_error(project, bench):
    project.write("prompts/p.cases.yml", YAML)
    with pytest.raises(CasesError, match="has no case “b”"):
        bench.cases.change("p", "b", inputs={})


async def test_the_inputs_of_a_result_become_a_case_once(project, bench):
    inputs = {"ticket": "odd\u2028\x1b", "talk": [{"n": 1.0}]}
    key = hash_inputs(inputs)
    bench.store.sources.keep_cases({key: inputs})
    project.write("prompts/p.cases.yml", YAML)
    kept = bench.cases.keep("p", key, "kept")
    assert dict(kept.case.inputs) == inputs and kept.case.hash == key and kept.undo
    again = bench.cases.keep("p", key, "again")
    assert again.case.name == "kept" and again.undo is None
    with pytest.raises(StoreError, match="does not hold"):
        bench.cases.keep("p", "0" * 64, "none")
    with pytest.raises(StoreError, match="no result 1"):
        bench.cases.keep_result(1)


async def test_a_table_is_imported_at_once_and_taken_back_at_once(project, bench, tmp_path):
    project.write("prompts/p.cases.yml", YAML)
    (tmp_path / "rows.csv").write_text("id,ticket,tone\nn1,x,\nn2,new,blunt\n,third,\n")
    found = bench.cases.importable("p", tmp_path / "rows.csv")
    assert found.mapping == {"id": "name", "ticket": "inputs.ticket", "tone": "inputs.tone"}
    came = found.cases()
    assert (len(came.cases), came.duplicates) == (2, 1)
    undo = bench.cases.import_cases("p", came.cases)
    assert named(bench)[2:] == [("n2", {"ticket": "new", "tone": "blunt"}), ("4", {"ticket": "third"})]
    assert raw(project).startswith(YAML)
    bench.cases.undo(undo)
    assert raw(project) == YAML and bench.cases.import_cases("p", ()) is None


async def test_a_file_that_cannot_be_imported_says_why(bench, tmp_path):
    (tmp_path / "big.csv").write_bytes(b"x" * 10_000_001)
    for path, words in (
        (tmp_path / "big.csv", "too large"),
        (tmp_path, "cannot be read"),
        (tmp_path / "no", "No such"),
    ):
        with pytest.raises(CasesError, match=words):
            bench.cases.importable("p", path)


async def test_ten_thousand_rows_are_imported_in_seconds(project, bench, tmp_path):
    rows = "\n".join(f"case {number},ticket: {number}" for number in range(10_000))
    (tmp_path / "rows.csv").write_text(f"name,ticket\n{rows}\n")
    came = bench.cases.importable("p", tmp_path / "rows.csv").cases()
    assert bench.cases.import_cases("p", came.cases) is not None
    assert len(bench.cases.of("p")) == 10_000


@pytest.mark.parametrize("there", [True, False])
async def test_cases_added_at_once_by_many_are_all_kept(project, bench, there):
    project.write("prompts/b.md", "---\ninputs: {t: }\n---\n{{ t }}\n")
    if there:
        project.write("prompts/b.cases.yml", "- {name: first, inputs: {t: 0}}\n")
    names = [f"case {number}" for number in range(8)]
    await asyncio.gather(
        *(asyncio.to_thread(bench.cases.add, "b", Case(name, {"t": name})) for name in names)
    )
    assert {case.name for case in bench.cases.of("b")} == {*names, *(["first"] if there else [])}


@pytest.mark.parametrize("name", ["", "  "])
async def test_a_case_without_a_name_is_refused_before_anything_is_written(project, bench, name):
    project.write("prompts/b.md", "---\ninputs: {t: }\n---\n{{ t }}\n")
    with pytest.raises(CasesError, match="a case needs a name"):
        bench.cases.add("b", Case(name, {"t": "x"}))
    assert not (project.root / "prompts/b.cases.yml").exists()
