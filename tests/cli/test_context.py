import pytest

MODEL_KEYS = [
    *("name", "model", "params", "tokens", "message_tokens", "overhead", "exact", "window"),
    *("priced", "cost"),
]


def check_sums(shown):
    for message in shown["messages"]:
        assert sum(segment["tokens"] for segment in message["segments"]) == message["tokens"]
        assert [segment["start"] for segment in message["segments"]] == [
            0,
            *(segment["end"] for segment in message["segments"][:-1]),
        ]
        assert message["segments"][-1]["end"] == len(message["content"])
    assert [message["tokens"] for message in shown["messages"]] == shown["models"][0]["message_tokens"]
    for model in shown["models"]:
        assert sum(model["message_tokens"]) + model["overhead"] == model["tokens"]
        assert len(model["message_tokens"]) == len(shown["messages"])


def test_json_has_every_key_of_the_specification(serve, workbench):
    serve()
    shown = workbench("context", "triage", "--json").json
    assert list(shown) == ["prompt", "version", "revision", "case", "messages", "models", "findings"]
    assert (shown["prompt"], shown["case"], shown["revision"]) == ("triage", "card", None)
    assert list(shown["messages"][0]) == ["role", "content", "tokens", "segments"]
    assert list(shown["messages"][0]["segments"][0]) == ["origin", "name", "start", "end", "tokens"]
    (model,) = shown["models"]
    assert list(model) == MODEL_KEYS
    assert model["params"] == {"max_tokens": 20}
    assert (model["exact"], model["window"], model["priced"]) == (False, None, "unpriced")
    assert model["cost"] == dict.fromkeys(["input", "output_low", "output_typical", "output_high"])


def test_tokens_of_segments_messages_and_models_add_up(serve, workbench):
    serve()
    shown = workbench("context", "triage", "-m", "lab", "-m", "openai/gpt-4o-mini", "--json").json
    check_sums(shown)
    assert [segment["origin"] for segment in shown["messages"][1]["segments"]] == [
        "template",
        "input",
        "template",
    ]
    assert [model["name"] for model in shown["models"]] == ["lab", "openai/gpt-4o-mini"]


def test_prices_are_exact_decimal_text_in_dollars(serve, workbench):
    serve(more="    price: {input: 0.10, output: 0.40}")
    # 20 tokens of output at most, by the prompt's own max_tokens: at 0.40 USD a million.
    (model,) = workbench("context", "triage", "--json").json["models"]
    assert model["priced"] == "usd"
    assert model["cost"]["output_low"] == "0"
    assert model["cost"]["output_typical"] == model["cost"]["output_high"] == "0.000008"
    whole, decimals = model["cost"]["input"].split(".")
    assert int(decimals.ljust(12, "0")) == model["tokens"] * 100_000 and whole == "0"


def test_a_case_is_named_or_numbered(serve, workbench):
    serve()
    assert workbench("context", "triage", "--case", "crash", "--json").json["case"] == "crash"
    assert workbench("context", "triage", "--case", "3", "--json").json["case"] == "thanks"
    unknown = workbench("context", "triage", "--case", "crsh", "--json")
    assert unknown.code == 2
    assert "Did you mean “crash”?" in unknown.err


def test_inputs_come_from_the_command_line_a_file_and_standard_input(serve, workbench, project):
    serve()
    project.write("ticket.txt", "from a file\n")
    for given, stdin, seen in (
        ("ticket=typed", b"", "typed"),
        ("ticket=@ticket.txt", b"", "from a file\n"),
        ("ticket=-", "gepiped é".encode(), "gepiped é"),
    ):
        shown = workbench("context", "triage", "-i", given, "--json", stdin=stdin).json
        assert shown["case"] == "inputs"
        assert shown["messages"][1]["content"] == f"<ticket>{seen}</ticket>"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["-i", "ticket"], "NAME=VALUE"),
        (["-i", "ticket=@missing.txt"], "missing.txt: cannot be read"),
        (["-i", "ticket=@latin.txt"], "latin.txt: is not UTF-8: the first bad byte is at offset 3"),
        (["-i", "ticket=a", "-i", "ticket=b"], "given twice"),
        (["-i", "ticket=-", "-i", "other=-"], "only once"),
    ],
)
def test_an_input_that_cannot_be_read_is_a_usage_error(serve, workbench, project, given, said):
    serve()
    project.write("latin.txt", b"caf\xe9")
    outcome = workbench("context", "triage", *given)
    assert outcome.code == 2
    assert said in outcome.err


