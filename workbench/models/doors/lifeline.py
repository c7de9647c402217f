"""What ties a child process to the workbench: it ends when the workbench does, however that ends.

The child's standard input is a pipe whose other end only the workbench holds, so its end of file is the end
of the workbench. Used by the children themselves.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

_PR_SET_PDEATHSIG = 1  # prctl(2)


def claim_stdout() -> BinaryIO:
    """Return the pipe to the workbench; whatever else prints in this process goes to standard error."""
    pipe = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return pipe


def end_with_workbench(take: Callable[[bytes], None]) -> None:
    """Hand each line of standard input to ``take``, in a thread, and end this process after the last."""
    if sys.platform == "linux":
        # The belt to the braces: the kernel itself kills this process when the workbench dies, also while
        # native code keeps the thread below from running, and also where a fork still holds the pipe open.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def read() -> None:
        for line in sys.stdin.buffer:
            take(line)
        os._exit(0)  # at once, whatever the other threads are doing

    threading.Thread(target=read, daemon=True, name="lifeline").start()
