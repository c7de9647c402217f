"""How long until the first useful paint, beside a minimal Textual app; and how long `--version` takes.

Each program runs in a terminal of its own, and the clock stops when it has written the words that make it
useful. The two alternate, so that both see the same machine.
"""

import os
import pty
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9

MINIMAL = """
from textual.app import App
from textual.widgets import Footer, Static, TextArea
class Minimal(App):
    def compose(self):
        yield Static("minimal")
        yield TextArea("ready to type")
        yield Footer()
Minimal().run()
"""


def first_paint(command: list[str], words: bytes, folder: Path) -> float:
    """Return the seconds from the start of a program until it has written these words."""
    begun = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ.update(TERM="xterm-256color", COLUMNS="120", LINES="36")
        os.execv(command[0], command)
    written = b""
    while words not in written:
        ready, _, _ = select.select([terminal], [], [], 30)
        if not ready:
            raise TimeoutError(f"{command} did not paint {words!r}")
        written += os.read(terminal, 1 << 16)
    taken = time.perf_counter() - begun
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(terminal)
    return taken


def main() -> None:
    python = sys.executable
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([python, "-m", "workbench", "init", "."], cwd=folder, check=True, capture_output=True)
        minimal = folder / "minimal.py"
        minimal.write_text(MINIMAL)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            theirs.append(first_paint([python, str(minimal)], b"ready to type", folder))
            ours.append(first_paint([python, "-m", "workbench"], b"description", folder))
        version = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            subprocess.run(
                [python, "-m", "workbench", "--version"], check=True, capture_output=True, cwd=folder
            )
            version.append(time.perf_counter() - begun)
    ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
    print(f"first paint of the prompt: {statistics.median(ours) * 1000:.0f} ms")
    print(f"a minimal Textual app:     {statistics.median(theirs) * 1000:.0f} ms, ratio {ratio:.2f}")
    print(f"--version:                 {statistics.median(version) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
