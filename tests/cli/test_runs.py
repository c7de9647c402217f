import pytest

from tests.support.loopback import Reply, failing


@pytest.fixture
def answered(serve, workbench, project):
    """Two runs, one of another prompt, and a third in which nothing was answered."""
    server = serve(
        lambda body, number: failing(400, "no such thing") if "broken" in str(body) else f"word{number} [red]"
    )
    assert workbench("run", "triage").code == 0
    project.write("prompts/other.md", "user:\nSay hello to {{ name }}.\n")
    project.write("prompts/other.cases.yml", "- {name: ann, inputs: {name: Ann Applewhite}}\n")
    assert workbench("run", "other").code == 0
    project.write("prompts/third.md", "user:\nThis is broken.\n")
    assert workbench("run", "third").code == 1
    return server


def numbers(outcome, key="run"):
    return [value[key] for value in outcome.json]


def test_runs_are_listed_newest_first_and_narrowed_by_filters(answered, workbench):
    assert numbers(workbench("runs", "--json")) == [3, 2, 1]
    assert numbers(workbench("runs", "--prompt", "triage", "--json")) == [1]
    assert numbers(workbench("runs", "--model", "lab", "--limit", "2", "--json")) == [3, 2]
    assert numbers(workbench("runs", "--status", "error", "--json")) == [3]
    assert numbers(workbench("runs", "--status", "done", "--limit", "1", "--json")) == [3]
    assert numbers(workbench("runs", "--status", "interrupted", "--json")) == []
    assert numbers(workbench("runs", "--since", "1h", "--json")) == [3, 2, 1]
    assert numbers(workbench("runs", "--since", "2999-01-01", "--json")) == []
    assert numbers(workbench("runs", "--status", "done", "--prompt", "triage", "--json")) == [1]
    assert workbench("runs", "--status", "limit").err == "No such runs.\n"
    assert list(workbench("runs", "--json").json[0]) == [
        *("run", "started", "prompt", "contenders", "cases", "samples", "status", "counts", "cost"),
    ]


def test_an_option_before_a_command_of_the_group_counts_for_it(answered, workbench):
    assert workbench("runs", "--json", "show", "2").json == workbench("runs", "show", "2", "--json").json
    assert len(workbench("runs", "--limit", "1", "--prompt", "triage", "search", "--json").json) == 1


def test_an_option_that_a_command_does_not_take_is_refused_and_not_dropped(answered, workbench):
    for words, why in (
        (["runs", "--prompt", "triage", "show"], "“workbench runs show” takes no --prompt"),
        (["models", "--json", "install"], "“workbench models install” takes no --json"),
    ):
        outcome = workbench(*words)
        assert outcome.code == 2 and why in outcome.err


def test_results_are_found_by_words_of_the_answer_the_context_and_a_note(answered, workbench):
    workbench("runs", "note", "2", "seen by the queen")
    for words, result, where, snippet in (
        (["word1"], 2, "output", "word1 [red]"),
        (["Applewhite"], 4, "context", "Say hello to Ann Applewhite."),
        (["queen"], 2, "note", "seen by the queen"),
    ):
        (found,) = workbench("runs", "search", *words, "--json").json
        assert (found["result"], found["where"], found["snippet"]) == (result, where, snippet)
        assert f"“{words[0]}”" in workbench("runs", "search", *words).out
    (found,) = workbench("runs", "search", "word1", "--json").json
    (shown,) = [value for value in workbench("runs", "show", "1", "--json").json if value["result"] == 2]
    assert {name: found[name] for name in shown} == shown
    assert list(found)[len(shown) :] == ["label", "where", "snippet"]


def test_a_result_is_told_as_it_stands_in_the_run_it_was_found_in(answered, workbench, project):
    cases = project.root / "prompts/other.cases.yml"
    cases.write_text(cases.read_text().replace("name: ann,", "name: uno,"))
    assert workbench("run", "other").code == 0
    (found,) = workbench("runs", "search", "--run", "4", "--json").json
    (shown,) = workbench("runs", "show", "4", "--json").json
    assert {name: found[name] for name in shown} == shown
    assert (found["case"], found["cached"], found["cost"], found["result"]) == ("uno", True, "0", 4)


