"""How long from a key to its glyph in a prompt of 100 KB, beside a bare TextArea with the same text.

Each program runs in a terminal of its own; the clock starts when a letter is typed and stops when the program
has drawn it. Every letter is one that stands nowhere else. The two programs alternate, so that both see the
same machine. Letters are typed in the middle of the text, into plain words and into an expression.
"""

import os
import pty
import select
import signal
import statistics
import struct
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import TextArea

from workbench.prompts.language.completing import Words
from workbench.tui.themes import DARK
from workbench.tui.widgets.editor import Editor

LETTERS = [chr(code) for code in range(0x100, 0x128)]
PAUSE = 0.05  # seconds between two letters, for what a key sets off besides its glyph
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


def long_prompt(characters: int = 100_000) -> str:
    return FRONT + PARAGRAPH * (characters // len(PARAGRAPH))


def letters_to_glyphs(program: str, marker: str) -> list[float]:
    """Return the seconds that each letter takes until it is drawn."""
    source = f"from benchmarks.typing import *; {program}({marker!r}).run()"
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(sys.executable, [sys.executable, "-c", source])
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    try:
        _read_until(terminal, marker.strip().encode())
        _read_for(terminal, 1.0)
        taken = []
        for letter in LETTERS:
            begun = time.perf_counter()
            os.write(terminal, letter.encode())
            _read_until(terminal, letter.encode())
            taken.append(time.perf_counter() - begun)
            _read_for(terminal, PAUSE)
        return taken
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


def _read_for(terminal: int, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        if select.select([terminal], [], [], left)[0]:
            os.read(terminal, 1 << 16)


def main() -> None:
    os.chdir(Path(__file__).parent.parent)
    for what, marker in (("plain words", "mostly "), ("an expression", "{{ ")):
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(ROUNDS):
            theirs += letters_to_glyphs("Bare", marker)
            ours += letters_to_glyphs("Ours", marker)
        print(f"a letter into {what}: {_figures(ours)}")
        print(f"in a bare text area: {_figures(theirs)}")
        print(f"ratio of the medians {statistics.median(ours) / statistics.median(theirs):.2f}")


def _figures(taken: list[float]) -> str:
    tail = statistics.quantiles(taken, n=20)[-1]
    return f"median {statistics.median(taken) * 1000:.1f} ms, p95 {tail * 1000:.1f} ms"


if __name__ == "__main__":
    main()
