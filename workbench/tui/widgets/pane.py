"""A pane: a part of a screen with a border and a title, that zoom can give the whole screen."""

from __future__ import annotations

from textual.containers import Vertical
from textual.content import Content

from workbench.bench.shown import inert


class Pane(Vertical):
    """Holds what stands under one title."""

    ALLOW_MAXIMIZE = True

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="pane")

    def entitle(self, title: str) -> None:
        """Give the pane a title, shown as it is."""
        self.border_title = Content(inert(title)).markup
