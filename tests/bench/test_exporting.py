import csv
import io
import json
import os
import stat
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.support.records import NOW, call_of, cell_of, contender_of, result_of
from workbench.bench.export_forms import COLUMNS, FORMS, as_csv_row, as_json_line, as_section
from workbench.bench.exporting import Chosen, Exporting, form_of
from workbench.bench.inert import inert
from workbench.bench.result_values import result_value, whole_value
from workbench.context.messages import Message
from workbench.errors import StoreError, UsageError
from workbench.models.calls import ToolCall
from workbench.store.pruning import Prunable
from workbench.store.records import Remark
from workbench.store.search import Wanted
from workbench.store.store import Store

TEXTS = st.one_of(
    st.text(),
    st.text("`~\n\r\t #=+-@\"',;|\x1b\x00\u202e\u2028<>&", max_size=30),
)


def whole(text="Hello", sent="Hi", **more):
    cell = cell_of(run=3, result=result_of(answer=text, **more), expect="Hello")
    return whole_value(cell, cell.result, {"name": "Ann"}, [Message("user", sent)], Remark("good", "a note"))


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "runs.db")
    yield made
    made.close()


def run_of(store, *texts, answers=None, contender=None):
    """Store a run whose cells ask and answer these texts; returns its number."""
    contender = contender or contender_of()
    cells = [cell_of(position, text, contender) for position, text in enumerate(texts)]
    store.sources.keep_contexts([call_of(text).messages for text in texts])
    store.sources.keep_cases(
        {cell.case_hash: {"asked": text} for cell, text in zip(cells, texts, strict=True)}
    )
    run = store.runs.begin(cells, prompt=contender.prompt, samples=1, cost_limit=None, now=NOW)
    store.runs.add_results(run, [result_of(text, f"answer to {text}") for text in texts])
    return run


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def test_a_line_of_json_is_the_result_with_all_that_led_to_it():
    value = json.loads(as_json_line(whole(tool_calls=(ToolCall("look", '{"at": 1}'),))))
    cell = cell_of(run=3, result=result_of(), expect="Hello")
    assert {name: value[name] for name in result_value(3, cell, cell.result)} == result_value(
        3, cell, cell.result
    )
    assert (value["inputs"], value["messages"]) == ({"name": "Ann"}, [{"role": "user", "content": "Hi"}])
    assert (value["expect"], value["label"], value["note"], value["reasoning"]) == (
        "Hello",
        "good",
        "a note",
        "",
    )
    assert value["tool_calls"] == [{"name": "look", "arguments": '{"at": 1}'}]


@given(TEXTS)
def test_json_lines_keep_every_text_on_one_line_and_inert(text):
    line = as_json_line(whole(text, text))
    value = json.loads(line)
    assert (value["text"], value["messages"][0]["content"]) == (text, text)
    assert inert(line) == line and line.count("\n") == 1


@given(TEXTS, TEXTS)
def test_a_row_of_csv_holds_its_texts_and_nothing_that_is_reckoned(text, sent):
    (row,) = csv.reader(io.StringIO(as_csv_row(whole(text, sent)), newline=""))
    cells = dict(zip(COLUMNS, row, strict=True))
    assert cells["text"].removeprefix("'") == inert(text).removeprefix("'")
    assert json.loads(cells["messages"])[0]["content"] == sent
    for cell in row:
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
        assert inert(cell) == cell


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\n=1", "\uff1d1"])
def test_a_formula_is_marked_as_text(formula):
    (row,) = csv.reader(io.StringIO(as_csv_row(whole(formula)), newline=""))
    assert dict(zip(COLUMNS, row, strict=True))["text"] == f"'{formula}"


@given(TEXTS, TEXTS)
def test_no_text_breaks_out_of_its_fence_in_markdown(text, sent):
    tokens = MarkdownIt().parse(as_section(whole(text, sent)))
    fences = [token.content.removesuffix("\n") for token in tokens if token.type == "fence"]
    expected = [inert(sent), *([inert(text)] if text else []), "Hello", "a note"]
    assert fences == [part.removesuffix("\n") for part in expected]
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == [
        "Result 0 of run 3",
        "Sent: user",
        *(["Answer"] if text else []),
        "Expected",
        "Note",
    ]


