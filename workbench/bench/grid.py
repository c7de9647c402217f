"""A run as a grid of cells, kept up to date by what happens in it, and how long it will still take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from workbench.runs.events import Arrived, Finished, Retried, RunEvent, Started
from workbench.store.records import ANSWERED, Cell

Row: TypeAlias = tuple[str, str | None, int]
"""What a row of the grid is about: the hash and the name of a case, and the number of a sample."""


@dataclass
class Arriving:
    """What has arrived for a call that is under way; ``trouble`` says why its last try was in vain.

    ``since`` is when it was sent, in seconds of the run's stopwatch.
    """

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    tries: int = 1
    trouble: str = ""
    since: float = 0.0

    @property
    def waits(self) -> bool:
        """Whether nothing has arrived yet."""
        return not (any(self.texts) or any(self.thoughts))

    @property
    def text(self) -> str:
        """The answer so far."""
        return _joined(self.texts)

    @property
    def reasoning(self) -> str:
        """What was thought aloud so far."""
        return _joined(self.thoughts)


@dataclass
class Grid:
    """A run: its cells by contender, case and sample, and what has arrived for the calls under way.

    ``contenders`` and ``rows`` are in the order of the plan. ``done`` counts the cells that have a result,
    ``answered`` those whose result is an answer, and ``failed`` those whose result is an error. ``cost``
    (pico-dollars, as far as it is known) is that of their calls, of which ``unpriced`` have none. For each
    way to reach a model, ``left`` are the calls without a result, ``answered_now`` counts those that got
    theirs since the grid was made, and ``answered_at`` is when the last of them did, in seconds of the run's
    stopwatch.
    """

    run: int
    status: str
    cells: dict[int, Cell]
    contenders: list[int]
    rows: list[Row]
    indices: dict[Row, int]
    places: dict[tuple[Row, int], int]
    by_key: dict[str, list[int]]
    arriving: dict[str, Arriving] = field(default_factory=dict)
    done: int = 0
    answered: int = 0
    failed: int = 0
    cost: int = 0
    unpriced: int = 0
    left: dict[tuple[str, str | None], set[str]] = field(default_factory=dict)
    answered_now: dict[tuple[str, str | None], int] = field(default_factory=dict)
    answered_at: dict[tuple[str, str | None], float] = field(default_factory=dict)

    @classmethod
    def of(cls, run: int, cells: Sequence[Cell], status: str) -> Grid:
        """Return the grid of a run's cells."""
        by_key: dict[str, list[int]] = {}
        for cell in cells:
            by_key.setdefault(cell.call_key, []).append(cell.position)
        rows = list(dict.fromkeys(row_of(cell) for cell in cells))
        grid = cls(
            run,
            status,
            {cell.position: cell for cell in cells},
            list(dict.fromkeys(cell.contender.id for cell in cells)),
            rows,
            {row: index for index, row in enumerate(rows)},
            {(row_of(cell), cell.contender.id): cell.position for cell in cells},
            by_key,
        )
        for cell in cells:
            grid._count(cell, 1)
            if cell.result is None:
                grid.left.setdefault(_reached(cell), set()).add(cell.call_key)
        return grid

    def at(self, row: int, contender: int) -> Cell | None:
        """Return the cell of a row, by its number from 0, and a contender, by its number in the store."""
        position = self.places.get((self.rows[row], contender))
        return None if position is None else self.cells[position]

    def row(self, position: int) -> int:
        """Return the number of the row that a cell stands in."""
        return self.indices[row_of(self.cells[position])]

    def is_under_way(self, row: int) -> bool:
        """Return whether a call of this row is under way."""
        found = (self.at(row, contender) for contender in self.contenders)
        return any(cell is not None and cell.call_key in self.arriving for cell in found)

    def failures(self) -> Iterable[int]:
        """Yield the positions of the cells whose result is an error, in their order."""
        return (at for at, cell in self.cells.items() if cell.result and cell.result.status == "error")

    @property
    def free(self) -> bool:
        """Whether all its models run on this machine."""
        return all(cell.contender.local for cell in self.cells.values())

    def waiting(self) -> Iterable[int]:
        """Yield the positions of the cells whose call was sent and has brought nothing yet."""
        for key, arriving in self.arriving.items():
            if arriving.waits:
                yield from self.by_key.get(key, ())

    def take(self, event: RunEvent, passed: float = 0.0) -> Sequence[int]:
        """Note what happened; returns the positions of the cells that look different now.

        ``passed`` is how long the run has gone on, in seconds of its stopwatch.
        """
        match event:
            case Started(key):
                self.arriving[key] = Arriving(since=passed)
            case Arrived(key, text, reasoning):
                arriving = self.arriving.setdefault(key, Arriving())
                arriving.texts.append(text)
                arriving.thoughts.append(reasoning)
            case Retried(key, tries, reason, _):
                self.arriving[key] = Arriving(tries=tries + 1, trouble=reason, since=passed)
            case Finished(key, _):
                self._finish(event, passed)
            case _:
                return ()
        return self.by_key.get(key, ())

    def _finish(self, event: Finished, passed: float) -> None:
        self.arriving.pop(event.key, None)
        for position in self.by_key.get(event.key, ()):
            cell = self.cells[position]
            self._count(cell, -1)
            self.cells[position] = replace(cell, result=event.result, cached=False)
            self._count(self.cells[position], 1)
            reached = _reached(cell)
            if event.key in self.left.get(reached, ()):
                self.left[reached].discard(event.key)
                self.answered_now[reached] = self.answered_now.get(reached, 0) + 1
                self.answered_at[reached] = passed

    def _count(self, cell: Cell, by: int) -> None:
        result = cell.result
        if result is None:
            return
        answered = result.status in ANSWERED
        self.done += by
        self.answered += by * answered
        self.failed += by * (result.status == "error")
        # A result that fills several cells was paid for once.
        if not cell.cached and cell.position == self.by_key[cell.call_key][0]:
            self.cost += by * (result.cost or 0)
            self.unpriced += by * (answered and result.cost is None)


