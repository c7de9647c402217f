"""One prompt on two models with 500 cases, a whole process, beside a bare aiohttp loop that stores nothing.

The server is a process of its own on loopback. It answers after 200 ms, then at once; and each time the same
is run again, when nothing is asked because the cache knows it all.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

CASES = 500
AT_ONCE = 100
ROUNDS = 3

SERVER = """
import asyncio, sys
from aiohttp import web
DELAY = float(sys.argv[1])
async def answer(request):
    await request.read()
    await asyncio.sleep(DELAY)
    return web.json_response({"id": "1", "object": "chat.completion", "model": "m", "choices": [
        {"index": 0, "finish_reason": "stop",
         "message": {"role": "assistant", "content": "an answer of a few words"}}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 6, "total_tokens": 26}})
async def main():
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""

BARE = """
import asyncio, sys, aiohttp
async def main():
    slots = asyncio.Semaphore(int(sys.argv[2]))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        async def one(n):
            async with slots:
                body = {"model": "m", "messages": [{"role": "user", "content": f"case {n}"}]}
                async with session.post(sys.argv[1] + "/chat/completions", json=body) as response:
                    return (await response.json())["choices"][0]["message"]["content"]
        await asyncio.gather(*(one(n) for n in range(int(sys.argv[3]))))
asyncio.run(main())
"""


def make_project(folder: Path, url: str) -> None:
    entry = f"{{model: openai/%s, api_base: {url}, concurrency: {AT_ONCE}}}"
    (folder / ".workbench.yml").write_text(
        f"models:\n  one: {entry % 'one'}\n  two: {entry % 'two'}\n"
        f"defaults: {{models: [one, two]}}\nlimits: {{concurrency: {AT_ONCE}}}\n"
    )
    prompts = folder / "prompts"
    prompts.mkdir(exist_ok=True)
    (prompts / "ask.md").write_text(
        "---\ninputs: {question: }\n---\nsystem:\nAnswer in a few words.\nuser:\n{{ question }}\n"
    )
    lines = (json.dumps({"inputs": {"question": f"What is case {number} about?"}}) for number in range(CASES))
    (prompts / "ask.cases.jsonl").write_text("\n".join(lines))


@dataclass(frozen=True)
class Took:
    """What a process and the children it waited for took: seconds of the clock and of CPU, and peak MiB."""

    wall: float
    cpu: float
    peak: float


def timed(command: list[str], folder: Path) -> Took:
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, code, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Took(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(delay: float) -> None:
    """Run all of them in turn, several times, so that whatever else the machine does strikes them alike."""
    run = [sys.executable, "-m", "workbench", "run", "ask", "--json"]
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(delay)], stdout=subprocess.PIPE, text=True)
    bare, first, again = [], [], []
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                make_project(folder, url)
                (folder / "bare.py").write_text(BARE)
                bare.append(timed([sys.executable, "bare.py", url, str(AT_ONCE), str(2 * CASES)], folder))
                first.append(timed(run, folder))
                again.append(timed(run, folder))
    finally:
        server.kill()
        server.wait()
    ratio = median(mine.wall / theirs.wall for mine, theirs in zip(first, bare, strict=True))
    print(
        f"answers after {delay * 1000:.0f} ms, medians of {ROUNDS}: "
        f"bare {median(took.wall for took in bare):.2f} s, "
        f"workbench {median(took.wall for took in first):.2f} s (ratio {ratio:.2f}), "
        f"{median(took.cpu for took in first) / CASES / 2 * 1000:.2f} ms CPU a call "
        f"(bare {median(took.cpu for took in bare) / CASES / 2 * 1000:.2f}), "
        f"peak {max(took.peak for took in first):.0f} MiB; "
        f"from the cache {median(took.wall for took in again):.2f} s"
    )


def main() -> None:
    for delay in (0.2, 0.0):
        measure(delay)


if __name__ == "__main__":
    main()
