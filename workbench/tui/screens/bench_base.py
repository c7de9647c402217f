"""What the parts of the bench share: the prompt on it, and its panes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.bench.bench import Bench
from workbench.project.yaml import Value
from workbench.prompts.cases import Case
from workbench.prompts.tree import prompt_path
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.widgets.context_side import Asked, ContextSide
from workbench.tui.widgets.edit_pane import EditPane
from workbench.tui.widgets.editor import Editor


@dataclass(frozen=True)
class OpenPrompt:
    """What is on the bench: a prompt, its cases, and the case and models chosen.

    ``tried`` are inputs in place of the case's, None where nothing is tried.
    """

    name: str
    cases: tuple[Case, ...] = ()
    case: str | None = None
    models: tuple[str, ...] = ()
    tried: Mapping[str, Value] | None = None

    @property
    def path(self) -> str:
        """The path of the prompt's own file."""
        return prompt_path(self.name)

    @property
    def chosen(self) -> Case | None:
        """The case that is chosen, None where there is none."""
        return next((case for case in self.cases if case.name == self.case), None)


class BenchBase(WorkbenchScreen):
    """The state of the bench, for each of its parts."""

    opened: OpenPrompt | None = None

    @property
    def project(self) -> Bench:
        """The project on the bench."""
        return self.workbench.bench

    @property
    def edit_pane(self) -> EditPane:
        """The open files."""
        return self.query_one(EditPane)

    @property
    def context_side(self) -> ContextSide:
        """The context beside them."""
        return self.query_one(ContextSide)

    @property
    def editor(self) -> Editor:
        """The text on screen."""
        buffer = self.edit_pane.current
        assert buffer is not None, "no file is open"
        return buffer.editor

    @property
    def edited(self) -> bool:
        """Whether any open file has unsaved edits."""
        return bool(self.edit_pane.edited())

    def unsaved(self) -> dict[str, bytes]:
        """Return the files with unsaved edits as they are on screen."""
        return self.edit_pane.unsaved()

    def preview(self, *, settled: bool = True) -> None:
        """Render the prompt on the bench as it is on screen, at once or after a pause in typing."""
        self.context_side.ask(self._asked, settled=settled)

    def _asked(self) -> Asked | None:
        opened = self.opened
        if opened is None:
            return None
        if opened.tried is not None:
            return Asked(opened.name, None, opened.tried, opened.models, self.unsaved())
        return Asked(opened.name, opened.case, {}, opened.models, self.unsaved())