def test_a_search_is_narrowed_by_options_or_in_its_words(answered, workbench):
    assert numbers(workbench("runs", "search", "--json"), "result") == [5, 4, 3, 2, 1]
    for words in (["status:error"], ["--status", "error"], ["--prompt", "third"], ["run:3"], ["--run", "3"]):
        assert numbers(workbench("runs", "search", *words, "--json"), "result") == [5]
    assert numbers(workbench("runs", "search", "wor*", "--limit", "2", "--json"), "result") == [4, 3]
    assert numbers(workbench("runs", "search", "word1", "status:error", "--json"), "result") == []
    assert workbench("runs", "search", "nowhere").err == "No result is like that.\n"


def test_whatever_is_typed_as_words_is_no_error(answered, workbench):
    for words in ("AND", 'a "b', "NEAR(", "-", "*", "text:x", "(", "^a"):
        outcome = workbench("runs", "search", "--json", "--", words)
        assert (outcome.code, outcome.err) == (0, "")
        assert isinstance(outcome.json, list)


def test_one_result_is_shown_with_its_exact_context(answered, workbench):
    shown = workbench("runs", "result", "4")
    assert shown.code == 0
    assert "result 4 of run 2" in shown.out
    assert "\nUSER\nSay hello to Ann Applewhite.\n" in shown.out
    assert "\nCAME BACK\nword3 [red]\n" in shown.out
    value = workbench("runs", "result", "4", "--json").json
    assert value == workbench("export", "2").lines[0]
    assert value["messages"] == [{"role": "user", "content": "Say hello to Ann Applewhite."}]
    assert "there is no result 99" in workbench("runs", "result", "99").err


def test_one_result_is_printed_in_every_form_that_it_is_copied_in(answered, workbench):
    assert workbench("runs", "result", "4", "--format", "answer").out == "word3 [red]\n"
    messages = [{"role": "user", "content": "Say hello to Ann Applewhite."}]
    assert workbench("runs", "result", "4", "--format", "messages").json == messages
    for form in ("text", "curl", "python"):
        assert "Ann Applewhite" in workbench("runs", "result", "4", "--format", form).out
    whole = workbench("runs", "result", "4", "--json").json
    assert workbench("runs", "result", "4", "--format", "json").json == whole
    assert "two forms" in workbench("runs", "result", "4", "--json", "--format", "curl").err


def test_a_mark_and_a_note_stand_until_they_are_taken_back(answered, workbench):
    def remark():
        value = workbench("runs", "result", "1", "--json").json
        return value["label"], value["note"]

    assert workbench("runs", "mark", "1", "good").err == "result 1: marked good\n"
    assert workbench("runs", "mark", "1", "bad", "--json").json == {"result": 1, "label": "bad", "note": None}
    assert workbench("runs", "note", "1", "too short").err == "result 1: noted\n"
    assert remark() == ("bad", "too short")
    assert numbers(workbench("runs", "search", "label:bad", "--json"), "result") == [1]
    workbench("runs", "mark", "1", "none")
    workbench("runs", "note", "1", "")
    assert remark() == (None, None)
    for words in (["mark", "99", "good"], ["note", "99", "x"]):
        outcome = workbench("runs", *words)
        assert outcome.code == 2 and "there is no result 99" in outcome.err
    assert workbench("runs", "mark", "1", "fair").code == 2


def test_a_result_is_asked_anew_from_the_context_that_was_sent(answered, workbench, project):
    before = workbench("runs", "result", "4", "--json").json
    project.write("prompts/other.md", "user:\nSay something else to {{ name }}.\n")
    outcome = workbench("runs", "again", "4", "--json")
    assert outcome.code == 0
    (result,) = outcome.results
    assert (result["run"], result["result"], result["cached"]) == (4, 6, False)
    assert (result["version"], result["case"], result["sample"]) == (before["version"], "ann", 1)
    assert answered.requests[-1].texts == ["Say hello to Ann Applewhite."]
    assert workbench("runs", "result", "4", "--json").json == before
    assert workbench("runs", "again", "99").code == 2


