import os
import stat

import pytest
from platformdirs import user_config_path

SCRIPT = """\
#!/bin/sh
for file; do :; done  # the last word, after options
printf 'edited' > "$file"
"""


@pytest.fixture
def editor(project, monkeypatch):
    """An editor that says what it was given by writing into it."""
    script = project.root.parent / "editor"
    script.write_text(SCRIPT)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script))
    return script


def test_a_new_prompt_works_and_its_path_is_printed(serve, workbench, project):
    serve()
    made = workbench("new", "support/greet")
    assert (made.code, made.out) == (0, "prompts/support/greet.md\n")
    shown = workbench("context", "support/greet", "-i", "text=Hello", "--json").json
    assert [message["role"] for message in shown["messages"]] == ["system", "user"]
    assert "Hello" in shown["messages"][1]["content"]
    assert shown["findings"] == []


def test_a_new_prompt_as_json_and_from_another_with_its_cases(serve, workbench, project):
    serve()
    made = workbench("new", "support/copy", "--from", "triage", "--json")
    assert made.json == {"prompt": "support/copy", "path": "prompts/support/copy.md"}
    assert made.err == ""
    listed = {one["prompt"]: one for one in workbench("list", "--json").json}
    assert listed["support/copy"]["cases"] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("triage",), "prompts/triage.md: exists already"),
        (("../out",), "cannot be the name of a prompt"),
        (("new", "--from", "none"), "there is no prompt “none”"),
    ],
)
def test_what_cannot_be_made_is_told_and_nothing_is(serve, workbench, project, words, said):
    serve()
    before = (project.root / "prompts/triage.md").read_bytes()
    refused = workbench("new", *words)
    assert refused.code == 2 and said in refused.err
    assert sorted(os.listdir(project.root / "prompts")) == ["triage.cases.yml", "triage.md"]
    assert (project.root / "prompts/triage.md").read_bytes() == before


def test_a_new_prompt_opens_in_the_editor_from_any_folder(serve, workbench, project, editor, monkeypatch):
    serve()
    monkeypatch.chdir(project.root / "prompts")
    assert workbench("new", "greet", "--edit").code == 0
    assert (project.root / "prompts/greet.md").read_text() == "edited"


def configured(text):
    """Write a person's own config.yml."""
    folder = user_config_path("workbench")
    folder.mkdir(parents=True)
    (folder / "config.yml").write_text(text)


def test_the_editor_of_ones_own_settings_comes_before_that_of_the_environment(
    serve, workbench, project, editor, monkeypatch
):
    serve()
    configured(f"editor: {editor} --wait\n")
    monkeypatch.setenv("EDITOR", "/nowhere/vi")
    monkeypatch.setenv("VISUAL", "/nowhere/code")
    assert workbench("new", "greet", "--edit").code == 0
    assert (project.root / "prompts/greet.md").read_text() == "edited"


def test_an_editor_that_is_empty_in_ones_own_settings_is_that_of_the_environment(
    serve, workbench, project, editor
):
    serve()
    configured("editor: ' '\n")
    assert workbench("new", "greet", "--edit").code == 0
    assert (project.root / "prompts/greet.md").read_text() == "edited"


@pytest.mark.parametrize(
    ("text", "said"),
    [("editor: [vi]\n", "config.yml:1"), ("editor: 'vi \"'\n", 'the editor “vi "” cannot be read')],
)
def test_ones_own_settings_that_cannot_be_read_are_told_before_anything_is_made(
    serve, workbench, project, editor, text, said
):
    serve()
    configured(text)
    refused = workbench("new", "greet", "--edit")
    assert refused.code == 2 and said in refused.err
    assert not (project.root / "prompts/greet.md").exists()
    assert workbench("new", "greet").code == 0


def test_prompts_are_listed_with_what_they_are_and_what_is_wrong(serve, workbench, project):
    serve()
    project.write("prompts/a/said.md", "---\ndescription: Says it.\nmodels: [lab, other]\n---\nHi\n")
    project.write("prompts/bad.md", "---\ninputs: [\n---\n")
    project.write("prompts/odd.md", "{% include '_missing.md' %}")
    project.write("prompts/odd.cases.yml", "- {inputs: 1}\n")
    listed = workbench("list", "--json")
    assert listed.code == 0
    assert [one["prompt"] for one in listed.json] == ["a/said", "bad", "odd", "triage"]
    said, bad, odd, triage = listed.json
    assert said == {
        "prompt": "a/said",
        "path": "prompts/a/said.md",
        "description": "Says it.",
        "inputs": [],
        "models": ["lab", "other"],
        "cases": 0,
        "state": None,
        "broken": None,
    }
    assert (triage["inputs"], triage["models"], triage["cases"]) == (["ticket"], ["lab"], 3)
    assert bad["broken"].startswith("prompts/bad.md:") and bad["inputs"] is bad["models"] is None
    assert odd["broken"].startswith("prompts/odd.md:1: the include") and odd["cases"] is None


