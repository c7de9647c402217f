"""One context on the whole screen, each stretch with its origin."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from workbench.context.messages import Context
from workbench.models.tokens import TokenCount
from workbench.tui.widgets.context_view import ContextView, legend
from workbench.tui.widgets.pane import Pane


class ContextPage(ModalScreen[None]):
    """Shows a context with its tokens, and nothing else."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape,q,enter", "dismiss(None)", "Close", show=False),
        Binding("j", "scroll_by(1)", show=False),
        Binding("k", "scroll_by(-1)", show=False),
    ]

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
        tokens = f" ─ {self._count.total:,} {'=' if self._count.exact else '≈'}" if self._count else ""
        pane.entitle(f"{self._about}{tokens}")
        pane.border_subtitle = legend(self._shown_context)
        view.show(self._shown_context, self._count)
        view.focus()

    def action_scroll_by(self, lines: int) -> None:
        """Scroll as in a pager."""
        self.query_one(ContextView).scroll_relative(y=lines, animate=False)
