"""Answers of two contenders to compare, made without a model."""

from __future__ import annotations

from tests.support.records import NOW, call_of, cell_of, contender_of, result_of
from workbench.store.records import Cell, Result
from workbench.store.store import Store

OLD, NEW = contender_of("aaaa"), contender_of("bbbb")


def answer(store: Store, cases: int, alike: int = 0, start: int = 0) -> None:
    """Store answers of both contenders to so many cases, the first of which are answered alike."""
    cells: list[Cell] = []
    results: list[Result] = []
    for case in range(start, start + cases):
        for contender, said in ((OLD, "old"), (NEW, "new")):
            text, key = f"{case}", f"{case} {said}"
            cells.append(cell_of(len(cells), text, contender, call_key=key))
            results.append(result_of(text, "same" if case - start < alike else said, call_key=key))
    store.sources.keep_contexts([call_of(str(cell.case).removeprefix("case ")).messages for cell in cells])
    store.sources.keep_cases({cell.case_hash: {"case": cell.case} for cell in cells})
    run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
    store.runs.add_results(run, results)
