"""The inputs of the chosen case, to try other values in place and to keep what is good."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from workbench.bench.shown import inert
from workbench.project.yaml import Value
from workbench.prompts.cases import Case, hash_inputs
from workbench.prompts.format import Input
from workbench.tui.commands import bindings_for
from workbench.tui.widgets.input_field import ABSENT, InputField
from workbench.tui.widgets.pane import Pane

SETTLE = 0.08
"""Seconds without a key before tried values are told to whoever renders them."""


class InputsPane(Pane):
    """Shows the inputs of a case. What is typed is tried and not saved, until that is asked for."""

    DEFAULT_CSS = """
    InputsPane VerticalScroll { height: 1fr; }
    InputsPane #no-inputs { color: $text-muted; padding: 0 1; }
    """

    BINDINGS = [  # noqa: RUF012 - Textual's type
        *bindings_for("bench", "inputs"),
        Binding("ctrl+s", "ask_save", "Save the inputs to the case", show=False, id="save-inputs"),
        Binding("escape", "leave", "Back to the editor", show=False, id="leave-inputs"),
    ]

    class Changed(Message):
        """Other inputs than before are to be rendered; ``tried`` says that they are not the ``case``'s."""

        def __init__(self, inputs: Mapping[str, Value], tried: bool, case: Case | None) -> None:
            super().__init__()
            self.inputs = inputs
            self.tried = tried
            self.case = case

    class SaveAsked(Message):
        """The ``case`` is to have these inputs, or with ``as_new`` a case of their own is."""

        def __init__(self, inputs: Mapping[str, Value], case: Case | None, as_new: bool) -> None:
            super().__init__()
            self.inputs = inputs
            self.case = case
            self.as_new = as_new

    class Left(Message):
        """Escape was pressed."""

    def __init__(self) -> None:
        super().__init__(id="inputs-pane")
        self._case: Case | None = None
        self._settling: Timer | None = None
        self._told: Mapping[str, Value] = {}
        self._prompt = ""
        self._shown: Mapping[str, Input] | None = None
        self._showing: asyncio.Future[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Compose the fields, of which there are none yet."""
        with VerticalScroll(can_focus=False):
            yield Static("", id="no-inputs", markup=False)

    def on_mount(self) -> None:
        """Show the title."""
        self._show_title()

    async def show(self, declared: Mapping[str, Input], case: Case | None, *, prompt: str = "") -> None:
        """Show the inputs of a case, None for a prompt that has no case.

        What is tried goes when another case or prompt is shown. It stays while the same one is shown again,
        whatever became of it on disk meanwhile: saving then says that it changed.
        """
        # Shielded: Textual's own tasks do not survive being cancelled in the middle of taking fields away.
        self._showing = asyncio.ensure_future(self._show(declared, case, prompt))
        await asyncio.shield(self._showing)

    async def _show(self, declared: Mapping[str, Input], case: Case | None, prompt: str) -> None:
        async with self._one_at_a_time:
            again = self._shown is not None and _same_case(self._case, case) and prompt == self._prompt
            if again and self._shown == declared and (self.tried or self.errors or self._same_inputs(case)):
                self._take_again(case)
                return
            typed = {field.input_name: field.typed for field in self._fields() if field.touched and again}
            self._prompt, self._shown = prompt, dict(declared)
            self._case = self._case if typed else case
            await self._rebuild(declared, typed)

    def _same_inputs(self, case: Case | None) -> bool:
        return hash_inputs(case.inputs if case is not None else {}) == hash_inputs(self._case_inputs())

    def _take_again(self, case: Case | None) -> None:
        """Take the same case for what is shown, where it says what it said, or what was tried and saved."""
        if self._same_inputs(case):
            self._case = case
        elif not self.errors and case is not None and case.hash == hash_inputs(self.inputs):
            self._case = case
            for field in self._fields():
                field.keep()
        self._show_title()

    async def _rebuild(self, declared: Mapping[str, Input], typed: Mapping[str, str]) -> None:
        focused = self.focused_input
        self._stop()
        inputs = self._case_inputs()
        fields = [InputField(one, name, inputs.get(name, ABSENT)) for name, one in declared.items()]
        fields += [InputField(None, name, value) for name, value in inputs.items() if name not in declared]
        scroll = self.query_one(VerticalScroll)
        await scroll.remove_children(InputField)
        await scroll.mount_all(fields)
        for field in fields:
            if field.input_name in typed:
                field.type(typed[field.input_name])
            if field.input_name == focused:
                field.area.focus()
        self._told = self.inputs
        nothing = self.query_one("#no-inputs", Static)
        nothing.display = not fields
        nothing.update("This prompt has no inputs.")
        self._show_title()

    @property
    def inputs(self) -> dict[str, Value]:
        """The inputs as they are now; of a value that cannot be read the last good one."""
        return {field.input_name: field.value for field in self._fields() if field.value is not ABSENT}

    @property
    def tried(self) -> bool:
        """Whether they differ from those of the case."""
        return hash_inputs(self.inputs) != hash_inputs(self._case_inputs())

    @property
    def errors(self) -> list[str]:
        """What is wrong with which value, one line each."""
        return [f"{field.input_name}: {field.error}" for field in self._fields() if field.error]

    @property
    def focused_input(self) -> str | None:
        """The name of the input whose field has the focus."""
        return next((field.input_name for field in self._fields() if field.area.has_focus), None)

    def focus_first(self) -> None:
        """Put the cursor into the first field."""
        for field in self._fields()[:1]:
            field.area.focus()

    def forget(self) -> None:
        """Let go of what is tried: whatever is shown next is shown as it is in its file."""
        self._stop()
        self._shown = None

    def action_ask_save(self) -> None:
        """Ask for the inputs to be saved to the case."""
        self.ask_save()

    def ask_save(self, *, as_new: bool = False) -> None:
        """Ask for the inputs to be saved to the case, or as a new one; so without a case."""
        if self._readable():
            self.post_message(self.SaveAsked(self.inputs, self._case, as_new or self._case is None))

    def reset(self) -> None:
        """Show the case's own inputs again."""
        for field in self._fields():
            field.reset()

    def action_leave(self) -> None:
        """Say that the person wants to go back."""
        self.post_message(self.Left())

    @on(InputField.Edited)
    def _edited(self, event: InputField.Edited) -> None:
        event.stop()
        self._show_title()
        self._stop()
        self._settling = self.set_timer(SETTLE, self._tell)

    def _tell(self) -> None:
        inputs = self.inputs
        if hash_inputs(inputs) != hash_inputs(self._told):
            self._told = inputs
            self.post_message(self.Changed(inputs, self.tried, self._case))

    def _readable(self) -> bool:
        """Return whether every value can be read, and say so where one cannot."""
        self._stop()
        self._tell()
        for wrong in self.errors[:1]:
            self.notify(inert(f"Not saved. {wrong}"), severity="error", markup=False)
        return not self.errors

    def _stop(self) -> None:
        if self._settling is not None:
            self._settling.stop()

    def _case_inputs(self) -> Mapping[str, Value]:
        return self._case.inputs if self._case is not None else {}

    def _fields(self) -> list[InputField]:
        return list(self.query(InputField)) if self.is_mounted else []

    def _show_title(self) -> None:
        name = f" ─ {self._case.name}" if self._case is not None else ""
        self.entitle(f"Inputs{name}{'  tried ●' if self.tried else ''}")
        self.border_subtitle = "^s save  ^n as new case  Esc back"


def _same_case(one: Case | None, other: Case | None) -> bool:
    """Return whether two are the same case of the same file, whatever they say."""
    if one is None or other is None:
        return one is other
    return one.name == other.name and (one.place and one.place.path) == (other.place and other.place.path)
