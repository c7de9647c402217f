"""What ``context`` shows besides the messages: segments, changes, forms to copy, findings."""

import json
import shlex

import pytest

from tests.cli.conftest import PROMPT
from workbench.project.switches import CODES

PRICE = "    price: {input: 0.10, output: 0.40}"
TAGGED = PROMPT.replace("You sort tickets.\n", "You sort tickets.\n<policy>\n")


def test_segments_are_a_tree_with_tokens_shares_and_money(serve, workbench):
    serve(more=PRICE)
    outcome = workbench("context", "triage", "--segments")
    assert outcome.out == (
        "PART                 TOKENS    SHARE       INPUT  WRITTEN IN\n"
        "lab                      24  100.0 %  $0.0000024\n"
        "  system                  4   16.7 %  $0.0000004  prompts/triage.md:7\n"
        "    T template            4   16.7 %  $0.0000004  prompts/triage.md:7\n"
        "  user                    9   37.5 %  $0.0000009  prompts/triage.md:10\n"
        "    T template            3   12.5 %  $0.0000003  prompts/triage.md:10\n"
        "    I ticket              3   12.5 %  $0.0000003  prompts/triage.md:10\n"
        "    T template            3   12.5 %  $0.0000003  prompts/triage.md:10\n"
        "  protocol overhead      11   45.8 %  $0.0000011\n"
    )


def test_segments_can_be_added_up_by_source_and_sorted_by_cost(serve, workbench):
    serve()
    outcome = workbench("context", "triage", "--segments", "--by", "source", "--sort", "cost")
    rows = [line.split()[:-5] for line in outcome.out.splitlines()[2:]]
    assert [line.split("  ")[1].strip() for line in outcome.out.splitlines()[2:]] == [
        "protocol overhead",
        "T template",
        "I ticket",
    ]
    assert rows
    assert "unpriced" in outcome.out


def test_each_model_has_a_tree_of_its_own(serve, workbench):
    serve()
    outcome = workbench("context", "triage", "--segments", "-m", "lab", "-m", "openai/gpt-4o-mini")
    assert outcome.out.count("PART") == 2
    assert "\nlab " in outcome.out and "\nopenai/gpt-4o-mini " in outcome.out


def test_diff_shows_what_changed_in_the_context_with_tokens_and_price(serve, workbench, project):
    serve(more=PRICE)
    project.commit()
    project.write("prompts/triage.md", TAGGED)
    outcome = workbench("context", "triage", "--diff", "HEAD")
    assert "+<policy>" in outcome.out.splitlines()
    assert " You sort tickets." in outcome.out.splitlines()
    assert outcome.out.splitlines()[-3:] == [
        "",
        "MODEL  TOKENS  CHANGE       INPUT       CHANGE",
        "lab      27 ≈      +3  $0.0000027  +$0.0000003",
    ]
    back = workbench("diff", "triage", "triage@HEAD", "--rendered").out
    assert back.splitlines()[-1] == "lab      24 ≈      -3  $0.0000024  -$0.0000003"
    same = workbench("diff", "triage", "triage", "--rendered").out
    assert same.splitlines() == [
        "MODEL  TOKENS  CHANGE       INPUT  CHANGE",
        "lab      27 ≈      ±0  $0.0000027      ±0",
    ]


def test_a_price_that_does_not_change_or_is_not_known_is_told_once(serve, workbench, project):
    serve()
    project.commit()
    project.write("prompts/triage.md", TAGGED)
    chosen = ("-m", "lab", "-m", "local/missing.gguf")
    table = workbench("context", "triage", "--diff", "HEAD", *chosen).out.splitlines()[-3:]
    assert table == [
        "MODEL               TOKENS  CHANGE     INPUT  CHANGE",
        "lab                   27 ≈      +3  unpriced",
        "local/missing.gguf       ?       ?      free",
    ]


def test_long_labels_and_places_are_whole_in_a_pipe(serve, workbench, project):
    serve()
    name = "a_partial_" * 8
    project.write("prompts/triage.md", f'{{% include "_{name}.md" %}}\n')
    project.write(f"prompts/_{name}.md", "Be kind.\n")
    outcome = workbench("context", "triage", "--segments")
    assert f"prompts/_{name}.md:1" in outcome.out and "…" not in outcome.out


def test_diff_of_an_older_revision_says_from_which_to_which(serve, workbench, project):
    serve()
    first = project.commit()
    project.write("prompts/triage.md", TAGGED)
    project.commit()
    outcome = workbench("context", "triage@HEAD", "--diff", first)
    assert "+<policy>" in outcome.out
    assert "What the model receives is the same." in workbench("context", "triage", "--diff", "HEAD").err


