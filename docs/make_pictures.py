"""Makes the pictures of the README and the documents from the running program, on the embedded model.

Run it with ``make pictures``. It works on a copy of the sample project with a history of two versions,
answers every case of reviews/sentiment with both, and votes by what each case expects: the answer that equals
it wins, and where neither or both do, the pair is called both bad or a tie.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from workbench.bench.bench import Bench
from workbench.bench.dueling import Shown
from workbench.bench.running import Request
from workbench.runs.events import Ended
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.bench import BenchScreen

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
PROMPT = "reviews/sentiment"
VOTES = 10


def make_project(folder: Path) -> None:
    """Copy the sample project and give it two commits: without examples, then with them."""
    shutil.copytree(ROOT / "prompts", folder / "prompts")
    shutil.copy(ROOT / ".workbench.yml", folder)
    (folder / ".gitignore").write_text(".workbench/\n")
    path = folder / "prompts" / f"{PROMPT}.md"
    few_shot = path.read_text()
    path.write_text("".join(line for line in few_shot.splitlines(True) if not line.startswith("examples:")))
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message=Ask for one word")
    path.write_text(few_shot)
    _git(folder, "commit", "--quiet", "--all", "--message=Six examples as chat turns")


def _git(folder: Path, *words: str) -> None:
    identity = [
        "-c",
        "user.name=Workbench",
        "-c",
        "user.email=workbench@example.invalid",
        "-c",
        "commit.gpgsign=false",
    ]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True)


async def run_and_vote(folder: Path) -> None:
    """Answer every case with both versions, and vote by what the cases expect."""
    bench = Bench(folder, os.environ)
    try:
        prepared = await bench.running.prepare(Request((PROMPT, f"{PROMPT}@HEAD~1"), stream=False))
        async for event in bench.running.start(prepared).events():
            if isinstance(event, Ended):
                print(f"answered: {dict(event.counts)}")
        expected = {case.name: case.expect for case in bench.versions.cases(PROMPT)}
        for _ in range(VOTES):
            shown = bench.dueling.next(PROMPT)
            if not isinstance(shown, Shown):
                break
            left, right = (text.strip() == expected[shown.case or ""] for text in (shown.left, shown.right))
            choice = "tie" if left and right else "left" if left else "right" if right else "bad"
            bench.dueling.vote(shown.pair.id, choice)
    finally:
        await bench.close()


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait until something holds, at most a minute."""
    async with asyncio.timeout(60):
        while not condition():
            await pilot.pause(0.1)


async def write(pilot: Pilot[None], app: WorkbenchApp) -> None:
    """Write something that is wrong, and begin something that can be completed."""
    bench = app.screen
    assert isinstance(bench, BenchScreen)
    bench.editor.move_cursor(bench.editor.document.end)
    await pilot.press("enter", *"{{ revue }}")
    await pilot.pause(1)
    await pilot.press("enter", *"{{ review | u")
    await pilot.pause(1)


async def take_pictures(folder: Path, size: tuple[int, int]) -> None:
    """Go through the screens and take a picture of each."""
    app = WorkbenchApp(Bench(folder, os.environ))
    async with app.run_test(size=size) as pilot:

        def title(selector: str) -> str:
            return str(app.screen.query_one(selector).border_title)

        def take(name: str) -> None:
            (PICTURES / f"{name}.svg").write_text(app.export_screenshot(title=f"workbench · {name}"))

        await pilot.press("ctrl+o", *"sentiment")
        await pilot.press("enter")
        await until(pilot, lambda: app.prompt == PROMPT)
        await until(pilot, lambda: "smol" in title("#context-pane") and "=" in title("#context-pane"))
        await pilot.pause(1)
        take("bench")
        await write(pilot, app)
        take("writing")
        await pilot.press("escape", *["ctrl+z"] * 9)
        await pilot.press("f5")
        await pilot.pause(3)
        take("history")
        await pilot.press("f2")
        await pilot.press("ctrl+r", "down", "down", "space")
        await pilot.pause(3)
        take("plan")
        await pilot.press("escape", "f3", "j", "j")
        await pilot.pause(2)
        take("runs")
        await pilot.press("f4")
        await pilot.pause(2)
        take("duel")
        await pilot.press("f6")
        await pilot.pause(2)
        take("board")


def main() -> None:
    """Make all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_project(folder)
        asyncio.run(run_and_vote(folder))
        asyncio.run(take_pictures(folder, (132, 38)))


if __name__ == "__main__":
    main()
