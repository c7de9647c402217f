from __future__ import annotations

import pytest

from tests.support.records import NOW, cell_of, contender_of, result_of
from workbench.errors import StoreError
from workbench.store.records import Pair, Vote


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
    assert store.votes.add_identical([pair(), pair()], NOW) == 2
    kept = store.votes.standing("p")
    assert [(item.judge, item.choice) for item in kept] == [("ada", "left"), *[("identical", "tie")] * 2]
    assert store.votes.undo(NOW).judge == "ada"
    assert store.votes.undo(NOW) is None


def test_a_pair_that_was_never_shown_is_a_clear_error(store):
    with pytest.raises(StoreError, match="there is no pair 7") as caught:
        store.votes.pair(7)
    assert "duel next" in caught.value.hint
