"""The commits of a prompt with 200 commits among 2,000, and the files of 50 of its versions.

Beside each, the same by git alone: one plain log, and one process a file. The prompt reads a partial and a
document. The rounds alternate, so that all see the same machine.
"""

import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from workbench.bench.bench import Bench
from workbench.bench.versions import Versions
from workbench.prompts.history import Commit, History, Revision
from workbench.prompts.library import Library
from workbench.prompts.version import load_version
from workbench.store.database import FILE_NAME
from workbench.store.store import Store

COMMITS = 2000
EVERY = 10
VERSIONS = 50
OTHERS = 100
ROUNDS = 15

PROMPT = "prompts/support/triage.md"
PARTIAL = "prompts/_tone.md"
DOCUMENT = "docs/refunds.md"
FRONT = "---\ninputs: {ticket: }\ndocuments: {refunds: ../../docs/refunds.md}\n---\n"
TEMPLATE = 'system:\n{% include "_tone.md" %}\n{{ documents.refunds }}\nuser:\n{{ ticket }}\n'


SETTINGS = "models: {mini: openai/gpt-5.4-mini-2026-03-17}\ndefaults: {models: [mini]}\n"
BEAT = 0.002


def make_repository(folder: Path) -> None:
    """Fill a repository in one go, with git fast-import."""
    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(
        ["git", "init", "--quiet", "--initial-branch=main", "."], cwd=folder, check=True, env=quiet
    )
    words = ["git", "fast-import", "--quiet"]
    with subprocess.Popen(words, cwd=folder, stdin=subprocess.PIPE, text=True, env=quiet) as importing:
        assert importing.stdin is not None
        for number in range(COMMITS):
            files = {f"prompts/others/p{number % OTHERS}.md": f"Say {number}.\n" * 40}
            if number % EVERY == 0:
                files = {PROMPT: FRONT + f"Version {number}.\n" * 60 + TEMPLATE}
            if number == 0:
                files |= {
                    PARTIAL: "Be kind.\n" * 20,
                    DOCUMENT: "We refund all.\n" * 50,
                    ".workbench.yml": SETTINGS,
                    "prompts/support/triage.cases.yml": "- {name: card, inputs: {ticket: Declined}}\n",
                }
            importing.stdin.write(_commit(number, files))
    subprocess.run(["git", "reset", "--quiet", "--hard"], cwd=folder, check=True, env=quiet)


def _commit(number: int, files: dict[str, str]) -> str:
    subject = f"Change number {number}"
    lines = [
        "commit refs/heads/main",
        f"committer Ada <ada@example.org> {1_700_000_000 + number * 60} +0000",
        f"data {len(subject)}\n{subject}",
    ]
    for path, text in files.items():
        lines.append(f"M 100644 inline {path}\ndata {len(text)}\n{text}")
    return "\n".join(lines) + "\n"


def timed(work: Callable[[], object]) -> float:
    """Return how many milliseconds a piece of work takes."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def git(folder: Path, *words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True).stdout


def list_commits(folder: Path, *beside: str) -> list[Commit]:
    history = History(folder)
    try:
        return history.log(PROMPT, beside)
    finally:
        history.close()


def read_files(folder: Path, commits: list[Commit]) -> None:
    history = History(folder)
    for commit in commits:
        tree = history.tree(Revision(commit.hash, commit.hash))
        for path in (PROMPT, PARTIAL, DOCUMENT):
            tree.read(path)
    history.close()


def load_versions(folder: Path, commits: list[Commit]) -> None:
    store = Store(folder / ".workbench" / FILE_NAME)
    history = History(folder)
    versions = Versions(Library(folder), history, store.sources)
    for commit in commits:
        versions.at("support/triage", Revision(commit.hash, commit.hash), commit.path)
    history.close()
    store.close()


async def fill_in(folder: Path) -> tuple[float, float, list[float]]:
    """Return how long the list took and all that fills in behind, in ms, and how late the loop's beats came.

    A second filling is measured: the first one loads the encoding, which the bench has done before.
    """
    bench = Bench(folder, {}, folder / "personal")
    for _ in range(2):
        bench.reviewing.forget()
        begun = time.perf_counter()
        listing = await asyncio.to_thread(bench.reviewing.history, "support/triage")
        listed = time.perf_counter()
        late: list[float] = []
        beating = asyncio.create_task(beat(late))
        async for filled in bench.reviewing.fill(listing):
            listing = filled
        beating.cancel()
    assert all(entry.tokens is not None for entry in listing.entries)
    done = time.perf_counter()
    await bench.close()
    return (listed - begun) * 1000, (done - listed) * 1000, late


async def beat(late: list[float]) -> None:
    """Note, again and again, how much later than asked for the event loop comes back, in ms."""
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(BEAT)
        late.append((time.perf_counter() - begun - BEAT) * 1000)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_repository(folder)
        commits = list_commits(folder)
        assert len(commits) == COMMITS // EVERY
        newest = commits[:VERSIONS]
        assert load_version(History(folder).tree(Revision("", newest[-1].hash)), "support/triage").files
        works: dict[str, Callable[[], object]] = {
            "git log": lambda: git(folder, "log", "--format=%H%x00%s", "--", PROMPT),
            "git log --follow": lambda: git(folder, "log", "--follow", "--format=%H%x00%s", "--", PROMPT),
            f"{len(commits)} commits of {COMMITS:,}": lambda: list_commits(folder),
            "the same with a partial and a document": lambda: list_commits(folder, PARTIAL, DOCUMENT),
            f"files of {VERSIONS} versions": lambda: read_files(folder, newest),
            f"{VERSIONS} versions loaded and hashed": lambda: load_versions(folder, newest),
        }
        taken: dict[str, list[float]] = {work: [] for work in works}
        for _ in range(ROUNDS):
            for what, work in works.items():
                taken[what].append(timed(work))
        listed, filled, late = asyncio.run(fill_in(folder))
        shown = timed(lambda: [git(folder, "show", f"{commit.hash}:{PROMPT}") for commit in newest])
    for what, rounds in taken.items():
        print(f"{what + ':':42} {statistics.median(rounds):6.1f} ms")
    print(f"{'the list with names, ages and subjects:':42} {listed:6.1f} ms")
    print(f"{'hashes, scores and tokens of all behind it:':42} {filled:6.1f} ms")
    p95 = statistics.quantiles(late, n=20)[-1]
    print(f"{'the event loop meanwhile, late by:':42} {p95:6.1f} ms at p95, {max(late):.1f} at most")
    print(f"{f'one git show for each of {VERSIONS}:':42} {shown:6.1f} ms")


if __name__ == "__main__":
    main()
