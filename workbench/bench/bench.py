"""The bench: one project with all its rooms, the one object that both faces are given."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from workbench.bench.counting import Counting
from workbench.bench.previewing import Previewing
from workbench.bench.running import Running
from workbench.bench.versions import Versions
from workbench.context.worker import RenderWorker
from workbench.errors import ModelUnreadyError, ProjectError, PromptError, StoreError, did_you_mean
from workbench.models.access import check_trust, key_for
from workbench.models.catalogue import Catalogue
from workbench.models.doors.direct import DirectDoor
from workbench.models.doors.reach import reachable
from workbench.models.doors.through_litellm import LiteLLMDoor
from workbench.models.embedded import EmbeddedDoor, readiness
from workbench.models.gateway import Gateway
from workbench.models.model import Model
from workbench.models.tokens import Tokenizers
from workbench.project import settings as project_settings
from workbench.project.clock import today
from workbench.project.keys import Keys
from workbench.project.trust import Trust
from workbench.prompts.disk.drafts import Drafts
from workbench.prompts.disk.local import local_folder
from workbench.prompts.history import History
from workbench.prompts.library import Library
from workbench.store.database import FILE_NAME
from workbench.store.store import Store

if TYPE_CHECKING:
    from workbench.bench.arranging import Arranging
    from workbench.bench.boarding import Boarding
    from workbench.bench.case_keeping import CaseKeeping
    from workbench.bench.committing import Committing
    from workbench.bench.comparing import Comparing
    from workbench.bench.dueling import Dueling
    from workbench.bench.exporting import Exporting
    from workbench.bench.labelling import Labelling
    from workbench.bench.recalling import Recalling
    from workbench.bench.restoring import Restoring
    from workbench.bench.reviewing import Reviewing
    from workbench.bench.searching import Searching
    from workbench.bench.shelving import Shelving
    from workbench.bench.vote_files import VoteFiles
    from workbench.prompts.language.completing import Words


@dataclass(frozen=True)
class Readiness:
    """Whether a model can be called, and if not, why and what mends it."""

    model: Model
    reason: str | None = None
    hint: str | None = None

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return self.reason is None


class Bench:
    """A project, opened. Raises ProjectError or SettingsError where there is none or its settings are wrong.

    ``environ`` supplies key variables; ``personal`` is the folder for what a person keeps across projects.
    ``judged_by`` is the name that votes and labels are given under, empty for the person's own.
    """

    def __init__(self, start: Path, environ: Mapping[str, str], personal: Path | None = None) -> None:
        self.root = project_settings.find_root(start)
        self.settings = project_settings.load(self.root)
        self.personal = personal or platformdirs.user_config_path("workbench")
        self.judged_by = ""
        self.library = Library(self.root)
        self.drafts = Drafts(self.root)
        self.history = History(self.root)
        self.keys = Keys(self.root, environ, self.history.tracked)
        self.trust = Trust(self.personal / "trust.json")
        self.store = Store(local_folder(self.root) / FILE_NAME)
        self.catalogue = Catalogue(self.settings)
        self._cache = platformdirs.user_cache_path("workbench")
        embedded = EmbeddedDoor(self.root, self._cache)
        self.gateway = Gateway(
            {"direct": DirectDoor(), "litellm": LiteLLMDoor(), "embedded": embedded},
            key_for=self.key_for,
            retries=self.settings.limits.retries,
        )
        # One for runs, and one for the text on screen, where each key makes the rendering before it give way.
        self._worker, self._live = RenderWorker(), RenderWorker()
        self.versions = Versions(self.library, self.history, self.store.sources)
        self._counting = Counting(Tokenizers(), embedded, self.store, self.check_trust)
        self.previewing = Previewing(
            self.settings, self.catalogue, self.versions, self._worker, self._live, self._counting, today
        )
        self.running = Running(
            self.settings,
            self.catalogue,
            self.versions,
            self.previewing,
            self.store,
            self.gateway,
            self.check_ready,
        )

    @classmethod
    def here(cls) -> Bench:
        """Return the bench of the project around the working folder, with this process's environment."""
        try:
            folder = Path.cwd()
        except OSError as broken:
            raise ProjectError(
                f"the working folder cannot be used: {broken.strerror}", hint="Go to another folder."
            ) from broken
        return cls(folder, os.environ)

    # Judging, writing and looking back bring much code along that other commands never need, some 70 ms of
    # it: each of these is imported when it is first asked for.

    @cached_property
    def dueling(self) -> Dueling:
        """Pairs and votes, with the person at the keyboard as judge."""
        from workbench.bench.dueling import Dueling

        return Dueling(self.store, self.judge)

    @cached_property
    def boarding(self) -> Boarding:
        """Ratings, and the votes behind them."""
        from workbench.bench.boarding import Boarding

        return Boarding(self.store, self.dueling, lambda prompt: self.reviewing.scored(prompt))

    @cached_property
    def labelling(self) -> Labelling:
        """Single results called good or bad."""
        from workbench.bench.labelling import Labelling

        return Labelling(self.store, self.dueling, self.judge)

    @cached_property
    def vote_files(self) -> VoteFiles:
        """Votes written out, and those of others merged."""
        from workbench.bench.vote_files import VoteFiles

        return VoteFiles(self.store)

    @cached_property
    def shelving(self) -> Shelving:
        """What there is, and how it stands."""
        from workbench.bench.shelving import Shelving

        return Shelving(self.library, self.history)

    @cached_property
    def searching(self) -> Searching:
        """Prompts by name, description and text."""
        from workbench.bench.searching import Searching

        return Searching(self.library)

    @cached_property
    def arranging(self) -> Arranging:
        """New prompts, copies, other names."""
        from workbench.bench.arranging import Arranging

        return Arranging(self.library, self.history, self.drafts)

    @cached_property
    def cases(self) -> CaseKeeping:
        """Cases kept, changed and imported."""
        from workbench.bench.case_keeping import CaseKeeping

        return CaseKeeping(self.library, self.store.sources)

    @cached_property
    def committing(self) -> Committing:
        """One prompt committed."""
        from workbench.bench.committing import Committing

        return Committing(self.library, self.history)

    @cached_property
    def reviewing(self) -> Reviewing:
        """The past of a prompt, with its scores."""
        from workbench.bench.reviewing import Reviewing
        from workbench.bench.token_counts import TokenCounts

        counts = TokenCounts(self.previewing, self._counting)
        rates = self.boarding.win_rates
        return Reviewing(self.library, self.history, self.versions, self.store, counts, rates)

    @cached_property
    def comparing(self) -> Comparing:
        """Two versions, as text and as rendered context."""
        from workbench.bench.comparing import Comparing

        return Comparing(self.library, self.history, self.versions, self.previewing)

    @cached_property
    def recalling(self) -> Recalling:
        """What came back before, and what was said of it."""
        from workbench.bench.recalling import Recalling

        return Recalling(self.settings, self.catalogue, self.store, self.judge)

    @cached_property
    def exporting(self) -> Exporting:
        """Results written out."""
        from workbench.bench.exporting import Exporting

        return Exporting(self.store)

    @cached_property
    def restoring(self) -> Restoring:
        """A version brought back to the working tree."""
        from workbench.bench.restoring import Restoring

        return Restoring(self.library, self.versions)

    def words(self, path: str) -> Words:
        """Return what can be named in the file at this path; reads the disk."""
        from workbench.bench.wording import words_for

        return words_for(self.library, self.settings, path)

    def check_prompt(self, name: str) -> None:
        """Raise PromptError for a name that is no prompt of this project and never was run as one."""
        names = self.library.names()
        if name in names or self.store.runs.contenders(name):
            return
        plain, at, revision = name.partition("@")
        if at and plain in names:
            raise PromptError(
                f"this is about all of “{plain}”, and not about one version of it",
                hint=f"Leave out “@{revision}”.",
            )
        raise PromptError(f"there is no prompt “{name}”", hint=did_you_mean(name, names))

    def key_for(self, model: Model) -> str | None:
        """Return the key to call a model with; raises ModelUnreadyError where it is missing or trust is."""
        return key_for(model, self.keys.get, self._trusted)

    def check_trust(self, model: Model) -> None:
        """Raise ModelUnreadyError where only a trusted project may name this model, and this one is not."""
        check_trust(model, self._trusted)

    def _trusted(self) -> bool:
        return self.trust.trusted(self.root, self.settings.content_hash)

    def check_ready(self, model: Model) -> None:
        """Raise ModelUnreadyError for a model that cannot be called yet."""
        self.key_for(model)
        if model.local:
            unready = readiness(model.string, self.root, self._cache)
            if unready is not None:
                raise unready

    async def readiness(self, model: Model) -> Readiness:
        """Return whether a model can be called; a server of one's own is asked whether it answers."""
        try:
            await asyncio.to_thread(self.check_ready, model)
        except ModelUnreadyError as unready:
            return Readiness(model, unready.message, unready.hint)
        if model.api_base and not await reachable(model.api_base):
            return Readiness(
                model, f"no server answers at {model.api_base}", "Start it, or correct api_base."
            )
        return Readiness(model)

    def move_damaged_aside(self) -> Path | None:
        """Rename the database where it is damaged and return its new name; None where nothing is wrong."""
        try:
            damaged = bool(self.store.database.check())
        except StoreError as error:
            if not error.damaged:
                raise
            damaged = True
        return self.store.database.move_aside() if damaged else None

    def judge(self) -> str:
        """Return who votes: as told by ``judged_by``, or else the person at the keyboard."""
        return self.judged_by or self._person

    @cached_property
    def _person(self) -> str:
        """Who is at the keyboard: the name git commits with, else the name of the account."""
        # Asked once: it takes git 5 ms, and each pair that is drawn needs it.
        try:
            return self.history.author() or getpass.getuser()
        except (KeyError, OSError):  # an account without a name, as in a container
            return "someone"

    async def close(self) -> None:
        """End every child process and close every file."""
        await self.gateway.close()
        self._worker.close()
        self._live.close()
        self.history.close()
        self.drafts.close()
        self.store.close()
