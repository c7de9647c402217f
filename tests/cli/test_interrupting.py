import os
import signal
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from tests.cli.conftest import command_line
from tests.support.loopback import Reply
from tests.support.terminal import Terminal


@pytest.fixture(autouse=True)
def hang_ups_are_heard():
    """Give SIGHUP its meaning back, for children too, where ``nohup`` started the tests."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def wait_until(happened, seconds=30.0):
    """Wait for something that another process does, as long as it may take on a busy machine."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def slow_after(quick):
    """The first so many answers come at once, the others never do until they are asked again."""
    return lambda body, number: "billing" if number < quick else Reply("late", delay=3600)


def test_ctrl_c_keeps_what_ended_says_how_to_resume_and_resume_does_only_the_rest(serve, start, workbench):
    answered = threading.Event()

    def script(body, number):
        if answered.is_set():
            return "at last"
        return slow_after(2)(body, number)

    server = serve(script, "    concurrency: 1")
    process = start("run", "triage", "--json")
    lines = [process.stdout.readline() for _ in range(3)]
    assert '"planned"' in lines[0]
    wait_until(lambda: len(server.requests) == 3)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the program and all its children
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert '"status": "interrupted"' in out.splitlines()[-1]
    assert "workbench run --resume 1" in err
    assert "Traceback" not in err
    listed = workbench("runs", "--json").json[0]
    assert (listed["status"], listed["counts"]) == ("interrupted", {"cancelled": 1, "ok": 2})

    answered.set()
    resumed = workbench("run", "--resume", "--json")
    assert resumed.code == 0
    assert (resumed.lines[0]["run"], resumed.lines[0]["calls"], resumed.lines[0]["cached"]) == (1, 1, 2)
    assert len(server.requests) == 4
    assert sorted(result["text"] for result in resumed.results) == ["at last", "billing", "billing"]
    assert [result["cached"] for result in resumed.results] == [False] * 3
    assert (resumed.lines[-1]["status"], resumed.lines[-1]["counts"]) == ("done", {"ok": 3})
    assert workbench("run", "--resume", "1", "--json").lines[0]["calls"] == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_to_end_stops_a_run_as_ctrl_c_does(serve, start, workbench, number, code):
    server = serve(slow_after(1), "    concurrency: 1")
    process = start("run", "triage", "--json")
    wait_until(lambda: len(server.requests) == 2)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert '"status": "interrupted"' in out.splitlines()[-1]
    assert "workbench run --resume 1" in err
    assert workbench("runs", "--json").json[0]["counts"] == {"cancelled": 1, "ok": 1, "waiting": 1}


def test_a_run_that_ignores_the_end_of_its_terminal_goes_on(serve, start):
    heard = threading.Event()

    def script(body, number):
        if number == 1:
            heard.wait(30)
        return "billing"

    server = serve(script, "    concurrency: 1")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; a child takes that over
    try:
        process = start("run", "triage", "--json")
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_until(lambda: len(server.requests) == 2)
    process.send_signal(signal.SIGHUP)
    heard.set()
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, '"status": "done"' in out.splitlines()[-1]) == (0, True)


def test_a_run_whose_terminal_went_away_keeps_what_ended(serve, project, workbench):
    server = serve(slow_after(1), "    concurrency: 1")
    with Terminal(command_line("run", "triage"), project.root, os.environ) as terminal:
        terminal.until(lambda text: "1 of 3" in text)
        wait_until(lambda: len(server.requests) == 2)
        assert terminal.hang_up() == 129
    kept = workbench("runs", "--json").json[0]
    assert (kept["status"], kept["counts"]) == ("interrupted", {"cancelled": 1, "ok": 1, "waiting": 1})


def test_a_terminal_shows_how_far_a_run_is_and_a_table_at_its_end(serve, project):
    serve(slow_after(1), "    concurrency: 1")
    with Terminal(command_line("run", "triage"), project.root, os.environ) as terminal:
        terminal.until(lambda text: "\n1 of 3" in text)
        terminal.press("\x03")
        assert terminal.until_it_ends() == 130
        lines = [line.rstrip() for line in terminal.text.splitlines() if line.strip()]
    assert lines[0].startswith("run 1: 3 calls, 0 cached")
    assert any(line.endswith("Stopping … Once more stops at once.") for line in lines)
    assert not any("1 of 3" in line for line in lines)
    assert any(line.split()[:1] == ["card"] and line.endswith("billing") for line in lines)
    assert "--resume 1" in lines[-1]


def test_a_second_ctrl_c_ends_it_at_once_whatever_it_still_waits_for(serve, start, workbench, project):
    ended = threading.Event()
    serve(
        lambda body, number: "at last" if ended.is_set() else slow_after(1)(body, number),
        "    concurrency: 1",
    )
    process = start("run", "triage", "--json")
    process.stdout.readline()
    assert '"billing"' in process.stdout.readline()
    with closing(sqlite3.connect(project.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # so that what was cancelled cannot be written
        os.killpg(process.pid, signal.SIGINT)
        assert "Stopping" in process.stderr.readline()
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130
    assert "Traceback" not in err
    ended.set()
    resumed = workbench("run", "--resume", "--json")
    assert (resumed.code, resumed.lines[0]["calls"], resumed.lines[-1]["counts"]) == (0, 2, {"ok": 3})


def test_a_run_that_was_killed_keeps_what_had_ended_and_resumes_from_stored_contexts(
    serve, start, workbench, project
):
    killed = threading.Event()
    server = serve(
        lambda body, number: "after" if killed.is_set() else slow_after(1)(body, number), "    concurrency: 1"
    )
    process = start("run", "triage", "--json")
    process.stdout.readline()
    assert '"billing"' in process.stdout.readline()
    wait_until(lambda: len(server.requests) == 2)
    process.kill()
    process.wait()
    killed.set()
    project.write("prompts/triage.md", "user:\nSomething else: {{ ticket }}\n")

    resumed = workbench("run", "--resume", "--json")
    assert resumed.code == 0
    assert (resumed.lines[0]["calls"], resumed.lines[0]["cached"]) == (2, 1)
    assert [request.texts[0] for request in server.requests[2:]] == ["You sort tickets."] * 2
    assert resumed.lines[-1]["counts"] == {"ok": 3}


def test_what_a_run_was_allowed_to_cost_holds_when_it_is_resumed(serve, workbench):
    serve([Reply("no", status=400), "one two"], "    price: {input: 0, output: 100000}")
    # Three calls of 20 tokens at most, 0.1 USD each: 6 USD, where the settings allow 1.
    assert workbench("run", "triage", "--json").code == 4
    assert workbench("run", "triage", "--max-cost", "6", "--json").code == 1
    resumed = workbench("run", "--resume", "--json")
    assert resumed.code == 0
    assert resumed.lines[-1]["cost"] == "0.6"


def test_an_interrupt_before_anything_was_sent_ends_in_130(serve, start, project):
    server = serve()
    project.write(
        "prompts/triage.md", "{% for a in range(9999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    )
    process = start("run", "triage")
    # Once the project is open, rendering this keeps the planning busy for five seconds.
    wait_until((project.root / ".workbench").exists)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, server.requests) == (130, [])
    assert "Traceback" not in err


@pytest.mark.engine
def test_ctrl_c_in_a_terminal_stops_the_embedded_model_too(project, start):
    project.triage()
    project.write("prompts/triage.md", "Count to a million: {{ ticket }}\n")
    project.write(".workbench.yml", "models: {smol: local/smollm2-135m}\ndefaults: {models: [smol]}\n")
    process = start("run", "triage", "--set", "max_tokens=2000", "--json")
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    # No process of its session is left.
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
