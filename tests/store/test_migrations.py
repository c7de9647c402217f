"""Databases of each earlier shape, with something in every table, opened by the workbench of today."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
import sqlite_utils

from tests.support.records import NOW
from workbench.models.correction import Observation
from workbench.store.migrations import NAMES, migrations
from workbench.store.records import Remark
from workbench.store.search import Wanted
from workbench.store.store import Store

STEPS = sorted(NAMES)
MESSAGES = [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Wo ist die Müllabfuhr?"}]


def put_versions(db):
    db["blobs"].insert({"hash": "b", "content": b"text"})
    db["versions"].insert({"hash": "v", "prompt": "p", "created": NOW})
    db["version_files"].insert({"version": "v", "prompt": "p", "path": "prompts/p.md", "blob": "b"})
    db["contexts"].insert({"hash": "c", "messages": json.dumps(MESSAGES, ensure_ascii=False)})
    db["contexts"].insert({"hash": "empty", "messages": "[]"})
    db["cases"].insert({"hash": "h", "inputs": '{"ticket": "x"}'})


def put_runs(db):
    db["contenders"].insert(
        {
            **{"id": 1, "prompt": "p", "version": "v", "model": "m", "string": "openai/m"},
            **{"api_base": "", "params": "{}"},
        }
    )
    for run, status in ((1, "done"), (2, "interrupted"), (3, "running")):
        db["runs"].insert({"id": run, "started": NOW, "status": status, "prompt": "p"})
    result = {"context": "c", "string": "openai/m", "text": "", "estimated": 10, "output_tokens": 3}
    db["results"].insert_all(
        [
            {**result, "id": 1, "run": 1, "call_key": "k1", "status": "ok", "text": "Morgen", "cost": 5}
            | {"input_tokens": 12, "ended": NOW},
            {**result, "id": 2, "run": 2, "call_key": "k2", "status": "error", "error": "overloaded"},
            {**result, "id": 3, "run": 2, "call_key": "k3", "status": "empty", "cost": None},
        ]
    )
    cell = {"contender": 1, "case_hash": "h", "case_name": "first", "sample": 1, "context": "c"}
    db["cells"].insert_all(
        [
            {**cell, "run": 1, "position": 0, "call_key": "k1", "cached": 0, "result": 1},
            {**cell, "run": 2, "position": 0, "call_key": "k1", "cached": 1, "result": 1},
            {**cell, "run": 2, "position": 1, "call_key": "k2", "cached": 0, "result": 2},
            {**cell, "run": 2, "position": 2, "call_key": "k3", "cached": 0, "result": 3},
            {**cell, "run": 3, "position": 0, "call_key": "k4", "cached": 0, "result": None},
        ]
    )


def put_votes(db):
    pair = {"prompt": "p", "case_hash": "h", "left_result": 1, "right_result": 3, "shown": NOW}
    db["pairs"].insert({"id": 1, "left_contender": 1, "right_contender": 1} | pair)
    db["votes"].insert({"pair": 1, "choice": "left", "judge": "Ada", "blind": 1, "created": NOW})


def put_counts(db):
    db.execute("UPDATE cells SET messages = 2")


PUT = {"m002": put_versions, "m003": put_runs, "m004": put_votes, "m005": put_counts}
"""What a database may hold before each step, beside what it held before earlier ones."""


@pytest.fixture(params=STEPS[1:])
def older(request, tmp_path):
    """A store over a database that lacks this step and all later ones, and the number of the step."""
    path = tmp_path / "runs.db"
    with closing(sqlite_utils.Database(path)) as db:
        for step in STEPS[1 : STEPS.index(request.param) + 1]:
            migrations.apply(db, stop_before=step)
            if put := PUT.get(step[:4]):
                put(db)
        db.conn.commit()
    store = Store(path)
    yield store, int(request.param[1:4])
    store.close()


def test_every_earlier_shape_becomes_the_one_of_today(older, tmp_path):
    store, _ = older
    store.runs.newest()
    new = Store(tmp_path / "new.db")
    new.runs.newest()
    shapes = []
    for each in (store, new):
        with each.database.reading() as connection:
            query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY name"
            shapes.append([tuple(row) for row in connection.execute(query)])
        assert each.database.check() == []
    new.close()
    assert shapes[0] == shapes[1]


def test_what_an_earlier_shape_held_is_kept(older):
    store, step = older
    assert store.sources.version_files("p", "v")[1].files == {"prompts/p.md": b"text"}
    assert [message.content for message in store.sources.context("c")] == [
        "Be kind",
        "Wo ist die Müllabfuhr?",
    ]
    assert store.sources.inputs("h") == {"ticket": "x"}
    assert len(store.votes.standing("p")) == (1 if step >= 4 else 0)


def test_runs_of_an_earlier_shape_are_counted_searched_and_learnt_from(older):
    store, step = older
    if step < 3:
        assert store.runs.newest() == []
        return
    assert [(run.id, run.counts, run.cost) for run in store.runs.newest()] == [
        (3, {"waiting": 1}, 0),
        (2, {"empty": 1, "error": 1, "ok": 1}, None),
        (1, {"ok": 1}, 5),
    ]
    for words, found in (("morgen", [1]), ("overload*", [2]), ("mullabfuhr kind", [3, 2, 1]), ("role", [])):
        assert [one.result for one in store.search.find(Wanted(words))] == found
    assert store.counts.observations("openai/m", None) == [Observation(10, 2, 12)]
    store.remarks.label(1, "good", "Ada", NOW)
    assert store.remarks.of([1]) == {1: Remark("good")}
    assert store.runs.cell_of_result(1).result.tool_calls == ()
