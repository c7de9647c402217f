"""A project in a folder of its own, a server for it on this machine, and the command line to use on both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from tests.support.loopback import Loopback, Script
from tests.support.projects import Git, Project

PROMPT = """\
---
params: {max_tokens: 20}
inputs:
  ticket:
---
system:
You sort tickets.

user:
<ticket>{{ ticket }}</ticket>
"""

CASES = """\
- {name: card, inputs: {ticket: Card declined twice}, expect: billing}
- {name: crash, inputs: {ticket: The app crashes}, expect: bug}
- {name: thanks, inputs: {ticket: Thank you}}
"""

SETTINGS = """\
models:
  lab:
    model: openai/loopback-1
    api_base: {url}
{more}
defaults: {{models: [lab]}}
limits: {{retries: 1, timeout: 10}}
"""


@dataclass
class Outcome:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The values of JSON Lines."""
        return [json.loads(line) for line in self.out.split("\n") if line]

    @property
    def results(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == "result"]


class Workplace(Project):
    """A project to use the command line in, and git around it where a test commits."""

    def settings(self, url: str, more: str = "") -> None:
        """Write settings whose model ``lab`` is the server here; ``more`` are further keys of its entry."""
        self.write(".workbench.yml", SETTINGS.format(url=url, more=more))

    def triage(self) -> None:
        """Write the prompt ``triage`` with three cases."""
        self.write("prompts/triage.md", PROMPT)
        self.write("prompts/triage.cases.yml", CASES)

    @property
    def git(self) -> Git:
        return Git(self.root)

    def commit(self) -> str:
        """Commit everything; returns the commit's hash."""
        if not (self.root / ".git").exists():
            self.git("init", "-q", "-b", "main")
        return self.git.commit("a change")

    @property
    def database(self) -> Path:
        return self.root / ".workbench" / "runs.db"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """An empty folder to work in, with a home of its own and no keys."""
    for name in list(os.environ):
        if name.endswith(("_KEY", "_API_BASE", "_BASE_URL")) or name.startswith("XDG_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    for name, folder in (("HOME", ""), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache")):
        monkeypatch.setenv(name, str(home / folder))
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    return Workplace(root)


@pytest.fixture
def serve(project: Workplace) -> Iterator[Callable[..., Loopback]]:
    """Start a server that answers by a script, and make a project with ``triage`` for it."""
    servers = []

    def start(script: Script = None, more: str = "") -> Loopback:
        server = Loopback(script).in_thread()
        servers.append(server)
        running = server.__enter__()
        project.settings(running.url, more)
        project.triage()
        return running

    yield start
    for server in servers:
        server.__exit__(None, None, None)


@pytest.fixture
def workbench(project: Workplace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Run a command in this process, through the program's own entry."""
    from workbench.__main__ import main

    def run(*words: str, stdin: str | bytes = b"") -> Outcome:
        streams = {name: TextIOWrapper(BytesIO(), encoding="utf-8") for name in ("stdout", "stderr")}
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["workbench", *words])
            patch.setattr(sys, "stdin", TextIOWrapper(BytesIO(raw), encoding="utf-8"))
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = (stream.buffer.getvalue().decode() for stream in streams.values())  # type: ignore[attr-defined]
        return Outcome(int(ended.value.code or 0), out, err)

    return run


def command_line(*words: str) -> Sequence[str]:
    """Return how to start the program as a process."""
    return [sys.executable, "-m", "workbench", *words]


@pytest.fixture
def start(project: Workplace) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the program as a process of its own; one that still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def popen(*words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command_line(*words),
            cwd=project.root,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def finished(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., Outcome]:
    """Run the program as a process of its own, to its end."""

    def run(*words: str, env: dict[str, str] | None = None) -> Outcome:
        process = start(*words, env=env)
        out, err = process.communicate(timeout=60)
        return Outcome(process.returncode, out, err)

    return run
