"""The entries of a prompt's history as plain data, and what follows from their order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from workbench.bench.shown import short_version
from workbench.verdicts.win_rates import WinRate

WORKING_TREE = "working tree"
"""What the version that is on disk now is called."""


@dataclass(frozen=True)
class Entry:
    """One version in the history of a prompt. What is None is not known, or not yet.

    ``target`` names it wherever a prompt can be named; ``path`` is where the prompt's file lay. ``commit`` is
    None for the working tree, which is ``dirty``, and for a version that was run and is in no commit of this
    history. ``date`` is UTC ISO 8601. ``version`` is the hash in full. ``tokens`` are those of one case for
    one model, ``delta`` the difference to the version before. ``win_rate`` is None without votes. ``trouble``
    says why it cannot be read or rendered. ``counted`` says that no more will be known of its tokens.
    """

    target: str
    path: str
    commit: str | None = None
    author: str | None = None
    date: str | None = None
    subject: str | None = None
    dirty: bool = False
    version: str | None = None
    tokens: int | None = None
    exact: bool = True
    counted: bool = False
    delta: int | None = None
    votes: int | None = None
    win_rate: WinRate | None = None
    results: int | None = None
    trouble: str | None = None

    @property
    def label(self) -> str:
        """Which version this is, in few letters: ``working tree``, ``a41c9f2`` or ``v:1f3a9c``."""
        if self.commit:
            return self.commit[:7]
        return short_version(self.version) if self.version and not self.dirty else WORKING_TREE

    @property
    def kept_only(self) -> bool:
        """Whether it was run and is in no commit of this history, so that only the store holds it."""
        return self.commit is None and not self.dirty


@dataclass(frozen=True)
class Listing:
    """The history of a prompt, newest first.

    ``empty`` says why there are no commits and what to do about it, ``unscored`` why no scores are known,
    ``uncounted`` why no tokens are: for a person, and empty where all is well.
    """

    prompt: str
    entries: tuple[Entry, ...]
    empty: str = ""
    unscored: str = ""
    uncounted: str = ""

    def with_found(self, found: Mapping[str, Entry | None]) -> Listing:
        """Return the listing with some entries replaced by target; those found to be None are left out."""
        kept = (found.get(entry.target, entry) for entry in self.entries)
        return replace(self, entries=with_deltas(entry for entry in kept if entry is not None))

    def with_known(self, before: Listing | None) -> Listing:
        """Return a fresh listing with what an older one of this prompt knew already: nothing flickers."""
        if before is None or before.prompt != self.prompt:
            return self
        known = self.with_found({entry.target: entry for entry in before.entries if entry.commit})
        return known.with_kept(entry for entry in before.entries if entry.kept_only)

    def compared(self, target: str, marked: Collection[str] = ()) -> tuple[str | None, str]:
        """Return the targets of the older and the newer version to compare; no older for the first of all.

        They are the two that are marked, or the one that is marked and ``target``, or else ``target`` and the
        version before it.
        """
        places = {entry.target: place for place, entry in enumerate(self.entries)}
        pair = sorted(places[one] for one in marked if one in places)
        if not pair[1:]:
            pair = sorted({*pair, places[target]})
        newer, older = (*pair, pair[0] + 1)[:2]
        targets = [*(entry.target for entry in self.entries), None]
        return targets[older], self.entries[newer].target

    def without_tokens(self) -> Listing:
        """Return the listing with all tokens to be counted again, as for another case."""
        entries = (replace(entry, tokens=None, delta=None, counted=False) for entry in self.entries)
        return replace(self, entries=tuple(entries))

    def with_kept(self, kept: Iterable[Entry]) -> Listing:
        """Return the listing with versions that only the store holds, each where its date puts it.

        Commits keep the order that git gives them, whatever their dates say. Versions that are in a commit
        meanwhile are no longer listed on their own.
        """
        committed = {entry.version for entry in self.entries if not entry.kept_only}
        entries = [entry for entry in self.entries if not entry.kept_only or entry.version not in committed]
        for one in sorted(kept, key=lambda entry: entry.date or ""):
            dates = [(at, entry.date or "") for at, entry in enumerate(entries) if not entry.dirty]
            place = next((at for at, date in dates if date < (one.date or "")), len(entries))
            entries.insert(place, one)
        return replace(self, entries=with_deltas(entries))


def with_deltas(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries, newest first, each with its tokens less those of the nearest one before it in time.

    A version whose tokens cannot be known is passed over; where they are only not known yet, so is the delta.
    """
    told: list[Entry] = []
    before: int | None = None
    certain = True
    for entry in reversed(list(entries)):
        delta = None
        if entry.tokens is not None:
            delta = entry.tokens - before if before is not None and certain else None
            before, certain = entry.tokens, True
        elif not entry.counted:
            certain = False
        told.append(entry if entry.delta == delta else replace(entry, delta=delta))
    return tuple(reversed(told))
