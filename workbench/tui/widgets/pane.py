"""A pane: a part of a screen with a border and a title, that zoom can give the whole screen."""

from __future__ import annotations

from typing import Self

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region

from workbench.bench.shown import inert

FRAME = 6
"""Columns of a pane's border that no title can take."""


class Pane(Vertical):
    """Holds what stands under one title."""

    ALLOW_MAXIMIZE = True

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="pane")
        self._said: dict[str, str] = {}
        self._only_border = False

    def entitle(self, title: str) -> None:
        """Give the pane a title, shown as it is."""
        self._say("border_title", title)

    def subtitle(self, text: str) -> None:
        """Say something in the border below, shown as it is."""
        self._say("border_subtitle", text)

    def _say(self, where: str, text: str) -> None:
        if self._said.get(where) == text:
            return
        self._said[where] = text
        self._only_border = True
        try:
            setattr(self, where, Content(inert(text)).markup)
        finally:
            self._only_border = False

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Draw the pane again; of another title only the border, where Textual would draw all within."""
        if self._only_border and not regions and self.is_mounted:
            (x, y), (width, height) = self.content_offset, self.outer_size
            regions = Region(-x, -y, width, 1), Region(-x, height - 1 - y, width, 1)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
