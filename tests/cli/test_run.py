import json

import pytest

from tests.support.loopback import Reply, failing, rate_limited, unauthorized

RESULT_KEYS = [
    *("event", "run", "result", "prompt", "version", "revision", "dirty", "contender", "model", "params"),
    *("case", "sample", "status", "text", "valid", "expected", "finish", "error", "usage", "cost", "ttft"),
    *("total", "cached"),
]

PRICE = "    price: {input: 1, output: 1000000}"
"""A dollar for each token of output: figures that a head can check."""


def test_every_event_has_every_key_of_the_specification(serve, workbench):
    serve("billing")
    outcome = workbench("run", "triage", "--json")
    assert outcome.code == 0
    planned, *results, ended = outcome.lines
    assert list(planned) == ["event", "run", "calls", "cached", "cost"]
    assert (planned["event"], planned["run"], planned["calls"], planned["cached"]) == ("planned", 1, 3, 0)
    assert planned["cost"] == {"low": None, "typical": None, "high": None}
    assert [list(result) for result in results] == [RESULT_KEYS] * 3
    first = next(result for result in results if result["case"] == "card")
    assert (first["status"], first["text"], first["expected"]) == ("ok", "billing", True)
    assert first["usage"] == {"input": 6, "output": 1, "cached": 0, "reasoning": 0}
    assert (first["revision"], first["dirty"], first["cost"], first["cached"]) == (None, False, None, False)
    assert (first["params"], first["valid"], first["finish"]) == ({"max_tokens": 20}, None, "stop")
    assert first["total"] > 0
    expected = {result["case"]: result["expected"] for result in results}
    assert expected == {"card": True, "crash": False, "thanks": None}
    assert list(ended) == ["event", "run", "status", "counts", "cost"]
    assert (ended["status"], ended["counts"], ended["cost"]) == ("done", {"ok": 3}, None)


def test_two_versions_are_asked_once_and_answered_from_the_store_ever_after(serve, workbench, project):
    server = serve(lambda body, number: f"answer {number}")
    first = project.commit()
    project.write("prompts/triage.md", "user:\nSort this: {{ ticket }}\n")
    project.commit()
    asked = ["run", "triage@HEAD", f"triage@{first}", "-m", "lab", "--json"]

    fresh = workbench(*asked)
    assert fresh.code == 0
    assert (fresh.lines[0]["calls"], fresh.lines[0]["cached"]) == (6, 0)
    assert len(server.requests) == 6
    assert {(result["revision"], result["case"]) for result in fresh.results} == {
        (revision, case)
        for revision in (first, project.git("rev-parse", "HEAD"))
        for case in ("card", "crash", "thanks")
    }

    again = workbench(*asked)
    assert again.code == 0
    assert (again.lines[0]["calls"], again.lines[0]["cached"]) == (0, 6)
    assert len(server.requests) == 6
    texts = {(result["version"], result["case"]): result["text"] for result in fresh.results}
    assert {(one["version"], one["case"]): one["text"] for one in again.results} == texts
    assert {(result["cached"], result["cost"]) for result in again.results} == {(True, "0")}
    assert {result["result"] for result in again.results} == {result["result"] for result in fresh.results}

    shown = workbench("runs", "show", "--json").json
    assert [{"event": "result", **result} for result in shown] == again.results
    assert len(workbench("runs", "--json").json) == 2


def test_fresh_asks_again(serve, workbench):
    server = serve("billing")
    workbench("run", "triage", "--json")
    assert workbench("run", "triage", "--fresh", "--json").lines[0]["calls"] == 3
    assert len(server.requests) == 6


def test_a_version_of_the_store_runs_by_its_hash(serve, workbench, project):
    server = serve()
    version = workbench("run", "triage", "--case", "card", "--json").results[0]["version"]
    project.write("prompts/triage.md", "user:\nAnother: {{ ticket }}\n")
    again = workbench("run", f"triage@{version}", "--case", "crash", "--json")
    assert again.results[0]["version"] == version
    assert again.results[0]["revision"] is None
    assert server.requests[-1].texts == ["You sort tickets.", "<ticket>The app crashes</ticket>"]
    unknown = workbench("run", "triage@v:000000", "--json")
    assert (unknown.code, "the store holds no such version" in unknown.err) == (2, True)
    for odd in ("v:", "v:%", "v:xyz"):
        refused = workbench("run", f"triage@{odd}", "--json")
        assert (refused.code, "is not the hash of a version" in refused.err) == (2, True)


