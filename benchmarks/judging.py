"""From a vote to the next pair, the board, and the next answer to label, of 5,000 and of 100,000 results."""

import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from benchmarks.store import NOW, Prose
from workbench.bench.boarding import Boarding
from workbench.bench.dueling import Dueling, Shown
from workbench.bench.entries import Listing
from workbench.bench.labelling import Labelling
from workbench.context.messages import Message, context_hash
from workbench.models.calls import Usage
from workbench.store.database import FILE_NAME
from workbench.store.records import Cell, Contender, Pair, Result, Vote
from workbench.store.store import Store

ROUNDS = 9
PROMPT = "p"
JUDGES = ("Ada", "Bob", "Cyd")


def fill(store: Store, contenders: int, cases: int) -> None:
    """Store one run of so many contenders, each with an answer to each case."""
    prose = Prose()
    context = (Message("user", prose.text()),)
    store.sources.keep_contexts([context])
    store.sources.keep_cases({hashed(case): {"number": case} for case in range(cases)})
    asked = [(case, number) for case in range(cases) for number in range(contenders)]
    cells = [
        Cell(
            position,
            Contender(PROMPT, f"{number:064x}", "one", "openai/one"),
            f"case {case}",
            hashed(case),
            1,
            context_hash(context),
            f"{position:064x}",
        )
        for position, (case, number) in enumerate(asked)
    ]
    run = store.runs.begin(cells, prompt=PROMPT, samples=1, cost_limit=None, now=NOW)
    for start in range(0, len(cells), 500):
        store.runs.add_results(run, [result_of(cell, prose.text()) for cell in cells[start : start + 500]])
    store.runs.end(run, "done", NOW)


def hashed(case: int) -> str:
    return f"{case}".ljust(64, "-")


def result_of(cell: Cell, text: str) -> Result:
    params: dict[str, object] = {}
    usage = Usage(900, 900)
    return Result(
        *(cell.call_key, cell.context, "openai/one", None, params, "ok", text),
        **{"usage": usage, "cost": 1000, "total": 0.5, "started": NOW, "ended": NOW},
    )


def judge(store: Store, votes: int) -> None:
    """Give so many votes at random, by three people."""
    rng = random.Random(1)
    by_case: dict[str, list[tuple[int, int]]] = {}
    for contender, case, result in store.judging.answers(PROMPT):
        by_case.setdefault(case, []).append((contender, result))
    cases = list(by_case)
    given = []
    for number in range(votes):
        case = rng.choice(cases)
        (one, left), (other, right) = rng.sample(by_case[case], 2)
        pair = Pair(PROMPT, case, left, right, one, other)
        choice = rng.choice(("left", "right", "tie", "bad"))
        given.append(Vote(pair, choice, rng.choice(JUDGES), True, f"{NOW[:-5]}.{number:06d}Z"))
    store.votes.merge(given)


def timed(work: Callable[[], object]) -> str:
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return f"first {taken[0]:7.1f} ms, then median {statistics.median(taken[1:]):6.1f} ms"


def measure(contenders: int, cases: int, votes: int) -> None:
    folder = Path(tempfile.mkdtemp())
    store = Store(folder / FILE_NAME)
    try:
        fill(store, contenders, cases)
        judge(store, votes)
        dueling = Dueling(store, lambda: JUDGES[0], Random(1))
        boarding = Boarding(store, dueling, lambda prompt: Listing(prompt, ()))
        labelling = Labelling(store, dueling, lambda: JUDGES[0])
        first = dueling.next(PROMPT)
        assert isinstance(first, Shown)
        shown = [first]

        def vote_and_next() -> None:
            dueling.vote(shown[-1].pair.id, "left")
            following = dueling.next(PROMPT)
            assert isinstance(following, Shown)
            shown.append(following)

        print(f"{contenders * cases:,} results of {contenders} contenders, {votes:,} votes")
        print(f"  vote to next pair (reach 100 ms): {timed(vote_and_next)}")
        print(f"  board (reach 1,000 ms):           {timed(lambda: boarding.board(PROMPT))}")
        print(f"  next answer to label:             {timed(lambda: labelling.next(PROMPT, Random(1)))}")
    finally:
        store.close()
        shutil.rmtree(folder)


def main() -> None:
    measure(5, 1000, 500)
    measure(5, 20_000, 2000)
    measure(50, 100, 20_000)


if __name__ == "__main__":
    main()
