"""How things are shown, on both faces alike: versions, money, shares, times, and text made inert."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from workbench.bench.inert import inert as inert  # for whoever shows things to find all of it here
from workbench.bench.inert import one_line as one_line
from workbench.models.model import PICO

if TYPE_CHECKING:  # 10 ms to import, and most commands show no verdict
    from workbench.verdicts.ratings import Row
    from workbench.verdicts.win_rates import WinRate

NOTHING = "-"
"""Stands where a value is not known."""


def short_version(version: str) -> str:
    """Return a version's hash as it is shown and typed: ``v:1f3a9c``."""
    return f"v:{version[:6]}"


def usd(pico: int | None) -> str | None:
    """Return pico-dollars as exact decimal text in USD: ``0.00021``."""
    if pico is None:
        return None
    text = format(Decimal(pico) / PICO, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(pico: int | None, *, free: bool = False) -> str:
    """Return pico-dollars for a person, two digits that count: ``$0.00021``; ``free``, or ``unpriced``."""
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


def spent(pico: int, unpriced: int, *, free: bool = False) -> str:
    """Return what was spent for a person, in pico-dollars, with ``unpriced`` calls beside it.

    ``$0.0083``, ``unpriced`` or ``$0.0083 + unpriced``; ``free`` where no model costs anything.
    """
    if free:
        return "free"
    known = "" if unpriced and not pico else money(pico)
    return " + ".join(filter(None, (known, "unpriced" if unpriced else "")))


def cost_range(low: int, typical: int, high: int | None) -> str:
    """Return what something may cost for a person, in pico-dollars from low over typical to high."""
    if low == typical == high:
        return money(low)
    most = "no limit known" if high is None else money(high)
    return f"{money(low)} – {money(typical)} – {most}"


def verdict(standing: Row) -> str:
    """Return whether a place on the board is settled, and if not, about how many votes would settle it."""
    if not standing.undecided:
        return ""
    needed = standing.votes_needed
    return f"undecided, about {needed} more" if needed else "undecided"


def seconds(duration: float | None) -> str:
    """Return a duration for a person: ``0.31 s``."""
    return NOTHING if duration is None else f"{duration:.2f} s"


def lasting(duration: float) -> str:
    """Return about how long something lasts, in the unit that suits: ``40 s``, ``12 min``, ``2.5 h``."""
    if duration < 1:
        return "less than 1 s"
    if duration < 100:
        return f"{duration:.0f} s"
    return f"{duration / 60:.0f} min" if duration < 6000 else f"{duration / 3600:.1f} h"


def percent(share: float | None, digits: int = 0, *, signed: bool = False) -> str:
    """Return a share in percent: ``71 %``, with digits ``71.4 %``, or ``+1.0 %`` as a change."""
    return NOTHING if share is None else f"{share * 100:{'+' if signed else ''}.{digits}f} %"


def things(number: int, what: str) -> str:
    """Return a number of things: ``1 call``, ``2 calls``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def tick(expected: bool | None) -> str:
    """Return the sign of an answer that is what was expected, ``✓``, or is not, ``✗``; else nothing."""
    return {True: "✓", False: "✗", None: ""}[expected]


def bar(share: float | None, width: int) -> str:
    """Return a share as a bar of so many cells, empty for less than half a cell."""
    filled = 0 if not share else min(width, round(share * width))
    return f"{'▰' * filled}{'▱' * (width - filled)}"


def exactness(*, exact: bool) -> str:
    """Return the mark of a count that is exact, ``=``, or estimated, ``≈``."""
    return "=" if exact else "≈"


def counted(tokens: int | None, *, exact: bool) -> str:
    """Return a count of tokens with its mark: ``1,234 =``, ``1,234 ≈``."""
    return NOTHING if tokens is None else f"{tokens:,} {exactness(exact=exact)}"


def win_rate(won: WinRate | None) -> str:
    """Return a win rate with half its interval: ``71 % ±14``."""
    return NOTHING if won is None else f"{percent(won.rate)} ±{won.margin * 100:.0f}"


def change(number: int | None) -> str:
    """Return a difference with its sign: ``+142``, ``-9``, ``±0``."""
    if number is None:
        return NOTHING
    return f"{number:+,}" if number else "±0"


def age(then: str, now: str) -> str:
    """Return how long ago a time was, in its largest unit: ``5 d``."""
    passed = (_time(now) - _time(then)).total_seconds()
    for unit, length in (("y", 31_557_600), ("w", 604_800), ("d", 86_400), ("h", 3_600), ("min", 60)):
        if passed >= length:
            return f"{int(passed // length)} {unit}"
    return "now"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
