"""Votes as the verdicts take them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workbench.store.records import Vote
from workbench.verdicts.votes import Ballot, Choice, mark_repeats

# Worked out once: boards are made of tens of thousands of votes.
_OUTCOMES = {choice.value: choice.outcome() for choice in Choice}


def ballots_of(votes: Iterable[Vote], groups: Mapping[int, str]) -> list[Ballot]:
    """Return votes, given oldest first, as ballots in their order, with repeats marked.

    The contender on the left is the first; ``groups`` says what each is rated as, by its number.
    """
    return list(mark_repeats(_ballot(vote, groups) for vote in votes))


def _ballot(vote: Vote, groups: Mapping[int, str]) -> Ballot:
    pair = vote.pair
    return Ballot(
        first=groups[pair.left_contender],
        second=groups[pair.right_contender],
        case=pair.case_hash,
        outcome=_OUTCOMES[vote.choice],
        results=(pair.left_result, pair.right_result),
        judge=vote.judge,
        blind=vote.blind,
    )
