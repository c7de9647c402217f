"""Outside: a file handed to the person's own editor, and the terminal taken back however that ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path, PurePath

from textual.app import App, SuspendNotSupported

from workbench.bench.shown import inert
from workbench.errors import EditorError

if sys.platform != "win32":
    import termios

Launch = Callable[[App[None], Sequence[str]], Awaitable[int]]
"""Runs a command in the terminal of an app; returns its exit code, or minus the signal that ended it."""

CONFIGURED = "config.yml"
"""Stands among the variables for the editor that the person's own settings name."""

PLAIN = "notepad" if sys.platform == "win32" else "vi"
"""The editor where the person names none."""

_PLUS_LINE = (
    "vi vim nvim view ex gvim mvim vimx nano pico rnano emacs emacsclient kak joe jed jmacs mg micro ne"
)
_FILE_AND_LINE = "hx helix subl sublime_text zed zeditor lapce mcedit"
_GO_TO = "code code-insiders code-oss codium vscodium cursor windsurf positron"
_WAIT = {
    **dict.fromkeys(_GO_TO.split(), "--wait"),
    **dict.fromkeys("subl sublime_text zed zeditor lapce gedit".split(), "--wait"),
    **dict.fromkeys(("gvim", "mvim"), "-f"),
}
"""What makes an editor with a window of its own wait until the file is closed."""

_CLEAN = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # reports of the mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2026l"  # reports of focus, marks around what is pasted, held-back drawing
    "\x1b[<9u\x1b[>4m"  # keys in the protocol of Kitty and of xterm, on the screen that was left ...
    "\x1b[?1049l\x1b[=0u"  # ... and on the one below
    "\x1b[?1l\x1b>\x1b[4l\x1b[?6l\x1b[r\x1b[?7h\x1b[?25h\x1b(B\x0f\x1b[m"  # keypad, margins, cursor, style
)
"""Takes back what an editor that did not end by itself may have left on."""


class Outside:
    """Hands files to the editor that ``VISUAL`` or ``EDITOR`` names."""

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        launch: Launch | None = None,
        editor: str | None = None,
    ) -> None:
        """``editor`` is the command that the person's own settings name, in place of both variables."""
        self._environ = {**environ, CONFIGURED: editor} if editor else environ
        self._launch = in_terminal if launch is None else launch

    async def edit(self, app: App[None], path: Path, line: int = 1) -> None:
        """Let the person edit a file at a line, counted from 1; returns when the editor has ended.

        Raises EditorError where there is no such editor or it ended badly. The file is then as the editor
        left it, and the terminal the app's again.
        """
        command = command_for(self._words(), path, line)
        code = await self._launch(app, command)
        if code:
            raise EditorError(
                inert(f"the editor “{command[0]}” {_ending(code)}"),
                hint="The file is as the editor left it.",
            )

    def _words(self) -> list[str]:
        """Return the editor and its arguments as the person wrote them."""
        variable = next(
            (name for name in (CONFIGURED, "VISUAL", "EDITOR") if self._environ.get(name, "").strip()), ""
        )
        try:
            words = shlex.split(self._environ[variable], posix=os.name == "posix") if variable else [PLAIN]
        except ValueError as broken:
            raise EditorError(f"{variable} cannot be read: {broken}", hint=_HINT) from broken
        _check(words[0], self._environ.get("PATH"), variable)
        return words


_HINT = "Set VISUAL or EDITOR to the editor you want, for example: export EDITOR=nano"


def _check(program: str, search: str | None, variable: str) -> None:
    if shutil.which(program, path=search) is None:
        there = os.path.sep in program and Path(program).expanduser().exists()
        what = "is not a program that can be run" if there else "is not there"
        named = f", which {variable} names," if variable else ""
        raise EditorError(inert(f"the editor “{program}”{named} {what}"), hint=_HINT)


def command_for(words: Sequence[str], path: Path, line: int) -> list[str]:
    """Return the command that opens a file at a line, as this editor wants to be told, and waits for it."""
    name = PurePath(words[0]).name.lower().removesuffix(".exe")
    command = list(words)
    wait = _WAIT.get(name)
    if wait is not None and wait not in words:
        command.append(wait)
    if name in _PLUS_LINE.split():
        return [*command, f"+{line}", str(path)]
    if name in _FILE_AND_LINE.split():
        return [*command, f"{path}:{line}"]
    if name in _GO_TO.split():
        return [*command, "--goto", f"{path}:{line}"]
    return [*command, str(path)]


async def in_terminal(app: App[None], command: Sequence[str]) -> int:
    """Run a command in the terminal of an app, which draws nothing until it has ended.

    What goes on behind the screen goes on meanwhile: it is waited for in a thread. Raises EditorError where
    the command cannot be run, or this terminal cannot be handed over.
    """
    try:
        with app.suspend(), app.batch_update():
            # Nothing may be raised in here: the screen would not come back.
            [ended] = await asyncio.gather(asyncio.to_thread(_run, command), return_exceptions=True)
    except SuspendNotSupported:
        raise EditorError("this terminal cannot be handed to an editor", hint="Edit here.") from None
    if isinstance(ended, OSError):
        raise EditorError(inert(f"the editor “{command[0]}” cannot be run: {ended.strerror}"), hint=_HINT)
    if isinstance(ended, BaseException):
        raise ended
    return ended


def _run(command: Sequence[str]) -> int:
    """Run a command in the foreground of this process's terminal, and put the terminal as it was."""
    if sys.platform == "win32":
        return subprocess.run(command, check=False).returncode
    # Opened anew, because an editor may leave its input and output non-blocking, which all share who have it.
    terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    try:
        before, ours = termios.tcgetattr(terminal), os.tcgetpgrp(terminal)
        try:
            return _run_in_foreground(command, terminal)
        finally:
            _give(terminal, ours)
            termios.tcflow(terminal, termios.TCOON)
            termios.tcsetattr(terminal, termios.TCSANOW, before)
            termios.tcflush(terminal, termios.TCIFLUSH)
            os.write(terminal, _CLEAN.encode("ascii"))
    finally:
        os.close(terminal)


def _run_in_foreground(command: Sequence[str], terminal: int) -> int:
    # In a group of its own, so that Ctrl-C and Ctrl-Z are the editor's alone.
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, process_group=0
    ) as editor:
        while editor.returncode is None:
            # Also where it stopped itself: there is no shell to go back to that could wake it.
            _give(terminal, editor.pid)
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended already
                os.killpg(editor.pid, signal.SIGCONT)
            _, status = os.waitpid(editor.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                editor.returncode = os.waitstatus_to_exitcode(status)
    return editor.returncode


def _give(terminal: int, group: int) -> None:
    """Make a group of processes the one in the foreground."""
    # Who does this from the background is stopped by the terminal, unless the signal is blocked.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended already
            os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(code: int) -> str:
    if code > 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