def test_the_working_tree_is_dirty_where_it_differs_from_the_last_commit(serve, workbench, project):
    serve()
    project.commit()
    assert not workbench("run", "triage", "--case", "1", "--json").results[0]["dirty"]
    project.write("prompts/triage.md", "user:\nAnother: {{ ticket }}\n")
    result = workbench("run", "triage", "--case", "1", "--json").results[0]
    assert result["dirty"]
    assert result["revision"] == project.git("rev-parse", "HEAD")


def test_params_are_swept(serve, workbench):
    server = serve()
    outcome = workbench("run", "triage", "--case", "card", "--set", "temperature=0,0.7", "--json")
    assert [result["params"]["temperature"] for result in outcome.results] == [0, 0.7]
    assert len({result["contender"] for result in outcome.results}) == 2
    assert sorted(request.body["temperature"] for request in server.requests) == [0, 0.7]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (["stop=[a, b]"], [["a", "b"]]),
        (['stop="a,b"'], ["a,b"]),
        (["stop=a", "stop=b"], ["a", "b"]),
        (["stop=null"], [None]),
    ],
)
def test_values_of_params_are_read_as_yaml(serve, workbench, given, sent):
    server = serve()
    words = [word for each in given for word in ("--set", each)]
    assert workbench("run", "triage", "--case", "card", *words, "--json").code == 0
    assert [request.body.get("stop") for request in server.requests] == sent


@pytest.mark.parametrize("given", ["temperature", "temperature=", "=1", "temperature=[", "temperature={a: b"])
def test_a_param_that_says_nothing_is_a_usage_error(serve, workbench, given):
    serve()
    assert workbench("run", "triage", "--set", given).code == 2


def test_versions_that_differ_only_in_their_params_are_two_contenders(serve, workbench, project):
    server = serve()
    project.commit()
    project.write("prompts/triage.md", (project.root / "prompts/triage.md").read_text().replace("20", "30"))
    outcome = workbench("run", "triage@HEAD", "triage", "--case", "card", "--json")
    assert sorted(result["params"]["max_tokens"] for result in outcome.results) == [20, 30]
    assert len(server.requests) == 2


def test_two_prompts_that_say_the_same_both_run(serve, workbench, project):
    serve()
    project.write("prompts/copy.md", (project.root / "prompts/triage.md").read_text())
    project.write("prompts/copy.cases.yml", (project.root / "prompts/triage.cases.yml").read_text())
    outcome = workbench("run", "triage", "copy", "--json")
    assert sorted(result["prompt"] for result in outcome.results) == ["copy"] * 3 + ["triage"] * 3


def test_the_same_version_under_two_names_competes_once(serve, workbench, project):
    serve()
    project.commit()
    assert workbench("run", "triage", "triage@HEAD", "triage@main", "--json").lines[0]["calls"] == 3


def test_any_litellm_string_may_stand_in_place_of_a_name(serve, workbench, monkeypatch):
    serve()
    missing = workbench("run", "triage", "-m", "anthropic/claude-haiku-4-5-20251001", "--json")
    assert missing.code == 3
    assert "ANTHROPIC_API_KEY is not set" in missing.err
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    plan = workbench("run", "triage", "-m", "gpt-4o-mini-2024-07-18", "--plan", "--json")
    assert plan.code == 0
    assert plan.json["calls"] == 3
    assert plan.json["run"] is None
    assert float(plan.json["cost"]["low"]) < float(plan.json["cost"]["typical"])


def test_a_plan_sends_and_stores_nothing(serve, workbench):
    server = serve()
    plan = workbench("run", "triage", "--plan")
    assert plan.err == "plan: 3 calls, 0 cached, 70 tokens in, $0, and 3 calls unpriced\n"
    assert server.requests == []
    assert workbench("runs", "--json").json == []


