"""Importing cases: a file, what each of its columns is for, and what would come of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from workbench.bench.case_keeping import CaseKeeping, Importable, Undo
from workbench.bench.shown import inert, one_line
from workbench.errors import CasesError, WorkbenchError
from workbench.prompts.case_writing.importing import Imported
from workbench.prompts.cases import RESERVED_COLUMNS
from workbench.tui.background import TellsFailures, in_background

SAMPLE = 4
"""Cases and problems that are shown of each import."""


@dataclass(frozen=True)
class CasesCame:
    """What an import did: how many cases came, and what takes them back."""

    count: int
    undo: Undo


class PathSuggester(Suggester):
    """Completes a path by the first entry of its folder that begins so, folders with a slash behind them."""

    def __init__(self, start: Path) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._start = start

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole path, or None where nothing begins so."""
        return await asyncio.to_thread(self._complete, value) if value else None

    def _complete(self, value: str) -> str | None:
        folder, slash, begun = value.rpartition("/")
        try:
            entries = sorted(
                entry
                for entry in located(folder + slash, self._start).iterdir()
                if entry.name.startswith(begun) and (begun or not entry.name.startswith("."))
            )
            # A name that a terminal would obey, or that is not UTF-8, cannot be typed either.
            typeable = [entry for entry in entries if entry.name.isprintable()]
            return next(
                (f"{folder}{slash}{entry.name}{'/' if entry.is_dir() else ''}" for entry in typeable), None
            )
        except (OSError, RuntimeError, ValueError):
            return None  # nothing can be offered; reading the path says what is wrong with it


