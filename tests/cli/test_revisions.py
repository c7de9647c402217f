from __future__ import annotations

import pytest

REVISIONS = ("HEAD~1", ":/the first", "main@{1}", "HEAD^{/first}", "v1", "old")


@pytest.fixture
def two(serve, project):
    """Two commits of ``triage``, the first with a tag and a branch; returns the first one's hash."""
    serve("an answer")
    project.write(".gitignore", ".workbench/\n")
    project.git("init", "-q", "-b", "main")
    first = project.git.commit("the first")
    project.git("tag", "-a", "v1", "-m", "a tag")
    project.git("branch", "old")
    project.write("prompts/triage.md", "Sort: {{ ticket }}")
    project.git.commit("second")
    return first


def test_every_expression_that_names_a_commit_shows_the_prompt_as_it_was(two, workbench):
    for revision in (*REVISIONS, two[:7]):
        shown = workbench("context", f"triage@{revision}", "--json").json
        assert (shown["revision"], shown["messages"][0]["content"]) == (two, "You sort tickets."), revision


def test_expressions_for_equal_content_are_one_contender_of_a_run(two, workbench):
    targets = [f"triage@{revision}" for revision in REVISIONS]
    outcome = workbench("run", *targets, "--case", "card", "--json")
    assert (outcome.code, outcome.lines[0]["calls"], len(outcome.results)) == (0, 1, 1)
    assert outcome.results[0]["revision"] == two
    outcome = workbench("run", *targets, "triage@HEAD", "triage", "--case", "card", "--json")
    assert len({result["version"] for result in outcome.results}) == len(outcome.results) == 2


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        ("HEAD:prompts", "“HEAD:prompts” names no commit but a tree"),
        ("HEAD:prompts/triage.md", "names no commit but a blob"),
        ("--all", "git knows no revision “--all”"),
    ],
)
def test_what_names_no_commit_is_refused_by_every_command(two, workbench, revision, reason):
    for command in ("context", "run"):
        refused = workbench(command, f"triage@{revision}", "--json")
        assert refused.code == 2
        assert reason in refused.err


def test_a_renamed_prompt_is_shown_as_it_was_under_its_older_name(two, workbench, project):
    project.git("mv", "prompts/triage.md", "prompts/sorting.md")
    shown = workbench("context", "sorting@HEAD", "-i", "ticket=x", "--json").json
    assert (shown["prompt"], shown["messages"][0]["content"]) == ("sorting", "Sort: x")
    project.git.commit("renamed")
    shown = workbench("context", "sorting@HEAD~1", "-i", "ticket=x", "--json").json
    assert (shown["prompt"], shown["messages"][0]["content"]) == ("sorting", "Sort: x")
