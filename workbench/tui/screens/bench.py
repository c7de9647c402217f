"""The bench: prompts and cases, the editor, and the context that the model will receive."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import OptionList

from workbench.bench.baseline import Baseline
from workbench.bench.versions import Target
from workbench.errors import WorkbenchError
from workbench.prompts.disk.watching import GIT_STATE
from workbench.prompts.tree import prompt_name, prompt_path
from workbench.tui.commands import bindings_for
from workbench.tui.screens.bench_base import OpenPrompt
from workbench.tui.screens.bench_pages import BenchPages
from workbench.tui.screens.drafts import Draft
from workbench.tui.screens.plan import PlanDialog
from workbench.tui.widgets.context_side import ContextSide
from workbench.tui.widgets.edit_pane import EditPane
from workbench.tui.widgets.inputs_pane import InputsPane
from workbench.tui.widgets.prompt_tree import PromptTree

PROBLEMS_PAUSE = 0.2
"""Seconds without a key after which a rendered text is looked through for what is wrong."""


class BenchScreen(BenchPages):
    """Where a prompt is written and its context is read."""

    NAME = "bench"
    BINDINGS = [*bindings_for(NAME), Binding("escape", "to_text", "text", show=False)]  # noqa: RUF012 - Textual's type

    def __init__(self) -> None:
        super().__init__()
        self._since_head = ""

    def compose_body(self) -> ComposeResult:
        """Compose the sidebar, the editor and the context."""
        with Horizontal(id="bench"):
            with Vertical(id="sidebar"):
                yield PromptTree()
                yield OptionList(id="cases", classes="pane", markup=False, compact=True)
            with Vertical(id="edit-side"):
                yield EditPane(self.project.library)
                yield InputsPane()
            project = self.project
            baseline = Baseline(project.previewing, project.versions, project.history)
            yield ContextSide(project.previewing, baseline, project.catalogue.map_version)

    def on_mount(self) -> None:
        """Open the first prompt, and whatever was unsaved when the workbench last ended."""
        self.prompt_tree.border_title = "Prompts"
        self.case_list.border_title = "Cases"
        self.inputs_pane.display = False
        self.open_first(self.list_prompts())
        self.watch_files()
        self.offer_drafts()

    def open_first(self, names: Sequence[str]) -> None:
        """Put the first of these prompts on the bench, or say how to make one."""
        if names:
            self.open(names[0])
        else:
            self.opened = None
            self.prompt_tree.focus()
            self.notify("There are no prompts yet. Press a in the list of prompts to make one.", markup=False)

    def open(self, name: str) -> None:
        """Put a prompt on the bench."""
        self.open_path(prompt_path(name))

    def open_path(self, path: str, line: int | None = None) -> None:
        """Put a prompt on the bench, or a partial or another file into the editor, at a line."""
        try:
            buffer = self.edit_pane.open(path)
        except WorkbenchError as error:
            self.tell(error)
            return
        if line is not None:
            buffer.editor.jump_to(line)
        name = prompt_name(path)
        if name is not None and (self.opened is None or self.opened.name != name):
            self.opened = OpenPrompt(name)
            self.edit_pane.forget_trail()
            self._since_head = ""
            self.workbench.prompt = name
            self.context_side.mark_stale()
            self.load_cases()
        self._show_title()
        buffer.editor.focus()

    @on(EditPane.Shown)
    def _another_file(self) -> None:
        buffer = self.edit_pane.current
        self.prompt_tree.mark_open(buffer.path if buffer is not None else None)

    @on(EditPane.Edited)
    def _text_changed(self) -> None:
        self.after_pause("problems", PROBLEMS_PAUSE, lambda: None)
        self.preview(settled=False)

    @on(EditPane.Marked)
    def _marks_changed(self) -> None:
        self._show_title()

    def files_changed(self, changed: frozenset[str]) -> None:
        """Show what follows from changes on disk: lists, cases, states, the context."""
        self.read_states()
        if changed != {GIT_STATE}:
            self.offer_words()
            self.load_cases(self.opened.case if self.opened else None)
        else:
            self.preview()

    def action_toggle_sidebar(self) -> None:
        """Show the list of prompts and cases and go there, or hide it."""
        self.query_one("#sidebar").toggle_class("-toggled")
        self.call_after_refresh(self._enter_sidebar)

    def _enter_sidebar(self) -> None:
        if self.query_one("#sidebar").display:
            self.prompt_tree.focus()
        else:
            self.edit_pane.focus_editor()

    def action_to_text(self) -> None:
        """Take a zoomed pane back, else go to the text."""
        if self.maximized is not None:
            self.minimize()
        else:
            self.edit_pane.focus_editor()

    @property
    def prompt(self) -> str | None:
        """The prompt on the bench, None where there is none."""
        return self.opened.name if self.opened is not None else None

    def plan_of(self, prompt: str, draft: Draft | None) -> PlanDialog:
        """Return the dialog that plans a run: of the prompt on the bench with the case and models chosen."""
        opened = self.opened
        if opened is None or opened.name != prompt:
            return PlanDialog(prompt, None, (), self.unsaved(), draft=draft)
        return PlanDialog(prompt, opened.case, opened.models, self.unsaved(), self.tried(), draft)

    @on(ContextSide.Rendered)
    def _rendered(self, event: ContextSide.Rendered) -> None:
        if event.target is not None:
            version = event.target.version
            self.watch_also(version.files)
            self.declare(version.prompt.inputs)
            self._since_head = _since_head(event.target)
        # Reading a long template would hold up the next key.
        self.after_pause("problems", PROBLEMS_PAUSE, lambda: self.find_problems(event.asked, event.error))
        self._show_title()

    def _show_title(self) -> None:
        opened = self.opened
        if opened is None:
            return
        mark = " ●" if self.edit_pane.marked else ""
        case = ""
        if opened.chosen is not None:
            tried = ", other inputs tried" if opened.tried is not None else ""
            case = f"case {opened.cases.index(opened.chosen) + 1}/{len(opened.cases)} {opened.case}{tried}"
        models = " · ".join(one.model.name for one in self.context_side.found)
        self.show_where(f"{opened.name}{mark}", self._since_head, case, right=models)


def _since_head(target: Target) -> str:
    return "changed since HEAD" if target.revision and target.dirty else ""
