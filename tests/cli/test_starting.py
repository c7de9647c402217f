import os
import subprocess
import sys

import pytest

SLOW = {"textual", "litellm", "git", "aiohttp", "tiktoken", "sqlite_utils", "jsonschema"}
READERS = {"yaml", "jinja2"}
"""What reading a project needs."""


REPORT = """
import atexit, sys
atexit.register(lambda: print("LOADED", *(name for name in sys.modules if "." not in name), file=sys.stderr))
"""


def loaded(words, cwd):
    """Return which of the slow libraries this use of the package loads in a fresh interpreter."""
    code = f"{REPORT}\nsys.argv[1:] = {words!r}\nfrom workbench.__main__ import main\nmain()"
    return _slow(code, cwd)


def _slow(code, cwd):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=os.environ, capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if line.startswith("LOADED ")]
    assert said, done.stderr
    return set(said[-1].split()) & (SLOW | READERS)


def test_importing_the_package_loads_nothing_slow(project):
    assert _slow(f"{REPORT}\nimport workbench", project.root) == set()


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["contxt"]])
def test_saying_what_it_is_loads_nothing_slow(project, words):
    assert loaded(words, project.root) == set()


def test_listing_models_loads_nothing_slow_but_the_table_of_encodings(serve, project):
    serve()
    project.commit()
    # tiktoken's own table says which encoding counts for a model; the encodings themselves stay unread.
    assert loaded(["models", "--json"], project.root) <= {"tiktoken", *READERS}


def test_listing_runs_loads_nothing_slow_but_the_migrations_of_the_store(serve, project):
    serve()
    project.commit()
    assert loaded(["runs", "--json"], project.root) == {"sqlite_utils", *READERS}
    assert loaded(["board", "triage", "--json"], project.root) == {"sqlite_utils", *READERS}


def test_showing_a_context_loads_neither_textual_nor_litellm_nor_a_network_library(serve, project):
    serve()
    project.commit()
    assert not loaded(["context", "triage", "--json"], project.root) & {"textual", "litellm", "aiohttp"}


def test_the_version_is_told(workbench):
    outcome = workbench("--version")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("workbench ")


def test_help_names_every_command_the_exit_codes_and_how_to_complete(workbench):
    out = workbench("--help").out
    for word in (
        "init",
        "new",
        "list",
        "context",
        "run",
        "runs",
        "duel",
        "board",
        "models",
        "doctor",
        "trust",
    ):
        assert f"\n  {word} " in out
    assert "130  interrupted" in out
    assert "_WORKBENCH_COMPLETE=zsh_source workbench" in out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("workbench bo", ["board"]),
        ("workbench context tr", ["triage"]),
        ("workbench context triage -m l", ["lab"]),
        ("workbench run --pl", ["--plan"]),
    ],
)
def test_the_shell_completes_commands_prompts_models_and_options(
    serve, workbench, monkeypatch, words, offered
):
    serve()
    monkeypatch.setenv("_WORKBENCH_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert workbench().out.splitlines() == [f"plain,{word}" for word in offered]


def test_completion_outside_a_project_offers_nothing(workbench, monkeypatch):
    monkeypatch.setenv("_WORKBENCH_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "workbench context x")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert workbench().out.strip() == ""
