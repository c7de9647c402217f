"""Lines of a file of votes, read and checked before anything is believed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workbench.bench.recalling import read_since
from workbench.errors import UsageError
from workbench.store.rows import storable
from workbench.verdicts.votes import IDENTICAL, Choice

SIDES = ("left", "right")

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SideTold:
    """One side of a vote: the version, and which call was answered by which text."""

    version: str
    call_key: str
    text_sha256: str


@dataclass(frozen=True)
class VoteTold:
    """A vote as a file tells it; its results have yet to be found."""

    prompt: str
    case_hash: str
    sides: Mapping[str, SideTold]
    choice: str
    judge: str
    blind: bool
    seconds: float | None
    note: str | None
    created: str
    undone: str | None


def read_line(line: bytes | str) -> VoteTold:
    """Return the vote that a line of JSON tells; raises UsageError, in a few words, where it tells none.

    Keys that are not known are passed over.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as broken:
        raise UsageError("this is not JSON in UTF-8") from broken
    if not isinstance(value, dict):
        raise UsageError("this is no vote: a JSON object is wanted")
    choice = _text(value, "choice")
    if choice not in set(Choice):
        raise UsageError(f"“{choice}” is no choice")
    judge = _text(value, "judge")
    if judge == IDENTICAL:
        raise UsageError("ties of identical texts are found, not given")
    if "\n" in judge or "\t" in judge:
        raise UsageError("“judge” has to be a name on one line")
    blind = value.get("blind")
    if not isinstance(blind, bool):
        raise UsageError("“blind” has to be true or false")
    return VoteTold(
        prompt=_text(value, "prompt"),
        case_hash=_text(value, "case_hash"),
        sides={side: _side(value.get(side), side) for side in SIDES},
        choice=choice,
        judge=judge,
        blind=blind,
        seconds=_seconds(value.get("seconds")),
        note=_text(value, "note") if value.get("note") is not None else None,
        created=_time(_text(value, "created"), "created"),
        undone=_time(_text(value, "undone"), "undone") if value.get("undone") is not None else None,
    )


def _side(value: object, side: str) -> SideTold:
    if not isinstance(value, dict):
        raise UsageError(f"“{side}” is missing")
    hashed = _text(value, "text_sha256")
    if not _SHA256.fullmatch(hashed):
        raise UsageError(f"{side}: “text_sha256” has to be 64 hexadecimal digits")
    return SideTold(_text(value, "version"), _text(value, "call_key"), hashed)


def _text(value: Mapping[str, object], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"“{key}” is missing")
    return storable(text)


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    known = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        seconds = float(value) if known else math.nan  # type: ignore[arg-type]
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds) or seconds < 0:
        raise UsageError("“seconds” has to be a number of seconds")
    return seconds


def _time(text: str, key: str) -> str:
    try:
        datetime.fromisoformat(text)
        return read_since(text)
    except (ValueError, UsageError) as broken:
        raise UsageError(f"“{key}” has to be a time in ISO 8601") from broken
