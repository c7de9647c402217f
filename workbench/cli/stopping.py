"""Signals that end the program: a plan at once, a run in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from workbench.cli.failing import Exit
from workbench.cli.output import print_note

_CODES = {
    signal.SIGINT: Exit.INTERRUPTED,
    signal.SIGTERM: Exit.TERMINATED,
    signal.SIGHUP: Exit.HUNG_UP,
}


PATIENCE = 2.0
"""Seconds in which what was interrupted before anything was sent may come to an end in order."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end a plan soon, and a second one at once: nothing was sent, and nothing has to be kept.

    What keeps a plan busy is in threads, which cannot be interrupted, and which asyncio would wait for.
    """
    before = signal.getsignal(signal.SIGINT)

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, lambda *_: _end_now())
        timer = threading.Timer(PATIENCE, _end_now)
        timer.daemon = True
        timer.start()
        if callable(before):
            before(number, frame)  # asyncio's, which cancels what it runs, so that child processes are ended

    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is end:
            signal.signal(signal.SIGINT, before)


def _end_now() -> NoReturn:
    os.write(2, b"workbench: interrupted\n")
    os._exit(Exit.INTERRUPTED)


class Stopping:
    """Lets the first signal to end stop a run, so that what ended is kept, and a second one end the process.

    By then whatever keeps the run from ending may be a thread that cannot be interrupted, as one that waits
    for the database; so nothing more is waited for. What had been written is safe, as with ``kill -9``.
    ``stop`` stops the run, ``clear`` makes room for a line; ``code`` then is the exit code that names the
    signal.
    """

    def __init__(self, stop: Callable[[], None], clear: Callable[[], None]) -> None:
        self.code = Exit.INTERRUPTED
        self._stop = stop
        self._clear = clear
        self._terminals = [stream.fileno() for stream in (sys.stdout, sys.stderr) if stream.isatty()]
        # The end of a terminal that whoever started this has us ignore, as nohup does, stays ignored.
        ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        self._heeded = [number for number in _CODES if not (ignored and number == signal.SIGHUP)]
        loop = asyncio.get_running_loop()
        for number in self._heeded:
            loop.add_signal_handler(number, self._first, loop, number)

    def _first(self, loop: asyncio.AbstractEventLoop, first: signal.Signals) -> None:
        self.code = _CODES[first]
        for number in self._heeded:
            loop.remove_signal_handler(number)
            signal.signal(number, lambda second, _: os._exit(_CODES[signal.Signals(second)]))
        self._stop()
        try:
            self._clear()
            print_note("Stopping … Once more stops at once.")
        except OSError:  # the terminal is gone, and what there still is to say would only fail
            for terminal in self._terminals:
                os.dup2(os.open(os.devnull, os.O_WRONLY), terminal)
