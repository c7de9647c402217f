import pytest


def refused(outcome, *said, code=2):
    """Check that an outcome is a clear refusal: exit code, words, nothing printed and no traceback."""
    assert outcome.code == code, outcome.err
    assert outcome.out == ""
    assert outcome.err.startswith("workbench: ")
    assert "Traceback" not in outcome.err
    for words in said:
        assert words in outcome.err


@pytest.mark.parametrize(
    "words",
    [
        ["context", "triage"],
        ["run", "triage"],
        ["runs"],
        ["board", "triage"],
        ["models"],
        ["doctor"],
        ["trust"],
    ],
)
def test_outside_a_project_one_line_names_init(workbench, words):
    outcome = workbench(*words)
    refused(outcome, "no .workbench.yml in", "“workbench init”")
    assert outcome.err.count("\n") == 1


def test_the_screen_outside_a_project_says_the_same(workbench):
    refused(workbench(), "no .workbench.yml in", "“workbench init”")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("models:\n  lab: openai/x\n  bad: [\n", [".workbench.yml:4: this is not valid YAML"]),
        ("models:\n  lab: a/b\n  lab: c/d\n", [".workbench.yml:3: the key “lab” stands here twice"]),
        (
            "model:\n  lab: a/b\n",
            [".workbench.yml:1: the key “model” is not known", "Did you mean “models”?"],
        ),
        ("models:\n  lab:\n    modle: a/b\n", [".workbench.yml:3:", "Did you mean “model”?"]),
        ("models:\n  lab:\n    model: a/b\n    api_key: sk-1\n", [".workbench.yml:4: a key does not belong"]),
        ("limits:\n  cost: much\n", [".workbench.yml:2: “cost” must be a number"]),
        ("- a\n", [".workbench.yml:1: this", "must be a mapping"]),
        ("models: {lab: opneai/x}\n", [".workbench.yml", "there is no model “opneai/x”", "openai/x"]),
    ],
)
def test_settings_that_do_not_say_what_they_may_name_file_line_and_remedy(
    serve, workbench, project, settings, said
):
    serve()
    project.write(".workbench.yml", settings)
    refused(workbench("models"), *said)


def test_settings_that_are_not_utf8_name_the_offset(serve, workbench, project):
    serve()
    project.write(".workbench.yml", b"models: {}\n# caf\xe9\n")
    refused(workbench("models"), ".workbench.yml: is not UTF-8: the first bad byte is at offset 16")


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("---\nparams: {a: [}\n---\nx\n", ["prompts/triage.md:2: this is not valid YAML"]),
        (
            "---\nparams: {}\ntemprature: 1\n---\nx\n",
            ["prompts/triage.md:3: the key “temprature” is not known"],
        ),
        ("---\nmodels: smol\n---\nx\n", ["prompts/triage.md:2: “models” must be a list"]),
        ("---\nparams: {}\nx\n", ["prompts/triage.md:1: the front matter", "never closed", "---"]),
        (
            "user:\nSort {{ tiket }}\n",
            ["prompts/triage.md:2: 'tiket' is undefined", "Did you mean “ticket”?"],
        ),
        ("user:\nSort {{ ticket\n", ["prompts/triage.md:", "this is not a valid template"]),
        ('a\n{% include "_tone.md" %}\n', ["prompts/triage.md:2:", "_tone.md, which does not exist"]),
        ("---\ndocuments: {a: ../../../x}\n---\nx\n", ["prompts/triage.md:2:", "leaves the project"]),
    ],
)
def test_a_broken_prompt_names_file_line_and_remedy(serve, workbench, project, prompt, said):
    serve()
    project.write("prompts/triage.md", prompt)
    refused(workbench("context", "triage"), *said)
    refused(workbench("run", "triage", "--json"), *said)


def test_a_prompt_that_is_not_utf8_is_refused_with_the_offset(serve, workbench, project):
    serve()
    project.write("prompts/triage.md", b"user:\ncaf\xe9\n")
    refused(workbench("context", "triage"), "prompts/triage.md:2:", "0xe9, is at offset 9", "iconv")


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        (
            "- {name: a, inputs: {ticket: x}}\n- {name: b, inputs: {}}\n",
            ["cases.yml:2:", "“ticket”", "no value"],
        ),
        ("- name: a\n  input: {ticket: x}\n", ["cases.yml:2:", "Did you mean “inputs”?"]),
        ("- name: a\n", ["cases.yml:1: a case needs “inputs”"]),
        ("- {name: a, inputs: {ticket: x}\n", ["cases.yml", "not valid YAML"]),
        ("a: b\n", ["cases.yml:1: a file of cases must hold a list"]),
    ],
)
def test_broken_cases_name_file_line_and_remedy(serve, workbench, project, cases, said):
    server = serve()
    project.write("prompts/triage.cases.yml", cases)
    refused(workbench("run", "triage", "--json"), *said)
    assert server.requests == []


def test_an_unknown_prompt_suggests_the_nearest(serve, workbench):
    serve()
    for words in (["context"], ["run"], ["board"], ["duel", "next"]):
        refused(workbench(*words, "triaje"), "there is no prompt “triaje”", "Did you mean “triage”?")


def test_an_unknown_model_suggests_the_nearest(serve, workbench):
    serve()
    refused(workbench("context", "triage", "-m", "labb"), "there is no model “labb”", "Did you mean “lab”?")
    refused(workbench("run", "triage", "-m", "opneai/gpt-4o"), "Did you mean “openai/gpt-4o”?")


def test_a_missing_key_names_its_variable_and_sends_nothing(serve, workbench):
    server = serve(more="    api_key_env: LAB_KEY")
    refused(workbench("run", "triage", "--json"), "LAB_KEY is not set", ".env", code=3)
    assert server.requests == []


def test_a_param_that_the_model_does_not_take_names_its_line_and_sends_nothing(serve, workbench, project):
    server = serve()
    project.write("prompts/triage.md", "---\nparams:\n  max_tokens: 5\n  temprature: 1\n---\n{{ ticket }}\n")
    said = ["prompts/triage.md:4: lab does not take the param “temprature”", "Did you mean “temperature”?"]
    refused(workbench("run", "triage", "--json"), *said, "Nothing was sent.")
    refused(
        workbench("run", "triage", "--set", "temperature=hot"), "“temperature” must be a number from 0 to 2"
    )
    assert server.requests == []


def test_a_revision_without_git_says_why(serve, workbench):
    serve()
    refused(workbench("context", "triage@HEAD"), "needs git", "not a git repository")


def test_no_model_at_all_says_how_to_name_one(serve, workbench, project):
    serve()
    project.write(".workbench.yml", "models: {}\n")
    refused(workbench("run", "triage"), "there is no model to ask", "-m")
    assert workbench("context", "triage", "--json").json["models"] == []


def test_words_that_the_command_line_does_not_know_end_in_2(serve, workbench):
    serve()
    for words in (["contxt"], ["context"], ["runs", "--limit", "0"], ["duel", "vote", "1", "both"], ["duel"]):
        outcome = workbench(*words)
        assert (outcome.code, outcome.out) == (2, "")
    refused(workbench("duel", "vote", "7", "left"), "there is no pair 7")
    refused(workbench("runs", "show", "7"), "there is no run 7")


def test_an_argument_that_is_not_utf8_is_refused(serve, workbench):
    serve()
    refused(workbench("board", "caf\udce9"), "is not UTF-8")
