"""How long a board, what goes with it, and a next pair take. Run: python -m benchmarks verdicts."""

import random
import statistics
import time

from workbench.verdicts.agreement import agreement
from workbench.verdicts.effects import length_effect, side_effect
from workbench.verdicts.frontier import frontier
from workbench.verdicts.matrix import head_to_head
from workbench.verdicts.pairs import Candidate, Checking, NoPair, Pair, next_pair
from workbench.verdicts.ratings import rate
from workbench.verdicts.votes import Ballot, Outcome, mark_repeats
from workbench.verdicts.win_rates import win_rates


def ballots_of(contenders, cases, votes, samples, rng):
    strength = {c: rng.gauss(0, 1) for c in contenders}
    kept = []
    for _ in range(votes):
        one, other = rng.sample(range(len(contenders)), 2)
        first, second, case = contenders[one], contenders[other], rng.randrange(cases)
        ids = tuple((place * cases + case) * samples + rng.randrange(samples) for place in (one, other))
        outcome = (
            Outcome.TIE
            if rng.random() < 0.2
            else Outcome.WIN
            if strength[first] + rng.gauss(0, 1.5) > strength[second]
            else Outcome.LOSS
        )
        kept.append(Ballot(first, second, f"case {case}", outcome, ids, "a person"))
    return kept


def candidates_of(contenders, cases, samples):
    return [
        Candidate((p * cases + c) * samples + s, name, f"case {c}", f"answer {(p * 7 + c + s) % 97}", s + 1)
        for p, name in enumerate(contenders)
        for c in range(cases)
        for s in range(samples)
    ]


def milliseconds(work, times):
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return f"median {statistics.median(taken):7.1f} ms, worst {max(taken):7.1f} ms"


def main():
    rng = random.Random(1)
    names = [f"contender {i}" for i in range(50)]
    votes = ballots_of(names, 200, 20_000, 1, rng)
    print(
        f"board, 50 contenders, 20,000 votes (reach 1,000 ms): {milliseconds(lambda: rate(votes, names), 7)}"
    )
    board = rate(votes, names)
    lengths = {result: result * 7919 % 400 for ballot in votes for result in ballot.results}
    for what, work in {
        "head to head": lambda: head_to_head(votes, names),
        "win rates": lambda: win_rates(votes),
        "effects of side and length": lambda: (side_effect(votes), length_effect(votes, lengths)),
        "agreement of two judges": lambda: agreement(votes, "a person", "another"),
        "repeats marked": lambda: list(mark_repeats(votes)),
        "frontier": lambda: frontier(board, dict.fromkeys(names, 1.0)),
    }.items():
        print(f"{what}, the same votes: {milliseconds(work, 7)}")
    for many, cases, samples, given in (
        (2, 2500, 1, 200),
        (2, 1, 2500, 200),
        (5, 200, 5, 1000),
        (10, 100, 5, 1000),
        (50, 100, 1, 1000),
        (50, 100, 1, 20_000),
    ):
        some = names[:many]
        results, past = candidates_of(some, cases, samples), ballots_of(some, cases, given, samples, rng)
        assert len(results) == 5000

        def choose(results=results, past=past):
            assert isinstance(next_pair(results, past, rng, checking=Checking("a person")), (Pair, NoPair))

        setting = f"{many} contenders x {cases} cases x {samples} samples, {given:,} votes"
        print(f"next pair of 5,000 results (reach 50 ms), {setting:55} {milliseconds(choose, 9)}")


if __name__ == "__main__":
    main()
