"""Which pair is shown next."""

import random
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.verdicts.pairs import Candidate, Checking, NoPair, Pair, identical_pairs, next_pair
from workbench.verdicts.votes import IDENTICAL, Ballot, Outcome

WIN, LOSS, TIE, BAD, SKIP = Outcome


def candidates_of(
    contenders, cases=4, samples=1, text=lambda contender, case, sample: f"{contender} {case} {sample}"
):
    places = [(c, f"case {n}", s) for c in contenders for n in range(cases) for s in range(1, samples + 1)]
    return [Candidate(number, c, case, text(c, case, s), s) for number, (c, case, s) in enumerate(places, 1)]


def ballot_of(pair, outcome, judge="ann"):
    left, right = pair.left, pair.right
    return Ballot(left.contender, right.contender, left.case, outcome, (left.result, right.result), judge)


def session(candidates, votes, rng, outcome=lambda pair: TIE):
    """The pairs of a session, each voted on at once; it stops early where there is no pair."""
    ballots, pairs = [], []
    for _ in range(votes):
        pair = next_pair(candidates, ballots, rng)
        if isinstance(pair, NoPair):
            break
        pairs.append(pair)
        ballots.append(ballot_of(pair, outcome(pair)))
    return pairs


def ids(pair):
    return frozenset((pair.left.result, pair.right.result))


def names(pair):
    return frozenset((pair.left.contender, pair.right.contender))


def why(candidates, ballots=()):
    found = next_pair(candidates, list(ballots), random.Random(1))
    assert isinstance(found, NoPair)
    return found.why


def test_a_session_shows_every_pair_once_then_says_it_is_over():
    candidates = candidates_of("abc", cases=3, samples=2)
    pairs = session(candidates, 1000, random.Random(1))
    assert len(pairs) == len({ids(pair) for pair in pairs}) == 3 * 3 * 4
    for pair in pairs:
        assert pair.left.case == pair.right.case
        assert pair.left.contender != pair.right.contender
    assert "every pair has been voted on" in why(candidates, [ballot_of(p, WIN) for p in pairs])


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"), st.sampled_from(["yes", "no", "maybe"])),
        max_size=14,
    ),
    st.integers(0, 9),
    st.sampled_from(list(Outcome)),
)
@settings(max_examples=60, deadline=None)
def test_what_is_shown_is_always_comparable_and_new(answers, seed, outcome):
    candidates = [Candidate(n, *answer) for n, answer in enumerate(answers)]
    possible = {
        frozenset((a.result, b.result))
        for a in candidates
        for b in candidates
        if a.contender != b.contender and a.case == b.case and a.text != b.text
    }
    pairs = session(candidates, len(possible) + 3, random.Random(seed), lambda pair: outcome)
    if outcome is SKIP:
        # Skipped ones come back, but only once nothing else is left.
        assert {ids(p) for p in pairs[: len(possible)]} == possible
    else:
        assert sorted(map(sorted, map(ids, pairs))) == sorted(map(sorted, possible))


def test_a_seed_repeats_and_another_differs():
    candidates = candidates_of("abc", cases=10)
    one, same, other = (session(candidates, 20, random.Random(seed)) for seed in (5, 5, 6))
    assert one == same != other


def test_sides_are_fair():
    candidates = candidates_of("ab", cases=400)
    left = sum(pair.left.contender == "a" for pair in session(candidates, 400, random.Random(3)))
    assert 160 <= left <= 240


def test_the_first_pair_is_anyone_s():
    candidates = candidates_of("abc", cases=5)
    first = [next_pair(candidates, [], random.Random(seed)) for seed in range(600)]
    assert all(170 <= count <= 230 for count in Counter(map(names, first)).values())
    assert all(90 <= count <= 150 for count in Counter(pair.left.case for pair in first).values())


def test_equal_contenders_and_cases_are_compared_equally_often():
    pairs = session(candidates_of("abcd", cases=6, samples=3), 72, random.Random(2))
    assert set(Counter(map(names, pairs)).values()) == {12}
    assert max(Counter(p.left.case for p in pairs).values()) <= 14
    each = Counter((names(p), p.left.case) for p in pairs)
    assert set(each.values()) == {2}


