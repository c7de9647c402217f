"""Reviewing: the past of a prompt, version by version, with its tokens and what it scored beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from workbench.bench.entries import Entry, Listing
from workbench.bench.token_counts import Counted, Question, TokenCounts
from workbench.bench.versions import Versions
from workbench.errors import CallError, ModelUnreadyError, PromptError, RevisionError, StoreError, UsageError
from workbench.prompts.cases import cases_paths
from workbench.prompts.history import Commit, History, Revision
from workbench.prompts.library import Library
from workbench.prompts.tree import Tree, decode, prompt_name, prompt_path
from workbench.prompts.version import Version, load_version
from workbench.store.scores import KeptVersion
from workbench.store.store import Store
from workbench.verdicts.win_rates import WinRate

IDENTIFIED_AT_ONCE = 20
"""Versions that are read before what was found is shown."""

LOOKED_AT_ONCE = 50
"""Commits that are looked at before the list is shown."""

COUNTED_AT_ONCE = 6
"""Versions that are rendered and counted before what was found is shown."""

_STAYS = "each commit is a version that stays"


@dataclass(frozen=True)
class _Read:
    """What reading a version found: its hash, or why it has none; ``there`` says if there was a prompt."""

    version: str | None = None
    trouble: str | None = None
    there: bool = True


@dataclass(frozen=True)
class _Scores:
    """What the versions of a prompt scored, by hash, and which of them were run.

    ``trouble`` says why nothing is known.
    """

    results: Mapping[str, int] = field(default_factory=dict)
    win_rates: Mapping[str, WinRate] = field(default_factory=dict)
    kept: Sequence[KeptVersion] = ()
    trouble: str = ""

    def beside(self, entry: Entry) -> Entry:
        if entry.version is None or self.trouble:
            return entry
        rate = self.win_rates.get(entry.version)
        results = self.results.get(entry.version, 0)
        return replace(entry, votes=rate.votes if rate else 0, win_rate=rate, results=results)


@dataclass
class Reviewing:
    """Lists the versions of prompts, and finds out about them; what it found it remembers.

    ``win_rates`` gives the win rates of versions by hash, for all the names that a prompt has had.
    """

    library: Library
    past: History
    versions: Versions
    store: Store
    tokens: TokenCounts
    win_rates: Callable[[Collection[str]], Mapping[str, WinRate]]
    _reads: dict[tuple[str, str], _Read] = field(default_factory=dict)

    def history(self, prompt: str, unsaved: Mapping[str, bytes] | None = None) -> Listing:
        """Return the history of a prompt as git has it, at once: who, when and what, and nothing else.

        The working tree comes first where it differs from HEAD; ``unsaved`` holds files as they are on
        screen. Versions that only the store holds come with ``fill``. Raises RevisionError where git fails.
        """
        tree = self.versions.tree(unsaved)
        version = _loaded(tree, prompt)
        beside = self._beside(prompt, version)
        commits = self.past.log(prompt_path(prompt), beside)
        entries = [_of_commit(prompt, commit) for commit in self._since_there(commits)]
        if self._differs(tree, prompt, beside):
            entries.insert(0, Entry(prompt, prompt_path(prompt), dirty=True))
        return Listing(prompt, tuple(entries), "" if commits else self._why_no_commits())

    async def fill(
        self,
        listing: Listing,
        *,
        case: str | None = None,
        unsaved: Mapping[str, bytes] | None = None,
        first: Callable[[], Collection[str]] = lambda: (),
        limit: int | None = None,
    ) -> AsyncGenerator[Listing, None]:
        """Yield the listing again and again, each time with more known, until all is.

        Hashes and scores come first, then the versions that only the store holds, then tokens: of the targets
        that ``first`` names at the time before all others, then of the newest, of ``limit`` entries in all.
        Tokens are those of ``case``, by default the first, for the first model of the newest version.
        """
        scores = await asyncio.to_thread(self._scores, listing)
        listing = replace(listing, unscored=scores.trouble)
        entries = listing.entries
        for start in range(0, len(entries), IDENTIFIED_AT_ONCE):
            some = entries[start : start + IDENTIFIED_AT_ONCE]
            listing = listing.with_found(await asyncio.to_thread(self._identified, some, scores, unsaved))
            yield listing
        listing = listing.with_kept(_kept(listing, scores))
        yield listing
        try:
            question = await asyncio.to_thread(self._question, listing, case, unsaved)
            async for counted in self._with_tokens(listing, question, unsaved, first, limit):
                listing = counted
                yield listing
        except (UsageError, ModelUnreadyError, CallError) as why:
            done = {entry.target: replace(entry, counted=True) for entry in listing.entries}
            yield replace(listing.with_found(done), uncounted=str(why))

    def scored(self, prompt: str) -> Listing:
        """Return the history of a prompt with hashes and scores and without tokens; it blocks meanwhile.

        Raises RevisionError where git fails.
        """
        listing = self.history(prompt)
        scores = self._scores(listing)
        listing = replace(listing, unscored=scores.trouble)
        listing = listing.with_found(self._identified(listing.entries, scores, None))
        return listing.with_kept(_kept(listing, scores))

    def forget(self) -> None:
        """Find out anew what may have changed: what past results teach about a model's tokens."""
        self.tokens.forget()

    def _since_there(self, commits: Sequence[Commit]) -> Sequence[Commit]:
        """Return the commits without the oldest ones, in which there was no such prompt yet.

        A commit that only changed a partial may be older than the prompt that reads it now. No more than some
        are looked at here; where there are others, they go when they are read.
        """
        end = len(commits)
        while end > max(0, len(commits) - LOOKED_AT_ONCE) and not self._there(commits[end - 1]):
            end -= 1
        return commits[:end]

    def _there(self, commit: Commit) -> bool:
        return self.past.tree(Revision(commit.hash, commit.hash)).holds(commit.path)

    def _beside(self, prompt: str, version: Version | None) -> list[str]:
        """Return the paths of what a prompt reads now, apart from its own file, and of its cases."""
        own = prompt_path(prompt)
        return [path for path in (*(version.files if version else ()), *cases_paths(prompt)) if path != own]

    def _differs(self, tree: Tree, prompt: str, beside: Sequence[str]) -> bool:
        """Return whether the prompt or anything it reads is not as it was committed."""
        path = prompt_path(prompt)
        own = _text(tree, path)
        if own is None:
            return False
        head = self.past.head()
        if head is None:
            return True
        committed = self.past.tree(head)
        before = self.past.path_at(path, head)
        if before is None or _text(committed, before) != own:
            return True
        return any(_text(committed, other) != _text(tree, other) for other in beside)

    def _why_no_commits(self) -> str:
        if self.past.unavailable:
            return f"No commits to show: {self.past.unavailable}.\n{self.past.remedy}"
        if self.past.head() is None:
            return f"Nothing has been committed in this repository yet.\nCommit: {_STAYS}."
        return f"This prompt has never been committed.\nCommit it: {_STAYS}."

    def _scores(self, listing: Listing) -> _Scores:
        names, scores = self._names(listing), self.store.scores
        try:
            return _Scores(scores.results(names), self.win_rates(names), scores.versions(names))
        except StoreError as broken:  # a prompt's history can be read without what it scored
            return _Scores(trouble=str(broken))

    def _names(self, listing: Listing) -> list[str]:
        """Return all the names that the prompt has had."""
        paths = dict.fromkeys(entry.path for entry in listing.entries)
        return list(dict.fromkeys([listing.prompt, *filter(None, map(prompt_name, paths))]))

    def _identified(
        self, entries: Sequence[Entry], scores: _Scores, unsaved: Mapping[str, bytes] | None
    ) -> dict[str, Entry | None]:
        """Return entries with their hash and scores by target, None where there was no prompt."""
        found: dict[str, Entry | None] = {}
        for entry in entries:
            read = self._read(entry, unsaved)
            known = replace(entry, version=read.version, trouble=read.trouble, counted=read.version is None)
            found[entry.target] = scores.beside(known) if read.there else None
        return found

    def _read(self, entry: Entry, unsaved: Mapping[str, bytes] | None) -> _Read:
        key = (entry.target, entry.path)
        if key in self._reads:
            return self._reads[key]
        try:
            read = _Read(self._version(entry, unsaved).hash)
        except PromptError as broken:
            there = entry.commit is None or self.past.tree(Revision(entry.commit, entry.commit)).holds(
                entry.path
            )
            read = _Read(trouble=str(broken), there=there)
        except RevisionError as unreadable:
            read = _Read(trouble=str(unreadable))
        if entry.commit:
            self._reads[key] = read
        return read

    def _version(self, entry: Entry, unsaved: Mapping[str, bytes] | None) -> Version:
        if entry.commit:
            prompt = entry.target.partition("@")[0]
            return self.versions.at(prompt, Revision(entry.commit[:7], entry.commit), entry.path)
        return self.versions.load(entry.target, unsaved).version

    def _question(self, listing: Listing, case: str | None, unsaved: Mapping[str, bytes] | None) -> Question:
        newest = next((entry for entry in listing.entries if entry.version), None)
        if newest is None:
            raise PromptError("no version of this prompt can be read")
        cases = self.versions.cases(listing.prompt, unsaved)
        return self.tokens.question(self._version(newest, unsaved), cases, case)

    async def _with_tokens(
        self,
        listing: Listing,
        question: Question,
        unsaved: Mapping[str, bytes] | None,
        first: Callable[[], Collection[str]],
        limit: int | None,
    ) -> AsyncGenerator[Listing, None]:
        """Yield the listing with more and more tokens, each version counted once."""
        wanted = {entry.version for entry in listing.entries[:limit] if entry.version}
        listing = _with_counts(listing, {hashed: self.tokens.known(question, hashed) for hashed in wanted})
        yield listing
        while waiting := _waiting(listing, wanted, first()):
            counts = await self._counts(question, waiting[:COUNTED_AT_ONCE], unsaved)
            listing = _with_counts(listing, counts)
            yield listing

    async def _counts(
        self, question: Question, entries: Sequence[Entry], unsaved: Mapping[str, bytes] | None
    ) -> dict[str | None, Counted]:
        """Return the tokens of some entries by the hash they are listed with."""

        def loaded() -> dict[str | None, Version | str]:
            return {entry.version: self._loaded(entry, unsaved) for entry in entries}

        found = await asyncio.to_thread(loaded)
        versions = [version for version in found.values() if isinstance(version, Version)]
        counts = await self.tokens.count(question, versions)
        return {
            listed: counts[version.hash] if isinstance(version, Version) else Counted(None, trouble=version)
            for listed, version in found.items()
        }

    def _loaded(self, entry: Entry, unsaved: Mapping[str, bytes] | None) -> Version | str:
        """Return the version of an entry, or why it cannot be read any more."""
        try:
            return self._version(entry, unsaved)
        except UsageError as broken:
            return str(broken)


