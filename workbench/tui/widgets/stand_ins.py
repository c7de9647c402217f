"""Stand-ins for the characters that a text area would change, or that a terminal would obey.

A text area would take some of these for the end of a line and write others to the terminal as they are, so
that a form feed would be lost at saving, and an escape sequence obeyed. Each has a stand-in while it is on
screen, of which there are more in the last private plane of Unicode than anyone has found a use for.
"""

from __future__ import annotations

import re

from workbench.bench.inert import OBEYED, inert

_FIRST = 0x10D000
_TO_STAND_INS = {code: _FIRST + code for code in map(ord, OBEYED)}
_FROM_STAND_INS = {stand_in: code for code, stand_in in _TO_STAND_INS.items()}
_STAND_IN = re.compile(f"[{chr(_FIRST)}-{chr(_FIRST + ord(OBEYED[-1]))}]")


def stood_in(text: str) -> str:
    """Return a text with a stand-in for each odd character; only LF ends its lines."""
    return text.translate(_TO_STAND_INS)


def as_written(text: str) -> str:
    """Return a text with stand-ins as it is to be saved."""
    return text.translate(_FROM_STAND_INS)


def as_shown(line: str) -> str:
    """Return a line with stand-ins, character for character, as it may be shown."""
    return inert(_STAND_IN.sub(_stood_for, line))


def _stood_for(match: re.Match[str]) -> str:
    return chr(_FROM_STAND_INS.get(ord(match[0]), ord(match[0])))