@pytest.mark.parametrize("words", [["--json"], ["--format", "json"], ["--json", "--format", "json"]])
def test_json_has_one_shape_however_it_is_asked_for(serve, workbench, words):
    serve()
    shown = workbench("context", "triage", *words).json
    assert list(shown) == ["prompt", "version", "revision", "case", "messages", "models", "findings"]


def test_messages_are_json_for_any_program(serve, workbench):
    serve()
    outcome = workbench("context", "triage", "--format", "messages")
    assert json.loads(outcome.out) == [
        {"role": "system", "content": "You sort tickets."},
        {"role": "user", "content": "<ticket>Card declined twice</ticket>"},
    ]


def test_text_is_the_context_and_nothing_else(serve, workbench):
    serve()
    outcome = workbench("context", "triage", "--format", "text")
    assert outcome.out == (
        "── system ──\nYou sort tickets.\n── user ──\n<ticket>Card declined twice</ticket>\n"
    )


def test_curl_asks_the_models_own_address_with_its_params(serve, workbench):
    server = serve(more="    api_key_env: LAB_KEY")
    outcome = workbench("context", "triage", "--format", "curl")
    words = shlex.split(outcome.out.replace("\\\n", " "))
    assert words[:2] == ["curl", f"{server.url}/chat/completions"]
    body = json.loads(words[words.index("-d") + 1])
    assert (body["model"], body["max_tokens"]) == ("loopback-1", 20)
    assert "Authorization: Bearer $LAB_KEY" in words


def test_python_is_a_script(serve, workbench):
    serve()
    outcome = workbench("context", "triage", "--format", "python")
    compile(outcome.out, "copied", "exec")
    assert "Card declined twice" in outcome.out


def test_a_form_that_a_provider_does_not_have_names_another(serve, workbench):
    serve()
    outcome = workbench("context", "triage", "-m", "bedrock/amazon.nova-lite-v1:0", "--format", "curl")
    assert outcome.code == 2
    assert "no plain HTTP form for “bedrock/amazon.nova-lite-v1:0”" in outcome.err
    assert "--format python" in outcome.err


def test_no_form_shows_a_key(serve, workbench, project, monkeypatch):
    serve(more="    api_key_env: LAB_KEY")
    monkeypatch.setenv("LAB_KEY", "planted-key")
    for form in ("text", "json", "messages", "curl", "python"):
        outcome = workbench("context", "triage", "--format", form)
        assert outcome.code == 0
        assert "planted-key" not in outcome.out + outcome.err


def test_an_escape_in_an_input_acts_in_no_form(serve, workbench):
    serve()
    for form in ("text", "json", "messages", "curl", "python"):
        outcome = workbench("context", "triage", "-i", "ticket=a\x1b[31mb", "--format", form)
        assert outcome.code == 0
        assert "\x1b" not in outcome.out
    shown = workbench("context", "triage", "-i", "ticket=a\x1b[31mb", "--format", "messages")
    assert json.loads(shown.out)[1]["content"] == "<ticket>a\x1b[31mb</ticket>"


@pytest.mark.parametrize(
    ("words", "said", "remedy"),
    [
        (["--segments", "--diff", "HEAD"], "two views", "one at a time"),
        (["--json", "--format", "curl"], "two forms", "Leave one of them out"),
        (["--json", "--diff", "HEAD"], "--diff is for people", "diff triage@HEAD triage --rendered --json"),
        (["--format", "curl", "--diff", "HEAD"], "--diff is for people", "--rendered --json"),
        (["--json", "--segments"], "--segments is for people", "JSON holds every segment"),
        (["--format", "text", "--segments"], "--segments is for people", "Leave one of them out"),
        (["--sort", "cost"], "--sort and --by", "Add --segments"),
        (["--by", "source"], "--sort and --by", "Add --segments"),
        (["--diff", "HEAD", "-i", "ticket=x"], "--diff compares a case", "--case"),
        (["--format", "curl", "-m", "lab", "-m", "gpt-4o"], "for one model", "Give -m once"),
        (["--fail-on", "unused-inputs"], "no finding “unused-inputs”", "“unused-input”"),
    ],
)
def test_options_that_contradict_each_other_are_refused_with_a_remedy(serve, workbench, words, said, remedy):
    serve()
    outcome = workbench("context", "triage", *words)
    assert outcome.code == 2
    assert said in outcome.err and remedy in outcome.err
    assert outcome.out == ""


