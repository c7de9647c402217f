"""Labelling: single results called good or bad, a random sample of them at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from workbench.bench.dueling import Dueling
from workbench.errors import UsageError, did_you_mean
from workbench.project.clock import today, utc_now
from workbench.project.yaml import Value
from workbench.store.judging import State
from workbench.store.records import LABELS
from workbench.store.store import Store
from workbench.verdicts.intervals import Share, share
from workbench.verdicts.votes import Outcome, Tally

# A contender and the hash of a case.
_Place = tuple[int, str]


@dataclass(frozen=True)
class ToLabel:
    """A result to judge: its text, and the case it answers. Who wrote it is told on asking."""

    result: int
    prompt: str
    case: str | None
    inputs: Mapping[str, Value]
    text: str


class Progress(NamedTuple):
    """How far a person has come: results they labelled ``today``, and those nobody did, ``unlabelled``."""

    today: int
    unlabelled: int


@dataclass(frozen=True)
class _Pool:
    """The answers of a prompt while nothing is added: by contender and case, and where each stands."""

    state: State
    shelf: Mapping[int, Mapping[str, list[int]]]
    places: Mapping[int, list[_Place]]


class Labelling:
    """Draws results, takes labels. Everything here blocks. ``judge`` tells who is at the keyboard."""

    def __init__(self, store: Store, dueling: Dueling, judge: Callable[[], str]) -> None:
        self._store = store
        self._dueling = dueling
        self._judge = judge
        self._pools: dict[str, _Pool] = {}

    def next(self, prompt: str | None, rng: Random, besides: Collection[int] = ()) -> ToLabel | None:
        """Return a random result that nobody has labelled, of a prompt or of any; None where there is none.

        The contender with the fewest labels comes first, then its case with the fewest, so that each is
        sampled evenly; what is still equal is left to ``rng``. Results ``besides`` are passed over: those
        that were skipped, and the one on screen.
        """
        pools = {name: self._pool(name) for name in self._prompts(prompt)}
        labelled = self._labelled(pools)
        passed = labelled | set(besides)
        contenders: Counter[int] = Counter()
        cases: Counter[_Place] = Counter()
        for pool in pools.values():
            for result in labelled & pool.places.keys():
                cases.update(pool.places[result])
                contenders.update({contender for contender, _ in pool.places[result]})
        shelves = [(name, one, pool.shelf[one]) for name, pool in pools.items() for one in pool.shelf]
        for name, one, shelf in sorted(shelves, key=lambda of: (contenders[of[1]], rng.random())):
            for case in sorted(shelf, key=lambda case: (cases[one, case], rng.random())):
                waiting = [result for result in shelf[case] if result not in passed]
                if waiting:
                    return self._shown(name, case, rng.choice(waiting))
        return None

    def label(self, result: int, label: str | None) -> None:
        """Call a result ``good`` or ``bad``, or with None neither; raises UsageError for another word."""
        if label is not None and label not in LABELS:
            raise UsageError(
                f"“{label}” is no label: {' or '.join(LABELS)}", hint=did_you_mean(label, LABELS)
            )
        self._store.remarks.label(result, label, self._judge(), utc_now())

    def undo(self, prompt: str | None = None) -> tuple[int, str] | None:
        """Take back the last label that this person gave; returns the result and the label, None without."""
        return self._store.remarks.unlabel(self._judge(), utc_now(), prompt)

    def progress(self, prompt: str | None = None) -> Progress:
        """Return how many results this person labelled today, in UTC, and how many nobody has."""
        pools = {name: self._pool(name) for name in self._prompts(prompt)}
        everything = {result for pool in pools.values() for result in pool.places}
        given = self._store.remarks.labelled_since(self._judge(), today().isoformat(), prompt)
        return Progress(given, len(everything - self._labelled(pools)))

    def passed(self, prompt: str | None = None) -> Share | None:
        """Return the share of good results among all that have a label, None where none has.

        The board tells it of each contender.
        """
        labels = {
            said.result: said for name in self._prompts(prompt) for said in self._store.remarks.labels(name)
        }
        of = Tally()
        for said in labels.values():
            of.add(said.case_hash, Outcome.WIN if said.label == "good" else Outcome.LOSS)
        return share(of)

    def who(self, prompt: str, result: int) -> str:
        """Return the label of who wrote a result, as the board tells it; several where a cache shared it."""
        known = {one.id: one for one in self._store.runs.contenders(prompt)}
        authors = dict.fromkeys(contender for contender, _ in self._pool(prompt).places.get(result, ()))
        labels = self._dueling.labels(list(known.values()))
        return ", ".join(labels[author] for author in authors)

    def _prompts(self, prompt: str | None) -> list[str]:
        return self._store.runs.prompts() if prompt is None else [prompt]

    def _labelled(self, prompts: Collection[str]) -> set[int]:
        return {said.result for prompt in prompts for said in self._store.remarks.labels(prompt)}

    def _pool(self, prompt: str) -> _Pool:
        """Return the answers of a prompt, read anew only where there are others than before."""
        state = self._store.judging.state(prompt)
        kept = self._pools.get(prompt)
        if kept is None or kept.state != state:
            shelf: dict[int, dict[str, list[int]]] = {}
            places: dict[int, list[_Place]] = {}
            for contender, case, result in self._store.judging.answers(prompt):
                shelf.setdefault(contender, {}).setdefault(case, []).append(result)
                places.setdefault(result, []).append((contender, case))
            kept = self._pools[prompt] = _Pool(state, shelf, places)
        return kept

    def _shown(self, prompt: str, case: str, result: int) -> ToLabel:
        judging = self._store.judging
        name, inputs = judging.case_name(prompt, case), self._store.sources.inputs(case)
        return ToLabel(result, prompt, name, inputs, judging.texts([result])[result])