def test_a_plan_tells_how_long_the_slowest_model_will_take_where_it_ran_before(serve, workbench):
    serve()
    workbench("run", "triage", "--case", "card")
    plan = workbench("run", "triage", "--plan", "--json")
    assert list(plan.json) == ["event", "run", "calls", "cached", "cost"]
    figures, slowest = workbench("run", "triage", "--plan").err.splitlines()
    assert figures.startswith("plan: 2 calls, 1 cached, ")
    assert slowest == "slowest: lab, less than 1 s"


@pytest.mark.parametrize("shape", [(), ("--json",)])
def test_a_plan_tells_what_will_not_work_beside_its_figures(serve, workbench, shape):
    server = serve()
    plan = workbench("run", "triage", "--set", "temperature=0,9", "--plan", *shape)
    assert plan.code == 2
    assert "6" in (plan.out if shape else plan.err)
    *_, told = plan.err.splitlines()
    assert told.startswith("workbench: warning: will not work: triage v:")
    assert "lab temperature=9: the param “temperature” must be a number from 0 to 2" in told
    refused = workbench("run", "triage", "--set", "temperature=0,9", *shape)
    assert (refused.code, refused.out) == (2, "")
    assert "temperature" in refused.err and "Nothing was sent." in refused.err
    assert server.requests == []


def test_some_failed_results_end_in_1_and_all_unreachable_in_3(serve, workbench):
    bad = Reply("Unknown parameter", status=400)
    serve(lambda body, number: bad if "crashes" in body["messages"][1]["content"] else "billing")
    outcome = workbench("run", "triage", "--json")
    assert outcome.code == 1
    assert outcome.lines[-1]["counts"] == {"error": 1, "ok": 2}
    failed = next(result for result in outcome.results if result["status"] == "error")
    assert (failed["case"], failed["text"], failed["cost"]) == ("crash", "", None)
    assert failed["error"] == "HTTP 400: Unknown parameter (error)"
    serve(failing(503))
    assert workbench("run", "triage", "--fresh", "--json").code == 3


def test_a_refusal_is_told_and_all_refusals_end_in_3(serve, workbench):
    serve(Reply(refusal="I will not sort this."))
    outcome = workbench("run", "triage", "--json")
    assert outcome.code == 3
    assert {(one["status"], one["error"]) for one in outcome.results} == {
        ("refused", "I will not sort this.")
    }


def test_a_server_that_is_down_ends_in_3_and_is_named(serve, workbench, project):
    project.triage()
    project.settings("http://127.0.0.1:1/v1")
    outcome = workbench("run", "triage", "--json")
    assert outcome.code == 3
    assert {result["status"] for result in outcome.results} == {"error"}
    assert "127.0.0.1" in outcome.results[0]["error"]


def test_failures_are_not_cached(serve, workbench):
    server = serve([unauthorized(), unauthorized(), unauthorized(), "billing"])
    assert workbench("run", "triage", "--json").code == 3
    assert workbench("run", "triage", "--json").code == 0
    assert len(server.requests) == 6


def test_a_plan_over_the_cost_limit_ends_in_4_with_the_figure_and_sends_nothing(serve, workbench):
    server = serve("one two", PRICE.replace("1000000", "20000"))
    outcome = workbench("run", "triage", "--json")
    # 3 calls times 20 tokens at most times 0.02 USD, beside the input.
    assert outcome.code == 4
    assert "this run would typically cost 1.2000" in outcome.err
    assert "and the limit is 1 USD" in outcome.err
    assert server.requests == []
    allowed = outcome.err.split("--max-cost ")[1].split(",")[0]
    assert workbench("run", "triage", "--max-cost", allowed, "--json").code == 0


def test_a_run_never_sends_a_call_that_could_take_it_past_its_limit(serve, workbench, project):
    server = serve("one two", PRICE)
    # Each answer may cost 20 USD and does cost 2, so the past makes 6 the typical cost of three.
    assert workbench("run", "triage", "--max-cost", "60.1", "--json").code == 0
    outcome = workbench("run", "triage", "--fresh", "--max-cost", "23", "--json")
    assert outcome.code == 4
    assert outcome.lines[-1]["status"] == "limit"
    assert outcome.lines[-1]["counts"] == {"cancelled": 1, "ok": 2}
    assert len(server.requests) == 5
    assert "0.000004" not in outcome.out  # the input of each call is counted in, and only seen in the sums
    assert float(outcome.lines[-1]["cost"]) == pytest.approx(4, abs=0.001)


