"""Checking: everything a project needs, tried one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from workbench.bench.bench import Bench
from workbench.bench.shown import counted, percent
from workbench.errors import StoreError, WorkbenchError
from workbench.store.database import MOVE_ASIDE
from workbench.store.records import Miscount


@dataclass(frozen=True)
class Check:
    """One thing that was tried, and what came of it; one that is not ``needed`` may fail and all be well."""

    what: str
    ok: bool
    message: str
    hint: str | None = None
    needed: bool = True


async def check(bench: Bench) -> list[Check]:
    """Return what works in this project and what does not; raises nothing."""
    checks = [Check("settings", True, f"{len(bench.settings.models)} models in {bench.root}")]
    checks += await asyncio.to_thread(lambda: list(_files(bench)))
    models = [await _model(bench, name) for name in bench.settings.models]
    ready = sum(model.ok for model in models)
    checks += [Check("models", ready > 0, f"{ready} of {len(models)} ready"), *models]
    checks.append(Check("prices", True, bench.catalogue.map_version))
    checks += await asyncio.to_thread(_counts, bench)
    return checks


def _files(bench: Bench) -> Iterator[Check]:
    if bench.history.unavailable:
        yield Check("git", True, f"{bench.history.unavailable}: revisions and history are off")
    else:
        yield Check("git", True, f"on {bench.history.branch()}")
    if bench.keys.warning:
        yield Check("keys", False, bench.keys.warning)
    yield _tried("database", lambda: _database(bench))
    names = bench.library.names()
    prompts = [_tried(name, partial(_prompt, bench, name)) for name in names]
    broken = [prompt for prompt in prompts if not prompt.ok]
    yield Check("prompts", not broken, f"{len(names)} prompts, {len(broken)} broken")
    yield from broken


def _database(bench: Bench) -> str:
    wrong = bench.store.database.check()
    if wrong:
        raise StoreError(f"the database is damaged: {wrong[0]}", hint=MOVE_ASIDE)
    return f"{bench.store.database.path.name} is in order"


def _prompt(bench: Bench, name: str) -> str:
    version = bench.versions.load(name).version
    cases = bench.versions.cases(name)
    bench.previewing.render_all(version, cases)
    return f"{len(cases)} cases"


def _tried(what: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(what, True, attempt())
    except WorkbenchError as error:
        where = f"{error.place}: " if error.place else ""
        return Check(what, False, f"{where}{error.message}", error.hint)


def _counts(bench: Bench) -> list[Check]:
    """Return the largest errors of counts that were shown before calls; those marked exact may have none."""
    try:
        worst = bench.store.counts.miscounts()
        reported = bool(worst) or bench.store.counts.reported()
    except StoreError:
        return []  # told already, as the database that does not work
    if not worst:
        none = "no count of tokens differs from what was reported" if reported else "nothing was reported yet"
        return [Check("counts", True, none)]
    return [_count(one) for one in worst]


def _count(wrong: Miscount) -> Check:
    case = f", case “{wrong.case}”" if wrong.case else ""
    shown = f"{counted(wrong.shown, exact=wrong.exact)} tokens"
    off = percent(wrong.off, 1, signed=True)
    return Check(
        f"count {wrong.model}",
        not wrong.exact,
        f"{shown}, {wrong.reported:,} reported, {off} off: {wrong.prompt}{case}, run {wrong.run}",
        "Such a count should be right every time; is it the model that the entry names?"
        if wrong.exact
        else None,
        needed=False,
    )


async def _model(bench: Bench, name: str) -> Check:
    try:
        readiness = await bench.readiness(await asyncio.to_thread(bench.catalogue.resolve, name))
    except WorkbenchError as error:
        return Check(f"model {name}", False, error.message, error.hint)
    return Check(f"model {name}", readiness.ready, readiness.reason or "ready", readiness.hint, needed=False)
