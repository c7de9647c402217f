"""The board: what the votes on a prompt say, filtered and grouped, and which votes say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from workbench.bench.balloting import ballots_of
from workbench.bench.board_views import EVERY_VOTE, GROUPINGS, AtCommit, BoardRow, BoardView, VoteSeen
from workbench.bench.board_views import VoteFilter as VoteFilter
from workbench.bench.contending import alike, group_label, group_of
from workbench.bench.dueling import Dueling
from workbench.bench.entries import Listing
from workbench.bench.recalling import read_since
from workbench.errors import UsageError, did_you_mean
from workbench.store.records import Contender, Vote
from workbench.store.store import Store
from workbench.verdicts.agreement import Agreement, agreement, consistency
from workbench.verdicts.effects import length_effect, side_effect
from workbench.verdicts.frontier import frontier
from workbench.verdicts.labels import Label, PassRate, pass_rates
from workbench.verdicts.matrix import head_to_head
from workbench.verdicts.ratings import Board, rate
from workbench.verdicts.votes import IDENTICAL, Ballot, Differing
from workbench.verdicts.win_rates import WinRate, win_rates


@dataclass(frozen=True)
class _Given:
    """The votes that may be used, the same as ballots of groups, and the shares that differ."""

    known: Mapping[int, Contender]
    groups: Mapping[int, str]
    votes: Sequence[Vote]
    ballots: Sequence[Ballot]
    shares: Differing


class Boarding:
    """Rates, and tells what the ratings rest on. Everything here blocks.

    ``scored`` gives the history of a prompt with the win rates of its versions.
    """

    def __init__(self, store: Store, dueling: Dueling, scored: Callable[[str], Listing]) -> None:
        self._store = store
        self._dueling = dueling
        self._scored = scored
        # A result that was shown in a duel is never pruned, and its text never changes.
        self._lengths: dict[int, int] = {}

    def board(self, prompt: str, by: str = "contender", wanted: VoteFilter = EVERY_VOTE) -> BoardView:
        """Return the ratings of a prompt's contenders, or of its versions or models.

        By version or by model only votes between contenders that are alike in all else are used. Raises
        UsageError for another grouping, and for a case or a judge that no vote can be of.
        """
        given = self._given([prompt], by, wanted)
        judged = self._store.judging.contenders(prompt)
        names = list(dict.fromkeys(given.groups[number] for number in given.known if number in judged))
        board = rate(given.ballots, names, given.shares)
        rows = self._rows(prompt, board, by, given)
        people = [vote for vote in given.votes if vote.judge != IDENTICAL]
        judges = tuple(judge for judge, _ in Counter(vote.judge for vote in people).most_common())
        again = _judged_again(given.ballots)
        costs = {row.key: 0.0 if row.contender.local else row.cost for row in rows}
        return BoardView(
            by=by,
            rows=rows,
            board=board,
            votes=len(people),
            blind=sum(vote.blind for vote in people),
            matrix=head_to_head(given.ballots, [row.key for row in rows], given.shares),
            sides=side_effect(given.ballots),
            lengths=length_effect(given.ballots, self._lengths_of(people)),
            by_cost=frontier(board, costs),
            by_time=frontier(board, {row.key: row.total for row in rows}),
            judges=judges,
            agreements=tuple(_agreements(again, judges)),
            consistency={judge: consistency(again, judge) for judge in judges},
            filter=wanted,
        )

    def votes(
        self,
        prompt: str,
        by: str,
        row: str,
        other: str | None = None,
        wanted: VoteFilter = EVERY_VOTE,
    ) -> list[VoteSeen]:
        """Return the votes behind a row of the board, or behind its meeting with an ``other``, newest first.

        Both are keys of rows. Ties of identical texts come last, both-bads and skips are among the others.
        """
        given = self._given([prompt], by, wanted)
        behind = [
            (vote, ballot)
            for vote, ballot in zip(given.votes, given.ballots, strict=True)
            if row in (ballot.first, ballot.second)
            and ballot.first != ballot.second
            and (other is None or other in (ballot.first, ballot.second))
        ]
        labels = self._dueling.labels(list(given.known.values()))
        names = self._store.judging.case_names(prompt)
        behind.sort(key=lambda of: (of[1].asked, of[0].created, of[0].id), reverse=True)
        return [
            VoteSeen(
                vote=vote,
                left=labels[vote.pair.left_contender],
                right=labels[vote.pair.right_contender],
                case=names.get(vote.pair.case_hash),
                repeat=ballot.repeat,
            )
            for vote, ballot in behind
        ]

    def over_commits(self, prompt: str) -> tuple[AtCommit, ...]:
        """Return what a prompt scored as it was at each of its commits, oldest first.

        The working tree comes last where it differs. A rate is of all votes on a version against others that
        were alike in all else; versions that are in no commit are among these others alone.
        """
        entries = [entry for entry in self._scored(prompt).entries if not entry.kept_only]
        return tuple(
            AtCommit(entry.label, entry.commit, entry.subject, entry.date, entry.version, entry.win_rate)
            for entry in reversed(entries)
        )

    def win_rates(self, prompts: Collection[str]) -> dict[str, WinRate]:
        """Return the win rate of each version, by hash; ``prompts`` are all the names the prompt has had.

        Only votes between contenders that are alike in all else are used.
        """
        given = self._given(prompts, "version", EVERY_VOTE)
        return win_rates(given.ballots, given.shares)

    def _given(self, prompts: Collection[str], by: str, wanted: VoteFilter) -> _Given:
        if by not in GROUPINGS:
            raise UsageError(
                f"the board cannot group by “{by}”", hint=f"Choose from: {', '.join(GROUPINGS)}."
            )
        known = {one.id: one for prompt in prompts for one in self._store.runs.contenders(prompt)}
        groups = {number: group_of(contender, by) for number, contender in known.items()}

        def may_meet(first: str, second: str) -> bool:
            return alike(known[int(first)], known[int(second)], by)

        usable = [
            vote
            for prompt in prompts
            for vote in self._store.votes.standing(prompt)
            if alike(known[vote.pair.left_contender], known[vote.pair.right_contender], by)
        ]
        _check_judges(wanted.judges, usable)
        cases = self._cases(prompts, wanted.cases)
        # Repeats are marked before votes are left out: a second word stays one without the first.
        taken = [
            (vote, ballot)
            for vote, ballot in zip(usable, ballots_of(usable, groups), strict=True)
            if wanted.takes(vote, cases)
        ]
        votes, ballots = [vote for vote, _ in taken], [ballot for _, ballot in taken]
        # Texts are read for those alone that gave the same answer once, most often none.
        same = {
            number
            for vote in votes
            if vote.judge == IDENTICAL
            for number in (vote.pair.left_contender, vote.pair.right_contender)
        }
        shares = self._dueling.pools.differing(
            prompts, same, by, lambda number: groups[int(number)], may_meet, cases
        )
        return _Given(known, groups, votes, ballots, shares)

    def _cases(self, prompts: Collection[str], wanted: Collection[str]) -> frozenset[str]:
        """Return the hashes of cases given by label or hash; raises UsageError for one that never was."""
        if not wanted:
            return frozenset()
        names = {
            hashed: name
            for prompt in prompts
            for hashed, name in self._store.judging.case_names(prompt).items()
        }
        found = set()
        for case in wanted:
            hashes = {hashed for hashed, name in names.items() if case in (name, hashed)}
            if not hashes:
                known = {name for name in names.values() if name}
                raise UsageError(f"no case “{case}” was ever answered", hint=did_you_mean(case, known))
            found |= hashes
        return frozenset(found)

    def _rows(self, prompt: str, board: Board, by: str, given: _Given) -> tuple[BoardRow, ...]:
        costs = self._store.runs.costs(given.known)
        labels = self._dueling.labels(list(given.known.values()))
        passed = self._passed(prompt, given.groups)
        rows = []
        for row in board.rows:
            members = [number for number, group in given.groups.items() if group == row.contender]
            first = given.known[members[0]]
            spent = [costs[member] for member in members if member in costs]
            rows.append(
                BoardRow(
                    label=labels[first.id] if by == "contender" else group_label(first, by),
                    contender=first,
                    standing=row,
                    cost=_mean_cost([cost for cost, _ in spent]),
                    total=_mean([total for _, total in spent if total is not None]),
                    passed=passed.get(row.contender),
                )
            )
        return tuple(rows)

    def _passed(self, prompt: str, groups: Mapping[int, str]) -> dict[str, PassRate]:
        """Return the pass rate of each group with a label; an answer that several share counts once in it."""
        labels = {
            Label(groups[said.contender], said.case_hash, said.label == "good", said.result, said.judge)
            for said in self._store.remarks.labels(prompt)
        }
        return pass_rates(sorted(labels, key=lambda label: label.result))

    def _lengths_of(self, votes: Iterable[Vote]) -> Mapping[int, int]:
        """Return the lengths in characters of all results that were shown so far, these among them."""
        shown = {
            result for vote in votes for result in (vote.pair.left_result, vote.pair.right_result)
        } - self._lengths.keys()
        self._lengths |= self._store.judging.lengths(shown)
        return self._lengths


def read_until(text: str, now: str | None = None) -> str:
    """Return the time before which votes count: as `recalling.read_since`, but of a date its end.

    Raises UsageError for what is no time.
    """
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return read_since(text, now)
    return read_since((day + timedelta(days=1)).isoformat() if day < date.max else text, now)


def _judged_again(ballots: Iterable[Ballot]) -> list[Ballot]:
    """Return the ballots on results that were judged more than once: only of these judges can be compared."""
    keyed = [(frozenset(ballot.results or ()), ballot) for ballot in ballots if ballot.asked]
    times = Counter(results for results, _ in keyed)
    return [ballot for results, ballot in keyed if times[results] > 1]


def _agreements(ballots: list[Ballot], judges: Sequence[str]) -> Iterable[tuple[str, str, Agreement]]:
    """Yield the agreement of any two judges who judged the same pairs."""
    for one, other in combinations(judges, 2):
        found = agreement(ballots, one, other)
        if found.pairs:
            yield one, other, found


def _check_judges(wanted: Iterable[str], votes: Iterable[Vote]) -> None:
    known = {vote.judge for vote in votes} - {IDENTICAL}
    for judge in wanted:
        if judge not in known:
            raise UsageError(f"no vote on this prompt is by “{judge}”", hint=did_you_mean(judge, known))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _mean_cost(costs: Sequence[int | None]) -> int | None:
    known = [cost for cost in costs if cost is not None]
    return round(sum(known) / len(known)) if known and len(known) == len(costs) else None
