"""A program that only hands a file to the person's editor: ``python -m tests.support.outside_app FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import Static

from workbench.errors import WorkbenchError
from workbench.tui.background import in_background
from workbench.tui.outside import Outside


class OutsideApp(App[None]):
    """Edits its file on ``e``; shows the file, how often the clock behind it ticked, and what went wrong."""

    BINDINGS = [("e", "edit"), ("q", "quit"), ("k", "count")]  # noqa: RUF012 - Textual's type

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path
        self._said = ""
        self._editing = False
        self._keys = self._ticks = self._edits = 0

    def compose(self) -> ComposeResult:
        yield Static(id="all", markup=False)
        yield Static(id="ticks", markup=False)

    def on_mount(self) -> None:
        self.set_interval(0.02, self._tick)
        self._show()

    def _tick(self) -> None:
        self._ticks += 1
        if self._editing:  # there is always something to draw, and it must not be drawn over the editor
            self.query_one("#ticks", Static).update(str(self._ticks))

    @in_background()
    async def action_edit(self) -> None:
        ticks, self._editing = self._ticks, True
        try:
            await Outside().edit(self, self._file, 3)
            self._said = "all well"
        except WorkbenchError as error:
            self._said = str(error)
        self._editing = False
        self._said += f"\nticked meanwhile: {self._ticks - ticks > 5}"
        self._edits += 1
        self._show()

    def action_count(self) -> None:
        self._keys += 1
        self._show()

    def _show(self) -> None:
        text = self._file.read_text(encoding="utf-8")
        self.query_one("#all", Static).update(f"keys {self._keys}\nedits {self._edits}\n{text}\n{self._said}")


if __name__ == "__main__":
    OutsideApp(Path(sys.argv[1])).run()
