"""A run that is killed again and again, and what is left of it each time."""

import json
import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing

from tests.cli.test_interrupting import wait_until
from tests.support.loopback import Reply

CALLS = 500
KILLS = 20
WRITTEN = "SELECT id, text FROM results WHERE status = 'ok' ORDER BY id"


class Tap:
    """Answers with what was asked, so many times, and then not before it is opened further."""

    def __init__(self):
        self._left = 0
        self._lock = threading.Lock()
        self.shut = threading.Event()

    def open(self, answers):
        with self._lock:
            self._left = answers
            self.shut.clear()

    def __call__(self, body, number):
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                self.shut.set()
            held = self._left < 0
        return Reply("late", delay=3600) if held else body["messages"][-1]["content"]


def test_a_run_that_is_killed_at_twenty_moments_loses_and_repeats_nothing_that_was_written(
    serve, start, workbench, project
):
    rng = random.Random(20)
    tap = Tap()
    server = serve(tap, "    concurrency: 20")
    texts = [f"What is case {number} about?" for number in range(CALLS)]
    project.write("prompts/ask.md", "{{ question }}")
    lines = (json.dumps({"inputs": {"question": text}}) for text in texts)
    project.write("prompts/ask.cases.jsonl", "\n".join(lines))
    written, asked_by_then = {}, {}

    for life in range(KILLS):
        tap.open(rng.randint(1, 30))
        process = start("run", *(["--resume"] if life else ["ask"]))
        assert f"run 1: {CALLS - len(written)} calls" in process.stderr.readline()
        wait_until(tap.shut.is_set)
        time.sleep(rng.uniform(0, 0.06))  # a moment before, while or after the last answers are written
        process.kill()
        process.communicate()
        asked = Counter(request.texts[0] for request in server.requests)
        with closing(sqlite3.connect(project.database)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            now = dict(database.execute(WRITTEN))
        assert written.items() <= now.items()
        asked_by_then |= {text: asked[text] for number, text in now.items() if number not in written}
        written = now

    assert 0 < len(written) < CALLS
    tap.open(CALLS)
    last = workbench("run", "--resume", "--json")
    assert (last.code, last.lines[0]["calls"]) == (0, CALLS - len(written))
    assert (last.lines[-1]["status"], last.lines[-1]["counts"]) == ("done", {"ok": CALLS})
    assert sorted(result["text"] for result in last.results) == sorted(texts)
    asked = Counter(request.texts[0] for request in server.requests)
    assert {text: asked[text] for text in asked_by_then} == asked_by_then
    with closing(sqlite3.connect(project.database)) as database:
        assert Counter(text for _, text in database.execute(WRITTEN)) == Counter(texts)
        (cells,) = database.execute("SELECT COUNT(DISTINCT result) FROM cells").fetchone()
    assert cells == CALLS
