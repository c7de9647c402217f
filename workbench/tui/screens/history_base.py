"""What the parts of the history screen share: the versions, and which of them are marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from workbench.bench.entries import Entry, Listing
from workbench.bench.shown import things
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.bench import BenchScreen
from workbench.tui.widgets.version_list import VersionList

MAX_MARKED = 2
"""Versions that can be marked: two are compared."""


class HistoryBase(WorkbenchScreen):
    """The state of the history, for each of its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.listing: Listing | None = None
        self.marked: list[str] = []
        self.case: str | None = None

    def read(self) -> None:
        """List the versions anew."""
        raise NotImplementedError

    @property
    def versions(self) -> VersionList:
        """The list of versions."""
        return self.query_one(VersionList)

    @property
    def bench_screen(self) -> BenchScreen:
        """The bench, which may hold unsaved edits."""
        return cast(BenchScreen, self.workbench.get_screen("bench"))

    def unsaved(self) -> Mapping[str, bytes]:
        """Return the files with unsaved edits as they are on screen."""
        return self.bench_screen.unsaved() if self.bench_screen.is_mounted else {}

    def say_where(self, instead: str = "") -> None:
        """Say which prompt this is and what is marked, or something ``instead``."""
        listing = self.listing
        marked = " … ".join(entry.label for entry in self.marked_entries())
        count = len(listing.entries) if listing else 0
        self.show_where(
            self.workbench.prompt or "",
            instead or (f"marked: {marked}" if marked else ""),
            f"case {self.case}" if self.case else "",
            right=things(count, "version") if listing else "",
        )

    def entry(self) -> Entry | None:
        """Return the highlighted version, None where there is none."""
        at = self.versions.highlighted
        return None if at is None or self.listing is None else self.listing.entries[at]

    def marked_entries(self) -> list[Entry]:
        """Return the marked versions, the older first."""
        entries = self.listing.entries if self.listing else ()
        return [entry for entry in reversed(entries) if entry.target in self.marked]

    def chosen(self) -> list[Entry]:
        """Return what an action is about: the marked versions, else the highlighted one."""
        entry = self.entry()
        return self.marked_entries() or ([entry] if entry else [])

    def compared(self) -> tuple[str | None, str] | None:
        """Return the targets of the older and the newer version that are compared; no older for the first."""
        entry = self.entry()
        if entry is None or self.listing is None:
            return None
        return self.listing.compared(entry.target, self.marked)
