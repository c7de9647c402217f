"""Labelling: which result to judge next, and what was said of how many."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.support.answers import answer
from workbench.bench.dueling import Dueling
from workbench.bench.labelling import Labelling
from workbench.errors import UsageError
from workbench.store.store import Store


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "runs.db")
    yield made
    made.close()


@pytest.fixture
def seats(store):
    """Labelling for each of two people."""
    dueling = Dueling(store, lambda: "ada")
    return Labelling(store, dueling, lambda: "ada"), Labelling(store, dueling, lambda: "bob")


def test_results_come_evenly_over_contenders_and_cases_and_none_twice(store, seats):
    ada, bob = seats
    answer(store, 10)
    rng, seen = Random(1), []
    while shown := (ada if len(seen) % 2 else bob).next("p", rng):
        seen.append((shown.text, shown.case))
        ada.label(shown.result, "good")
        told = Counter(text for text, _ in seen)
        assert abs(told["old"] - told["new"]) <= 1
    assert len(set(seen)) == len(seen) == 20
    assert ada.progress("p") == (20, 0) and bob.progress("p") == (0, 0)


def test_the_same_seed_draws_the_same_results(store, seats):
    ada, _ = seats
    answer(store, 10)
    drawn = [[ada.next(None, rng).result for _ in range(5)] for rng in (Random(4), Random(4), Random(5))]
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_was_skipped_or_is_on_screen_is_passed_over(store, seats):
    ada, _ = seats
    answer(store, 2)
    besides: set[int] = set()
    while shown := ada.next("p", Random(1), besides):
        besides.add(shown.result)
    assert len(besides) == 4
    assert ada.progress() == (0, 4)


def test_answers_that_come_later_are_drawn_too(store, seats):
    ada, _ = seats
    answer(store, 1)
    while shown := ada.next("p", Random(1)):
        ada.label(shown.result, "bad")
    answer(store, 1, start=1)
    assert ada.next("p", Random(1)).case == "case 1"
    assert ada.progress("p") == (2, 2)


def test_one_takes_back_ones_own_last_label(store, seats):
    ada, bob = seats
    answer(store, 2)
    first, second = (number for _, _, number in store.judging.answers("p")[:2])
    ada.label(first, "good")
    ada.label(second, "bad")
    assert bob.undo("p") is None
    assert ada.undo("q") is None
    assert (ada.undo("p"), ada.undo(), ada.undo()) == ((second, "bad"), (first, "good"), None)
    assert ada.passed("p") is None


def test_the_share_of_good_ones_and_who_wrote_one_are_told_on_asking(store, seats):
    ada, _ = seats
    answer(store, 3)
    shown = ada.next("p", Random(1))
    assert ada.who("p", shown.result) in ("v:aaaa · mini", "v:bbbb · mini")
    for said in ("good", "good", "bad", "bad"):
        ada.label(ada.next("p", Random(1)).result, said)
    assert ada.passed("p").rate == 0.5
    with pytest.raises(UsageError):
        ada.label(shown.result, "fine")
