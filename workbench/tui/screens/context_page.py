"""One context on the whole screen, each stretch with its origin."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from workbench.bench.shown import counted
from workbench.context.messages import Context
from workbench.models.tokens import TokenCount
from workbench.tui.widgets.context_view import ContextView, legend
from workbench.tui.widgets.pane import FRAME, Pane


class ContextPage(ModalScreen[None]):
    """Shows a context with its tokens, and nothing else."""

    BINDINGS = [Binding("escape,q,enter", "dismiss(None)", "Close", show=False)]  # noqa: RUF012 - Textual's type

    def __init__(self, title: str, context: Context, count: TokenCount | None) -> None:
        super().__init__()
        self._about = title
        self._shown_context = context
        self._count = count

    def compose(self) -> ComposeResult:
        """Compose the context."""
        with Pane(id="context-page"):
            yield ContextView()

    def on_mount(self) -> None:
        """Show the context."""
        pane, view = self.query_one(Pane), self.query_one(ContextView)
        count = self._count
        tokens = f" ─ {counted(count.total, exact=count.exact)}" if count else ""
        pane.entitle(f"{self._about}{tokens}")
        pane.subtitle(legend(self._shown_context, self.size.width - FRAME))
        view.show(self._shown_context, self._count)
        view.focus()
