"""How often two contenders answer differently: what the votes between them can be about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import combinations

from workbench.verdicts.pairs import Candidate


def differing(
    candidates: Iterable[Candidate],
    group: Callable[[str], str] = lambda contender: contender,
    may_meet: Callable[[str, str], bool] = lambda first, second: True,
) -> dict[frozenset[str], float]:
    """Return, by two contenders, the share of their pairs of results whose texts differ, from 0 to 1.

    All pairs of results on a case count, and every case that both answered counts alike, however many samples
    it has. Contenders of one ``group`` stand for it together; those of which no two ``may_meet`` on a shared
    case have no share.
    """
    shelf: dict[str, dict[str, Counter[str]]] = {}
    for one in {(candidate.contender, candidate.result): candidate for candidate in candidates}.values():
        shelf.setdefault(one.contender, {}).setdefault(one.case, Counter())[one.text] += 1
    shares: dict[frozenset[str], list[float]] = {}
    for first, second in combinations(shelf, 2):
        if group(first) == group(second) or not may_meet(first, second):
            continue
        some, others = shelf[first], shelf[second]
        met = [1 - _same(some[case], others[case]) for case in some if case in others]
        if met:
            shares.setdefault(frozenset((group(first), group(second))), []).extend(met)
    return {both: sum(met) / len(met) for both, met in shares.items()}


def _same(some: Counter[str], others: Counter[str]) -> float:
    """Return the chance that a text of one is a text of the other."""
    same = sum(times * others[text] for text, times in some.items())
    return same / (some.total() * others.total())
