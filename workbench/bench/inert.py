"""Text from models, files and git made inert: nothing in it can act on a terminal. Needs no other room."""

from __future__ import annotations

import re

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal would obey, what reorders text, and halves of characters that no terminal can be sent."""


def inert(text: str) -> str:
    """Return the text with everything a terminal would obey made visible: ESC becomes ``␛``.

    Newlines and tabs stay; CR LF becomes a newline; what has no picture of its own becomes ``�``.
    """
    return _OBEYED.sub(_visible, text.replace("\r\n", "\n"))


def inert_json(text: str) -> str:
    """Return JSON text, of the same value, with everything a terminal would obey written as an escape."""
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"


def one_line(text: str, width: int = 60) -> str:
    """Return the text on one line, inert, cut at so many characters."""
    line = " ".join(inert(text).split())
    return line if len(line) <= width else f"{line[: width - 1]}…"
