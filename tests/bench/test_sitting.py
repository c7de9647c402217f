"""A sitting: pairs one after another, drawn ahead, judged, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.support.answers import answer
from workbench.bench.dueling import Dueling, Shown
from workbench.bench.sitting import Sitting
from workbench.errors import StoreError
from workbench.store.store import Store
from workbench.verdicts.pairs import NoPair


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "runs.db")
    yield made
    made.close()


@pytest.fixture
def sitting(store: Store) -> Sitting:
    answer(store, 3)
    return Sitting(Dueling(store, lambda: "ada", Random(1)), "p")


def pairs_shown(store: Store) -> int:
    with store.database.reading() as connection:
        return int(connection.execute("SELECT COUNT(*) FROM pairs").fetchone()[0])


def results(shown: object) -> frozenset[int]:
    assert isinstance(shown, Shown)
    return frozenset((shown.pair.left_result, shown.pair.right_result))


def test_a_pair_drawn_ahead_is_another_one_and_counts_as_shown_only_once_it_is(store, sitting):
    first = sitting.go_on()
    sitting.draw_ahead()
    assert sitting.shown is first
    assert pairs_shown(store) == 1
    sitting.vote("left")
    second = sitting.go_on()
    assert results(second) != results(first)
    assert pairs_shown(store) == 2
    assert [vote.pair.id for vote in store.votes.standing("p")] == [first.pair.id]


@pytest.mark.parametrize("ahead", [True, False])
def test_every_pair_comes_once_whether_it_was_drawn_ahead_or_not(store, sitting, ahead: bool):
    seen = []
    while isinstance(shown := sitting.go_on(), Shown):
        if ahead:
            sitting.draw_ahead()
        seen.append(results(shown))
        sitting.vote("tie")
    assert len(seen) == len(set(seen)) == 3
    assert len(store.votes.standing("p")) == 3 and isinstance(sitting.shown, NoPair)


def test_the_last_pair_comes_again_when_it_was_skipped(sitting):
    for _ in range(2):
        sitting.go_on()
        sitting.vote("left")
    last = sitting.go_on()
    sitting.draw_ahead()
    sitting.vote("skip")
    assert results(sitting.go_on()) == results(last)


def test_what_is_taken_back_is_on_screen_again_and_what_made_way_comes_after_it(store, sitting):
    first = sitting.go_on()
    sitting.vote("left", note="terse")
    second = sitting.go_on()
    sitting.draw_ahead()
    taken = sitting.undo()
    assert taken is not None and (taken.choice, taken.note) == ("left", "terse")
    assert sitting.shown is first
    sitting.vote("right")
    assert sitting.go_on() is second
    assert [vote.choice for vote in store.votes.standing("p")] == ["right"]
    assert pairs_shown(store) == 2


def test_a_vote_given_before_this_sitting_can_be_taken_back_and_the_pair_on_screen_stays(store, sitting):
    sitting.go_on()
    sitting.vote("left")
    later = Sitting(Dueling(store, lambda: "ada", Random(2)), "p")
    on_screen = later.go_on()
    assert later.undo() is not None
    assert later.shown is on_screen and store.votes.standing("p") == []
    assert later.undo() is None


def test_a_vote_that_cannot_be_stored_leaves_its_pair_on_screen(store, sitting):
    shown = sitting.go_on()
    Dueling(store, lambda: "ada").vote(shown.pair.id, "tie")
    with pytest.raises(StoreError, match="already has a vote"):
        sitting.vote("left")
    assert sitting.shown is shown


def test_who_has_seen_through_a_pair_has_done_so_when_it_comes_again_in_another_sitting(store, sitting):
    known: set[frozenset[int]] = set()
    first = Sitting(Dueling(store, lambda: "ada", Random(3)), "p", seen_through=known)
    first.go_on()
    assert not first.seen_through
    first.see_through()
    assert first.seen_through
    later = Sitting(Dueling(store, lambda: "ada", Random(3)), "p", seen_through=known)
    later.go_on()
    assert results(later.shown) == results(first.shown) and later.seen_through
    later.vote("left")
    later.go_on()
    assert not later.seen_through


def test_the_authors_are_told_by_side(sitting):
    shown = sitting.go_on()
    left, right = sitting.authors(shown)
    assert ("v:bbbb" in left, "v:bbbb" in right) == (shown.left == "new", shown.right == "new")
