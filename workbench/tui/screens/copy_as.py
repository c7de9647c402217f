"""Copy as: the context in a form that another program takes, seen before it is copied."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from workbench.bench.copying import FORMATS, copied
from workbench.bench.previews import ModelPreview
from workbench.bench.shown import inert
from workbench.errors import UsageError
from workbench.project.yaml import Value
from workbench.store.rows import storable
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.plain_text import PlainText
from workbench.tui.widgets.pointed_list import PointedList

TITLES = {"text": "Plain text", "messages": "Messages as JSON", "curl": "curl", "python": "Python"}
"""What the forms are called."""

LONG = 74_000
"""Bytes above which a terminal may take nothing: in base64 they are the 100,000 that many stop at."""

HOW = (
    "The terminal is asked to put it on the clipboard (OSC 52); it may refuse. tmux: set -s set-clipboard on"
)
TOO_LONG = "More than many terminals take: “{command}” keeps it."


class CopyDialog(TellsFailures, ModalScreen[None]):
    """Copies one thing in one of several forms, each seen before it is copied."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape,q", "dismiss(None)", "Close", show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's type

    def __init__(
        self,
        title: str,
        forms: Mapping[str, tuple[str, str]],
        make: Callable[[str], str],
        *,
        kept_by: str,
        last_good: str = "",
    ) -> None:
        """``forms`` holds for each form its title and a line about it, and ``make`` returns the text of one.

        ``make`` is called in a thread, and may raise UsageError. ``kept_by`` is the command that writes a
        form to a file, with ``{form}`` for its name. ``last_good`` says that this is of an older text, empty
        where it is not.
        """
        super().__init__()
        self._says = title
        self._forms = forms
        self._make = make
        self._kept_by = kept_by
        self._last_good = last_good
        self._made: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Compose the forms beside what each of them is."""
        with Vertical(classes="dialog copy-as"):
            yield Label(self._noted(inert(self._says)), classes="dialog-title", markup=False)
            with Horizontal():
                yield PointedList(
                    *(Option(title, id=form) for form, (title, _) in self._forms.items()),
                    markup=False,
                    compact=True,
                )
                yield PlainText(id="copy-preview")
            yield Static("", id="copy-about", markup=False)
            yield Static("Enter copy   Tab read it   Esc close", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Show the first form."""
        self.query_one(OptionList).highlighted = 0
        self.query_one(OptionList).focus()

    def action_move(self, by: int) -> None:
        """Move the highlight."""
        options = self.query_one(OptionList)
        options.highlighted = ((options.highlighted or 0) + by) % len(self._forms)

    @on(OptionList.OptionHighlighted)
    @in_background(exclusive=True, group="copy")
    async def _preview(self, event: OptionList.OptionHighlighted) -> None:
        form, about = event.option_id or "", self.query_one("#copy-about", Static)
        try:
            text = await self._as(form)
        except UsageError as refused:
            self.query_one(PlainText).show("")
            about.update(Content.styled(f"! {inert(str(refused))}", "$text-warning"))
            return
        self.query_one(PlainText).show(text)
        size = len(text.encode("utf-8", "replace"))
        how = TOO_LONG.format(command=self._kept_by.format(form=form)) if size > LONG else HOW
        about.update(inert(f"{self._forms[form][1]}: {len(text):,} characters\n{how}"))

    @on(OptionList.OptionSelected)
    @in_background(group="copying")
    async def _copy(self, event: OptionList.OptionSelected) -> None:
        form = event.option_id or ""
        text = await self._as(form)
        # Half a pair of surrogates could no more be written to the terminal than stored.
        self.app.copy_to_clipboard(storable(text))
        said = f"Copied {len(text):,} characters: {self._forms[form][0]}"
        self.app.notify(self._noted(said), markup=False, timeout=3)
        self.dismiss(None)

    def _noted(self, said: str) -> str:
        """Return what is said, with a note where it is of an older text."""
        return f"{said}, of {self._last_good}" if self._last_good else said

    async def _as(self, form: str) -> str:
        if form not in self._made:
            self._made[form] = await asyncio.to_thread(self._make, form)
        return self._made[form]


class CopyAs(CopyDialog):
    """Copies what one model receives. A key of an API is never in it, only the name of its variable."""

    def __init__(self, found: ModelPreview, schema: Value, last_good: str = "") -> None:
        """``schema`` is the output schema of the prompt, None where it has none.

        ``last_good`` says that this is of an older text, empty where it is not.
        """
        super().__init__(
            f"Copy what {found.model.name} receives as",
            {form: (TITLES[form], about) for form, about in FORMATS.items()},
            lambda form: copied(form, found.context, found.model, found.params, schema),
            kept_by="workbench context … --format {form} > FILE",
            last_good=last_good,
        )