DIGITS = "".join(str(number * number % 7) for number in range(2000))
"""What no tokenizer makes few tokens of; this server counts a token for each."""


def by_the_character(body, number):
    return Reply("ok", heard=sum(len(message["content"]) for message in body["messages"]))


def test_an_estimated_input_takes_no_run_past_its_limit(serve, workbench):
    server = serve(by_the_character, "    price: {input: 10, output: 10}")
    asked = ["run", "triage", "-i", f"ticket={DIGITS}", "--samples", "4", "--json"]
    outcome = workbench(*asked, "--max-cost", "0.03")
    assert outcome.code == 4
    assert outcome.lines[-1]["status"] == "limit"
    assert 0 < float(outcome.lines[-1]["cost"]) <= 0.03
    assert len(server.requests) == outcome.lines[-1]["counts"]["ok"]
    left_out = next(result for result in outcome.results if result["status"] == "cancelled")
    assert "its input is counted by estimate and could be up to 2,0" in left_out["error"]


def test_the_amount_that_a_refusal_names_is_enough_for_an_estimated_input(serve, workbench):
    serve(by_the_character, "    price: {input: 10, output: 10}")
    asked = ["run", "triage", "-i", f"ticket={DIGITS}", "--samples", "4", "--json"]
    refused = workbench(*asked, "--max-cost", "0.001")
    assert refused.code == 4
    allowed = workbench(*asked, "--max-cost", refused.err.split("--max-cost ")[1].split(",")[0])
    assert (allowed.code, allowed.lines[-1]["counts"]) == (0, {"ok": 4})


def test_a_run_that_cost_more_than_its_limit_all_the_same_says_so(serve, workbench):
    serve(Reply("ok", heard=1_000_000), "    price: {input: 10, output: 10}")
    outcome = workbench("run", "triage", "--max-cost", "1", "--json")
    assert outcome.code == 4
    assert outcome.lines[-1]["status"] == "limit"
    assert float(outcome.lines[-1]["cost"]) > 1


@pytest.mark.parametrize("command", [["run", "triage"], ["runs", "again", "1"]])
def test_a_cost_limit_is_no_more_than_the_store_can_hold(serve, workbench, command):
    serve("ok")
    workbench("run", "triage")
    outcome = workbench(*command, "--max-cost", "9223373")
    assert outcome.code == 2
    assert "a run may cost at most 9,223,372 USD" in outcome.err
    assert workbench("run", "triage", "--fresh", "--max-cost", "9223372").code == 0


def test_more_samples_than_a_run_can_have_are_refused(serve, workbench):
    server = serve("ok")
    outcome = workbench("run", "triage", "--samples", "3000000")
    assert outcome.code == 2
    assert "3,000,000 answers, and 100,000 is the most" in outcome.err
    outcome = workbench("run", "triage", "--samples", "33334")
    assert outcome.code == 2
    assert "100,002 answers" in outcome.err
    assert server.requests == []


def test_a_model_that_says_nothing_in_time_is_given_up_where_a_limit_to_the_first_token_is_set(
    serve, workbench, project
):
    server = serve(Reply("late", delay=3600))
    settings = (project.root / ".workbench.yml").read_text()
    project.write(".workbench.yml", settings.replace("timeout: 10", "timeout: 60, first_token: 0.2"))
    outcome = workbench("run", "triage", "--case", "card", "--json")
    assert outcome.results[0]["error"] == "no first token within 0.2 seconds"
    workbench("runs", "again", "1")
    workbench("run", "--resume", "1")
    assert [request.body["stream"] for request in server.requests] == [True] * 3