def test_findings_are_listed_with_place_reason_and_code(serve, workbench, project):
    serve()
    project.write("prompts/triage.md", TAGGED)
    outcome = workbench("context", "triage")
    assert outcome.code == 0
    _, _, findings = outcome.out.partition("\nFINDINGS\n")
    (line,) = (line for line in findings.splitlines() if line.endswith("(unclosed-tag)"))
    assert line.startswith("prompts/triage.md:8: ")


def test_findings_are_in_json_with_path_and_line(serve, workbench, project):
    serve()
    project.write("prompts/triage.md", TAGGED)
    found = workbench("context", "triage", "--json").json["findings"]
    (finding,) = (finding for finding in found if finding["code"] == "unclosed-tag")
    assert list(finding) == ["code", "message", "path", "line"]
    assert (finding["path"], finding["line"]) == ("prompts/triage.md", 8)


@pytest.mark.parametrize("words", [[], ["--json"], ["--segments"], ["--format", "curl"]])
def test_fail_on_exits_with_1_after_everything_is_printed(serve, workbench, project, words):
    serve()
    as_it_was = workbench("context", "triage", *words, "--fail-on", "unclosed-tag")
    project.write("prompts/triage.md", TAGGED)
    failed = workbench("context", "triage", *words, "--fail-on", "unclosed-tag", "--fail-on", "repeat")
    assert (as_it_was.code, failed.code) == (0, 1)
    assert failed.out == workbench("context", "triage", *words).out
    assert ('"unclosed-tag"' if "--json" in words else "(unclosed-tag)") in failed.out + failed.err
    assert workbench("context", "triage", *words, "--fail-on", "repeat").code == 0


def test_fail_on_any_takes_whatever_is_found(serve, workbench, project):
    serve()
    project.write("prompts/triage.md", TAGGED)
    assert workbench("context", "triage", "--fail-on", "any").code == 1


def test_a_finding_that_is_switched_off_is_said_to_fail_nothing(serve, workbench, project):
    serve()
    project.write("prompts/triage.md", TAGGED.replace("params:", "findings: {unclosed-tag: off}\nparams:"))
    outcome = workbench("context", "triage", "--fail-on", "unclosed-tag")
    assert outcome.code == 0
    assert "“unclosed-tag” is switched off here" in outcome.err
    assert "“findings: {few-examples: on}”" in workbench("context", "triage", "--fail-on", "few-examples").err


def test_codes_are_completed_in_the_shell(serve, workbench, monkeypatch):
    serve()
    from click.testing import CliRunner

    from workbench.cli.main import cli

    completing = {"COMP_WORDS": "workbench context triage --fail-on un", "COMP_CWORD": "4"}
    done = CliRunner().invoke(
        cli, prog_name="workbench", env={"_WORKBENCH_COMPLETE": "bash_complete", **completing}
    )
    words = [line.partition(",")[2] for line in done.output.splitlines()]
    assert words == [code for code in CODES if code.startswith("un")]


def test_nothing_is_coloured_in_a_pipe(serve, workbench, project):
    serve()
    project.commit()
    project.write("prompts/triage.md", TAGGED)
    for words in (["--segments"], ["--diff", "HEAD"], []):
        assert "\x1b" not in workbench("context", "triage", *words).out


def test_prices_name_their_source_and_cached_input_where_it_is_known(serve, workbench):
    serve()
    outcome = workbench("context", "triage", "-m", "openai/gpt-4o-mini", "-m", "lab")
    assert "INPUT IF CACHED" in outcome.out
    assert "prices: LiteLLM " in outcome.out
    assert "unpriced" in outcome.out


def test_an_estimate_says_how_many_reports_have_corrected_it(serve, workbench):
    serve()
    assert "CORRECTED BY" not in workbench("context", "triage").out
    assert workbench("run", "triage").code == 0
    table = workbench("context", "triage").out.splitlines()[-2:]
    assert "CORRECTED BY" in table[0]
    assert " ≈ " in table[1] and "3 reports, off by " in table[1]


def test_copying_warns_of_what_the_model_would_refuse(serve, workbench, project):
    serve()
    project.write("prompts/triage.md", "---\nparams: {temprature: 1}\n---\n{{ ticket }}\n")
    outcome = workbench("context", "triage", "--format", "curl")
    assert outcome.code == 0
    assert "warning: lab does not take the param “temprature”" in outcome.err


def test_a_model_that_is_not_ready_still_has_a_tree(serve, workbench):
    serve()
    outcome = workbench("context", "triage", "--segments", "-m", "local/missing.gguf")
    assert outcome.code == 0
    assert "no tokens for “local/missing.gguf”" in outcome.err
    assert "  user                    ?      ?   free" in outcome.out
