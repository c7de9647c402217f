import json

import pytest

from tests.support.loopback import Reply, failing, unauthorized

ATTACK = "[red]alarm[/] \x1b]0;owned\x07\x1b[31mred \x9b31m \u202etxt.exe \r over [/]"
OBEYED = "\x1b\x07\x9b\u202e\r"
KEY = "sk-planted-7f3a9c2e41d8"


def inert(text):
    return not any(letter in text for letter in OBEYED)


@pytest.fixture
def attacked(serve, workbench, project):
    serve(lambda body, number: f"{ATTACK} {number}")
    project.write("prompts/triage.md", "user:\nSort: {{ ticket }}\n")
    project.write("prompts/triage.cases.yml", '- {name: "a\\e[31m", inputs: {ticket: "x\\e[0m [b]"}}\n')
    ran = workbench("run", "triage", "--set", "temperature=0,1")
    return ran


def test_escape_sequences_and_markup_in_an_answer_are_shown_as_text(attacked, workbench):
    assert attacked.code == 0
    shown = workbench("runs", "show")
    pair = workbench("duel", "next", "triage")
    context = workbench("context", "triage")
    for outcome in (attacked, shown, pair, context):
        assert inert(outcome.out) and inert(outcome.err)
    for outcome in (attacked, shown, pair):
        assert "[red]alarm[/] ␛]0;owned␇␛[31mred" in outcome.out
    assert "x␛[0m [b]" in context.out


def test_json_keeps_the_answer_whole_and_inert(attacked, workbench):
    shown = workbench("runs", "show", "--json")
    assert inert(shown.out)
    assert {result["text"] for result in shown.json} == {f"{ATTACK} 0", f"{ATTACK} 1"}
    pair = workbench("duel", "next", "triage", "--json")
    assert inert(pair.out)
    assert pair.json["left"]["text"].startswith(ATTACK)


def test_half_a_character_in_an_answer_can_be_shown(serve, workbench):
    serve(Reply(raw=b'{"choices": [{"message": {"content": "a\\ud83d b"}, "finish_reason": "stop"}]}'))
    ran = workbench("run", "triage", "--case", "card")
    assert (ran.code, "a\N{REPLACEMENT CHARACTER} b" in ran.out) == (0, True)
    assert workbench("runs", "show", "--json").code == 0


def test_a_planted_key_appears_nowhere_even_when_the_server_repeats_it(
    serve, workbench, project, monkeypatch
):
    server = serve(unauthorized(), "    api_key_env: LAB_KEY")
    monkeypatch.setenv("LAB_KEY", KEY)
    outcomes = [
        workbench(*words)
        for words in (
            ["run", "triage", "--json"],
            ["run", "triage"],
            ["runs", "show", "--json"],
            ["runs", "show"],
            ["models", "--json"],
            ["doctor"],
            ["context", "triage", "--json"],
        )
    ]
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert outcomes[0].code == 3
    assert "[key]" in outcomes[0].results[0]["error"]
    for outcome in outcomes:
        assert KEY not in outcome.out + outcome.err
    for file in project.root.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()


