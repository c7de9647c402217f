"""What stands over the columns of a table of contenders: as much of each name as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

BETWEEN = " · "
"""Stands between the parts of a contender's name."""

CLOSE = BETWEEN.strip()
"""Stands between them where there is little room."""

HASH = "v:"
"""What the hash of a version begins with, and is known without."""


def heads(labels: Sequence[str], width: int) -> list[str]:
    """Return a head for each of several labels, in so many columns at most.

    That is the label where it fits, else its parts in which the labels differ, and where these are too long
    as well the beginning of each such part.
    """
    parts = _by_place(labels)
    differing = [place for place in parts if len(set(place)) > 1] or parts
    own = list(zip(*differing, strict=True)) if differing else [()] * len(labels)
    rooms = _shares([max(map(cell_len, place)) for place in differing], width - len(differing) + 1)
    cut = [_cut(place, room) for place, room in zip(differing, rooms, strict=True)]
    found: list[str] = []
    for number, label in enumerate(labels):
        short = BETWEEN.join(filter(None, own[number]))
        close = CLOSE.join(filter(None, (place[number] for place in cut)))
        found.append(next((one for one in (label, short) if cell_len(one) <= width), close))
    return found


def _by_place(labels: Sequence[str]) -> list[list[str]]:
    """Return the first parts of all labels, their second parts, and so on; empty where one has none."""
    split = [label.split(BETWEEN) for label in labels]
    places = max(map(len, split), default=0)
    return [[parts[place] if place < len(parts) else "" for parts in split] for place in range(places)]


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """Return how many columns each gets of those there are: what it wants where others want less."""
    shares = [0] * len(wanted)
    left = max(room, len(wanted))
    for passed, place in enumerate(sorted(range(len(wanted)), key=lambda place: wanted[place])):
        shares[place] = min(wanted[place], left // (len(wanted) - passed))
        left -= shares[place]
    return shares


def _cut(values: Sequence[str], room: int) -> list[str]:
    """Return values cut to so many columns, at that end at which fewer become alike."""
    if max(map(cell_len, values)) <= room:
        return list(values)
    bare = [value.removeprefix(HASH) for value in values]
    begins = [value if cell_len(value) <= room else set_cell_size(value, room).rstrip() for value in bare]
    ends = [value if cell_len(value) <= room else f"…{_end(value, room - 1)}" for value in bare]
    return begins if len(set(begins)) >= len(set(ends)) else ends


def _end(value: str, room: int) -> str:
    """Return as much of a value's end as fits."""
    start = 0
    while cell_len(value[start:]) > room:
        start += 1
    return value[start:]
