"""History: the versions of a prompt, what they scored, what changed between them, and back to any of them."""

from __future__ import annotations

import asyncio
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Static

from workbench.bench.comparing import FileChange, ModelDelta
from workbench.bench.entries import WORKING_TREE, Entry, Listing
from workbench.bench.running import Request
from workbench.bench.shown import change, inert, money, one_line
from workbench.errors import WorkbenchError
from workbench.project.clock import utc_now
from workbench.tui.background import in_background
from workbench.tui.commands import bindings_for
from workbench.tui.screens.choosing import pick_case
from workbench.tui.screens.context_page import ContextPage
from workbench.tui.screens.duel import DuelScreen
from workbench.tui.screens.history_base import MAX_MARKED
from workbench.tui.screens.history_restoring import HistoryRestoring
from workbench.tui.widgets.diff_layout import SPLIT_WIDTH, Compared
from workbench.tui.widgets.diff_view import DiffView
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.version_list import VersionList

SIDE_BY_SIDE = "side by side"

KINDS = ("text", SIDE_BY_SIDE, "rendered")
"""How the difference is shown, in the order in which one key goes through them."""

BORDERS = 3
"""Columns that the pane around the difference and its scrollbar take."""

SETTLE = 0.05
"""Seconds without a key before the difference is looked up: a key held down does not ask for each."""


class HistoryDiff(DiffView):
    """The difference; its kind is the screen's to change."""

    BINDINGS = [Binding("d", "screen.cycle_diff", show=False)]  # noqa: RUF012 - Textual's type


