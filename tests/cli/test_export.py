import csv
import io
import json
import signal

import pytest


@pytest.fixture
def answered(serve, workbench):
    """A run whose answers are a formula, an attack and a text, each under the name of its case."""
    answers = {"card": "=cmd|' /C calc'!A0", "crash": "\x1b[31m``` ```` red", "thanks": "fine"}
    words = {"Card declined twice": "card", "The app crashes": "crash", "Thank you": "thanks"}

    def answer(body, number):
        asked = body["messages"][-1]["content"].removeprefix("<ticket>").removesuffix("</ticket>")
        return answers[words[asked]]

    server = serve(answer)
    assert workbench("run", "triage").code == 0
    return server


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def by_case(lines):
    return {line["case"]: line for line in lines}


def test_the_last_run_is_exported_as_json_lines_by_default(answered, workbench):
    outcome = workbench("export")
    assert (outcome.code, outcome.err) == (0, "")
    shown = {value["case"]: value for value in workbench("runs", "show", "--json").json}
    for line in outcome.lines:
        assert {name: line[name] for name in shown[line["case"]]} == shown[line["case"]]
    card = by_case(outcome.lines)["card"]
    assert (card["inputs"], card["expect"]) == ({"ticket": "Card declined twice"}, "billing")
    assert [message["role"] for message in card["messages"]] == ["system", "user"]
    assert list(card)[len(shown["card"]) :] == [
        *("expect", "inputs", "messages", "reasoning", "tool_calls", "invalid", "answered_by", "tries"),
        *("started", "ended", "label", "note"),
    ]


def test_a_file_holds_what_its_name_says_and_the_rest_is_told_beside_it(answered, workbench, project):
    for name in ("out.jsonl", "out.csv", "out.md"):
        outcome = workbench("export", "1", "--out", name)
        assert (outcome.code, outcome.out, outcome.err) == (0, "", f"3 results written to {name}\n")
    table = (project.root / "out.csv").read_text("utf-8")
    assert by_case(rows_of(table))["card"]["text"] == "'=cmd|' /C calc'!A0"
    assert "\x1b" not in table
    markdown = (project.root / "out.md").read_text("utf-8")
    assert "`````text\n␛[31m``` ```` red\n`````\n" in markdown
    texts = {
        json.loads(line)["text"] for line in (project.root / "out.jsonl").read_text("utf-8").splitlines()
    }
    assert "\x1b[31m``` ```` red" in texts


def test_the_form_can_be_named_and_goes_to_a_pipe(answered, workbench):
    rows = rows_of(workbench("export", "--format", "csv").out)
    assert {row["case"] for row in rows} == {"card", "crash", "thanks"}
    assert workbench("export", "--format", "md").out.startswith("# Results\n")


def test_what_is_exported_is_chosen_by_run_filter_and_words(answered, workbench):
    workbench("run", "triage", "--fresh", "--case", "thanks")
    workbench("runs", "mark", "1", "good")

    def chosen(*words):
        return sorted((line["run"], line["case"]) for line in workbench("export", *words).lines)

    assert chosen() == [(2, "thanks")]
    assert chosen("1", "2", "--case", "thanks") == [(1, "thanks"), (2, "thanks")]
    assert chosen("--search", "fine") == [(1, "thanks"), (2, "thanks")]
    assert len(chosen("--all")) == 4
    assert len(chosen("--label", "good")) == 1
    assert chosen("--status", "error") == []
    assert "no such results" in workbench("export", "--status", "error").err


def test_what_cannot_be_exported_is_told(serve, workbench, project):
    serve("billing")
    assert "there are no runs yet" in workbench("export").err
    workbench("run", "triage")
    for words, why in (
        (["7"], "there is no run 7"),
        (["--out", "out.txt"], "in which form"),
        (["--out", "none/out.csv"], "cannot be written"),
        (["--all", "1"], "--all"),
        (["--since", "soon"], "is no time"),
    ):
        outcome = workbench("export", *words)
        assert outcome.code == 2 and why in outcome.err
    assert not list(project.root.glob("out*"))


def test_ctrl_c_ends_an_export_at_once(serve, workbench, start, project):
    serve("word " * 100_000)  # more than a pipe holds, so that it waits for a reader
    workbench("run", "triage", "--case", "card")
    process = start("export")
    assert process.stdout.read(1) == "{"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.strip()) == (130, "workbench: interrupted")


def test_a_reader_that_has_enough_ends_an_export_quietly(serve, workbench, start):
    serve("word " * 100_000)
    workbench("run", "triage", "--case", "card")
    process = start("export")
    assert process.stdout.read(1) == "{"
    process.stdout.close()
    assert (process.wait(timeout=60), process.stderr.read()) == (0, "")
