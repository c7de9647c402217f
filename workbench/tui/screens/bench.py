"""The bench: prompts and cases, the editor, and the context that the model will receive."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import OptionList, Static, TextArea, Tree
from textual.widgets.option_list import Option

from workbench.bench.previewing import ModelPreview
from workbench.bench.running import Request
from workbench.bench.shown import inert, one_line
from workbench.bench.versions import Target
from workbench.context.messages import Context
from workbench.errors import Place, PromptError, SaveConflictError, WorkbenchError
from workbench.models.pricing import priced
from workbench.prompts.cases import Case
from workbench.prompts.library import OpenFile, restored_bytes
from workbench.prompts.tree import prompt_path
from workbench.tui.commands import bindings_for
from workbench.tui.screens.base import WorkbenchScreen, in_background
from workbench.tui.screens.dialogs import Ask, Page, Picker
from workbench.tui.screens.plan import PlanDialog
from workbench.tui.widgets.context_view import ContextView, legend
from workbench.tui.widgets.editor import Editor
from workbench.tui.widgets.models_view import ModelsView
from workbench.tui.widgets.pane import Pane

SETTLE = 0.06
"""Seconds without a key before the context is rendered anew."""


@dataclass(frozen=True)
class OpenPrompt:
    """What is on the bench: a prompt's file as it was read, its cases, and the case and models chosen."""

    name: str
    file: OpenFile
    cases: tuple[Case, ...] = ()
    case: str | None = None
    models: tuple[str, ...] = ()


