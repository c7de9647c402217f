"""The child process that checks an answer against a schema with regular expressions.

It is run as ``python -P -m workbench.runs.checking_child``. It writes ``{"ready": true}``, answers each JSON
line ``{"text", "schema", "prefill"}`` with ``{"valid", "invalid"}``, and ends with its standard input.
"""

from __future__ import annotations

import json
import threading

# All that takes time to load, before it says that it is ready.
import jsonschema  # noqa: F401
import referencing.exceptions  # noqa: F401

from workbench.models.doors.lifeline import claim_stdout, end_with_workbench
from workbench.runs.outcome import validate


def main() -> None:
    """Check answers until standard input ends."""
    pipe = claim_stdout()

    def check(line: bytes) -> None:
        valid, invalid = validate(**json.loads(line))
        pipe.write(json.dumps({"valid": valid, "invalid": invalid}).encode() + b"\n")

    end_with_workbench(check)
    pipe.write(b'{"ready": true}\n')
    threading.Event().wait()


if __name__ == "__main__":
    main()
