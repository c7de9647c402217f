"""Judging by command: several people, votes as files, single answers, and the board in full."""

import json

import pytest

PAIR = ("model", "params", "sample", "call_key", "text_sha256", "version")


@pytest.fixture
def answered(serve, workbench, project):
    """Contenders ``cool``, at temperature 0, and ``warm``, at 1, have answered 12 cases; warm is longer."""
    serve(
        lambda body, number: (
            f"{'warm and kind' if body['temperature'] else 'cool'}: {body['messages'][-1]['content']}"
        ),
        "    price: {input: 0, output: 1}",
    )
    cases = "".join(f"- {{name: case {n}, inputs: {{ticket: ticket {n}}}}}\n" for n in range(12))
    project.write("prompts/triage.cases.yml", cases)
    assert workbench("run", "triage", "--set", "temperature=0,1").code == 0


@pytest.fixture
def vote(workbench):
    """Vote for the answers that begin so, a pair each; returns the cases that were shown."""

    def given(*wanted, judge="Ada", more=()):
        cases = []
        for one in wanted:
            shown = workbench("duel", "next", "triage", "--as", judge, "--json").json
            sides = {shown[side]["text"].split()[0].strip(":"): side for side in ("left", "right")}
            words = ("duel", "vote", str(shown["pair"]), sides.get(one, one), "--as", judge, *more)
            assert workbench(*words).code == 0
            cases.append(shown["case"])
        return cases

    return given


def board(workbench, *words):
    return workbench("board", "triage", "--json", *words).json


def test_two_people_judge_the_same_pairs_and_their_agreement_is_told(answered, workbench, vote):
    vote(*["cool"] * 10, "tie", "warm", judge="Ada")
    vote(*["cool"] * 12, judge="Bob")
    assert workbench("duel", "next", "triage", "--as", "Bob", "--json").json["pair"] is None
    told = board(workbench)
    assert sorted((one["judge"], one["pairs"]) for one in told["judges"]) == [("Ada", 0), ("Bob", 0)]
    (both,) = told["agreements"]
    assert (sorted(both["judges"]), both["pairs"], both["same"]["rate"]) == (["Ada", "Bob"], 12, 10 / 12)
    assert "Ada and Bob: the same on 83 % of 12 pairs" in workbench("board", "triage").err
    (of_bob,) = {row["wins"] for row in board(workbench, "--judge", "Bob")["contenders"] if row["wins"]}
    assert of_bob == 12


def test_one_takes_back_ones_own_votes_alone(answered, workbench, vote):
    vote("cool", judge="Ada")
    assert "no vote of Bob to take back" in workbench("duel", "undo", "--as", "Bob").err
    assert workbench("duel", "undo", "--as", "Ada", "--json").json["judge"] == "Ada"


@pytest.mark.parametrize("name", ["identical", " ", "a\nb", "\x1b[31m"])
def test_a_name_that_tells_nobody_is_refused(answered, workbench, name):
    assert workbench("duel", "next", "triage", "--as", name).code == 2


def test_a_name_before_a_command_is_not_dropped_silently(answered, workbench):
    early = workbench("--as", "Bob", "duel", "next", "triage")
    assert (early.code, "--as stands behind a command" in early.err) == (2, True)


def test_votes_are_chosen_by_case_voter_blindness_and_date(answered, workbench, vote):
    first, second = vote("cool", "warm", judge="Ada")
    vote("cool", judge="Bob", more=("--not-blind",))
    assert board(workbench)["votes"] == 3
    assert board(workbench, "--case", first, "--judge", "Ada")["votes"] == 1
    assert board(workbench, "--case", first, "--case", second, "--judge", "Ada")["votes"] == 2
    assert [board(workbench, flag)["votes"] for flag in ("--blind", "--not-blind")] == [2, 1]
    assert board(workbench, "--since", "1h")["votes"] == 3
    assert board(workbench, "--until", "2020-01-01")["votes"] == 0
    for words, why in (
        (("--case", "csae 1"), "no case “csae 1”"),
        (("--judge", "Bop"), "Did you mean “Bob”?"),
    ):
        unknown = workbench("board", "triage", *words)
        assert (unknown.code, why in unknown.err) == (2, True)


