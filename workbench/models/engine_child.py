"""The child process that holds the engine of the embedded model.

It is run as ``python -P -m workbench.models.engine_child FILE WINDOW SLOTS``. It writes one JSON line,
``{"port", "key"}`` or ``{"error"}``, serves HTTP on that port of 127.0.0.1 to whoever has the key, and ends
with its standard input.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
from typing import Any
from urllib.parse import urlsplit

from workbench.models.doors.lifeline import claim_stdout, end_with_workbench


def main() -> None:
    """Load the model and serve it until standard input ends."""
    pipe = claim_stdout()
    end_with_workbench(lambda _: None)
    key = secrets.token_urlsafe(24)
    file, window, slots = sys.argv[1:]
    try:
        server = serve(file, int(window), int(slots), key)
    except RuntimeError as error:
        pipe.write(json.dumps({"error": str(error)}).encode() + b"\n")
        return
    pipe.write(json.dumps({"port": urlsplit(server.listening_address).port, "key": key}).encode() + b"\n")
    threading.Event().wait()


def serve(file: str, window: int, slots: int, key: str) -> Any:  # noqa: ANN401
    """Return the server of a model file, running, with ``window`` tokens a slot; raises RuntimeError."""
    # Read when the library is loaded: its threads shall sleep while they wait, not spin on a core.
    os.environ["OMP_WAIT_POLICY"] = "passive"
    import xllamacpp  # after the line above, and only where the engine is wanted

    params = xllamacpp.CommonParams()
    params.model.path = file
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]  # no other program of this machine, and no page in a browser, shall use it
    params.cors_origins = ""
    params.offline = True
    params.ui = False
    params.verbosity = -1
    params.n_ctx = window * slots
    params.n_parallel = slots
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    # With either, an answer at temperature 0 would depend on what was asked before.
    params.cache_prompt = False
    params.cache_ram_mib = 0
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
