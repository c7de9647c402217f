"""Results written out: to a file that appears in one step, or piece by piece to wherever they are wanted."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from workbench.bench.export_forms import FORMS, Form, Whole
from workbench.bench.result_values import whole_value
from workbench.errors import Place, StoreError, UsageError, did_you_mean
from workbench.store.records import Remark
from workbench.store.search import Wanted
from workbench.store.store import Store

PAGE = 50
"""Results that are held at once."""


@dataclass(frozen=True)
class Chosen:
    """Which results: those of runs by number, those that are wanted, or those that are both; else all.

    A result is there once for each place that it fills in such a run and that is wanted.
    """

    runs: tuple[int, ...] = ()
    wanted: Wanted = field(default_factory=Wanted)


class Exporting:
    """Results with all that led to them, in one of ``FORMS``. Everything here blocks while it reads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, path: Path, form: str | None = None) -> None:
        """Raise UsageError where this file could not be written, so far as that can be told beforehand."""
        form_of(path, form)
        folder = path.absolute().parent
        if path.is_dir():
            raise UsageError("is a folder", place=Place(str(path)), hint="Name a file in it.")
        if not folder.is_dir():
            raise UsageError("there is no such folder", place=Place(str(folder)), hint="Make it first.")
        if not os.access(path if _special(path) else folder, os.W_OK):
            raise UsageError("cannot be written", place=Place(str(path)), hint="Choose another folder.")

    def write(self, chosen: Chosen, path: Path, form: str | None = None) -> int:
        """Write results to a file, in the form that its name says; returns how many there were.

        A file that is there is replaced when all is written, and stays as it is where something fails.
        Raises UsageError for an unknown form and where the file cannot be written, StoreError for a run that
        is not there.
        """
        named = form_of(path, form)
        try:
            with replacing(path) as stream:
                return self.send(chosen, stream.write, named.name)
        except OSError as broken:
            raise UsageError(
                f"cannot be written: {broken.strerror}",
                place=Place(str(path)),
                hint="What was there still is.",
            ) from broken

    def send(self, chosen: Chosen, put: Callable[[str], object], form: str = "jsonl") -> int:
        """Give results as text, one after the other, each when it is read; returns how many there were.

        Raises UsageError for an unknown form, StoreError for a run that is not there.
        """
        said = _form(form)
        runs = [self._store.runs.get(run).id for run in chosen.runs]
        places = self._store.search.places(chosen.wanted, runs)
        if said.head:
            put(said.head)
        for start in range(0, len(places), PAGE):
            for whole in self._page(places[start : start + PAGE]):
                put(said.say(whole))
        return len(places)

    def _page(self, places: Sequence[tuple[int, int]]) -> Iterator[Whole]:
        """Yield the results in these places with what belongs to them, which is read once for all of them."""
        cells = self._store.runs.cells_at(places)
        page = [(cell, cell.result) for cell in cells if cell.result is not None]
        sources = self._store.sources
        remarks = self._store.remarks.of([result.id for _, result in page])
        try:
            contexts = {key: sources.context(key) for key in {cell.context for cell, _ in page}}
            inputs = {key: sources.inputs(key) for key in {cell.case_hash for cell, _ in page}}
        except KeyError:
            page = []
        there = {cell.run for cell, _ in page}
        gone = next((run for run, _ in places if run not in there), None)
        if gone is not None:
            raise StoreError(f"run {gone} was removed while it was exported", hint="Try again.")
        for cell, result in page:
            remark = remarks.get(result.id, Remark())
            yield whole_value(cell, result, inputs[cell.case_hash], contexts[cell.context], remark)


def form_of(path: Path, form: str | None = None) -> Form:
    """Return the form of a file, by its name where none is given; raises UsageError for an unknown one."""
    if form is not None:
        return _form(form)
    for known in FORMS.values():
        if path.suffix.lower() in known.suffixes:
            return known
    endings = ", ".join(suffix for known in FORMS.values() for suffix in known.suffixes)
    raise UsageError(
        "its name does not say in which form to export",
        place=Place(str(path)),
        hint=f"End it with one of {endings}; “workbench export” also takes --format.",
    )


def _form(name: str) -> Form:
    if name not in FORMS:
        raise UsageError(f"“{name}” is no form to export", hint=did_you_mean(name, FORMS))
    return FORMS[name]


def _special(path: Path) -> bool:
    """Return whether this is a device or a pipe, which is written to and not replaced."""
    return path.exists() and not path.is_file()


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Give a stream whose text takes the file's place in one step; where the block raises nothing does."""
    if _special(path):
        with path.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    real = Path(os.path.realpath(path))  # a link stays a link
    temporary = real.with_name(f".{real.name[:50]}.{secrets.token_hex(4)}")
    before = real.stat().st_mode & 0o7777 if real.exists() else None
    # Whoever may not read the file that is there shall not read what comes in its place, either.
    mode = 0o666 if before is None else 0o600
    try:
        with open(
            temporary,
            "x",
            encoding="utf-8",
            newline="",
            opener=lambda name, flags: os.open(name, flags, mode),
        ) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if before is not None:
            temporary.chmod(before)
        os.replace(temporary, real)
    finally:
        temporary.unlink(missing_ok=True)