def test_an_input_that_the_version_does_not_know_is_a_warning(serve, workbench):
    serve()
    outcome = workbench("context", "triage", "-i", "ticket=x", "-i", "tone=y", "--json")
    assert outcome.code == 0
    assert "warning: the input “tone” is not used by triage" in outcome.err


def test_a_revision_shows_the_prompt_as_it_was(serve, workbench, project):
    serve()
    first = project.commit()
    project.write("prompts/triage.md", "user:\nSort: {{ ticket }}\n")
    second = project.commit()
    shown = workbench("context", f"triage@{first}", "--json").json
    assert (shown["revision"], shown["messages"][0]["content"]) == (first, "You sort tickets.")
    shown = workbench("context", "triage@HEAD", "--json").json
    assert (shown["revision"], shown["messages"][0]["content"]) == (second, "Sort: Card declined twice")
    unknown = workbench("context", "triage@nowhere", "--json")
    assert unknown.code == 2
    assert "git knows no revision “nowhere”" in unknown.err


def test_people_see_each_line_once_with_the_letters_that_meet_on_it(serve, workbench):
    serve()
    outcome = workbench("context", "triage")
    assert outcome.out == (
        "SYSTEM  4 tokens\n"
        "T  You sort tickets.\n"
        "\n"
        "USER  9 tokens\n"
        "TI <ticket>Card declined twice</ticket>\n"
        "\n"
        "MODEL  TOKENS  WINDOW  COST OF ONE CALL  PROBLEM\n"
        "lab      24 ≈       ?          unpriced\n"
    )


def test_a_line_breaks_where_the_message_does_and_nowhere_else(serve, workbench, project):
    serve()
    project.write("prompts/triage.md", "Review: {{ ticket }}!\n\nBye {{ ticket }}\n{{ ticket }}\n")
    outcome = workbench("context", "triage", "-i", "ticket=One\n\nTwo")
    message = workbench("context", "triage", "-i", "ticket=One\n\nTwo", "--json").json["messages"][0]
    shown = outcome.out.partition("\n\nMODEL")[0].split("\n")[1:]
    assert shown == [
        *("TI Review: One", "I", "IT Two!", "T", "TI Bye One", "I", "I  Two", "I  One", "I", "I  Two"),
    ]
    assert [line[3:] for line in shown] == message["content"].split("\n")


def test_one_token_is_no_plural(serve, workbench, project):
    serve()
    project.write("prompts/triage.md", "Hi\n")
    assert workbench("context", "triage").out.startswith("USER  1 token\n")


def test_in_a_pipe_a_problem_is_whole_and_on_a_terminal_it_may_be_cut(serve, workbench, project, monkeypatch):
    serve()
    long = "temprature_" * 12
    project.write("prompts/triage.md", f"---\nparams: {{{long}: 1}}\n---\n{{{{ ticket }}}}\n")

    def problem():
        table = workbench("context", "triage").out.partition("PROBLEM")[2]
        return table.splitlines()[1]

    assert f"lab does not take the param “{long}”: remove it." in problem()
    assert "…" not in problem()
    monkeypatch.setattr("workbench.cli.output.on_terminal", lambda: True)
    assert long not in problem() and problem().endswith("…")


def test_a_param_that_the_model_does_not_take_is_shown_as_a_problem(serve, workbench, project):
    serve()
    project.write("prompts/triage.md", "---\nparams: {temprature: 1}\n---\n{{ ticket }}\n")
    assert "lab does not take the param “temprature”" in workbench("context", "triage").out


@pytest.mark.engine
def test_on_the_embedded_model_the_total_is_what_the_engine_reports(project, workbench):
    project.triage()
    project.write("prompts/triage.md", "---\nparams: {max_tokens: 4}\n---\nTicket: {{ ticket }} <|im_end|>\n")
    project.write(".workbench.yml", "models: {smol: local/smollm2-135m}\ndefaults: {models: [smol]}\n")
    shown = workbench("context", "triage", "-m", "smol", "-m", "openai/gpt-4o-mini", "--json").json
    check_sums(shown)
    # The chat template writes a system message of its own where there is none.
    assert [message["segments"][0]["origin"] for message in shown["messages"]] == ["engine", "template"]
    assert shown["models"][1]["message_tokens"][0] == 0
    ran = workbench("run", "triage", "--case", "card", "--json")
    assert ran.results[0]["usage"]["input"] == shown["models"][0]["tokens"]
    assert shown["models"][0]["exact"] is True
    assert shown["models"][0]["priced"] == "free"
