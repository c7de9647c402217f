"""Keeping cases: added, changed, removed, imported and kept from results, in the files beside a prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.errors import CasesError, Place, PromptError, SaveConflictError, StoreError
from workbench.project.yaml import Value
from workbench.prompts.case_writing.case_files import (
    NEW_FILE,
    Record,
    record_of,
    with_added,
    with_changed,
    without,
)
from workbench.prompts.case_writing.importing import (
    MAX_BYTES,
    Imported,
    Table,
    free_name,
    guess,
    make_cases,
    read_table,
)
from workbench.prompts.cases import Case, cases_in, cases_paths, choose, load_cases
from workbench.prompts.format import Input
from workbench.prompts.library import Library, OpenFile
from workbench.prompts.tree import Overlay, decode, prompt_path
from workbench.prompts.version import load_version
from workbench.store.sources import Sources

ATTEMPTS = 20
"""How often to begin again where other programs write a file while cases are added to it."""


@dataclass(frozen=True)
class Undo:
    """What takes a write back: the bytes of a file before it, None where there was none, and after it."""

    path: str
    before: bytes | None
    after: bytes


@dataclass(frozen=True)
class Kept:
    """A case that is in a file now. ``undo`` is None where it was there already, and nothing was written."""

    case: Case
    undo: Undo | None = None


@dataclass(frozen=True)
class Importable:
    """A file that may be imported: its rows, and what each of its columns seems to be for."""

    table: Table
    mapping: Mapping[str, str]
    declared: Mapping[str, Input]
    existing: tuple[Case, ...]

    def cases(self, mapping: Mapping[str, str] | None = None) -> Imported:
        """Return the cases that come with this mapping, the guessed one by default."""
        return make_cases(
            self.table, self.mapping if mapping is None else mapping, self.declared, self.existing
        )


class CaseKeeping:
    """Writes cases. Everything here reads files anew, blocks while it does, and saves in one step."""

    def __init__(self, library: Library, sources: Sources) -> None:
        self._library = library
        self._sources = sources

    def of(self, prompt: str) -> tuple[Case, ...]:
        """Return the cases of a prompt as they are on disk; raises CasesError where they are broken."""
        return load_cases(self._library.tree, prompt)

    def add(self, prompt: str, case: Case) -> Kept:
        """Add a case, to the YAML file where there is one, else to one made anew.

        Raises CasesError for a name that is taken, or none at all.
        """
        if not case.name.strip():
            raise CasesError("a case needs a name", hint="Name it for what is particular about it.")
        taken = next((other for other in self.of(prompt) if other.name == case.name), None)
        if taken is not None:
            raise CasesError(
                f"{prompt} has a case “{case.name}” already", place=taken.place, hint="Choose another name."
            )
        undo = self._add(prompt, [record_of(case)])
        return Kept(choose(self.of(prompt), case.name, prompt), undo)

    def change(self, prompt: str, name: str, /, *, was: Case | None = None, **changes: Value) -> Kept:
        """Change ``name``, ``inputs``, ``expect``, ``tags`` or ``note`` of the case of this name.

        ``was`` is the case as it was shown. Raises SaveConflictError where it says something else on disk by
        now, CasesError where the file cannot be changed without harm.
        """
        case, path, index = self._find(prompt, name)
        if was is not None and record_of(was) != record_of(case):
            raise SaveConflictError(
                f"the case “{name}” changed on disk since it was read",
                place=case.place,
                hint="Choose it again to see what it says now, or save the inputs as a new case.",
            )
        written = {key: list(value) if key == "tags" else value for key, value in changes.items()}
        undo = self._write(prompt, path, lambda text: with_changed(text, path, index, written))
        return Kept(self.of(prompt)[self._number(prompt, path) + index], undo)

    def remove(self, prompt: str, name: str) -> Undo:
        """Remove the case of this name, or of this number."""
        _, path, index = self._find(prompt, name)
        undo = self._write(prompt, path, lambda text: without(text, path, index))
        assert undo is not None
        return undo

    def kept_already(self, prompt: str, case_hash: str) -> Case | None:
        """Return the case that has the inputs of this hash, or None."""
        return next((case for case in self.of(prompt) if case.hash == case_hash), None)

    def keep(self, prompt: str, case_hash: str, name: str) -> Kept:
        """Make a case of inputs that were run, by their hash; where it is there already, say which it is.

        Raises StoreError where the store does not hold the inputs.
        """
        there = self.kept_already(prompt, case_hash)
        if there is not None:
            return Kept(there)
        try:
            inputs = self._sources.inputs(case_hash)
        except KeyError:
            raise StoreError("the store does not hold the inputs of this case") from None
        return self.add(prompt, Case(name, inputs))

    def keep_result(self, result: int, name: str | None = None) -> Kept:
        """Make a case of the inputs of a stored result, under the name of its case where none is given."""
        prompt, case_hash, label = self._sources.case_of_result(result)
        return self.keep(prompt, case_hash, name or self.free_name(prompt, label or f"result {result}"))

    def free_name(self, prompt: str, name: str) -> str:
        """Return the name, with a number behind it where a case of the prompt has it already."""
        return free_name(name, {case.name for case in self.of(prompt)})

    def declared(self, prompt: str) -> Mapping[str, Input]:
        """Return the inputs that a prompt declares."""
        return load_version(self._library.tree, prompt).prompt.inputs

    def importable(self, prompt: str, file: Path) -> Importable:
        """Return a file outside the project, or in it, as rows to import into a prompt's cases.

        Raises CasesError for a file that cannot be read as CSV or JSON.
        """
        declared = self.declared(prompt)
        try:
            with file.open("rb") as stream:
                raw = stream.read(MAX_BYTES + 1)  # a pipe or a device does not tell its size
        except OSError as broken:
            raise CasesError(f"cannot be read: {broken.strerror}", place=Place(str(file))) from broken
        except ValueError as odd:  # a NUL byte in its name
            raise CasesError(f"cannot be read: {odd}", place=Place(repr(str(file)))) from odd
        if len(raw) > MAX_BYTES:
            raise CasesError(
                f"is too large to import: more than {MAX_BYTES:,} bytes",
                place=Place(str(file)),
                hint="Split it, or keep what is worth asking again and again.",
            )
        table = read_table(raw, str(file))
        return Importable(table, guess(table.columns, declared), declared, self.of(prompt))

    def import_cases(self, prompt: str, cases: Sequence[Case]) -> Undo | None:
        """Add many cases at once; None where there is none to add."""
        return self._add(prompt, [record_of(case) for case in cases]) if cases else None

    def undo(self, undo: Undo) -> None:
        """Take a write back. Raises SaveConflictError where the file changed since."""
        file = OpenFile(undo.path, "", undo.after)
        if undo.before is not None:
            self._library.put(file, undo.before)
        elif self._raw(undo.path) == undo.after:
            self._library.remove(undo.path)
        else:
            raise SaveConflictError("changed since", place=Place(undo.path), hint="Edit it by hand.")

    # Files.

    def _add(self, prompt: str, records: Sequence[Record]) -> Undo | None:
        left = ATTEMPTS
        while True:
            left -= 1
            paths = [path for path in cases_paths(prompt) if self._raw(path) is not None]
            path = paths[0] if paths else cases_paths(prompt)[0]
            try:
                return self._write(prompt, path, partial(with_added, path=path, records=records))
            except SaveConflictError:  # another program wrote: what it wrote is read, and added to
                if not left:
                    raise

    def _write(self, prompt: str, path: str, edit: Callable[[str], str]) -> Undo | None:
        """Edit a file, check that all cases of the prompt can be read then, and save it."""
        raw = self._raw(path)
        if raw is None:
            self._library.open(prompt_path(prompt))  # a prompt there is not gets no cases
            new = edit(NEW_FILE).encode()
            self._check(prompt, path, new)
            self._create(path, new)
            return Undo(path, None, new)
        file = self._library.open(path)
        if file.unreadable:
            raise file.unreadable
        text = edit(file.text)
        if text == file.text:
            return None
        self._check(prompt, path, text.encode())
        return Undo(path, file.raw, self._library.save(file, text).raw)

    def _create(self, path: str, raw: bytes) -> None:
        try:
            self._library.create(path, raw)
        except PromptError as refused:
            if self._raw(path) is None:
                raise
            raise SaveConflictError("was made meanwhile", place=Place(path), hint="Try again.") from refused

    def _check(self, prompt: str, path: str, raw: bytes) -> None:
        """Raise CasesError where a prompt's cases would not go together, as with two of one name."""
        load_cases(Overlay(self._library.tree, {path: raw}), prompt)

    def _raw(self, path: str) -> bytes | None:
        try:
            return self._library.tree.read(path)
        except FileNotFoundError:
            return None

    def _find(self, prompt: str, name: str) -> tuple[Case, str, int]:
        """Return a case with the path of its file and its place among the cases there."""
        cases = self.of(prompt)
        case = choose(cases, name, prompt)
        assert case.place is not None
        path = case.place.path
        return case, path, cases.index(case) - self._number(prompt, path)

    def _number(self, prompt: str, path: str) -> int:
        """Return how many cases come before those of one file."""
        return sum(
            len(cases_in(decode(raw, other), other))
            for other in cases_paths(prompt)[: cases_paths(prompt).index(path)]
            if (raw := self._raw(other)) is not None
        )