def test_votes_written_out_come_back_to_a_store_that_has_the_results(answered, workbench, vote, project):
    vote("cool", "warm", "tie", judge="Ada")
    workbench("duel", "undo", "--as", "Ada")
    vote("bad", judge="Bob", more=("--note", "[red]\x1b[31m", "--not-blind"))
    before = board(workbench)
    assert workbench("duel", "export", "-o", "votes.jsonl").err == "4 votes written to votes.jsonl\n"
    written = (project.root / "votes.jsonl").read_text()
    assert "\x1b" not in written
    lines = [json.loads(line) for line in written.splitlines()]
    assert list(lines[0]) == [
        *("prompt", "case", "case_hash", "left", "right", "choice", "judge", "blind", "seconds", "note"),
        *("created", "undone"),
    ]
    assert set(lines[0]["left"]) == set(lines[0]["right"]) == set(PAIR)
    assert [line["undone"] is None for line in lines] == [True, True, False, True]
    assert (lines[3]["note"], lines[3]["blind"], lines[3]["judge"]) == ("[red]\x1b[31m", False, "Bob")

    again = workbench("duel", "import", "votes.jsonl", "--json")
    assert (again.code, again.json) == (0, {"added": 0, "known": 4, "unplaced": []})

    with_results_alone(project, workbench)
    assert board(workbench)["votes"] == 0
    taken = workbench("duel", "import", "votes.jsonl", "--json")
    assert (taken.code, taken.json) == (0, {"added": 4, "known": 0, "unplaced": []})
    assert workbench("duel", "import", "votes.jsonl", "--json").json["known"] == 4
    assert board(workbench) == before
    assert workbench("duel", "export").out == written


def with_results_alone(project, workbench):
    """Forget all votes, as in the store of a colleague who has the same results."""
    from workbench.store.store import Store

    store = Store(project.root / ".workbench" / "runs.db")
    with store.database.writing() as connection:
        connection.execute("DELETE FROM votes")
        connection.execute("DELETE FROM pairs")
    store.close()


def test_what_a_file_of_votes_says_and_cannot_be_placed_is_told_line_by_line(
    answered, workbench, vote, project
):
    vote("cool", judge="Ada")
    line = json.loads(workbench("duel", "export").out)
    elsewhere = {**line, "left": {**line["left"], "call_key": "0" * 64}}
    otherwise = {**line, "right": {**line["right"], "text_sha256": "0" * 64}}
    of_no_case = {**line, "case_hash": "0" * 64}
    changed = {**line, "choice": "tie"}
    gone = {**line, "undone": "2026-01-31T12:00:00Z"}
    twice = {**line, "right": line["left"]}
    nobody = {**line, "judge": "identical"}
    wrong = [
        *(elsewhere, otherwise, of_no_case, changed, gone, twice, nobody),
        *({**line, "created": "yesterday"}, {**line, "seconds": -1}, {**line, "left": 3}, [1]),
    ]
    text = "\n".join(["{", "", *map(json.dumps, wrong), json.dumps({**line, "judge": "Bob"})])
    project.write("votes.jsonl", text)
    merged = workbench("duel", "import", "votes.jsonl")
    assert merged.code == 1
    said = dict(one.split(": ", 1) for one in merged.err.splitlines()[:-1])
    assert [said[f"votes.jsonl:{number}"] for number in (1, *range(3, 14))] == [
        "this is not JSON in UTF-8",
        "left: this store has no answer to that call",
        "right: that call was answered otherwise here",
        "left: that answer was given here, but not for this prompt, version and case",
        f"Ada said “{line['choice']}” here, and not “tie”",
        "this vote stands here and was taken back there",
        "both sides are of one contender",
        "ties of identical texts are found, not given",
        "“created” has to be a time in ISO 8601",
        "“seconds” has to be a number of seconds",
        "“left” is missing",
        "this is no vote: a JSON object is wanted",
    ]
    assert merged.err.splitlines()[-1] == "1 added, 0 here already, 12 not taken"
    assert {one["judge"] for one in board(workbench)["judges"]} == {"Ada", "Bob"}


def test_a_file_of_votes_may_be_any_bytes(answered, workbench):
    merged = workbench("duel", "import", "-", "--json", stdin=b"\xff\x00\n" + b"[" * 5000 + b"\n\n")
    assert (merged.code, [one["line"] for one in merged.json["unplaced"]]) == (1, [1, 2])
    assert workbench("duel", "import", "missing.jsonl").code == 2


