"""A program in a terminal of its own: keys go in, and the screen is read as a person would read it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f6": "\x1b[17~",
    **{f"ctrl+{letter}": chr(ord(letter) - ord("a") + 1) for letter in "lopqrst"},
}


class _Screen(pyte.Screen):
    """A screen that passes over the questions an editor asks about a terminal's styles, as pyte cannot."""

    def select_graphic_rendition(self, *styles: int, private: bool = False) -> None:
        if not private:
            super().select_graphic_rendition(*styles)


PAUSE = 0.05
"""Seconds without output after which a screen is taken to be whole; a program draws one in a single write."""


class Terminal:
    """Runs a command in a pseudo-terminal of so many columns and lines.

    ``pid`` is the program's, which leads a session of its own; ``code`` is its exit code once it has ended.
    ``settings_at_start`` is how the terminal was set before the program came.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        size: tuple[int, int] = (100, 30),
    ) -> None:
        columns, lines = size
        self._screen = _Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.code: int | None = None
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(command[0], list(command), {**environ, "TERM": "xterm-256color"})
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.settings_at_start = self.settings

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.code is None:
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._terminal >= 0:
            os.close(self._terminal)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self._screen.display)

    @property
    def settings(self) -> list:
        """How the terminal treats input and output: what ``stty`` shows."""
        return termios.tcgetattr(self._terminal)

    @property
    def modes(self) -> set[int]:
        """The private modes that are on, such as 1003 for reports of the mouse."""
        return {mode >> 5 for mode in self._screen.mode}

    def press(self, *keys: str) -> None:
        """Press keys by name; any other text is typed as it is."""
        for key in keys:
            os.write(self._terminal, KEYS.get(key, key).encode())

    def until(self, condition: Callable[[str], object], seconds: float = 60.0) -> str:
        """Read the screen until a condition on its text holds; returns the text, or fails with it."""
        deadline = time.monotonic() + seconds
        while not condition(self.text):
            assert time.monotonic() < deadline and self._read(), (
                f"this never came true on screen:\n{self.text}"
            )
        return self.text

    def until_it_ends(self, seconds: float = 30.0) -> int:
        """Wait for the program to end by itself; returns its exit code."""
        deadline = time.monotonic() + seconds
        while self.code is None:
            assert time.monotonic() < deadline, f"the program did not end:\n{self.text}"
            self._read()
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def hang_up(self, seconds: float = 30.0) -> int:
        """Take the terminal away from under the program; returns its exit code once it has ended."""
        os.close(self._terminal)
        self._terminal = -1
        deadline = time.monotonic() + seconds
        while self.code is None:
            assert time.monotonic() < deadline, "the program did not end"
            time.sleep(0.02)
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def _read(self) -> bool:
        """Take in what the program writes until it pauses, so that no half-drawn screen is read.

        Returns False once it has closed the terminal.
        """
        wait = 0.1
        while select.select([self._terminal], [], [], wait)[0]:
            try:
                written = os.read(self._terminal, 1 << 16)
            except OSError:
                return False
            if not written:
                return False
            self._stream.feed(written)
            wait = PAUSE
        return True
