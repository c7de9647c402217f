"""Dueling: which pair to show next, votes, and the board that they add up to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from random import Random

from workbench.bench.shown import short_version
from workbench.errors import UsageError
from workbench.project.clock import utc_now
from workbench.project.yaml import Value
from workbench.store.records import Cell, Contender, Pair, Vote
from workbench.store.store import Store
from workbench.verdicts import pairs
from workbench.verdicts.pairs import Candidate, NoPair, identical_pairs, next_pair
from workbench.verdicts.ratings import Board, Row, rate
from workbench.verdicts.votes import IDENTICAL, Ballot, Choice
from workbench.verdicts.win_rates import WinRate, win_rates

GROUPINGS = ("contender", "version", "model")


@dataclass(frozen=True)
class Shown:
    """A pair on screen: both texts, and the case they answer. ``pair`` knows who wrote them."""

    pair: Pair
    case: str | None
    inputs: Mapping[str, Value]
    left: str
    right: str


@dataclass(frozen=True)
class BoardRow:
    """One line of the board: a contender or a group of them.

    ``contender`` is the only one there is, or the first of its group; ``standing`` is what the votes say.
    ``cost`` is the mean of its answers in pico-dollars, ``total`` their mean in seconds.
    """

    label: str
    contender: Contender
    standing: Row
    cost: int | None
    total: float | None


@dataclass(frozen=True)
class BoardView:
    """The board of a prompt: rows by rating, and what all votes together say.

    ``votes`` were given by people, so many of them ``blind``.
    """

    by: str
    rows: tuple[BoardRow, ...]
    board: Board
    votes: int
    blind: int

    @property
    def identical(self) -> int:
        """How many ties nobody was asked about, because both texts were the same."""
        return sum(row.standing.identical for row in self.rows) // 2


class Dueling:
    """Shows pairs, takes votes, and rates.

    ``judge`` tells who votes and is asked when somebody does. Choosing is random unless ``rng`` is seeded.
    """

    def __init__(self, store: Store, judge: Callable[[], str], rng: Random | None = None) -> None:
        self._store = store
        self._judge = judge
        self._rng = rng or Random()

    def next(self, prompt: str, versions: Collection[str] = ()) -> Shown | NoPair:
        """Return the next pair of a prompt's results to judge, or why there is none.

        Where ``versions`` are given, by hash, the two results are of two of these, and of contenders that are
        alike in all else: of such votes the win rates of versions are made.
        """
        cells = list(self._store.runs.judged_cells(prompt))
        candidates = [_candidate(cell) for cell in cells]
        ballots = self._ballots(prompt)
        identical = [_pair(prompt, pair.left, pair.right) for pair in identical_pairs(candidates, ballots)]
        if identical:
            self._store.votes.add_identical(identical, utc_now())
            ballots = self._ballots(prompt)
        chosen = self._choose(candidates, ballots, [cell.contender for cell in cells], versions)
        if isinstance(chosen, NoPair):
            return chosen
        pair = _pair(prompt, chosen.left, chosen.right)
        pair = replace(pair, id=self._store.votes.show(pair, utc_now()))
        return self._shown(pair, cells)

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
        """Take back the last vote; returns it, or None where there is none."""
        return self._store.votes.undo(utc_now(), prompt)

    def contenders(self, pair: Pair) -> tuple[Contender, Contender]:
        """Return who wrote the left and the right text of a pair."""
        known = {contender.id: contender for contender in self._store.runs.contenders(pair.prompt)}
        return known[pair.left_contender], known[pair.right_contender]

    def board(self, prompt: str, by: str = "contender") -> BoardView:
        """Return the ratings of a prompt's contenders, or of its versions or models.

        By version or by model only votes between contenders that are alike in all else are used.
        """
        if by not in GROUPINGS:
            raise UsageError(
                f"the board cannot group by “{by}”", hint=f"Choose from: {', '.join(GROUPINGS)}."
            )
        known = {contender.id: contender for contender in self._store.runs.contenders(prompt)}
        groups = {number: _group(contender, by) for number, contender in known.items()}
        votes = [
            vote
            for vote in self._store.votes.standing(prompt)
            if by == "contender" or _alike(vote, known, by)
        ]
        judged = {cell.contender.id for cell in self._store.runs.judged_cells(prompt)}
        names = dict.fromkeys(groups[number] for number in known if number in judged)
        board = rate((_ballot(vote, groups) for vote in votes), list(names))
        people = [vote for vote in votes if vote.judge != IDENTICAL]
        rows = self._rows(board, by, known, groups)
        return BoardView(by, rows, board, len(people), sum(vote.blind for vote in people))

    def _rows(
        self, board: Board, by: str, known: Mapping[int, Contender], groups: Mapping[int, str]
    ) -> tuple[BoardRow, ...]:
        costs = self._store.runs.costs(known)
        labels = self.labels(list(known.values()))
        rows = []
        for row in board.rows:
            members = [number for number, group in groups.items() if group == row.contender]
            first = known[members[0]]
            spent = [costs[member] for member in members if member in costs]
            rows.append(
                BoardRow(
                    label=labels[first.id] if by == "contender" else _group_label(first, by),
                    contender=first,
                    cost=_mean_cost([cost for cost, _ in spent]),
                    total=_mean([total for _, total in spent if total is not None]),
                    standing=row,
                )
            )
        return tuple(rows)

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
            contender.id: " · ".join(filter(None, (label, apart)))
            for label, group in alike.items()
            for contender, apart in zip(group, _apart(group), strict=True)
        }

    def win_rates(self, prompts: Collection[str]) -> dict[str, WinRate]:
        """Return the win rate of each version, by hash; ``prompts`` are all the names the prompt has had.

        Only votes between contenders that are alike in all else are used.
        """
        ballots: list[Ballot] = []
        for prompt in prompts:
            known = {contender.id: contender for contender in self._store.runs.contenders(prompt)}
            groups = {number: contender.version for number, contender in known.items()}
            votes = [vote for vote in self._store.votes.standing(prompt) if _alike(vote, known, "version")]
            ballots += [_ballot(vote, groups) for vote in votes]
        return win_rates(ballots)

    def _choose(
        self,
        candidates: Sequence[Candidate],
        ballots: Sequence[Ballot],
        contenders: Sequence[Contender],
        versions: Collection[str],
    ) -> pairs.Pair | NoPair:
        if not versions:
            return next_pair(candidates, ballots, self._rng)
        known = {str(contender.id): contender for contender in contenders if contender.version in versions}

        def may_meet(one: str, other: str) -> bool:
            first, second = known[one], known[other]
            return first.version != second.version and _rest(first, "version") == _rest(second, "version")

        among = [candidate for candidate in candidates if candidate.contender in known]
        if not any(may_meet(one, other) for one, other in combinations(known, 2)):
            return NoPair("nothing to compare: no model has answered both versions alike; run both on it")
        return next_pair(among, ballots, self._rng, may_meet)

    def _ballots(self, prompt: str) -> list[Ballot]:
        groups = {contender.id: str(contender.id) for contender in self._store.runs.contenders(prompt)}
        return [_ballot(vote, groups) for vote in self._store.votes.standing(prompt)]

    def _shown(self, pair: Pair, cells: Sequence[Cell]) -> Shown:
        texts = {cell.result.id: cell.result.text for cell in cells if cell.result}
        case = next((cell.case for cell in reversed(cells) if cell.case_hash == pair.case_hash), None)
        inputs = self._store.sources.inputs(pair.case_hash)
        return Shown(pair, case, inputs, texts[pair.left_result], texts[pair.right_result])


def _candidate(cell: Cell) -> Candidate:
    assert cell.result is not None
    return Candidate(cell.result.id, str(cell.contender.id), cell.case_hash, cell.result.text, cell.sample)


def _pair(prompt: str, left: Candidate, right: Candidate) -> Pair:
    return Pair(prompt, left.case, left.result, right.result, int(left.contender), int(right.contender))


def _ballot(vote: Vote, groups: Mapping[int, str]) -> Ballot:
    pair = vote.pair
    return Ballot(
        first=groups[pair.left_contender],
        second=groups[pair.right_contender],
        case=pair.case_hash,
        outcome=Choice(vote.choice).outcome(),
        results=(pair.left_result, pair.right_result),
        judge=vote.judge,
        blind=vote.blind,
    )


def _group(contender: Contender, by: str) -> str:
    if by == "contender":
        return str(contender.id)
    return contender.version if by == "version" else f"{contender.string} {contender.api_base or ''}"


def _alike(vote: Vote, known: Mapping[int, Contender], by: str) -> bool:
    """Return whether a vote was between contenders that are alike in all but what is grouped by."""
    return _rest(known[vote.pair.left_contender], by) == _rest(known[vote.pair.right_contender], by)


def _rest(contender: Contender, by: str) -> tuple[object, ...]:
    """Return everything of a contender but what the board groups by."""
    params = tuple(sorted((name, str(value)) for name, value in contender.params.items()))
    if by == "version":
        return (contender.string, contender.api_base, params)
    return (contender.version, params)


def _group_label(contender: Contender, by: str) -> str:
    return short_version(contender.version) if by == "version" else contender.model


def _apart(contenders: Sequence[Contender]) -> list[str]:
    """Return, for each of some contenders of one label, what sets it apart from the others."""
    told = [
        {
            **contender.params,
            "version": short_version(contender.version),
            "model": contender.string,
            "at": contender.api_base,
        }
        for contender in contenders
    ]
    names = sorted({name for one in told for name in one})
    differing = [name for name in names if len({str(one.get(name)) for one in told}) > 1]
    return [" ".join(f"{name}={one.get(name)}" for name in differing) for one in told]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _mean_cost(costs: Sequence[int | None]) -> int | None:
    known = [cost for cost in costs if cost is not None]
    return round(sum(known) / len(known)) if known and len(known) == len(costs) else None
