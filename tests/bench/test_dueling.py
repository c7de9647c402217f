"""Dueling: pairs, votes, and the boards that they add up to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.support.answers import answer
from tests.support.records import NOW, cell_of, contender_of, result_of
from workbench.bench.boarding import Boarding
from workbench.bench.dueling import Dueling, Shown
from workbench.bench.entries import Listing
from workbench.store.store import Store
from workbench.verdicts.pairs import NoPair


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "runs.db")
    yield made
    made.close()


@pytest.fixture
def dueling(store: Store) -> Dueling:
    return Dueling(store, lambda: "ada", Random(1))


@pytest.fixture
def boarding(store: Store, dueling: Dueling) -> Boarding:
    return Boarding(store, dueling, lambda prompt: Listing(prompt, ()))


def vote(dueling: Dueling, winner: str, **more: bool) -> Shown:
    """Vote for the answer that says so on the next pair; returns the pair."""
    shown = dueling.next("p", **more)
    assert isinstance(shown, Shown)
    dueling.vote(shown.pair.id, "left" if shown.left == winner else "right")
    return shown


def test_identical_answers_weigh_by_their_share_of_all_answers_however_few_were_voted_on(
    store, dueling, boarding
):
    answer(store, 40, alike=30)
    assert isinstance(dueling.next("p"), Shown)
    before = boarding.board("p")
    assert [(row.standing.low, row.standing.high) for row in before.rows] == [(0, 1), (0, 1)]
    for number in range(1, 9):
        vote(dueling, "new")
        first, second = boarding.board("p").rows
        # A quarter of the answers differ, and of these all were won.
        assert (first.contender.version, first.standing.rating) == ("bbbb", pytest.approx(0.5 + 0.25 / 2))
        assert first.standing.undecided == (number < 4)
        assert (first.votes, first.standing.wins, first.ties) == (number + 30, number, 30)
        assert (second.votes, second.standing.losses, second.ties) == (number + 30, number, 30)
        rates = boarding.win_rates(["p"])
        assert (rates["bbbb"].rate, rates["bbbb"].votes) == (first.standing.win_rate, number)
    assert (boarding.board("p").votes, boarding.board("p").identical) == (8, 30)


def test_answers_that_come_later_are_in_the_next_pair_and_in_the_shares(store, dueling, boarding):
    answer(store, 2)
    vote(dueling, "new")
    vote(dueling, "new")
    assert isinstance(dueling.next("p"), NoPair)
    assert boarding.board("p").rows[0].standing.rating == 1
    answer(store, 2, alike=2, start=2)
    assert isinstance(dueling.next("p"), NoPair)
    assert boarding.board("p").identical == 2
    assert boarding.board("p").rows[0].standing.rating == pytest.approx(0.75)
    answer(store, 1, start=4)
    assert vote(dueling, "old").case == "case 4"


def test_a_pair_judged_again_enters_the_board_once(store, dueling, boarding):
    answer(store, 9)
    pairs = [vote(dueling, "new").pair for _ in range(9)]
    checks = 0
    for _ in range(200):
        shown = dueling.next("p", checking=True)
        if isinstance(shown, Shown):
            dueling.vote(shown.pair.id, "left" if shown.left == "old" else "right")
            before = next(pair for pair in pairs if pair.case_hash == shown.pair.case_hash)
            assert (shown.pair.left_result, shown.pair.right_result) == (
                before.right_result,
                before.left_result,
            )
            checks += 1
    assert checks
    first = boarding.board("p").rows[0].standing
    assert (first.votes, first.wins) == (9, 9)
    assert boarding.win_rates(["p"])["bbbb"].votes == 9


def test_without_being_asked_for_no_pair_comes_twice(store, dueling):
    answer(store, 12)
    assert len({vote(dueling, "new").pair.case_hash for _ in range(12)}) == 12
    assert all(isinstance(dueling.next("p"), NoPair) for _ in range(50))


def test_by_version_the_share_is_that_of_contenders_alike_in_all_else(store, dueling, boarding):
    answer(store, 4, alike=2)
    # Another model answers the same cases, the old version alone: no version is compared with it.
    other = contender_of("aaaa", string="openai/other", model="other")
    cells = [cell_of(case, f"{case}", other, call_key=f"{case} other") for case in range(4)]
    run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
    store.runs.add_results(
        run,
        [result_of(f"{case}", "same", call_key=f"{case} other", string="openai/other") for case in range(4)],
    )
    while isinstance(shown := dueling.next("p", ["aaaa", "bbbb"]), Shown):
        dueling.vote(shown.pair.id, "left" if shown.left == "new" else "right")
    board = boarding.board("p", "version")
    assert (board.votes, board.identical) == (2, 2)
    assert board.rows[0].standing.rating == pytest.approx(0.75)
    assert boarding.win_rates(["p"])["bbbb"].rate == pytest.approx(0.75)