@dataclass
class Stopwatch:
    """How long a run has gone on, without the time it was paused; times are seconds of one clock."""

    started: float
    paused_at: float | None = None
    paused_for: float = 0.0

    def set_paused(self, paused: bool, now: float) -> None:
        """Stop where it goes on, or go on where it has stopped."""
        if paused and self.paused_at is None:
            self.paused_at = now
        elif not paused and self.paused_at is not None:
            self.paused_for += now - self.paused_at
            self.paused_at = None

    def passed(self, now: float) -> float:
        """Return how long it has gone on."""
        return (now if self.paused_at is None else self.paused_at) - self.started - self.paused_for


def seconds_left(
    left: Mapping[tuple[str, str | None], set[str]],
    answered: Mapping[tuple[str, str | None], int],
    answered_at: Mapping[tuple[str, str | None], float],
    passed: float,
) -> float | None:
    """Return how many seconds the slowest model will still take, at the pace it kept until its last answer.

    What has passed since is taken off, so that waiting makes it no longer. None where a model has yet to
    answer for the first time.
    """
    longest = 0.0
    for model, calls in left.items():
        if not calls:
            continue
        if not answered.get(model):
            return None
        until = answered_at.get(model, passed)
        longest = max(longest, len(calls) * until / answered[model] - (passed - until))
    return longest


def row_of(cell: Cell) -> Row:
    """Return the row a cell stands in."""
    return cell.case_hash, cell.case, cell.sample


def _joined(pieces: list[str]) -> str:
    """Return pieces as one text, and keep them as one, so that no piece is joined twice."""
    pieces[:] = ["".join(pieces)]
    return pieces[0]


def _reached(cell: Cell) -> tuple[str, str | None]:
    """Return how the model of a cell is reached: what is behind one pace."""
    return cell.contender.string, cell.contender.api_base
