"""Dueling: which pair to show next, and votes. A pair is one person's own affair."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from random import Random

from workbench.bench.balloting import ballots_of
from workbench.bench.contending import alike, apart
from workbench.bench.pooling import Candidates, Pools
from workbench.bench.shown import short_version
from workbench.errors import UsageError
from workbench.project.clock import utc_now
from workbench.project.yaml import Value
from workbench.store.records import Contender, Pair, Vote
from workbench.store.store import Store
from workbench.verdicts import pairs
from workbench.verdicts.pairs import Candidate, Checking, NoPair, identical_pairs, next_pair
from workbench.verdicts.votes import IDENTICAL, Ballot, Choice


@dataclass(frozen=True)
class Shown:
    """A pair on screen: both texts, and the case they answer. ``pair`` knows who wrote them.

    ``repeat`` says that it is a check: this person judged the two before, on swapped sides.
    """

    pair: Pair
    case: str | None
    inputs: Mapping[str, Value]
    left: str
    right: str
    repeat: bool = False


class Dueling:
    """Shows pairs, and takes votes.

    ``judge`` tells who votes and is asked when somebody does. Choosing is random unless ``rng`` is seeded.
    ``pools`` are the results that can stand in a duel.
    """

    def __init__(self, store: Store, judge: Callable[[], str], rng: Random | None = None) -> None:
        self._store = store
        self._judge = judge
        self._rng = rng or Random()
        self.pools = Pools(store.judging)
        # The results among which all identical pairs were recorded.
        self._matched: dict[str, Candidates] = {}

    def next(self, prompt: str, versions: Collection[str] = (), *, checking: bool = False) -> Shown | NoPair:
        """Return the next pair of a prompt's results to judge, or why there is none.

        With ``checking`` it is now and then one that this judge has judged, to see how steady they are.

        Where ``versions`` are given, by hash, the two results are of two of these, and of contenders that are
        alike in all else: of such votes the win rates of versions are made.
        """
        drawn = self.draw(prompt, versions, checking=checking)
        return drawn if isinstance(drawn, NoPair) else self.show(drawn)

    def draw(
        self,
        prompt: str,
        versions: Collection[str] = (),
        *,
        checking: bool = False,
        besides: Pair | None = None,
    ) -> Shown | NoPair:
        """Return a pair as `next` does, not yet stored as shown.

        ``besides`` is the pair that somebody looks at meanwhile, taken as judged.
        """
        candidates = self.pools.candidates(prompt)
        ballots = self._ballots(prompt, besides)
        if self._matched.get(prompt) is not candidates:
            equal = identical_pairs(candidates, ballots)
            identical = [_pair(prompt, pair.left, pair.right) for pair in equal]
            if identical:
                self._store.votes.add_identical(identical, utc_now())
                ballots = self._ballots(prompt, besides)
            self._matched[prompt] = candidates
        checks = Checking(self._judge()) if checking else None
        chosen = self._choose(prompt, candidates, ballots, versions, checks)
        if isinstance(chosen, NoPair):
            return chosen
        return self._shown(_pair(prompt, chosen.left, chosen.right), chosen.repeat)

    def show(self, drawn: Shown) -> Shown:
        """Store that a pair is on screen now; returns it with its number."""
        return replace(drawn, pair=replace(drawn.pair, id=self._store.votes.show(drawn.pair, utc_now())))

    def vote(
        self,
        pair: int,
        choice: str,
        *,
        note: str | None = None,
        blind: bool = True,
        seconds: float | None = None,
    ) -> Vote:
        """Store a judgement of a pair that was shown; raises UsageError for a choice there is not."""
        if choice not in set(Choice):
            raise UsageError(f"“{choice}” is no choice", hint=f"Choose from: {', '.join(Choice)}.")
        vote = Vote(self._store.votes.pair(pair), choice, self._judge(), blind, utc_now(), note, seconds)
        self._store.votes.add(vote)
        return vote

    def undo(self, prompt: str | None = None) -> Vote | None:
        """Take back the last vote that this person gave; returns it, or None where there is none."""
        return self._store.votes.undo(utc_now(), prompt, self._judge())

    def contenders(self, pair: Pair) -> tuple[Contender, Contender]:
        """Return who wrote the left and the right text of a pair."""
        known = {contender.id: contender for contender in self._store.runs.contenders(pair.prompt)}
        return known[pair.left_contender], known[pair.right_contender]

    def labels(self, contenders: Sequence[Contender]) -> dict[int, str]:
        """Return a label for each contender: version and model, and what else sets it apart.

        A version that was run as committed is named by its commit, any other by its hash.
        """
        commits = self._store.runs.commits([contender.id for contender in contenders])
        several = len({contender.prompt for contender in contenders}) > 1
        alike: dict[str, list[Contender]] = {}
        for contender in contenders:
            version = commits.get(contender.id, "")[:7] or short_version(contender.version)
            parts = [contender.prompt] if several else []
            alike.setdefault(" · ".join([*parts, version, contender.model]), []).append(contender)
        return {
            contender.id: " · ".join(filter(None, (label, differs)))
            for label, group in alike.items()
            for contender, differs in zip(group, apart(group), strict=True)
        }

    def _choose(
        self,
        prompt: str,
        candidates: Sequence[Candidate],
        ballots: Sequence[Ballot],
        versions: Collection[str],
        checks: Checking | None,
    ) -> pairs.Pair | NoPair:
        if not versions:
            return next_pair(candidates, ballots, self._rng, checking=checks)
        judged = {candidate.contender for candidate in candidates}
        known = {
            str(contender.id): contender
            for contender in self._store.runs.contenders(prompt)
            if contender.version in versions and str(contender.id) in judged
        }

        def may_meet(one: str, other: str) -> bool:
            first, second = known[one], known[other]
            return first.version != second.version and alike(first, second, "version")

        among = [candidate for candidate in candidates if candidate.contender in known]
        if not any(may_meet(one, other) for one, other in combinations(known, 2)):
            return NoPair("nothing to compare: no model has answered both versions alike; run both on it")
        return next_pair(among, ballots, self._rng, may_meet, checks)

    def _ballots(self, prompt: str, besides: Pair | None) -> list[Ballot]:
        """Return what this person said of a prompt's pairs, and the ties of identical texts.

        What others said leaves their pairs open to this person: two opinions are more than one.
        """
        judge = self._judge()
        votes = self._store.votes.standing(prompt, (judge, IDENTICAL))
        if besides is not None:
            votes.append(Vote(besides, Choice.TIE, judge, True, utc_now()))
        contenders = self._store.runs.contenders(prompt)
        return ballots_of(votes, {contender.id: str(contender.id) for contender in contenders})

    def _shown(self, pair: Pair, repeat: bool) -> Shown:
        texts = self._store.judging.texts([pair.left_result, pair.right_result])
        case = self._store.judging.case_name(pair.prompt, pair.case_hash)
        inputs = self._store.sources.inputs(pair.case_hash)
        return Shown(pair, case, inputs, texts[pair.left_result], texts[pair.right_result], repeat)


def _pair(prompt: str, left: Candidate, right: Candidate) -> Pair:
    return Pair(prompt, left.case, left.result, right.result, int(left.contender), int(right.contender))
