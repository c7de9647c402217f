"""The workbench on a project of its own, with a model server on this machine."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.loopback import Loopback, Script
from tests.support.projects import Git, Project
from tests.tui.seeing import until
from workbench.bench.bench import Bench
from workbench.bench.running import Request
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.bench import BenchScreen

SETTINGS = """\
models:
  lab: {model: openai/loopback-1, api_base: %(url)s, price: {input: 1, output: 2}, context_window: 4096}
  mini: {model: openai/loopback-2, api_base: %(url)s}
defaults: {models: [lab], params: {max_tokens: 20}}
limits: {retries: 1, timeout: 10, concurrency: 4}
"""

TRIAGE = """\
---
inputs:
  ticket:
---
system:
You sort tickets.

user:
<ticket>{{ ticket }}</ticket>
"""

TRIAGE_CASES = """\
- {name: card, inputs: {ticket: Card declined twice}, expect: billing}
- {name: crash, inputs: {ticket: The app crashes}, expect: bug}
- {name: thanks, inputs: {ticket: Thank you}}
"""

NOWHERE = "http://127.0.0.1:9/v1"
"""Where no server is: for tests that send nothing."""


class Desk(Project):
    """A project, and the workbench open on it."""

    def __init__(self, root: Path, personal: Path) -> None:
        super().__init__(root)
        self.personal = personal
        self.settings(NOWHERE)

    def settings(self, url: str) -> None:
        """Write settings with two models, ``lab`` and ``mini``, at this address."""
        self.write(".workbench.yml", SETTINGS % {"url": url})

    def triage(self) -> None:
        """Write the prompt ``triage`` with three cases."""
        self.write("prompts/triage.md", TRIAGE)
        self.write("prompts/triage.cases.yml", TRIAGE_CASES)

    @property
    def git(self) -> Git:
        return Git(self.root)

    def commit(self, subject: str = "a change") -> str:
        """Commit everything; returns the commit's hash."""
        if not (self.root / ".git").exists():
            self.write(".gitignore", ".workbench/\n")
            self.git("init", "-q", "-b", "main")
        return self.git.commit(subject)

    def text(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def bench(self) -> Bench:
        return Bench(self.root, os.environ, self.personal)

    @asynccontextmanager
    async def open(
        self, size: tuple[int, int] = (140, 40)
    ) -> AsyncIterator[tuple[WorkbenchApp, Pilot[None]]]:
        """Open the workbench, and wait until the first prompt has been counted where there is one."""
        app = WorkbenchApp(self.bench())
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: settled(app))
            yield app, pilot

    @asynccontextmanager
    async def answering(self, script: Script = None) -> AsyncIterator[Loopback]:
        """Serve both models by a script."""
        async with Loopback(script) as server:
            self.settings(server.url)
            yield server


def bench_of(app: WorkbenchApp) -> BenchScreen:
    screen = app.get_screen("bench")
    assert isinstance(screen, BenchScreen)
    return screen


def settled(app: WorkbenchApp) -> bool:
    """Whether what is on the bench has been rendered and counted, or cannot be."""
    bench = bench_of(app)
    if not bench.is_mounted:
        return False
    trouble = bench.query_one("#trouble").display
    return bench.opened is None or bool(trouble or bench.context_side.found)


@pytest.fixture(autouse=True)
def nobodys_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own, no keys, and a terminal with colours."""
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_API_BASE", "_BASE_URL")) or name.startswith("XDG_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    for name, folder in (("HOME", ""), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache")):
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def blank(tmp_path: Path) -> Desk:
    """A project with two models and no prompt."""
    return Desk(tmp_path / "project", tmp_path / "personal")


@pytest.fixture
def desk(blank: Desk) -> Desk:
    """A project with the prompt ``triage``."""
    blank.triage()
    return blank


async def run_on(
    desk: Desk, *targets: str, models: tuple[str, ...] = ("lab", "mini"), **more: object
) -> None:
    """Run a prompt without a screen, on a server that answers."""
    bench = desk.bench()
    request = Request(targets or ("triage",), models=models, **more)  # type: ignore[arg-type]
    async with aclosing(bench.running.start(await bench.running.prepare(request)).events()) as events:
        async for _ in events:
            pass
    await bench.close()
