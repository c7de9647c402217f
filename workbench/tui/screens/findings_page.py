"""What was found in a context: each finding with its why and its place, to go to or to switch off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from workbench.bench.shown import inert, things
from workbench.context.findings import Finding
from workbench.project.settings import FILE_NAME
from workbench.tui.widgets.pointed_list import PointedList

KEYS = "Enter go there   x off in this prompt   Esc close"
NOTHING_FOUND = "Nothing was found that is worth a second look."


@dataclass(frozen=True)
class Wanted:
    """What is to be done about a finding: go to it, or look for its kind no more in this prompt."""

    finding: Finding
    off: bool = False


class FindingsPage(ModalScreen[Wanted | None]):
    """Lists findings. Returns what is wanted of one of them, None for Escape."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape,q,f", "dismiss(None)", "Close", show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
        Binding("x", "switch_off", show=False),
    ]

    def __init__(self, findings: Sequence[Finding], last_good: str = "") -> None:
        """``last_good`` says that these are of an older text, empty where they are not."""
        super().__init__()
        self._findings = tuple(findings)
        self._last_good = last_good

    def compose(self) -> ComposeResult:
        """Compose the findings over the ways to be rid of one."""
        count = len(self._findings)
        title = things(count, "finding") if count else "No findings"
        if self._last_good:
            title = f"{title} in {self._last_good}"
        with Vertical(classes="dialog findings"):
            with Vertical(classes="head"):
                yield Label(title, classes="dialog-title", markup=False)
            if self._findings:
                yield PointedList(*map(_option, self._findings), markup=False)
            else:
                yield Static(NOTHING_FOUND, markup=False)
            with Vertical(classes="foot"):
                yield Static("", id="findings-switch", markup=False)
                yield Static(KEYS if self._findings else "Esc close", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin at the first."""
        if self._findings:
            self.query_one(OptionList).highlighted = 0
            self.query_one(OptionList).focus()

    def action_move(self, by: int) -> None:
        """Move the highlight."""
        if self._findings:
            options = self.query_one(OptionList)
            options.highlighted = max(0, min((options.highlighted or 0) + by, len(self._findings) - 1))

    def action_switch_off(self) -> None:
        """Look for this kind no more in this prompt."""
        if self._findings:
            self.dismiss(Wanted(self._highlighted, off=True))

    @on(OptionList.OptionHighlighted)
    def _say_how(self) -> None:
        switch = f"findings: {{{self._highlighted.code}: false}}"
        self.query_one("#findings-switch", Static).update(
            Content.styled(f"In the whole project: {switch} in {FILE_NAME}", "$text-muted")
        )

    @on(OptionList.OptionSelected)
    def _go_there(self) -> None:
        self.dismiss(Wanted(self._highlighted))

    @property
    def _highlighted(self) -> Finding:
        return self._findings[self.query_one(OptionList).highlighted or 0]


def _option(finding: Finding) -> Option:
    where = "" if finding.place is None else inert(str(finding.place))
    return Option(
        Content.assemble(
            (finding.code, "bold $text-warning"),
            "  ",
            (where, "$text-muted"),
            "\n  ",
            inert(finding.message).replace("\n", "␊"),
        )
    )
