"""The tree of segments: what each part of a context costs, and where it was written."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.bench.breakdown import Part, breakdown, by_source
from workbench.bench.figures import price
from workbench.bench.previews import ModelPreview
from workbench.bench.shown import counted, inert, percent
from workbench.errors import Place
from workbench.tui.background import TellsFailures
from workbench.tui.widgets.context_view import legend
from workbench.tui.widgets.part_tree import PartTree

KEYS = "Enter go there   s {order}   g {groups}   ←→ fold   Esc close"

EXCERPT = 200
"""Characters of a segment that are looked at to show how it begins."""


def parts_of(found: ModelPreview) -> tuple[Part, Part]:
    """Return what a model receives by message and by source; takes 80 ms for 5,000 segments."""
    return breakdown(found), by_source(found)


class SegmentsPage(TellsFailures, ModalScreen[Place | None]):
    """Shows the parts of what a model receives. Returns the place to go to, None for Escape."""

    BINDINGS = [  # noqa: RUF012 - Textual's type
        Binding("escape,q,t", "dismiss(None)", "Close", show=False),
        Binding("s", "sort", show=False),
        Binding("g", "group", show=False),
    ]

    def __init__(
        self, title: str, found: ModelPreview, sent: Part, sources: Part, at: tuple[int, int] | None = None
    ) -> None:
        """``title`` says of which prompt and case this is; the parts are those of ``parts_of``.

        ``at`` is the message and its segment to begin on, both from 0, None for the first line.
        """
        super().__init__()
        self._about = title
        self._found = found
        self._sent, self._sources = sent, sources
        self._places = {
            id(part): (message.content, segment)
            for of_message, message, segments in zip(
                self._sent.children, found.context.messages, found.context.segments, strict=False
            )
            for part, segment in zip(of_message.children, segments, strict=True)
        }
        self._start = self._sent.children[at[0]].children[at[1]] if at is not None else None
        self._by_cost = False
        self._by_source = False

    def compose(self) -> ComposeResult:
        """Compose the totals, the tree and the keys."""
        with Vertical(classes="whole"):
            yield Static(self._totals(), classes="totals", markup=False)
            yield PartTree(id="parts")
            yield Static("", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Show the parts in the order of sending."""
        self._show()

    def action_sort(self) -> None:
        """Put what is most expensive first, or go back to the order of sending."""
        self._by_cost = not self._by_cost
        self._show()

    def action_group(self) -> None:
        """Show each source once, over all messages and the most expensive first, or the messages again."""
        self._by_cost = self._by_source = not self._by_source
        self._show()

    @on(PartTree.Chosen)
    def _go_there(self, event: PartTree.Chosen) -> None:
        place = event.part.place
        if place is not None:
            self.dismiss(place)
            return
        self.notify(f"{inert(event.part.label)} is written in no file of this project.", markup=False)

    def _show(self) -> None:
        tree = self.query_one(PartTree)
        whole = self._sources if self._by_source else self._sent
        order = "most expensive first" if self._by_cost else "in order" if self._by_source else "as sent"
        tree.show(
            whole,
            f"{'sources' if self._by_source else 'messages'}, {order}",
            model=self._found.model,
            by_cost=self._by_cost,
            excerpt=self._excerpt,
            start=self._start,
        )
        keys = KEYS.format(
            order="in order" if self._by_cost else "by cost",
            groups="by message" if self._by_source else "by source",
        )
        self.query_one(".hint", Static).update(keys)
        tree.focus()

    def _excerpt(self, part: Part) -> str:
        """Return how the text of a segment begins; nothing for what is no one segment."""
        at = self._places.get(id(part))
        if at is None:
            return ""
        content, segment = at
        return content[segment.start : min(segment.end, segment.start + EXCERPT)]

    def _totals(self) -> Content:
        found, count = self._found, self._found.count
        tokens = f"{counted(count.total, exact=count.exact)} tokens" if count else "tokens not known"
        window = found.model.window
        share = f"{percent(count.total / window)} of {window:,}" if count and window else ""
        cost = price(found.model, self._sent.cost)
        figures = "   ".join(filter(None, (tokens, share, f"{cost} input" if cost != "free" else cost)))
        title = Content.styled(inert(f"{self._about}   {found.model.name}"), "bold")
        lines = [title, Content.styled(figures, "$text-accent")]
        if found.unready:
            lines.append(Content.styled(f"! {inert(found.unready)}", "$text-warning"))
        return Content("\n").join([*lines, Content.styled(legend(found.context), "$text-muted")])
