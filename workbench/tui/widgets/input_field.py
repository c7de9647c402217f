"""The field of one input: its name, what it is for, and its value to change."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widgets import Static, TextArea

from workbench.bench.shown import inert, one_line
from workbench.errors import CasesError
from workbench.project.yaml import Value, read
from workbench.project.yaml_writing import as_document, inline
from workbench.prompts.format import Input, check_turns
from workbench.tui.widgets.in_order import obeyed, own_keys
from workbench.tui.widgets.stand_ins import as_shown, as_written, stood_in

ABSENT = object()
"""What stands for the value of an input that a case does not have."""


class ValueArea(TextArea):
    """A text area of a few lines that neither changes nor obeys what is odd in a value."""

    DEFAULT_CSS = """
    ValueArea { height: auto; min-height: 1; max-height: 6; border: none; padding: 0 1; background: $boost; }
    ValueArea:focus { border: none; background: $surface-lighten-1; }
    """

    def __init__(self, text: str, placeholder: str) -> None:
        written = stood_in(text)
        super().__init__(
            written,
            placeholder=Content(placeholder),
            compact=True,
            tab_behavior="focus",
            soft_wrap=True,
            highlight_cursor_line=False,
            max_checkpoints=200,
        )
        self.faithful = as_written(self.text) == text
        """Whether the value can be given back as it was."""
        self.read_only = not self.faithful

    async def on_key(self, event: Key) -> None:
        """Do at once what a key means here."""
        await obeyed(self, event, KEYS)

    @property
    def written(self) -> str:
        """The text as it is meant."""
        return as_written(self.text)

    def get_line(self, line_index: int) -> Text:
        """Return a line as it is shown."""
        return Text(as_shown(super().get_line(line_index).plain), end="", no_wrap=True)


KEYS = own_keys(TextArea.BINDINGS)
"""What keys do in a value."""


class InputField(Vertical):
    """One input. ``value`` is what the field says now, or the last that could be read."""

    DEFAULT_CSS = """
    InputField { height: auto; }
    InputField .input-name { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    InputField .input-error { height: auto; padding: 0 1; color: $text-error; background: $error-muted; }
    """

    class Edited(Message):
        """The value changed, or can no longer be read."""

    def __init__(self, declared: Input | None, name: str, value: Value) -> None:
        """``declared`` is None for an input that the prompt does not know; ``value`` may be ``ABSENT``."""
        super().__init__()
        self.input_name = name
        self.value = value
        self.error: str | None = None
        self._declared = declared
        self._original = value
        self._as_yaml = _as_yaml(declared, value)
        self._text = "" if value is ABSENT else as_document(value) if self._as_yaml else value
        self.area = ValueArea(self._text, self._placeholder())

    def compose(self) -> ComposeResult:
        """Compose the name over the value, and a line for what is wrong with it."""
        yield Static(self._label(), classes="input-name", markup=False)
        yield self.area
        yield Static("", classes="input-error", markup=False)

    def on_mount(self) -> None:
        """Say where a value can be looked at but not changed here."""
        self._say("")
        if not self.area.faithful:
            self._say("It holds characters that the field needs itself; change it in the file.")

    @property
    def touched(self) -> bool:
        """Whether the field says something else than the case."""
        return self.area.written != self._text

    @property
    def typed(self) -> str:
        """What stands in the field, readable or not."""
        return self.area.written

    def type(self, text: str) -> None:
        """Write into the field as a person would."""
        self.area.load_text(stood_in(text))

    def reset(self) -> None:
        """Say again what the case says."""
        if self.touched:
            self.type(self._text)

    def keep(self) -> None:
        """Take what stands here for what the case says: it was saved."""
        self._original, self._text = self.value, self.area.written

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Read the value; where that fails the last good one stays."""
        event.stop()
        try:
            self.value, self.error = self._read(self.area.written), None
        except CasesError as wrong:
            self.error = wrong.message
        self._say(self.error or "")
        self.post_message(self.Edited())

    def _read(self, text: str) -> Value:
        if text == self._text:
            return self._original
        if not text and (self._as_yaml or self._declared is None or not self._declared.required):
            return ABSENT
        if not self._as_yaml:
            return text
        value = read(text, self.input_name, error=CasesError).value
        if self._declared is not None and self._declared.kind == "turns":
            check_turns(value, "this", None, CasesError)
        return value

    def _label(self) -> Content:
        marks = "" if self._declared is None or not self._declared.required else " *"
        kind = ""
        if self._as_yaml:
            kind = "turns, YAML" if self._declared is not None and self._declared.kind == "turns" else "YAML"
        hint = (
            self._declared.description if self._declared is not None else "! the prompt does not declare it"
        )
        return Content.assemble(
            (inert(self.input_name), "bold"),
            marks,
            (f"  [{kind}]" if kind else "", "$text-muted"),
            (
                f"  {one_line(hint, 200)}" if hint else "",
                "$text-muted" if self._declared else "$text-warning",
            ),
        )

    def _placeholder(self) -> str:
        if self._declared is None or self._declared.required:
            return ""
        default = self._declared.default
        return one_line(default if isinstance(default, str) else inline(default), 300)

    def _say(self, text: str) -> None:
        line = self.query_one(".input-error", Static)
        line.update(inert(text))
        line.display = bool(text)


def _as_yaml(declared: Input | None, value: Value) -> bool:
    """Return whether a value is written as YAML: it is no text, or the prompt wants none."""
    if value is not ABSENT:
        return not isinstance(value, str)
    if declared is None:
        return False
    return declared.kind == "turns" or not (declared.default is None or isinstance(declared.default, str))
