"""What a vote means, and the counts of many."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from workbench.verdicts.votes import IDENTICAL, Ballot, Outcome, Tally, mark_repeats, tally

WIN, LOSS, TIE, BAD, SKIP = Outcome
BALLOTS = st.lists(
    st.builds(
        Ballot,
        first=st.sampled_from("ab"),
        second=st.sampled_from("bc"),
        case=st.sampled_from("xy"),
        outcome=st.sampled_from(list(Outcome)),
        results=st.sampled_from([None, (1, 2), (2, 1), (3, 4)]),
        judge=st.sampled_from(["ann", "bob"]),
    ),
    max_size=20,
)


def ballot(outcome, results=(1, 2), judge="ann", **more):
    return Ballot("a", "b", "x", outcome, results, judge, **more)


def repeats(*ballots):
    return [one.repeat for one in mark_repeats(ballots)]


def test_the_second_judgement_of_a_pair_by_the_same_judge_is_a_repeat_whatever_the_sides():
    assert repeats(ballot(WIN), ballot(LOSS, (2, 1)), ballot(WIN, (1, 3)), ballot(BAD)) == [0, 1, 0, 1]


def test_another_judge_repeats_nothing_and_a_skipped_pair_was_not_judged():
    assert repeats(ballot(WIN), ballot(WIN, judge="bob")) == [0, 0]
    assert repeats(ballot(SKIP), ballot(WIN), ballot(SKIP), ballot(TIE)) == [0, 0, 0, 1]


def test_of_ballots_without_results_nobody_knows_whether_they_repeat():
    assert repeats(ballot(WIN, None), ballot(WIN, None)) == [0, 0]


@given(BALLOTS)
def test_marking_changes_nothing_else_and_marking_again_nothing_at_all(ballots):
    once = list(mark_repeats(ballots))
    assert [replace(one, repeat=False) for one in once] == ballots
    assert list(mark_repeats(once)) == once


def test_repeats_and_identical_texts_are_no_votes():
    assert ballot(WIN).counts and ballot(TIE).counts
    assert not any(one.counts for one in (ballot(BAD), ballot(SKIP), ballot(WIN, repeat=True)))
    same = ballot(TIE, judge=IDENTICAL)
    assert not same.counts and not same.asked
    of = tally([ballot(WIN), ballot(WIN, repeat=True), ballot(BAD, repeat=True), same], "ab")[0, 1]
    assert (of.wins, of.ties, of.votes, of.bad, of.identical) == (1, 0, 1, 0, 1)


@given(BALLOTS)
def test_a_tally_turned_and_joined_is_the_tally_of_the_turned_ballots(ballots):
    for names, turned in (("ab", False), ("ba", True)):
        of = Tally()
        of.join(tally(ballots, "ab").get((0, 1), Tally()), turned=turned)
        assert of == tally(ballots, names).get((0, 1), Tally())


@given(BALLOTS)
def test_both_bad_asked_anew_counts_every_judgement_once(ballots):
    of = tally(ballots, "ab").get((0, 1), Tally())
    again = of.of_bad()
    assert (again.wins, again.losses, again.votes) == (of.bad, of.votes, of.bad + of.votes)
    assert [sum(case) for case in again.cases.values()] == [sum(case) for case in of.cases.values()]
