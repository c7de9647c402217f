"""The newest of 100,000 results, searching them, listing their runs, and writing one more.

Answers and contexts have about 4 KB each, of words that are as frequent as those of a language; each context
is asked of two models. Beside it, the same table alone, without an index of words.
"""

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from workbench.context.messages import Message, context_hash
from workbench.models.calls import Usage
from workbench.store.database import FILE_NAME
from workbench.store.records import Cell, Contender, Result
from workbench.store.search import Wanted
from workbench.store.store import Store

RESULTS = 100_000
RUNS = 50
WORDS = 600
ROUNDS = 15
WRITTEN = 300

NOW = "2026-01-31T12:00:00.000Z"
MODELS = ("one", "two")


class Prose:
    """Text in which the n-th word is n times as rare as the first."""

    def __init__(self) -> None:
        self._rng = random.Random(1)
        self._words = [f"{self._rng.choice('bcdfghklmnprst')}{number:x}" for number in range(30_000)]
        self._weights = [1 / (number + 1) for number in range(len(self._words))]
        self._pool: list[str] = []

    def word(self, rank: int) -> str:
        return self._words[rank]

    def text(self) -> str:
        if len(self._pool) < WORDS:
            self._pool = self._rng.choices(self._words, self._weights, k=500 * WORDS)
        text, self._pool = self._pool[:WORDS], self._pool[WORDS:]
        return " ".join(text)


def fill(store: Store, prose: Prose) -> None:
    """Store the runs, each of two models with as many cases as it takes."""
    cases = RESULTS // RUNS // len(MODELS)
    for run in range(RUNS):
        contexts = [(Message("user", prose.text()),) for _ in range(cases)]
        store.sources.keep_contexts(contexts)
        store.sources.keep_cases({f"{run}-{case}".ljust(64, "-"): {"number": case} for case in range(cases)})
        cells = [
            cell_of(number, f"v{run}", model, f"{run}-{case}", context_hash(contexts[case]))
            for number, (case, model) in enumerate((case, model) for case in range(cases) for model in MODELS)
        ]
        number = store.runs.begin(cells, prompt=f"p{run % 5}", samples=1, cost_limit=None, now=NOW)
        for start in range(0, len(cells), 100):
            store.runs.add_results(
                number, [result_of(cell, prose.text()) for cell in cells[start : start + 100]]
            )
        store.runs.end(number, "done", NOW)


def cell_of(position: int, version: str, model: str, case: str, context: str) -> Cell:
    contender = Contender(f"p{int(version[1:]) % 5}", version, model, f"openai/{model}")
    key = f"{version}-{position}".ljust(64, "-")
    return Cell(position, contender, f"case {case}", case.ljust(64, "-"), 1, context, key)


def result_of(cell: Cell, text: str) -> Result:
    status = "error" if cell.position % 500 == 7 else "ok"
    return Result(
        cell.call_key,
        cell.context,
        cell.contender.string,
        None,
        {},
        status,
        text,
        usage=Usage(900, 900),
        cost=1000,
        estimated=900,
        started=NOW,
        ended=NOW,
    )


def timed(work: Callable[[], object]) -> float:
    """Return the median milliseconds that a piece of work takes."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def write(store: Store, prose: Prose, name: str, batch: int) -> float:
    """Return the mean milliseconds that one result takes where so many are stored at once."""
    contexts = [(Message("user", prose.text()),) for _ in range(WRITTEN)]
    store.sources.keep_contexts(contexts)
    store.sources.keep_cases({"w".ljust(64, "-"): {}})
    cells = [
        cell_of(number, f"v{name}", "one", "w", context_hash(context))
        for number, context in enumerate(contexts)
    ]
    run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
    results = [result_of(cell, prose.text()) for cell in cells]
    begun = time.perf_counter()
    for start in range(0, WRITTEN, batch):
        store.runs.add_results(run, results[start : start + batch])
    return (time.perf_counter() - begun) * 1000 / WRITTEN


def bare_write(folder: Path, prose: Prose) -> float:
    """Return the mean milliseconds of one row in one transaction, in a table with nothing beside it."""
    with sqlite3.connect(folder / "bare.db", isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("CREATE TABLE results (id INTEGER PRIMARY KEY, text TEXT)")
        texts = [prose.text() for _ in range(WRITTEN)]
        begun = time.perf_counter()
        for text in texts:
            connection.execute("INSERT INTO results (text) VALUES (?)", (text,))
        return (time.perf_counter() - begun) * 1000 / WRITTEN


def main() -> None:
    prose = Prose()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder / FILE_NAME)
        begun = time.perf_counter()
        fill(store, prose)
        print(
            f"{RESULTS:,} results in {RUNS} runs: {(folder / FILE_NAME).stat().st_size / 2**20:.0f} MiB, "
            f"filled in {time.perf_counter() - begun:.0f} s"
        )
        report(store, prose)
        for batch in (1, 20):
            print(
                f"{f'writing one, {batch} at once:':42} {write(store, prose, str(90 + batch), batch):8.2f} ms"
            )
        print(f"{'a bare row, one at once:':42} {bare_write(folder, prose):8.2f} ms")
        store.close()


def report(store: Store, prose: Prose) -> None:
    find, runs = store.search.find, store.search.runs
    often, seldom, never = prose.word(3), prose.word(2000), prose.word(29_000)
    works: dict[str, Callable[[], object]] = {
        "newest 50 results": lambda: find(Wanted()),
        "newest 50 of one prompt and model": lambda: find(Wanted(prompt="p3", model="two")),
        "newest 50 errors": lambda: find(Wanted(status="error")),
        "newest 50 of one run": lambda: find(Wanted(run=7)),
        "newest 50 since a time": lambda: find(Wanted(since="2026-01-01")),
        "a word in nearly all": lambda: find(Wanted(often)),
        "a word in some": lambda: find(Wanted(seldom)),
        "a word in few": lambda: find(Wanted(never)),
        "two words": lambda: find(Wanted(f"{often} {seldom}")),
        "a beginning of three letters": lambda: find(Wanted(f"{seldom[:3]}*")),
        "a beginning of one letter": lambda: find(Wanted(f"{seldom[:1]}*")),
        "a word in some, of one prompt": lambda: find(Wanted(seldom, prompt="p3")),
        "runs that have a word in some": lambda: runs(Wanted(seldom)),
        "runs that have an error": lambda: runs(Wanted(status="error")),
        "newest 50 runs": lambda: store.runs.newest(50),
        "all cells of a run": lambda: store.runs.cells(7),
    }
    for what, work in works.items():
        print(f"{what + ':':42} {timed(work):8.2f} ms")


if __name__ == "__main__":
    main()
