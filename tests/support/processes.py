"""Processes that a test waits for to end."""

from __future__ import annotations

import time
from pathlib import Path


def runs(pid: int) -> bool:
    """Return whether a process still runs; one that ended and was not yet waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int, seconds: float = 30.0) -> None:
    """Wait until a process ended, which one that is to end with its parent does at once."""
    deadline = time.monotonic() + seconds
    while runs(pid):
        assert time.monotonic() < deadline, f"process {pid} outlived its parent"
        time.sleep(0.01)
