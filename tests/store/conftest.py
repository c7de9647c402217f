"""A store, and runs in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.records import NOW, call_of
from workbench.store.records import Cell
from workbench.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "runs.db")
    yield made
    made.close()


@pytest.fixture
def begin(store: Store) -> Callable[[Sequence[Cell]], int]:
    """Stores a run of these cells, with the contexts and cases that they need; returns its number."""

    def begun(cells: Sequence[Cell], prompt: str = "p") -> int:
        store.sources.keep_contexts([call_of(cell.case.removeprefix("case ")).messages for cell in cells])
        store.sources.keep_cases({cell.case_hash: {"case": cell.case} for cell in cells})
        return store.runs.begin(cells, prompt=prompt, samples=1, cost_limit=7, now=NOW)

    return begun
