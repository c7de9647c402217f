"""What all screens share: the line on top that says where one is, and the line of keys below."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar, cast

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from workbench.bench.shown import inert
from workbench.errors import WorkbenchError
from workbench.tui.background import TellsFailures
from workbench.tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp


P = ParamSpec("P")
T = TypeVar("T")


class WorkbenchScreen(TellsFailures, Screen[None]):
    """A screen of the workbench. ``NAME`` is its name in the registry of commands."""

    NAME: ClassVar[str]

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's type

    _where: tuple[tuple[str, ...], str] | None = None

    def __init__(self) -> None:
        super().__init__()
        self._pauses: dict[str, Timer] = {}

    def compose(self) -> ComposeResult:
        """Compose the line on top, the body and the line of keys."""
        yield Static("", id="where", markup=False)
        yield from self.compose_body()
        yield KeyLine(self.NAME, self.workbench.commands, self.applies)

    def compose_body(self) -> ComposeResult:
        """Compose what lies between the two lines."""
        raise NotImplementedError

    def applies(self, command: str) -> bool:
        """Return whether a command, given by its id, has anything to do now; its key is shown then."""
        del command
        return True

    def show_keys(self) -> None:
        """Show the keys of the commands that apply now, as soon as these may be others."""
        self.query_one(KeyLine).follow_state()

    @property
    def prompt(self) -> str | None:
        """The prompt that this screen is about, None where there is none."""
        return self.workbench.prompt

    @property
    def workbench(self) -> WorkbenchApp:
        """The app, as what it is."""
        return cast("WorkbenchApp", self.app)

    def after_pause(self, name: str, seconds: float, act: Callable[[], object]) -> None:
        """Do something once this has not been called by this name for so many seconds."""
        if name in self._pauses:
            self._pauses[name].stop()
        self._pauses[name] = self.set_timer(seconds, act)

    def show_where(self, *parts: str, right: str = "") -> None:
        """Say where one is: the first part is the prompt; ``right`` stands at the other end."""
        self._where = parts, right
        name, *rest = [inert(part) for part in parts if part]
        left = Content.assemble((f" {name}", "bold"), "   ", ("   ".join(rest), "$text-muted"))
        gap = " " * max(2, self.size.width - left.cell_length - len(right) - 1)
        line = Content.assemble(left, gap, (inert(right), "$text-accent"))
        where = self.query_one("#where", Static)
        if line != where.content:  # most keys change nothing here
            where.update(line, layout=False)

    def on_resize(self) -> None:
        """Say where one is at the new width."""
        if self._where is not None:
            parts, right = self._where
            self.show_where(*parts, right=right)

    async def reading(self, read: Callable[[], T]) -> T | None:
        """Return what a blocking read gives, done in a thread; an error is told and gives None."""
        try:
            return await asyncio.to_thread(read)
        except WorkbenchError as error:
            self.tell(error)
            return None

    def tell(self, error: WorkbenchError) -> None:
        """Show an error."""
        self.notify(inert(str(error)), severity="error", markup=False, timeout=10)

    def action_zoom(self) -> None:
        """Give the focused pane the whole screen, or take it back."""
        if self.maximized is not None:
            self.minimize()
            return
        widget = self.focused
        while widget is not None and not widget.has_class("pane"):
            widget = cast("Widget | None", widget.parent) if isinstance(widget.parent, Widget) else None
        if widget is not None:
            self.maximize(widget, container=False)