def test_preference_pairs_are_the_votes_that_decided_blind(answered, workbench, vote):
    vote("cool", "warm", "tie", "bad", "skip", judge="Ada")
    vote("cool", judge="Bob", more=("--not-blind",))
    pairs = [
        json.loads(line) for line in workbench("duel", "export", "triage", "--preferences").out.splitlines()
    ]
    assert [(pair["chosen"].split()[0], pair["rejected"].split()[0]) for pair in pairs] == [
        ("cool:", "warm"),
        ("warm", "cool:"),
    ]
    assert all(pair["same_messages"] and pair["judge"] == "Ada" for pair in pairs)
    for pair in pairs:
        assert pair["messages"][-1]["role"] == "user"
        assert pair["messages"][-1]["content"] in pair["chosen"]
    everyone = workbench("duel", "export", "--preferences", "--not-blind").out.splitlines()
    assert [json.loads(line)["judge"] for line in everyone] == ["Ada", "Ada", "Bob"]
    assert workbench("duel", "export", "--not-blind").code == 2


def test_answers_are_reviewed_one_by_one_evenly_over_contenders(answered, workbench):
    seen = []
    for said in ["good", "bad"] * 6:
        shown = workbench("review", "next", "triage", "--json").json
        assert list(shown) == ["result", "prompt", "case", "inputs", "text"]
        seen.append((shown["text"].split()[0], shown["case"]))
        workbench("review", "label", str(shown["result"]), said)
    assert sorted(word for word, _ in seen) == ["cool:"] * 6 + ["warm"] * 6
    assert len(set(seen)) == 12
    passed = [row["passed"] for row in board(workbench)["contenders"]]
    assert sum(one["good"] for one in passed) == sum(one["bad"] for one in passed) == 6
    assert all(one["low"] < one["rate"] < one["high"] for one in passed)
    assert "12 labelled today, 12 without a label" in workbench("review", "next", "triage").err
    assert workbench("review", "undo", "--as", "Bob", "--json").json is None
    assert workbench("review", "undo", "triage", "--json").json["label"] == "bad"
    assert "11 labelled today, 13 without a label" in workbench("review", "next").err


def test_when_every_answer_has_a_label_there_is_no_next(serve, workbench):
    serve("billing")
    workbench("run", "triage", "--case", "card")
    number = str(workbench("review", "next", "--json").json["result"])
    workbench("review", "label", number, "good")
    assert workbench("review", "next", "--json").json["result"] is None
    assert "no answer waits" in workbench("review", "next").err


def test_the_board_is_drawn_with_characters(answered, workbench, vote):
    vote(*["cool"] * 8)
    drawn = workbench("board", "triage", "--plot", "--matrix", "--over-commits")
    for heading in ("RATING", "QUALITY AGAINST COST", "QUALITY AGAINST TIME", "HEAD TO HEAD"):
        assert heading in drawn.out
    assert drawn.out.count("●") == 3  # one stands in the heading
    assert "8-0-0" in drawn.out and "0-8-0" in drawn.out
    assert "does the job: " in drawn.out
    assert "the longer answer lost 8 of 8" in drawn.err


def test_the_board_tells_how_the_win_rate_moved_along_the_commits(serve, workbench, project):
    serve(lambda body, number: f"{body['messages'][0]['content'][:1]} {number}")
    project.commit()
    project.write("prompts/triage.md", "---\nparams: {max_tokens: 20}\n---\nBetter: {{ ticket }}\n")
    project.commit()
    workbench("run", "triage@HEAD~1", "triage@HEAD")
    for _ in range(3):
        shown = workbench("duel", "next", "triage", "--json").json
        side = "left" if shown["left"]["text"].startswith("B") else "right"
        workbench("duel", "vote", str(shown["pair"]), side)
    before, after = board(workbench, "--over-commits")["commits"]
    assert (before["win_rate"]["rate"], after["win_rate"]["rate"]) == (0, 1)
    assert (before["votes"], after["votes"]) == (3, 3)
    drawn = workbench("board", "triage", "--over-commits").out
    assert drawn.index(before["commit"][:7]) < drawn.rindex(after["commit"][:7])


def test_the_screen_opens_for_the_person_who_is_named():
    from workbench.cli.main import cli

    judges: list[str] = []
    for words in ([], ["--as", " Bob "]):
        cli.main(words, prog_name="workbench", standalone_mode=False, obj=judges.append)
    assert judges == ["", "Bob"]
