"""What a project and a machine may do to a command."""

import os
import sqlite3
import subprocess
import sys

import pytest

from tests.cli.conftest import command_line
from tests.support.loopback import Reply


def printing_into(output, project, *words):
    """Run a command whose output goes there."""
    return subprocess.run(
        command_line(*words),
        cwd=project.root,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


@pytest.fixture
def unread():
    """A pipe whose reader has left."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def test_two_runs_at_once_share_a_database_that_neither_had(serve, start, workbench):
    server = serve(lambda body, number: Reply(f"answer {number}", delay=0.05))
    both = [start("run", "triage", "--samples", "5", "--fresh", "--json") for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
    assert len(server.requests) == 30
    listed = workbench("runs", "--json").json
    assert [(run["run"], run["counts"]) for run in listed] == [(2, {"ok": 15}), (1, {"ok": 15})]


def test_a_reader_that_has_enough_is_no_error(serve, workbench, project, unread):
    serve("billing")
    workbench("run", "triage")
    for words in (["runs"], ["runs", "show", "--json"], ["context", "triage"]):
        done = printing_into(unread, project, *words)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_run_whose_reader_leaves_keeps_what_it_has(serve, workbench, project, unread):
    serve("billing")
    done = printing_into(unread, project, "run", "triage", "--json")
    assert "Traceback" not in done.stderr
    assert done.returncode == 130
    assert workbench("runs", "--json").json[0]["status"] == "interrupted"
    assert workbench("run", "--resume", "--json").code == 0


def test_a_path_with_spaces_and_quotes_is_a_path_like_others(serve, workbench, project, monkeypatch):
    server = serve("billing")
    odd = project.root / 'it\'s "odd" é [b]'
    odd.mkdir()
    monkeypatch.chdir(odd)
    workbench("init")
    (odd / ".workbench.yml").write_text(f"models: {{lab: {{model: openai/x, api_base: '{server.url}'}}}}\n")
    assert workbench("run", "support/triage", "-m", "lab", "--case", "1", "--json").code == 0
    assert workbench("runs", "--json").json[0]["counts"] == {"ok": 1}


def test_without_git_and_without_a_home_all_but_revisions_works(serve, finished, project):
    serve("billing")
    project.commit()
    environment = {"PATH": "/nonexistent"}
    ran = finished("run", "triage", "--json", env=environment)
    assert (ran.code, ran.err) == (0, "")
    assert {result["revision"] for result in ran.results} == {None}
    revision = finished("context", "triage@HEAD", env=environment)
    assert revision.code == 2
    assert "git" in revision.err and "Traceback" not in revision.err
    checked = finished("doctor", env=environment)
    assert checked.code == 0 and "revisions and history are off" in checked.out
    homeless = {name: value for name, value in os.environ.items() if name not in ("HOME", "USER", "LOGNAME")}
    done = subprocess.run(
        command_line("runs", "--json"),
        cwd=project.root,
        env=homeless,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", ["triage.md", "triage.cases.yml"])
def test_empty_files_are_no_disaster(serve, workbench, project, path):
    serve("billing")
    project.write(f"prompts/{path}", "")
    outcome = workbench("context", "triage", "-i", "ticket=x", "--json")
    assert outcome.code == 0
    project.write(".workbench.yml", "")
    assert workbench("models", "--json").json == []


def test_windows_line_endings_change_nothing(serve, workbench, project):
    serve("billing")
    before = workbench("context", "triage", "--json").json
    for path in ("prompts/triage.md", "prompts/triage.cases.yml", ".workbench.yml"):
        text = (project.root / path).read_bytes()
        project.write(path, b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    assert workbench("context", "triage", "--json").json == before


def test_a_huge_input_is_counted_and_refused_where_it_does_not_fit(serve, workbench, project):
    serve("billing", "    context_window: 1000")
    project.write("big.txt", "one two three four five\n" * 100_000)
    outcome = workbench("run", "triage", "-i", "ticket=@big.txt", "--json")
    assert outcome.code == 2
    assert "and lab takes 1,000" in outcome.err
    project.write("huge.txt", "x" * 10_000_001)
    huge = workbench("context", "triage", "-i", "ticket=@huge.txt", "--json")
    assert huge.code == 2
    assert "10,000,000 characters" in huge.err


def test_a_template_without_end_is_stopped(serve, workbench, project):
    serve()
    project.write(
        "prompts/triage.md", "{% for a in range(9999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    )
    outcome = workbench("context", "triage")
    assert outcome.code == 2
    assert "prompts/triage.md" in outcome.err and "longer than 5 seconds" in outcome.err


def test_a_database_of_a_newer_version_is_refused(serve, workbench, project):
    serve("billing")
    workbench("run", "triage")
    database = sqlite3.connect(project.database)
    (table,) = database.execute(
        "SELECT name FROM sqlite_master WHERE name LIKE '%migrations%' AND type = 'table'"
    ).fetchone()
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
    row = dict(
        zip(columns, database.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchone(), strict=True)
    )
    row["name"] = "m999_from_the_future"
    marks = ", ".join("?" * len(row))
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
    database.commit()
    database.close()
    outcome = workbench("runs")
    assert outcome.code == 2
    assert "newer Workbench" in outcome.err


def test_a_folder_that_cannot_be_written_says_so(serve, workbench, project):
    serve()
    project.write(".workbench", "a file where the folder should be")
    outcome = workbench("runs")
    assert outcome.code == 2
    assert ".workbench cannot be made" in outcome.err


def test_output_that_is_not_utf8_replaces_what_it_lacks(serve, project):
    serve("billing")
    latin = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = subprocess.run(
        command_line("run", "triage"), cwd=project.root, env=latin, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert sys.version_info >= (3, 11)


def test_the_working_folder_may_be_gone(workbench, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    outcome = workbench("runs")
    assert outcome.code == 2
    assert "the working folder cannot be used" in outcome.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("words", [["list", "--json"], ["cases", "triage"], ["run", "triage", "--json"]])
def test_output_that_cannot_be_written_is_an_error_in_one_line(serve, workbench, project, words):
    serve("billing")
    with open("/dev/full", "w") as full:
        done = printing_into(full, project, *words)
    assert done.returncode == 2
    assert "workbench: standard output cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
@pytest.mark.parametrize("words", ["list", "list --json", "context triage", "cases triage"])
def test_streams_that_are_closed_are_no_disaster(serve, project, words):
    serve("billing")
    line = " ".join(command_line(*words.split()))
    for closed in (">&-", "<&-", ">&- <&-", ">&- 2>&-"):
        done = subprocess.run(
            f"{line} {closed}", shell=True, cwd=project.root, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