def test_facts_of_a_result_stay_on_their_line_in_markdown():
    cell = cell_of(case="`` ` x\n# not a heading\n<b>", result=result_of())
    section = as_section(whole_value(cell, cell.result, {}, [], Remark()))
    headings = [line for line in section.splitlines() if line.startswith("#")]
    assert headings == ["## Result 0 of run 0", "### Answer"]
    assert "- case: ``` `` ` x # not a heading <b> ```" in section


def test_every_form_is_told_by_the_name_of_the_file(tmp_path):
    told = {
        name: form_of(tmp_path / name).name for name in ("a.jsonl", "a.ndjson", "a.CSV", "a.md", "a.markdown")
    }
    assert told == {"a.jsonl": "jsonl", "a.ndjson": "jsonl", "a.CSV": "csv", "a.md": "md", "a.markdown": "md"}
    assert form_of(tmp_path / "a.txt", "csv").name == "csv"
    with pytest.raises(UsageError, match="which form"):
        form_of(tmp_path / "a.txt")
    with pytest.raises(UsageError, match="no form"):
        form_of(tmp_path / "a.csv", "cvs")


def test_a_run_is_written_whole_in_each_form(store, tmp_path):
    run = run_of(store, "one", "two")
    store.remarks.label(1, "bad", "me", NOW)
    exporting = Exporting(store)
    for form in FORMS:
        assert exporting.write(Chosen((run,)), tmp_path / f"out.{form}") == 2
    first, second = lines(tmp_path / "out.jsonl")
    assert (first["text"], first["inputs"], first["label"]) == ("answer to one", {"asked": "one"}, "bad")
    assert (second["messages"], second["note"]) == ([{"role": "user", "content": "two"}], None)
    table = (tmp_path / "out.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [row["text"] for row in rows] == ["answer to one", "answer to two"]
    assert [json.loads(row["inputs"]) for row in rows] == [{"asked": "one"}, {"asked": "two"}]
    assert (
        (tmp_path / "out.md").read_text("utf-8").startswith("# Results\n\n## Result 1 of run 1\n\n- prompt: ")
    )


def test_a_run_is_exported_with_the_answers_that_an_earlier_one_made_and_without_what_waits(store, tmp_path):
    run_of(store, "one")
    earlier = store.runs.cells(1)[0]
    cells = [cell_of(0, "one", result=earlier.result, cached=True), cell_of(1, "two")]
    store.sources.keep_contexts([call_of("two").messages])
    store.sources.keep_cases({cells[1].case_hash: {"asked": "two"}})
    run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
    assert Exporting(store).write(Chosen((run,)), tmp_path / "out.jsonl") == 1
    (only,) = lines(tmp_path / "out.jsonl")
    assert (only["run"], only["result"], only["cached"], only["cost"]) == (2, 1, True, "0")


def test_more_results_than_are_held_at_once_come_in_order_each_once(store, tmp_path):
    texts = [f"text {number}" for number in range(120)]
    runs = run_of(store, *texts[:70]), run_of(store, *texts[70:])
    assert Exporting(store).write(Chosen(runs[::-1]), tmp_path / "out.jsonl") == 120
    assert [line["inputs"]["asked"] for line in lines(tmp_path / "out.jsonl")] == texts


def test_what_is_wanted_is_chosen_among_the_runs_that_are_named_or_among_all(store, tmp_path):
    run_of(store, "apple", "pear")
    run_of(store, "apple tart", "quince")
    store.remarks.label(4, "good", "me", NOW)
    exporting, out = Exporting(store), tmp_path / "out.jsonl"

    def asked(chosen):
        exporting.write(chosen, out)
        return [line["inputs"]["asked"] for line in lines(out)]

    assert asked(Chosen()) == ["apple", "pear", "apple tart", "quince"]
    assert asked(Chosen(wanted=Wanted("apple"))) == ["apple", "apple tart"]
    assert asked(Chosen((1,), Wanted("apple"))) == ["apple"]
    assert asked(Chosen(wanted=Wanted(label="good"))) == ["quince"]
    assert asked(Chosen(wanted=Wanted(case="case app*"))) == ["apple", "apple tart"]
    assert asked(Chosen(wanted=Wanted(run=2))) == ["apple tart", "quince"]
    assert asked(Chosen((1,), Wanted("nowhere"))) == []


def test_a_result_that_two_contenders_share_is_told_of_the_one_that_is_wanted(store, tmp_path):
    cells = [cell_of(0, contender=contender_of("aaaa")), cell_of(1, contender=contender_of("bbbb"))]
    store.sources.keep_contexts([call_of().messages])
    store.sources.keep_cases({cells[0].case_hash: {}})
    run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
    store.runs.add_results(run, [result_of()])
    exporting, out = Exporting(store), tmp_path / "out.jsonl"
    assert exporting.write(Chosen((run,)), out) == 2
    assert exporting.write(Chosen(wanted=Wanted(version="bb")), out) == 1
    assert lines(out)[0]["version"] == "v:bbbb"


def test_every_place_that_is_wanted_is_told_whatever_else_is_found(store, tmp_path):
    run_of(store, "one", "two")
    one, two = store.runs.cells(1)
    cells = [replace(cell, position=at, cached=True) for at, cell in enumerate((one, two))]
    store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
    exporting, out = Exporting(store), tmp_path / "out.jsonl"
    for words in ("one", "answer"):
        exporting.write(Chosen(wanted=Wanted(words)), out)
        found = [(line["run"], line["cached"]) for line in lines(out) if line["inputs"]["asked"] == "one"]
        assert found == [(1, False), (2, True)], words


def test_results_go_to_whoever_wants_them_one_by_one(store):
    run_of(store, "one", "two")
    pieces = []
    assert Exporting(store).send(Chosen(), pieces.append, "csv") == 2
    assert [piece.count("\n") for piece in pieces] == [1, 1, 1]


def test_a_run_that_is_not_there_is_told_and_leaves_the_file_as_it_was(store, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("mine")
    with pytest.raises(StoreError, match="there is no run 7"):
        Exporting(store).write(Chosen((7,)), out)
    assert out.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == ["out.jsonl"]


def test_a_file_that_is_replaced_keeps_its_mode_and_a_link_to_it_stays_a_link(store, tmp_path):
    run_of(store, "one")
    (tmp_path / "real.csv").write_text("before")
    (tmp_path / "real.csv").chmod(0o640)
    (tmp_path / "link.csv").symlink_to("real.csv")
    Exporting(store).write(Chosen(), tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert "answer to one" in (tmp_path / "real.csv").read_text()
    assert stat.S_IMODE((tmp_path / "real.csv").stat().st_mode) == 0o640


def test_a_device_is_written_to_and_not_replaced(store, tmp_path):
    run_of(store, "one")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert Exporting(store).write(Chosen(), pipe, "csv") == 1
        assert b"answer to one" in os.read(reader, 100_000)
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_could_not_be_written_is_refused_beforehand(store, tmp_path):
    exporting = Exporting(store)
    exporting.check(tmp_path / "out.csv")
    (tmp_path / "folder.csv").mkdir()
    for path, why in (
        ("folder.csv", "is a folder"),
        ("none/out.csv", "no such folder"),
        ("out.txt", "which form"),
    ):
        with pytest.raises(UsageError, match=why):
            exporting.check(tmp_path / path)
        with pytest.raises(UsageError):
            exporting.write(Chosen(), tmp_path / path)


def test_a_run_that_is_removed_meanwhile_is_told(store):
    run_of(store, *(f"text {number}" for number in range(60)))

    def prune(piece):
        store.pruning.prune(Prunable(keep=0))

    with pytest.raises(StoreError, match="run 1 was removed while it was exported"):
        Exporting(store).send(Chosen((1,)), prune)
