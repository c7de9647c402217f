"""Small modal screens: pick one, confirm, write a line, read a text."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from workbench.bench.shown import inert
from workbench.tui.widgets.plain_text import PlainText
from workbench.tui.widgets.pointed_list import PointedList

_ESCAPE = Binding("escape", "dismiss(None)", "Close", show=False)


class Picker(ModalScreen[str | None]):
    """Pick one of many by fuzzy search; a choice has an id, a title and a line about it. Returns the id."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        _ESCAPE,
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]

    def __init__(self, title: str, choices: Sequence[tuple[str, str, str]], *, free: str = "") -> None:
        """``free`` says what may be typed that is no choice; empty where nothing may."""
        super().__init__()
        self._title = title
        self._choices = choices
        self._free = free

    def compose(self) -> ComposeResult:
        """Compose a field and the choices it narrows down."""
        with Vertical(classes="dialog"):
            yield Label(self._title, classes="dialog-title", markup=False)
            yield Input(placeholder=self._free or "type to narrow down")
            yield PointedList(markup=False)

    def on_mount(self) -> None:
        """Offer everything."""
        self._offer("")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._offer(event.value)

    @on(Input.Submitted)
    def _take(self) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self.dismiss(options.get_option_at_index(options.highlighted).id)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_move(self, by: int) -> None:
        """Move the highlight while the field keeps the focus."""
        options = self.query_one(OptionList)
        if options.option_count:
            options.highlighted = ((options.highlighted or 0) + by) % options.option_count

    def _offer(self, query: str) -> None:
        matcher = Matcher(query)
        found = [
            (matcher.match(f"{title} {about}") if query else 1.0, *rest)
            for rest in self._choices
            for title, about in [rest[1:]]
        ]
        options = self.query_one(OptionList)
        options.clear_options()
        for score, key, title, about in sorted(found, key=lambda choice: -choice[0]):
            if score > 0:
                options.add_option(
                    Option(Content.assemble(inert(title), "  ", (inert(about), "$text-muted")), id=key)
                )
        typed = query.strip()
        if self._free and typed and all(typed != key for key, _, _ in self._choices):
            # Also where it is like a choice: a model string may be the beginning of another one.
            line = Content.assemble(inert(typed), ("  as typed", "$text-muted"))
            options.add_option(Option(line, id=typed))
        options.highlighted = 0 if options.option_count else None


class Ask(ModalScreen[str | None]):
    """Ask a question with a few answers; returns the id of the one chosen, None for Escape.

    ``beside`` is what helps to answer it, such as a diff.
    """

    BINDINGS = [  # noqa: RUF012 - Textual's type
        _ESCAPE,
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(
        self, question: str, answers: Sequence[tuple[str, str]], *, beside: Widget | None = None
    ) -> None:
        super().__init__()
        self._question = question
        self._answers = answers
        self._beside = beside

    def compose(self) -> ComposeResult:
        """Compose the question over its answers; the first one has the focus."""
        with Vertical(classes="dialog ask" if self._beside is None else "dialog"):
            yield Static(inert(self._question), markup=False)
            if self._beside is not None:
                yield self._beside
            with Horizontal(classes="answers"):
                for number, (key, title) in enumerate(self._answers):
                    yield Button(title, id=key, variant="primary" if number == 0 else "default")
            yield Static("← → choose   Enter take   Esc close", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Let the first answer have the focus."""
        self.query(Button).first().focus()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id)


class Line(ModalScreen[str | None]):
    """Ask for one line of text; returns it, or None for Escape."""

    BINDINGS = [_ESCAPE]  # noqa: RUF012 - Textual's type

    def __init__(self, title: str, value: str = "", *, amend: bool = False) -> None:
        """What is typed takes the place of the value, or with ``amend`` comes after it."""
        super().__init__()
        self._title = title
        self._value = value
        self._amend = amend

    def compose(self) -> ComposeResult:
        """Compose a title and a field."""
        with Vertical(classes="dialog ask"):
            yield Label(self._title, classes="dialog-title", markup=False)
            yield Input(self._value, select_on_focus=not self._amend)
            yield Static("Enter take   Escape close", classes="hint", markup=False)

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class Page(ModalScreen[None]):
    """A text on the whole screen and nothing else."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape,q,enter,ctrl+b,f12,i", "dismiss(None)", "Close", show=False)
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Compose the text."""
        yield PlainText(self._text, id="page")
