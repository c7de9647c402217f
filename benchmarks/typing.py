"""How long from a key to its glyph in a prompt of 100 KB, beside a bare TextArea with the same text.

Each program runs in a terminal of its own; the clock starts when a letter is typed and stops when the program
has drawn it. Every letter is one that stands nowhere else. The programs alternate, so that all see the same
machine. Letters are typed in the middle of the text, into plain words and into an expression: into a bare
text area, into the editor alone, and into the whole workbench, which renders and counts the prompt meanwhile.

How long until the context beside the text is right again is measured at the top of the prompt, where the
context can be seen: until nothing more is drawn after a key.
"""

import os
import pty
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import TextArea

from workbench.bench.bench import Bench
from workbench.prompts.language.completing import Words
from workbench.tui import app
from workbench.tui.app import WorkbenchApp, put_keys_first
from workbench.tui.themes import DARK
from workbench.tui.widgets.editor import Editor

LETTERS = [chr(code) for code in range(0x100, 0x128)]
PAUSE = 0.05  # seconds between two letters, for what a key sets off besides its glyph
LONG_PAUSE = 0.45  # seconds in which all that a key sets off is drawn; the cursor blinks after half a second
ROUNDS = 3

FRONT = """---
description: Sort a support ticket into one queue.
models: [smol, mini]
inputs:
  ticket: {description: The customer's message.}
  tone: friendly
---
system:
"""
PARAGRAPH = """## How to *answer*

- Read `{{ ticket | trim }}` twice, and **never** guess what <policy>the rules</policy> say about it.
- Keep the tone {{ tone }}{% if ticket %}, as "{{ ticket }}" deserves{% endif %}; see [the guide](guide.md).

Long prompts are mostly plain words in sentences such as this one, which goes on for a while, to be wrapped.

"""


