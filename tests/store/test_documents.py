"""The queries of docs/store.md, each as a person would run it: with the sqlite-utils command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.records import NOW, cell_of, contender_of, result_of
from workbench.models.calls import ToolCall
from workbench.store.records import Pair, Vote

DOCUMENT = (Path(__file__).parents[2] / "docs" / "store.md").read_text("utf-8")
QUERIES = dict(
    re.findall(r"^(?P<asked>\S[^\n]*?\?)[^`]*(?:`[^`\n]+`[^`]*)*```sql\n(.*?)```", DOCUMENT, re.M | re.S)
)

ANSWERS = {
    "How often did each contender give what its case expects?": [
        {"version": "aaaa", "model": "mini", "cells": 2, "right": 1}
    ],
    "What did each model cost, and how long did it take?": [
        {"string": "openai/mini", "calls": 3, "usd": 2e-12, "seconds": 1.5}
    ],
    "Which calls failed, and why?": [
        {"id": 3, "string": "openai/mini", "error_kind": "server", "error": "it broke", "tries": 4}
    ],
    "How far were the counts off that were shown before the calls?": [
        {"model": "mini", "calls": 2, "latest": 2, "percent_off": 50.0}
    ],
    "Which prices was result 1 reckoned with?": [
        {"input_tokens": 3, "cached_tokens": None, "output_tokens": 1, "prices": '{"input": 1}', "usd": 1e-12}
    ],
    "What exactly did the model receive for result 1?": [{"role": "user", "content": "a"}],
    "How did people vote?": [{"prompt": "p", "choice": "left", "judge": "Ada", "blind": 1, "votes": 1}],
    "In which answers is a word, the newest first?": [{"id": 1, "run": 1, "words": "a «Refund»!"}],
    "Which answers were marked bad, with what was said of them?": [
        {"result": 2, "prompt": "p", "model": "mini", "case_name": "case b", "note": "too short"}
    ],
    "Which tools did each model ask for?": [{"string": "openai/mini", "tool": "look_up", "calls": 1}],
    "What became of the last runs?": [
        {
            **{"id": 1, "started": NOW, "prompt": "p", "status": "running"},
            **{"counts": '{"error": 1, "ok": 2}', "usd": 2e-12},
        }
    ],
}


@pytest.fixture
def path(store, begin, tmp_path):
    """The path of a database with a little of everything."""
    cells = [cell_of(number, text, contender_of(), shown=6, expect="yes") for number, text in enumerate("ab")]
    run = begin([*cells, cell_of(2, "c")])
    results = [
        result_of("a", "a Refund!", cost=1, total=1.0, prices='{"input": 1}'),
        result_of("b", " yes", cost=1, total=2.0, tool_calls=(ToolCall("look_up", "{}"),)),
        result_of("c", "", status="error", error="it broke", error_kind="server", tries=4, cost=None),
    ]
    results[0] = replace(results[0], usage=replace(results[0].usage, input=3))
    results[1] = replace(results[1], usage=replace(results[1].usage, input=6))
    first, second, _ = store.runs.add_results(run, results)
    contender = store.runs.contenders("p")[0].id
    number = store.votes.show(Pair("p", "case-a", first.id, second.id, contender, contender), NOW)
    store.votes.add(Vote(store.votes.pair(number), "left", "Ada", blind=True, created=NOW))
    store.remarks.label(second.id, "bad", "Ada", NOW)
    store.remarks.note(second.id, "too short", "Ada", NOW)
    return tmp_path / "runs.db"


def asked(path, query):
    words = [sys.executable, "-m", "sqlite_utils", str(path), query]
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def test_every_query_of_the_document_is_tried():
    assert QUERIES.keys() == ANSWERS.keys()
    assert len(QUERIES) == DOCUMENT.count("```sql")


@pytest.mark.parametrize("question", ANSWERS)
def test_a_worked_query_gives_what_it_says(path, question):
    assert asked(path, QUERIES[question]) == ANSWERS[question]


def test_every_table_is_described(store):
    with store.database.reading() as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        tables = {row[0] for row in rows if not re.match(r"sqlite_|_sqlite|\w+_fts_", row[0])}
    described = {
        name for row in re.findall(r"^\| (`.*?) \|", DOCUMENT, re.M) for name in re.findall(r"`(\w+)`", row)
    }
    assert described == tables