def test_most_votes_go_where_the_order_is_uncertain():
    rng = random.Random(4)

    def c_always_loses(pair):
        if "c" not in names(pair):
            return rng.choice([WIN, LOSS])
        return LOSS if pair.left.contender == "c" else WIN

    met = Counter(map(names, session(candidates_of("abc", cases=80), 60, rng, c_always_loses)))
    with_c = met[frozenset("ac")], met[frozenset("bc")]
    assert met[frozenset("ab")] > 2 * sum(with_c)
    assert min(with_c) >= 1 and sum(with_c) >= 5


def test_contenders_that_are_always_both_bad_do_not_take_every_vote():
    pairs = session(
        candidates_of("abc", cases=60), 60, random.Random(4), lambda p: BAD if names(p) == set("ab") else TIE
    )
    assert Counter(map(names, pairs))[frozenset("ab")] <= 30


def test_identical_texts_are_never_shown():
    candidates = candidates_of(
        "ab", cases=4, text=lambda contender, case, s: "same" if case < "case 3" else contender
    )
    pairs = session(candidates, 10, random.Random(1))
    assert [pair.left.case for pair in pairs] == ["case 3"]
    alike = candidates_of("ab", text=lambda *_: "same")
    assert "identical" in why(alike)


def test_a_skipped_pair_comes_back_only_when_nothing_else_is_left():
    candidates = candidates_of("ab", cases=5)
    rng = random.Random(1)
    skipped = next_pair(candidates, [], rng)
    ballots = [ballot_of(skipped, SKIP)]
    for _ in range(4):
        pair = next_pair(candidates, ballots, rng)
        assert ids(pair) != ids(skipped)
        ballots.append(ballot_of(pair, WIN))
    assert ids(next_pair(candidates, ballots, rng)) == ids(skipped)


def test_texts_already_judged_wait_until_new_ones_are_done():
    repeated = candidates_of(
        "ab", cases=3, samples=2, text=lambda contender, case, sample: f"{contender} {case}"
    )
    pairs = session(repeated, 100, random.Random(1))
    assert {p.left.case for p in pairs[:3]} == {"case 0", "case 1", "case 2"}
    assert len(pairs) == 12


def test_results_are_shown_evenly_within_a_case():
    pairs = session(candidates_of("ab", cases=1, samples=6), 6, random.Random(1))
    assert len({pair.left.result for pair in pairs} | {pair.right.result for pair in pairs}) == 12


def test_it_says_why_there_is_nothing_to_compare():
    assert why([]).startswith("nothing to compare: no contender has answers")
    assert why(candidates_of("a")).startswith("nothing to compare: only one contender has answers")
    apart = [Candidate(1, "a", "x", "one"), Candidate(2, "b", "y", "two")]
    assert why(apart).startswith("nothing to compare: no case was answered by two contenders")


def checked(candidates, votes, seed, checking, outcome=lambda pair: TIE, judge="ann"):
    """The pairs of a session with checks, each voted on by one judge."""
    rng, ballots, pairs = random.Random(seed), [], []
    for _ in range(votes):
        pair = next_pair(candidates, ballots, rng, checking=checking)
        if isinstance(pair, NoPair):
            break
        pairs.append(pair)
        ballots.append(replace(ballot_of(pair, outcome(pair), judge), repeat=pair.repeat))
    return pairs