class BenchScreen(WorkbenchScreen):
    """Where a prompt is written and its context is read."""

    NAME = "bench"
    BINDINGS = bindings_for(NAME)

    def __init__(self) -> None:
        super().__init__()
        self.opened: OpenPrompt | None = None
        self._timer: Timer | None = None
        self._shown_context: Context | None = None
        self._found: tuple[ModelPreview, ...] = ()

    def compose_body(self) -> ComposeResult:
        """Compose the sidebar, the editor and the context."""
        with Horizontal(id="bench"):
            with Vertical(id="sidebar"):
                tree: Tree[str] = Tree("prompts", id="prompts", classes="pane")
                tree.show_root = False
                tree.guide_depth = 2
                yield tree
                yield OptionList(id="cases", classes="pane", markup=False, compact=True)
            with Pane(id="edit-pane"):
                yield Editor(id="editor")
                yield Static("", id="trouble", markup=False)
            with Vertical(id="context-side"):
                with Pane(id="context-pane"):
                    yield ContextView()
                with Pane(id="models-pane"):
                    yield ModelsView()

    def on_mount(self) -> None:
        """Open the first prompt."""
        self.query_one("#prompts").border_title = "Prompts"
        self.query_one("#cases").border_title = "Cases"
        self.query_one("#edit-pane").border_title = "Edit"
        self.query_one("#context-pane").border_title = "Context"
        self.query_one("#models-pane").border_title = "Models"
        self.query_one(
            "#models-pane"
        ).border_subtitle = f"prices {self.workbench.bench.catalogue.map_version}"
        names = self._list_prompts()
        if names:
            self.open(names[0])
        else:
            self.notify("There are no prompts yet. Make one at prompts/NAME.md.", markup=False)

    @property
    def editor(self) -> Editor:
        """The text being edited."""
        return self.query_one(Editor)

    @property
    def edited(self) -> bool:
        """Whether the text on screen differs from the file that was read."""
        return self.opened is not None and self.editor.written != self.opened.file.text

    def unsaved(self) -> dict[str, bytes]:
        """Return the file on the bench as it is on screen, where that differs from the disk."""
        if self.opened is None or not self.edited or self.opened.file.unreadable:
            return {}
        return {self.opened.file.path: restored_bytes(self.opened.file.raw, self.editor.written)}

    def open(self, name: str) -> None:
        """Put a prompt on the bench."""
        try:
            file = self.workbench.bench.library.open(prompt_path(name))
        except WorkbenchError as error:
            self._trouble(str(error))
            return
        with self.prevent(TextArea.Changed):  # it is rendered once, with its cases, and not twice
            faithful = self.editor.load(file.text)
        if not faithful and not file.unreadable:
            odd = PromptError("holds characters that the editor needs itself", place=Place(file.path))
            file = replace(file, unreadable=odd)
        self.opened = OpenPrompt(name, file)
        self.workbench.prompt = name
        self.editor.read_only = file.unreadable is not None
        self._mark_stale()
        self._load_cases()
        self.editor.focus()

    async def may_leave(self) -> bool:
        """Return whether the text on screen may go: it is saved, or the person says how."""
        if not self.edited or self.opened is None:
            return True
        answers = (("save", "Save"), ("discard", "Discard"), ("stay", "Go on editing"))
        answer = await self.app.push_screen_wait(Ask(f"{self.opened.name} has unsaved edits.", answers))
        if answer == "save":
            self._save()
            return not self.edited
        return answer == "discard"

    @on(TextArea.Changed, "#editor")
    def _text_changed(self) -> None:
        self._mark_stale()
        self._timer = self.set_timer(SETTLE, self._preview)

    def _mark_stale(self) -> None:
        """Say that what is counted is no longer what is on screen."""
        self._show_title()
        self.query_one(ContextView).mark_stale()
        self.query_one(ModelsView).mark_stale()
        if self._timer is not None:
            self._timer.stop()

    @on(TextArea.SelectionChanged, "#editor")
    def _cursor_moved(self, event: TextArea.SelectionChanged) -> None:
        row, column = event.selection.end
        self.query_one("#edit-pane").border_subtitle = f"{row + 1}:{column + 1}"

    @on(Tree.NodeSelected, "#prompts")
    @in_background()
    async def _prompt_selected(self, event: Tree.NodeSelected[str]) -> None:
        name = event.node.data
        if name and (self.opened is None or name != self.opened.name) and await self.may_leave():
            self.open(name)

    @on(OptionList.OptionSelected, "#cases")
    def _case_selected(self, event: OptionList.OptionSelected) -> None:
        self._choose_case(event.option.id)

    def action_save(self) -> None:
        """Save the text on screen; asks where the file changed on disk."""
        self._save()

    @in_background()
    async def pick_prompt(self) -> None:
        """Pick another prompt."""
        names = self.workbench.bench.library.names()
        name = await self.app.push_screen_wait(Picker("Open a prompt", [(name, name, "") for name in names]))
        if name and await self.may_leave():
            self.open(name)

    @in_background()
    async def action_choose_case(self) -> None:
        """Pick the case to render."""
        if self.opened is None or not self.opened.cases:
            self.notify("This prompt has no cases.", markup=False)
            return
        choices = [
            (str(number), f"{number} {case.name}", one_line(" ".join(map(str, case.inputs.values()))))
            for number, case in enumerate(self.opened.cases, start=1)
        ]
        number = await self.app.push_screen_wait(Picker("Choose a case", choices))
        if number:
            self._choose_case(self.opened.cases[int(number) - 1].name)

    @in_background()
    async def action_choose_models(self) -> None:
        """Pick the model to count for, or type any LiteLLM model string."""
        if self.opened is None:
            return
        choices = await asyncio.to_thread(self._model_choices)
        name = await self.app.push_screen_wait(
            Picker(
                "Count for a model",
                [("", "as the prompt says", ""), *choices],
                free="or any LiteLLM model string",
            )
        )
        if name is not None:
            self.opened = replace(self.opened, models=(name,) if name else ())
            self._preview()

    def _model_choices(self) -> list[tuple[str, str, str]]:
        """Return name and state of each configured model: its window and price, ready or what is missing."""
        bench = self.workbench.bench
        choices = []
        for name in bench.settings.models:
            about = ""
            try:
                model = bench.catalogue.resolve(name)
                window = f"{model.window:,} tokens" if model.window else "window unknown"
                about = f"{model.string} · {window} · {priced(model)} · "
                bench.check_ready(model)
                about += "ready"
            except WorkbenchError as error:
                about += error.message
            choices.append((name, name, about))
        return choices

    @in_background()
    async def action_reload(self) -> None:
        """Read the prompt from disk again."""
        if self.opened is not None and await self.may_leave():
            self.open(self.opened.name)

    def action_toggle_sidebar(self) -> None:
        """Show or hide the list of prompts and cases."""
        self.query_one("#sidebar").toggle_class("-toggled")

    def action_blank_page(self) -> None:
        """Read the whole context as the model does."""
        if self._shown_context is not None:
            self.app.push_screen(
                Page("\n\n".join(message.content for message in self._shown_context.messages))
            )

    @in_background()
    async def plan_run(self) -> None:
        """Plan a run of this prompt and start it."""
        if self.opened is None:
            return
        request = await self.app.push_screen_wait(
            PlanDialog(self.opened.name, self.opened.case, self.opened.models, self.unsaved())
        )
        if isinstance(request, Request):
            await self.workbench.begin_run(request)

    def _list_prompts(self) -> list[str]:
        tree = self.query_one("#prompts", Tree)
        tree.clear()
        folders = {"": tree.root}
        names = self.workbench.bench.library.names()
        for name in names:
            folder, _, leaf = name.rpartition("/")
            if folder not in folders:
                folders[folder] = tree.root.add(Text(inert(folder)), expand=True)
            folders[folder].add_leaf(Text(inert(leaf)), data=name)
        self.query_one("#prompts").border_subtitle = str(len(names))
        return names

    @in_background(exclusive=True, group="cases")
    async def _load_cases(self) -> None:
        """List the cases of the prompt, and render it with the first."""
        assert self.opened is not None
        name = self.opened.name
        cases = await self.reading(lambda: self.workbench.bench.versions.cases(name)) or ()
        self.opened = replace(self.opened, cases=cases, case=cases[0].name if cases else None)
        options = self.query_one("#cases", OptionList)
        options.clear_options()
        options.add_options(
            Option(f"{number:>2} {inert(case.name)}", id=case.name)
            for number, case in enumerate(cases, start=1)
        )
        options.border_subtitle = str(len(cases))
        options.highlighted = 0 if cases else None
        self._preview()

    def _choose_case(self, name: str | None) -> None:
        if self.opened is not None and name is not None:
            self.opened = replace(self.opened, case=name)
            self.query_one("#cases", OptionList).highlighted = [
                case.name for case in self.opened.cases
            ].index(name)
            self._preview()

    @in_background(exclusive=True, group="save")
    async def _ask_about_conflict(self, conflict: SaveConflictError) -> None:
        assert self.opened is not None
        answers = (("stay", "Go on editing"), ("reload", "Take what is on disk"), ("over", "Save over it"))
        answer = await self.app.push_screen_wait(Ask(str(conflict.message) + ".", answers))
        if answer == "reload":
            self.open(self.opened.name)
        elif answer == "over":
            self._save(over=True)

    def _save(self, *, over: bool = False) -> None:
        if self.opened is None:
            return
        try:
            saved = self.workbench.bench.library.save(self.opened.file, self.editor.written, over=over)
        except SaveConflictError as conflict:
            self._ask_about_conflict(conflict)
            return
        except WorkbenchError as error:
            self.tell(error)
            return
        self.opened = replace(self.opened, file=saved)
        self._preview()
        self.notify(f"Saved {saved.path}", markup=False, timeout=2)

    @in_background(exclusive=True, group="preview")
    async def _preview(self) -> None:
        """Render what is on screen, then count it; beside an error the last good context stays."""
        if self.opened is None:
            return
        opened, unsaved, previewing = self.opened, self.unsaved(), self.workbench.bench.previewing
        if opened.file.unreadable:
            self._trouble(str(opened.file.unreadable))
            return
        turn = previewing.turn()  # here and not in the thread, where threads may overtake each other
        try:
            target, _, context = await asyncio.to_thread(
                previewing.render, opened.name, opened.case, {}, unsaved, turn
            )
            models = await asyncio.to_thread(previewing.models_of, target.version, opened.models)
        except WorkbenchError as error:
            self._trouble(str(error))
            return
        self._trouble("")
        self._shown_context = context
        view, first = self.query_one(ContextView), self._found[0].count if self._found else None
        fits = first is not None and len(first.messages) == len(context.messages)
        view.show(context, first if fits else None, fresh=False)
        found = [await previewing.for_model(target.version, context, model) for model in models]
        self._show_found(target, found)

    def _show_found(self, target: Target, found: Sequence[ModelPreview]) -> None:
        self._found = tuple(found)
        self.query_one(ModelsView).show(found)
        if found:
            self._shown_context = found[0].context
            self.query_one(ContextView).show(found[0].context, found[0].count)
            self.query_one("#context-pane").border_subtitle = legend(found[0].context)
            count = found[0].count
            total = f"{count.total:,} {'=' if count.exact else '≈'}" if count else "?"
            title = Content(f"Context ─ {inert(found[0].model.name)} ─ {total}")
            self.query_one("#context-pane").border_title = title.markup
        self._show_title(target)

    def _show_title(self, target: Target | None = None) -> None:
        if self.opened is None:
            return
        mark = " ●" if self.edited else ""
        dirty = "changed since HEAD" if target and target.revision and target.dirty else ""
        names = [case.name for case in self.opened.cases]
        case = ""
        if self.opened.case in names:
            case = f"case {names.index(self.opened.case) + 1}/{len(names)} {self.opened.case}"
        models = " · ".join(one.model.name for one in self._found)
        self.show_where(f"{self.opened.name}{mark}", dirty, case, right=models)
        self.query_one("#edit-pane").border_title = f"Edit{mark}"

    def _trouble(self, text: str) -> None:
        if not self.is_running:
            return  # the workbench ends, and with it what this was about
        trouble = self.query_one("#trouble", Static)
        trouble.update(inert(text))
        trouble.display = bool(text)
        if text and self._shown_context is not None:
            self.query_one("#context-pane").border_title = "Context ─ the last good one"
        self._show_title()