class Bare(App[None]):
    """A text area, and nothing else."""

    CSS = "TextArea, TextArea:focus { border: none; padding: 0; height: 1fr; }"

    def __init__(self, marker: str) -> None:
        super().__init__()
        self.marker = marker

    def compose(self) -> ComposeResult:
        yield TextArea(long_prompt(), show_line_numbers=True)

    def on_mount(self) -> None:
        """Put the cursor behind the first marker past the middle of the text."""
        area, text = self.query_one(TextArea), long_prompt()
        before = text[: text.index(self.marker, len(text) // 2) + len(self.marker)]
        area.focus()
        self.call_after_refresh(
            area.move_cursor, (before.count("\n"), len(before.rpartition("\n")[2])), center=True
        )


class Ours(Bare):
    """The editor, and nothing else."""

    def compose(self) -> ComposeResult:
        yield Editor(id="text")

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.theme = DARK.name
        editor = self.query_one(Editor)
        editor.load(long_prompt())
        editor.words = Words(partials=tuple(f"_{number}.md" for number in range(50)))
        super().on_mount()


class Whole(WorkbenchApp):
    """The workbench with this prompt in a project of its own; counts are by tiktoken, and exact."""

    CSS_PATH = Path(app.__file__).with_name("workbench.tcss")

    def __init__(self, folder: str, marker: str, *, top: bool = False) -> None:
        shutil.rmtree(Path(folder) / ".workbench", ignore_errors=True)  # the text of one that was killed
        super().__init__(Bench(Path(folder), os.environ, Path(folder) / "personal"))
        self.marker = marker
        self.top = top
        put_keys_first()

    def on_ready(self) -> None:
        """Put the cursor behind the first marker, or the first past the middle of the text."""
        self.set_timer(0.5, self.place_cursor)

    def place_cursor(self) -> None:
        editor = self.screen.query_one(Editor)
        text = editor.text
        before = text[: text.index(self.marker, 0 if self.top else len(text) // 2) + len(self.marker)]
        editor.move_cursor((before.count("\n"), len(before.rpartition("\n")[2])), center=not self.top)


SETTINGS = """models: {mini: openai/gpt-4o-mini, large: openai/gpt-4o}
defaults: {models: [mini, large]}
"""


def make_project(folder: Path, document: int = 0) -> None:
    """Write a project with the prompt, committed, and with a document of so many characters where wanted."""
    (folder / "prompts").mkdir()
    (folder / ".workbench.yml").write_text(SETTINGS)
    text = long_prompt().replace("models: [smol, mini]\n", "")
    if document:
        text = text.replace("  tone: friendly\n", "  tone: friendly\ndocuments: {rules: ../rules.md}\n")
        text += "{{ documents.rules }}\n"
        (folder / "rules.md").write_text(
            "Rule: be brief, and say what is known for certain.\n" * (document // 52)
        )
    (folder / "prompts/long.md").write_text(text)
    (folder / "prompts/long.cases.yml").write_text("- {name: card, inputs: {ticket: Card declined twice}}\n")
    (folder / ".gitignore").write_text(".workbench/\npersonal/\n")
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *command], cwd=folder, check=True)


def long_prompt(characters: int = 100_000) -> str:
    return FRONT + PARAGRAPH * (characters // len(PARAGRAPH))


def letters_to_glyphs(program: str, marker: str, settle: float = 1.0) -> list[float]:
    """Return the seconds that each letter takes until it is drawn."""
    with running(program, marker, settle) as terminal:
        taken = []
        for letter in LETTERS:
            begun = time.perf_counter()
            os.write(terminal, letter.encode())
            _read_until(terminal, letter.encode())
            taken.append(time.perf_counter() - begun)
            _read_for(terminal, PAUSE)
        return taken


def letters_to_context(program: str, marker: str, settle: float) -> list[float]:
    """Return the seconds after each letter until the last of what it sets off is drawn."""
    with running(program, marker, settle) as terminal:
        taken = []
        for letter in LETTERS[:24]:
            begun = time.perf_counter()
            os.write(terminal, letter.encode())
            drawn, last = _read_for(terminal, LONG_PAUSE)
            if drawn.count(letter.encode()) < 2:
                raise RuntimeError(f"{letter} was not drawn in the context")
            taken.append(last - begun)
        return taken[4:]  # the first change the findings, which are looked for only once one stops typing


@contextmanager
def running(program: str, marker: str, settle: float) -> Iterator[int]:
    """Run a program, by the Python expression that makes its app, in a terminal that it yields."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        source = f"from benchmarks.typing import *; {program}.run()"
        os.execv(sys.executable, [sys.executable, "-c", source])
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    try:
        _read_until(terminal, marker.strip().encode())
        _read_for(terminal, settle)
        yield terminal
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def _read_until(terminal: int, words: bytes) -> None:
    written = b""
    while words not in written:
        if not select.select([terminal], [], [], 30)[0]:
            raise TimeoutError(f"{words!r} was not drawn")
        written += os.read(terminal, 1 << 16)


def _read_for(terminal: int, seconds: float) -> tuple[bytes, float]:
    """Return what is written in this time, and when the last of it was."""
    written, last = b"", time.perf_counter()
    end = last + seconds
    while (left := end - time.perf_counter()) > 0:
        if select.select([terminal], [], [], left)[0]:
            written += os.read(terminal, 1 << 16)
            last = time.perf_counter()
    return written, last


def main() -> None:
    os.chdir(Path(__file__).parent.parent)
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(name, "small"), Path(name, "large")
        for folder, document in ((small, 0), (large, 5_000_000)):
            folder.mkdir()
            make_project(folder, document)
        for what, marker in (("plain words", "mostly "), ("an expression", "{{ ")):
            programs = {
                "a bare text area": (f"Bare({marker!r})", 1.0),
                "the editor alone": (f"Ours({marker!r})", 1.0),
                "the workbench": (f"Whole({str(small)!r}, {marker!r})", 4.0),
            }
            compare(what, marker, programs)
        program = f"Whole({str(small)!r}, 'mostly ', top=True)"
        print(f"the context right after a key: {_figures(letters_to_context(program, 'mostly ', 4.0))}")
        programs = {
            "a bare text area": ("Bare('mostly ')", 1.0),
            "the workbench": (f"Whole({str(large)!r}, 'mostly ')", 12.0),
        }
        compare("a prompt with a document of 5 MB", "mostly ", programs)


def compare(what: str, marker: str, programs: Mapping[str, tuple[str, float]]) -> None:
    """Measure programs by turns, and print what each of them takes beside the first."""
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, (program, settle) in programs.items():
            taken[name] += letters_to_glyphs(program, marker, settle)
    first = next(iter(taken.values()))
    print(f"a letter into {what}")
    for name, figures in taken.items():
        medians = statistics.median(figures) / statistics.median(first)
        tails = _tail(figures) / _tail(first)
        print(f"  in {name}: {_figures(figures)}, ratios {medians:.2f} and {tails:.2f}")


def _figures(taken: list[float]) -> str:
    return f"median {statistics.median(taken) * 1000:.1f} ms, p95 {_tail(taken) * 1000:.1f} ms"


def _tail(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


if __name__ == "__main__":
    main()
