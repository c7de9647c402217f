"""The results that pairs are chosen from, kept while nothing is added to them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from workbench.store.judging import Judged, Judging, State
from workbench.verdicts.differing import differing
from workbench.verdicts.pairs import Candidate
from workbench.verdicts.votes import Differing

Candidates = tuple[Candidate, ...]


class _Shares(NamedTuple):
    """What shares were worked out of, and the shares."""

    pools: tuple[Candidates, ...]
    contenders: frozenset[str]
    cases: frozenset[str]
    shares: Differing


class Pools:
    """Candidates by prompt, and how often they differ.

    Reading and comparing a hundred thousand results takes a second; both are done again only where there are
    others than before.
    """

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self._pools: dict[str, tuple[State, Candidates]] = {}
        self._shares: dict[tuple[tuple[str, ...], str], _Shares] = {}

    def candidates(self, prompt: str) -> Candidates:
        """Return the results of a prompt that can stand in a duel: the same tuple while they are the same."""
        state = self._judging.state(prompt)
        kept = self._pools.get(prompt)
        if kept is None or kept[0] != state:
            kept = self._pools[prompt] = (state, tuple(map(_candidate, self._judging.judged(prompt))))
        return kept[1]

    def differing(
        self,
        prompts: Collection[str],
        contenders: Collection[int],
        by: str,
        group: Callable[[str], str],
        may_meet: Callable[[str, str], bool],
        cases: frozenset[str] = frozenset(),
    ) -> Differing:
        """Return by how much some contenders differ, see `verdicts.differing`; ``by`` names the grouping.

        Where ``cases`` are given, by hash, it is on these alone.
        """
        if not contenders:
            return {}
        pools, among = tuple(map(self.candidates, prompts)), frozenset(map(str, contenders))
        key = (tuple(prompts), by)
        kept = self._shares.get(key)
        unchanged = kept and len(kept.pools) == len(pools) and all(map(_same, kept.pools, pools))
        if kept is None or not unchanged or (kept.contenders, kept.cases) != (among, cases):
            some = (
                one
                for pool in pools
                for one in pool
                if one.contender in among and (not cases or one.case in cases)
            )
            kept = self._shares[key] = _Shares(pools, among, cases, differing(some, group, may_meet))
        return kept.shares


def _same(one: Candidates, other: Candidates) -> bool:
    return one is other


def _candidate(judged: Judged) -> Candidate:
    return Candidate(judged.result, str(judged.contender), judged.case_hash, judged.wording, judged.sample)
