"""How far a duel is, in few words and without a name: what is decided, and what it would take."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.bench.board_views import BoardView
from workbench.bench.shown import percent, verdict

DECIDED = "decided"


def settled(view: BoardView, versions: Sequence[str] = ()) -> str:
    """Return whether it is decided who leads, and about how many more votes would do that.

    Of more than two it says how many of the others are behind for sure. Where two ``versions`` are given,
    it is about these alone.
    """
    if len(versions) == 2:
        meeting = view.matrix.meetings.get((versions[0], versions[1]))
        return "undecided" if meeting is None or meeting.undecided else DECIDED
    if len(view.rows) < 2:
        return ""
    leader, *others = view.rows
    if not leader.standing.undecided:
        return DECIDED
    said = verdict(leader.standing)
    if len(others) == 1:
        return said
    behind = sum(not row.standing.undecided for row in others)
    return f"{behind} of {len(others)} {said.replace('undecided', DECIDED)}"


def consistency_lines(view: BoardView) -> list[str]:
    """Return how steady each person was on the pairs that they were shown twice."""
    return [
        f"{judge} judged {of.pairs} pair{'' if of.pairs == 1 else 's'} twice, {percent(of.same.rate)} alike"
        for judge, of in view.consistency.items()
        if of.pairs and of.same is not None
    ]