def test_a_pipe_is_told_now_and_then_what_a_run_waits_for(serve, workbench, project):
    served = serve(lambda body, number: rate_limited(retry_after=0) if number < 6 else "ok")
    settings = (project.root / ".workbench.yml").read_text()
    project.write(".workbench.yml", settings.replace("retries: 1", "retries: 9"))
    outcome = workbench("run", "triage", "--json")
    assert outcome.code == 0
    told = [line for line in outcome.err.splitlines() if line.startswith("lab: tried again in ")]
    assert "after: HTTP 429: Rate limit reached" in told[0]
    assert len(told) < 6 < len(served.requests)


@pytest.mark.parametrize("amount", ["much", "-1", "nan", "inf"])
def test_a_cost_limit_is_an_amount(serve, workbench, amount):
    serve()
    outcome = workbench("run", "triage", "--max-cost", amount)
    assert outcome.code == 2
    assert "is not an amount of USD" in outcome.err


def test_a_model_of_the_run_that_now_means_another_cannot_be_resumed(serve, workbench, project):
    server = serve(failing(400))
    workbench("run", "triage")
    project.write(".workbench.yml", f"models: {{lab: {{model: openai/another, api_base: '{server.url}'}}}}\n")
    outcome = workbench("run", "--resume")
    assert outcome.code == 2
    assert "was openai/loopback-1 and is now openai/another" in outcome.err


@pytest.mark.parametrize(
    ("patterns", "cases"),
    [
        (["--cases", "c*"], ["card", "crash"]),
        (["--cases", "2-3"], ["crash", "thanks"]),
        (["--cases", "tag:short,1"], ["card", "thanks"]),
        (["--case", "thanks", "--cases", "card"], ["card", "thanks"]),
    ],
)
def test_cases_are_chosen_by_patterns(serve, workbench, project, patterns, cases):
    serve()
    written = (project.root / "prompts/triage.cases.yml").read_text()
    project.write(
        "prompts/triage.cases.yml", written.replace("{name: thanks", "{name: thanks, tags: [short]")
    )
    outcome = workbench("run", "triage", *patterns, "--json")
    assert outcome.code == 0
    assert sorted(result["case"] for result in outcome.results) == cases


def test_a_pattern_that_no_case_fits_is_a_usage_error_that_says_what_there_is(serve, workbench):
    server = serve()
    outcome = workbench("run", "triage", "--cases", "crd*")
    assert outcome.code == 2
    assert "no case of triage fits “crd*”" in outcome.err and "card" in outcome.err
    assert server.requests == []


def test_examples_are_run_as_cases_each_without_itself(serve, workbench, project):
    server = serve("billing")
    examples = "examples: [{ticket: Paid twice, output: billing}, {ticket: It hangs, output: bug}]\n---\n"
    project.write("prompts/triage.md", f"---\n{examples}{{{{ ticket }}}}\n")
    outcome = workbench("run", "triage", "--examples", "--json")
    assert {result["case"]: result["expected"] for result in outcome.results} == {
        "example 1": True,
        "example 2": False,
    }
    assert sorted(request.texts for request in server.requests) == [
        ["It hangs", "bug", "Paid twice"],
        ["Paid twice", "billing", "It hangs"],
    ]


def test_what_failed_is_asked_again_and_nothing_else(serve, workbench):
    bad = Reply("Unknown parameter", status=400)
    mended = []
    server = serve(lambda body, number: "ok" if mended or "crash" not in str(body) else bad)
    assert "workbench run --retry-failed 1" in workbench("run", "triage").err
    mended.append(True)
    workbench("run", "triage", "--case", "card")
    again = workbench("run", "--retry-failed", "1", "--json")
    assert (again.code, again.lines[0]["run"], again.lines[0]["calls"]) == (0, 1, 1)
    assert again.lines[-1]["counts"] == {"ok": 3}
    assert len(server.requests) == 4
    assert workbench("run", "--retry-failed", "--json").lines[0]["run"] == 2


