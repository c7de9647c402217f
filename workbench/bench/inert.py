"""Text from models, files and git made inert: nothing in it can act on a terminal. Needs no other room."""

from __future__ import annotations

import re

OBEYED = "".join(
    chr(code)
    for codes in (
        range(0x09),  # tab and newline, which come next, are text
        range(0x0B, 0x20),
        range(0x7F, 0xA0),
        range(0x200E, 0x2010),
        range(0x2028, 0x202F),
        range(0x2066, 0x206A),
    )
    for code in codes
)
"""The characters that a terminal would obey, or that reorder text."""

_OBEYED = re.compile(f"[{re.escape(OBEYED)}\ud800-\udfff]")
"""They, and halves of characters that no terminal can be sent."""


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