class Columns(OptionList):
    """What each column is for; left and right change it."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("right,space,l", "turn(1)", "next", show=False),
        Binding("left,h", "turn(-1)", "previous", show=False),
    ]

    class Changed(Message):
        """A column is for something else now."""

    def __init__(self) -> None:
        super().__init__(id="mapping", markup=False, compact=True)
        self.mapping: dict[str, str] = {}
        self._targets: list[str] = []
        self._samples: dict[str, str] = {}

    def offer(self, found: Importable) -> None:
        """Show the columns of a file with what they seem to be for."""
        self.mapping = dict(found.mapping)
        self._targets = ["", *(f"inputs.{name}" for name in found.declared), *RESERVED_COLUMNS]
        rows = found.table.rows[:50]
        self._samples = {
            column: next((one_line(str(row.values[column]), 40) for row in rows if column in row.values), "")
            for column in found.table.columns
        }
        self._draw(0)

    def empty(self) -> None:
        """Show nothing."""
        self.mapping = {}
        self.clear_options()

    def action_turn(self, by: int) -> None:
        """Make the highlighted column stand for the next thing; what stood for that stands for nothing."""
        if self.highlighted is None or not self.mapping:
            return
        column = list(self.mapping)[self.highlighted]
        at = self._targets.index(self.mapping[column])
        target = self._targets[(at + by) % len(self._targets)]
        for other, there in self.mapping.items():
            if target and there == target:
                self.mapping[other] = ""
        self.mapping[column] = target
        self._draw(self.highlighted)
        self.post_message(self.Changed())

    def _draw(self, highlighted: int) -> None:
        width = min(30, max((len(inert(column)) for column in self.mapping), default=0))
        self.clear_options()
        for column, target in self.mapping.items():
            name = one_line(column, width).ljust(width)
            what = f"◂ {target.removeprefix('inputs.') or '–'} ▸"
            kind = " input" if target.startswith("inputs.") else ""
            self.add_option(
                Option(
                    Content.assemble(
                        *(name, "  ", (what, "bold"), kind),
                        ("   " + self._samples.get(column, ""), "$text-muted"),
                    )
                )
            )
        self.highlighted = highlighted if self.mapping else None


class ImportCases(TellsFailures, ModalScreen[CasesCame | None]):
    """Imports cases into a prompt. Returns what came, or None."""

    BINDINGS = [Binding("escape", "dismiss(None)", "Close", show=False)]  # noqa: RUF012 - Textual's type

    DEFAULT_CSS = """
    ImportCases Columns { height: auto; max-height: 8; border: round $foreground 25%; }
    ImportCases Columns:focus { border: round $accent; }
    ImportCases #import-preview { height: auto; max-height: 8; color: $text-muted; }
    """

    def __init__(self, prompt: str, cases: CaseKeeping, start: Path) -> None:
        """``start`` is the folder that what is typed is read from."""
        super().__init__()
        self._prompt = prompt
        self._cases = cases
        self._start = start
        self._found: Importable | None = None
        self._imported: Imported | None = None

    def compose(self) -> ComposeResult:
        """Compose the file, its columns, and what comes."""
        with Vertical(classes="dialog"):
            yield Label(inert(f"Import cases into {self._prompt}"), classes="dialog-title", markup=False)
            yield Input(
                placeholder="path of a CSV, JSON Lines or JSON file; → completes",
                suggester=PathSuggester(self._start),
                id="import-path",
                compact=True,
            )
            yield Columns()
            yield Static("", id="figures", markup=False)
            yield Static("", id="import-preview", markup=False)
            yield Static(
                "Enter import   ←→ what a column is for   Escape close", classes="hint", markup=False
            )

    def on_mount(self) -> None:
        """Ask for the path first."""
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._read(tell=False)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self._read(tell=True)

    @on(Columns.Changed)
    def _mapped(self) -> None:
        self._reckon()

    @on(OptionList.OptionSelected)
    def _go(self) -> None:
        self._import()

    @in_background(exclusive=True, group="read")
    async def _read(self, *, tell: bool) -> None:
        """Read the file whose path is typed; while it is being typed, most are not there."""
        typed = self.query_one(Input).value.strip()
        self._found = self._imported = None
        columns = self.query_one(Columns)
        try:
            path = located(typed, self._start)
            there = tell or await asyncio.to_thread(path.is_file)
        except (RuntimeError, ValueError) as no_path:  # a “~” of nobody, or a NUL
            columns.empty()
            self._say(str(no_path))
            return
        if not there:
            columns.empty()
            self._say("")
            return
        try:
            found = await asyncio.to_thread(self._cases.importable, self._prompt, path)
        except WorkbenchError as wrong:
            columns.empty()
            self._say(str(wrong))
            return
        self._found = found
        columns.offer(found)
        self._reckon()
        if tell:
            columns.focus()

    @in_background(exclusive=True, group="reckon")
    async def _reckon(self) -> None:
        """Say what would come."""
        found, self._imported = self._found, None
        if found is None:
            return
        imported = await asyncio.to_thread(found.cases, dict(self.query_one(Columns).mapping))
        self._imported = imported
        skipped = sum(problem.skipped for problem in imported.problems)
        told = f"{len(imported.cases)} new · {imported.duplicates} there already · {skipped} left out"
        self._say(told, preview_of(imported))

    @in_background(exclusive=True, group="import")
    async def _import(self) -> None:
        imported = self._imported
        if imported is None:
            return
        if not imported.cases:
            self.notify("Nothing new would come.", markup=False)
            return
        try:
            undo = await asyncio.to_thread(self._cases.import_cases, self._prompt, imported.cases)
        except WorkbenchError as wrong:
            self._say(str(wrong))
            return
        if undo is None:
            raise CasesError("nothing was written")
        self.dismiss(CasesCame(len(imported.cases), undo))

    def _say(self, figures: str, preview: str = "") -> None:
        self.query_one("#figures", Static).update(inert(figures))
        self.query_one("#import-preview", Static).update(inert(preview))


def preview_of(imported: Imported) -> str:
    """Return the first cases that come, and the first problems, one a line."""
    lines = [
        f"+ {case.name or '(by number)'}  "
        + one_line("  ".join(f"{name}: {value}" for name, value in case.inputs.items()), 80)
        + (f"  → {one_line(case.expect, 20)}" if case.expect is not None else "")
        for case in imported.cases[:SAMPLE]
    ]
    lines += [f"! {problem}" for problem in imported.problems[:SAMPLE]]
    return "\n".join(lines)


def located(typed: str, start: Path) -> Path:
    """Return the path that is meant by what is typed; raises RuntimeError for a home that there is not."""
    return start / Path(typed).expanduser()