class HistoryScreen(HistoryRestoring):
    """Where one looks back, compares and restores."""

    NAME = "history"
    BINDINGS = bindings_for(NAME)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]  # noqa: RUF012 - Textual's type

    def __init__(self) -> None:
        super().__init__()
        self._kind = KINDS[0]

    def compose_body(self) -> ComposeResult:
        """Compose the versions beside the difference, or above it where the screen is narrow."""
        with Container(id="history"):
            with Pane(id="versions-pane"):
                yield VersionList(utc_now, id="versions")
                yield Static("", id="history-note", markup=False)
            with Pane(id="diff-pane"):
                yield HistoryDiff(id="diff")

    def on_mount(self) -> None:
        """Name the panes."""
        self.query_one("#versions-pane", Pane).entitle("Versions")
        self.query_one("#diff-pane", Pane).entitle("Diff")

    def on_screen_resume(self) -> None:
        """Read the history of the prompt on the bench, which may be another or have changed."""
        prompt = self.workbench.prompt
        if self.listing is None or self.listing.prompt != prompt:
            self.listing, self.marked, self.case, self._restored = None, [], None, None
            self.versions.show((), ())
        self.versions.focus()
        self.read()

    def read(self) -> None:
        """List the versions at once, then fill in what takes time, what is in sight first."""
        self._read_all()

    @in_background(exclusive=True, group="history")
    async def _read_all(self) -> None:
        prompt = self.workbench.prompt
        if prompt is None:
            self.say_where("no prompt is open")
            return
        reviewing, unsaved = self.workbench.bench.reviewing, self.unsaved()
        listing = await self.reading(lambda: reviewing.history(prompt, unsaved))
        if listing is None:
            return
        listing = listing.with_known(self.listing)
        self._take(listing)
        self._show_diff()
        case = self.case
        async for filled in reviewing.fill(listing, case=case, unsaved=unsaved, first=self.versions.in_sight):
            self._take(filled)

    def _take(self, listing: Listing) -> None:
        """Show a listing as far as it is known."""
        shown = self.compared() if self.listing else None
        self.listing = listing
        targets = {entry.target for entry in listing.entries}
        self.marked = [target for target in self.marked if target in targets]
        self.versions.show(listing.entries, self.marked)
        notes = [listing.empty, listing.unscored, listing.uncounted]
        note = self.query_one("#history-note", Static)
        note.update(inert("\n".join(filter(None, notes))))
        note.display = any(notes)
        self.say_where()
        if shown is not None and shown != self.compared():
            self._show_diff()  # what came before the highlighted version is another now

    @in_background(exclusive=True, group="diff")
    async def _show_diff(self, settle: float = 0.0) -> None:
        """Show what differs between the versions that are compared."""
        await asyncio.sleep(settle)
        compared, view = self.compared(), self.query_one(HistoryDiff)
        if compared is None:
            view.say("")
            return
        side_by_side = self._kind == SIDE_BY_SIDE
        self.query_one("#history").set_class(side_by_side, "-stacked")  # it needs the whole width
        view.show_split(side_by_side)
        try:
            await (self._show_rendered if self._kind == "rendered" else self._show_files)(*compared)
        except WorkbenchError as error:
            self._entitle_diff("cannot be shown")
            view.say(str(error))

    async def _show_files(self, older: str | None, newer: str) -> None:
        comparing, unsaved = self.workbench.bench.comparing, self.unsaved()
        found = await asyncio.to_thread(comparing.files, older or newer, newer, unsaved)
        files = found.files if older else found.as_new()
        before = found.before.label if older else "nothing"
        self._entitle_diff(
            f"{before} → {found.after.label}", f"{len(files)} files" if len(files) != 1 else ""
        )
        troubles = {side.label: side.trouble for side in (found.before, found.after) if side.trouble}
        note = "\n".join(f"! {label}: {trouble}" for label, trouble in troubles.items())
        self.query_one(HistoryDiff).show_all([_as_compared(one) for one in files], note=note)

    async def _show_rendered(self, older: str | None, newer: str) -> None:
        comparing = self.workbench.bench.comparing
        found = await comparing.rendered(older or newer, newer, self.case, (), self.unsaved(), most=1)
        before, after = found.texts
        labels = (found.before.label if older else "nothing", found.after.label)
        case = f" · case {found.case.name}" if found.case else ""
        figures = _figures(found.models[0]) if found.models and older else ""
        self._entitle_diff(f"{labels[0]} → {labels[1]}{case}", figures)
        self.query_one(HistoryDiff).show(before if older else "", after, titles=labels)

    def _entitle_diff(self, title: str, subtitle: str = "") -> None:
        pane = self.query_one("#diff-pane", Pane)
        narrow = self._kind == SIDE_BY_SIDE and not self._has_room
        pane.entitle(f"Diff ─ {KINDS[0] if narrow else self._kind}, {title}")
        pane.border_subtitle = one_line(subtitle)

    @on(VersionList.Highlighted)
    def _moved(self) -> None:
        self._show_diff(SETTLE)

    @on(VersionList.Chosen)
    def _clicked_again(self) -> None:
        self.action_open_version()

    def action_move_version(self, by: int) -> None:
        """Highlight the next or the previous version."""
        self.versions.move(by)

    def action_mark(self) -> None:
        """Mark the highlighted version, or take its mark away; a third mark takes the place of the first."""
        entry = self.entry()
        if entry is None or self.listing is None:
            return
        if entry.target in self.marked:
            self.marked.remove(entry.target)
        else:
            self.marked = [*self.marked, entry.target][-MAX_MARKED:]
        self.versions.show(self.listing.entries, self.marked)
        self.say_where()
        self._show_diff()

    def action_cycle_diff(self) -> None:
        """Show the difference as text, side by side, or as the model receives it."""
        kinds = [kind for kind in KINDS if kind != SIDE_BY_SIDE or self._has_room]
        at = kinds.index(self._kind) if self._kind in kinds else 0
        self._kind = kinds[(at + 1) % len(kinds)]
        self._show_diff()

    @property
    def _has_room(self) -> bool:
        """Whether two texts fit side by side."""
        return self.size.width >= SPLIT_WIDTH + BORDERS

    @in_background()
    async def action_run_versions(self) -> None:
        """Run the marked versions, or the highlighted one, on the prompt's own models and all cases."""
        targets = tuple(entry.target for entry in self.chosen())
        if targets:
            await self.workbench.begin_run(Request(targets, unsaved=self.unsaved()))

    @in_background()
    async def action_duel_versions(self) -> None:
        """Judge the answers of the two marked versions against each other."""
        marked = self.marked_entries()
        versions = {entry.version: entry.label for entry in marked if entry.version}
        if len(marked) != MAX_MARKED:
            self.notify("Mark two versions first, with the space bar.", markup=False)
        elif len(versions) != MAX_MARKED:
            why = "are the same version" if all(entry.version for entry in marked) else "cannot both be read"
            self.notify(f"{marked[0].label} and {marked[1].label} {why}.", markup=False)
        else:
            cast(DuelScreen, self.workbench.get_screen("duel")).only(self.workbench.prompt, versions)
            await self.workbench.switch_mode("duel")

    def action_copy_version(self) -> None:
        """Copy what names the highlighted version, for a command or a message."""
        entry = self.entry()
        if entry is not None:
            name = _short_target(entry)
            self.app.copy_to_clipboard(name)
            self.notify(f"Copied {inert(name)}", markup=False, timeout=2)

    @in_background()
    async def action_choose_case(self) -> None:
        """Choose the case that tokens are counted and contexts rendered for."""
        prompt = self.workbench.prompt
        if prompt is None:
            return
        cases = await self.reading(lambda: self.workbench.bench.versions.cases(prompt)) or ()
        if not cases:
            self.notify("This prompt has no cases.", markup=False)
            return
        chosen = await pick_case(self, cases)
        if chosen is not None:
            self.case = chosen
            self.listing = self.listing.without_tokens() if self.listing else None
            self.read()

    @in_background()
    async def action_open_version(self) -> None:
        """Read the whole context of the highlighted version as a model receives it."""
        entry = self.entry()
        if entry is None:
            return
        try:
            found = await self.workbench.bench.comparing.received(entry.target, self.case, self.unsaved())
        except WorkbenchError as error:
            self.tell(error)
            return
        case = f" · case {found.case.name}" if found.case else ""
        self.app.push_screen(ContextPage(f"{entry.label}{case}", found.context, found.count))

    def action_refresh_history(self) -> None:
        """Read everything again."""
        self.workbench.bench.reviewing.forget()
        self.read()


def _as_compared(one: FileChange) -> Compared:
    return Compared(one.before, one.after, (one.before_path or "nothing", one.after_path or "nothing"))


def _figures(delta: ModelDelta) -> str:
    """Return what changes for a model: tokens, and the price of the input where it has one."""
    if delta.tokens is None:
        return ""
    price = f" · {'+' if delta.cost > 0 else '-'}{money(abs(delta.cost))}" if delta.cost else ""
    return f"{delta.after.model.name} {change(delta.tokens)} tokens{price}"


def _short_target(entry: Entry) -> str:
    prompt, at, revision = entry.target.partition("@")
    digits = len("v:") + 12 if revision.startswith("v:") else 12
    return f"{prompt}{at}{revision[:digits]}" if entry.label != WORKING_TREE else prompt
