"""Which votes count: a line of filters, as a person types it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.bench.board_views import VoteFilter
from workbench.bench.boarding import read_until
from workbench.bench.recalling import read_since
from workbench.errors import UsageError, did_you_mean

FILTERS = ("case", "judge", "blind", "since", "until")
"""The words before a colon that choose among votes."""

ANSWERS: Mapping[str, bool] = {"yes": True, "no": False}
"""Whether votes were blind, as it is written."""

_FILTER = re.compile(r'(?P<key>\w+):(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S*))|(?P<word>\S+)')


def read_vote_query(text: str, now: str | None = None) -> VoteFilter:
    """Return which votes a line of filters asks for; an empty line asks for all.

    ``case:card case:"the long one" judge:Ada blind:yes since:7d until:2026-01-31``: votes on any of the cases
    by any of the judges, within the times; ``until`` a date is until its end. A filter that has no value yet
    says nothing, and of the others given twice the last counts. Raises UsageError for anything else.
    """
    given: dict[str, list[str]] = {name: [] for name in FILTERS}
    for found in _FILTER.finditer(text):
        key = found["key"]
        if key is None:
            raise UsageError(f"“{found['word']}” is no filter", hint=f"There are {':, '.join(FILTERS)}:.")
        if key not in given:
            raise UsageError(f"there is no filter “{key}:”", hint=did_you_mean(key, FILTERS))
        if value := found["quoted"] or found["plain"]:
            given[key].append(value)
    blind = given["blind"][-1] if given["blind"] else None
    if blind is not None and blind not in ANSWERS:
        raise UsageError(f"blind: is yes or no, not “{blind}”", hint=did_you_mean(blind, ANSWERS))
    return VoteFilter(
        cases=tuple(given["case"]),
        judges=tuple(given["judge"]),
        blind=None if blind is None else ANSWERS[blind],
        since=read_since(given["since"][-1], now) if given["since"] else None,
        until=read_until(given["until"][-1], now) if given["until"] else None,
    )


def vote_query_words(wanted: VoteFilter) -> tuple[str, ...]:
    """Return which votes count, as filters that `read_vote_query` would read; none where all do."""
    named = [("case", case) for case in wanted.cases] + [("judge", judge) for judge in wanted.judges]
    words = [f"{name}:{value}" if value.split() == [value] else f'{name}:"{value}"' for name, value in named]
    if wanted.blind is not None:
        words.append(f"blind:{'yes' if wanted.blind else 'no'}")
    times = (("since", wanted.since), ("until", wanted.until))
    return (*words, *(f"{name}:{time}" for name, time in times if time))
