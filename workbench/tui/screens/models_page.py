"""Models side by side: what each makes of the same context, to choose one or several of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.fuzzy import Matcher
from textual.message import Message
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from workbench.bench.bench import Bench
from workbench.bench.previews import Preview
from workbench.bench.shown import inert, one_line
from workbench.errors import WorkbenchError
from workbench.models.model import Model
from workbench.tui.background import TellsFailures, in_background
from workbench.tui.widgets.model_rows import READY, ModelRow, drawn, heading
from workbench.tui.widgets.pointed_list import PointedList

PAUSE = 0.4
"""Seconds without a key before a model string that is being typed is looked up."""

KEYS = "Enter take {what}   Space mark   ↑↓ move   Esc close"

OWN = "as the prompt says"
"""Stands for the models that the prompt itself names."""

Chosen = tuple[str, ...]


class ModelField(Input):
    """Takes letters of a model's name; there is no space in one, so that the space bar marks."""

    class Marked(Message):
        """The space bar was pressed."""

    async def on_key(self, event: Key) -> None:
        """Take the space bar for a mark."""
        if event.key == "space":
            event.stop()
            event.prevent_default()
            self.post_message(self.Marked())


class ModelsPage(TellsFailures, ModalScreen[Chosen | None]):
    """Shows models, each as it answers. Returns the names of the chosen ones, None for Escape.

    Nothing chosen, ``()``, means those that the prompt itself names.
    """

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape", "dismiss(None)", "Close", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("enter", "take", show=False, priority=True),
    ]

    def __init__(
        self, bench: Bench, preview: Preview | None, own: Sequence[str], chosen: Sequence[str]
    ) -> None:
        """``preview`` is the context to count, None where there is none.

        ``own`` are the models that the prompt names, ``chosen`` those chosen in their place.
        """
        super().__init__()
        self._bench = bench
        self._preview = preview
        self._own = tuple(own)
        self._switched = bool(chosen)
        now = chosen or own
        names = dict.fromkeys((*own, *bench.settings.models, *chosen))
        self._table = {name: ModelRow(name, here=name in now) for name in names}
        self._typed: ModelRow | None = None
        self._marked: list[str] = []
        self._listed: list[str] = []
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Compose a field over the models it narrows down."""
        with Vertical(classes="dialog models-page"):
            with Vertical(classes="head"):
                yield Label("Count for a model, or for several", classes="dialog-title", markup=False)
                yield ModelField(placeholder="type to narrow down, or any LiteLLM model string")
                yield Static("", id="models-heading", markup=False)
            yield PointedList(markup=False)
            yield Static("", classes="hint foot", markup=False)

    def on_mount(self) -> None:
        """Offer all models, and ask each of them."""
        self._offer()
        self.query_one(Input).focus()
        for name in self._table:
            self._ask(name)

    def on_resize(self) -> None:
        """Draw the columns anew once the list has its new width."""
        self.call_after_refresh(self._redraw)

    def action_move(self, by: int) -> None:
        """Move the highlight while the field keeps the focus."""
        options = self.query_one(OptionList)
        if options.option_count:
            options.highlighted = ((options.highlighted or 0) + by) % options.option_count

    @on(ModelField.Marked)
    def _mark(self) -> None:
        """Mark the highlighted model, or no longer; one that was typed then stays in the list."""
        name = self._highlighted
        if not name:
            return
        if name in self._marked or self._are_models((name,)):
            self._turn_mark(name)
        else:
            self._mark_when_known(name)

    @in_background(group="mark")
    async def _mark_when_known(self, name: str) -> None:
        if await self._check((name,)) and self._row(name) is not None:
            self._turn_mark(name)

    def _turn_mark(self, name: str) -> None:
        if self._typed is not None and name == self._typed.name:
            self._table[name], self._typed = replace(self._typed, typed=False), None
            self.query_one(Input).value = ""
        self._marked = [one for one in self._marked if one != name] + [name] * (name not in self._marked)
        self._redraw()
        self._say_keys()

    def action_take(self) -> None:
        """Take the marked models, else the highlighted one."""
        if self._marked:
            self._take(tuple(name for name in self._table if name in self._marked))
        elif self._highlighted is not None:
            self._take((self._highlighted,) if self._highlighted else ())

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        name = event.option_id or ""
        self._take((name,) if name else ())

    def _take(self, names: Chosen) -> None:
        """Return the chosen ones once it is known that all of them are models."""
        if self._are_models(names):
            self.dismiss(names)
        else:
            self._take_when_known(names)

    @in_background(exclusive=True, group="take")
    async def _take_when_known(self, names: Chosen) -> None:
        if await self._check(names) and self.is_current:
            self.dismiss(names)

    @on(OptionList.OptionHighlighted)
    def _say_keys(self) -> None:
        what = f"the {len(self._marked)} marked" if self._marked else "it"
        self.query_one(".hint", Static).update(KEYS.format(what=what))

    @on(Input.Changed)
    def _narrow(self) -> None:
        self._offer()

    # -- asking ---------------------------------------------------------------

    @in_background()
    async def _ask(self, name: str) -> None:
        await self._look_up(name)

    async def _look_up(self, name: str) -> str:
        """Ask one model for its count, and whether it can be called: what comes first shows first.

        Returns why there is no such model, empty where there is.
        """
        try:
            model = await asyncio.to_thread(self._bench.catalogue.resolve, name)
        except WorkbenchError as unknown:
            said = str(unknown)
            self._learn(name, lambda row: replace(row, trouble=said))
            return said
        self._learn(name, lambda row: replace(row, model=model, counting=self._preview is not None))
        self._try(name, model)
        if self._preview is not None:
            self._count(name, model, self._preview)
        return ""

    def _are_models(self, names: Chosen) -> bool:
        rows = [self._row(name) for name in names]
        return all(row is not None and row.model is not None for row in rows)

    async def _check(self, names: Chosen) -> bool:
        """Return whether all are models; where one is not, it is told and nothing is to be done with it.

        Those that are not known yet are looked up: nobody has to wait before Enter.
        """
        for name in names:
            trouble = "" if self._are_models((name,)) else await self._look_up(name)
            if trouble:
                self.notify(inert(trouble), severity="warning", markup=False)
                return False
        return True

    @in_background()
    async def _count(self, name: str, model: Model, shown: Preview) -> None:
        found = next((one for one in shown.models if one.model == model), None)
        if found is None:
            found = await self._bench.previewing.for_model(shown.target.version, shown.context, model)
        counted = found
        self._learn(name, lambda row: replace(row, found=counted, counting=False))

    @in_background()
    async def _try(self, name: str, model: Model) -> None:
        state = await self._bench.readiness(model)
        self._learn(name, lambda row: replace(row, ready=state.reason or READY))

    def _row(self, name: str) -> ModelRow | None:
        if self._typed is not None and self._typed.name == name:
            return self._typed
        return self._table.get(name)

    def _learn(self, name: str, what: Callable[[ModelRow], ModelRow]) -> None:
        """Take note of what a model answered, and show it in place."""
        row = self._row(name)
        if row is None:  # another string was typed since
            return
        if row is self._typed:
            self._typed = what(row)
        else:
            self._table[name] = what(row)
        if name in self._listed:
            self._draw_row(name)

    # -- showing --------------------------------------------------------------

    def _offer(self) -> None:
        """List what the field finds, and what is typed in it as a model string of its own."""
        query = self.query_one(Input).value.strip()
        options, matcher = self.query_one(OptionList), Matcher(query)
        scored = [(matcher.match(row.about()) if query else 1.0, name) for name, row in self._table.items()]
        found = [name for score, name in sorted(scored, key=lambda one: -one[0]) if score > 0]
        self._typed = ModelRow(query, typed=True) if query and query not in self._table else None
        self._listed = [*([""] if self._switched and not query else []), *found]
        if self._typed is not None:
            # Also where it is like a choice: a model string may be the beginning of another one.
            self._listed.append(query)
            self._look_up_soon(query)
        options.clear_options()
        options.add_options(Option(self._drawn(name), id=name) for name in self._listed)
        here = (at for at, name in enumerate(self._listed) if not query and name and self._table[name].here)
        options.highlighted = next(here, 0) if self._listed else None
        self._say_keys()

    def _look_up_soon(self, name: str) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, lambda: self._ask(name) if self._is_typed(name) else None)

    def _is_typed(self, name: str) -> bool:
        return self._typed is not None and self._typed.name == name and self._typed.model is None

    def _redraw(self) -> None:
        self.query_one("#models-heading", Static).update(heading(self._width))
        for name in self._listed:
            self._draw_row(name)

    def _draw_row(self, name: str) -> None:
        options = self.query_one(OptionList)
        options.replace_option_prompt_at_index(self._listed.index(name), self._drawn(name))

    def _drawn(self, name: str) -> Content:
        if not name:
            own = one_line(" · ".join(self._own), self._width - len(OWN) - 8)
            return Content.assemble("      ", (OWN, "bold"), (f"  {own}", "$text-muted"))
        row = self._row(name)
        assert row is not None, "only rows that there are get listed"
        return drawn(row, self._width, marked=name in self._marked)

    @property
    def _width(self) -> int:
        return self.query_one(PointedList).text_width or 80

    @property
    def _highlighted(self) -> str | None:
        """The name that is highlighted, empty for what the prompt says, None where nothing is."""
        at = self.query_one(OptionList).highlighted
        return self._listed[at] if at is not None and at < len(self._listed) else None
