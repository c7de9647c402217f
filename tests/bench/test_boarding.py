"""The board: which votes count, what stands behind a row, and what is told beside the ratings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.support.answers import NEW, OLD, answer
from tests.support.records import NOW, cell_of, contender_of, result_of
from workbench.bench.boarding import Boarding, VoteFilter, read_until
from workbench.bench.dueling import Dueling, Shown
from workbench.bench.entries import Listing
from workbench.errors import UsageError
from workbench.store.store import Store
from workbench.verdicts.pairs import NoPair


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "runs.db")
    yield made
    made.close()


@pytest.fixture
def duelings(store: Store) -> dict[str, Dueling]:
    """A seat for each of two people."""

    def seat(judge: str, seed: int) -> Dueling:
        return Dueling(store, lambda: judge, Random(seed))

    return {judge: seat(judge, seed) for seed, judge in enumerate(("ada", "bob"))}


@pytest.fixture
def boarding(store: Store, duelings: dict[str, Dueling]) -> Boarding:
    return Boarding(store, duelings["ada"], lambda prompt: Listing(prompt, ()))


def vote(dueling, winner, **more):
    """Vote for the answer that says so on the next pair, or say this of both; returns the pair."""
    shown = dueling.next("p")
    assert isinstance(shown, Shown)
    side = {shown.left: "left", shown.right: "right"}.get(winner, winner)
    dueling.vote(shown.pair.id, side, **more)
    return shown


def test_votes_count_by_case_voter_and_blindness_and_identical_ties_by_case_alone(store, duelings, boarding):
    answer(store, 6, alike=2)
    seen = [vote(duelings["ada"], "new").case for _ in range(3)]
    vote(duelings["bob"], "old", blind=False)

    def counted(**wanted):
        view = boarding.board("p", wanted=VoteFilter(**wanted))
        return view.votes, view.blind, view.identical

    assert counted() == (4, 3, 2)
    assert counted(judges=("ada",)) == (3, 3, 2)
    assert counted(blind=False) == (1, 0, 2)
    assert counted(cases=(seen[0],), judges=("ada",)) == (1, 1, 0)
    assert counted(cases=("case 0",)) == (0, 0, 1)
    assert counted(until="2000") == (0, 0, 2)
    assert counted(since="2000") == (4, 3, 2)


def test_a_case_alone_is_rated_by_how_often_it_alone_was_answered_alike(store, duelings, boarding):
    answer(store, 4, alike=2)
    case = vote(duelings["ada"], "new").case
    on_all = boarding.board("p").rows[0].standing.rating
    on_one = boarding.board("p", wanted=VoteFilter(cases=(case,))).rows[0].standing.rating
    assert (on_all, on_one) == (pytest.approx(0.75), 1)


@pytest.mark.parametrize("wanted", [VoteFilter(cases=("csae 1",)), VoteFilter(judges=("adda",))])
def test_a_filter_that_no_vote_can_pass_is_an_error_that_suggests_another(store, duelings, boarding, wanted):
    answer(store, 3)
    vote(duelings["ada"], "new")
    with pytest.raises(UsageError) as caught:
        boarding.board("p", wanted=wanted)
    assert "Did you mean" in (caught.value.hint or "")


def test_a_second_word_stays_one_when_the_first_is_left_out(store, duelings, boarding):
    answer(store, 1)
    shown = duelings["ada"].next("p")
    duelings["ada"].vote(shown.pair.id, "left")
    again = duelings["ada"].show(shown)
    duelings["ada"].vote(again.pair.id, "right")
    first, second = store.votes.standing("p")
    later = VoteFilter(since=second.created)
    assert boarding.board("p").votes == 2
    assert boarding.board("p").board.votes == 1
    assert [seen.repeat for seen in boarding.votes("p", "contender", boarding.board("p").rows[0].key)] == [
        True,
        False,
    ]
    assert boarding.board("p").consistency["ada"].pairs == 1
    if first.created < second.created:
        assert boarding.board("p", wanted=later).board.votes == 0


def test_behind_a_row_and_a_cell_stand_their_votes(store, duelings, boarding):
    answer(store, 5, alike=1)
    third = contender_of("cccc")
    cells = [cell_of(0, "4", third, call_key="4 third")]
    run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
    store.runs.add_results(run, [result_of("4", "third", call_key="4 third")])
    while not isinstance(shown := duelings["ada"].next("p"), NoPair):
        duelings["ada"].vote(
            shown.pair.id, "bad" if "third" in (shown.left, shown.right) else "tie", note="why"
        )
    view = boarding.board("p")
    keys = {row.contender.version: row.key for row in view.rows}
    behind = boarding.votes("p", "contender", keys["aaaa"], keys["bbbb"])
    assert [(seen.vote.choice, seen.vote.judge) for seen in behind] == [("tie", "ada")] * 4 + [
        ("tie", "identical")
    ]
    assert {seen.left for seen in behind} | {seen.right for seen in behind} == {
        row.label for row in view.rows if row.contender.version != "cccc"
    }
    (with_third,) = boarding.votes("p", "contender", keys["cccc"], keys["aaaa"])
    assert (with_third.vote.choice, with_third.vote.note, with_third.case) == ("bad", "why", "case 4")
    for row in view.rows:
        of_people = [seen for seen in boarding.votes("p", "contender", row.key) if seen.vote.judge == "ada"]
        assert len(of_people) == row.standing.votes + row.standing.bad
        assert view.row(row.key) is row


def test_two_people_who_judge_the_same_pairs_are_compared_and_both_count(store, duelings, boarding):
    answer(store, 6)
    for said in ("new", "new", "old", "tie", "new", "new"):
        vote(duelings["ada"], said)
    for _ in range(6):
        vote(duelings["bob"], "new")
    view = boarding.board("p")
    assert (view.votes, set(view.judges)) == (12, {"ada", "bob"})
    ((_, _, both),) = view.agreements
    assert (both.pairs, both.same.rate) == (6, pytest.approx(4 / 6))
    assert view.rows[0].standing.wins == 10


def test_the_longer_answer_and_the_left_one_are_told_of(store, duelings, boarding):
    cells, results = [], []
    for case in range(12):
        for contender, text in ((OLD, "short"), (NEW, "rather long")):
            key = f"{case} {text}"
            cells.append(cell_of(len(cells), f"{case}", contender, call_key=key))
            results.append(result_of(f"{case}", text, call_key=key))
    answer(store, 12)  # keeps the contexts and cases of these
    run = store.runs.begin(cells, prompt="q", samples=1, cost_limit=None, now=NOW)
    store.runs.add_results(run, results)
    while not isinstance(shown := duelings["ada"].next("p"), NoPair):
        texts = sorted((shown.left, shown.right), key=len)
        duelings["ada"].vote(shown.pair.id, "left" if shown.left == texts[-1] else "right")
    view = boarding.board("p")
    assert view.lengths.losses == 0 and view.lengths.wins >= 12 and view.lengths.shows
    assert view.sides.wins + view.sides.losses == view.votes


def test_labels_of_single_answers_are_a_pass_rate_of_each_contender(store, duelings, boarding):
    answer(store, 4)
    for number, (contender, _, result) in enumerate(store.judging.answers("p")):
        old = store.runs.contenders("p")[0].id == contender
        store.remarks.label(result, "bad" if old and number else "good", "ada", NOW)
    passed = {row.contender.version: row.passed for row in boarding.board("p").rows}
    assert (passed["aaaa"].good, passed["aaaa"].bad) == (1, 3)
    assert (passed["bbbb"].good, passed["bbbb"].rate.rate) == (4, 1)
    grouped = boarding.board("p", "model").rows
    assert [(row.passed.good, row.passed.bad) for row in grouped] == [(5, 3)]


def test_until_a_date_is_until_its_end():
    assert read_until("2026-01-31") == "2026-02-01T00:00:00.000Z"
    assert read_until("2026-01-31T10:00") == "2026-01-31T10:00:00.000Z"
    assert read_until("1d", NOW) == "2026-01-30T12:00:00.000Z"
    with pytest.raises(UsageError):
        read_until("soon")
