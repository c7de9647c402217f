"""How late the event loop is while answers stream into columns, and while thousands of cells change.

Lag is by how much a pause of five milliseconds is overslept: what a key that is pressed then would wait. Each
program runs in a terminal of its own, with one that does nothing beside it, so that all see the same machine.

- Four columns, each of 100 tokens a second from a server in a process of its own, and the Markdown of each
  answer at the end.
- A table of 5,000 cells, 500 cases of 10 contenders, of which 500 a second get their results, while someone
  goes down it, four rows a second.
"""

import asyncio
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import AsyncIterator
from fcntl import ioctl
from pathlib import Path
from typing import cast

from textual.app import App

from workbench.bench.bench import Bench
from workbench.bench.running import Request, RunInProgress
from workbench.models.calls import Usage
from workbench.models.estimate import PlanEstimate
from workbench.runs.events import Ended, Finished, Planned, RunEvent, Started
from workbench.store.records import Cell, Contender, Result
from workbench.tui import app
from workbench.tui.app import WorkbenchApp, put_keys_first
from workbench.tui.screens.runs import RunsScreen

PAUSE = 0.005
COLUMNS = 4
TOKENS = 800
CASES, CONTENDERS = 500, 10

SERVER = """
import asyncio, json, sys
from aiohttp import web
WORDS = "- The **film** is a sequel that `nobody` asked for and\\n everybody went to see. \\n\\n".split(" ")
async def answer(request):
    await request.read()
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    begun = asyncio.get_running_loop().time()
    for number in range(int(sys.argv[1])):
        delta = {"choices": [{"index": 0, "delta": {"content": WORDS[number % len(WORDS)] + " "}}]}
        await response.write(b"data: " + json.dumps(delta).encode() + b"\\n\\n")
        await asyncio.sleep(max(0, begun + number / 100 - asyncio.get_running_loop().time()))
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    await response.write(b"data: " + json.dumps(end).encode() + b"\\n\\ndata: [DONE]\\n\\n")
    return response
async def main():
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


class Idle(App[None]):
    """Nothing but the measurement."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.lags = Path(folder, "lags.json")

    def on_ready(self) -> None:
        self.run_worker(self._wait())

    async def _wait(self) -> None:
        await measured(asyncio.sleep(4), self.lags)
        self.exit()


class Streaming(WorkbenchApp):
    """The workbench while four answers arrive."""

    CSS_PATH = Path(app.__file__).with_name("workbench.tcss")

    def __init__(self, folder: str) -> None:
        super().__init__(Bench(Path(folder), os.environ, Path(folder) / "personal"))
        self.lags = Path(folder, "lags.json")
        put_keys_first()

    def on_ready(self) -> None:
        self.set_timer(1.5, lambda: self.run_worker(self._measure()))

    async def _measure(self) -> None:
        await self.begin_run(Request(("ask",), fresh=True))
        await measured(self._work(), self.lags)
        self.exit()

    @property
    def runs(self) -> RunsScreen:
        return cast(RunsScreen, self.get_screen("runs"))

    async def _work(self) -> None:
        while self.runs.running:
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)


class Cells(Streaming):
    """The workbench while the cells of a large run get their results."""

    async def _measure(self) -> None:
        await self.switch_mode("runs")
        self.runs.begin(cast(RunInProgress, Scripted()))
        await asyncio.sleep(0.5)
        await measured(self._work(), self.lags)
        self.exit()

    async def _work(self) -> None:
        while self.runs.running:
            self.runs.action_move_case(1)
            await asyncio.sleep(0.25)


class Scripted:
    """A run of 5,000 cells that asks nobody."""

    run = 1
    paused = stopped = False

    def stop(self) -> None:
        self.stopped = True

    async def events(self) -> AsyncIterator[RunEvent]:
        cells = tuple(
            Cell(
                case * CONTENDERS + number,
                Contender("ask", "1f3a9c", f"model-{number}", f"openai/{number}", id=number + 1),
                f"case {case}",
                str(case),
                1,
                "context",
                f"{case}-{number}",
                run=1,
            )
            for case in range(CASES)
            for number in range(CONTENDERS)
        )
        yield Planned(1, cells, len(cells), 0, PlanEstimate(0, 0, 0))
        for number, cell in enumerate(cells):
            yield Started(cell.call_key)
            usage = Usage(214, 20)
            text = f"An answer of a few words, **{number}** of many."
            yield Finished(
                cell.call_key,
                Result(
                    cell.call_key,
                    "context",
                    "openai/1",
                    None,
                    {},
                    "ok",
                    text,
                    usage=usage,
                    cost=210_000,
                    total=0.31,
                    id=number + 1,
                ),
            )
            if number % 10 == 9:
                await asyncio.sleep(0.02)
        yield Ended(1, "done", {"ok": len(cells)}, 0)


async def measured(work: object, into: Path) -> None:
    """Write down by how many seconds each pause was overslept while something went on."""
    lags: list[float] = []
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    while not task.done():
        begun = time.perf_counter()
        await asyncio.sleep(PAUSE)
        lags.append(time.perf_counter() - begun - PAUSE)
    await task
    into.write_text(json.dumps(lags))


def lags_of(program: str, folder: Path) -> list[float]:
    """Run a program in a terminal; returns the lags it measured, in seconds."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        source = f"from benchmarks.streaming import *; {program}({str(folder)!r}).run()"
        os.execv(sys.executable, [sys.executable, "-c", source])
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    written = b""
    try:
        while select.select([terminal], [], [], 60)[0] and (some := os.read(terminal, 1 << 16)):
            written = (written + some)[-4_000:]
    except OSError:  # how Linux says that the other end was closed
        pass
    os.close(terminal)
    os.waitpid(child, 0)
    found = folder / "lags.json"
    if not found.exists():
        raise RuntimeError(f"{program} ended early:\n{written.decode(errors='replace')}")
    lags: list[float] = json.loads(found.read_text())
    found.unlink()
    return lags


def make_project(folder: Path, url: str) -> None:
    """Write a project with four models at an address."""
    models = "".join(
        f"  m{number}: {{model: openai/m{number}, api_base: {url}}}\n" for number in range(COLUMNS)
    )
    names = ", ".join(f"m{number}" for number in range(COLUMNS))
    (folder / ".workbench.yml").write_text(f"models:\n{models}defaults: {{models: [{names}]}}\n")
    (folder / "prompts").mkdir()
    (folder / "prompts/ask.md").write_text("---\ninputs: {question: }\n---\nuser:\n{{ question }}\n")
    (folder / "prompts/ask.cases.yml").write_text("- {inputs: {question: What is it about?}}\n")


def main() -> None:
    os.chdir(Path(__file__).parent.parent)
    command = [sys.executable, "-c", SERVER, str(TOKENS)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_project(folder, url)
            for what, program in (
                ("an app that does nothing", "Idle"),
                (f"{COLUMNS} columns of 100 tokens a second", "Streaming"),
                (f"{CASES * CONTENDERS:,} cells, 500 of them a second", "Cells"),
            ):
                print(f"{what}: {_figures(lags_of(program, folder))}")
    finally:
        server.kill()
        server.wait()


def _figures(lags: list[float]) -> str:
    tail = statistics.quantiles(lags, n=20)[-1]
    middle = statistics.median(lags)
    return f"lag median {middle * 1000:.1f} ms, p95 {tail * 1000:.1f} ms, most {max(lags) * 1000:.0f} ms"


if __name__ == "__main__":
    main()
