"""A pane: a part of a screen with a border and a title, that zoom can give the whole screen."""

from __future__ import annotations

from textual.containers import Vertical


class Pane(Vertical):
    """Holds what stands under one title."""

    ALLOW_MAXIMIZE = True

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="pane")