@given(st.integers(0, 999), st.integers(2, 15), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_a_check_shows_a_judged_pair_on_swapped_sides_never_soon_and_never_twice(seed, every, after):
    pairs = checked(candidates_of("abc", cases=12), 60, seed, Checking("ann", every, after))
    seen = {}
    for number, pair in enumerate(pairs):
        if pair.repeat:
            before, shown = seen[ids(pair)]
            assert (pair.left, pair.right) == (shown.right, shown.left)
            assert not shown.repeat
            assert number - before > 5 and number >= after
        else:
            assert ids(pair) not in seen
        seen[ids(pair)] = number, pair


def test_checks_come_at_the_rate_asked_for_and_by_the_seed():
    candidates = candidates_of("ab", cases=600)
    checking = Checking("ann", every=10, after=8)
    one, same = (checked(candidates, 500, 3, checking) for _ in range(2))
    assert one == same
    assert 30 <= sum(pair.repeat for pair in one) <= 70
    assert not any(pair.repeat for pair in checked(candidates, 100, 3, None))


def test_each_judged_pair_is_as_likely_to_be_checked_as_any_other():
    candidates = candidates_of("ab", cases=40)
    ballots = [ballot_of(pair, WIN) for pair in session(candidates, 13, random.Random(1))]
    found = [
        next_pair(candidates, ballots, random.Random(n), checking=Checking("ann", 1)) for n in range(800)
    ]
    assert all(pair.repeat for pair in found)
    times = Counter(map(ids, found))
    # Eight of thirteen: the last five are too fresh.
    assert set(times) == {frozenset(b.results) for b in ballots[:8]}
    assert all(70 <= count <= 130 for count in times.values())


def test_a_check_needs_the_judge_s_own_votes_and_nothing_skipped():
    candidates = candidates_of("ab", cases=60)
    pairs = session(candidates, 20, random.Random(1))

    def checks(ballots, judge="ann"):
        found = [
            next_pair(candidates, ballots, random.Random(n), checking=Checking(judge, 1)) for n in range(5)
        ]
        return [pair.repeat for pair in found]

    assert all(checks([ballot_of(pair, WIN) for pair in pairs]))
    assert not any(checks([ballot_of(pair, WIN) for pair in pairs], judge="bob"))
    assert not any(checks([ballot_of(pair, WIN) for pair in pairs[:7]]))
    assert not any(checks([ballot_of(pair, SKIP) for pair in pairs]))
    gone = [replace(candidate, result=candidate.result + 1000) for candidate in candidates]
    again = next_pair(gone, [ballot_of(p, WIN) for p in pairs], random.Random(1), checking=Checking("ann", 1))
    assert not again.repeat


def test_a_check_heeds_who_may_meet():
    candidates = candidates_of("abc", cases=20)
    ballots = [ballot_of(pair, WIN) for pair in session(candidates, 40, random.Random(1))]
    for seed in range(30):
        pair = next_pair(
            candidates, ballots, random.Random(seed), lambda *two: set(two) == {"a", "b"}, Checking("ann", 1)
        )
        assert pair.repeat and names(pair) == {"a", "b"}


def test_identical_texts_are_yielded_until_they_are_recorded():
    candidates = candidates_of(
        "abc", cases=2, text=lambda contender, case, s: "same" if case == "case 0" else contender
    )
    pairs = list(identical_pairs(candidates, []))
    assert [(p.left.contender, p.right.contender, p.left.case) for p in pairs] == [
        ("a", "b", "case 0"),
        ("a", "c", "case 0"),
        ("b", "c", "case 0"),
    ]
    recorded = [ballot_of(p, TIE, IDENTICAL) for p in pairs]
    assert list(identical_pairs(candidates, recorded[:1])) == pairs[1:]
    assert list(identical_pairs(candidates, recorded)) == []


def test_a_result_met_in_several_runs_is_one_result():
    candidates = candidates_of("ab", cases=2, text=lambda *_: "same")
    assert len(list(identical_pairs(candidates * 3, []))) == 2
    differing = candidates_of("ab", cases=2)
    assert len(session(differing * 3, 100, random.Random(1))) == 2


def test_equal_samples_are_matched_once_each():
    candidates = candidates_of("ab", cases=1, samples=20, text=lambda *_: "same")
    pairs = list(identical_pairs(candidates, []))
    assert len(pairs) == 20
    assert len({p.left.result for p in pairs}) == len({p.right.result for p in pairs}) == 20
    assert list(identical_pairs(candidates, [ballot_of(p, TIE, IDENTICAL) for p in pairs])) == []


def test_thousands_of_equal_answers_are_passed_over_at_once():
    alike = candidates_of("ab", cases=1, samples=2500, text=lambda *_: "same")
    assert isinstance(next_pair(alike, [], random.Random(1)), NoPair)
    odd = Candidate(9999, "b", "case 0", "odd")
    pair = next_pair([*alike, odd], [], random.Random(1))
    assert isinstance(pair, Pair) and odd in (pair.left, pair.right)