def tells_key():
    """Answers of every kind that hold the key somewhere."""
    asked = {"name": KEY, "arguments": json.dumps({"key": KEY})}
    message = {"content": None, "tool_calls": [{"id": KEY, "type": "function", "function": asked}]}
    whole = {"model": KEY, "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    return [
        Reply(f"Your key is {KEY}.", reasoning=f"They sent {KEY}", model=f"m-{KEY}", headers={"X-Echo": KEY}),
        Reply("", refusal=f"Not with {KEY}"),
        Reply(f"cut at {KEY}", finish=KEY),
        Reply(raw=json.dumps(whole).encode()),
        unauthorized(),
        failing(400, f"no such thing as {KEY}"),
        Reply(raw=json.dumps({"error": {"message": KEY, "type": KEY, "code": KEY}}).encode()),
        Reply(raw=f'{{"choices": "{KEY}'.encode()),
        Reply(raw=KEY.encode(), content_type=f"text/{KEY}"),
    ]


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_key_that_answers_repeat_is_nowhere_in_what_is_kept_shown_and_exported(
    serve, workbench, project, monkeypatch, tmp_path, place
):
    server = serve(tells_key(), "    api_key_env: LAB_KEY")
    if place == "environment":
        monkeypatch.setenv("LAB_KEY", KEY)
    else:
        project.write(".gitignore", ".env\n")
        project.write(".env", f"LAB_KEY={KEY}\n")
    ran = workbench("run", "triage", "--samples", "3", "--out", "results.jsonl", "--json")
    assert ran.code == 1
    assert {request.headers["Authorization"] for request in server.requests} == {f"Bearer {KEY}"}
    assert len(server.requests) == 9 == len(ran.results)
    assert "Your key is [key]." in {result["text"] for result in ran.results}
    outcomes = [
        ran,
        *(workbench("runs", "result", str(result["result"])) for result in ran.results),
        *(
            workbench(*words)
            for words in (
                ["run", "triage"],
                ["runs", "again", "1"],
                ["runs", "show"],
                ["runs", "show", "1", "--json"],
                ["runs", "search", "key", "--json"],
                ["export", "--all"],
                ["export", "--all", "--out", "results.csv"],
                ["export", "--all", "--out", "results.md"],
                ["context", "triage", "--format", "curl"],
                ["context", "triage", "--format", "python"],
                ["board", "triage"],
                ["duel", "next", "triage"],
                ["history", "triage"],
                ["models", "--json"],
                ["doctor"],
            )
        ),
    ]
    for outcome in outcomes:
        assert KEY not in outcome.out + outcome.err
    kept = [file for file in tmp_path.rglob("*") if file.is_file() and file.name != ".env"]
    assert {"results.jsonl", "results.csv", "results.md", "runs.db"} <= {file.name for file in kept}
    for file in kept:
        assert KEY.encode() not in file.read_bytes()


def test_a_key_may_come_from_a_dotenv_file_that_git_does_not_track(serve, workbench, project):
    server = serve("billing", "    api_key_env: LAB_KEY")
    project.write(".gitignore", ".env\n")
    project.write(".env", f"LAB_KEY={KEY}\nOPENAI_BASE_URL=http://example.org\n")
    project.commit()
    outcome = workbench("run", "triage", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_tracked_dotenv_file_is_ignored_with_a_warning(serve, workbench, project):
    server = serve("billing", "    api_key_env: LAB_KEY")
    project.write(".env", f"LAB_KEY={KEY}\n")
    project.commit()
    outcome = workbench("run", "triage", "--json")
    assert outcome.code == 3
    assert "workbench: warning: .env is tracked by git and therefore ignored" in outcome.err
    assert "LAB_KEY is not set" in outcome.err
    assert server.requests == []


def test_a_project_from_elsewhere_sends_no_key_to_an_address_of_its_own_until_it_is_trusted(
    serve, workbench, project, monkeypatch
):
    serve()
    monkeypatch.setenv("LAB_KEY", KEY)
    foreign = "models: {lab: {model: openai/x, api_base: 'http://10.255.255.1:9/v1', api_key_env: LAB_KEY}}\n"
    project.write(".workbench.yml", foreign)
    for _ in range(2):
        untrusted = workbench("run", "triage", "-m", "lab", "--plan")
        assert untrusted.code == 3
        assert "needs trust" in untrusted.err and "workbench trust" in untrusted.err
        assert "10.255.255.1" in workbench("trust").out
        assert workbench("run", "triage", "-m", "lab", "--plan").code == 0
        # What was trusted is this content: after a change it is asked for again.
        foreign += "# changed\n"
        project.write(".workbench.yml", foreign)
        assert workbench("run", "triage", "-m", "lab", "--plan").code == 3


def test_colour_is_for_terminals_and_not_where_it_is_unwanted(monkeypatch):
    from workbench.cli.output import colour_wanted

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert colour_wanted()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colour_wanted()


def test_what_is_piped_is_plain(serve, workbench):
    serve("billing")
    assert (
        "\x1b"
        not in workbench("run", "triage").out + workbench("runs").out + workbench("context", "triage").out
    )
