"""Votes as files: what is written can be read, in any order and twice, and nothing else is believed."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.answers import answer
from workbench.bench.vote_files import VoteFiles
from workbench.bench.vote_lines import read_line
from workbench.errors import UsageError
from workbench.store.records import Pair, Vote
from workbench.store.store import Store
from workbench.verdicts.votes import Choice


@pytest.fixture
def stores(tmp_path):
    """Two people's stores with the same results, of which the second gave them other numbers."""
    made = [Store(tmp_path / f"{number}.db") for number in range(2)]
    answer(made[1], 3, start=50)
    for store in made:
        answer(store, 12)
    yield made
    for store in made:
        store.close()


def given_votes(store, judge, seed):
    """Give random votes on the pairs of cases 0 to 11, some of them taken back."""
    rng = Random(seed)
    votes = []
    by_case: dict[str, list[tuple[int, int]]] = {}
    for contender, case, result in store.judging.answers("p"):
        by_case.setdefault(case, []).append((contender, result))
    for number in range(25):
        case = f"case-{rng.randrange(12)}"
        (one, left), (other, right) = rng.sample(by_case[case], 2)
        votes.append(
            Vote(
                Pair("p", case, left, right, one, other),
                rng.choice(list(Choice)),
                judge,
                rng.random() < 0.7,
                f"2026-01-31T12:00:{number:02d}.{seed:03d}Z",
                rng.choice([None, "[red] \x1b “x”\n"]),
                rng.choice([None, 1.5]),
                undone=rng.choice([None, None, "2026-02-01T00:00:00.000Z"]),
            )
        )
    store.votes.merge(votes)


def test_two_peoples_votes_merge_by_file_to_the_same_whichever_is_first_or_comes_twice(stores):
    files = [VoteFiles(store) for store in stores]
    for number, (store, judge) in enumerate(zip(stores, ("ada", "bob"), strict=True)):
        given_votes(store, judge, number)
    written = [list(one.votes()) for one in files]
    for mine, theirs in ((0, 1), (1, 0)):
        lines = written[theirs] * 2
        Random(mine).shuffle(lines)
        merged = files[mine].merge(lines)
        assert (merged.added, merged.known, merged.unplaced) == (25, 25, ())
        assert files[mine].merge(written[mine]).known == 25
    both = [list(one.votes(["p"])) for one in files]
    assert both[0] == both[1]
    assert len(both[0]) == 50
    first, second = ([*one.preferences()] for one in files)
    assert first == second


def test_preferences_are_the_first_words_that_stand_chose_and_were_blind(stores):
    store, _ = stores
    given_votes(store, "ada", 7)
    standing = [vote for vote in store.votes.standing("p") if vote.choice != "skip"]
    first = {frozenset((vote.pair.left_result, vote.pair.right_result)): vote for vote in reversed(standing)}
    wanted = [vote for vote in first.values() if vote.choice in ("left", "right")]
    files = VoteFiles(store)
    assert len(list(files.preferences(blind_only=False))) == len(wanted)
    assert len(list(files.preferences())) == sum(vote.blind for vote in wanted)


def test_of_a_prompt_alone_only_its_votes_are_written(stores):
    store, _ = stores
    given_votes(store, "ada", 7)
    assert len(list(VoteFiles(store).votes(["p"]))) == 25
    assert list(VoteFiles(store).votes(["q"])) == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SIDE = {"version": "v", "call_key": "k", "text_sha256": "0" * 64}
LINE = {
    **{"prompt": "p", "case_hash": "h", "left": SIDE, "right": SIDE, "choice": "left", "judge": "ada"},
    **{"blind": True, "seconds": 1, "note": None, "created": "2026-01-31T12:00:00Z", "undone": None},
}


@given(st.sampled_from(sorted(LINE)), values)
def test_a_line_with_any_other_value_is_a_vote_or_an_error_that_says_so(key, value):
    try:
        told = read_line(json.dumps({**LINE, key: value}))
    except UsageError as refused:
        assert refused.message
    else:
        assert told.choice in set(Choice) and isinstance(told.blind, bool)
        assert told.created.endswith("Z") and told.judge.strip() and "\n" not in told.judge


@given(st.binary(max_size=200))
def test_any_bytes_are_no_vote(line):
    with pytest.raises(UsageError):
        read_line(line)
