"""The board as plain data: rows, what the votes say beside them, and the votes themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.store.records import Contender, Vote
from workbench.verdicts.agreement import Agreement
from workbench.verdicts.effects import Effect
from workbench.verdicts.frontier import Frontier
from workbench.verdicts.intervals import Share
from workbench.verdicts.labels import PassRate
from workbench.verdicts.matrix import Matrix
from workbench.verdicts.ratings import Board, Row
from workbench.verdicts.votes import IDENTICAL

GROUPINGS = ("contender", "version", "model")


@dataclass(frozen=True)
class VoteFilter:
    """Which votes count: those to which all that is given applies.

    ``cases`` are labels or hashes, ``judges`` names. ``since`` and ``until`` are UTC ISO 8601 as the store
    keeps it; a vote given at ``until`` does not count. Ties of identical texts are nobody's opinion: only
    ``cases`` choose among them.
    """

    cases: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    blind: bool | None = None
    since: str | None = None
    until: str | None = None

    def takes(self, vote: Vote, cases: frozenset[str]) -> bool:
        """Return whether a vote counts; ``cases`` are the hashes of those that are wanted, if any."""
        if cases and vote.pair.case_hash not in cases:
            return False
        return vote.judge == IDENTICAL or (
            (not self.judges or vote.judge in self.judges)
            and self.blind in (None, vote.blind)
            and (self.since is None or vote.created >= self.since)
            and (self.until is None or vote.created < self.until)
        )


EVERY_VOTE = VoteFilter()


@dataclass(frozen=True)
class BoardRow:
    """One line of the board: a contender or a group of them.

    ``contender`` is the only one there is, or the first of its group; ``standing`` is what the votes say.
    ``cost`` is the mean of its answers in pico-dollars, ``total`` their mean in seconds. ``votes``
    and ``ties`` are those that people gave and the ties of identical answers, each counted as one; these
    weigh less in the rating while little of what differs was voted on. ``passed`` is what was said of single
    answers, good or bad, None where nothing was.
    """

    label: str
    contender: Contender
    standing: Row
    cost: int | None
    total: float | None
    passed: PassRate | None = None

    @property
    def key(self) -> str:
        """What this row is called in the matrix, the frontiers, and where its votes are asked for."""
        return self.standing.contender

    @property
    def votes(self) -> int:
        """Wins, losses and all ties."""
        return self.standing.votes + self.standing.identical

    @property
    def ties(self) -> int:
        """All ties."""
        return self.standing.ties + self.standing.identical

    @property
    def bads(self) -> Share | None:
        """The share of its judged pairs in which both answers were bad, None where nothing was judged."""
        return self.standing.bads


@dataclass(frozen=True)
class BoardView:
    """The board of a prompt: rows by rating, and what all votes together say.

    ``votes`` were given by people, so many of them ``blind``. The ``matrix`` and the frontiers, quality
    against cost and against time, name contenders by the keys of their rows. ``judges`` are the people who
    voted, who voted most first; ``agreements`` tell how far any two of them agree who judged the same pairs,
    ``consistency`` how far each agrees with themself. All is of the votes that ``filter`` takes and that the
    grouping can use.
    """

    by: str
    rows: tuple[BoardRow, ...]
    board: Board
    votes: int
    blind: int
    matrix: Matrix
    sides: Effect
    lengths: Effect
    by_cost: Frontier
    by_time: Frontier
    judges: tuple[str, ...]
    agreements: tuple[tuple[str, str, Agreement], ...]
    consistency: Mapping[str, Agreement]
    filter: VoteFilter

    @property
    def identical(self) -> int:
        """How many ties nobody was asked about, because both texts were the same."""
        return self.board.identical

    def row(self, key: str) -> BoardRow:
        """Return the row of a key; raises KeyError where there is none."""
        for row in self.rows:
            if row.key == key:
                return row
        raise KeyError(key)


@dataclass(frozen=True)
class AtCommit:
    """What a prompt scored as it was at a commit, against its other versions.

    ``label`` names it in few letters. ``date`` is UTC ISO 8601. The working tree has no commit, subject or
    date. ``version`` is None where the prompt was broken, ``win_rate`` where there are no votes on it.
    """

    label: str
    commit: str | None
    subject: str | None
    date: str | None
    version: str | None
    win_rate: Share | None


@dataclass(frozen=True)
class VoteSeen:
    """A vote with what a person needs to judge it: who was on which side, and the label of the case.

    ``vote.pair`` has the numbers of both results. ``repeat`` says that the judge had judged the two before,
    so that this enters no rating.
    """

    vote: Vote
    left: str
    right: str
    case: str | None
    repeat: bool

    @property
    def winner(self) -> str | None:
        """The label of the side that was chosen, None where neither was."""
        return {"left": self.left, "right": self.right}.get(self.vote.choice)
