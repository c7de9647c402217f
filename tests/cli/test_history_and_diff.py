"""``workbench history`` and ``workbench diff``, as a person and as a program use them."""

from __future__ import annotations

import pytest

from workbench.bench.comparing import Comparison, FileChange, Side
from workbench.cli.commands.diff import as_value

PLEASE = "You sort tickets, please."


@pytest.fixture
def triage(project, serve):
    """The prompt ``triage`` in two commits, and changed since."""
    serve("billing")
    project.write(".gitignore", ".workbench/\n")
    project.commit()
    text = (project.root / "prompts/triage.md").read_text()
    project.write("prompts/triage.md", text.replace("You sort tickets.", PLEASE))
    project.git.commit("Say \x1b[31mplease")
    project.write("prompts/triage.md", text.replace("You sort tickets.", "You sort letters."))
    return project


def test_the_history_in_json_has_every_key_and_the_working_tree_first(triage, workbench):
    head = triage.git("rev-parse", "HEAD")
    done = workbench("history", "triage", "--json")
    assert done.code == 0
    keys = [
        "commit",
        "author",
        "date",
        "subject",
        "dirty",
        "version",
        "tokens",
        "delta",
        "votes",
        "win_rate",
        "results",
    ]
    assert [list(entry) for entry in done.json] == [keys] * 3
    working, please, first = done.json
    assert (working["commit"], working["date"], working["dirty"]) == (None, None, True)
    assert (please["commit"], please["author"], please["subject"], please["dirty"]) == (
        head,
        "Ada",
        "Say \x1b[31mplease",
        False,
    )
    assert please["version"].startswith("v:") and please["date"].endswith("Z")
    assert please["delta"] == please["tokens"] - first["tokens"] > 0
    assert (first["delta"], first["votes"], first["win_rate"], first["results"]) == (None, 0, None, 0)


def test_a_version_that_was_run_and_never_committed_is_there_without_a_commit(triage, workbench):
    assert workbench("run", "triage", "--case", "card").code == 0
    triage.git("checkout", "--quiet", "prompts/triage.md")
    entries = workbench("history", "triage", "--json").json
    (kept,) = [entry for entry in entries if entry["commit"] is None]
    assert (kept["dirty"], kept["results"], kept["subject"], kept["author"]) == (False, 1, None, None)
    assert kept["date"] and workbench("context", f"triage@{kept['version']}").code == 0


def test_no_more_versions_than_the_limit_and_the_last_still_has_its_change(triage, workbench):
    entries = workbench("history", "triage", "--limit", "2", "--json").json
    assert len(entries) == 2 and entries[1]["delta"] is not None


def test_the_history_for_a_person_is_a_table_with_nothing_a_terminal_obeys(triage, workbench):
    done = workbench("history", "triage")
    head, working, please, first = done.out.splitlines()
    assert head.split() == "VERSION HASH AGE AUTHOR SUBJECT TOKENS CHANGE WIN RATE VOTES RESULTS".split()
    assert working.startswith("working tree") and "Say ␛[31mplease" in please and "a change" in first
    assert "\x1b" not in done.out


def test_a_broken_commit_says_why_on_standard_error(triage, workbench):
    triage.write("prompts/triage.md", "{% if %}")
    triage.git.commit("broken")
    done = workbench("history", "triage", "--json")
    assert done.code == 0
    assert (done.json[0]["version"], done.json[0]["tokens"], done.json[0]["results"]) == (None, None, None)
    assert "not a valid template" in done.err


def test_without_git_the_history_says_why_and_still_lists_what_there_is(project, serve, workbench):
    serve("billing")
    done = workbench("history", "triage", "--json")
    assert done.code == 0 and [entry["dirty"] for entry in done.json] == [True]
    assert "not a git repository" in done.err


def test_a_prompt_there_is_not_is_an_error(triage, workbench):
    done = workbench("history", "triagee")
    assert done.code == 2 and "Did you mean “triage”" in done.err


