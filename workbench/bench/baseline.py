"""The baseline: the version that the text on screen is compared with, rendered and counted once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from workbench.bench.comparing import ModelDelta
from workbench.bench.previewing import Previewing
from workbench.bench.previews import NO_CASE, ModelPreview
from workbench.bench.shown import one_line
from workbench.bench.versions import Target, Versions
from workbench.context.messages import Context
from workbench.errors import CasesError, PromptError, StoreError, UsageError, WorkbenchError
from workbench.models.correction import Correction
from workbench.prompts.cases import Case
from workbench.prompts.history import History, Revision
from workbench.prompts.tree import prompt_path
from workbench.prompts.version import Version, load_version

HEAD = "HEAD"
"""The commit that is checked out."""

LAST_SAVE = "last save"
"""What is on disk."""

MOST = 16
"""Contexts that are remembered: one of them may have 10 MB."""

FEW_WORDS = 60
"""Characters in which it is said why there is nothing to compare with."""

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True)
class Based:
    """What a context is compared with, as each of the models receives it, by the name of the model.

    ``base`` is what was chosen, ``label`` names it in few letters. ``context`` is None where it is the same
    version, or where there is none: ``trouble`` then says why, in few words.
    """

    base: str
    label: str
    context: Context | None = None
    models: Mapping[str, ModelPreview] = field(default_factory=dict)
    same: bool = False
    trouble: str = ""

    def delta(self, found: ModelPreview) -> ModelDelta | None:
        """Return what changed for a model, None where that is not known."""
        before = found if self.same else self.models.get(found.model.name)
        return ModelDelta(before, found) if before is not None else None

    def received(self, found: ModelPreview) -> Context | None:
        """Return the context of the baseline as a model receives it, None where it is no other one."""
        before = self.models.get(found.model.name)
        return before.context if before is not None else self.context


class _UnknownError(Exception):
    """There is nothing to compare with; the message says why in few words."""


@dataclass
class Baseline:
    """Renders and counts the version that is compared with, and remembers it by version, case and model.

    Only what went well is remembered: git may be locked for a moment, and a rendering may take too long once.
    """

    previewing: Previewing
    versions: Versions
    history: History
    _loaded: dict[tuple[str, str], Version] = field(default_factory=dict)
    _contexts: dict[tuple[str, str], Context] = field(default_factory=dict)
    _rendering: dict[tuple[str, str], asyncio.Future[Context]] = field(default_factory=dict)
    _found: dict[tuple[str, str, str], ModelPreview] = field(default_factory=dict)

    async def of(self, base: str, target: Target, case: Case | None, found: Sequence[ModelPreview]) -> Based:
        """Return what ``base`` names for a version of the working tree, for the models that were counted for.

        ``base`` is HEAD, LAST_SAVE or what names a version as in ``PROMPT@…``. What cannot be read or
        rendered is no error: it is said in ``trouble``.
        """
        label = base if base in (HEAD, LAST_SAVE) else short(base)
        try:
            version = await asyncio.to_thread(self._version, base, target)
            if version.hash == target.version.hash:
                return Based(base, label, same=True)
            context = await self._context(version, case or NO_CASE)
        except _UnknownError as unknown:
            return Based(base, label, trouble=str(unknown))
        models = {
            one.model.name: await self._counted(version, case or NO_CASE, context, one) for one in found
        }
        return Based(base, label, context, models)

    def _version(self, base: str, target: Target) -> Version:
        name = target.version.prompt.name
        try:
            if base == LAST_SAVE:
                return load_version(self.versions.library.tree, name)
            if base == HEAD:
                return self._at_head(name, target.revision)
            if base.startswith("v:"):
                return self._once((name, base), lambda: self.versions.load(f"{name}@{base}").version)
            revision = self.history.resolve(base)  # each time: a branch moves
            return self._once((name, revision.commit), lambda: self.versions.at(name, revision))
        except (UsageError, StoreError) as broken:
            raise _UnknownError(_few(broken)) from broken

    def _at_head(self, name: str, commit: str | None) -> Version:
        if commit is None:
            raise _UnknownError(self.history.unavailable or "there is no commit yet")
        revision = Revision(HEAD, commit)

        def read() -> Version:
            path = self.history.path_at(prompt_path(name), revision)
            if path is None:
                raise _UnknownError("not committed yet")
            return self.versions.at(name, revision, path)

        return self._once((name, commit), read)

    def _once(self, key: tuple[str, str], read: Callable[[], Version]) -> Version:
        known = self._loaded.get(key)
        return known if known is not None else _remembered(self._loaded, key, read())

    async def _context(self, version: Version, case: Case) -> Context:
        """Return a version rendered, in a thread; asked for again meanwhile, it is not begun again."""
        key = (version.hash, case.hash)
        if key in self._contexts:
            return self._contexts[key]
        if key not in self._rendering:
            rendering = asyncio.ensure_future(asyncio.to_thread(self._rendered, version, case))
            rendering.add_done_callback(lambda done: self._take(key, done))
            self._rendering[key] = rendering
        try:
            # Whoever waits may be gone after the next key, but a thread that has begun goes on.
            return await asyncio.shield(self._rendering[key])
        except (PromptError, CasesError) as broken:
            raise _UnknownError(f"cannot be rendered: {_few(broken)}") from broken

    def _rendered(self, version: Version, case: Case) -> Context:
        return self.previewing.render_all(version, [case])[0]

    def _take(self, key: tuple[str, str], rendering: asyncio.Future[Context]) -> None:
        del self._rendering[key]
        if not rendering.cancelled() and rendering.exception() is None:
            _remembered(self._contexts, key, rendering.result())

    async def _counted(
        self, version: Version, case: Case, context: Context, now: ModelPreview
    ) -> ModelPreview:
        key = (version.hash, case.hash, now.model.name)
        known = self._found.get(key)
        # What a run reported since corrects both sides, or the difference would be that of two yardsticks.
        if known is None or known.model != now.model or _correction(known) != _correction(now):
            counted = await self.previewing.for_model(version, context, now.model)
            known = _remembered(self._found, key, counted)
        return known


def short(base: str) -> str:
    """Return a revision in few letters: a whole hash by its first seven."""
    return base[:7] if len(base) == 40 and base.isalnum() else base


def _correction(found: ModelPreview) -> Correction | None:
    return found.count.correction if found.count is not None else None


def _few(error: WorkbenchError) -> str:
    return one_line(error.message, FEW_WORDS)


def _remembered(known: dict[_K, _V], key: _K, value: _V) -> _V:
    """Remember a value, and forget the oldest where there are too many; threads may do so at a time."""
    if key not in known:
        for oldest in list(known)[: max(0, len(known) - MOST + 1)]:
            known.pop(oldest, None)
    known[key] = value
    return value
