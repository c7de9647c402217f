"""Sitting: one person judging pairs of a prompt one after another, the next of them drawn while they read."""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock
from typing import TypeAlias

from workbench.bench.dueling import Dueling, Shown
from workbench.store.records import Vote
from workbench.verdicts.pairs import NoPair

Results: TypeAlias = frozenset[int]


class Sitting:
    """The pair on screen, the one drawn ahead, and those that were judged. Everything here blocks.

    ``shown`` is what is on screen: a pair, or why there is none; None before `go_on` and after `vote`. While
    the person reads, `draw_ahead` may run in another thread.
    """

    def __init__(
        self,
        dueling: Dueling,
        prompt: str,
        versions: Collection[str] = (),
        seen_through: set[Results] | None = None,
    ) -> None:
        """Where ``versions`` are given, by hash, only pairs of these are offered.

        ``seen_through`` is what the person knows the authors of; what they are told is added to it.
        """
        self.prompt = prompt
        self.shown: Shown | NoPair | None = None
        self._dueling = dueling
        self._versions = tuple(versions)
        self._ahead: Shown | None = None
        self._judged: dict[int, Shown] = {}
        self._seen_through = set() if seen_through is None else seen_through
        self._drawing = Lock()

    @property
    def seen_through(self) -> bool:
        """Whether the person was told who wrote what is on screen, now or when it was on screen before."""
        return isinstance(self.shown, Shown) and _results(self.shown) in self._seen_through

    def see_through(self) -> None:
        """Take the pair on screen as one whose authors are known from now on."""
        if isinstance(self.shown, Shown):
            self._seen_through.add(_results(self.shown))

    def authors(self, shown: Shown) -> tuple[str, str]:
        """Return who wrote the left and the right answer."""
        left, right = self._dueling.contenders(shown.pair)
        labels = self._dueling.labels([left, right])
        return labels[left.id], labels[right.id]

    def go_on(self) -> Shown | NoPair:
        """Put the next pair on screen, and return it: the one drawn ahead, or one drawn now."""
        with self._drawing:
            drawn, self._ahead = self._ahead, None
            if drawn is None:
                self.shown = self._dueling.next(self.prompt, self._versions, checking=True)
            else:
                self.shown = drawn if drawn.pair.id else self._dueling.show(drawn)
            return self.shown

    def draw_ahead(self) -> None:
        """Draw the pair that is to come after the one on screen, unless that is done."""
        with self._drawing:
            if self._ahead is None and isinstance(self.shown, Shown):
                pair = self.shown.pair
                drawn = self._dueling.draw(self.prompt, self._versions, checking=True, besides=pair)
                # Where no other pair is left, the vote to come decides whether this one comes again.
                self._ahead = drawn if isinstance(drawn, Shown) else None

    def vote(
        self, choice: str, *, note: str | None = None, blind: bool = True, seconds: float | None = None
    ) -> Vote | None:
        """Store a judgement of the pair on screen, and take it off; None where there is no pair."""
        if not isinstance(self.shown, Shown):
            return None
        pair = self.shown.pair.id
        vote = self._dueling.vote(pair, choice, note=note, blind=blind, seconds=seconds)
        with self._drawing:
            self._judged[pair] = self.shown
            self.shown = None
        return vote

    def undo(self) -> Vote | None:
        """Take back the last vote; returns it, or None where there is none.

        What was judged in this sitting is on screen again, and what it makes way for comes after it.
        """
        vote = self._dueling.undo(self.prompt)
        with self._drawing:
            before = self._judged.pop(vote.pair.id, None) if vote else None
            if before is not None:
                self._ahead = self.shown if isinstance(self.shown, Shown) else None
                self.shown = before
            elif vote is not None and isinstance(self.shown, NoPair):
                self.shown = None
        return vote


def _results(shown: Shown) -> Results:
    """Return what a pair is about, whichever side each result is on."""
    return frozenset((shown.pair.left_result, shown.pair.right_result))