def _kept(listing: Listing, scores: _Scores) -> list[Entry]:
    """Return the versions that were run and are in no commit of the listing, nor in the working tree."""
    known = {entry.version for entry in listing.entries}
    return [
        scores.beside(
            Entry(
                f"{kept.prompt}@v:{kept.version}",
                prompt_path(kept.prompt),
                date=kept.created,
                version=kept.version,
            )
        )
        for kept in scores.kept
        if kept.version not in known
    ]


def _of_commit(prompt: str, commit: Commit) -> Entry:
    return Entry(
        f"{prompt}@{commit.hash}", commit.path, commit.hash, commit.author, commit.date, commit.subject
    )


def _loaded(tree: Tree, prompt: str) -> Version | None:
    try:
        return load_version(tree, prompt)
    except PromptError:  # what is wrong is told beside its entry
        return None


def _text(tree: Tree, path: str) -> str | bytes | None:
    """Return a file's text, with line endings made alike; its bytes where it is none; None for no file."""
    try:
        raw = tree.read(path)
    except FileNotFoundError:
        return None
    except PromptError:
        return b""  # too large or not to be read, and so like no text there is
    try:
        return decode(raw, path)
    except PromptError:
        return raw


def _waiting(listing: Listing, wanted: Collection[str], urgent: Collection[str]) -> list[Entry]:
    """Return one entry for each of the versions not counted yet, the urgent ones first."""
    waiting: dict[str, Entry] = {}
    for entry in sorted(listing.entries, key=lambda entry: entry.target not in urgent):
        if entry.version and entry.version in wanted and not entry.counted:
            waiting.setdefault(entry.version, entry)
    return list(waiting.values())


def _with_counts(listing: Listing, counts: Mapping[str | None, Counted | None]) -> Listing:
    found: dict[str, Entry | None] = {}
    for entry in listing.entries:
        counted = counts.get(entry.version)
        if counted is not None and not entry.counted:
            found[entry.target] = replace(
                entry,
                tokens=counted.tokens,
                exact=counted.exact,
                trouble=counted.trouble,
                counted=True,
            )
    return listing.with_found(found) if found else listing