def test_the_state_in_git_is_listed_also_where_only_the_cases_changed(serve, workbench, project):
    serve()
    for name in ("clean", "modified", "staged", "cases"):
        project.write(f"prompts/{name}.md", "x")
    project.commit()
    project.write("prompts/modified.md", "y")
    project.write("prompts/staged.md", "y")
    project.git("add", "prompts/staged.md")
    project.write("prompts/cases.cases.yml", "- {inputs: {}}\n")
    project.write("prompts/untracked.md", "x")
    states = {one["prompt"]: one["state"] for one in workbench("list", "--json").json}
    assert states == {
        "cases": "untracked",
        "clean": None,
        "modified": "modified",
        "staged": "staged",
        "triage": None,
        "untracked": "untracked",
    }


def test_words_choose_by_name_description_and_text(serve, workbench, project):
    serve()
    project.write("prompts/greet.md", "---\ndescription: Says Hello.\n---\nGrüße\n")
    project.write("prompts/latin.md", b"caf\xe9")

    def found(*words):
        return [one["prompt"] for one in workbench("list", *words, "--json").json]

    assert found("GREET") == found("hello") == found("grüsse") == found("says", "greet") == ["greet"]
    assert found("tickets") == ["triage"]
    assert found("latin") == ["latin"]
    assert found("hello", "tickets") == []
    assert workbench("list", "nothing").err == "No prompt holds these words.\n"


def test_the_table_is_plain_and_inert(serve, workbench, project):
    serve()
    project.write("prompts/greet.md", '---\ndescription: "A \\e[31mred [bold]one\\nin two lines"\n---\nHi\n')
    project.write("prompts/bad.md", "---\n")
    table = workbench("list")
    lines = [line.split() for line in table.out.splitlines()]
    assert lines[0] == ["PROMPT", "STATE", "CASES", "DESCRIPTION"]
    assert lines[1][:2] == ["bad", "broken"]
    assert "\x1b" not in table.out and "[bold]one in two lines" in table.out
    assert "prompts/bad.md:1: the front matter" in table.err


def test_a_project_without_prompts_says_how_to_begin(workbench, project):
    project.write(".workbench.yml", "models: {}\n")
    assert workbench("list").err == "No prompts yet. Make one with: workbench new NAME\n"
    assert workbench("list", "--json").json == []


def test_the_shell_completes_the_prompt_to_copy(serve, workbench, monkeypatch):
    serve()
    monkeypatch.setenv("_WORKBENCH_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "workbench new x --from tr")
    monkeypatch.setenv("COMP_CWORD", "4")
    assert workbench().out.splitlines() == ["plain,triage"]


@pytest.mark.parametrize("name", ["\u202eevil", "a\u200bb", "\ufefftriage", "x\u2066y"])
def test_a_name_that_would_look_like_another_is_refused(serve, workbench, name):
    serve("billing")
    done = workbench("new", name)
    assert done.code == 2 and "a character that cannot be seen" in done.err


def test_where_git_cannot_tell_states_the_prompts_are_listed_with_a_warning(serve, workbench, project):
    serve("billing")
    project.commit()
    project.write(".git/index", b"junk")
    done = workbench("list", "--json")
    assert (done.code, [(one["prompt"], one["state"]) for one in done.json]) == (0, [("triage", None)])
    assert "warning: no state in git: git refuses: " in done.err


def test_a_prompt_is_begun_from_an_older_version(serve, workbench, project):
    serve()
    before = (project.root / "prompts/triage.md").read_text()
    project.commit()
    project.write("prompts/triage.md", "Newer.\n")
    assert workbench("new", "support/old", "--from", "triage@HEAD").code == 0
    assert (project.root / "prompts/support/old.md").read_text() == before


@pytest.mark.parametrize("words", [("history",), ("cases",), ("board",), ("duel", "next")])
def test_a_command_about_all_of_a_prompt_says_so_where_a_version_is_named(serve, workbench, project, words):
    serve()
    told = workbench(*words, "triage@HEAD~1")
    assert told.code == 2
    assert "this is about all of “triage”" in told.err and "Leave out “@HEAD~1”" in told.err