@pytest.mark.parametrize(
    ("words", "before", "after"),
    [
        (["triage"], PLEASE, "You sort letters."),
        (["triage@HEAD~1"], "You sort tickets.", "You sort letters."),
        (["triage@HEAD~1", "triage@HEAD"], "You sort tickets.", PLEASE),
        (["triage@HEAD", "triage@HEAD~1"], PLEASE, "You sort tickets."),
    ],
)
def test_two_versions_are_compared_as_git_writes_it(triage, workbench, words, before, after):
    done = workbench("diff", *words)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[:2] == ["--- a/prompts/triage.md", "+++ b/prompts/triage.md"]
    assert f"-{before}" in lines and f"+{after}" in lines and lines[2].startswith("@@ -")
    assert "\x1b" not in done.out


def test_git_applies_what_diff_prints(triage, workbench):
    patch = workbench("diff", "triage").out
    wanted = (triage.root / "prompts/triage.md").read_bytes()
    triage.git("checkout", "--quiet", "prompts/triage.md")
    triage.write(".workbench/patch", patch.encode())
    triage.git("apply", ".workbench/patch")
    assert (triage.root / "prompts/triage.md").read_bytes() == wanted


def test_the_exit_code_is_zero_unless_gits_is_asked_for(triage, workbench):
    assert workbench("diff", "triage").code == 0
    assert workbench("diff", "triage", "--exit-code").code == 1
    assert workbench("diff", "triage@HEAD", "triage@HEAD", "--exit-code").code == 0
    assert workbench("diff", "triage", "--rendered", "--exit-code").code == 1
    assert workbench("diff", "triage@HEAD", "triage@HEAD", "--rendered", "--exit-code").code == 0


def test_rendered_contexts_end_with_the_change_in_tokens_and_price(triage, workbench):
    done = workbench("diff", "triage", "--rendered", "--case", "crash")
    lines = done.out.splitlines()
    assert lines[:2] == ["--- HEAD · case crash", "+++ working tree · case crash"]
    assert (
        " ── system ──" in lines and "-You sort tickets, please." in lines and "+You sort letters." in lines
    )
    assert " <ticket>The app crashes</ticket>" in lines
    assert lines[-2].split() == ["MODEL", "TOKENS", "CHANGE", "INPUT", "CHANGE"]
    assert lines[-1].split()[0] == "lab" and lines[-1].split()[2:] == ["≈", "-2", "unpriced"]


def test_diff_in_json_holds_both_sides_the_files_and_what_is_rendered(triage, workbench):
    found = workbench("diff", "triage", "--json", "--rendered").json
    head = triage.git("rev-parse", "HEAD")
    assert list(found) == ["a", "b", "files", "rendered"]
    assert (found["a"]["prompt"], found["a"]["revision"], found["a"]["dirty"]) == ("triage", head, False)
    assert (found["b"]["revision"], found["b"]["dirty"]) == (head, True)
    assert found["a"]["version"] != found["b"]["version"]
    (file,) = found["files"]
    assert list(file) == ["path", "renamed_from", "before", "after", "diff"]
    assert (
        file["path"] == "prompts/triage.md" and PLEASE in file["before"] and file["diff"].startswith("--- a/")
    )
    rendered = found["rendered"]
    assert list(rendered) == ["case", "messages_a", "messages_b", "diff", "models"]
    assert rendered["messages_b"][0] == {"role": "system", "content": "You sort letters."}
    (model,) = rendered["models"]
    keys = "name model exact tokens_a tokens_b tokens_delta cost_a cost_b cost_delta".split()
    assert list(model) == keys
    assert model["tokens_b"] - model["tokens_a"] == model["tokens_delta"] == -2
    assert workbench("diff", "triage", "--json").json["rendered"] is None


def test_a_file_that_came_is_compared_with_none(triage, workbench):
    text = (triage.root / "prompts/triage.md").read_text()
    triage.write("prompts/triage.md", text + '{% include "_new.md" %}\n')
    triage.write("prompts/_new.md", "Be kind.\n")
    found = workbench("diff", "triage", "--json").json
    new = next(file for file in found["files"] if file["path"] == "prompts/_new.md")
    assert (new["before"], new["after"]) == (None, "Be kind.\n")
    assert (
        "--- /dev/null\n+++ b/prompts/_new.md\n@@ -0,0 +1 @@\n+Be kind.\n" in workbench("diff", "triage").out
    )


