"""The cases on the bench: the list of them, and the inputs of the chosen one to try and to save."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from textual import on
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.bench.case_keeping import Kept, Undo
from workbench.bench.shown import inert
from workbench.project.yaml import Value
from workbench.prompts.cases import Case
from workbench.prompts.format import Input
from workbench.tui.background import in_background
from workbench.tui.screens.bench_library import BenchLibrary
from workbench.tui.screens.choosing import pick_case
from workbench.tui.screens.dialogs import Line
from workbench.tui.screens.import_cases import ImportCases
from workbench.tui.widgets.inputs_pane import InputsPane


class BenchCases(BenchLibrary):
    """Chooses cases, tries other inputs and keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self._declared: Mapping[str, Input] = {}
        self._case_writes: list[Undo] = []

    @property
    def inputs_pane(self) -> InputsPane:
        """The inputs of the chosen case."""
        return self.query_one(InputsPane)

    @property
    def case_list(self) -> OptionList:
        """The cases of the prompt."""
        return self.query_one("#cases", OptionList)

    @in_background(exclusive=True, group="cases")
    async def load_cases(self, chosen: str | None = None) -> None:
        """List the cases of the prompt, and render it with the one chosen, by default the first."""
        if self.opened is None:
            return
        name = self.opened.name
        cases = await self.reading(lambda: self.project.versions.cases(name)) or ()
        if self.opened is None or self.opened.name != name:
            return
        names = [case.name for case in cases]
        case = chosen if chosen in names else (names[0] if names else None)
        tried = self.opened.tried if case == self.opened.case else None
        self.opened = replace(self.opened, cases=cases, case=case, tried=tried)
        self.case_list.clear_options()
        self.case_list.add_options(
            Option(f"{number:>2} {inert(case.name)}", id=case.name)
            for number, case in enumerate(cases, start=1)
        )
        self.case_list.border_subtitle = str(len(cases))
        self.case_list.highlighted = names.index(case) if case is not None else None
        self.show_inputs()
        self.preview()

    def choose_case(self, name: str | None) -> None:
        """Render the prompt with the case of this name."""
        if self.opened is not None and name is not None:
            self.opened = replace(self.opened, case=name, tried=None)
            self.case_list.highlighted = [case.name for case in self.opened.cases].index(name)
            self.show_inputs()
            self.preview()

    @on(OptionList.OptionSelected, "#cases")
    def _case_selected(self, event: OptionList.OptionSelected) -> None:
        self.choose_case(event.option.id)

    @in_background()
    async def action_choose_case(self) -> None:
        """Pick the case to render."""
        if self.opened is None or not self.opened.cases:
            self.notify("This prompt has no cases yet. Write inputs with F7.", markup=False)
            return
        self.choose_case(await pick_case(self, self.opened.cases))

    # -- inputs ---------------------------------------------------------------

    def declare(self, declared: Mapping[str, Input]) -> None:
        """Show fields for the inputs that the prompt on screen declares."""
        self._declared = declared
        self.show_inputs()

    @in_background(exclusive=True, group="inputs")
    async def show_inputs(self) -> None:
        """Show the inputs of the chosen case, where they are to be seen."""
        if self.inputs_pane.display and self.opened is not None:
            await self.inputs_pane.show(self._declared, self.opened.chosen, prompt=self.opened.name)

    @in_background()
    async def action_toggle_inputs(self) -> None:
        """Show the inputs of the case to edit and try, or hide them; what was tried is then forgotten."""
        pane = self.inputs_pane
        if pane.display:
            pane.display = False
            pane.forget()
            self._forget_tried()
            self.edit_pane.focus_editor()
        elif self.opened is not None:
            pane.display = True
            await pane.show(self._declared, self.opened.chosen, prompt=self.opened.name)
            pane.focus_first()

    def action_save_as_case(self) -> None:
        """Keep the inputs on screen as a new case."""
        self.inputs_pane.ask_save(as_new=True)

    def action_reset_inputs(self) -> None:
        """Show the case's own inputs again."""
        self.inputs_pane.reset()

    def tried(self) -> dict[str, Value] | None:
        """Return the inputs on screen, to the last letter typed; None where they are the case's own."""
        pane = self.inputs_pane
        return pane.inputs if pane.display and pane.tried else None

    def _forget_tried(self) -> None:
        if self.opened is not None and self.opened.tried is not None:
            self.opened = replace(self.opened, tried=None)
            self.preview()

    @on(InputsPane.Left)
    def _inputs_left(self) -> None:
        self.edit_pane.focus_editor()

    @on(InputsPane.Changed)
    def _inputs_changed(self, event: InputsPane.Changed) -> None:
        case = event.case.name if event.case is not None else None
        if self.opened is not None and self.opened.case == case:  # another may have been chosen just now
            self.opened = replace(self.opened, tried=event.inputs if event.tried else None)
            self.preview()

    @on(InputsPane.SaveAsked)
    @in_background()
    async def _save_inputs(self, event: InputsPane.SaveAsked) -> None:
        if self.opened is None:
            return
        prompt, was = self.opened.name, event.case
        if event.as_new or was is None:
            await self._save_as_new(prompt, was.name if was is not None else "case", event.inputs)
        else:
            cases = self.project.cases
            self._kept(
                await self.reading(lambda: cases.change(prompt, was.name, was=was, inputs=event.inputs))
            )

    async def _save_as_new(self, prompt: str, like: str, inputs: Mapping[str, Value]) -> None:
        free = await self.reading(lambda: self.project.cases.free_name(prompt, like))
        name = await self.app.push_screen_wait(Line("Keep these inputs as the case", free or like))
        if name and name.strip():
            case = Case(name.strip(), inputs)
            self._kept(await self.reading(lambda: self.project.cases.add(prompt, case)))

    def _kept(self, kept: Kept | None) -> None:
        if kept is None or self.opened is None:
            return
        self.opened = replace(self.opened, tried=None)
        if kept.undo is not None:
            self._case_writes.append(kept.undo)
        place = kept.case.place.path if kept.case.place is not None else "the cases"
        self.notify(f"Saved case {kept.case.name} in {place}", markup=False, timeout=2)
        self.load_cases(kept.case.name)

    @in_background()
    async def action_undo_case(self) -> None:
        """Take back the last case that was saved or imported here."""
        if not self._case_writes:
            self.notify("No case was saved here.", markup=False)
            return
        undo = self._case_writes[-1]
        await asyncio.to_thread(self.project.cases.undo, undo)
        self._case_writes.pop()
        self.notify(f"{undo.path} is as it was", markup=False, timeout=2)
        self.load_cases(self.opened.case if self.opened else None)

    @in_background()
    async def action_import_cases(self) -> None:
        """Import cases from CSV, JSON Lines or JSON, each column as what it is for."""
        if self.opened is None:
            return
        dialog = ImportCases(self.opened.name, self.project.cases, self.project.root)
        came = await self.app.push_screen_wait(dialog)
        if came is not None:
            self._case_writes.append(came.undo)
            self.notify(f"{came.count} cases came", markup=False, timeout=3)
            self.load_cases(self.opened.case)
