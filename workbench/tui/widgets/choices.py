"""A short list of which several may be chosen, each marked ``[x]`` or ``[ ]`` so that colour is no need."""

from __future__ import annotations

from textual.binding import Binding
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.bench.shown import inert


class Choices(OptionList):
    """Chosen with the space bar or a click; Enter means that one is done."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("space", "choose", "choose", show=False),
        Binding("enter", "done", "done", show=False),
    ]

    class Changed(Message):
        """What is chosen changed."""

    class Done(Message):
        """Enter was pressed."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False, compact=True)
        self._titles: dict[str, str] = {}
        self.chosen: list[str] = []
        """The keys of what is chosen, in the order of the list."""

    def add(self, key: str, title: str, *, chosen: bool = False) -> None:
        """Add a choice."""
        self._titles[key] = title
        if chosen:
            self.chosen.append(key)
        self.add_option(Option(self._line(key), id=f"choice-{len(self._titles)}"))
        self.highlighted = 0

    def choose(self, key: str, chosen: bool) -> None:
        """Choose something, or choose it no more, without a word of it."""
        if (key in self.chosen) != chosen:
            now = set(self.chosen) ^ {key}
            self.chosen = [known for known in self._titles if known in now]
            self.replace_option_prompt_at_index(list(self._titles).index(key), self._line(key))

    def action_choose(self) -> None:
        """Choose what is highlighted, or choose it no more."""
        if self.highlighted is None:
            return
        key = list(self._titles)[self.highlighted]
        self.choose(key, key not in self.chosen)
        self.post_message(self.Changed())

    def action_done(self) -> None:
        """Say that one is done choosing."""
        self.post_message(self.Done())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take a click on a choice as choosing it."""
        event.stop()
        self.action_choose()

    def _line(self, key: str) -> str:
        return f"[{'x' if key in self.chosen else ' '}] {inert(self._titles[key])}"