def test_a_rename_alone_is_a_difference(triage, workbench):
    triage.git("checkout", "--quiet", ".")
    triage.git("mv", "prompts/triage.md", "prompts/sort.md")
    triage.git("mv", "prompts/triage.cases.yml", "prompts/sort.cases.yml")
    triage.git.commit("renamed")
    done = workbench("diff", "sort@HEAD~1", "--exit-code")
    assert done.code == 1
    heading = "diff --git a/prompts/triage.md b/prompts/sort.md\n"
    assert done.out.startswith(f"{heading}rename from prompts/triage.md\nrename to prompts/sort.md\n")


@pytest.mark.parametrize("name", ["sort", "so rt", 'a"b', "a\\b", "a\tb", "a\nb", "\u202eé"])
def test_git_applies_a_rename_with_an_edit_whatever_the_name(triage, workbench, name):
    triage.git("checkout", "--quiet", ".")
    for suffix in (".md", ".cases.yml"):
        triage.git("mv", f"prompts/triage{suffix}", f"prompts/{name}{suffix}")
    text = (triage.root / f"prompts/{name}.md").read_text()
    triage.write(f"prompts/{name}.md", text + "More.\n")
    wanted = triage.git.commit("renamed and edited")
    patch = workbench("diff", f"{name}@HEAD~1", f"{name}@HEAD").out
    triage.git("checkout", "--quiet", "HEAD~1")
    triage.write(".workbench/patch", patch.encode())
    triage.git("apply", "--index", ".workbench/patch")
    assert triage.git("diff", "--cached", wanted) == ""


@pytest.mark.parametrize(("before", "after"), [(None, "prompts/_empty.md"), ("prompts/_empty.md", None)])
def test_git_applies_an_empty_file_that_came_or_went(project, before, after):
    change = FileChange(before, after, "", "")
    sides = [Side("", "", {}, None), Side("", "", {}, None)]
    (file,) = as_value(Comparison(*sides, (change,)), None, "p", "p")["files"]
    if before:
        project.write(before, "")
    project.write("patch", file["diff"].encode())
    project.git("apply", "patch")
    assert (project.root / "prompts/_empty.md").exists() == bool(after)


def test_a_version_kept_under_an_older_name_is_found_by_the_name_of_now(triage, workbench):
    assert workbench("run", "triage", "--case", "card").code == 0
    triage.git("checkout", "--quiet", ".")
    triage.git("mv", "prompts/triage.md", "prompts/sort.md")
    triage.git("mv", "prompts/triage.cases.yml", "prompts/sort.cases.yml")
    triage.git.commit("renamed")
    (kept,) = [
        entry["version"] for entry in workbench("history", "sort", "--json").json if not entry["commit"]
    ]
    assert "-You sort letters." in workbench("diff", f"sort@{kept}").out
    assert workbench("context", f"sort@{kept}", "--json").json["version"] == kept
    assert workbench("diff", "sort@v:0123456789").code == 2


def test_a_whole_hash_of_nothing_and_a_branch_without_an_upstream_are_told_as_typed(triage, workbench):
    missing = workbench("diff", f"triage@{'0' * 40}")
    assert missing.code == 2 and f"git knows no revision “{'0' * 40}”" in missing.err
    alone = workbench("diff", "triage@@{u}")
    assert alone.code == 2 and "git cannot read “@{u}”" in alone.err


def test_what_cannot_be_compared_is_an_error(triage, workbench):
    for words in (
        ["nothing"],
        ["triage@nowhere"],
        ["triage", "--case", "card"],
        ["triage", "--rendered", "--case", "x"],
    ):
        done = workbench("diff", *words)
        assert done.code == 2 and done.err and not done.out
