"""The app: one project on its screens."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

from textual.app import App
from textual.screen import ModalScreen, Screen

from workbench.bench.bench import Bench
from workbench.bench.replanning import Compared, compared
from workbench.bench.running import Prepared, Request
from workbench.bench.shown import inert
from workbench.errors import CostLimitError, SettingsError, WorkbenchError, did_you_mean
from workbench.project.taste import Taste
from workbench.store.records import Cell
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.commands import PAGES, SCREENS
from workbench.tui.keymap import rebound
from workbench.tui.palette import WorkbenchCommands
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.bench import BenchScreen
from workbench.tui.screens.board import BoardScreen
from workbench.tui.screens.dialogs import Ask
from workbench.tui.screens.drafts import Approved, Draft, draft_of
from workbench.tui.screens.duel import DuelScreen
from workbench.tui.screens.help import Help
from workbench.tui.screens.history import HistoryScreen
from workbench.tui.screens.review import ReviewPage
from workbench.tui.screens.runs import GOES_ON, RunsScreen
from workbench.tui.themes import DARK, LIGHT
from workbench.tui.widgets.key_line import pane_of

GIVING_WAY = 0.0005
"""Seconds after which a thread that works lets another one go on."""


COLLECTING = (10_000, 20, 50)
"""New objects, and collections of each younger generation, after which garbage is looked for."""


def put_keys_first() -> None:
    """Let nothing in this process hold up a key for long; to be called once the screen is about to open."""
    # What is rendered and counted in threads is to give way to a key at once.
    sys.setswitchinterval(GIVING_WAY)
    # What was loaded until now is never garbage, and looking through it takes 25 to 50 ms at a time.
    gc.freeze()
    # Looking through what came since takes as long again, and is tried whenever a quarter of it is new: three
    # times a second while answers arrive, whose rows need no collector to be let go.
    gc.set_threshold(*COLLECTING)


class WorkbenchApp(TellsFailures, App[None]):
    """The workbench on screen. It is given an open project, and closes it when it ends."""

    TITLE = "Workbench"
    CSS_PATH = "workbench.tcss"
    COMMANDS = App.COMMANDS | {WorkbenchCommands}
    SCREENS: ClassVar[dict[str, Callable[[], Screen[None]]]] = {
        "bench": BenchScreen,
        "runs": RunsScreen,
        "duel": DuelScreen,
        "history": HistoryScreen,
        "board": BoardScreen,
    }
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {name: name for name in SCREENS}
    DEFAULT_MODE = "bench"

    def __init__(self, bench: Bench, taste: Taste | None = None) -> None:
        """Raise SettingsError where the person's taste names a theme, a command or a key that cannot be."""
        super().__init__()
        self.bench = bench
        self.taste = taste or Taste()
        self.commands = rebound(self.taste)
        """The registry, with the keys that the person chose."""
        self.prompt: str | None = None
        """The prompt that duel, history and board are about."""
        self.plans: dict[str, Draft] = {}
        """What was last chosen for a run of each prompt."""
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = self._chosen_theme()

    def _chosen_theme(self) -> str:
        wanted = {"dark": DARK.name, "light": LIGHT.name}.get(self.taste.theme or "dark", self.taste.theme)
        if wanted not in self.available_themes:
            raise SettingsError(
                f"there is no theme “{wanted}”",
                place=self.taste.places.get("theme"),
                hint=did_you_mean(wanted or "", ["dark", "light", *self.available_themes]),
            )
        return wanted

    def on_mount(self) -> None:
        """Bind the keys that the person chose."""
        self.set_keymap(
            {command.id: command.keys for command in self.commands if command.id in self.taste.keys}
        )

    async def on_unmount(self) -> None:
        """Let go of child processes and files."""
        await self.bench.close()

    async def begin_run(self, request: Request) -> None:
        """Plan what is asked for, ask where it may cost too much, and start it; call it in a worker."""
        try:
            prepared = await self.bench.running.prepare(request)
            self.bench.running.check_fit(prepared)
        except WorkbenchError as error:
            self.notify(inert(str(error)), severity="error", markup=False, timeout=10)
            return
        await self.start_run(prepared)

    async def start_run(self, prepared: Prepared) -> None:
        """Start a planned run and show it, where it may start; call it in a worker."""
        approved = await self.approve(prepared)
        if approved is not None:
            await self._start(approved)

    async def approve(self, prepared: Prepared) -> Approved | None:
        """Return a plan that may start, asking where it may cost too much; else say why not, and return None.

        Call it in a worker.
        """
        if self._runs.running:
            self.clear_notifications()
            self.notify(GOES_ON, severity="warning", markup=False)
            return None
        try:
            self.bench.running.check_cost(prepared)
        except CostLimitError as over:
            answers = (("no", "Do not run"), ("yes", "Run it all the same"))
            if await self.push_screen_wait(Ask(over.message, answers)) != "yes":
                return None
            return Approved(prepared, self.bench.running.allowance(prepared))
        return Approved(prepared)

    async def _start(self, approved: Approved) -> None:
        await self.switch_mode("runs")
        self._runs.begin(self.bench.running.start(approved.plan, approved.allowed))

    @property
    def here(self) -> WorkbenchScreen:
        """The screen one is on, whatever lies over it."""
        return cast(WorkbenchScreen, self.get_screen(self.current_mode))

    async def action_switch(self, mode: str) -> None:
        """Go to a screen, with the prompt of the one that one comes from; the duel offers all its pairs."""
        self.prompt = self.here.prompt
        if mode == "duel":
            cast(DuelScreen, self.get_screen("duel")).only(self.prompt, {})
        if mode == self.current_mode and isinstance(self.screen, HistoryScreen):
            self.screen.action_refresh_history()
        await self.switch_mode(mode)

    @in_background()
    async def action_plan_run(self) -> None:
        """Plan a run of the prompt of this screen and start it; on runs, what the run on screen compared."""
        prompt = self.here.prompt
        if prompt is None:
            return
        draft = self.plans.get(prompt)
        grid = self._runs.grid if self.here is self._runs else None
        if grid is not None:
            cells = [cell for cell in grid.cells.values() if cell.contender.prompt == prompt]
            draft = draft_of(await asyncio.to_thread(self._compared, cells, self._bench.unsaved()))
        approved = await self.push_screen_wait(self._bench.plan_of(prompt, draft))
        if approved is not None:
            await self._start(approved)

    def _compared(self, cells: Sequence[Cell], unsaved: Mapping[str, bytes]) -> Compared:
        bench = self.bench
        return compared(cells, bench.versions, bench.previewing, bench.settings.models, unsaved)

    def action_open_prompt(self) -> None:
        """Open another prompt, from any screen."""
        self._bench.find()

    def action_review(self) -> None:
        """Say of single answers to the prompt of this screen whether they are good, from any screen."""
        prompt = self.here.prompt
        if prompt is not None and not isinstance(self.screen, ModalScreen):
            self.push_screen(ReviewPage(prompt))

    def action_help(self) -> None:
        """Say what the keys do here."""
        self.push_screen(Help(self.place_of(self.screen), self.commands, pane_of(self.focused)))

    def place_of(self, screen: Screen[Any]) -> str:
        """Return the name that a screen or a page has in the registry; that of what it lies over, if none."""
        name = getattr(screen, "NAME", None)
        return name if name in (*SCREENS, *PAGES) else self.current_mode

    async def action_quit(self) -> None:
        """Leave, but not without asking: Textual binds a key and a palette entry of its own to this."""
        self.action_leave()

    @in_background()
    async def action_leave(self) -> None:
        """Leave, unless there are unsaved edits or a run goes on and the person thinks better of it."""
        if isinstance(self.screen, Ask):
            return  # one question at a time
        if await self._bench.may_leave() and await self._runs.may_leave():
            self.exit()

    @property
    def _bench(self) -> BenchScreen:
        return cast(BenchScreen, self.get_screen("bench"))

    @property
    def _runs(self) -> RunsScreen:
        return cast(RunsScreen, self.get_screen("runs"))
