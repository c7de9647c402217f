"""The clock: the one place that asks for the time."""

from __future__ import annotations

from datetime import UTC, date, datetime


def utc_now() -> str:
    """Return the time now as UTC ISO 8601 text, to the millisecond: ``2026-01-31T12:00:00.000Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def today() -> date:
    """Return the date now, in UTC."""
    return datetime.now(UTC).date()
