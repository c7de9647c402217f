from math import sqrt

import pytest

BOARD_KEYS = [
    *("label", "prompt", "version", "model", "params", "votes", "wins", "losses", "ties", "identical"),
    *("bad", "win_rate"),
    *("rating", "low", "high", "undecided", "votes_needed", "cost", "total", "bads", "passed"),
]
BOARD = [
    *("by", "contenders", "connected", "votes", "blind", "identical", "bad", "skipped", "sign_test"),
    *("matrix", "sides", "lengths", "by_cost", "by_time", "judges", "agreements", "commits"),
]


@pytest.fixture
def answered(serve, workbench, project):
    """Contenders ``cool``, at temperature 0, and ``warm``, at 1, have answered 22 cases."""
    serve(
        lambda body, number: (
            f"{'warm' if body['temperature'] else 'cool'}: {body['messages'][-1]['content']}"
        ),
        "    price: {input: 0, output: 1}",
    )
    cases = "".join(f"- {{name: case {n}, inputs: {{ticket: ticket {n}}}}}\n" for n in range(22))
    project.write("prompts/triage.cases.yml", cases)
    assert workbench("run", "triage", "--set", "temperature=0,1").code == 0


def test_twenty_votes_give_the_win_rate_and_wilsons_interval(answered, workbench):
    votes = ["cool"] * 13 + ["warm"] * 3 + ["tie"] * 4 + ["bad", "skip"]
    seen = set()
    for wanted in votes:
        shown = workbench("duel", "next", "triage", "--json").json
        assert list(shown) == ["pair", "case", "inputs", "left", "right"]
        assert list(shown["left"]) == list(shown["right"]) == ["text"]
        assert shown["inputs"]["ticket"] in shown["left"]["text"]
        sides = {shown[side]["text"].partition(":")[0]: side for side in ("left", "right")}
        assert set(sides) == {"cool", "warm"}
        seen.add(shown["case"])
        voted = workbench("duel", "vote", str(shown["pair"]), sides.get(wanted, wanted), "--json")
        assert voted.json["blind"] is True
    assert len(seen) == 22  # cases are balanced

    board = workbench("board", "triage", "--json").json
    assert list(board) == BOARD
    assert (board["by"], board["connected"]) == ("contender", True)
    first, second = board["contenders"]
    assert list(first) == list(second) == BOARD_KEYS
    assert first["params"] == {"max_tokens": 20, "temperature": 0}
    assert (first["votes"], first["wins"], first["losses"], first["ties"], first["bad"]) == (20, 13, 3, 4, 1)
    assert (second["votes"], second["wins"], second["losses"], second["ties"]) == (20, 3, 13, 4)

    # Wins and half the ties: (13 + 2) / 20. No case repeats, so n is the 20 votes that were given.
    p, n, z = 0.75, 20, 1.959964
    assert first["win_rate"] == first["rating"] == p
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    margin = z / (1 + z**2 / n) * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # By hand: z² = 3.8415, 1 + z²/n = 1.19207; middle = 0.84604 / 1.19207 = 0.70972;
    # margin = 1.64417 * √(0.009375 + 0.002401) = 1.64417 * 0.108517 = 0.17842.
    assert (middle, margin) == (pytest.approx(0.70972, abs=1e-5), pytest.approx(0.17842, abs=1e-5))
    assert first["low"] == pytest.approx(0.53130, abs=1e-5)
    assert first["high"] == pytest.approx(0.88814, abs=1e-5)
    assert (second["low"], second["high"]) == (
        pytest.approx(1 - first["high"]),
        pytest.approx(1 - first["low"]),
    )
    assert not first["undecided"] and first["votes_needed"] is None
    # “cool: <ticket>ticket 7</ticket>” is three words, at a dollar a million.
    assert first["cost"] == second["cost"] == "0.000003"


def test_undo_takes_the_last_vote_back(answered, workbench):
    pair = workbench("duel", "next", "triage", "--json").json["pair"]
    workbench("duel", "vote", str(pair), "left", "--note", "shorter")
    assert workbench("board", "triage", "--json").json["contenders"][0]["votes"] == 1
    twice = workbench("duel", "vote", str(pair), "right")
    assert twice.code == 2
    assert "already has a vote" in twice.err
    undone = workbench("duel", "undo", "--json").json
    assert undone == {
        "pair": pair,
        "vote": "left",
        "judge": undone["judge"],
        "blind": True,
        "note": "shorter",
    }
    assert workbench("board", "triage", "--json").json["contenders"][0]["votes"] == 0
    assert workbench("duel", "undo", "--json").json is None


def test_a_prompt_with_one_contender_has_no_pair_and_says_why(serve, workbench):
    serve("billing")
    workbench("run", "triage")
    nothing = workbench("duel", "next", "triage", "--json")
    assert nothing.code == 0
    assert list(nothing.json) == ["pair", "why"]
    assert nothing.json["pair"] is None
    assert "only one contender has answers" in nothing.json["why"]


def test_identical_answers_are_ties_that_nobody_is_asked_about(serve, workbench):
    serve("billing")
    workbench("run", "triage", "--set", "temperature=0,1")
    assert workbench("duel", "next", "triage", "--json").json["pair"] is None
    board = workbench("board", "triage")
    assert "0 votes (0 blind), 3 identical answers counted as ties" in board.err
    assert [row["ties"] for row in workbench("board", "triage", "--json").json["contenders"]] == [3, 3]
    for row in workbench("board", "triage", "--json").json["contenders"]:
        assert (row["votes"], row["identical"], row["win_rate"]) == (3, 3, 0.5)


def test_the_board_groups_by_model_and_by_version(serve, workbench, project):
    server = serve(lambda body, number: f"answer {number}")
    project.write(
        ".workbench.yml",
        "models:\n"
        f"  lab: {{model: openai/a, api_base: '{server.url}'}}\n"
        f"  other: {{model: openai/b, api_base: '{server.url}'}}\n",
    )
    project.commit()
    project.write("prompts/triage.md", "Sort: {{ ticket }}\n")
    workbench("run", "triage", "triage@HEAD", "-m", "lab", "-m", "other")
    by_model = workbench("board", "triage", "--by", "model", "--json").json
    assert [(row["model"], row["version"], row["params"]) for row in by_model["contenders"]] == [
        ("openai/a", None, None),
        ("openai/b", None, None),
    ]
    by_version = workbench("board", "triage", "--by", "version", "--json").json
    assert {row["model"] for row in by_version["contenders"]} == {None}
    assert len({row["version"] for row in by_version["contenders"]}) == 2
    assert len(workbench("board", "triage", "--json").json["contenders"]) == 4


def test_a_board_without_results_says_how_to_begin(serve, workbench):
    serve()
    assert "workbench run triage" in workbench("board", "triage").err
    board = workbench("board", "triage", "--json").json
    assert (board["by"], board["contenders"], board["connected"]) == ("contender", [], True)
    assert list(board) == BOARD


def test_people_see_the_pair_blind(answered, workbench):
    shown = workbench("duel", "next", "triage")
    heads = shown.out.splitlines()
    assert heads[0].startswith("pair 1, case case ")
    assert heads[1].startswith("ticket: ticket ")
    assert ["LEFT", "RIGHT"] == [line for line in heads if line in ("LEFT", "RIGHT")]
    for hidden in ("lab", "temperature", "v:", "$"):
        assert hidden not in shown.out
    assert "workbench duel vote 1 left|right|tie|bad|skip" in shown.err