def test_a_result_is_not_asked_anew_past_the_limit_unless_that_is_allowed(serve, workbench):
    price = "    price: {input: 0, output: 1000000}"
    server = serve(Reply("three words more"), price)
    workbench("run", "triage", "--case", "card", "--max-cost", "100")
    refused = workbench("runs", "again", "1")
    assert refused.code == 4 and "--max-cost" in refused.err
    assert len(server.requests) == 1
    assert workbench("runs", "again", "1", "--max-cost", "100").code == 0


def test_pruning_tells_what_would_go_and_removes_it_only_when_told(answered, workbench):
    preview = workbench("runs", "prune", "--keep", "1")
    assert preview.code == 0
    assert preview.out.startswith("would remove 2 runs (1-2): 4 results, 4 contexts, ")
    assert "--yes" in preview.err
    assert numbers(workbench("runs", "--json")) == [3, 2, 1]
    removed = workbench("runs", "prune", "--keep", "1", "--yes", "--json").json
    assert (removed["removed"], removed["runs"], removed["results"], removed["kept"]) == (True, [1, 2], 4, [])
    assert numbers(workbench("runs", "--json")) == [3]
    assert workbench("runs", "prune", "--keep", "1").err == "No run goes.\n"


def test_pruning_keeps_what_was_marked_and_says_so(answered, workbench):
    workbench("runs", "mark", "1", "good")
    pruned = workbench("runs", "prune", "--prompt", "triage", "--yes")
    assert "run 1 stays: " in pruned.out
    assert 1 in numbers(workbench("runs", "--json"))


def test_pruning_is_narrowed_and_never_takes_everything_by_default(answered, workbench):
    assert workbench("runs", "prune", "--failed", "--json").json["runs"] == [3]
    assert workbench("runs", "prune", "--older-than", "1d", "--json").json["runs"] == []
    assert workbench("runs", "prune", "--prompt", "other", "--json").json["runs"] == [2]
    assert workbench("runs", "prune", "--keep", "9" * 20).code == 2
    refused = workbench("runs", "prune", "--yes")
    assert refused.code == 2 and "say which runs may go" in refused.err
    assert len(workbench("runs", "--json").json) == 3


def test_markup_and_escapes_in_what_is_found_and_shown_are_text(serve, workbench):
    serve("[red]alarm[/] \x1b[31m \x02 found \x03")
    workbench("run", "triage", "--case", "card")
    workbench("runs", "note", "1", "a \x1b[31mnote")
    for words in (["runs", "search", "alarm"], ["runs", "result", "1"], ["runs", "search", "note"]):
        outcome = workbench(*words)
        assert outcome.code == 0 and "\x1b" not in outcome.out + outcome.err
    assert "[red]“alarm”[/]" in workbench("runs", "search", "alarm").out


def test_a_failure_that_was_tried_again_is_read_and_names_the_result_in_its_place(serve, workbench):
    mended = []
    serve(lambda body, number: "fine" if mended else failing(400, "no such thing"))
    workbench("run", "triage", "--case", "card")
    workbench("runs", "note", "1", "flaky")
    mended.append(True)
    assert workbench("run", "--retry-failed").code == 0
    shown = workbench("runs", "result", "1")
    assert shown.code == 0
    for part in ("result 1 of run 1", "replaced by: result 2", "status: error", "no such thing", "flaky"):
        assert part in shown.out
    assert workbench("runs", "result", "1", "--json").json["status"] == "error"
    assert "replaced by" not in workbench("runs", "result", "2").out
    for words in (["mark", "1", "good"], ["note", "1", "hm"]):
        refused = workbench("runs", *words)
        assert refused.code == 2 and "result 1 was tried again, and result 2 is in its place" in refused.err
    assert workbench("runs", "note", "1", "").code == 0
    assert workbench("runs", "again", "1").code == 0


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["export", "nosuch"], "“nosuch” is not the number of a run: “workbench runs” lists them"),
        (["runs", "show", "0"], "“0” is not the number of a run"),
        (["runs", "search", "--run", "x"], "“x” is not the number of a run"),
        (["runs", "result", "x"], "“x” is not the number of a result: “workbench runs show” lists"),
        (["runs", "mark", "9" * 30, "good"], "is not the number of a result"),
    ],
)
def test_what_is_no_number_of_a_run_or_a_result_is_said_in_those_words(workbench, project, words, what):
    refused = workbench(*words)
    assert refused.code == 2 and what in refused.err
