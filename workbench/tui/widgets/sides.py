"""Two answers side by side, alike in all but their text: width, rendering, and how far both are scrolled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize

from workbench.context.diff import Kind
from workbench.context.word_diff import Change
from workbench.tui.widgets.answer_rows import MOST_MARKDOWN, Said
from workbench.tui.widgets.answer_view import AnswerView
from workbench.tui.widgets.pane import Pane

SIDES = ("left", "right")

ONLY_HERE = "«only here»"
"""Says how the words of one answer are marked that the other has not."""


class Sides(Horizontal):
    """The two sides of a duel."""

    DEFAULT_CSS = "Sides { height: 1fr; } Sides Pane { width: 1fr; }"

    def compose(self) -> ComposeResult:
        """Compose one pane a side."""
        for side in SIDES:
            with Pane(id=side):
                yield AnswerView()

    def on_mount(self) -> None:
        """Name the sides."""
        for side in SIDES:
            self.query_one(f"#{side}", Pane).entitle(side)

    def on_resize(self, event: Resize) -> None:
        """Give both the same width; of an odd number of columns one stays empty."""
        self.styles.padding = (0, self.outer_size.width % 2, 0, 0)

    def show(self, texts: tuple[str, str], *, plain: bool, changes: Sequence[Change] | None = None) -> None:
        """Show two answers from their beginning.

        Both as Markdown, or both as written where ``plain``; where ``changes`` from left to right are given,
        both as written with the words marked that only one of them has.
        """
        markdown = not plain and all(len(text) <= MOST_MARKDOWN for text in texts)
        gone = (Kind.REMOVED, Kind.ADDED)
        for text, only, view in zip(texts, gone, self._views, strict=True):
            if changes is None:
                said = Said.of((text, ""))
                view.show(Said(said.text, said.parts, markdown=markdown), anew=True)
            else:
                view.show(Said.of(*_marked(changes, only)), anew=True)

    def say_below(self, texts: tuple[str, str]) -> None:
        """Say something below each side."""
        for side, text in zip(SIDES, texts, strict=True):
            self.query_one(f"#{side}", Pane).subtitle(text)

    def scroll_rows(self, by: int) -> None:
        """Scroll both by so many rows."""
        self._longest.action_scroll_rows(by)

    def scroll_pages(self, by: float) -> None:
        """Scroll both by so many screenfuls."""
        view = self._longest
        rows = max(1, int(abs(by) * (view.scrollable_content_region.height - 1)))
        view.action_scroll_rows(rows if by > 0 else -rows)

    def scroll_to_end(self, which: int) -> None:
        """Scroll both to the beginning, or to the end of the longer one."""
        self._longest.action_scroll_to_end(which)

    @on(AnswerView.Scrolled)
    def _scroll_together(self, event: AnswerView.Scrolled) -> None:
        event.stop()
        for view in self._views:
            if view is not event.view:
                view.follow(event.top)

    @property
    def _views(self) -> list[AnswerView]:
        return list(self.query(AnswerView))

    @property
    def _longest(self) -> AnswerView:
        return max(self._views, key=lambda view: view.max_scroll_y)


def _marked(changes: Sequence[Change], only: Kind) -> Iterator[tuple[str, str]]:
    """Yield the stretches of one side. Neither is the older one, so both are marked alike."""
    for change in changes:
        if change.kind is Kind.SAME:
            yield change.text, ""
        elif change.kind is only:
            words = change.text.strip()
            before, _, after = change.text.partition(words) if words else (change.text, "", "")
            yield before, ""
            yield f"«{words}»" if words else "", "differs"
            yield after, ""
