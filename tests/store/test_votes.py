from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.support.records import NOW, cell_of, contender_of, result_of
from workbench.errors import StoreError
from workbench.store.records import Pair, Vote
from workbench.store.store import Store


@pytest.fixture
def pair(store, begin):
    """A pair on screen: two contenders' results of one case."""
    run = begin([cell_of(0, "a"), cell_of(1, "b", contender_of("bbbb"))])
    left, right = store.runs.add_results(run, [result_of("a"), result_of("b")])
    one, two = store.runs.contenders("p")

    def shown(prompt="p"):
        unseen = Pair(prompt, "case-a", left.id, right.id, one.id, two.id)
        return store.votes.pair(store.votes.show(unseen, NOW))

    return shown


def vote(pair, choice="left", **more):
    return Vote(pair, choice, more.pop("judge", "ada"), more.pop("blind", True), NOW, **more)


def test_a_vote_comes_back_as_it_was_given(store, pair):
    shown = pair()
    number = store.votes.add(vote(shown, "bad", blind=False, note="[red] hm", seconds=2.5))
    (kept,) = store.votes.standing("p")
    assert (kept.id, kept.pair, kept.choice, kept.judge) == (number, shown, "bad", "ada")
    assert (kept.blind, kept.note, kept.seconds, kept.created) == (False, "[red] hm", 2.5, NOW)


def test_a_pair_takes_one_vote_at_a_time(store, pair):
    shown = pair()
    store.votes.add(vote(shown))
    with pytest.raises(StoreError, match="already has a vote"):
        store.votes.add(vote(shown, "right"))
    store.votes.undo(NOW)
    store.votes.add(vote(shown, "right"))
    assert [kept.choice for kept in store.votes.standing("p")] == ["right"]


def test_undoing_takes_back_the_last_vote_and_keeps_its_trace(store, pair):
    for choice in ("left", "right", "tie"):
        store.votes.add(vote(pair(), choice))
    assert store.votes.undo(NOW).choice == "tie"
    assert store.votes.undo(NOW).choice == "right"
    assert [kept.choice for kept in store.votes.standing("p")] == ["left"]
    with store.database.reading() as connection:
        rows = connection.execute("SELECT choice, undone FROM votes ORDER BY id").fetchall()
    assert [tuple(row) for row in rows] == [("left", None), ("right", NOW), ("tie", NOW)]
    store.votes.undo(NOW)
    assert store.votes.undo(NOW) is None


def test_undoing_for_one_prompt_leaves_the_votes_of_others(store, pair):
    store.votes.add(vote(pair("p")))
    store.votes.add(vote(pair("q"), "right"))
    assert store.votes.undo(NOW, "p").choice == "left"
    assert [kept.choice for kept in store.votes.standing("q")] == ["right"]


def test_identical_outputs_are_ties_of_their_own_judge_that_nobody_undoes(store, pair):
    store.votes.add(vote(pair()))
    assert store.votes.add_identical([pair()], NOW) == 1
    kept = store.votes.standing("p")
    assert [(item.judge, item.choice) for item in kept] == [("ada", "left"), ("identical", "tie")]
    assert store.votes.undo(NOW).judge == "ada"
    assert store.votes.undo(NOW) is None


def test_a_pair_that_was_never_shown_is_a_clear_error(store):
    with pytest.raises(StoreError, match="there is no pair 7") as caught:
        store.votes.pair(7)
    assert "duel next" in caught.value.hint


@pytest.fixture
def equal_pairs(store, begin):
    """Thirty pairs of equal texts, as yet without votes."""
    texts = [f"text {number}" for number in range(30)]
    run = begin(
        [cell_of(position, text) for position, text in enumerate(texts)]
        + [cell_of(30 + position, text, contender_of("bbbb")) for position, text in enumerate(texts)]
    )
    results = store.runs.add_results(run, [result_of(text) for text in texts * 2])
    one, two = store.runs.contenders("p")
    return [
        Pair("p", f"case-{text}", left.id, right.id, one.id, two.id)
        for text, left, right in zip(texts, results[:30], results[30:], strict=True)
    ]


def test_an_identical_pair_is_a_tie_once_whichever_side_it_is_found_on(store, equal_pairs):
    turned = [
        replace(
            pair,
            left_result=pair.right_result,
            right_result=pair.left_result,
            left_contender=pair.right_contender,
            right_contender=pair.left_contender,
        )
        for pair in equal_pairs
    ]
    assert store.votes.add_identical([*equal_pairs[:10], *turned[:10]], NOW) == 10
    assert store.votes.add_identical(turned, NOW) == 20
    assert store.votes.add_identical(equal_pairs, NOW) == 0
    assert len(store.votes.standing("p")) == 30


def test_a_result_is_matched_once_with_each_other_contender(store, equal_pairs):
    first, second, *_ = equal_pairs
    crossed = replace(first, right_result=second.right_result)
    assert store.votes.add_identical([first, crossed], NOW) == 1
    # One answer from the cache may be the result of several contenders.
    third = replace(first, right_contender=first.left_contender, left_contender=first.right_contender)
    assert store.votes.add_identical([third], NOW) == 1


def test_workbenches_that_found_the_same_identical_pairs_at_once_store_them_once(store, equal_pairs):
    others = [Store(store.database.path) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        counts = threads.map(lambda other: other.votes.add_identical(equal_pairs, NOW), others)
    assert sorted(counts) == [0, 0, 0, 30]
    assert len(store.votes.standing("p")) == 30
    for other in others:
        other.close()


def test_each_judge_has_a_vote_on_a_pair_and_takes_back_only_that(store, pair):
    shown = pair()
    store.votes.add(vote(shown, "left", judge="ada"))
    store.votes.add(vote(shown, "right", judge="bob"))
    assert store.votes.undo(NOW, judge="ada").choice == "left"
    assert store.votes.undo(NOW, judge="ada") is None
    assert [kept.judge for kept in store.votes.standing("p")] == ["bob"]


def test_votes_of_others_are_merged_once_with_their_traces_in_the_order_they_were_given(store, pair):
    mine = vote(pair(), "tie")
    store.votes.add(mine)
    early = replace(vote(pair(), "left", judge="bob"), created="2026-01-01T00:00:00.000Z")
    gone = replace(vote(pair(), "right", judge="bob"), undone="2026-02-02T00:00:00.000Z", note="hm")
    assert store.votes.merge([gone, early, early]) == [None, None, early]
    kept = store.votes.merge([early, gone, mine])
    assert [(one.judge, one.choice, one.undone) for one in kept] == [
        ("bob", "left", None),
        ("bob", "right", gone.undone),
        ("ada", "tie", None),
    ]
    assert [one.judge for one in store.votes.standing("p")] == ["bob", "ada"]
    assert len(store.votes.ever("p")) == 3
    assert store.votes.prompts() == ["p"]


def test_a_merge_that_fails_leaves_nothing_behind(store, pair):
    good = vote(pair(), "left", judge="bob")
    bad = replace(good, pair=replace(good.pair, left_result=999), judge="cyd")
    with pytest.raises(StoreError, match="was removed meanwhile"):
        store.votes.merge([good, bad])
    assert store.votes.standing("p") == []
