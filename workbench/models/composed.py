"""A prompt as the embedded engine composed it: the chat template applied, and every token with its place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Composed:
    """What the embedded model reads for a context.

    ``ids`` are its tokens, ``offsets`` the byte in ``prompt`` (as UTF-8) where each begins, ``control``
    whether it is a control token. ``contents`` are the byte ranges of the messages' contents in the prompt,
    in order.
    """

    ids: tuple[int, ...]
    offsets: tuple[int, ...]
    prompt: str
    contents: tuple[tuple[int, int], ...]
    control: tuple[bool, ...]
