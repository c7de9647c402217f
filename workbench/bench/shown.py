"""How things are shown, on both faces alike: text made inert, money, tokens, times."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from workbench.models.model import PICO

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def inert(text: str) -> str:
    """Return the text with everything a terminal would obey made visible: ESC becomes ``␛``.

    Newlines and tabs stay; CR LF becomes a newline; marks that reorder text become ``�``.
    """
    return _CONTROL.sub(_visible, text.replace("\r\n", "\n"))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"


def one_line(text: str, width: int = 60) -> str:
    """Return the text on one line, inert, cut at so many characters."""
    line = " ".join(inert(text).split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def usd(pico: int | None) -> str | None:
    """Return pico-dollars as exact decimal text in USD: ``0.00021``."""
    if pico is None:
        return None
    text = format(Decimal(pico) / PICO, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(pico: int | None, *, free: bool = False) -> str:
    """Return pico-dollars for a person, in two or more digits that count: ``$0.00021``; ``free``, or ``unpriced``."""
    if free:
        return "free"
    if pico is None:
        return "unpriced"
    if pico == 0:
        return "$0"
    dollars = Decimal(pico) / PICO
    if dollars >= Decimal("0.1"):
        return f"${dollars:.2f}"
    digits = 1 - dollars.adjusted()
    text = f"{dollars:.{digits}f}".rstrip("0")
    return f"${text}"


def seconds(duration: float | None) -> str:
    """Return a duration for a person: ``0.31 s``."""
    return "–" if duration is None else f"{duration:.2f} s"


def percent(share: float | None) -> str:
    """Return a share as whole percent: ``71 %``."""
    return "–" if share is None else f"{share * 100:.0f} %"


def age(then: str, now: str) -> str:
    """Return how long ago a time was, in its largest unit: ``5 d``."""
    passed = (_time(now) - _time(then)).total_seconds()
    for unit, length in (("y", 31_557_600), ("w", 604_800), ("d", 86_400), ("h", 3_600), ("min", 60)):
        if passed >= length:
            return f"{int(passed // length)} {unit}"
    return "now"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