def test_where_nothing_has_failed_or_is_left_that_is_said_and_it_is_no_failure(serve, workbench):
    server = serve(Reply(refusal="I would rather not."))
    assert workbench("run", "triage").code == 3
    for option, said in (("--retry-failed", "Nothing has failed"), ("--resume", "Nothing is left to do")):
        outcome = workbench("run", option, "1")
        assert (outcome.code, outcome.out, outcome.err) == (0, "", f"{said} in run 1.\n")
        outcome = workbench("run", option, "1", "--json")
        assert outcome.code == 0
        assert (outcome.lines[0]["event"], outcome.lines[0]["calls"]) == ("planned", 0)
        assert outcome.lines[-1] == {
            **{"event": "ended", "run": 1, "status": "done"},
            **{"counts": {"refused": 3}, "cost": outcome.lines[-1]["cost"]},
        }
    assert len(server.requests) == 3


@pytest.mark.parametrize("name", ["results.jsonl", "results.csv", "results.md"])
def test_the_results_are_written_to_a_file_when_the_run_has_ended(serve, workbench, project, name):
    serve("a wise answer")
    outcome = workbench("run", "triage", "--out", name)
    assert outcome.code == 0
    assert outcome.err.endswith(f"3 results in {name}\n")
    written = (project.root / name).read_text()
    assert written.count("a wise answer") == 3
    assert workbench("run", "--resume", "--out", f"again-{name}").code == 0
    assert (project.root / f"again-{name}").read_text() == written


@pytest.mark.parametrize("name", ["no-such-folder/results.csv", "results.exe", "prompts"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_sent(serve, workbench, name):
    server = serve()
    assert workbench("run", "triage", "--out", name).code == 2
    assert server.requests == []


def test_what_to_run_or_resume_must_be_said_and_not_both(serve, workbench):
    serve()
    assert workbench("run").code == 2
    assert workbench("run", "triage", "--resume", "1").code == 2
    assert workbench("run", "--resume", "1", "--samples", "2").code == 2
    assert workbench("run", "--retry-failed", "--examples").code == 2
    assert workbench("run", "--retry-failed", "--resume").code == 2
    assert workbench("run", "--resume", "x").code == 2
    assert workbench("run", "--retry-failed", "x").code == 2
    assert workbench("run", "--resume", "9" * 30).code == 2
    assert workbench("run", "triage", "--plan", "--out", "plan.csv").code == 2
    nothing = workbench("run", "--resume")
    assert nothing.code == 2
    assert "there are no runs yet" in nothing.err


def test_people_see_a_table_and_the_sum(serve, workbench, project):
    serve("billing")
    outcome = workbench("run", "triage", "-i", "ticket=x")
    heads, row = outcome.out.splitlines()
    assert heads.split() == ["CASE", "VERSION", "MODEL", "STATUS", "TIME", "TEXT"]
    assert row.split()[0] == "inputs" and row.endswith("billing")
    assert outcome.err == ("run 1: 1 calls, 0 cached, $0, and 1 calls unpriced\nrun 1 done: 1 ok; unpriced\n")
    listed = workbench("runs").out.splitlines()
    assert listed[1].split() == ["1", "now", "triage", "1", "1", "1", "done", "1", "ok", "unpriced"]


def test_a_schema_says_whether_an_answer_is_valid(serve, workbench, project):
    serve(lambda body, number: json.dumps({"queue": "bug" if "crash" in str(body) else 7}))
    schema = "{type: object, properties: {queue: {type: string}}}"
    project.write("prompts/triage.md", f"---\noutput: {{schema: {schema}}}\n---\n{{{{ ticket }}}}\n")
    outcome = workbench("run", "triage", "--json")
    assert {result["case"]: result["valid"] for result in outcome.results} == {
        "card": False,
        "crash": True,
        "thanks": False,
    }


@pytest.mark.engine
def test_the_embedded_model_answers_two_versions_and_then_the_store_does(project, workbench):
    project.triage()
    project.write(".workbench.yml", "models: {smol: local/smollm2-135m}\n")
    first = project.commit()
    project.write("prompts/triage.md", "---\nparams: {max_tokens: 3}\n---\nSort: {{ ticket }}\n")
    project.commit()
    asked = ["run", "triage@HEAD", f"triage@{first}", "-m", "smol", "--json"]
    ran = workbench(*asked)
    assert ran.code == 0
    assert len(ran.results) == 6 and all(result["text"] for result in ran.results)
    again = workbench(*asked)
    assert (again.lines[0]["calls"], again.lines[0]["cached"]) == (0, 6)
